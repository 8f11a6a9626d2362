"""`register --verify` with the real program's own checks, of infrastructure in an emulated account."""

import json
import pathlib
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from anyscale_constructs.anyscale import CONTROL_PLANE_ACCOUNT
from tests.e2e.account import ACCOUNT_ID, EmulatedAccount, emulated_account
from tests.e2e.control_plane import ControlPlane
from tests.e2e.registration.conftest import Cli, Outcome
from tests.missing import find_anyscale
from tests.registration_samples import AWS_VM, changed

REGION = "us-east-2"
_POLICIES = (
    "import json; from anyscale.aws_iam_policies import *; "
    "print(json.dumps([ANYSCALE_IAM_PERMISSIONS_EC2_STEADY_STATE, ANYSCALE_IAM_PERMISSIONS_SERVICE_STEADY_STATE]))"
)


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatedAccount]:
    with emulated_account(REGION, tmp_path_factory.mktemp("account") / "account.log") as account:
        yield account


@pytest.fixture(scope="module")
def resource(account: EmulatedAccount) -> dict[str, Any]:
    """A cloud that passes all checks except that of MemoryDB, which has no TLS."""
    vpc, subnets = account.network("10.0.0.0/16", ["10.0.0.0/20", "10.0.16.0/20"])
    ec2, memorydb = account.client("ec2"), account.client("memorydb")
    for subnet in subnets:
        ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
    group = ec2.create_security_group(GroupName="nodes", Description="nodes", VpcId=vpc)["GroupId"]
    https = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "203.0.113.0/24"}]}
    itself = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[https, itself])
    account.bucket("acme-anyscale")
    memorydb.create_subnet_group(SubnetGroupName="nodes", SubnetIds=subnets)
    memorydb.create_parameter_group(ParameterGroupName="lru", Family="memorydb_redis7")
    memorydb.update_parameter_group(
        ParameterGroupName="lru",
        ParameterNameValues=[{"ParameterName": "maxmemory-policy", "ParameterValue": "allkeys-lru"}],
    )
    memorydb.create_cluster(
        ClusterName="anyscale",
        NodeType="db.t4g.small",
        ACLName="open-access",
        ParameterGroupName="lru",
        SubnetGroupName="nodes",
        SecurityGroupIds=[group],
        TLSEnabled=False,
    )
    access, node = _roles(account, pathlib.Path(find_anyscale()))
    return changed(
        AWS_VM,
        object_storage__bucket_name="s3://acme-anyscale",
        file_storage=None,
        aws_config__vpc_id=vpc,
        aws_config__subnet_ids=subnets,
        aws_config__security_group_ids=[group],
        aws_config__anyscale_iam_role_id=access,
        aws_config__cluster_iam_role_id=node,
        aws_config__cluster_instance_profile_id=f"arn:aws:iam::{ACCOUNT_ID}:instance-profile/node",
        aws_config__memorydb_cluster_name="anyscale",
    )


def _roles(account: EmulatedAccount, program: pathlib.Path) -> tuple[str, str]:
    """Creates the control plane's role, with everything that the program checks, and the nodes' role."""
    iam = account.client("iam")
    statement = {"Effect": "Allow", "Principal": {"AWS": CONTROL_PLANE_ACCOUNT}, "Action": "sts:AssumeRole"}
    statement["Condition"] = {"StringEquals": {"sts:ExternalId": AWS_VM["aws_config"]["external_id"]}}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    access = iam.create_role(RoleName="access", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    python = program.resolve().with_name("python")
    for number, policy in enumerate(json.loads(subprocess.check_output([python, "-c", _POLICIES], text=True))):
        iam.put_role_policy(RoleName="access", PolicyName=f"p{number}", PolicyDocument=json.dumps(policy))
    node = account.role("node", "ec2.amazonaws.com")
    iam.create_instance_profile(InstanceProfileName="node")
    iam.add_role_to_instance_profile(InstanceProfileName="node", RoleName="node")
    return access, node


@pytest.fixture
def verifying(register: Cli, account: EmulatedAccount) -> Cli:
    register.environment |= {
        "AWS_ENDPOINT_URL": account.endpoint,
        "AWS_ACCESS_KEY_ID": "emulated",
        "AWS_SECRET_ACCESS_KEY": "emulated",
        "AWS_DEFAULT_REGION": REGION,
    }
    return register


def test_a_failed_check_is_exit_status_4_even_if_the_program_exits_with_0(
    verifying: Cli, plane: ControlPlane, resource: dict[str, Any]
) -> None:
    outcome = verifying(resource, "--verify", "--json")
    ((cloud_id, (stored,)),) = plane.resources.items()
    assert stored["name"] == resource["name"]
    assert (outcome.exit_status, outcome.stdout) == (4, "")
    says = f"the cloud prod ({cloud_id}) is registered, but its verification failed: memorydb cluster: FAILED"
    assert says in outcome.stderr
    _all_is_shown(outcome, "iam roles: PASSED", "memorydb cluster: FAILED")


def test_all_failed_checks_are_shown_if_one_ends_the_program(
    verifying: Cli, plane: ControlPlane, resource: dict[str, Any]
) -> None:
    outcome = verifying(changed(resource, object_storage__bucket_name="s3://acme-missing"), "--verify")
    assert (outcome.exit_status, plane.clouds) == (4, {})
    assert "the cloud prod was not created, and nothing is left of it" in outcome.stderr
    _all_is_shown(outcome, "iam roles: PASSED", "s3: FAILED")


def _all_is_shown(outcome: Outcome, *results: str) -> None:
    """The checks of the network come first, and their results last."""
    shown = [line.removeprefix("  | ") for line in outcome.stderr.splitlines() if line.startswith("  | ")]
    assert "Verifying VPC ..." in "".join(shown[:2])
    assert [result for result in results if shown.count(result) != 1] == []
    assert "\x1b" not in outcome.stderr
