"""The kinds of Anyscale clouds: each has a stack, composed in public steps, and a configuration."""

from typing import TYPE_CHECKING

from anyscale_constructs import lazy

if TYPE_CHECKING:
    from anyscale_constructs.clouds.aks import AksOperatorStack, AksStack
    from anyscale_constructs.clouds.aks_config import AksConfig
    from anyscale_constructs.clouds.ec2 import Ec2Config, Ec2Stack
    from anyscale_constructs.clouds.eks import EksStack
    from anyscale_constructs.clouds.eks_config import EksConfig
    from anyscale_constructs.clouds.eks_operator import EksOperatorStack
    from anyscale_constructs.clouds.gce import GceConfig, GceStack
    from anyscale_constructs.clouds.generic import GenericConfig, GenericOperatorStack, GenericStack
    from anyscale_constructs.clouds.gke import GkeOperatorStack, GkeStack
    from anyscale_constructs.clouds.gke_config import GkeConfig

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
"""The values of `stack:` in a cloud's YAML; the stack of `ec2` is `Ec2Stack` in the module ec2."""

_PLACES = lazy.places(
    {
        "aks": ["AksOperatorStack", "AksStack"],
        "aks_config": ["AksConfig"],
        "ec2": ["Ec2Config", "Ec2Stack"],
        "eks": ["EksStack"],
        "eks_config": ["EksConfig"],
        "eks_operator": ["EksOperatorStack"],
        "gce": ["GceConfig", "GceStack"],
        "generic": ["GenericConfig", "GenericOperatorStack", "GenericStack"],
        "gke": ["GkeOperatorStack", "GkeStack"],
        "gke_config": ["GkeConfig"],
    }
)

__getattr__, __dir__ = lazy.attributes(__name__, _PLACES)
