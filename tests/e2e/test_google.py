"""The examples on Google Cloud with the real Terraform and modules, on doubles with the providers' real schemas."""

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from anyscale_constructs.clouds.operator import SUFFIX
from tests.e2e.doubles.server import Doubles
from tests.e2e.terraform import Plan, Terraform
from tests.examples import CLOUDS, written

Config = dict[str, Any]
APIS = "module.cloudapis.google_project_service"
ONE_MORE = "pubsub.googleapis.com"
ADDED = f'{APIS}.anyscale_optional_apis["{ONE_MORE}"]'
LOST = f"{APIS}.anycale_compute_api[0]"


def appliable(file: Path) -> Config:
    """An example with its state on this machine and the modules from GitHub."""
    config = yaml.safe_load(file.read_text(encoding="utf-8"))
    return {key: value for key, value in config.items() if key not in {"backend", "mirror"}}


EXAMPLES = {file.stem: config for file in CLOUDS if (config := appliable(file))["stack"] in {"gce", "gke"}}
GKE = EXAMPLES["gke"]


@pytest.fixture(scope="session")
def doubles() -> Iterator[Doubles]:
    with Doubles() as served:
        yield served


def synthesize(name: str, config: Config, work: Path) -> Path:
    """Synthesizes a cloud; gives the folder of its first stack."""
    file = work / f"{name}.yaml"
    file.write_text(yaml.safe_dump(config), encoding="utf-8")
    return written(file, work / "out")[0]


def with_inputs(config: Config, module: str, inputs: Config) -> Config:
    """The configuration with more of a module's inputs."""
    changed = copy.deepcopy(config)
    changed.setdefault("modules", {}).setdefault(module, {}).setdefault("inputs", {}).update(inputs)
    return changed


def with_one_more_api(config: Config, stack: Path) -> Config:
    """The configuration with an API besides those that the stack enables."""
    call = json.loads((stack / "cdk.tf.json").read_text(encoding="utf-8"))["module"]["cloudapis"]
    optional = "anyscale_activate_optional_apis"
    return with_inputs(config, "cloudapis", {optional: [*call.get(optional, []), ONE_MORE]})


def apply(terraform: Terraform) -> None:
    """Make a stack from nothing, without a warning, and find it unchanged."""
    terraform.init()
    assert terraform.validate() == []
    plan = terraform.plan()
    assert set(plan.changes.values()) == {"create"}
    assert terraform.apply().added == len(plan.changes)
    assert terraform.plan() == Plan({}, {})


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_applied_and_waits_for_apis_without_a_change(name: str, doubles: Doubles, tmp_path: Path) -> None:
    config = EXAMPLES[name]
    stack = synthesize(name, config, tmp_path)
    terraform = doubles.terraform(stack, tmp_path)
    apply(terraform)
    if (operator := stack.with_name(name + SUFFIX)).exists():
        if config.get("registration") != "terraform":
            (operator / "terraform.tfvars.json").write_text('{"cloud_resource_id": "cldrsrc_1"}', encoding="utf-8")
        apply(doubles.terraform(operator, tmp_path))
    if config.get("enable_apis", True):
        synthesize(name, with_one_more_api(config, stack), tmp_path)
        terraform.forget(LOST)
        assert terraform.plan() == Plan({ADDED: "create", LOST: "create"}, {})


def without_zones(stack: Path) -> None:
    """Take out the zones, which the library gives to upstream's module in any case."""
    file = stack / "cdk.tf.json"
    document = json.loads(file.read_text(encoding="utf-8"))
    del document["module"]["gke"]["zones"]
    file.write_text(json.dumps(document), encoding="utf-8")


@pytest.mark.parametrize(
    ("edit", "inputs", "changes"),
    [
        (
            without_zones,
            {},
            {"google_container_cluster.primary": "update", "random_shuffle.available_zones[0]": "delete-create"},
        ),
        (None, {"release_channel": "UNSPECIFIED"}, {"google_container_cluster.primary": "update"}),
    ],
    ids=["zones at random", "the latest version"],
)
def test_what_follows_from_a_data_source_changes_with_an_api(
    edit: Callable[[Path], None] | None,
    inputs: Config,
    changes: Mapping[str, str],
    doubles: Doubles,
    tmp_path: Path,
) -> None:
    def synthesize_edited(config: Config) -> Path:
        stack = synthesize("gke", config, tmp_path)
        if edit:
            edit(stack)
        return stack

    config = with_inputs(GKE, "gke", inputs)
    stack = synthesize_edited(config)
    terraform = doubles.terraform(stack, tmp_path)
    apply(terraform)
    synthesize_edited(with_one_more_api(config, stack))
    expected = {ADDED: "create"} | {f"module.gke.{address}": action for address, action in changes.items()}
    assert terraform.plan().changes == expected
