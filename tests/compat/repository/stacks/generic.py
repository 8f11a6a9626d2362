"""Any cluster, with a Namespace made before the gateway."""

from anyscale_constructs import Construct, Resource, clouds


class GenericOperatorStack(clouds.GenericOperatorStack):
    """The package's, with a Namespace."""

    def add_controllers(self) -> list[Construct]:
        metadata = {"metadata": {"name": "team"}}
        return [*super().add_controllers(), Resource(self, "kubernetes_namespace_v1", "team", metadata)]


class GenericStack(clouds.GenericStack):
    """The package's."""

    operator_type = GenericOperatorStack
