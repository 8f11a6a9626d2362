"""The pages of the documentation: each kind and each construct has one, with all its sections."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from anyscale_constructs.cli.schemas import schema_of
from anyscale_constructs.clouds import KINDS
from anyscale_constructs.terraform.interface import Interface
from docs import HERE, nav
from docs.generate.constructs import constructs, example_of, terraform_of
from docs.generate.signatures import upstream_inputs
from tests import ROOT
from tests.examples import CLOUDS

PAGES = constructs()
_LONGEST = 600
"""The maximum number of lines of a page."""


def text(page: str) -> str:
    return (HERE / page).read_text(encoding="utf-8")


def public() -> set[str]:
    """Returns the names of classes and functions that add something to a stack, recognized by their first argument."""
    return {construct.__name__ for there in PAGES.values() for _, construct in there}


def test_every_public_construct_has_a_page() -> None:
    wrappers = {"Efs", "Eks", "Iam", "MemoryDb", "S3", "S3Policy", "SecurityGroups", "Vpc"}
    wrappers |= {
        "CloudApis",
        "CloudStorage",
        "Filestore",
        "Gke",
        "LoggingSink",
        "Memorystore",
        "Project",
        "VpcFirewall",
    }
    assert (
        wrappers | {"CloudStack", "Data", "Module", "OperatorAccount", "Release", "Resource", "add_cluster"} <= public()
    )
    index = text("constructs/README.md")
    assert [name for name in public() if f"[`{name}`](" not in index] == []


@pytest.mark.parametrize("page", PAGES)
def test_a_constructs_page_has_inputs_outputs_and_an_example_that_uses_it(page: str) -> None:
    said, program = text(f"constructs/{page}.md"), example_of(page).read_text(encoding="utf-8")
    for _, construct in PAGES[page]:
        assert re.search(rf"^##+ Inputs( of {construct.__name__})?$", said, flags=re.MULTILINE)
        assert re.search(rf"^##+ Outputs( of {construct.__name__})?$", said, flags=re.MULTILINE)
    assert any(f"{construct.__name__}(" in program for _, construct in PAGES[page])
    assert program in said


@pytest.mark.parametrize("page", PAGES)
def test_a_constructs_example_creates_something(page: str) -> None:
    assert terraform_of(example_of(page)).keys() & {"data", "module", "output", "resource"}


def test_every_example_is_on_a_page() -> None:
    assert {example_of(page) for page in PAGES} == set((HERE / "constructs").glob("**/*.py"))


@pytest.mark.parametrize("page", PAGES)
def test_every_input_of_a_construct_is_explained(page: str) -> None:
    rows = re.findall(r"^\| (`[\w*]+`) \| .* \| .* \|(.*)\|$", text(f"constructs/{page}.md"), flags=re.MULTILINE)
    assert rows
    assert [name for name, about in rows if not about.strip()] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_input_of_a_constructs_module_is_listed(page: str) -> None:
    """The required ones too, which are in another class than the optional ones."""
    for _, construct in PAGES[page]:
        if hasattr(construct, "inputs_type"):
            listed = {name for name, _ in upstream_inputs(construct)}
            assert listed == Interface.load(construct.interface_name).variables.keys()


@pytest.mark.parametrize("kind", KINDS)
def test_a_kinds_page_has_a_lead_a_picture_examples_and_all_keys(kind: str) -> None:
    page = text(f"clouds/{kind}.md")
    assert f"]({kind}.svg)" in page
    assert text(f"clouds/{kind}.svg").startswith("<svg ")
    assert len(page.partition("![")[0].split()) > 50
    named = set(re.findall(r"`(\w+)`", page.partition("## Keys")[2]))
    assert schema_of(kind)["properties"].keys() <= named
    shown = [cloud.stem for cloud in CLOUDS if cloud.read_text(encoding="utf-8").strip() in page]
    there = [cloud.stem for cloud in CLOUDS if yaml.safe_load(cloud.read_text(encoding="utf-8"))["stack"] == kind]
    assert set(shown) <= set(there)
    assert len(shown) == min(3, len(there))
    assert [name for name in there if f"/{name}.yaml)" not in page] == []


def keys(node: Any) -> Iterator[tuple[str, Mapping[str, Any], bool]]:
    """Yields the keys in a schema, their schemas, and whether they are required."""
    match node:
        case {"properties": dict() as properties}:
            for name, value in properties.items():
                yield f"{node.get('title')}.{name}", value, name in node.get("required", ())
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from keys(inner)


@pytest.mark.parametrize("page", [page.relative_to(HERE) for page in HERE.glob("**/*.md")], ids=str)
def test_no_page_is_too_long(page: Path) -> None:
    assert "decisions" in page.parts or len((HERE / page).read_text(encoding="utf-8").splitlines()) <= _LONGEST


def test_the_navigation_has_every_page_once() -> None:
    site = yaml.safe_load((HERE / "mkdocs.yml").read_text(encoding="utf-8"))
    listed = [*listed_in(nav.expanded(site["nav"], ROOT))]
    there = {str(page.relative_to(ROOT)) for page in HERE.glob("**/*.md") if page.parent.name != "rules"}
    assert sorted(listed) == sorted({*there, "README.md", "CHANGELOG.md", "docs/rules/README.md"})


def listed_in(entries: Any) -> Iterator[str]:
    match entries:
        case str():
            yield entries
        case dict():
            for inner in entries.values():
                yield from listed_in(inner)
        case list():
            for inner in entries:
                yield from listed_in(inner)


@pytest.mark.parametrize("folder", ["clouds", "configuration", "constructs", "rules"])
def test_generated_pages_contain_no_unescaped_tags(folder: str) -> None:
    tags = {"<code", "</code", "<details", "</details", "<summary", "</summary"}
    for page in (HERE / folder).glob("**/*.md"):
        prose = re.sub(r"```.*?```|`[^`]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert set(re.findall(r"</?\w+", prose)) <= tags, page.name


@pytest.mark.parametrize("kind", KINDS)
def test_every_key_says_what_happens_when_it_is_left_out(kind: str) -> None:
    silent = [
        name
        for name, value, required in keys(schema_of(kind))
        if not (said := value.get("description", "")).partition("Default:")[0]
        or not (required or "Default" in said or value.get("default") is not None)
    ]
    assert silent == []
