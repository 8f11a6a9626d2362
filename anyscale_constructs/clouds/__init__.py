"""The kinds of Anyscale clouds: each a stack made of public steps, and its configuration."""

import pkgutil
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from anyscale_constructs.clouds.aks import AksConfig, AksOperatorStack, AksStack
    from anyscale_constructs.clouds.ec2 import Ec2Config, Ec2Stack
    from anyscale_constructs.clouds.eks import EksStack
    from anyscale_constructs.clouds.eks_config import EksConfig
    from anyscale_constructs.clouds.eks_operator import EksOperatorStack
    from anyscale_constructs.clouds.gce import GceConfig, GceStack
    from anyscale_constructs.clouds.generic import GenericConfig, GenericOperatorStack, GenericStack
    from anyscale_constructs.clouds.gke import GkeConfig, GkeOperatorStack, GkeStack

__all__ = [
    "KINDS",
    "AksConfig",
    "AksOperatorStack",
    "AksStack",
    "Ec2Config",
    "Ec2Stack",
    "EksConfig",
    "EksOperatorStack",
    "EksStack",
    "GceConfig",
    "GceStack",
    "GenericConfig",
    "GenericOperatorStack",
    "GenericStack",
    "GkeConfig",
    "GkeOperatorStack",
    "GkeStack",
]

KINDS = ("aks", "ec2", "eks", "gce", "generic", "gke")
"""The words that stand under `stack:` in a cloud's YAML; the stack of `ec2` is `Ec2Stack` in the module ec2."""


# Each when it is asked for: a schema of one kind needs none of the others.
def __getattr__(name: str) -> Any:
    for kind in KINDS:
        if name in __all__ and name.startswith(kind.capitalize()):
            return pkgutil.resolve_name(f"{__name__}.{kind}:{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
