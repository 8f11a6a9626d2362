"""Reads the declarations of a module from its Terraform files.

python-hcl2 does not evaluate quotes, heredocs and expressions, so the string `"true"` differs from the keyword `true`;
this module converts them to values.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import hcl2
from lark.exceptions import LarkError

from anyscale_constructs.codegen.infer import code, output_type
from anyscale_constructs.codegen.uses import Groups, used_with
from anyscale_constructs.errors import CodegenError
from anyscale_constructs.terraform.interface import Output, Provider, Variable

_OPTIONS = hcl2.SerializationOptions(with_comments=False, explicit_blocks=False)
_HEREDOC = re.compile(r'"<<(-?)(\w+)\n(.*?)\n?[ \t]*\2"', re.DOTALL)
_ESCAPE = re.compile(r'\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([nrt"\\]))')
_LETTERS = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_SHORT_TYPES = {"list": "list(any)", "set": "set(any)", "map": "map(any)"}


@dataclass(frozen=True)
class Declarations:
    """The declarations of a module, in the order of the file names.

    Args:
        variables: The input variables, by name.
        outputs: The outputs, by name.
        required_version: The constraint on the Terraform version.
        required_providers: The required providers, by local name.
        data_sources: The addresses of the data sources.
        modules: The sources of the called modules, by name.
    """

    variables: Mapping[str, Variable]
    outputs: Mapping[str, Output]
    required_version: str
    required_providers: Mapping[str, Provider]
    data_sources: Sequence[str]
    modules: Mapping[str, str]


@dataclass(frozen=True)
class Calls:
    """The module calls of a module, and their arguments.

    Args:
        calls: The source and arguments of each call, by name; arguments are code, with local values substituted.
        defaults: The default values of the variables, by name.
        resources: The addresses of the module's own resources.
    """

    calls: Mapping[str, tuple[str, Mapping[str, Any]]]
    defaults: Mapping[str, Any]
    resources: Sequence[str]


def read_calls(files: Mapping[str, str]) -> Calls:
    """Reads the module calls of a module.

    Args:
        files: The texts of its `.tf` files, by name.

    Raises:
        CodegenError: A file cannot be parsed or is not valid, or a default is not a literal.
    """
    parsed = [_parse(name, text) for name, text in sorted(files.items())]
    values = {name: code(raw) for file in parsed for block in file.get("locals", []) for name, raw in block.items()}

    def spelled(raw: Any) -> str:
        text = code(raw)
        while (name := text.removeprefix("local.")) != text and name in values:
            text = values[name]
        return text

    return Calls(
        calls={
            name: (literal(body["source"]), {key: spelled(raw) for key, raw in body.items() if key != "source"})
            for name, body in _blocks(parsed, "module")
        },
        defaults={name: each.default for name, each in read(files).variables.items()},
        resources=[f"{type_}.{name}".replace('"', "") for type_, body in _blocks(parsed, "resource") for name in body],
    )


def read(files: Mapping[str, str]) -> Declarations:
    """Reads the declarations of a module.

    Args:
        files: The texts of its `.tf` files, by name.

    Raises:
        CodegenError: A file cannot be parsed or is not valid, or a default is not a literal.
    """
    try:
        return _read(files)
    except (AttributeError, KeyError, TypeError) as error:
        # E.g. a variable without a name, or a validation without a condition.
        raise CodegenError(
            f"the files are not a valid module: {type(error).__name__} {error}",
            fix="check the module with `terraform validate`",
        ) from None


def _read(files: Mapping[str, str]) -> Declarations:
    parsed = [_parse(name, text) for name, text in sorted(files.items())]
    settings = [settings for file in parsed for settings in file.get("terraform", [])]
    versions = [literal(each["required_version"]) for each in settings if "required_version" in each]
    uses = used_with(parsed)
    variables = {name: _variable(name, body, uses.get(name, ())) for name, body in _blocks(parsed, "variable")}
    return Declarations(
        variables=variables,
        outputs={name: _output(body, variables) for name, body in _blocks(parsed, "output")},
        required_version=", ".join(versions),
        required_providers={
            name: _provider(name, body)
            for each in settings
            for block in each.get("required_providers", [])
            for name, body in block.items()
        },
        data_sources=[
            f"data.{type_}.{name}".replace('"', "") for type_, body in _blocks(parsed, "data") for name in body
        ],
        modules={name: literal(body["source"]) for name, body in _blocks(parsed, "module")},
    )


def _parse(name: str, text: str) -> dict[str, Any]:
    try:
        return hcl2.loads(text if text.endswith("\n") else f"{text}\n", serialization_options=_OPTIONS)
    except LarkError as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise CodegenError(
            f"{name} cannot be parsed as Terraform: {reason}",
            fix=f"check {name} with `terraform fmt -diff`",
        ) from None


def _blocks(parsed: list[dict[str, Any]], kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for file in parsed:
        for block in file.get(kind, []):
            for label, body in block.items():
                yield label.strip('"'), body


def _variable(name: str, body: Mapping[str, Any], used_with: Groups) -> Variable:
    try:
        default = literal(body.get("default"))
    except CodegenError as error:
        raise CodegenError(f"the default of variable {name}: {error}") from None
    type_ = code(body.get("type", "any")).strip('"')
    return Variable(
        type=_SHORT_TYPES.get(type_, type_),
        default=default,
        required="default" not in body,
        validation=tuple(code(each["condition"]) for each in body.get("validation", [])),
        text=type_ == "string" and isinstance(default, bool),
        used_with=used_with,
    )


def _output(body: Mapping[str, Any], variables: Mapping[str, Variable]) -> Output:
    types = {f"var.{name}": variable.type for name, variable in variables.items()}
    return Output(type=output_type(body.get("value"), types), sensitive=body.get("sensitive") is True)


def _provider(name: str, body: Any) -> Provider:
    """Returns a required provider; in the legacy form, the body is only the version."""
    given = body if isinstance(body, dict) else {"version": body}
    fields = {key: literal(given[key]) for key in ("source", "version") if key in given}
    return Provider(source=fields.get("source", f"hashicorp/{name}"), version=fields.get("version", ">= 0"))


def literal(raw: Any) -> Any:
    """Returns the value of an attribute that is a literal.

    Raises:
        CodegenError: The attribute is an expression.
    """
    match raw:
        case dict():
            return {_key(key): literal(value) for key, value in raw.items()}
        case list():
            return [literal(value) for value in raw]
        case str():
            return _number(raw[2:-1]) if raw.startswith("${") else _string(raw)
        case float() if raw.is_integer():
            return int(raw)
        case _:
            return raw


def _key(raw: str) -> str:
    text = raw[2:-1].strip("()") if raw.startswith("${") else raw
    return _string(text) if text.startswith('"') else text


def _number(text: str) -> int | float:
    if not _NUMBER.fullmatch(text):
        raise CodegenError("the value must be a literal", value=text, fix="report it to the authors of the module")
    number = float(text)
    return int(number) if number.is_integer() else number


def _string(raw: str) -> str:
    heredoc = _HEREDOC.fullmatch(raw)
    if heredoc:
        flush, _, body = heredoc.groups()
        text = _flush(body) if flush else body
        text += "\n" if body else ""
    else:
        text = _ESCAPE.sub(_unescape, raw[1:-1])
    if re.search(r"(?<!\$)\$\{|(?<!%)%\{", text):
        raise CodegenError("the value must be a literal", value=text, fix="report it to the authors of the module")
    return text.replace("$${", "${").replace("%%{", "%{")


def _flush(body: str) -> str:
    """Removes the common indentation of all lines, as `<<-` does; blank lines are ignored and unchanged."""
    lines = body.split("\n")
    indent = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return "\n".join(line[indent:] if line.strip() else line for line in lines)


def _unescape(match: re.Match[str]) -> str:
    short, long, letter = match.groups()
    return _LETTERS[letter] if letter else chr(int(short or long, 16))
