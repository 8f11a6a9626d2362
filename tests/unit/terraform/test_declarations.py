"""Variables and local values of a stack."""

import json
import pathlib
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from anyscale_constructs import NULL, fn
from anyscale_constructs.engine import TerraformLocal, TerraformVariable
from anyscale_constructs.errors import ConstructsError, InputError, SynthesisError
from anyscale_constructs.expressions import Expr, expr
from anyscale_constructs.terraform.app import App
from anyscale_constructs.terraform.stack import CloudStack
from tests import spelled

Synth = Callable[[Callable[[App], CloudStack]], dict[str, Any]]

VARIABLES: dict[str, dict[str, Any]] = {
    "default": {"default": {"a": [1, True, "x"]}},
    "described": {"description": "A ${x} and $${y}."},
    "hidden": {"sensitive": True, "nullable": False},
    "ephemeral": {"ephemeral": True},
    "left_out": {"default": None, "description": None, "sensitive": None, "nullable": None, "validation": None},
}


def test_variables_have_terraforms_arguments(synth: Synth) -> None:
    def build(app: App) -> CloudStack:
        stack = CloudStack(app, "test")
        for name, arguments in VARIABLES.items():
            reference = stack.add_variable(name, "list(string)", **arguments)
            assert (spelled(reference), reference.type) == (f"${{var.{name}}}", "list(string)")
            assert spelled(reference[0]) == f"${{var.{name}[0]}}"
        return stack

    given: dict[str, dict[str, Any]] = {
        "default": {"default": {"a": [1, True, "x"]}},
        "described": {"description": "A ${x} and $${y}."},
        "hidden": {"sensitive": True, "nullable": False},
        "ephemeral": {"ephemeral": True},
        "left_out": {},
    }
    assert synth(build)["variable"] == {name: {"type": "list(string)", **block} for name, block in given.items()}


def test_locals_accept_the_same_values_as_inputs(synth: Synth) -> None:
    def build(app: App) -> CloudStack:
        stack = CloudStack(app, "test")
        ids = stack.add_local("ids", ["a", None, expr("var.x", "string")])
        stack.add_variable("x", "string")
        stack.add_local("first", ids[0])
        stack.add_local("keys", {expr("var.x"): f"a-{ids[2]}", "b": "${aws:x}"})
        return stack

    assert synth(build)["locals"] == {
        "ids": ["a", "${null}", "${var.x}"],
        "first": "${local.ids[0]}",
        "keys": {"${var.x}": "a-${local.ids[2]}", "b": "$${aws:x}"},
    }


@pytest.mark.parametrize(
    ("value", "type_"),
    [
        ("a", "string"),
        (f"{expr('var.x', 'number')}", "number"),
        (f"a-{expr('var.x', 'number')}", "string"),
        (1, "number"),
        (1.5, "number"),
        (True, "bool"),
        ([1], "list(any)"),
        ({"a": 1}, "map(any)"),
        (None, "any"),
        (expr("var.x", "set(string)"), "set(string)"),
        ("${var.x}", "any"),
    ],
)
def test_a_local_has_the_type_of_its_value(stack: CloudStack, value: object, type_: str) -> None:
    assert stack.add_local("x", value).type == type_


ADD: dict[str, Callable[[CloudStack, str], Expr]] = {
    "local": lambda stack, name: stack.add_local(name, 1),
    "variable": lambda stack, name: stack.add_variable(name, "string"),
    "secret": lambda stack, name: stack.add_secret(name, "string", "A password."),
}


@pytest.mark.parametrize("add", ADD.values(), ids=ADD)
@pytest.mark.parametrize("name", ["", "1a", "a b", "a.b", "a-${b}", "ä$", "-a", expr("var.name")])
def test_fails_on_names_that_are_not_identifiers(
    stack: CloudStack, add: Callable[[CloudStack, str], Expr], name: str
) -> None:
    with pytest.raises(InputError, match=r"must be an identifier; got .*expected letters, digits"):
        add(stack, name)


@pytest.mark.parametrize(
    "name", ["count", "depends_on", "for_each", "lifecycle", "locals", "providers", "source", "version"]
)
def test_fails_on_the_names_that_terraform_reserves_for_variables(stack: CloudStack, name: str) -> None:
    with pytest.raises(InputError, match=f"got '{name}'. Fix: rename it, e.g. {name}_"):
        stack.add_variable(name, "string")
    stack.add_local(name, 1)


@pytest.mark.parametrize("add", ADD.values(), ids=ADD)
def test_fails_on_a_name_already_in_use(stack: CloudStack, add: Callable[[CloudStack, str], Expr]) -> None:
    add(stack, "twice")
    with pytest.raises(InputError, match=r"the (?:variable|local) twice already exists"):
        add(stack, "twice")


def test_fails_on_the_name_of_an_engine_variable_or_local(stack: CloudStack) -> None:
    TerraformVariable(stack, "x")
    TerraformLocal(stack, "y", 1)
    with pytest.raises(InputError, match="the variable x already exists"):
        stack.add_variable("x", "string")
    with pytest.raises(InputError, match="the local y already exists"):
        stack.add_local("y", 1)


def test_blocks_of_different_kinds_may_share_a_name(synth: Synth) -> None:
    def build(app: App) -> CloudStack:
        stack = CloudStack(app, "test")
        stack.add_output("bucket", stack.add_local("bucket", stack.add_variable("bucket", "string")))
        return stack

    synthesized = synth(build)
    assert synthesized["output"]["bucket"]["value"] == "${local.bucket}"
    assert synthesized["locals"] == {"bucket": "${var.bucket}"}


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown argument": ({"defualt": 1}, "var.x: unknown argument 'defualt': did you mean 'default'?"),
    "an expression as default": ({"default": {"a": [expr("local.a")]}}, "var.x.default.a[0] cannot be an expression"),
    "a reference as default": ({"default": "${local.a}"}, "var.x.default cannot be an expression"),
    "code in the default": ({"default": "a-${local.a}"}, "var.x.default contains Terraform code in a plain string"),
    "null as default": ({"default": NULL}, "var.x.default cannot be null, because the engine drops nulls. Fix: use"),
    "null in the default": ({"default": {"a": [None]}}, "var.x.default.a[0] cannot be null"),
    "a set as default": ({"default": {"a"}}, "var.x.default has no equivalent in Terraform"),
    "text as condition": (
        {"validation": [{"condition": "var.x > 1", "error_message": "No."}]},
        "var.x.validation[0].condition must be an expression; got 'var.x > 1'. Fix: use an expression that refers to",
    ),
    "no condition": ({"validation": [{"error_message": "No."}]}, "var.x.validation[0].condition must be"),
    "an unknown key": ({"validation": [{"message": "No."}]}, "var.x.validation[0]: unknown argument 'message'"),
}


@pytest.mark.parametrize(("arguments", "says"), WRONG.values(), ids=WRONG)
def test_fails_on_invalid_arguments_of_a_variable(stack: CloudStack, arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(ConstructsError) as error:
        stack.add_variable("x", "any", **arguments)
    assert str(error.value).startswith(says)


def test_fails_on_an_expression_in_a_description(stack: CloudStack) -> None:
    stack.add_variable("x", "string", description=f"As {expr('local.a')}.")
    with pytest.raises(SynthesisError, match=r"variable.x.description cannot be an expression; got As \$\{local.a\}"):
        stack.to_terraform()


DEFAULTS = ["${x}", "$${x}", "a ${x} %{y} ${z}", "${a ${b}}", "%%{x}", '"\\', [{"a${b}": "${c}"}], 1.5]


def meant(value: Any) -> Any:
    """The value, in which `$${` is Terraform's escape of `${`."""
    return json.loads(json.dumps(value).replace("$${", "${").replace("%%{", "%{"))


def test_terraform_reads_the_same_defaults_and_validates(terraform: str, synth: Synth, tmp_path: pathlib.Path) -> None:
    def build(app: App) -> CloudStack:
        stack = CloudStack(app, "test")
        for index, default in enumerate(DEFAULTS):
            stack.add_output(f"default_{index}", stack.add_variable(f"x{index}", "any", default=default))
        known = stack.add_local("known", ["small", "large"])
        stack.add_variable(
            "size",
            "string",
            default="small",
            validation=[
                {"condition": fn.contains(known, "${var.size}"), "error_message": f"One of {fn.join(', ', known)}."}
            ],
        )
        return stack

    configuration = synth(build)
    del configuration["terraform"]
    (tmp_path / "main.tf.json").write_text(json.dumps(configuration))

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        arguments = [terraform, f"-chdir={tmp_path}", *command]
        return subprocess.run(arguments, check=False, capture_output=True, text=True)

    assert run("init").returncode == 0
    applied = run("apply", "-auto-approve", "-no-color")
    assert applied.returncode == 0, applied.stderr
    outputs = json.loads(run("output", "-json").stdout)
    assert [outputs[f"default_{index}"]["value"] for index in range(len(DEFAULTS))] == [*map(meant, DEFAULTS)]
    refused = run("plan", "-var", "size=huge", "-no-color")
    assert refused.returncode == 1
    assert "One of small, large." in refused.stderr
