"""The VPC, bucket and other constructs that these tests use."""

from anyscale_constructs.aws import ExistingBucket, ExistingRoles, ExistingSecurityGroup, ExistingVpc

SUBNETS = {
    "subnet-0123456789abcdef0": "us-east-2a",
    "subnet-0123456789abcdef1": "us-east-2b",
    "subnet-0123456789abcdef2": "us-east-2b",
}
NETWORK = ExistingVpc(vpc_id="vpc-0123456789abcdef0", subnet_ids_to_az=SUBNETS)
GROUP = ExistingSecurityGroup(security_group_id="sg-0123456789abcdef0")
BUCKET = ExistingBucket(bucket_name="acme-anyscale")
ROLE = "arn:aws:iam::111122223333:role/acme"
ROLES = ExistingRoles(control_plane_role_arn=ROLE, cluster_node_role_arn=f"{ROLE}-node")
