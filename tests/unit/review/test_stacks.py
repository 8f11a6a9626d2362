import json
import pathlib

import pytest

from anyscale_constructs.errors import ReviewError
from anyscale_constructs.review.stacks import read
from tests.unit.review.parts import CLOUD, synthesized

MODULES = "anyscale/terraform-aws-anyscale-cloudfoundation-modules"


def test_a_module_call_is_identified_by_its_module_and_pin(tmp_path: pathlib.Path) -> None:
    call = read(synthesized(tmp_path, {"prod": CLOUD}))["prod"].modules["vpc"]
    assert (call.repository, call.path) == (MODULES, "modules/aws-anyscale-vpc")
    assert call.interface
    assert (call.interface.name, call.interface.commit) == ("aws/vpc", call.ref)


def test_a_module_of_the_registry_is_known_by_its_version(tmp_path: pathlib.Path) -> None:
    cloud = "stack: eks\nregion: us-east-2\norg_id: org_1234abcd\n"
    cloud += "releases: {gateway: {ingress_cidr_blocks: [10.0.0.0/8]}}\n"
    stacks = read(synthesized(tmp_path, {"prod": cloud}))
    assert sorted(stacks) == ["prod", "prod-operator"]
    call = stacks["prod"].modules["eks"]
    assert call.interface
    assert (call.interface.name, f"v{call.ref}") == ("aws/eks", call.interface.ref)


def test_a_mirror_is_the_same_module(tmp_path: pathlib.Path) -> None:
    out = synthesized(tmp_path, {"prod": CLOUD + "mirror: https://git.example.com/mirrors\n"})
    call = read(out)["prod"].modules["vpc"]
    assert call.repository == MODULES
    assert call.interface


def test_files_next_to_the_json_are_read(tmp_path: pathlib.Path) -> None:
    out = synthesized(tmp_path, {"prod": CLOUD})
    folder = out / "stacks" / "prod"
    with (folder / "versions.tf").open("a") as file:
        file.write("moved {\n  from = module.network\n  to = module.vpc\n}\n")
    stack = read(out)["prod"]
    assert stack.constraints["terraform"] == ">= 1.9.0"
    assert list(stack.moved) == [("module.network", "module.vpc")]


def test_renames_addresses_in_references_too(tmp_path: pathlib.Path) -> None:
    stack = read(synthesized(tmp_path, {"prod": CLOUD}))["prod"].renamed({"module.vpc": "module.network"})
    assert "network" in stack.modules
    text = json.dumps([call.inputs for call in stack.modules.values()]) + json.dumps(stack.outputs)
    assert "module.vpc." not in text
    assert "module.network.vpc_id" in text


@pytest.mark.parametrize("text", [None, "[]", "no JSON"])
def test_fails_on_another_directory(text: str | None, tmp_path: pathlib.Path) -> None:
    if text is not None:
        (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(ReviewError, match="synth"):
        read(tmp_path)
