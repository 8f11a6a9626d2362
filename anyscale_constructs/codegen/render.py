"""Renders the wrapper of a module from its catalog entry."""

import hashlib
import json
import keyword
from collections.abc import Iterable
from typing import Any

import jinja2

from anyscale_constructs.codegen.annotations import Annotations, camel
from anyscale_constructs.codegen.catalog import Entry, dump
from anyscale_constructs.errors import CodegenError
from anyscale_constructs.terraform.conditions import allowed_values
from anyscale_constructs.terraform.interface import Interface, Variable

_HASH_DIGITS = 12
_ONE_LINE = 90
_TAKEN = {"self", "scope", "id", "inputs", "depends_on"}
_KNOWN = {"value": "The value", "length": "The length", "keys": "The keys"}

TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("anyscale_constructs.codegen"),
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    autoescape=False,  # noqa: S701 - it renders Python, not HTML
)
"""The templates of the generated code."""


def render(module: Entry, interface: Interface) -> str:
    """Returns the formatted source code of a wrapper.

    Args:
        module: The module's row in the table.
        interface: The module's interface.

    Raises:
        CodegenError: The name of an input is not a valid keyword argument, or a type cannot be parsed.
    """
    annotations = Annotations()
    inputs: dict[str, list[dict[str, str]]] = {"required": [], "optional": []}
    for name, variable in interface.variables.items():
        if keyword.iskeyword(name) or name in _TAKEN:
            raise CodegenError(
                "the name of an input is not a valid keyword argument",
                value=f"{module.name}.{name}",
                fix="report it to the authors of the module",
            )
        type_ = "bool" if variable.text else variable.type
        inputs["required" if variable.required else "optional"].append(
            {
                "name": name,
                "annotation": annotations.annotate(type_, module.stem + camel(name)),
                "docs": _docstring(_describe(name, variable)),
            }
        )
    return TEMPLATES.get_template("module.py.jinja").render(
        module=module,
        interface=interface,
        hash=hashlib.sha256(dump(interface).encode()).hexdigest()[:_HASH_DIGITS],
        types=sorted(annotations.imports),
        shapes=annotations.shapes,
        typing=sorted({*annotations.typing, "Unpack", *(["Required"] if inputs["required"] else [])}),
        **inputs,
    )


def render_package(modules: Iterable[Entry]) -> str:
    """Returns the source code of the `__init__.py` that exports the wrappers of a folder."""
    stems = {module.name.replace("/", "."): module.stem for module in sorted(modules, key=lambda each: each.name)}
    exports = sorted(f"{stem}{kind}" for stem in stems.values() for kind in ("Inputs", "Module"))
    return TEMPLATES.get_template("package.py.jinja").render(modules=stems.items(), exports=exports)


def _describe(name: str, variable: Variable) -> list[str]:
    """Returns the description of an input, as a list of paragraphs."""
    lead = [f"`{variable.type}`."]
    rest = []
    if variable.text:
        lead = ["A boolean, which upstream declares as a `string`."]
    if variable.required:
        lead.append("Required.")
    else:
        default = _json(variable.default)
        if len(default) <= _ONE_LINE:
            lead.append(f"Default: `{default}`.")
        else:
            rest = ["Default:\n" + "\n".join(f"- `{line}`" for line in _lines(variable.default))]
    allowed = [values for condition in variable.validation if (values := allowed_values(condition, name))]
    lead += [f"Allowed: {', '.join(f'`{_json(value)}`' for value in values)}." for values in allowed]
    if variable.known_at_plan:
        lead.append(f"{_KNOWN[variable.known_at_plan]} must be known at plan.")
    if variable.used_with:
        groups = (" and ".join(f"`{name}`" for name in group) for group in variable.used_with)
        lead.append(f"Has no effect without {' or '.join(groups)}.")
    return [" ".join(lead), *rest]


def _lines(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [f"{_json(key)}: {_json(element)}" for key, element in value.items()]
    return [_json(element) for element in value] if isinstance(value, list) else [_json(value)]


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _docstring(paragraphs: list[str]) -> str:
    """Returns the docstring of a field, indented by one level."""
    text = "\n\n".join(paragraphs)
    raw = "r" if "\\" in text else ""
    end = "\n" if "\n" in text else ""
    return f'{raw}"""{text}{end}"""'.replace("\n", "\n    ").replace("\n    \n", "\n\n")
