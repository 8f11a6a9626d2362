"""The table of modules, the patches, and the catalog's files."""

import importlib.resources

import pytest
import yaml

from anyscale_constructs.codegen.catalog import dump, entry, table
from anyscale_constructs.errors import CodegenError
from anyscale_constructs.terraform.interface import Interface, Output, Provider, Variable, parse

PACKAGE = importlib.resources.files("anyscale_constructs")
FILES = sorted(
    f"{folder.name}/{file.name.removesuffix('.json')}"
    for folder in (PACKAGE / "modules" / "catalog").iterdir()
    if folder.is_dir()
    for file in folder.iterdir()
)


def test_dump_and_parse_are_inverse() -> None:
    interface = Interface(
        name="aws/example",
        repository="acme/modules",
        path="modules/example",
        ref="v1",
        commit="1" * 40,
        required_version=">= 1.9",
        required_providers={"aws": Provider("hashicorp/aws", ">= 5.0")},
        variables={
            "z": Variable("string", required=True),
            "a": Variable("map(any)", {"é": [None, 1.5]}, validation=("true",), known_at_plan="keys"),
            "flag": Variable("string", default=True, text=True),
        },
        outputs={"id": Output("string"), "users": Output("any", sensitive=True)},
        data_sources=("data.aws_region.current",),
    )
    assert parse("aws/example", dump(interface)) == interface
    assert list(parse("aws/example", dump(interface)).variables) == ["z", "a", "flag"]


def test_every_module_of_the_table_is_in_the_catalog() -> None:
    assert {name.partition("@")[0] for name in FILES} == set(table())


@pytest.mark.parametrize("name", FILES)
def test_the_catalog_is_as_the_generator_writes_it(name: str) -> None:
    text = (PACKAGE / "modules" / "catalog" / f"{name}.json").read_text(encoding="utf-8")
    interface = parse(name.partition("@")[0], text)
    assert dump(interface) == text
    assert (interface.repository, interface.path) == (
        entry(interface.name).repository,
        entry(interface.name).path,
    )


@pytest.mark.parametrize("provider", sorted({name.partition("/")[0] for name in table()}))
def test_patches_refer_to_existing_elements_and_change_them(provider: str) -> None:
    text = (PACKAGE / "codegen" / "patches" / f"{provider}.yaml").read_text(encoding="utf-8")
    for name, patch in yaml.safe_load(text).items():
        assert set(patch) <= {"known_at_plan", "defaults", "output_types"}
        interface = Interface.load(name)
        for part, names in patch.get("known_at_plan", {}).items():
            assert [interface.variable(each).known_at_plan for each in names] == [part] * len(names)
        for variable, default in patch.get("defaults", {}).items():
            assert interface.variable(variable).default == default
        for output, type_ in patch.get("output_types", {}).items():
            assert interface.output(output).type == type_


def test_booleans_declared_as_strings_are_known() -> None:
    texts = [f"{n}.{k}" for n in table() for k, v in Interface.load(n).variables.items() if v.text]
    assert texts == [
        "aws/iam.enable_ec2_container_registry_readonly_access",
        "aws/memorydb.enable_memorydb_data_tiering",
    ]


def test_no_output_is_of_unknown_type() -> None:
    assert [n for n in table() for output in Interface.load(n).outputs.values() if output.type == "any"] == []


def test_the_pin_for_the_aws_provider_5_lacks_the_namespace() -> None:
    old, new = Interface.load("aws/s3", "v0.38.0"), Interface.load("aws/s3")
    assert new.variables.keys() - old.variables.keys() == {"bucket_namespace"}
    assert old.required_providers["aws"] == new.required_providers["aws"]._replace(version=">= 5.0, < 7.0")


def test_fails_on_an_unknown_module_and_names_the_nearest() -> None:
    with pytest.raises(CodegenError, match=r"unknown key 'aws/s4': did you mean 'aws/s3'\?"):
        entry("aws/s4")
