"""The kind of cloud `generic`: the package's `generic`, to change here."""

from anyscale_constructs import clouds


class GenericOperatorStack(clouds.GenericOperatorStack):
    """What runs in the cluster. Override a step to change it, such as `operator_values`, or add to `compose`."""


class GenericStack(clouds.GenericStack):
    """The cloud. Override a step to change it, such as `cloud_outputs`, or add to `compose`."""

    operator_type = GenericOperatorStack
