"""EC2 with one more VPC endpoint."""

from anyscale_constructs import Resource, clouds


class Ec2Stack(clouds.Ec2Stack):
    """The package's, and an endpoint for ECR."""

    def compose(self) -> None:
        super().compose()
        arguments = {
            "vpc_id": self.vpc.vpc_id,
            "service_name": f"com.amazonaws.{self.config.region}.ecr.api",
            "vpc_endpoint_type": "Interface",
            "subnet_ids": self.vpc.node_subnet_ids,
            "security_group_ids": [self.security_group.security_group_id],
            "tags": self.tags({"team": "ml"}),
        }
        Resource(self, "aws_vpc_endpoint", "ecr", arguments)
