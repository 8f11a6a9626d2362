"""Version constraints: read as Terraform reads them, and intersected exactly."""

import pathlib

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from anyscale_constructs.errors import ConstraintError
from anyscale_constructs.terraform.constraints import Constraint, Version, intersect
from anyscale_constructs.terraform.interface import parse
from tests import ROOT
from tests.e2e.plugins import DOUBLES

# One more than bounds reach and two more than exclusions do: what none of these satisfies, no version does.
SMALL: list[Version] = [(a, b, c) for a in range(6) for b in range(6) for c in range(6)]


@pytest.mark.parametrize(
    ("text", "allowed", "refused"),
    [
        ("5.1.2", [(5, 1, 2)], [(5, 1, 3), (5, 1, 1)]),
        ("= v5.1", [(5, 1, 0)], [(5, 1, 1), (5, 2, 0)]),
        ("!=5.1.2", [(5, 1, 1), (5, 1, 3)], [(5, 1, 2)]),
        (">= 5.0", [(5, 0, 0), (9, 9, 9)], [(4, 99, 99)]),
        ("> 5.0", [(5, 0, 1)], [(5, 0, 0)]),
        ("<= 5.0", [(5, 0, 0), (0, 0, 0)], [(5, 0, 1)]),
        ("< 7.0", [(6, 99, 99)], [(7, 0, 0)]),
        ("~> 3.0", [(3, 0, 0), (3, 99, 0)], [(2, 9, 9), (4, 0, 0)]),
        ("~> 3.1.4", [(3, 1, 4), (3, 1, 99)], [(3, 1, 3), (3, 2, 0)]),
        ("~> 3", [(3, 0, 0), (3, 99, 99)], [(4, 0, 0)]),
        (">= 6.37.0, < 7.0", [(6, 37, 0), (6, 99, 0)], [(6, 36, 9), (7, 0, 0)]),
        (">=1.0,!=1.2.0,<2", [(1, 1, 0), (1, 2, 1)], [(1, 2, 0), (2, 0, 0)]),
    ],
)
def test_constraints_are_parsed(text: str, allowed: list[Version], refused: list[Version]) -> None:
    constraint = Constraint.parse(text)
    assert all(map(constraint.allows, allowed))
    assert not any(map(constraint.allows, refused))


@pytest.mark.parametrize("text", ["", "5.", "=> 5", "5.0.0.0", ">= 5.0 < 6.0", "5.0-beta1", "latest", ">= 5,", "~>"])
def test_fails_on_invalid_constraints(text: str) -> None:
    with pytest.raises(ConstraintError, match=r"is invalid; got .*expected =, !=, >=, <=, >, < or ~>"):
        Constraint.parse(text)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        (">= 5.0, < 7.0", ">= 5.0.0, < 7.0.0"),
        ("~> 3.0", ">= 3.0.0, < 4.0.0"),
        ("= 1.2.3", "1.2.3"),
        ("< 2", "< 2.0.0"),
        (">= 0", ">= 0.0.0"),
        (">= 1, != 1.5, != 0.1", ">= 1.0.0, != 1.5.0"),
    ],
)
def test_constraints_are_written_in_short_form(text: str, written: str) -> None:
    assert str(Constraint.parse(text)) == written


PARTS = st.builds(
    lambda operator, numbers: f"{operator} {'.'.join(map(str, numbers))}",
    st.sampled_from(["=", "!=", ">=", ">", "<=", "<", "~>"]),
    st.lists(st.integers(0, 3), min_size=1, max_size=3),
)
TEXTS = st.lists(PARTS, min_size=1, max_size=4).map(", ".join)


@given(TEXTS, TEXTS)
def test_an_intersection_is_what_both_allow(one: str, other: str) -> None:
    a, b = Constraint.parse(one), Constraint.parse(other)
    both = a & b
    allowed = [version for version in SMALL if a.allows(version) and b.allows(version)]
    assert [version for version in SMALL if both.allows(version)] == allowed
    assert both.empty is not bool(allowed)


@given(TEXTS)
def test_the_written_form_is_equivalent(text: str) -> None:
    constraint = Constraint.parse(text)
    assume(not constraint.empty)
    again = Constraint.parse(str(constraint))
    assert [*filter(again.allows, SMALL)] == [*filter(constraint.allows, SMALL)]


def test_intersect_returns_the_versions_that_all_accept() -> None:
    wanted = [("module.vpc", ">= 5.0, < 7.0"), ("module.s3", ">= 6.37.0, < 7.0"), ("module.efs", ">= 5.0")]
    assert str(intersect("hashicorp/aws", wanted)) == ">= 6.37.0, < 7.0.0"


@pytest.mark.parametrize(
    ("wanted", "clash"),
    [
        (
            [("module.a", ">= 5.0"), ("module.b", "< 6.0"), ("module.c", ">= 6.37")],
            "module.b (< 6.0) and module.c (>= 6.37)",
        ),
        ([("module.a", "1.0.0"), ("module.b", "!= 1.0.0")], "module.a (1.0.0) and module.b (!= 1.0.0)"),
        ([("module.a", "> 2, < 1")], "module.a (> 2, < 1)"),
        (
            [("module.a", "<= 1.0.1"), ("module.b", ">= 1"), ("module.c", "!= 1.0.0, != 1.0.1")],
            "module.a (<= 1.0.1) and module.b (>= 1) and module.c (!= 1.0.0, != 1.0.1)",
        ),
    ],
)
def test_fails_when_constraints_conflict_and_names_them(wanted: list[tuple[str, str]], clash: str) -> None:
    with pytest.raises(ConstraintError) as error:
        intersect("hashicorp/aws", wanted)
    assert str(error.value).startswith(f"no version of hashicorp/aws satisfies {clash}. Fix: pin one of them")


@pytest.mark.parametrize(
    ("source", "wanted", "pinned"),
    [
        ("hashicorp/time", [">= 0.9"], ">= 0.9.0, < 1.0.0"),
        ("hashicorp/tls", [">= 4.0", ">= 3.1"], ">= 4.0.0, < 5.0.0"),
        ("hashicorp/random", [">= 2.1"], ">= 2.1.0, < 4.0.0"),
        ("hashicorp/random", [">= 2.1", "~> 2.2"], ">= 2.2.0, < 3.0.0"),
        ("hashicorp/tls", [">= 7.1"], ">= 7.1.0, < 8.0.0"),
        ("hashicorp/tls", [">= 4", "< 9"], ">= 4.0.0, < 9.0.0"),
        ("acme/tls", [">= 4.0"], ">= 4.0.0"),
        ("Terraform", [">= 1.5"], ">= 1.5.0"),
    ],
)
def test_a_provider_without_an_upper_bound_stays_below_its_next_major_version(
    source: str, wanted: list[str], pinned: str
) -> None:
    assert str(intersect(source, [("a module", text) for text in wanted])) == pinned


CATALOG = sorted((ROOT / "anyscale_constructs" / "modules" / "catalog").glob("*/*.json"))


@pytest.mark.parametrize("file", CATALOG, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_every_provider_of_a_wrapped_module_has_an_upper_bound(file: pathlib.Path) -> None:
    for provider in parse(file.stem, file.read_text(encoding="utf-8")).required_providers.values():
        pinned = intersect(provider.source, [("the module", provider.version)])
        assert pinned.high is not None, provider.source


@pytest.mark.parametrize("source", ["hashicorp/random", "hashicorp/time", "hashicorp/tls"])
def test_the_bound_allows_the_release_that_is_used(source: str) -> None:
    major, minor, patch = map(int, DOUBLES[source].split("."))
    assert intersect(source, [("a module", ">= 0")]).allows((major, minor, patch))
