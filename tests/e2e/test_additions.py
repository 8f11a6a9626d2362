from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.e2e.account import ACCOUNT_ID, EmulatedAccount, emulated_account


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatedAccount]:
    log: Path = tmp_path_factory.mktemp("account") / "log"
    with emulated_account("us-east-2", log) as account:
        yield account


def test_the_account_is_none_that_anyscale_takes_for_a_placeholder(account: EmulatedAccount) -> None:
    assert account.client("sts").get_caller_identity()["Account"] == ACCOUNT_ID != "123456789012"


def test_a_backup_policy_is_switched_on_and_off(account: EmulatedAccount) -> None:
    efs = account.client("efs")
    system = efs.create_file_system(CreationToken="one")["FileSystemId"]

    for status in ("ENABLED", "DISABLED"):
        efs.put_backup_policy(FileSystemId=system, BackupPolicy={"Status": status})
        assert efs.describe_backup_policy(FileSystemId=system)["BackupPolicy"]["Status"] == status


def test_a_parameter_group_keeps_what_is_set(account: EmulatedAccount) -> None:
    memorydb = account.client("memorydb")
    tags = [{"Key": "team", "Value": "ml"}]
    group = memorydb.create_parameter_group(ParameterGroupName="ray", Family="memorydb_redis7", Tags=tags)
    memorydb.update_parameter_group(
        ParameterGroupName="ray",
        ParameterNameValues=[{"ParameterName": "maxmemory-policy", "ParameterValue": "allkeys-lru"}],
    )

    parameters = memorydb.describe_parameters(ParameterGroupName="ray")["Parameters"]
    assert {"Name": "maxmemory-policy", "Value": "allkeys-lru"} in parameters
    assert memorydb.list_tags(ResourceArn=group["ParameterGroup"]["ARN"])["TagList"] == tags
    memorydb.delete_parameter_group(ParameterGroupName="ray")
    with pytest.raises(ClientError, match="ParameterGroupNotFoundFault"):
        memorydb.describe_parameter_groups(ParameterGroupName="ray")


def test_an_access_control_list_gains_and_loses_users(account: EmulatedAccount) -> None:
    memorydb = account.client("memorydb")
    memorydb.create_acl(ACLName="ray", UserNames=["one"])
    memorydb.update_acl(ACLName="ray", UserNamesToAdd=["two"], UserNamesToRemove=["one"])

    assert memorydb.describe_acls(ACLName="ray")["ACLs"][0]["UserNames"] == ["two"]
    memorydb.delete_acl(ACLName="ray")
    with pytest.raises(ClientError, match="ACLNotFoundFault"):
        memorydb.delete_acl(ACLName="ray")


def test_a_deleted_cluster_is_told_as_gone(account: EmulatedAccount) -> None:
    memorydb = account.client("memorydb")
    memorydb.create_cluster(ClusterName="ray", NodeType="db.t4g.small", ACLName="open-access")

    with pytest.raises(ClientError, match="ClusterNotFoundFault"):
        memorydb.delete_cluster(ClusterName="ray")

    assert memorydb.describe_clusters()["Clusters"] == []


def test_ec2_quotas_are_ample(account: EmulatedAccount) -> None:
    quota = account.client("service-quotas").get_service_quota(ServiceCode="ec2", QuotaCode="L-417A185B")

    assert quota["Quota"]["Value"] > 1000


def test_a_call_that_moto_lacks_is_answered_501_and_told(account: EmulatedAccount) -> None:
    with pytest.raises(ClientError) as raised:
        account.client("memorydb").list_allowed_node_type_updates(ClusterName="ray")

    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert any("list_allowed_node_type_updates" in call for call in account.unanswered)


def test_the_inventory_shows_what_was_made(account: EmulatedAccount) -> None:
    before = account.inventory()
    vpc, subnets = account.network("10.0.0.0/16", ["10.0.0.0/20", "10.0.16.0/20"])

    made = account.inventory() - before

    assert {f"ec2 {vpc}", *(f"ec2 {subnet}" for subnet in subnets)} <= made


def test_lifecycle_rules_keep_the_sizes_of_their_filters(account: EmulatedAccount) -> None:
    s3 = account.client("s3")
    s3.create_bucket(Bucket="rules", CreateBucketConfiguration={"LocationConstraint": account.region})
    matching = {"And": {"Prefix": "tmp/", "ObjectSizeGreaterThan": 0}}
    rule = {"ID": "one", "Status": "Enabled", "Filter": matching, "Expiration": {"Days": 1}}
    s3.put_bucket_lifecycle_configuration(Bucket="rules", LifecycleConfiguration={"Rules": [rule]})

    assert s3.get_bucket_lifecycle_configuration(Bucket="rules")["Rules"] == [rule]


def test_a_file_system_policy_is_removed(account: EmulatedAccount) -> None:
    efs = account.client("efs")
    system = efs.create_file_system(CreationToken="two")["FileSystemId"]
    efs.put_file_system_policy(FileSystemId=system, Policy="{}")

    efs.delete_file_system_policy(FileSystemId=system)

    with pytest.raises(ClientError, match="PolicyNotFound"):
        efs.describe_file_system_policy(FileSystemId=system)
