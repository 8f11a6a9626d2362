"""The committed wrappers: as the generator writes them, and complete."""

import hashlib
import importlib
import importlib.resources
from pathlib import Path
from typing import get_type_hints

import pytest
from pydantic import TypeAdapter, ValidationError

from anyscale_constructs import fn
from anyscale_constructs.codegen import write
from anyscale_constructs.codegen.catalog import table
from anyscale_constructs.modules.aws import S3Module, SecurityGroupsModule, VpcModule
from anyscale_constructs.terraform.interface import Interface
from anyscale_constructs.terraform.module import Module

MODULES = Path(str(importlib.resources.files("anyscale_constructs") / "modules"))


def wrapper(name: str) -> type[Module]:
    python = importlib.import_module(f"anyscale_constructs.modules.{name.replace('/', '.')}")
    result: type[Module] = getattr(python, f"{table()[name].stem}Module")
    return result


def test_rendering_the_catalog_produces_the_committed_files(tmp_path: Path) -> None:
    for name in [*table(), "functions", "aws_root"]:
        catalog = tmp_path / "modules" / "catalog" / f"{name}.json"
        catalog.parent.mkdir(parents=True, exist_ok=True)
        catalog.write_bytes((MODULES / "catalog" / f"{name}.json").read_bytes())
    write.rerender(tmp_path / "modules")
    rendered = {file.relative_to(tmp_path): file.read_bytes() for file in tmp_path.rglob("*.py")}
    files = [*MODULES.glob("*/*.py"), Path(str(fn.__file__))]
    committed = {file.relative_to(MODULES.parent): file.read_bytes() for file in files}
    assert rendered == committed, "to render them again: anyscale-constructs modules render"


@pytest.mark.parametrize("name", table())
def test_a_wrapper_has_every_input_and_every_output(name: str) -> None:
    interface, cls = Interface.load(name), wrapper(name)
    inputs = get_type_hints(cls.inputs_type.typed_dict())
    properties = [key for key, value in vars(cls).items() if isinstance(value, property)]
    assert set(inputs) == set(interface.variables)
    assert properties == list(interface.outputs)
    assert cls.interface_name == name


@pytest.mark.parametrize("name", table())
def test_a_wrapper_requires_what_upstream_requires(name: str) -> None:
    required = {key for key, variable in Interface.load(name).variables.items() if variable.required}
    assert wrapper(name).inputs_type.typed_dict().__required_keys__ == required


@pytest.mark.parametrize("name", table())
def test_an_output_hides_no_member_of_the_base(name: str) -> None:
    assert [output for output in Interface.load(name).outputs if hasattr(Module, output)] == []


@pytest.mark.parametrize("name", table())
def test_the_banner_contains_the_commit_and_the_hash_of_the_catalog(name: str) -> None:
    catalog = (MODULES / "catalog" / f"{name}.json").read_bytes()
    source, hash_ = (MODULES / f"{name}.py").read_text(encoding="utf-8").splitlines()[1:3]
    assert source.endswith(Interface.load(name).commit)
    assert hash_.endswith(f" {hashlib.sha256(catalog).hexdigest()[:12]}")


@pytest.mark.parametrize("name", table())
def test_upstream_defaults_are_accepted(name: str) -> None:
    variables = Interface.load(name).variables
    defaults = {key: variable.default for key, variable in variables.items() if variable.default is not None}
    required = {key: variable.type for key, variable in variables.items() if variable.required}
    stand_ins = {key: ["a"] if type_.startswith("list") else "a" for key, type_ in required.items()}
    TypeAdapter(wrapper(name).inputs_type).validate_python({**defaults, **stand_ins})


@pytest.mark.parametrize(
    ("cls", "inputs", "where"),
    [
        (VpcModule, {"cidr_blocks": "10.0.0.0/16"}, "cidr_blocks"),
        (VpcModule, {"create_igw": "true"}, "create_igw"),
        (VpcModule, {"public_subnets": "10.0.0.0/24"}, "public_subnets"),
        (VpcModule, {"gateway_vpc_endpoints": {"s3": {"name": "s3"}}}, "gateway_vpc_endpoints"),
        (SecurityGroupsModule, {}, "vpc_id"),
        (S3Module, {"force_destroy": 1}, "force_destroy"),
    ],
)
def test_fails_on_inputs_of_the_wrong_shape(cls: type[Module], inputs: dict[str, object], where: str) -> None:
    with pytest.raises(ValidationError) as error:
        TypeAdapter(cls.inputs_type).validate_python(inputs)
    assert {detail["loc"][0] for detail in error.value.errors()} == {where}
