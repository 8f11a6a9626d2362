"""Plain strings and code: what is escaped, what is an error, what is unresolved, and what code refers to."""

import json
import pathlib
import subprocess
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anyscale_constructs import words
from anyscale_constructs.engine import Token
from anyscale_constructs.errors import InputError
from anyscale_constructs.expressions import NULL, expr, is_one_of, is_unresolved, known_after_apply, references
from anyscale_constructs.expressions.literal import REFERENCE, literal
from anyscale_constructs.expressions.resolve import Resolver
from tests import spelled

VPC_ID = expr("module.vpc.vpc_id", "string")


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("arn:aws:s3:::home/${aws:username}/*", "arn:aws:s3:::home/$${aws:username}/*"),
        ("%{ if true }", "%%{ if true }"),
        ("$${aws:username}", "$${aws:username}"),
        ("$${module.vpc.vpc_id}", "$${module.vpc.vpc_id}"),
        ("100% {sure}", "100% {sure}"),
        ("${HOME}/${1} ${a.b}", "$${HOME}/$${1} $${a.b}"),
        ("${module.vpc.vpc_id}", "${module.vpc.vpc_id}"),
        ('${module.vpc.az_map["a"]}', '${module.vpc.az_map["a"]}'),
        ("${var.secret}", "${var.secret}"),
        ("${TfToken[TOKEN.12]}", "${TfToken[TOKEN.12]}"),
        ("a-${TfToken[TOKEN.12]}-${x}", "a-${TfToken[TOKEN.12]}-$${x}"),
        ("$${TfToken[TOKEN.12]}", '${"$"}${TfToken[TOKEN.12]}'),
        ("$${${TfToken[TOKEN.12]}}", "$${${TfToken[TOKEN.12]}}"),
    ],
)
def test_literals_are_escaped_and_whole_references_kept(text: str, escaped: str) -> None:
    assert spelled(literal(text)) == escaped


@pytest.mark.parametrize(
    "text",
    [
        "arn:aws:s3:::${module.s3.s3_bucket_id}/*",
        "${upper(var.secret)}",
        "a ${aws_s3_bucket.logs.arn}",
        "${data.aws_vpc.this.id}-${aws:x}",
        "${ each.value }",
        "x${local.a}",
        "${${TfToken[TOKEN.12]}.arn}",
        "a-${${TfToken[TOKEN.12]}[0]}",
        "${-8.109562291268824e+298}",
        "$${${lower(var.x)}}",
        pytest.param(f"${{{VPC_ID}}}", id="an expression in braces"),
        pytest.param(f"a-${{{VPC_ID}.arn}}", id="an attribute of an expression in braces"),
    ],
)
def test_fails_on_code_inside_a_string(text: str) -> None:
    with pytest.raises(InputError, match=r"^tags.a contains Terraform code in a plain string; got '\$\{"):
        literal(text, "tags.a")


@given(st.text().filter(lambda text: "${" not in text and "%{" not in text))
def test_other_literals_never_change(text: str) -> None:
    assert literal(text) == text


UNRESOLVED: dict[str, Callable[[], object]] = {
    "an expression": lambda: VPC_ID,
    "null": lambda: NULL,
    "a template": lambda: "a-" + VPC_ID,
    "an f-string": lambda: f"a-{VPC_ID}",
    "a reference": lambda: "${var.x}",
    "a list with an expression": lambda: ["a", VPC_ID],
    "a token": lambda: Token.as_string({"Ref": "x"}),
    "a list token": lambda: Token.as_list({"Ref": "x"}),
    "a number token": lambda: Token.as_number({"Ref": "x"}),
    "an object of the engine": lambda: Token.as_any({"Ref": "x"}),
}


@pytest.mark.node
@pytest.mark.parametrize("value", UNRESOLVED.values(), ids=UNRESOLVED)
def test_unresolved_values_are_recognised(value: Callable[[], object]) -> None:
    assert is_unresolved(value())
    assert not is_one_of(value(), value(), None)


@pytest.mark.parametrize(
    "value", ["vpc-1", "${aws:username}", "a ${var.x}", ["a"], {"a": 1}, -1e100, -1.0e300, float("-inf"), True, None]
)
def test_resolved_values_are_recognised(value: object) -> None:
    assert not is_unresolved(value)
    assert is_one_of(value, value)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("${module.vpc.vpc_id}", {("vpc", "vpc_id")}),
        (VPC_ID, {("vpc", "vpc_id")}),
        ({"a": [f"x-{VPC_ID}"], str(expr("module.s3.arn")): 1}, {("vpc", "vpc_id"), ("s3", "arn")}),
        (expr(f"length({expr('module.vpc.ids')})"), {("vpc", "ids")}),
        ("${length(module.vpc.ids)}-${module.s3.arn}", {("vpc", "ids"), ("s3", "arn")}),
        ("module.vpc.vpc_id", set()),
        ("see module.vpc.vpc_id, $${aws:username}", set()),
        ("${var.x} and module.vpc.vpc_id", set()),
        ("${[for k, v in {a = {b = 1}} : module.s3.arn]} module.vpc.vpc_id", {("s3", "arn")}),
        ('${"a-${module.s3.arn}"}', {("s3", "arn")}),
        ("${data.x.module.vpc.y}", set()),
    ],
)
def test_references_are_found(value: object, found: set[tuple[str, str]]) -> None:
    assert references(value) == found


@pytest.mark.parametrize(
    ("text", "later"),
    [
        ("${module.vpc.vpc_id}", True),
        (f"a-{VPC_ID}", True),
        ({"a": [expr("aws_subnet.a[0].id")]}, True),
        ("a-${lower(google_service_account.operator.email)}", True),
        ("${aws_subnet.a[0].id}", True),
        ("${data.aws_iam_role.nodes.arn}", False),
        (expr("data.aws_iam_role.nodes.arn"), False),
        ("${var.the_name.of_it.all}", False),
        ("${local.a_b.c.d}", False),
        ("aws_subnet.a.id", False),
    ],
)
def test_values_known_after_apply_are_found(text: object, later: bool) -> None:
    assert known_after_apply(text) == later


# Every short text of the letters that matter, and real ones.
TEXTS = [
    *(a + b + c for a in "$%{" for b in "$%{}" for c in "${}a"),
    "arn:aws:s3:::home/${aws:username}/*", "$$${x}", "%%%{x}", '"quoted" \\ and\nlines\t', "ü 漢字", "100 %",
]  # fmt: skip


def meant(text: str) -> str:
    """The characters of a plain string, in which `$${` is Terraform's escape of `${`."""
    return text.replace("$${", "${").replace("%%{", "%{")


def test_text_round_trips_through_terraform(terraform: str, tmp_path: pathlib.Path) -> None:
    """Terraform returns the same string, also followed by an expression."""
    end = expr("local.end", "string")
    values = {f"alone_{i}": literal(text) for i, text in enumerate(TEXTS)}
    values |= {f"before_{i}": text + end for i, text in enumerate(TEXTS)}
    values |= {f"in_text_{i}": literal(f"{text}{end}") for i, text in enumerate(TEXTS)}
    resolver = Resolver(None, str)
    configuration = {
        "locals": {"end": "!"},
        "output": {name: {"value": resolver.resolve(str.__str__(value), "value")} for name, value in values.items()},
    }
    assert resolver.problems == []
    (tmp_path / "main.tf.json").write_text(json.dumps(configuration))
    for command in (["init"], ["apply", "-auto-approve"]):
        subprocess.run([terraform, f"-chdir={tmp_path}", *command, "-no-color"], check=True, capture_output=True)
    answer = json.loads(subprocess.check_output([terraform, f"-chdir={tmp_path}", "output", "-json"]))
    given_back = {name: output["value"] for name, output in answer.items()}
    expected = {f"alone_{i}": meant(text) for i, text in enumerate(TEXTS)}
    expected |= {f"{kind}_{i}": f"{meant(text)}!" for kind in ("before", "in_text") for i, text in enumerate(TEXTS)}
    assert given_back == expected


def test_references_are_not_words() -> None:
    assert not REFERENCE.search(words.PREFIX)


def test_code_created_later_is_searched_too() -> None:
    part = "{TfToken[searched"
    assert not words.in_codes(part)
    words.word(words.Code(f"upper(${part}])", "string"))
    assert words.in_codes(part)
    assert words.in_codes(part)
