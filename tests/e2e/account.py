"""An emulated AWS account: its server in a separate process, and its contents."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import boto3
from botocore.config import Config

from tests import ROOT

ACCOUNT_ID = "444455556666"
"""Not moto's default, which Anyscale treats as a placeholder."""

INVENTORY: tuple[tuple[str, str, dict[str, str], str, str], ...] = (
    # service, operation, its arguments, the key of the list, the key of the ID
    ("ec2", "describe_vpcs", {}, "Vpcs", "VpcId"),
    ("ec2", "describe_subnets", {}, "Subnets", "SubnetId"),
    ("ec2", "describe_route_tables", {}, "RouteTables", "RouteTableId"),
    ("ec2", "describe_internet_gateways", {}, "InternetGateways", "InternetGatewayId"),
    ("ec2", "describe_nat_gateways", {}, "NatGateways", "NatGatewayId"),
    ("ec2", "describe_addresses", {}, "Addresses", "AllocationId"),
    ("ec2", "describe_security_groups", {}, "SecurityGroups", "GroupId"),
    ("ec2", "describe_security_group_rules", {}, "SecurityGroupRules", "SecurityGroupRuleId"),
    ("ec2", "describe_vpc_endpoints", {}, "VpcEndpoints", "VpcEndpointId"),
    ("ec2", "describe_flow_logs", {}, "FlowLogs", "FlowLogId"),
    ("ec2", "describe_launch_templates", {}, "LaunchTemplates", "LaunchTemplateId"),
    ("ec2", "describe_placement_groups", {}, "PlacementGroups", "GroupName"),
    ("iam", "list_roles", {}, "Roles", "RoleName"),
    ("iam", "list_policies", {"Scope": "Local"}, "Policies", "PolicyName"),
    ("iam", "list_instance_profiles", {}, "InstanceProfiles", "InstanceProfileName"),
    ("iam", "list_open_id_connect_providers", {}, "OpenIDConnectProviderList", "Arn"),
    ("kms", "list_aliases", {}, "Aliases", "AliasName"),
    ("s3", "list_buckets", {}, "Buckets", "Name"),
    ("efs", "describe_file_systems", {}, "FileSystems", "FileSystemId"),
    ("efs", "describe_access_points", {}, "AccessPoints", "AccessPointId"),
    ("memorydb", "describe_clusters", {}, "Clusters", "Name"),
    ("memorydb", "describe_snapshots", {}, "Snapshots", "Name"),
    ("memorydb", "describe_subnet_groups", {}, "SubnetGroups", "Name"),
    ("memorydb", "describe_parameter_groups", {}, "ParameterGroups", "Name"),
    ("memorydb", "describe_acls", {}, "ACLs", "Name"),
    ("memorydb", "describe_users", {}, "Users", "Name"),
    ("logs", "describe_log_groups", {}, "logGroups", "logGroupName"),
    ("secretsmanager", "list_secrets", {}, "SecretList", "Name"),
)
"""Every type of resource that the upstream modules create, and how to list it.

It lacks a VPC's default network ACL and network interfaces: AWS creates and removes those itself, and moto only creates
them. A KMS key exists for a waiting period after its alias.
"""

P = ParamSpec("P")
T = TypeVar("T")
Make = Callable[Concatenate["EmulatedAccount", P], T]


def _once(make: Make[P, T]) -> Make[P, T]:
    """Creates a resource at the first call with these arguments, and returns the same one at later calls."""

    @wraps(make)
    def give(account: "EmulatedAccount", /, *args: P.args, **kwargs: P.kwargs) -> T:
        key = repr((make.__name__, args, kwargs))
        if key not in account.made:
            account.made[key] = make(account, *args, **kwargs)
        made: T = account.made[key]
        return made

    return give


class EmulatedAccount:
    """One account on loopback.

    Attributes:
        endpoint: Its address.
        region: The region that `client` and `inventory` use.
        made: The resources that were created before any stack.
    """

    def __init__(self, endpoint: str, region: str, unanswered: Path) -> None:
        self.endpoint = endpoint
        self.region = region
        self._unanswered = unanswered
        self.made: dict[str, Any] = {}

    @property
    def unanswered(self) -> list[str]:
        """The calls that the server could not answer."""
        return self._unanswered.read_text().splitlines()

    def client(self, service: str) -> Any:
        """A boto3 client of this account."""
        return boto3.client(
            service,
            region_name=self.region,
            endpoint_url=self.endpoint,
            aws_access_key_id="emulated",
            aws_secret_access_key="emulated",  # noqa: S106 - moto takes any
            config=Config(retries={"max_attempts": 1}),
        )

    def inventory(self) -> set[str]:
        """Returns all resources, such as `ec2 vpc-1` or `iam some-role`."""
        clients = {service: self.client(service) for service, *_ in INVENTORY}
        found: set[str] = set()
        for service, operation, arguments, items, key in INVENTORY:
            client = clients[service]
            if client.can_paginate(operation):
                pages = list(client.get_paginator(operation).paginate(**arguments))
            else:
                pages = [getattr(client, operation)(**arguments)]
            found |= {f"{service} {item[key]}" for page in pages for item in page[items] if _exists(item)}
        eks = self.client("eks")
        for cluster in eks.list_clusters()["clusters"]:
            found.add(f"eks {cluster}")
            associations = eks.list_pod_identity_associations(clusterName=cluster)["associations"]
            found |= {f"eks {cluster} {association['associationId']}" for association in associations}
        return found

    def zones(self, subnets: list[str]) -> dict[str, str]:
        """The zone of each subnet, by its ID."""
        found = self.client("ec2").describe_subnets(SubnetIds=subnets)["Subnets"]
        zones = {subnet["SubnetId"]: subnet["AvailabilityZone"] for subnet in found}
        return {subnet: zones[subnet] for subnet in subnets}

    @_once
    def key(self) -> str:
        """Creates a key before any stack; returns its ARN."""
        arn: str = self.client("kms").create_key()["KeyMetadata"]["Arn"]
        return arn

    @_once
    def bucket(self, name: str) -> None:
        """Creates a bucket before any stack, which Anyscale's console can read."""
        s3 = self.client("s3")
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": self.region})
        rule = {
            "AllowedHeaders": ["*"],
            "AllowedMethods": ["GET", "PUT", "POST", "HEAD", "DELETE"],
            "AllowedOrigins": ["https://*.anyscale.com"],
            "ExposeHeaders": ["Accept-Ranges", "Content-Range", "Content-Length"],
        }
        s3.put_bucket_cors(Bucket=name, CORSConfiguration={"CORSRules": [rule]})

    @_once
    def cluster(self, name: str, subnets: list[str]) -> None:
        """Creates a Kubernetes cluster before any stack."""
        role = self.role(name, "eks.amazonaws.com")
        self.client("eks").create_cluster(name=name, roleArn=role, resourcesVpcConfig={"subnetIds": subnets})

    @_once
    def role(self, name: str, service: str) -> str:
        """Creates a role of a service before any stack; returns its ARN."""
        statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        arn: str = self.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        return arn

    @_once
    def security_group(self, vpc: str, name: str) -> str:
        """Creates a security group before any stack; returns its ID."""
        made = self.client("ec2").create_security_group(VpcId=vpc, GroupName=name, Description=name)
        group: str = made["GroupId"]
        return group

    @_once
    def file_system(self, subnets: list[str], security_group: str) -> str:
        """Creates a file system before any stack, with a mount target in each subnet; returns its ID."""
        efs = self.client("efs")
        made: str = efs.create_file_system(CreationToken="existing", Encrypted=True)["FileSystemId"]
        efs.put_backup_policy(FileSystemId=made, BackupPolicy={"Status": "ENABLED"})
        for subnet in subnets:
            efs.create_mount_target(FileSystemId=made, SubnetId=subnet, SecurityGroups=[security_group])
        return made

    @_once
    def memorydb(self, name: str, subnets: list[str], security_group: str) -> None:
        """Creates a Redis before any stack."""
        memorydb = self.client("memorydb")
        memorydb.create_subnet_group(SubnetGroupName=name, SubnetIds=subnets)
        memorydb.create_parameter_group(ParameterGroupName=name, Family="memorydb_redis7")
        eviction = {"ParameterName": "maxmemory-policy", "ParameterValue": "allkeys-lru"}
        memorydb.update_parameter_group(ParameterGroupName=name, ParameterNameValues=[eviction])
        memorydb.create_cluster(
            ClusterName=name,
            NodeType="db.t4g.small",
            ACLName="open-access",
            SubnetGroupName=name,
            ParameterGroupName=name,
            SecurityGroupIds=[security_group],
        )

    @_once
    def route_table(self, vpc: str, subnet: str) -> str:
        """Creates the route table of a subnet before any stack; returns its ID."""
        ec2 = self.client("ec2")
        made: str = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
        ec2.associate_route_table(RouteTableId=made, SubnetId=subnet)
        return made

    @_once
    def network(self, cidr: str, subnets: list[str]) -> tuple[str, list[str]]:
        """Creates a network before any stack: a VPC, and subnets in successive zones.

        Returns:
            The ID of the VPC, and those of the subnets.
        """
        ec2 = self.client("ec2")
        zones = sorted(zone["ZoneName"] for zone in ec2.describe_availability_zones()["AvailabilityZones"])
        vpc = ec2.create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"]
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
        made = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=block, AvailabilityZone=zones[index % len(zones)])
            for index, block in enumerate(subnets)
        ]
        return vpc, [answer["Subnet"]["SubnetId"] for answer in made]


def _exists(item: dict[str, Any]) -> bool:
    """AWS lists NAT gateways and endpoints for some time after their deletion."""
    return str(item.get("State", "")).lower() != "deleted"


@contextmanager
def emulated_account(region: str, log: Path) -> Iterator[EmulatedAccount]:
    """An account that lasts as long as the block.

    Args:
        region: Its region.
        log: The file for the server's output.
    """
    unanswered = log.with_suffix(".unanswered")
    unanswered.touch()
    program = [sys.executable, "-m", "tests.e2e.account_server", ACCOUNT_ID, str(unanswered)]
    with (
        log.open("w") as errors,
        subprocess.Popen(program, cwd=ROOT, stdout=subprocess.PIPE, stderr=errors, text=True) as server,
    ):
        assert server.stdout
        endpoint = server.stdout.readline().strip()
        if not endpoint:
            raise RuntimeError(f"the emulated account did not start: {log.read_text()}")
        try:
            yield EmulatedAccount(endpoint, region, unanswered)
        finally:
            server.terminate()
