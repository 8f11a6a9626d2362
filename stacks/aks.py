"""The kind of cloud `aks`: the package's `aks`, to change here."""

from anyscale_constructs import clouds


class AksOperatorStack(clouds.AksOperatorStack):
    """What runs in the cluster. Override a step to change it, such as `operator_values`, or add to `compose`."""


class AksStack(clouds.AksStack):
    """The cloud. Override a step to change it, such as `add_bucket`, or add to `compose`."""

    operator_type = AksOperatorStack
