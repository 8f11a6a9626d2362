"""The same EC2 clouds in plain cdktf, as someone would write them by hand without this library.

Usage: python bare.py OUT COUNT [--prebuilt]
"""

import json
import sys
from typing import Any

from cdktf import App, LocalBackend, TerraformHclModule, TerraformOutput, TerraformStack  # noqa: TID251 - the reference for the comparison

if "--prebuilt" in sys.argv:
    from cdktf_cdktf_provider_aws.provider import AwsProvider

REPOSITORY = "git::https://github.com/anyscale/terraform-aws-anyscale-cloudfoundation-modules.git//modules"
COMMIT = "9880f839099b428243a75324ad518b098f553263"


class Cloud(TerraformStack):
    def __init__(self, scope: App, name: str) -> None:
        super().__init__(scope, name)
        LocalBackend(self, path=f"../../../terraform.{name}.tfstate")
        if "--prebuilt" in sys.argv:
            AwsProvider(self, "aws", region="us-west-2")
        else:
            self.add_override("provider.aws", [{"region": "us-west-2"}])
        self.add_override("terraform.required_version", ">= 1.9.0")
        self.add_override(
            "terraform.required_providers.aws", {"source": "hashicorp/aws", "version": ">= 6.37.0, < 7.0.0"}
        )
        self.add_override(
            "terraform.required_providers.time", {"source": "hashicorp/time", "version": ">= 0.9.0, < 1.0.0"}
        )
        self.add_override(
            "terraform.required_providers.random",
            {"source": "hashicorp/random", "version": ">= 3.0.0, < 4.0.0"},
        )
        external_id = f"org_1234abcd-{name}"
        tags = {
            "anyscale-org-id": "org_1234abcd",
            "anyscale-deploy-environment": "production",
            "tf_module": "anyscale-constructs",
        }
        vpc = self.module(
            "vpc",
            "vpc",
            anyscale_vpc_name=name,
            cidr_block="10.20.0.0/16",
            map_public_ip_on_launch=False,
            public_subnets=["10.20.0.0/19", "10.20.32.0/19", "10.20.64.0/19"],
            private_subnets=["10.20.128.0/19", "10.20.160.0/19", "10.20.192.0/19"],
            enable_vpc_flow_logs=True,
            create_flow_log_cloudwatch_log_group=True,
            create_flow_log_cloudwatch_iam_role=True,
            tags=tags,
        )
        group = self.module(
            "securitygroups",
            "securitygroups",
            vpc_id=vpc.get_string("vpc_id"),
            ingress_from_cidr_map=[{"rule": "https-443-tcp", "cidr_blocks": "10.0.0.0/8"}],
            security_group_name_prefix="anyscale-nodes-",
            tags=tags,
        )
        bucket = self.module("s3", "s3", bucket_namespace="global", anyscale_bucket_prefix="anyscale-", tags=tags)
        iam = self.module(
            "iam",
            "iam",
            anyscale_s3_bucket_arn=bucket.get_string("s3_bucket_arn"),
            anyscale_org_id="org_1234abcd",
            anyscale_external_id=external_id,
            anyscale_access_role_name_prefix="anyscale-control-plane-",
            anyscale_cluster_node_role_name_prefix="anyscale-node-",
            tags=tags,
        )
        statement = {"Effect": "Allow", "Action": ["ec2:DescribeCapacityReservations"], "Resource": ["*"]}
        self.add_override(
            "resource.aws_iam_role_policy.iam_control_plane",
            {
                "name": "control_plane",
                "role": "${module.iam.iam_anyscale_access_role_name}",
                "policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]}, sort_keys=True),
            },
        )
        self.add_override(
            "resource.aws_default_security_group.this",
            {"vpc_id": "${module.vpc.vpc_id}", "ingress": [], "egress": [], "tags": tags},
        )
        self.module(
            "s3_policy",
            "s3-policy",
            anyscale_bucket_name=bucket.get_string("s3_bucket_id"),
            anyscale_controlplane_role_arn=iam.get_string("iam_anyscale_access_role_arn"),
            anyscale_dataplane_role_arn=iam.get_string("iam_cluster_node_role_arn"),
        )
        efs = self.module(
            "efs",
            "efs",
            anyscale_efs_name=name,
            mount_targets_subnets=vpc.get_string("private_subnet_ids"),
            mount_targets_subnet_count=3,
            associated_security_group_ids=[group.get_string("security_group_id")],
            tags=tags,
        )
        memorydb = self.module(
            "memorydb",
            "memorydb",
            module_enabled=True,
            memorydb_subnet_ids=vpc.get_string("private_subnet_ids"),
            memorydb_security_group_ids=[group.get_string("security_group_id")],
            existing_memorydb_acl_name="open-access",
            tags=tags,
        )
        outputs = {
            "anyscale_org_id": "org_1234abcd",
            "anyscale_vpc_id": vpc.get_string("vpc_id"),
            "anyscale_s3_bucket_id": bucket.get_string("s3_bucket_id"),
            "anyscale_security_group_id": group.get_string("security_group_id"),
            "anyscale_iam_role_arn": iam.get_string("iam_anyscale_access_role_arn"),
            "anyscale_iam_role_external_id": external_id,
            "anyscale_iam_role_cluster_node_arn": iam.get_string("iam_cluster_node_role_arn"),
            "anyscale_iam_instance_profile_role_arn": iam.get_string("iam_cluster_node_instance_profile_role_arn"),
            "anyscale_vpc_public_routetable_ids": vpc.get_string("public_route_table_ids"),
            "anyscale_vpc_public_subnet_ids": vpc.get_string("public_subnet_ids"),
            "anyscale_vpc_public_subnet_ids_az_map": vpc.get_string("public_subnet_ids_az_map"),
            "anyscale_vpc_private_routetable_ids": vpc.get_string("private_route_table_ids"),
            "anyscale_vpc_private_subnet_ids": vpc.get_string("private_subnet_ids"),
            "anyscale_vpc_private_subnet_ids_az_map": vpc.get_string("private_subnet_ids_az_map"),
            "anyscale_efs_id": efs.get_string("efs_id"),
            "anyscale_efs_arn": efs.get_string("efs_arn"),
            "anyscale_efs_mount_target_ids": efs.get_string("efs_mount_target_ids"),
            "anyscale_efs_mount_target_ips": efs.get_string("efs_mount_target_ips"),
            "anyscale_memorydb_cluster_id": memorydb.get_string("memorydb_cluster_id"),
            "anyscale_memorydb_cluster_arn": memorydb.get_string("memorydb_cluster_arn"),
            "anyscale_memorydb_cluster_endpoint_address": memorydb.get_string("memorydb_cluster_endpoint_address"),
            "anyscale_memorydb_cluster_endpoint_port": memorydb.get_string("memorydb_cluster_endpoint_port"),
            "anyscale_cloud_name": name,
            "anyscale_cloud_resource": {
                "name": "vm-aws-us-west-2",
                "provider": "AWS",
                "compute_stack": "VM",
                "region": "us-west-2",
                "networking_mode": "PRIVATE",
                "object_storage": {
                    "bucket_name": "s3://" + bucket.get_string("s3_bucket_id"),
                    "region": "us-west-2",
                },
                "file_storage": {"file_storage_id": efs.get_string("efs_id")},
                "aws_config": {
                    "vpc_id": vpc.get_string("vpc_id"),
                    "subnet_ids": vpc.get_string("private_subnet_ids"),
                    "security_group_ids": [group.get_string("security_group_id")],
                    "anyscale_iam_role_id": iam.get_string("iam_anyscale_access_role_arn"),
                    "external_id": external_id,
                    "cluster_iam_role_id": iam.get_string("iam_cluster_node_role_arn"),
                    "cluster_instance_profile_id": iam.get_string("iam_cluster_node_instance_profile_role_arn"),
                    "memorydb_cluster_name": memorydb.get_string("memorydb_cluster_id"),
                },
            },
        }
        for key, value in outputs.items():
            TerraformOutput(self, key, value=value)

    def module(self, id: str, path: str, **inputs: Any) -> TerraformHclModule:
        return TerraformHclModule(self, id, source=f"{REPOSITORY}/aws-anyscale-{path}?ref={COMMIT}", variables=inputs)


app = App(outdir=sys.argv[1], stack_traces=False)
for number in range(int(sys.argv[2])):
    Cloud(app, f"cloud-{number:03}")
app.synth()
