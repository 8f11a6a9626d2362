"""Wrong programs, with the errors of mypy and pyright for each line; `make check` runs both.

Both also report unnecessary ignore comments, so a mistake that one of them no longer finds fails as well.
"""

from typing import assert_type

from anyscale_constructs import App, CloudStack, Construct, Data, Expr, Resource, expr, fn
from anyscale_constructs.aws import S3, Efs, ExistingVpc, Iam, S3Policy, SecurityGroups, Vpc
from anyscale_constructs.aws.iam import IamConfig
from anyscale_constructs.aws.s3 import BucketConfig
from anyscale_constructs.aws.securitygroups import SecurityGroupConfig
from anyscale_constructs.aws.vpc import VpcConfig
from anyscale_constructs.clouds import Ec2Config, Ec2Stack, EksConfig, EksStack, GceConfig
from anyscale_constructs.google import ExistingProject, VpcFirewall
from anyscale_constructs.kubernetes.config import GatewayConfig


def configuration(known_later: Expr) -> Ec2Config:
    assert_type(VpcConfig(), VpcConfig)
    assert_type(VpcConfig(cidr_block=known_later).cidr_block, str)
    VpcConfig(cidr_blok=1)  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
    VpcConfig("10.0.0.0/16")  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
    VpcConfig(cidr_block=1)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    VpcConfig(availability_zone_count="three")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    VpcConfig(public_subnets="10.0.0.0/24")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    VpcConfig(tags={"team": 1})  # type: ignore[dict-item] # pyright: ignore[reportArgumentType]
    _ = VpcConfig().cidr_blok  # type: ignore[attr-defined] # pyright: ignore[reportAttributeAccessIssue]
    _ = VpcConfig().availability_zones + 1  # type: ignore[operator] # pyright: ignore[reportOperatorIssue]
    ExistingVpc(vpc_id=known_later, subnet_ids_to_az={known_later: known_later})
    ExistingVpc(vpc_id="vpc-0123456789abcdef0")  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
    BucketConfig(name=known_later, lifecycle_rules=[{"id": "a"}])
    BucketConfig(lifecycle_rules={"id": "a"})  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    IamConfig(control_plane_role_arn=known_later, cluster_node_secret_arns=[known_later])
    IamConfig(cluster_node_secret_arns=[1])  # type: ignore[list-item] # pyright: ignore[reportArgumentType]
    GatewayConfig(ingress_cidr_blocks=[known_later])

    Ec2Config()  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
    Ec2Config(region=5)  # type: ignore[arg-type,call-arg] # pyright: ignore[reportCallIssue]
    Ec2Config(region=5, org_id="org_1234abcd")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    cloud = Ec2Config(region="us-east-2", org_id="org_1234abcd", kms_key_arn=known_later)
    Ec2Config(region="us-east-2", org_id="org_1234abcd", networking_mode="private")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    Ec2Config(region="us-east-2", org_id="org_1234abcd", vpc=BucketConfig())  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    Ec2Config(region="us-east-2", org_id="org_1234abcd", vpc={"cidr_block": "10.0.0.0/16"})  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    Ec2Config(region="us-east-2", org_id="org_1234abcd", security_group=SecurityGroupConfig)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    assert_type(cloud, Ec2Config)
    assert_type(cloud.vpc, VpcConfig | ExistingVpc)
    return cloud


def clouds(app: App, ec2: Ec2Config, eks: EksConfig, gce: GceConfig) -> None:
    assert_type(Ec2Stack(app, "a", ec2).config, Ec2Config)
    Ec2Stack(app, "a")  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
    Ec2Stack(app, "a", gce)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    Ec2Stack("a", ec2)  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
    assert_type(EksStack.build(app, "a", eks), list[CloudStack])
    EksStack.build(app, "a", ec2)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


def constructs(stack: CloudStack) -> None:
    vpc = Vpc(stack, cidr_block="10.0.0.0/16", public_subnets=["10.0.0.0/24"], tags={"team": "ml"})
    assert_type(vpc, Vpc)
    assert_type(vpc.private_subnet_ids, Expr)
    Vpc(stack, cidr_blok="10.0.0.0/16")  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
    Vpc(stack, networking_mode="private")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    Vpc(stack, cidr_block=1)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    Vpc(stack, public_subnets=[1])  # type: ignore[list-item] # pyright: ignore[reportArgumentType]
    Vpc(stack, tags=["team"])  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    Vpc(stack, enable_vpc_dns_support="true")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    Vpc(stack, gateway_vpc_endpoints={"s3": {"name": "s3"}})  # type: ignore[dict-item] # pyright: ignore[reportArgumentType]
    Vpc(stack, gateway_vpc_endpoints={"s3": {"name": 1, "policy": None}})  # type: ignore[dict-item] # pyright: ignore[reportArgumentType]
    Vpc()  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
    _ = vpc.private_subnets_ids  # type: ignore[attr-defined] # pyright: ignore[reportAttributeAccessIssue]

    group = SecurityGroups(stack, vpc=vpc, ingress_cidr_blocks=[vpc.vpc_cidr_block])
    bucket = S3(stack, kms_key_arn=expr("aws_kms_key.this.arn"))
    roles = Iam(stack, bucket=bucket, anyscale_external_id="org_1234abcd-a")
    S3Policy(stack, bucket=bucket, iam=roles)
    S3Policy(stack, bucket=vpc, iam=roles)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    S3Policy(stack, bucket="acme", iam=roles)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    S3Policy(stack, bucket=bucket)  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
    SecurityGroups(stack, vpc="vpc-0123456789abcdef0")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    SecurityGroups(stack, vpc=VpcConfig())  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    SecurityGroups(stack, vpc=vpc, ingress_cidr_blocks=443)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    SecurityGroups(stack, vpc=vpc, vpc_id="vpc-0123456789abcdef0")  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
    Efs(stack, vpc=vpc, security_group=bucket)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    Efs(stack, vpc=vpc, security_group=group, depends_on=["s3"])  # type: ignore[list-item] # pyright: ignore[reportArgumentType]
    project = ExistingProject(project_id="acme-ml")
    VpcFirewall(stack, project=project, vpc=vpc)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    stack.add_output(1, vpc.vpc_id)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    stack.add_outputs("vpc_id", vpc.vpc_id)  # type: ignore[attr-defined] # pyright: ignore[reportAttributeAccessIssue]


def own_construct(scope: Construct) -> None:
    Vpc(scope, depends_on=scope)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


def functions(stack: CloudStack, vpc: Vpc) -> None:
    assert_type(fn.join(",", vpc.private_subnet_ids), Expr)
    assert_type(fn.cidrsubnet(vpc.vpc_cidr_block, 4, fn.length([vpc.vpc_id, "a"])), Expr)
    fn.jsonencode({"ids": vpc.private_subnet_ids, vpc.vpc_id: [1, None]})
    fn.join(",", ["a", vpc.vpc_id], [f"{vpc.vpc_id}-b"])
    fn.upper(1)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    fn.upper(str="a")  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
    fn.cidrsubnet("10.0.0.0/16", "4", 1)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    fn.cidrsubnet("10.0.0.0/16", 4)  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
    fn.join(",", [1])  # type: ignore[list-item] # pyright: ignore[reportArgumentType]
    fn.sort({"a"})  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    fn.uper("a")  # type: ignore[attr-defined] # pyright: ignore[reportAttributeAccessIssue]

    size = stack.add_variable("size", "string", default="small", sensitive=True)
    check = fn.contains(["small"], size)
    stack.add_variable("other", "string", validation=[{"condition": check, "error_message": "No."}])
    stack.add_variable("other", "string", validation=[{"condition": "a", "error_message": "No."}])  # type: ignore[typeddict-item] # pyright: ignore[reportArgumentType]
    stack.add_variable("other", "string", defualt=1)  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
    stack.add_variable("other")  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
    assert_type(stack.add_local("local", {"a": [size]}), Expr)
    assert_type(Resource(stack, "aws_s3_bucket", "logs", {"bucket": size}).attribute("arn"), Expr)
    Data(stack, "aws_vpc", "this")  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
