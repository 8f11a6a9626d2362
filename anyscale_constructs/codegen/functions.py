"""Reads Terraform's functions with `terraform metadata functions`, and renders `fn` from them."""

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
    """Returns the text of the catalog file with the functions of terraform on PATH, their names and types.

    Raises:
        CodegenError: Terraform is missing, or is older than 1.4, which cannot list its functions.
    """
    signatures = _terraform("metadata", "functions")
    version = _terraform("version")
    try:
        # Each function is listed twice: with and without the namespace `core::`.
        functions = {
            name: _signature(each)
            for name, each in json.loads(signatures)["function_signatures"].items()
            if "::" not in name
        }
        data = {"terraform": json.loads(version)["terraform_version"], "functions": functions}
    except (ValueError, KeyError, TypeError):
        raise CodegenError(
            "terraform metadata functions did not print its functions as JSON", value=signatures, fix=_NEWER
        ) from None
    return json.dumps(data, indent=1) + "\n"


def render(catalog: str) -> str:
    """Returns the source code of `anyscale_constructs.expressions.fn`.

    Args:
        catalog: The text of the catalog file.
    """
    data = json.loads(catalog)
    functions = [_function(name, **each) for name, each in data["functions"].items()]
    return TEMPLATES.get_template("fn.py.jinja").render(terraform=data["terraform"], functions=functions)


def _terraform(*arguments: str) -> str:
    try:
        command = ["terraform", *arguments, "-json"]
        return subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout
    except FileNotFoundError:
        raise CodegenError("terraform is not on PATH", fix="install Terraform") from None
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
