"""The kind of cloud `eks`: the package's `eks`, to change here."""

from anyscale_constructs import clouds


class EksOperatorStack(clouds.EksOperatorStack):
    """What runs in the cluster. Override a step to change it, such as `operator_values`, or add to `compose`."""


class EksStack(clouds.EksStack):
    """The cloud. Override a step to change it, such as `add_bucket`, or add to `compose`."""

    operator_type = EksOperatorStack
