"""The doubles have the providers' real schemas, and reject the same values."""

import base64
import copy
import io
import json
import os
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.doubles import typescript
from tests.e2e.doubles.bindings import bound
from tests.e2e.doubles.documentation import page
from tests.e2e.doubles.schema import Block, type_of
from tests.e2e.doubles.server import Doubles
from tests.e2e.doubles.table import PROVIDERS
from tests.e2e.terraform import Plan, Terraform, TerraformError
from tests.missing import MissingPieceError

Config = dict[str, Any]

BINDINGS = """
export interface ThingConfig extends cdktf.TerraformMetaArguments {
  /**
  * How it is. Possible values: ["GOOD", "BAD"]
  *
  * {@link https://registry.example.com/thing#state Thing#state}
  */
  readonly state?: string;
  /**
  * part block
  *
  * {@link https://registry.example.com/thing#part Thing#part}
  */
  readonly part: ThingPart;
}
export interface ThingPart {
}
export function thingPartToHclTerraform(struct?: ThingPart): any {
    sizes: {
      value: cdktf.listMapperHcl(cdktf.numberToHclTerraform, false)(struct!.sizes),
      isBlock: false,
      type: "set",
      storageClassType: "numberList",
    },
}
export class ThingPartOutputReference extends cdktf.ComplexObject {
  // sizes - computed: false, optional: true, required: false
  public get sizes() {
    return cdktf.Fn.tolist(this.getNumberListAttribute('sizes'));
  }
}
export class ThingFoundOutputReference extends cdktf.ComplexObject {
  // name - computed: true, optional: false, required: false
  public get name() {
    return this.getStringAttribute('name');
  }
}
export class Thing extends cdktf.TerraformResource {
      terraformResourceType: 'acme_thing',
  // found - computed: true, optional: false, required: false
  private _found = new ThingFoundListList(this, "found", true);
  public get found() {
    return this._found;
  }
  // labels - computed: true, optional: false, required: false
  private _labels = new cdktf.StringMap(this, "labels");
  public get labels() {
    return this._labels;
  }
  // part - computed: false, optional: false, required: true
  private _part = new ThingPartOutputReference(this, "part");
  public get part() {
    return this._part;
  }
  // state - computed: true, optional: true, required: false
  public get state() {
    return this.getStringAttribute('state');
  }
  protected synthesizeHclAttributes(): { [name: string]: any } {
      part: {
        value: thingPartToHclTerraform(this._part.internalValue),
        isBlock: true,
        type: "list",
        storageClassType: "ThingPartList",
      },
      state: {
        value: cdktf.stringToHclTerraform(this._state),
        isBlock: false,
        type: "simple",
        storageClassType: "string",
      },
  }
}
"""
COMPUTED = {"required": False, "optional": False, "computed": True}
THING = {
    "attributes": {
        "found": {**COMPUTED, "type": ["set", ["list", ["object", {"name": "string"}]]]},
        "labels": {**COMPUTED, "type": ["map", "string"]},
        "state": {
            "required": False,
            "optional": True,
            "computed": True,
            "type": "string",
            "possible": ["GOOD", "BAD"],
        },
    },
    "block_types": {
        "part": {
            "nesting_mode": "list",
            "min_items": 1,
            "max_items": 1,
            "block": {
                "attributes": {
                    "sizes": {"required": False, "optional": True, "computed": False, "type": ["set", "number"]}
                },
                "block_types": {},
            },
        }
    },
}
DOCUMENTATION = """
# acme_thing

## Schema

### Required

- `name` (String) Its name.

### Optional

- `mounts` (Attributes List) (see [below](#nestedatt--mounts))
- `place` (Block, Optional)

### Read-Only

- `sizes` (Map of List of Number)

### Nested Schema for `mounts`

Optional:

- `path` (String, Sensitive)

### Nested Schema for `place`

Required:

- `zones` (List of String)
"""


def test_a_schema_is_read_from_bindings() -> None:
    assert list(typescript.parse(BINDINGS, framework=False)) == [("resource", "acme_thing", THING)]


def test_a_provider_on_the_framework_has_nested_attributes() -> None:
    bindings = BINDINGS.replace("ThingFoundListList", "ThingFoundList")
    ((_, _, block),) = typescript.parse(bindings, framework=True)
    assert block["attributes"]["found"]["nested_type"]["nesting_mode"] == "set"
    assert type_of(block["attributes"]["found"]) == ["set", ["object", {"name": "string"}]]


def test_an_unknown_type_is_an_error() -> None:
    with pytest.raises(ValueError, match="numberPile is no type"):
        list(typescript.parse(BINDINGS.replace("numberList", "numberPile"), framework=False))


def test_a_schema_is_read_from_documentation() -> None:
    found = page(DOCUMENTATION)
    assert {name: type_of(attribute) for name, attribute in found["attributes"].items()} == {
        "name": "string",
        "mounts": ["list", ["object", {"path": "string"}]],
        "sizes": ["map", ["list", "number"]],
    }
    assert found["attributes"]["name"]["required"]
    assert found["attributes"]["sizes"]["computed"]
    assert found["block_types"]["place"]["block"]["attributes"]["zones"]["required"]


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Puts another npm on PATH, which has one package; returns the file that lists the requested packages."""
    source_map = base64.b64encode(json.dumps({"sourcesContent": [BINDINGS]}).encode())
    code = b"//# sourceMappingURL=data:application/json;charset=utf-8;base64," + source_map
    with tarfile.open(tmp_path / "thing.tgz", "w:gz") as package:
        member = tarfile.TarInfo("package/lib/thing/index.js")
        member.size = len(code)
        package.addfile(member, io.BytesIO(code))
    program = tmp_path / "bin" / "npm"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\nshift 3\necho "$2" >>"{tmp_path}/asked"\n'
        f'[ "$2" = thing@1.0.0 ] || {{ echo "404" >&2; exit 1; }}\ncp "{tmp_path}/thing.tgz" "$1" && echo thing.tgz\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "asked"


def test_a_package_is_downloaded_once(npm: Path) -> None:
    assert [bound("thing@1.0.0")["resource_schemas"] for _ in range(2)] == [{"acme_thing": THING}] * 2
    assert npm.read_text().split() == ["thing@1.0.0"]


@pytest.mark.parametrize("online", [True, False])
@pytest.mark.usefixtures("npm")
def test_fails_when_npm_lacks_the_package(online: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.e2e.doubles.bindings.reachable", lambda _: online)
    with pytest.raises(MissingPieceError, match=r"the npm package thing@2\.0\.0 is missing.*404") as error:
        bound("thing@2.0.0")
    assert error.value.remote != online


@pytest.mark.parametrize("name", PROVIDERS)
def test_every_provider_has_a_schema(name: str) -> None:
    prefix = f"{name.partition('/')[2].removesuffix('-beta')}_"
    schema = PROVIDERS[name].schema()
    found = {**schema["resource_schemas"], **schema["data_source_schemas"]}
    assert found
    assert all(type_name.startswith(prefix) for type_name in found)
    values = {type_name.removeprefix("data.") for type_name in PROVIDERS[name].computed} - {"*"}
    assert values <= found.keys()


def at(block: Block, path: str) -> Any:
    """Returns the value at a path in a block."""
    *blocks, name = path.split(".")
    for each in blocks:
        block = block["block_types"][each]["block"]
    return block["attributes"].get(name) or block["block_types"][name]


def test_the_schema_of_google_is_the_real_one() -> None:
    cluster = PROVIDERS["hashicorp/google"].schema()["resource_schemas"]["google_container_cluster"]
    assert at(cluster, "name")["required"]
    assert at(cluster, "node_locations")["type"] == ["set", "string"]
    assert at(cluster, "node_pool.node_config.taint")["nesting_mode"] == "list"
    assert at(cluster, "private_cluster_config.master_ipv4_cidr_block")["type"] == "string"
    port = "insecure_kubelet_readonly_port_enabled"
    for place in ("node_config.kubelet_config", "node_pool_defaults.node_config_defaults"):
        assert at(cluster, f"{place}.{port}")["type"] == "string"


STACK: Config = {
    "terraform": {"required_providers": {"google": {"source": "hashicorp/google", "version": "~> 5.0"}}},
    "provider": {"google": {"project": "acme-ml"}},
    "resource": {
        "google_compute_network": {"this": {"name": "ml"}},
        "google_compute_subnetwork": {
            "this": {"name": "ml", "network": "${google_compute_network.this.id}", "ip_cidr_range": "10.0.0.0/16"}
        },
        "google_filestore_instance": {
            "this": {
                "name": "ml",
                "tier": "ZONAL",
                "file_shares": {
                    "name": "ml",
                    "capacity_gb": 1024,
                    "nfs_export_options": [{"access_mode": "READ_ONLY"}],
                },
                "networks": [{"network": "ml", "modes": ["MODE_IPV4"]}],
            }
        },
    },
    "output": {"email": {"value": "${google_filestore_instance.this.networks[0].ip_addresses[0]}"}},
}


def changed(path: str, value: Any) -> Config:
    """Returns the stack with another value at a path, or without one for None."""
    stack = copy.deepcopy(STACK)
    inner: Any = stack
    *above, last = [int(key) if key.isdigit() else key for key in path.split("/")]
    for key in above:
        inner = inner.setdefault(key, {}) if isinstance(inner, dict) else inner[key]
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    return stack


def terraform(stack: Config, doubles: Doubles, work: Path) -> Terraform:
    (work / "cdk.tf.json").write_text(json.dumps(stack), encoding="utf-8")
    return doubles.terraform(work, work)


NETWORK = "resource/google_compute_network/this"
FILES = "resource/google_filestore_instance/this"
FAULTS: dict[str, tuple[str, Any, str]] = {
    "an invented argument": (f"{NETWORK}/nam", "ml", 'No argument or block type is named "nam"'),
    "a missing argument": (f"{FILES}/tier", None, 'The argument "tier" is required'),
    "a missing block": (f"{FILES}/networks", None, 'At least 1 "networks" blocks are required'),
    "two blocks": (
        f"{FILES}/file_shares",
        [{"name": "a", "capacity_gb": 1}] * 2,
        'No more than 1 "file_shares" blocks',
    ),
    "a number for a list": (f"{FILES}/networks/0/modes", 4, "list of string required"),
    "text for a number": (f"{FILES}/file_shares/capacity_gb", "large", "a number is required"),
    "an argument for what is computed": (
        f"{NETWORK}/gateway_ipv4",
        "10.0.0.1",
        "gateway_ipv4 is computed and cannot be set",
    ),
    "a value that is not listed": (
        f"{FILES}/file_shares/nfs_export_options/0/access_mode",
        "READ",
        "file_shares.nfs_export_options.access_mode must be one of READ_ONLY, READ_WRITE; got 'READ'",
    ),
    "an unknown resource": ("resource/google_compute_netwerk", {"this": {"name": "a"}}, "Invalid resource type"),
    "an unknown attribute": ("output/more", {"value": "${google_compute_network.this.nam}"}, "Unsupported attribute"),
    "an unknown data source": ("data/google_zones", {"this": {}}, "Invalid data source"),
}


@pytest.mark.parametrize(("path", "value", "says"), FAULTS.values(), ids=FAULTS)
def test_a_run_fails_on_a_fault(path: str, value: Any, says: str, doubles: Doubles, tmp_path: Path) -> None:
    faulty = terraform(changed(path, value), doubles, tmp_path)
    faulty.init()
    with pytest.raises(TerraformError) as error:
        faulty.validate()
    assert says in str(error.value)


def test_a_release_outside_of_the_constraints_is_an_error(doubles: Doubles, tmp_path: Path) -> None:
    faulty = terraform(changed("terraform/required_providers/google/version", "~> 6.0"), doubles, tmp_path)
    with pytest.raises(TerraformError, match="no available releases match"):
        faulty.init()


def test_a_stack_without_faults_is_applied_and_changed(doubles: Doubles, tmp_path: Path) -> None:
    stack = terraform(STACK, doubles, tmp_path)
    stack.init()
    assert stack.validate() == []
    stack.plan()
    assert stack.apply().added == 3
    assert stack.plan() == Plan({}, {})
    assert stack.output() == {"email": "10.1.2.3"}
    terraform(changed(f"{FILES}/description", "Data"), doubles, tmp_path)
    assert stack.plan() == Plan({"google_filestore_instance.this": "update"}, {})
    terraform(changed(f"{NETWORK}/name", "other"), doubles, tmp_path)
    changes = stack.plan().changes
    assert changes["google_compute_network.this"] == "replace"
