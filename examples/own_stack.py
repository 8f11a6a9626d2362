"""Your own stack: single constructs together with raw CDKTF resources.

The VPC belongs to the network team, the KMS key is a raw resource, and only the bucket, its policy and the roles come
from Anyscale's modules.

Run it: python examples/own_stack.py
"""

from anyscale_constructs import App, CloudStack, Construct, TerraformResource
from anyscale_constructs.aws import S3, Efs, ExistingVpc, Iam, S3Policy, SecurityGroups

ORGANIZATION = "org_1234abcd"


class Storage(CloudStack):
    """The stack of one team; references are checked and providers pinned as in every stack."""

    def __init__(self, scope: Construct, name: str) -> None:
        super().__init__(scope, name)
        self.add_provider("aws", region="eu-west-1")

        key = TerraformResource(
            self,
            "key",
            terraform_resource_type="aws_kms_key",
        )
        key.add_override("description", "Anyscale's bucket")
        key.add_override("enable_key_rotation", True)

        network = ExistingVpc(
            vpc_id="vpc-0123456789abcdef0",
            subnet_ids_to_az={
                "subnet-0123456789abcdef0": "eu-west-1a",
                "subnet-0123456789abcdef1": "eu-west-1b",
            },
        )
        group = SecurityGroups(self, vpc=network, ingress_cidr_blocks=["10.0.0.0/8"])
        bucket = S3(self, kms_key_arn=key.get_string_attribute("arn"), anyscale_bucket_name="acme-anyscale-storage")
        roles = Iam(self, bucket=bucket, anyscale_external_id=f"{ORGANIZATION}-{name}")
        S3Policy(self, bucket=bucket, iam=roles)
        files = Efs(self, vpc=network, security_group=group, depends_on=[key])

        self.add_output("bucket", bucket.s3_bucket_id)
        self.add_output("node_role", roles.cluster_node_role_arn)
        self.add_output("first_mount_target", files.efs_mount_target_ids[0])


app = App()
Storage(app, "storage")
app.synth()
