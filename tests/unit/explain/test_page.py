"""The whole page on the examples, and its formats."""

import re

import pytest
from syrupy.assertion import SnapshotAssertion

from anyscale_constructs.explain.mermaid import as_mermaid
from anyscale_constructs.explain.page import page_of
from anyscale_constructs.explain.parts import REGISTRATION
from anyscale_constructs.explain.text import as_text
from anyscale_constructs.review.interfaces import Interfaces
from tests import ROOT
from tests.examples import CLOUDS, OF_KINDS, SYNTHESIZED
from tests.unit.explain.parts import call, content, page, said

NAMES = [cloud.stem for cloud in CLOUDS]


@pytest.mark.parametrize("kind", OF_KINDS)
def test_the_page_on_each_kind_of_cloud(kind: str, snapshot: SnapshotAssertion) -> None:
    assert as_text(page(OF_KINDS[kind])) == snapshot


def test_the_docs_list_its_sections() -> None:
    docs = (ROOT / "docs" / "how-to" / "explain.md").read_text(encoding="utf-8")
    sections = [section.title for section in page("minimal").sections]
    assert re.findall(r"^\| ([A-Z][^|]*?) \|", docs, flags=re.MULTILINE) == sections


@pytest.mark.parametrize("name", NAMES)
def test_the_text_fits_a_terminal_of_80_columns(name: str) -> None:
    lines = as_text(page(name)).splitlines()
    assert [line for line in lines if len(line) > 80 or line != line.rstrip()] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_drawing_has_each_part_in_one_box_below_what_it_depends_on(name: str) -> None:
    drawing = page(name).drawing
    layers = {box.key: box.layer for box in drawing.boxes}
    assert len(layers) == len(drawing.boxes)
    assert [arrow for arrow in drawing.arrows if layers[arrow.source] >= layers[arrow.target]] == []
    drawn: dict[str, list[str]] = {stack.name: [] for stack in SYNTHESIZED[name].stacks}
    for box in drawing.boxes:
        drawn[box.stack] += [each for each in box.addresses if each != REGISTRATION]
    for stack in SYNTHESIZED[name].stacks:
        made = [*(call.address for call in stack.modules.values()), *stack.resources]
        assert sorted(drawn[stack.name]) == sorted(each for each in made if not each.startswith("data."))


@pytest.mark.parametrize("name", NAMES)
def test_mermaid_is_one_flowchart_whose_arrows_join_its_boxes(name: str) -> None:
    first, *lines = as_mermaid(page(name)).splitlines()
    assert first == "flowchart TD"
    boxes = {found[1] for line in lines if (found := re.fullmatch(r'    (\w+)\["[^"]+"\]', line))}
    arrows = [re.fullmatch(r'  (\w+) (?:-->\|"[^"]+"\||-\.->) (\w+)', line) for line in lines if ">" in line[:40]]
    joined = {end for arrow in arrows if arrow for end in arrow.groups()}
    assert boxes >= joined
    assert lines.count("  end") == len(SYNTHESIZED[name].stacks)


def test_mermaid_escapes_what_would_end_a_label() -> None:
    tree = {"module": {"a": {"source": './"quoted"'}}}
    assert '"quoted"' not in as_mermaid(page_of("cloud", [content("cloud", tree)]))


def test_a_disabled_module_is_not_a_part() -> None:
    vpc = {"vpc": call("aws/vpc", private_subnets=["10.0.0.0/20"])}
    off = {"vpc": call("aws/vpc", private_subnets=["10.0.0.0/20"], module_enabled=False)}
    made, none = (page_of("cloud", [content("cloud", {"module": modules})]) for modules in (vpc, off))
    assert "module.vpc" in as_text(made)
    assert "module.vpc" not in as_text(none)


@pytest.mark.parametrize("ref", ["", "?ref=main"])
def test_a_module_outside_the_catalog_has_its_ref(ref: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Interfaces, "_sources", lambda *_: [{"main.tf": 'variable "a" {}'}])
    source = f"git::https://github.com/acme/network.git{ref}"
    section = page_of("cloud", [content("cloud", {"module": {"a": {"source": source}}})]).sections[0]
    assert said(section) == {"module.a": ["network//. at main" if ref else "network//."]}


def test_references_go_through_data_sources_and_policies() -> None:
    tree = {
        "module": {"s3": call("aws/s3"), "vpc": call("aws/vpc")},
        "data": {"aws_subnets": {"all": {"filter": {"values": ["${module.vpc.vpc_id}"]}}}},
        "resource": {
            "aws_iam_role_policy": {"a": {"policy": '{"Resource": "${module.s3.s3_bucket_arn}/*"}'}},
            "aws_lb": {"a": {"subnets": "${data.aws_subnets.all.ids}", "depends_on": ["module.s3"]}},
        },
    }
    feeds = said(page_of("cloud", [content("cloud", tree)]).sections[1])
    assert feeds == {
        "aws_iam_role_policy.a": ["policy <- module.s3.s3_bucket_arn"],
        "aws_lb.a": ["subnets <- module.vpc.vpc_id", "after module.s3"],
    }


def test_a_drawing_is_deterministic() -> None:
    names = [f"r{number}" for number in range(10)]
    role = {name: {"name": name} for name in names}
    needs = {"all": {"roles": [f"${{aws_iam_role.{name}.arn}}" for name in names]}}
    tree = {"resource": {"aws_iam_policy": needs, "aws_iam_role": role}}
    (box, _) = page_of("cloud", [content("cloud", tree)]).drawing.boxes
    assert box.addresses == [f"aws_iam_role.{name}" for name in names]
