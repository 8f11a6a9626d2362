"""CDKTF constructs and stacks for Anyscale clouds.

What stands here is loaded when it is first used: the engine starts Node.js, which not every command needs.
"""

import pkgutil
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from anyscale_constructs.core.app import App, synthesize
    from anyscale_constructs.core.module import Finding, Module
    from anyscale_constructs.core.resource import Data, Resource
    from anyscale_constructs.core.sources import ModuleOverride, Sources
    from anyscale_constructs.core.stack import CloudStack
    from anyscale_constructs.engine import Construct, TerraformResource
    from anyscale_constructs.errors import ConstructsError
    from anyscale_constructs.expressions import NULL, Expr, expr, fn

__all__ = [
    "NULL",
    "App",
    "CloudStack",
    "Construct",
    "ConstructsError",
    "Data",
    "Expr",
    "Finding",
    "Module",
    "ModuleOverride",
    "Resource",
    "Sources",
    "TerraformResource",
    "expr",
    "fn",
    "synthesize",
]

_PLACES = {
    "NULL": "expressions",
    "App": "core.app",
    "CloudStack": "core.stack",
    "Construct": "engine",
    "ConstructsError": "errors",
    "Data": "core.resource",
    "Expr": "expressions",
    "Finding": "core.module",
    "Module": "core.module",
    "ModuleOverride": "core.sources",
    "Resource": "core.resource",
    "Sources": "core.sources",
    "TerraformResource": "engine",
    "expr": "expressions",
    "fn": "expressions",
    "synthesize": "core.app",
}


def __getattr__(name: str) -> Any:
    if name in _PLACES:
        return pkgutil.resolve_name(f"{__name__}.{_PLACES[name]}:{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
