"""The kind of cloud `ec2`: the package's `ec2`, to change here."""

from anyscale_constructs import clouds


class Ec2Stack(clouds.Ec2Stack):
    """The cloud. Override a step to change it, such as `add_bucket`, or add to `compose`."""
