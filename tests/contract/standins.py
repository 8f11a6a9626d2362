"""Stand-in modules, generated from the catalog: upstream's variables and outputs without any resource.

With them the real Terraform checks every call against the real interface, without providers and network.
"""

import json
import pathlib
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from anyscale_constructs.terraform.arguments import anyscale_provider, check_arguments
from anyscale_constructs.terraform.interface import Interface, Output
from anyscale_constructs.terraform.stack import CloudStack

# The arguments and attributes that providers' documentation lists, at the versions recorded there.
PROVIDERS = [
    anyscale_provider(),
    *(json.loads(file.read_text()) for file in sorted((pathlib.Path(__file__).parent / "providers").glob("*.json"))),
]
RECORDED = {
    block: {kind: known for provider in PROVIDERS for kind, known in provider.get(key, {}).items()}
    for block, key in (("data", "data"), ("resource", "resources"))
}

# What a provider's own block takes, by the provider's local name; Anyscale's is always empty.
_EMPTY: dict[str, Any] = {"arguments": {}, "attributes": {}, "required": []}
BLOCKS = {provider["source"].rpartition("/")[2]: provider.get("provider", _EMPTY) for provider in PROVIDERS}

# Terraform brings them along.
BUILT_IN = {"terraform_data", "terraform_remote_state"}

_VALUES = {
    "string": '"x"',
    "number": "1",
    "bool": "true",
    "list": "[]",
    "set": "[]",
    "map": "{}",
    "any": "null",
}


def write(
    interface: Interface, directory: pathlib.Path, values: Mapping[str, Any] = MappingProxyType({})
) -> pathlib.Path:
    """Writes the stand-in of a module; its path contains module and commit.

    Args:
        interface: The module's interface.
        directory: The directory of stand-ins.
        values: The values of outputs, by name. Default: a sample of their type.
    """
    folder = directory / interface.commit / interface.path
    folder.mkdir(parents=True, exist_ok=True)
    blocks = [_variable(name, interface) for name in interface.variables]
    blocks += [_output(name, output, values) for name, output in interface.outputs.items()]
    (folder / "main.tf").write_text("\n".join(blocks), encoding="utf-8")
    return folder


def redirect(
    configuration: dict[str, Any],
    stack: CloudStack,
    directory: pathlib.Path,
    values: Mapping[str, Any] = MappingProxyType({}),
) -> dict[str, Any]:
    """Returns the stack's JSON with stand-ins for modules, resources, data sources and providers."""
    copy: dict[str, Any] = json.loads(json.dumps(configuration))
    for name, call in copy.setdefault("module", {}).items():
        call["source"] = str(write(stack.modules[name].interface, directory, values))
        call.pop("version", None)
    copy = _stand_in_for_blocks(copy, directory)
    if not copy["module"]:
        del copy["module"]
    for block in ("backend", "cloud", "required_providers"):
        copy["terraform"].pop(block, None)
    return copy


def _stand_in_for_blocks(configuration: dict[str, Any], directory: pathlib.Path) -> dict[str, Any]:
    """Replaces resources, data and provider blocks by calls of stand-in modules, with their recorded arguments."""
    recorded = [
        (block, kind, name)
        for block in RECORDED
        for kind, bodies in configuration.get(block, {}).items()
        if kind not in BUILT_IN
        for name in bodies
    ]
    text = json.dumps(configuration)
    for block, kind, name in recorded:
        call = f"module.{block}-{kind}-{name}"
        text = re.sub(rf"(?<![\w.]){prefix_of(block)}{kind}\.{name}(?=[.\"])", call, text)
    changed: dict[str, Any] = json.loads(text)
    bodies = {block: changed.pop(block, {}) for block in RECORDED}
    for block, of_block in bodies.items():
        if built_in := {kind: of_block[kind] for kind in BUILT_IN & of_block.keys()}:
            changed[block] = built_in
    for block, kind, name in recorded:
        assert kind in RECORDED[block], f"the arguments of {prefix_of(block)}{kind} are not recorded in providers/"
        body, known = bodies[block][kind][name], RECORDED[block][kind]
        check_lifecycle(body.pop("lifecycle", {}), {*known["arguments"], *known["attributes"]}, f"{kind}.{name}")
        changed["module"][f"{block}-{kind}-{name}"] = _call(
            body, known, directory / f"{block}-{kind}", f"{kind}.{name}"
        )
    for name, (body,) in changed.pop("provider", {}).items():
        folder = directory / f"provider-{name}"
        changed["module"][f"provider-{name}"] = _call(body, BLOCKS[name], folder, f"provider.{name}")
    return changed


def _call(body: dict[str, Any], known: dict[str, Any], folder: pathlib.Path, at: str) -> dict[str, Any]:
    """Returns the call of a block's stand-in module, with the block's arguments."""
    # Terraform's own conversion would silently drop an unknown argument of a block.
    check_arguments(body, known["arguments"] | {"//": {}, "depends_on": "list(string)"}, at)
    # With an underscore, since some arguments, such as version, mean something else to a module call.
    arguments = {f"{key}_" if key in known["arguments"] else key: value for key, value in body.items()}
    return arguments | {"source": str(_write_block(folder, known))}


def prefix_of(block: str) -> str:
    """Returns the beginning of an address in it."""
    return "data." if block == "data" else ""


def check_lifecycle(lifecycle: dict[str, Any], known: set[str], where: str) -> None:
    """Checks the names in a lifecycle block, which a module call cannot have."""
    named = [re.split(r"[.[]", path)[0] for path in lifecycle.get("ignore_changes", [])]
    for condition in lifecycle.get("postcondition", []):
        named += re.findall(r"\bself\.(\w+)", condition["condition"])
    assert set(named) <= known, f"{where} has no {sorted(set(named) - known)}"


def _write_block(folder: pathlib.Path, known: dict[str, Any]) -> pathlib.Path:
    folder.mkdir(parents=True, exist_ok=True)
    blocks = [
        f'variable "{name}_" {{\n  type = {_constraint(type_)}\n'
        # Terraform lets ephemeral values into these only, as into write-only arguments.
        + ("  ephemeral = true\n" if name in known.get("write_only", ()) else "")
        + ("}\n" if name in known["required"] else "  default = null\n}\n")
        for name, type_ in known["arguments"].items()
    ]
    blocks += [f'output "{name}" {{\n  value = {_sample(type_)}\n}}\n' for name, type_ in known["attributes"].items()]
    (folder / "main.tf").write_text("\n".join(blocks), encoding="utf-8")
    return folder


def _constraint(type_: Any) -> str:
    match type_:
        case dict():
            return "object({" + ", ".join(f"{k} = optional({_constraint(v)})" for k, v in type_.items()) + "})"
        case [element]:
            return f"list({_constraint(element)})"
    return str(type_)


def _sample(type_: Any) -> str:
    match type_:
        case dict():
            return "{" + ", ".join(f"{k} = {_sample(v)}" for k, v in type_.items()) + "}"
        case [element]:
            return f"[{_sample(element)}]"
    return _VALUES[re.split(r"[^a-z]", type_)[0]]


def _variable(name: str, interface: Interface) -> str:
    variable = interface.variables[name]
    default = "" if variable.required else f"\n  default = {json.dumps(variable.default)}"
    checks = "".join(
        f'\n  validation {{\n    condition = {condition}\n    error_message = "upstream refuses it."\n  }}'
        for condition in variable.validation
    )
    return f'variable "{name}" {{\n  type = {variable.type}{default}{checks}\n}}\n'


def _output(name: str, output: Output, values: Mapping[str, Any]) -> str:
    value = json.dumps(values[name]) if name in values else _sample(output.type)
    return f'output "{name}" {{\n  value = {value}\n  sensitive = {str(output.sensitive).lower()}\n}}\n'
