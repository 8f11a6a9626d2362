"""CDKTF constructs and stacks for Anyscale clouds.

What stands here is loaded when it is first used: the engine starts Node.js, which not every command needs.
"""

import pkgutil
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from anyscale_constructs.engine import Construct, TerraformResource
    from anyscale_constructs.errors import ConstructsError
    from anyscale_constructs.expressions import NULL, Expr, expr, fn
    from anyscale_constructs.findings import Finding
    from anyscale_constructs.terraform.app import App, synthesize
    from anyscale_constructs.terraform.module import Module
    from anyscale_constructs.terraform.resource import Data, Resource
    from anyscale_constructs.terraform.sources import ModuleOverride, Sources
    from anyscale_constructs.terraform.stack import CloudStack

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
    "App": "terraform.app",
    "CloudStack": "terraform.stack",
    "Construct": "engine",
    "ConstructsError": "errors",
    "Data": "terraform.resource",
    "Expr": "expressions",
    "Finding": "findings",
    "Module": "terraform.module",
    "ModuleOverride": "terraform.sources",
    "Resource": "terraform.resource",
    "Sources": "terraform.sources",
    "TerraformResource": "engine",
    "expr": "expressions",
    "fn": "expressions",
    "synthesize": "terraform.app",
}


def __getattr__(name: str) -> Any:
    if name in _PLACES:
        return pkgutil.resolve_name(f"{__name__}.{_PLACES[name]}:{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
