"""EC2 with a bucket of one's own, and a key of one's own in the YAML."""

from anyscale_constructs import clouds
from anyscale_constructs.aws import ExistingBucket


class OwnBucketConfig(clouds.Ec2Config):
    """The package's keys, and the team's name."""

    team: str


class OwnBucketStack(clouds.Ec2Stack):
    """A cloud whose bucket the team has."""

    config_type = OwnBucketConfig
    config: OwnBucketConfig  # pyright: ignore[reportIncompatibleVariableOverride]

    def add_bucket(self) -> ExistingBucket:
        return ExistingBucket(bucket_name=f"acme-{self.config.team}")
