"""The kind of cloud `gce`: the package's `gce`, to change here."""

from anyscale_constructs import clouds


class GceStack(clouds.GceStack):
    """The cloud. Override a step to change it, such as `add_bucket`, or add to `compose`."""
