"""The kind of cloud `gke`: the package's `gke`, to change here."""

from anyscale_constructs import clouds


class GkeOperatorStack(clouds.GkeOperatorStack):
    """What runs in the cluster. Override a step to change it, such as `operator_values`, or add to `compose`."""


class GkeStack(clouds.GkeStack):
    """The cloud. Override a step to change it, such as `add_bucket`, or add to `compose`."""

    operator_type = GkeOperatorStack
