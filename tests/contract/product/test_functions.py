"""All functions and operators of the engine, with expressions and tokens, as Terraform evaluates them."""

import inspect
import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from anyscale_constructs import fn
from anyscale_constructs.codegen import write
from anyscale_constructs.expressions import Expr
from anyscale_constructs.terraform.app import App
from anyscale_constructs.terraform.resource import Resource
from anyscale_constructs.terraform.stack import CloudStack
from tests.contract.product.kinds import cdktf
from tests.unit.expressions.fn_samples import CALLS, FILE, TEMPLATE, TEXT, VARIES

Fn, Op, Token = cdktf.Fn, cdktf.Op, cdktf.Token
FUNCTIONS = [name for name in dir(Fn) if not name.startswith("_")]
OPERATORS = [name for name in dir(Op) if not name.startswith("_")]
# The engine's own names and functions, and those that it takes as one list where Terraform takes any number.
TERRAFORMS = {"length_of": "length", "try_": "try"}
ENGINES_OWN = {"conditional", "lookup_nested", "raw_string"}
# cdktn's, of OpenTofu and of another release: Terraform refuses them by their names.
ELSEWHERE = {"base64gunzip", "cidrcontains", "convert", "urldecode"}
CALLED = [name for name in FUNCTIONS if name not in ENGINES_OWN | ELSEWHERE]
CATALOG = json.loads((write.MODULES / "catalog" / "functions.json").read_text())["functions"]
# The engine takes no more arguments than these, and no null in a list.
SAMPLES = CALLS | {
    "join": (("-", ["a", "b", "c"]), "a-b-c"),
    "lookup": (({"a": "x"}, "b", "y"), "y"),
    "jsonencode": (({"a": [1, "x"], "b": {"c": True}},), '{"a":[1,"x"],"b":{"c":true}}'),
}
RESULTS = {"add": 9, "sub": 5, "mul": 14, "div": 3.5, "mod": 1, "gt": True, "gte": True, "lt": False, "lte": False,
           "eq": False, "neq": True, "and_": False, "or_": True, "negate": -7, "not_": False}  # fmt: skip


def terraforms(name: str) -> str:
    return TERRAFORMS.get(name, name)


class Ways:
    """The ways to pass a value to the engine's functions; Terraform sees the same value in each."""

    def __init__(self, stack: CloudStack) -> None:
        self._stack = stack
        self._count = 0

    def expression(self, value: Any) -> Any:
        """Each list, string or number is an expression, in the form that the engine's types require."""
        return self._typed(value, self._local(value))

    def elements(self, value: Any) -> Any:
        """All strings and numbers in it are expressions."""
        match value:
            case dict():
                return {key: self.elements(inner) for key, inner in value.items()}
            case list():
                return [self.elements(each) for each in value]
            case None | bool():
                return value
        return self._typed(value, self._local(value))

    def text(self, value: Any) -> Any:
        """All strings in it are f-strings with an expression."""
        match value:
            case dict():
                return {key: self.text(inner) for key, inner in value.items()}
            case list():
                return [self.text(each) for each in value]
            case str() if not isinstance(value, Expr):
                if "\\" in value:  # the engine does not escape it in a literal of its functions
                    return self._local(value)
                return f"{value[:1]}{self._local(value[1:])}"
        return value

    def nested(self, value: Any) -> Any:
        """It is the result of another function of the engine."""
        return self._typed(value, Fn.try_([self._local(value)]))

    def ours(self, value: Any) -> Any:
        """It is the result of a function of this library."""
        return self._typed(value, fn.try_(self._local(value)))

    def _typed(self, value: Any, given: Any) -> Any:
        match value:
            case bool() | None | dict():
                return given
            case int() | float():
                return Token.as_number(given)
            case list():
                return Token.as_list(given)
        return given

    def _local(self, value: Any) -> Expr:
        self._count += 1
        return self._stack.add_local(f"value_{self._count}", value)


WAYS = [name for name in vars(Ways) if not name.startswith("_")]


def call(name: str, arguments: tuple[Any, ...], change: Callable[[Any], Any]) -> Any:
    """Returns a call of the engine's function, which accepts a list where Terraform accepts any number of arguments."""
    parameters = list(inspect.signature(getattr(Fn, name)).parameters.values())
    is_many = "variadic" in CATALOG[terraforms(name)] and name not in {"join", "lookup"}
    is_many = is_many and parameters[-1].default is inspect.Parameter.empty
    head = len(parameters) - 1 if is_many else len(arguments)
    given = [each if each is TEMPLATE else change(each) for each in arguments[:head]]
    return getattr(Fn, name)(*given, *([[change(each) for each in arguments[head:]]] if is_many else []))


def outputs(stack: CloudStack) -> Iterator[tuple[str, Any]]:
    ways = Ways(stack)
    for way in WAYS:
        for name in CALLED:
            made = call(name, SAMPLES[terraforms(name)][0], getattr(ways, way))
            match name:
                case "sensitive":
                    made = Fn.nonsensitive(made)
                case "rsadecrypt":  # no such key
                    made = Fn.can(made)
            yield f"{way}-{name}", made
    seven, two, yes, no = (stack.add_local(name, value) for name, value in
                           (("seven", 7), ("two", 2), ("yes", True), ("no", False)))  # fmt: skip
    for name in OPERATORS:
        match name:
            case "negate":
                yield f"Op-{name}", Op.negate(seven)
            case "not_":
                yield f"Op-{name}", Op.not_(yes)
            case "and_" | "or_":
                yield f"Op-{name}", getattr(Op, name)(yes, no)
            case _:
                yield f"Op-{name}", getattr(Op, name)(seven, two)
    deep = stack.add_local("deep", {"a": [{"b": "c"}]})
    yield "conditional", Fn.conditional(yes, seven, two)
    yield "conditional of tokens", Fn.conditional(Op.gt(seven, two), Fn.upper(stack.add_local("x", "x")), "y")
    yield "lookup_nested", Fn.lookup_nested(deep, ["a", 0, "b"])
    yield "raw_string", Fn.join("-", [Fn.raw_string("a"), stack.add_local("z", "z")])


OWN = {"conditional": 7, "conditional of tokens": "X", "lookup_nested": "c", "raw_string": "a-z"}


@pytest.fixture(scope="module")
def evaluated(terraform: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Returns the value of every call, from one configuration."""
    folder = tmp_path_factory.mktemp("functions")
    (folder / FILE).write_text(TEXT, encoding="utf-8")
    stack = CloudStack(App(folder / "out"), "test")
    cdktf.TerraformLocal(stack, "template", "a-$${name}")
    names = []
    for index, (name, value) in enumerate(outputs(stack)):
        cdktf.TerraformOutput(stack, f"o{index}", value=value)
        names.append(name)
    tree = stack.to_terraform()
    (folder / "main.tf.json").write_text(json.dumps({key: tree[key] for key in ("locals", "output")}))
    for command in (["init"], ["validate"], ["apply", "-auto-approve"]):
        done = subprocess.run(
            [terraform, f"-chdir={folder}", *command, "-no-color"], check=False, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr[-3000:]
    answer = json.loads(subprocess.check_output([terraform, f"-chdir={folder}", "output", "-json"]))
    return {name: answer[f"o{index}"]["value"] for index, name in enumerate(names)}


def test_every_function_of_the_engine_is_called() -> None:
    assert {terraforms(name) for name in CALLED} <= CALLS.keys()
    assert not ELSEWHERE & CALLS.keys()
    assert set(OPERATORS) == RESULTS.keys()


@pytest.mark.parametrize("way", WAYS)
def test_the_engines_functions_take_expressions(evaluated: dict[str, Any], way: str) -> None:
    wanted = {name: SAMPLES[terraforms(name)][1] for name in CALLED}
    wanted = {name: value for name, value in wanted.items() if value is not VARIES}
    assert {name: evaluated[f"{way}-{name}"] for name in wanted} == wanted


def test_the_engines_operators_take_expressions(evaluated: dict[str, Any]) -> None:
    assert {name: evaluated[f"Op-{name}"] for name in RESULTS} == RESULTS
    assert {name: evaluated[name] for name in OWN} == OWN


ITERATED: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "itself": (lambda v: v, "a"),
    "f-string": (lambda v: f"x-{v}", "x-a"),
    "+": (lambda v: "x-" + v, "x-a"),
    "json.dumps": (lambda v: json.dumps({"k": v}), '{"k": "a"}'),
    "Fn": (Fn.upper, "A"),
    "fn": (fn.upper, "A"),
    "fn of text": (lambda v: fn.upper(f"x-{v}"), "X-A"),
    "in a list": (lambda v: [v], ["a"]),
    "as a key": (lambda v: {v: "x"}, {"a": "x"}),
}


@pytest.mark.parametrize("ours", [True, False])
def test_values_of_an_iterator_are_references_to_each(ours: bool, terraform: str, tmp_path: Path) -> None:
    stack = CloudStack(App(tmp_path / "out"), "test")
    iterator = cdktf.TerraformIterator.from_list(Token.as_list(stack.add_local("names", ["a"])))
    value = Token.as_string(iterator.value)
    given = {name: use(value) for name, (use, _) in ITERATED.items()}
    if ours:
        made = Resource(stack, "terraform_data", "each", {"input": given})
        made.add_override("for_each", "${toset(local.names)}")
    else:
        raw = cdktf.TerraformResource(stack, "each", terraform_resource_type="terraform_data", for_each=iterator)
        raw.override_logical_id("each")
        raw.add_override("input", given)
    stack.add_override("output.made.value", '${terraform_data.each["a"].output}')
    tree = stack.to_terraform()
    assert re.search(r"each\.value", json.dumps(tree["resource"]))
    (tmp_path / "main.tf.json").write_text(json.dumps({key: tree[key] for key in ("locals", "output", "resource")}))
    for command in (["init"], ["validate"], ["apply", "-auto-approve"]):
        subprocess.run([terraform, f"-chdir={tmp_path}", *command, "-no-color"], check=True, capture_output=True)
    answer = json.loads(subprocess.check_output([terraform, f"-chdir={tmp_path}", "output", "-json"]))
    assert answer["made"]["value"] == {name: wanted for name, (_, wanted) in ITERATED.items()}
