"""Python values to Terraform values."""

import datetime
import enum
import ipaddress
import pathlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anyscale_constructs.config.model import Model
from anyscale_constructs.engine import Token
from anyscale_constructs.errors import InputError
from anyscale_constructs.expressions import NULL, expr
from anyscale_constructs.findings import CONTROL_CHARACTER
from anyscale_constructs.terraform.values import lost, merge, to_terraform
from tests import spelled


class Kind(enum.Enum):
    SMALL = "db.t4g.small"


class Disk(Model):
    path: str
    size_gb: int | None = None
    mounts: tuple[str, ...] = ()


VPC_ID = expr("module.vpc.vpc_id", "string")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, True),
        (3, 3),
        (0.5, 0.5),
        ("text", "text"),
        ("${aws:username}", "$${aws:username}"),
        (Kind.SMALL, "db.t4g.small"),
        (("a", "b"), ["a", "b"]),
        ([None, "a"], ["${null}", "a"]),
        ({"a": None, "%{b": [1]}, {"a": "${null}", "%%{b": [1]}),
        (Disk(path="/${x}"), {"path": "/$${x}", "mounts": []}),
        ({"disk": Disk(path="/", size_gb=5, mounts=("a",))}, {"disk": {"path": "/", "size_gb": 5, "mounts": ["a"]}}),
        (pathlib.PurePosixPath("/a/b"), "/a/b"),
        (datetime.date(2026, 1, 31), "2026-01-31"),
        (ipaddress.IPv4Network("10.0.0.0/16"), "10.0.0.0/16"),
        (ipaddress.IPv6Address("::1"), "::1"),
    ],
)
def test_values_are_converted_to_terraform(value: object, expected: object) -> None:
    assert spelled(to_terraform(value)) == expected


def test_expressions_remain_code() -> None:
    value = to_terraform({VPC_ID: [VPC_ID, f"a-{VPC_ID}"], "null": NULL})
    assert spelled(value) == {
        "${module.vpc.vpc_id}": ["${module.vpc.vpc_id}", "a-${module.vpc.vpc_id}"],
        "null": "${null}",
    }
    assert {type(part) for part in (*value, *value[str(VPC_ID)])} == {str}


@pytest.mark.node
def test_tokens_of_the_engine_pass() -> None:
    tokens = [Token.as_string({"Ref": "x"}), Token.as_number({"Ref": "x"}), Token.as_any({"Ref": "x"})]
    text, number, other = to_terraform(tokens)
    assert [text, number] == tokens[:2]
    assert other.startswith("${TfToken[")


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"a": {"b", "c"}}, r"tags.a has no equivalent in Terraform; got \{.*a sorted list instead of a set"),
        ([b"bytes"], r"tags\[0\] has no equivalent in Terraform; got b'bytes'; expected strings"),
        ({"a": [object()]}, r"tags.a\[0\] has no equivalent in Terraform"),
        ({1: "a"}, "a key of tags must be a string; got 1"),
        (float("nan"), "tags is not a number that Terraform JSON can represent; got nan"),
        (float("inf"), "tags is not a number that Terraform JSON can represent; got inf"),
        (2**53 + 1, "tags is not a number that Terraform JSON can represent; got 9007199254740993"),
    ],
)
def test_fails_on_values_without_an_equivalent_in_terraform(value: object, says: str) -> None:
    with pytest.raises(InputError, match=says):
        to_terraform(value, "tags")


TEXTS = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]) | st.sampled_from("\t\n"))
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS.filter("__proto__".__ne__), inner),
)


@given(PLAIN)
def test_plain_values_keep_their_shape(value: object) -> None:
    def undo(part: object) -> object:
        match part:
            case "${null}":
                return None
            case str():
                return part.replace("$${", "${").replace("%%{", "%{")
            case list():
                return [undo(element) for element in part]
            case dict():
                return {undo(key): undo(element) for key, element in part.items()}
        return part

    assert undo(spelled(to_terraform(value))) == undo(value)


@pytest.mark.parametrize("character", ["\0", "\x1b", "\r", "\x85", "\u2028", "\u202e", "\ufffe", "\ud83d"])
@pytest.mark.parametrize(
    ("made", "at"),
    [
        (lambda text: text, "tags"),
        (lambda text: {"a": [{"b": text}]}, r"tags\.a\[0\]\.b"),
        (lambda text: {"a": {text: "b"}}, r"a key of tags\.a"),
        (lambda text: Disk(path=text), r"tags\.path"),
    ],
    ids=["text", "inside", "key", "model"],
)
def test_fails_on_a_control_character(made: Callable[[str], Any], at: str, character: str) -> None:
    said = f"{at} contains the control character U\\+{ord(character):04X}. Fix: remove it"
    with pytest.raises(InputError, match=f"^{said}$") as error:
        to_terraform(made(f"a{character}b"), "tags")
    assert [finding.rule for finding in error.value.findings] == [CONTROL_CHARACTER]


def test_lines_tabs_and_letters_of_all_languages_are_text() -> None:
    text = "a\n\tb é 漢 😀\u00a0\u200d"
    assert to_terraform({text: text}) == {text: text}


def test_fails_on_a_key_that_javascript_does_not_keep() -> None:
    with pytest.raises(InputError, match=r"tags\.a has the key __proto__, which JavaScript does not keep"):
        to_terraform({"a": {"__proto__": "b"}}, "tags")
    assert to_terraform({"constructor": {"toString": 1}}) == {"constructor": {"toString": 1}}


KEYS = st.sampled_from(["a", "b", "c"])
LEAVES = st.none() | st.booleans() | st.lists(st.booleans(), max_size=2) | st.just(VPC_ID)
MAPS = st.recursive(
    st.dictionaries(KEYS, LEAVES, max_size=3), lambda inner: st.dictionaries(KEYS, inner | LEAVES, max_size=3)
)


def merged_by_key(ours: dict[str, Any], theirs: dict[str, Any], merged: dict[str, Any]) -> bool:
    """Whether keys of either mapping are kept, common maps are merged, and theirs takes precedence for other values."""
    deeper = [key for key in ours.keys() & theirs if isinstance(ours[key], dict) and isinstance(theirs[key], dict)]
    flat = {key: value for key, value in {**ours, **theirs}.items() if key not in deeper}
    return {key: value for key, value in merged.items() if key not in deeper} == flat and all(
        merged_by_key(ours[key], theirs[key], merged[key]) for key in deeper
    )


@given(ours=MAPS, theirs=MAPS)
def test_mappings_merge_by_key_at_every_level(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    assert merged_by_key(ours, theirs, merge(ours, theirs))


def test_a_null_removes_a_key_or_is_kept_for_helm() -> None:
    ours, theirs = {"a": {"b": 1, "c": 2}, "d": 3}, {"a": {"b": None, "e": None}, "d": None, "f": None}
    assert merge(ours, theirs, remove_null=True) == {"a": {"c": 2, "e": None}, "f": None}
    assert merge(ours, theirs) == {"a": {"b": None, "c": 2, "e": None}, "d": None, "f": None}


def test_lost_values_are_reported_by_name() -> None:
    ours = {"tags": {"team": "a"}, "rules": [{"port": 443, "group": VPC_ID}, {"port": 22}], "zones": ("a", "b")}
    theirs = {"tags": {"team": None}, "rules": [{"port": 22}], "zones": ["b", "a", "c"], "new": None}
    found = list(lost(ours, theirs))
    assert [each.key for each in found] == [("tags", "team"), ("rules",)]
    removed, replaced = map(str, found)
    assert (
        removed
        == "tags.team is null, which removes the value that the cloud sets. Fix: remove the key to keep the value"
    )
    assert replaced == (
        'rules replaces the value that the cloud sets, and lacks {"port": 443, "group": "${module.vpc.vpc_id}"}. '
        "Fix: add the elements that you want to keep"
    )
    assert list(lost(ours, {"rules": expr("var.rules", "list(any)")})) == []
