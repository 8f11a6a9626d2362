"""Generates the catalog file of a root module from a checkout: the modules that it calls, and their names."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from anyscale_constructs.codegen import hcl
from anyscale_constructs.codegen.catalog import table
from anyscale_constructs.codegen.git import Checkout
from anyscale_constructs.errors import CodegenError
from anyscale_constructs.terraform.adoption import Call, Input, Root
from anyscale_constructs.terraform.interface import Interface

# The expressions that use common_prefix and common_name in the root module.
_PREFIX = re.compile(r'coalesce\(var\.\w+, var\.common_prefix, "(?P<default>[^"]*)"\)')
_COMMON = re.compile(r'local\.common_name(?: != null \? "\$\{local\.common_name\}(?P<suffix>[^"]*)" : null)?')
_SWITCH = "module_enabled"


def read_root(checkout: Checkout, repository: str, interfaces: Mapping[str, Interface]) -> Root:
    """Returns the root module of a repository at the tag of a checkout.

    Args:
        checkout: The checkout.
        repository: The repository, as `owner/name`.
        interfaces: The wrapped modules of the repository at the same tag, by name in the catalog.

    Raises:
        CodegenError: The root module does not exist or cannot be parsed, or calls no wrapped module.
    """
    wrapped = {each.path: each.name for each in table().values() if each.repository == repository}
    declared = hcl.read_calls(checkout.files(".", ".tf"))
    calls = {}
    for name, (source, arguments) in declared.calls.items():
        if (module := wrapped.get(source.removeprefix("./"))) is not None:
            calls[name] = Call(module, dict(_inputs(arguments, declared.defaults, interfaces[module])))
    if not calls:
        raise CodegenError(f"the root module of {repository} at {checkout.ref} calls no wrapped module")
    return Root(repository, checkout.ref, checkout.commit, calls, declared.resources)


def _inputs(
    arguments: Mapping[str, Any], defaults: Mapping[str, Any], interface: Interface
) -> Iterator[tuple[str, Input]]:
    for name, value in arguments.items():
        if name not in interface.variables:
            continue
        text = str(value)
        prefix, common = _PREFIX.search(text), _COMMON.search(text)
        variable = text.removeprefix("var.")
        if prefix:
            yield name, Input(prefix["default"], is_known=True, prefix=True)
        elif common:
            # Without a common name the input is null, which differs from the module's default.
            is_null = common["suffix"] is not None and interface.variables[name].default is not None
            yield name, Input(is_known=is_null, common_name=common["suffix"] or "")
        elif variable in defaults:
            default = defaults[variable]
            if name == _SWITCH or default != interface.variables[name].default:
                yield name, Input(default, is_known=True)


def dump_root(root: Root) -> str:
    """Returns the text of the catalog file, in upstream's order; `terraform.adoption.parse_root` reads it."""
    data = {
        "repository": root.repository,
        "ref": root.ref,
        "commit": root.commit,
        "resources": list(root.resources),
        "calls": {
            name: {"module": call.module, "inputs": {key: _dump(given) for key, given in call.inputs.items()}}
            for name, call in root.calls.items()
        },
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _dump(given: Input) -> dict[str, Any]:
    return {
        **({"value": given.value} if given.is_known else {}),
        **({"prefix": True} if given.prefix else {}),
        **({} if given.common_name is None else {"common_name": given.common_name}),
    }
