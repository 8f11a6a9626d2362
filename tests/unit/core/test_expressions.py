"""Expressions: what makes new Terraform, what is refused, and how text and code are told apart."""

import json
import pathlib
import re
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anyscale_constructs.engine import Token
from anyscale_constructs.errors import ExpressionError
from anyscale_constructs.expressions import NULL, Expr, expr, is_unresolved, known_after_apply, literal, references

VPC_ID = expr("module.vpc.vpc_id", "string")
SUBNETS = expr("module.vpc.private_subnet_ids", "list(string)")
ZONES = expr("module.vpc.private_subnet_ids_az_map", "map(string)")
COUNT = expr("length(module.vpc.private_subnet_ids)", "number")
RULES = expr("var.rules", "object({name = string})")


def text_of(value: str) -> str:
    return str.__str__(value)


MADE: dict[str, tuple[Expr, str]] = {
    "${module.vpc.private_subnet_ids[0]}": (SUBNETS[0], "string"),
    '${module.vpc.private_subnet_ids_az_map["subnet-a"]}': (ZONES["subnet-a"], "string"),
    '${module.vpc.private_subnet_ids_az_map["a\\"$${b}"]}': (ZONES['a"${b}'], "string"),
    '${var.x[0]["k"]}': (expr("var.x")[0]["k"], "any"),
    '${var.y[0]["k"]}': (expr("var.y", "list(map(number))")[0]["k"], "number"),
    "s3://${module.vpc.vpc_id}": ("s3://" + VPC_ID, "string"),
    "${module.vpc.vpc_id}/*": (VPC_ID + "/*", "string"),
    "${module.vpc.vpc_id}${module.vpc.vpc_id}": (VPC_ID + VPC_ID, "string"),
    "n-${length(module.vpc.private_subnet_ids)}": ("n-" + COUNT, "string"),
    "$${aws:username}-${module.vpc.vpc_id}": ("${aws:username}-" + VPC_ID, "string"),
    "%%{ if }${module.vpc.vpc_id}": ("%{ if }" + VPC_ID, "string"),
}


@pytest.mark.parametrize("code", MADE)
def test_indexing_and_joining_make_terraform(code: str) -> None:
    value, type_ = MADE[code]
    assert isinstance(value, Expr)
    assert (text_of(value), value.type) == (code, type_)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{VPC_ID}-flow", "${module.vpc.vpc_id}-flow"),
        (f"{'a-' + VPC_ID}-b", "a-${module.vpc.vpc_id}-b"),
        (f"{SUBNETS[0]}-a", "${module.vpc.private_subnet_ids[0]}-a"),
        (f"{expr('data.aws_vpc.this.id', 'string')}", "${data.aws_vpc.this.id}"),
        ("%s" % VPC_ID, "${module.vpc.vpc_id}"),  # noqa: UP031 - what users write
        ("{}".format(VPC_ID), "${module.vpc.vpc_id}"),  # noqa: UP032 - what users write
        (",".join([VPC_ID, *[VPC_ID]]), "${module.vpc.vpc_id},${module.vpc.vpc_id}"),
        (str(VPC_ID), "${module.vpc.vpc_id}"),
    ],
    ids=text_of,
)
def test_references_survive_in_plain_text(text: str, expected: str) -> None:
    assert not isinstance(text, Expr)
    assert literal(text) == expected


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "len": (
        lambda: len(SUBNETS),
        r"can't be counted. To mend it: write Terraform's own function, expr\('length\(...\)'\), or take",
    ),
    "if": (lambda: bool(VPC_ID), r"can't be tested.*expr\('coalesce"),
    "for": (lambda: list(SUBNETS), "can't be iterated.*expr\\('tolist"),
    "in": (lambda: "a" in SUBNETS, "can't be searched.*expr\\('contains"),
    "*": (lambda: SUBNETS * 2, "can't be repeated.*expr\\('format"),
    "reflected *": (lambda: 2 * SUBNETS, "can't be repeated"),
    "%": (lambda: VPC_ID % 1, "can't be formatted with %"),
    "upper": (VPC_ID.upper, r"can't be used with .upper\(\).*expr\('upper"),
    "replace": (lambda: VPC_ID.replace("a", "b"), r"can't be used with .replace\(\).*expr\('replace"),
    "split": (lambda: VPC_ID.split(","), r".split\(\).*expr\('split"),
    "removeprefix": (lambda: VPC_ID.removeprefix("a"), r".removeprefix\(\).*expr\('trimprefix"),
    "startswith": (lambda: VPC_ID.startswith("a"), r".startswith\(\).*expr\('startswith"),
    "join": (lambda: VPC_ID.join(["a"]), r".join\(\).*expr\('join"),
    "strip": (VPC_ID.strip, r".strip\(\).*expr\('trimspace"),
    "format": (lambda: VPC_ID.format(1), r".format\(\).*expr\('format"),
    "a format's width": (lambda: f"{VPC_ID:>10}", "can't be formatted with '>10'"),
    "a negative index": (lambda: SUBNETS[-1], r"can't be indexed with -1.*expr\('element"),
    "a slice": (lambda: SUBNETS[0:2], "can't be indexed with slice.*being of type list.*expr\\('slice"),
    "a string's letter": (lambda: VPC_ID[0], "can't be indexed with 0, being of type string"),
    "a set's element": (lambda: expr("var.s", "set(string)")[0], "can't be indexed with 0, being of type set"),
    "a list in an f-string": (lambda: f"{SUBNETS}", r"can't become text, being of type list\(string\)"),
    "a list as text": (lambda: str(SUBNETS), "can't become text"),
    "a list + text": (lambda: SUBNETS + "a", "can't become text, being of type list"),
    "text + a list": (lambda: "a" + SUBNETS, "can't become text"),
    "an object in an f-string": (lambda: f"{RULES}", "can't become text, being of type object"),
    "a function in an f-string": (lambda: f"{COUNT}", 'can\'t become plain text.*write it with .*, as in "prefix-"'),
    "a function and %s": (lambda: "%s" % COUNT, "can't become plain text"),  # noqa: UP031
}


@pytest.mark.parametrize(("use", "says"), REFUSED.values(), ids=REFUSED)
def test_fails_where_the_value_itself_is_needed(use: Callable[[], Any], says: str) -> None:
    with pytest.raises(ExpressionError, match=says):
        use()


# What needs no value, or can't be intercepted, since C code reads the letters.
HARMLESS = {
    "encode",
    "expandtabs",
    "isascii",
    "isidentifier",
    "islower",
    "isprintable",
    "isspace",
    "istitle",
    "isupper",
}


def test_fails_for_every_method_of_a_string() -> None:
    methods = {name for name in dir(str) if not name.startswith("_")} - {"maketrans"} - HARMLESS
    used = []
    for method in sorted(methods):
        with pytest.raises(ExpressionError, match=re.escape(f".{method}()")):
            getattr(VPC_ID, method)()
        used.append(method)
    assert len(used) > 30


def test_an_error_is_a_type_error_too() -> None:
    with pytest.raises(TypeError):
        len(VPC_ID)


@pytest.mark.parametrize("type_", ["any", "list(any)", "map(string)"])
def test_element_types_follow_the_collection(type_: str) -> None:
    assert expr("var.x", type_)[0].type == ("string" if "string" in type_ else "any")


def test_representation_names_code_and_type() -> None:
    assert repr(SUBNETS) == "Expr('${module.vpc.private_subnet_ids}', 'list(string)')"


def test_fails_to_take_the_code_of_a_template() -> None:
    with pytest.raises(ExpressionError, match="it has no elements"):
        _ = ("a-" + VPC_ID).code


def test_as_list_is_a_list_for_raw_resources() -> None:
    (element,) = SUBNETS.as_list()
    assert "TfToken[" in element
    assert is_unresolved([element])


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("arn:aws:s3:::home/${aws:username}/*", "arn:aws:s3:::home/$${aws:username}/*"),
        ("%{ if true }", "%%{ if true }"),
        ("$${aws:username}", "$$${aws:username}"),
        ("100% {sure}", "100% {sure}"),
        ("${module.vpc.vpc_id}", "${module.vpc.vpc_id}"),
        ("${module.vpc.subnets[0]}-${aws:x}", "${module.vpc.subnets[0]}-$${aws:x}"),
        ('${module.vpc.az_map["a"]}', '${module.vpc.az_map["a"]}'),
        ("${var.secret}", "${var.secret}"),
        ("${upper(var.secret)}", "$${upper(var.secret)}"),
        ("${module.vpc}", "${module.vpc}"),
        ("${moduleX.vpc.id}", "$${moduleX.vpc.id}"),
        ("${TfToken[TOKEN.12]}", "${TfToken[TOKEN.12]}"),
        ("a-${TfToken[TOKEN.12]}-${x}", "a-${TfToken[TOKEN.12]}-$${x}"),
    ],
)
def test_literals_are_escaped_and_references_kept(text: str, escaped: str) -> None:
    assert literal(text) == escaped


def test_a_dollar_sign_before_a_reference_stays_one() -> None:
    for value in ("cost-$" + VPC_ID, literal(f"cost-${VPC_ID}"), "cost-" + (VPC_ID + "$") + VPC_ID):
        assert '${"$"}${module.vpc.vpc_id}' in text_of(value)


@given(st.text().filter(lambda text: "${" not in text and "%{" not in text))
def test_other_literals_never_change(text: str) -> None:
    assert literal(text) == text


UNRESOLVED: dict[str, Callable[[], object]] = {
    "an expression": lambda: VPC_ID,
    "null": lambda: NULL,
    "a template": lambda: "a-" + VPC_ID,
    "an f-string": lambda: f"a-{VPC_ID}",
    "a list with an expression": lambda: ["a", VPC_ID],
    "a token": lambda: Token.as_string({"Ref": "x"}),
    "a list token": lambda: Token.as_list({"Ref": "x"}),
    "a number token": lambda: Token.as_number({"Ref": "x"}),
    "an object of the engine": lambda: Token.as_any({"Ref": "x"}),
}


@pytest.mark.parametrize("value", UNRESOLVED.values(), ids=UNRESOLVED)
def test_what_is_known_only_later_is_recognised(value: Callable[[], object]) -> None:
    assert is_unresolved(value())


@pytest.mark.parametrize("value", ["vpc-1", "${aws:username}", ["a"], {"a": 1}, -1e100, True, None])
def test_what_is_known_now_is_recognised(value: object) -> None:
    assert not is_unresolved(value)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("${module.vpc.vpc_id}", {("vpc", "vpc_id")}),
        ("${length(module.vpc.ids)}-${module.s3.arn}", {("vpc", "ids"), ("s3", "arn")}),
        ("module.vpc.vpc_id", set()),
        ("see module.vpc.vpc_id, $${aws:username}", set()),
        ("${var.x} and module.vpc.vpc_id", set()),
        ("${[for k, v in {a = {b = 1}} : module.s3.arn]} module.vpc.vpc_id", {("s3", "arn")}),
        ('${"a-${module.s3.arn}"}', {("s3", "arn")}),
        ("${data.x.module.vpc.y}", set()),
    ],
)
def test_references_are_found(text: str, found: set[tuple[str, str]]) -> None:
    assert references(text) == found


@pytest.mark.parametrize(
    ("text", "later"),
    [
        ("${module.vpc.vpc_id}", True),
        ("a-${lower(google_service_account.operator.email)}", True),
        ("${aws_subnet.a[0].id}", True),
        ("${data.aws_iam_role.nodes.arn}", False),
        ("${var.the_name.of_it.all}", False),
        ("${local.a_b.c.d}", False),
        ("aws_subnet.a.id", False),
    ],
)
def test_what_terraform_knows_after_it_has_applied_is_found(text: str, later: bool) -> None:
    assert known_after_apply(text) == later


# Every short text of the letters that matter, and real ones.
TEXTS = [
    *(a + b + c for a in "$%{" for b in "$%{}" for c in "${}a"),
    "arn:aws:s3:::home/${aws:username}/*", "$${x}", "$$${x}", "%%{x}", '"quoted" \\ and\nlines\t', "ü 漢字", "100 %",
]  # fmt: skip


def test_escaping_round_trips_through_terraform(terraform: str, tmp_path: pathlib.Path) -> None:
    """Terraform gives back the very text, also when a reference follows it."""
    reference = expr("local.end", "string")
    values = {f"alone_{i}": literal(text) for i, text in enumerate(TEXTS)}
    values |= {f"before_{i}": text_of(text + reference) for i, text in enumerate(TEXTS)}
    values |= {f"in_text_{i}": literal(f"{text}{reference}") for i, text in enumerate(TEXTS)}
    configuration = {
        "locals": {"end": "!"},
        "output": {name: {"value": value} for name, value in values.items()},
    }
    (tmp_path / "main.tf.json").write_text(json.dumps(configuration))
    for command in (["init"], ["apply", "-auto-approve"]):
        subprocess.run([terraform, f"-chdir={tmp_path}", *command, "-no-color"], check=True, capture_output=True)
    answer = json.loads(subprocess.check_output([terraform, f"-chdir={tmp_path}", "output", "-json"]))
    given_back = {name: output["value"] for name, output in answer.items()}
    expected = {f"alone_{i}": text for i, text in enumerate(TEXTS)}
    expected |= {f"{kind}_{i}": f"{text}!" for kind in ("before", "in_text") for i, text in enumerate(TEXTS)}
    assert given_back == expected
