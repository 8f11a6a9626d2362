"""Stand-in modules, made from the catalog: upstream's variables and outputs without any resource.

They let the real Terraform check every call against the real interface, with no provider and no network.
"""

import json
import pathlib
import re
from typing import Any

from anyscale_constructs.core.interface import Interface, Output
from anyscale_constructs.core.stack import CloudStack

_VALUES = {
    "string": '"x"',
    "number": "1",
    "bool": "true",
    "list": "[]",
    "set": "[]",
    "map": "{}",
    "any": "null",
}


def write(interface: Interface, directory: pathlib.Path) -> pathlib.Path:
    """Writes the stand-in of a module; its path tells module and commit apart."""
    folder = directory / interface.commit / interface.path
    folder.mkdir(parents=True, exist_ok=True)
    blocks = [_variable(name, interface) for name in interface.variables]
    blocks += [_output(name, output) for name, output in interface.outputs.items()]
    (folder / "main.tf").write_text("\n".join(blocks), encoding="utf-8")
    return folder


def redirect(configuration: dict[str, Any], stack: CloudStack, directory: pathlib.Path) -> dict[str, Any]:
    """The stack's JSON with its modules pointed at their stand-ins, and without what needs a provider."""
    copy: dict[str, Any] = json.loads(json.dumps(configuration))
    for name, call in copy["module"].items():
        call["source"] = str(write(stack.modules[name].interface, directory))
    for block in ("provider", "resource"):
        copy.pop(block, None)
    for block in ("backend", "cloud", "required_providers"):
        copy["terraform"].pop(block, None)
    return copy


def _variable(name: str, interface: Interface) -> str:
    variable = interface.variables[name]
    default = "" if variable.required else f"\n  default = {json.dumps(variable.default)}"
    checks = "".join(
        f'\n  validation {{\n    condition = {condition}\n    error_message = "upstream refuses it."\n  }}'
        for condition in variable.validation
    )
    return f'variable "{name}" {{\n  type = {variable.type}{default}{checks}\n}}\n'


def _output(name: str, output: Output) -> str:
    value = _VALUES[re.split(r"[^a-z]", output.type)[0]]
    return f'output "{name}" {{\n  value = {value}\n  sensitive = {str(output.sensitive).lower()}\n}}\n'
