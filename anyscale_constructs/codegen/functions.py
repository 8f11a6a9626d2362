"""Terraform's functions: what `terraform metadata functions` says of them, and `fn`, which is rendered from it."""

import json
import keyword
import subprocess
from typing import Any

from anyscale_constructs.codegen.render import TEMPLATES
from anyscale_constructs.errors import CodegenError

_ANNOTATIONS = {"any": "Any", "string": "str", "number": "float | Expr", "bool": "bool | Expr"}
_COLLECTIONS = {"list": "Sequence[{}] | Expr", "set": "Sequence[{}] | Expr", "map": "Mapping[str, {}] | Expr"}

_NEWER = "use Terraform 1.4 or later"


def read() -> str:
    """The text of the catalog's file for the functions of the terraform on PATH: names and types, in Terraform's order.

    Raises:
        CodegenError: There is no terraform, or it can't tell its functions, as before 1.4.
    """
    signatures = _terraform("metadata", "functions")
    version = _terraform("version")
    try:
        # Each function is told twice: `core::` tells Terraform's own from a provider's.
        functions = {
            name: _signature(each)
            for name, each in json.loads(signatures)["function_signatures"].items()
            if "::" not in name
        }
        data = {"terraform": json.loads(version)["terraform_version"], "functions": functions}
    except (ValueError, KeyError, TypeError):
        raise CodegenError(
            "terraform metadata functions gave no JSON of functions", value=signatures, fix=_NEWER
        ) from None
    return json.dumps(data, indent=1) + "\n"


def render(catalog: str) -> str:
    """The source of `anyscale_constructs.expressions.fn`.

    Args:
        catalog: The text of the catalog's file.
    """
    data = json.loads(catalog)
    functions = [_function(name, **each) for name, each in data["functions"].items()]
    return TEMPLATES.get_template("fn.py.jinja").render(terraform=data["terraform"], functions=functions)


def _terraform(*arguments: str) -> str:
    try:
        command = ["terraform", *arguments, "-json"]
        return subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout
    except FileNotFoundError:
        raise CodegenError("terraform isn't on PATH", fix="install Terraform") from None
    except subprocess.CalledProcessError as error:
        raise CodegenError(f"terraform {' '.join(arguments)} failed: {error.stderr.strip()}", fix=_NEWER) from None


def _signature(data: dict[str, Any]) -> dict[str, Any]:
    variadic = data.get("variadic_parameter")
    return {
        "parameters": {each["name"]: _type(each["type"]) for each in data.get("parameters", [])},
        **({"variadic": {variadic["name"]: _type(variadic["type"])}} if variadic else {}),
        "returns": _type(data["return_type"]),
    }


def _type(data: Any) -> str:
    match data:
        case "dynamic":
            return "any"
        case [str() as kind, inner]:
            return f"{kind}({_type(inner)})"
    return str(data)


def _function(name: str, parameters: dict[str, str], returns: str, variadic: dict[str, str] | None = None) -> Any:
    more = variadic or {}
    given = [_identifier(each) for each in parameters]
    several = [f"*{_identifier(each)}" for each in more]
    annotated = [f"{each}: {_annotation(type_)}" for each, type_ in zip(given, parameters.values(), strict=True)]
    annotated += ["/"] if annotated else []
    annotated += [f"{each}: {_annotation(type_)}" for each, type_ in zip(several, more.values(), strict=True)]
    types = [f"{each} {type_}" for each, type_ in parameters.items()]
    types += [f"{each} {type_}..." for each, type_ in more.items()]
    arguments = [json.dumps(name), json.dumps(returns), json.dumps(parameters | more), *given, *several]
    return {
        "name": name,
        "python": _identifier(name),
        "signature": f"{name}({', '.join(types)}) {returns}",
        "parameters": ", ".join(annotated),
        "arguments": ", ".join(arguments),
    }


def _identifier(name: str) -> str:
    return f"{name}_" if keyword.iskeyword(name) else name


def _annotation(type_: str) -> str:
    kind, _, rest = type_.partition("(")
    return _COLLECTIONS[kind].format(_annotation(rest.removesuffix(")"))) if rest else _ANNOTATIONS[kind]
