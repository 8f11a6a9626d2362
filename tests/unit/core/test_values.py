"""Python values to Terraform values."""

import datetime
import enum
import ipaddress
import pathlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anyscale_constructs.core.model import Model
from anyscale_constructs.core.values import to_terraform
from anyscale_constructs.engine import Token
from anyscale_constructs.errors import InputError
from anyscale_constructs.expressions import NULL, expr
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
def test_values_have_one_form_in_terraform(value: object, expected: object) -> None:
    assert spelled(to_terraform(value)) == expected


def test_expressions_stay_code() -> None:
    value = to_terraform({VPC_ID: [VPC_ID, f"a-{VPC_ID}"], "null": NULL})
    assert spelled(value) == {
        "${module.vpc.vpc_id}": ["${module.vpc.vpc_id}", "a-${module.vpc.vpc_id}"],
        "null": "${null}",
    }
    assert {type(part) for part in (*value, *value[str(VPC_ID)])} == {str}


def test_tokens_of_the_engine_pass() -> None:
    tokens = [Token.as_string({"Ref": "x"}), Token.as_number({"Ref": "x"}), Token.as_any({"Ref": "x"})]
    text, number, other = to_terraform(tokens)
    assert [text, number] == tokens[:2]
    assert other.startswith("${TfToken[")


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"a": {"b", "c"}}, r"tags.a has no counterpart in Terraform; given: \{.*a sorted list instead of a set"),
        ([b"bytes"], r"tags\[0\] has no counterpart in Terraform; given: b'bytes'. Allowed: strings"),
        ({"a": [object()]}, r"tags.a\[0\] has no counterpart in Terraform"),
        ({1: "a"}, "a key of tags must be a string; given: 1"),
        (float("nan"), "tags is no number that Terraform JSON can hold; given: nan"),
        (float("inf"), "tags is no number that Terraform JSON can hold; given: inf"),
        (2**53 + 1, "tags is no number that Terraform JSON can hold; given: 9007199254740993"),
    ],
)
def test_fails_on_what_terraform_has_nothing_like(value: object, says: str) -> None:
    with pytest.raises(InputError, match=says):
        to_terraform(value, "tags")


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
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

    assert undo(spelled(to_terraform(value))) == value
