"""Resources and data sources without a module."""

from collections.abc import Callable
from typing import Any

import pytest

from anyscale_constructs.expressions import expr, fn
from anyscale_constructs.terraform.app import App
from anyscale_constructs.terraform.resource import Data, Resource
from anyscale_constructs.terraform.stack import CloudStack
from anyscale_constructs.terraform.values import json_text
from tests import spelled

Synth = Callable[[Callable[[App], CloudStack]], dict[str, Any]]


def without_notes(block: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in block.items() if name != "//"}


def test_the_address_of_a_resource_is_its_type_and_id(synth: Synth) -> None:
    def build(app: App) -> CloudStack:
        stack = CloudStack(app, "test")
        role = Resource(stack, "aws_iam_role", "operator", {"name": "${aws:x}", "path": None})
        Resource(stack, "aws_iam_role_policy", "operator", {"role": role.attribute("id")}, [role])
        found = Data(stack, "aws_iam_role", "operator", {"name": role.attribute("name")}, [role])
        stack.add_output("arn", found.attribute("arn"))
        return stack

    synthesized = synth(build)
    assert without_notes(synthesized["resource"]["aws_iam_role"]["operator"]) == {"name": "$${aws:x}"}
    assert without_notes(synthesized["resource"]["aws_iam_role_policy"]["operator"]) == {
        "role": "${aws_iam_role.operator.id}",
        "depends_on": ["aws_iam_role.operator"],
    }
    assert without_notes(synthesized["data"]["aws_iam_role"]["operator"]) == {
        "name": "${aws_iam_role.operator.name}",
        "depends_on": ["aws_iam_role.operator"],
    }
    assert synthesized["output"]["arn"]["value"] == "${data.aws_iam_role.operator.arn}"


def test_terraform_fills_in_json_text() -> None:
    text = json_text({"b": expr("module.s3.s3_bucket_arn") + "/*", "a": ["${aws:x}", None, 1]})
    assert spelled(text) == '{"a": ["$${aws:x}", null, 1], "b": "${module.s3.s3_bucket_arn}/*"}'
    assert text.type == "string"


def test_json_text_can_contain_expressions_with_quotes() -> None:
    assert spelled(json_text({"a": expr('var.x["a"]', "string"), "b": '${literal "quote"}'})) == (
        '{"a": "${var.x["a"]}", "b": "$${literal \\"quote\\"}"}'
    )


@pytest.mark.parametrize("type_", ["any", "number", "bool", "list(string)", "map(string)"])
def test_json_text_can_contain_values_other_than_strings(type_: str) -> None:
    value = expr("var.x", type_)
    text = json_text({"a": value, "b": [value, f"b-{value}", True], f"c-{value}": None})
    encoded = "${jsonencode(var.x)}"
    assert spelled(text) == f'{{"a": {encoded}, "b": [{encoded}, "b-${{var.x}}", true], "c-${{var.x}}": null}}'


def test_json_text_keeps_encoded_values_as_strings() -> None:
    """Its code equals that of an encoded list, but it is a string."""
    value = expr("var.x", "list(string)")
    text = spelled(json_text({"a": value, "b": fn.jsonencode(value), "c": f"{fn.jsonencode(value)}"}))
    assert text == '{"a": ${jsonencode(var.x)}, "b": "${jsonencode(var.x)}", "c": "${jsonencode(var.x)}"}'
