"""Every key of a cloud's configuration has an effect: another value changes the Terraform JSON, or is an error."""

import copy
import functools
import json
import pathlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import Field

from anyscale_constructs.cli import project
from anyscale_constructs.clouds import GenericConfig, GenericStack
from anyscale_constructs.config.document import Document
from anyscale_constructs.errors import ConstructsError
from anyscale_constructs.terraform.app import App
from tests.examples import FOLDER

Schema = Mapping[str, Any]
Path = tuple[str | int, ...]

NFS = {"mount_targets": [{"address": "10.0.0.5"}], "mount_path": "/anyscale"}

# The examples whose keys are changed one by one, and what is put into them first: what some keys need, or, with None,
# what would keep others from being changed.
EXAMPLES: dict[str, dict[str, Any]] = {
    "minimal": {},
    "everything": {
        "external_id": None,
        "modules": None,
        "backend": {"type": "s3", "bucket": "acme", "region": "us-east-2"},
    },
    "existing-vpc": {
        "iam": {
            "control_plane_role_arn": "arn:aws:iam::111122223333:role/access",
            "cluster_node_role_arn": "arn:aws:iam::111122223333:role/node",
        },
    },
    "existing-stores": {},
    "regulated": {
        "vpc": {
            "cidr_block": "10.20.0.0/16",
            "public_subnets": ["10.20.0.0/20", "10.20.16.0/20"],
            "private_subnets": ["10.20.32.0/20", "10.20.48.0/20"],
        },
    },
    "gce-everything": {"modules": None, "bucket.kms_key_name": None},
    "gce-existing": {
        "iam.anyscale_service_account_name": "ray-access",
        "iam.cluster_service_account_name": "ray-node",
    },
    "eks-private": {
        "kms_key_arn": None,
        "vpc": {
            "cidr_block": "10.20.0.0/16",
            "availability_zones": ["us-west-2a", "us-west-2b"],
            "public_subnets": ["10.20.0.0/20", "10.20.16.0/20"],
            "private_subnets": ["10.20.32.0/20", "10.20.48.0/20"],
        },
    },
    "eks-existing": {
        "cluster.node_security_group_id": "sg-0123456789abcdef0",
        "redis_endpoint": None,
        "memorydb": {},
    },
    "gke-private": {"registration": None, "bucket.kms_key_name": None, "cluster.zones": None, "filestore": {}},
    "gke-existing": {"cluster.location": None, "file_storage": NFS},
    "aks": {
        "cluster.nodes.groups": {
            "training": {
                "vm_size": "Standard_ND96isr_H200_v5",
                "capacity_types": ["ON_DEMAND"],
                "gpu_type": "H200",
                "gpu_count": 8,
                "gpu_product": "NVIDIA-H200",
            },
        },
        "provider": {
            "tenant_id": "22222222-3333-4444-5555-666666666666",
            "client_id": "b2c3d4e5-f6a7-8901-bcde-f23456789012",
            "use_oidc": True,
        },
    },
    "aks-existing": {},
    "generic": {},
}

_OTHER = {"mirror": "https://git.example.com/other"}

# Values that fit the other keys, where the current value with a change, or the schema's example, does not: for all
# examples or for one.
SUBSTITUTES: dict[str, Any] = {
    "modules": {"iam": _OTHER},
    "moved": [{"from": "aws_iam_role.a", "to": "module.iam.aws_iam_role.a"}],
    "import": [{"to": "module.iam.aws_iam_role.a", "id": "a"}],
    "security_group.ingress_rules.0.rule": "http-80-tcp",
    "firewall.ingress_rules.0.rule": "http-80-tcp",
    "filestore.capacity_gb": 2048,
    "cluster.nodes.default_instance_types": ["t3.large"],
    "cluster.nodes.cpu_instance_types": ["m6i.4xlarge"],
    "vpc.subnet_places": 8,
    "provider.impersonate_service_account": "other@acme-admin.iam.gserviceaccount.com",
    "releases.operator.values": {"operator": {"replicas": 3}},
    "resources.azurerm_resource_group.this.arguments": {"tags": {"team": "acme"}},
    "minimal vpc.availability_zones": ["us-east-2b", "us-east-2c"],
    "minimal vpc.public_subnets": ["10.0.0.0/21", "10.0.8.0/21"],
    "existing-vpc modules": {"efs": _OTHER},
    "existing-vpc kms_key_arn": "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    "existing-vpc vpc.subnet_ids_to_az": {
        "subnet-0123456789abcdef0": "eu-central-1a",
        "subnet-0123456789abcdef9": "eu-central-1b",
    },
    "existing-stores vpc.subnet_ids_to_az": {
        "subnet-0123456789abcdef0": "us-east-2a",
        "subnet-0123456789abcdef9": "us-east-2b",
    },
    "kms_key.deletion_window_in_days": 7,
    "regulated vpc.availability_zones": ["us-east-2b", "us-east-2c"],
    "gce-everything bucket.location": "EU",
    "gce-everything bucket.kms_key_name": "projects/acme/locations/us/keyRings/anyscale/cryptoKeys/storage",
    "gce-everything vpc.subnet_cidr": "172.28.96.0/20",
    "eks-private kms_key_arn": "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    "eks-private vpc.availability_zones": ["us-west-2b", "us-west-2a"],
    "eks-private cluster.nodes.groups": {"memory": {"instance_types": ["r6i.16xlarge"]}},
    "eks-private cluster.nodes.groups.training.instance_types": ["p5e.48xlarge"],
    "eks-private cluster.nodes.groups.training.capacity_reservation": {"id": "cr-0123456789abcdef0"},
    "eks-private workloads.identity": "irsa",
    "eks-existing vpc.subnet_ids_to_az.subnet-0123456789abcdef0": "us-east-2c",
    "eks-existing bucket.region": "us-west-1",
    "eks-existing file_storage.file_storage_id": "fs-0123456789abcdef0",
    "eks-existing cluster.oidc_provider_arn": (
        "arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-east-2.amazonaws.com/id/0123456789ABCDEF0123456789ABCDE0"
    ),
    "gke-private modules": {"vpc": _OTHER},
    "gke-private bucket.kms_key_name": "projects/acme/locations/europe-west4/keyRings/anyscale/cryptoKeys/storage",
    "gke-private bucket.lifecycle_rules": [{"action": {"type": "Delete"}, "condition": {"age": 1}}],
    "gke-private cluster.nodes.groups": {"memory": {"machine_type": "n2-highmem-64"}},
    "gke-private cluster.nodes.groups.training.machine_type": "a3-edgegpu-8g",
    "gke-private cluster.zones": ["europe-west4-b"],
    "gke-private cluster.master_ipv4_cidr_block": "172.16.4.0/28",
    "gke-private filestore.location": "europe-west4-c",
    "gke-existing filestore.location": "us-east1-c",
    "gke-existing cluster.location": "us-east1-c",
    "gke-existing file_storage.file_storage_id": "projects/acme-ml/locations/us-east1-b/instances/anyscale",
    "eks-existing cluster.gpu_types": ["L4"],  # the chart itself has shapes for T4
    "gke-existing cluster.gpu_types": ["L4"],
    "aks vnet.subnet_cidr_block": "10.0.0.0/17",
    "aks-existing resources": {"azurerm_resource_group.this": {"arguments": {"tags": {"team": "ml"}}}},
    "aks cluster.nodes.gpu_limits": {"T4": {"max_size": 3}},
    "aks cluster.nodes.groups": {"memory": {"vm_size": "Standard_E64s_v5"}},
    "aks cluster.nodes.groups.training.vm_size": "Standard_ND96isr_H100_v5",
}

_CHECKED = "Its size is checked, with a warning."
_UNLABELLED = "Nothing that is made has labels."

# What silently changes nothing, and why.
IDLE: dict[str, dict[str, str]] = {
    "existing-vpc": {
        "vpc.cidr_block": _CHECKED,
        "bucket.kms_key_arn": "Both roles exist: a warning says what they must be allowed.",
    },
    "existing-stores": {"vpc.cidr_block": _CHECKED},
    "eks-existing": {"vpc.cidr_block": _CHECKED},
    "gce-existing": {
        "deploy_environment": _UNLABELLED,
        "labels": _UNLABELLED,
        "vpc.subnet_cidr": _CHECKED,
    },
    "gke-existing": {
        "cloud_id": _UNLABELLED,
        "deploy_environment": _UNLABELLED,
        "labels": _UNLABELLED,
        "mirror": "No module is called.",
        "name_prefix": "Nothing that is made has a name of its own.",
        "vpc.subnet_name": "The nodes are there already.",
        "vpc.subnet_cidr": _CHECKED,
    },
}

# How a key is refused that would do nothing as things are, or that contradicts another one.
# The rules by which a key without effect is an error.
REFUSED = {
    *("conflicting-keys", "idle-key", "idle-input", "misplaced-field", "outside-region", "project-parent"),
    *("memorydb-shards", "subnet-plan", "missing-field", "unknown-module", "missing-provider-argument"),
    *("azure-login", "aks-outbound-type", "missing-address", "adopted-external-id"),
    "node-group-gpu",
}


@dataclass(frozen=True)
class Keys:
    """The keys of a kind of cloud, and changes of those of an example.

    Args:
        root: The JSON Schema of the configuration.
        example: The example's name.
    """

    root: Schema
    example: str

    def walk(
        self, schema: Schema, config: dict[str, Any], path: Path = ()
    ) -> Iterator[tuple[Path, dict[str, Any], dict[str, Any]]]:
        """Yields each key, a configuration with the sections around it, and the same with another value of the key."""
        given = at(config, path)
        schema = self._resolve(schema, given)
        if "const" in schema:
            return
        if "properties" in schema:
            config = put(config, path, self._required(schema, path) | (given or {}))
            for name, value in schema["properties"].items():
                yield from self.walk(value, config, (*path, name))
            return
        yield path, config, put(config, path, self._other_value(schema, given, path))
        inner = _inner(schema)
        if "properties" in self._resolve(inner, None) and path != ("modules",):
            config = put(config, path, given or self._other_value(schema, None, path))
            step = 0 if "items" in schema else next(iter(at(config, path)))
            yield from self.walk(inner, config, (*path, step))

    def _resolve(self, schema: Schema, given: Any) -> Schema:
        """Returns the schema that references lead to; of several options, the fitting one, else the first."""
        if "$ref" in schema:
            there = self.root["$defs"][schema["$ref"].rpartition("/")[2]]
            return self._resolve({**there, **_without(schema, "$ref")}, given)
        for key in {"anyOf", "oneOf"} & schema.keys():
            choices = [self._resolve(each, given) for each in schema[key] if each.get("type") != "null"]
            fitting = (each for each in choices if _fits(given, each.get("properties", {})))
            return {**_without(schema, key), **next(fitting, choices[0])}
        return schema

    def _required(self, schema: Schema, path: Path) -> dict[str, Any]:
        inner = schema["properties"]
        needed = {key for key, value in inner.items() if "const" in value} | {*schema.get("required", ())}
        return {key: self._other_value(inner[key], None, (*path, key)) for key in sorted(needed)}

    def _other_value(self, schema: Schema, now: Any, path: Path) -> Any:
        """Returns a value that fits the schema and differs from the current one."""
        name = ".".join(map(str, path))
        for key in (f"{self.example} {name}", name):
            if key in SUBSTITUTES:
                return SUBSTITUTES[key]
        schema = self._resolve(schema, now)
        now = schema.get("default") if now is None else now
        match schema:
            case {"const": value}:
                return value
            case {"enum": values}:
                return next(value for value in values if value != now)
            case {"type": "boolean"}:
                return not now
            case {"type": "integer"}:
                return (now or schema.get("minimum", 1)) + 1
            case {"properties": inner}:
                changed = [key for key in now or () if "const" not in inner[key]][:1]
                others = {key: self._other_value(inner[key], now[key], (*path, key)) for key in changed}
                return (now or self._required(schema, path)) | others
            case {"type": "array"}:
                first, *rest = now or [None]
                return [self._other_value(schema["items"], first, (*path, 0)), *rest]
            case {"type": "object"}:
                key, value = next(iter((now or {"extra": None}).items()))
                return {**(now or {}), key: self._other_value(_inner(schema), value, (*path, key))}
            case {"examples": [example, *_]} if not now:
                return example
        return _next_string(now) if isinstance(now, str) and now else "acme"


def _inner(schema: Schema) -> Schema:
    """Returns the schema of a list's elements, or of the values of a mapping with free keys."""
    others = [schema.get("items"), schema.get("additionalProperties"), *schema.get("patternProperties", {}).values()]
    return next((each for each in others if isinstance(each, dict)), {})


def _fits(given: Any, properties: Schema) -> bool:
    """Returns whether a mapping has only these keys, with the values that they require."""
    return isinstance(given, dict) and all(
        key in properties and properties[key].get("const", value) == value for key, value in given.items()
    )


def _without(schema: Schema, key: str) -> dict[str, Any]:
    return {name: value for name, value in schema.items() if name != key}


def _next_string(text: str) -> str:
    """Returns the string with its last letter or digit replaced by the next one."""
    last = max(index for index, letter in enumerate(text) if letter.isalnum())
    near = chr(ord(text[last]) + (-1 if text[last] in "9zZ" else 1))
    return f"{text[:last]}{near}{text[last + 1 :]}"


def at(config: Any, path: Path) -> Any:
    for step in path:
        match config:
            case dict():
                config = config.get(step)
            case list():
                config = config[int(step)]
    return config


def put(config: dict[str, Any], path: Path, value: Any) -> dict[str, Any]:
    """Returns the configuration with another value at a path, or without one for None."""
    changed = {"": copy.deepcopy(config)}
    *way, last = ("", *path)
    section = at(changed, tuple(way))
    section[last] = value
    if value is None:
        del section[last]
    return changed[""]


def tried(kind: Any, example: str, config: dict[str, Any], out: pathlib.Path) -> tuple[set[str], dict[str, str]]:
    """Returns the keys that change nothing, and the messages of those that are errors for another reason."""

    @functools.cache
    def synthesized(text: str) -> str:
        stacks = kind.build(App(out), "ml", kind.config_type(**json.loads(text)))
        for stack in stacks:
            stack.prepare()
        return json.dumps([stack.to_terraform() for stack in stacks], sort_keys=True)

    root = kind.config_type.model_json_schema()
    idle, refused = set(), {}
    for path, before, after in Keys(root, example).walk(root, config):
        name = ".".join(map(str, path))
        if path[0] == "allow":  # it changes what is said
            continue
        try:
            if synthesized(json.dumps(before)) == synthesized(json.dumps(after)):
                idle.add(name)
        except ConstructsError as error:
            rules = {finding.rule.id for finding in error.findings if finding.rule}
            if not rules <= REFUSED:
                refused[name] = f"{at(after, path)!r}: {error} {sorted(rules)}"
    return idle, refused


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_key_has_an_effect(example: str, tmp_path: pathlib.Path) -> None:
    config = Document(FOLDER / f"{example}.yaml").data
    for path, value in EXAMPLES[example].items():
        config = put(config, tuple(path.split(".")), value)
    idle, refused = tried(project.load_stack(config.pop("stack")), example, config, tmp_path)
    assert refused == {}, "SUBSTITUTES must have another value for each of these"
    assert idle == IDLE.get(example, {}).keys()


class IdleConfig(GenericConfig):
    number: int = Field(default=1, le=1)
    idle: str = "a"


class IdleStack(GenericStack):
    config_type = IdleConfig


def test_the_check_finds_a_fault(tmp_path: pathlib.Path) -> None:
    config = {
        "org_id": "org_1",
        "kube_context": "acme",
        "bucket": {"bucket_name": "s3://acme"},
        "file_storage": {"mount_targets": [{"address": "10.0.0.5"}], "mount_path": "/anyscale"},
    }
    idle, refused = tried(IdleStack, "generic", config, tmp_path)
    assert idle == {"idle"}
    assert refused == {"number": "2: IdleConfig.number: must be less than or equal to 1; got 2 ['invalid-value']"}
