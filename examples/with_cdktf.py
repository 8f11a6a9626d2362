"""Constructs with features of CDKTF: functions, an iterator, a local value, a variable, a raw resource, a data source.

Run it: python examples/with_cdktf.py
"""

import json

from cdktf import Fn, TerraformIterator, TerraformLocal, TerraformOutput, TerraformVariable, Token

from anyscale_constructs import App, CloudStack, Data, Resource, TerraformResource
from anyscale_constructs.aws import S3, Iam, Vpc

ORGANIZATION = "org_1234abcd"


class Platform(CloudStack):
    """A VPC, a bucket, the roles, and the additions of one team."""

    def __init__(self, scope: App, name: str) -> None:
        super().__init__(scope, name)
        self.add_provider("aws", region="us-east-2")
        zones = TerraformVariable(self, "zones", type="list(string)", default=["us-east-2a", "us-east-2b"])
        vpc = Vpc(self, cidr_block="10.0.0.0/19", availability_zones=zones.list_value, availability_zone_count=2)
        bucket = S3(self)
        roles = Iam(self, bucket=bucket, anyscale_external_id=f"{ORGANIZATION}-{name}")

        # A data source with Terraform's names, and a policy from json.dumps: expressions become code.
        account = Data(self, "aws_caller_identity", "current", {})
        Resource(
            self,
            "aws_iam_policy",
            "reader",
            {
                "name": f"{name}-reader",
                "policy": json.dumps(
                    {
                        "Version": "2012-10-17",
                        "Statement": [
                            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{bucket.s3_bucket_arn}/*"}
                        ],
                    }
                ),
                "tags": {"Account": account.attribute("account_id")},
            },
        )

        # One resource per zone. The values of an iterator must be known at plan, like those of a variable.
        each = TerraformIterator.from_list(zones.list_value)
        logs = TerraformResource(self, "logs", terraform_resource_type="aws_cloudwatch_log_group", for_each=each)
        logs.add_override("name", Fn.join("/", [name, Token.as_string(each.value)]))
        logs.add_override("tags", {"Vpc": Fn.upper(vpc.vpc_id)})

        label = TerraformLocal(self, "label", Fn.join("-", [name, vpc.vpc_id]))
        TerraformOutput(self, "label_of_the_vpc", value=label.as_string)
        TerraformOutput(self, "subnets", value=Fn.join(",", Token.as_list(vpc.public_subnet_ids)))
        self.add_output("node_role", roles.cluster_node_role_arn)


app = App()
Platform(app, "platform")
app.synth()
