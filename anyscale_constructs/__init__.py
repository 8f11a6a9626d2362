"""CDKTF constructs and stacks for Anyscale clouds.

Names are loaded on first use: the engine may start Node.js, which not every command needs.
"""

from typing import TYPE_CHECKING

from anyscale_constructs import lazy

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

__version__ = "0.2.0"

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

_PLACES = lazy.places(
    {
        "engine": ["Construct", "TerraformResource"],
        "errors": ["ConstructsError"],
        "expressions": ["Expr", "expr", "fn", "NULL"],
        "findings": ["Finding"],
        "terraform.app": ["App", "synthesize"],
        "terraform.module": ["Module"],
        "terraform.resource": ["Data", "Resource"],
        "terraform.sources": ["ModuleOverride", "Sources"],
        "terraform.stack": ["CloudStack"],
    }
)

__getattr__, __dir__ = lazy.attributes(__name__, _PLACES)
