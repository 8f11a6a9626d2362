"""`fn`: all of Terraform's functions, each of which real Terraform accepts and evaluates."""

import collections.abc
import inspect
import json
import keyword
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from anyscale_constructs import fn
from anyscale_constructs.codegen import functions, write
from anyscale_constructs.engine import TerraformLocal
from anyscale_constructs.errors import ExpressionError
from anyscale_constructs.expressions import Expr
from anyscale_constructs.terraform.app import App
from anyscale_constructs.terraform.stack import CloudStack
from tests import ROOT
from tests.unit.expressions.fn_samples import CALLS, FILE, TEMPLATE, TEXT, VARIES

CATALOG = json.loads((write.MODULES / "catalog" / "functions.json").read_text())
FUNCTIONS: dict[str, dict[str, Any]] = CATALOG["functions"]
PYTHON_TYPES = {"string": str, "number": float, "bool": bool, "any": Any}


def python(name: str) -> Callable[..., Expr]:
    function: Callable[..., Expr] = getattr(fn, f"{name}_" if keyword.iskeyword(name) else name)
    return function


def test_there_is_one_python_function_for_each_of_terraforms() -> None:
    own = {name for name, value in vars(fn).items() if inspect.isfunction(value) and value.__module__ == fn.__name__}
    assert own == {python(name).__name__ for name in FUNCTIONS}
    assert own - FUNCTIONS.keys() == {"try_"}
    assert CALLS.keys() == FUNCTIONS.keys()


def test_the_catalog_matches_terraform(terraform: str) -> None:
    """Another release may have more functions; what both have is the same in both."""
    answer = json.loads(subprocess.check_output([terraform, "version", "-json"]))["terraform_version"]
    told = json.loads(functions.read())
    assert told["terraform"] == answer
    both = told["functions"].keys() & FUNCTIONS.keys()
    assert {"abs", "cidrsubnet", "jsonencode", "try"} <= both
    assert {name: told["functions"][name] for name in both} == {name: FUNCTIONS[name] for name in both}
    if answer == CATALOG["terraform"]:
        assert told == CATALOG


@pytest.mark.parametrize("name", FUNCTIONS)
def test_parameters_and_types_are_terraforms(name: str) -> None:
    parameters = inspect.signature(python(name)).parameters.values()
    positional = [each for each in parameters if each.kind is each.POSITIONAL_ONLY]
    variadic = [each for each in parameters if each.kind is each.VAR_POSITIONAL]
    assert [*positional, *variadic] == list(parameters)
    declared = FUNCTIONS[name]
    assert [each.name for each in positional] == list(declared["parameters"])
    assert [each.name for each in variadic] == list(declared.get("variadic", {}))
    wanted = {**declared["parameters"], **declared.get("variadic", {})}
    assert {each.name: each.annotation for each in parameters} == {
        parameter: annotation(type_) for parameter, type_ in wanted.items()
    }


def annotation(type_: str) -> Any:
    kind, _, inner = type_.partition("(")
    if not inner:
        plain = PYTHON_TYPES[kind]
        return plain if kind in {"string", "any"} else plain | Expr
    element = annotation(inner.removesuffix(")"))
    collection: Any = collections.abc.Mapping if kind == "map" else collections.abc.Sequence
    return collection[(str, element) if kind == "map" else element] | Expr


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_call_is_an_expression_of_terraforms_type(name: str) -> None:
    value = python(name)(*CALLS[name][0])
    assert value.type == FUNCTIONS[name]["returns"]
    assert value.code.startswith(f"{name}(")
    documentation = inspect.getdoc(python(name)) or ""
    assert documentation.endswith(f"\n\nhttps://developer.hashicorp.com/terraform/language/functions/{name}")


def test_every_function_that_messages_and_docs_name_exists() -> None:
    folders = ("anyscale_constructs", "stacks", "docs", "examples")
    files = [file for folder in folders for file in (ROOT / folder).rglob("*") if file.suffix in {".py", ".md"}]
    texts = [file.read_text(encoding="utf-8") for file in [*files, *ROOT.glob("*.md")]]
    named = {name for text in texts for name in re.findall(r"\bfn\.(\w+)\(", text)}
    assert {"jsonencode", "join", "upper"} <= named
    assert {name for name in named if not hasattr(fn, name)} == set()


# ---- Each function, with its arguments given in each way, evaluated by Terraform ----------------------


class Given:
    """The ways to pass a value to a function; Terraform receives the same value from each."""

    def __init__(self, stack: CloudStack) -> None:
        self._stack = stack
        self._count = 0

    def plain(self, value: Any) -> Any:
        return value

    def expression(self, value: Any) -> Any:
        return self._local(value)

    def elements(self, value: Any) -> Any:
        """All strings, numbers and booleans in it are expressions, also in lists and as keys."""
        return self._leaves(value, self._local)

    def text(self, value: Any) -> Any:
        """All strings in it are f-strings with an expression inside."""

        def text(leaf: Any) -> Any:
            return f"{leaf[:1]}{self._local(leaf[1:])}" if isinstance(leaf, str) else leaf

        return self._leaves(value, text)

    def nested(self, value: Any) -> Any:
        return fn.try_(value)

    def in_json(self, value: Any) -> Any:
        return fn.jsondecode(fn.jsonencode(value))

    def engine(self, value: Any) -> Any:
        """All strings in it are the engine's tokens."""

        def token(leaf: Any) -> Any:
            return self._token(leaf).as_string if isinstance(leaf, str) else leaf

        return self._leaves(value, token)

    def engine_list(self, value: Any) -> Any:
        """A list is one token of the engine; so is a number."""
        match value:
            case list():
                return self._token(value).as_list
            case int() | float() if not isinstance(value, bool):
                return self._token(value).as_number
        return value

    def _local(self, value: Any) -> Expr:
        self._count += 1
        return self._stack.add_local(f"value_{self._count}", value)

    def _token(self, value: Any) -> TerraformLocal:
        self._count += 1
        return TerraformLocal(self._stack, f"value_{self._count}", value)

    def _leaves(self, value: Any, change: Callable[[Any], Any]) -> Any:
        match value:
            case Expr():
                return value
            case Mapping():
                return {change(key): self._leaves(inner, change) for key, inner in value.items()}
            case list():
                return [self._leaves(element, change) for element in value]
            case None:
                return value
        return change(value)


WAYS = [name for name in vars(Given) if not name.startswith("_")]


def outputs(stack: CloudStack) -> Iterator[tuple[str, Any]]:
    given = Given(stack)
    for way in WAYS:
        for name, (arguments, _) in CALLS.items():
            changed = [value if value is TEMPLATE else getattr(given, way)(value) for value in arguments]
            call = python(name)(*changed)
            match name:
                case "sensitive":
                    call = fn.nonsensitive(call)
                case "rsadecrypt":  # no such key
                    call = fn.can(call)
            yield f"{way}-{name}", call


@pytest.fixture(scope="module")
def evaluated(terraform: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The value of every call, by way and function, evaluated in one configuration."""
    folder = tmp_path_factory.mktemp("functions")
    (folder / FILE).write_text(TEXT, encoding="utf-8")
    app = App(folder / "out")
    stack = CloudStack(app, "test")
    TerraformLocal(stack, "template", "a-$${name}")
    for name, value in outputs(stack):
        stack.add_output(name, value)
    app.synth()
    configuration = json.loads((folder / "out" / "stacks" / "test" / "cdk.tf.json").read_text())
    (folder / "main.tf.json").write_text(json.dumps({key: configuration[key] for key in ("locals", "output")}))
    for command in (["init"], ["validate"], ["apply", "-auto-approve"]):
        done = subprocess.run(
            [terraform, f"-chdir={folder}", *command, "-no-color"], check=False, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
    answer = json.loads(subprocess.check_output([terraform, f"-chdir={folder}", "output", "-json"]))
    return {name: output["value"] for name, output in answer.items()}


@pytest.mark.parametrize("way", WAYS)
def test_terraform_evaluates_every_call(evaluated: dict[str, Any], way: str) -> None:
    assert {f"{way}-{name}" for name in CALLS} <= evaluated.keys()
    expected = {name: value for name, (_, value) in CALLS.items() if value is not VARIES}
    assert {name: evaluated[f"{way}-{name}"] for name in expected} == expected


def wrong_numbers() -> Iterator[tuple[str, list[Any], dict[str, Any], str]]:
    """Calls of every function with one argument too few, one too many, and one by name."""
    for name, declared in FUNCTIONS.items():
        if declared["parameters"]:
            yield name, [None] * (len(declared["parameters"]) - 1), {}, "missing a required argument"
        if "variadic" not in declared:
            yield name, [None] * (len(declared["parameters"]) + 1), {}, "too many positional arguments"
        yield name, [None] * len(declared["parameters"]), {"given": 1}, "got an unexpected keyword argument"


@pytest.mark.parametrize(("name", "args", "arguments", "says"), list(wrong_numbers()))
def test_fails_on_a_wrong_number_of_arguments(name: str, args: list[Any], arguments: Any, says: str) -> None:
    with pytest.raises(ExpressionError) as error:
        python(name)(*args, **arguments)
    text = str(error.value)
    called = f"fn.{python(name).__name__}"
    assert text.startswith(f"{called}: {says}")
    assert text.endswith(f"Fix: see help({called})")
    assert error.value.where.startswith("tests/unit/expressions/test_fn.py:")
