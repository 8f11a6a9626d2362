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


def test_the_account_is_not_one_of_anyscales_placeholders(account: EmulatedAccount) -> None:
    assert account.client("sts").get_caller_identity()["Account"] == ACCOUNT_ID != "123456789012"


def test_existing_resources_are_created_once(account: EmulatedAccount) -> None:
    made = [
        (account.key(), account.network("10.9.0.0/16", ["10.9.0.0/20"]), account.role("node", "ec2.amazonaws.com"))
        for _ in range(2)
    ]
    account.bucket("once")
    account.bucket("once")
    assert made[0] == made[1]
    assert account.network("10.9.0.0/16", ["10.9.16.0/20"]) != made[0][1]


def test_a_rule_for_a_security_group_keeps_its_description(account: EmulatedAccount) -> None:
    ec2 = account.client("ec2")
    vpc, _ = account.network("10.8.0.0/16", [])
    groups = [account.security_group(vpc, name) for name in ("store", "nodes")]
    pair = {"GroupId": groups[1], "Description": "Nodes"}
    rule = {"IpProtocol": "tcp", "FromPort": 2049, "ToPort": 2049, "UserIdGroupPairs": [pair]}
    made = ec2.authorize_security_group_ingress(GroupId=groups[0], IpPermissions=[rule])["SecurityGroupRules"]
    found = ec2.describe_security_group_rules(SecurityGroupRuleIds=[made[0]["SecurityGroupRuleId"]])
    assert found["SecurityGroupRules"][0]["Description"] == "Nodes"


def test_a_placement_group_is_created_and_deleted(account: EmulatedAccount) -> None:
    ec2 = account.client("ec2")
    tags = [{"Key": "team", "Value": "ml"}]
    ec2.create_placement_group(
        GroupName="ray", Strategy="cluster", TagSpecifications=[{"ResourceType": "placement-group", "Tags": tags}]
    )

    (found,) = ec2.describe_placement_groups(GroupNames=["ray"])["PlacementGroups"]
    assert (found["Strategy"], found["State"], found["Tags"]) == ("cluster", "available", tags)
    ec2.delete_placement_group(GroupName="ray")
    with pytest.raises(ClientError, match=r"InvalidPlacementGroup\.Unknown"):
        ec2.describe_placement_groups(GroupNames=["ray"])


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


def test_a_deleted_cluster_does_not_exist(account: EmulatedAccount) -> None:
    memorydb = account.client("memorydb")
    memorydb.create_cluster(ClusterName="ray", NodeType="db.t4g.small", ACLName="open-access")

    with pytest.raises(ClientError, match="ClusterNotFoundFault"):
        memorydb.delete_cluster(ClusterName="ray")

    assert memorydb.describe_clusters()["Clusters"] == []


def test_ec2_quotas_are_ample(account: EmulatedAccount) -> None:
    quota = account.client("service-quotas").get_service_quota(ServiceCode="ec2", QuotaCode="L-417A185B")

    assert quota["Quota"]["Value"] > 1000


def test_a_call_that_moto_lacks_is_reported_with_status_501(account: EmulatedAccount) -> None:
    with pytest.raises(ClientError) as raised:
        account.client("memorydb").list_allowed_node_type_updates(ClusterName="ray")

    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert any("list_allowed_node_type_updates" in call for call in account.unanswered)


def test_the_inventory_lists_created_resources(account: EmulatedAccount) -> None:
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


@pytest.fixture(scope="module")
def cluster(account: EmulatedAccount) -> str:
    _, subnets = account.network("10.1.0.0/16", ["10.1.0.0/20"])
    account.cluster("ray", subnets)
    return "ray"


def test_a_clusters_security_group_is_deleted_with_the_cluster(account: EmulatedAccount) -> None:
    vpc, subnets = account.network("10.2.0.0/16", ["10.2.0.0/20"])
    before = account.inventory()
    account.cluster("brief", subnets)
    network = account.client("eks").describe_cluster(name="brief")["cluster"]["resourcesVpcConfig"]

    group = network["clusterSecurityGroupId"]
    assert network["vpcId"] == vpc
    assert {f"ec2 {group}", "eks brief"} <= account.inventory() - before
    account.client("eks").delete_cluster(name="brief")
    account.client("iam").delete_role(RoleName="brief")
    assert account.inventory() == before


def test_an_addon_has_a_version_and_can_be_updated(account: EmulatedAccount, cluster: str) -> None:
    eks = account.client("eks")
    (addon,) = eks.describe_addon_versions(addonName="coredns", kubernetesVersion="1.33")["addons"]
    release = addon["addonVersions"][0]["addonVersion"]
    own = {"clusterName": cluster, "addonName": "coredns"}
    eks.create_addon(**own, addonVersion=release, tags={"team": "ml"})

    update = eks.update_addon(**own, configurationValues="{}")["update"]["id"]

    assert eks.describe_update(name=cluster, addonName="coredns", updateId=update)["update"]["status"] == "Successful"
    found = eks.describe_addon(**own)["addon"]
    assert (found["addonVersion"], found["configurationValues"], found["status"]) == (release, "{}", "ACTIVE")
    assert eks.list_tags_for_resource(resourceArn=found["addonArn"])["tags"] == {"team": "ml"}
    eks.delete_addon(**own)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        eks.describe_addon(**own)


def test_an_access_entry_gains_and_loses_policies(account: EmulatedAccount, cluster: str) -> None:
    eks = account.client("eks")
    own = {"clusterName": cluster, "principalArn": f"arn:aws:iam::{ACCOUNT_ID}:role/teams/platform"}
    policy = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
    eks.create_access_entry(**own)

    eks.associate_access_policy(**own, policyArn=policy, accessScope={"type": "cluster"})

    assert eks.describe_access_entry(**own)["accessEntry"]["type"] == "STANDARD"
    (found,) = eks.list_associated_access_policies(**own)["associatedAccessPolicies"]
    assert (found["policyArn"], found["accessScope"]["type"]) == (policy, "cluster")
    eks.disassociate_access_policy(**own, policyArn=policy)
    assert eks.list_associated_access_policies(**own)["associatedAccessPolicies"] == []
    eks.delete_access_entry(**own)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        eks.list_associated_access_policies(**own)


def test_a_pod_identity_association_changes_its_role_and_tags(account: EmulatedAccount, cluster: str) -> None:
    eks = account.client("eks")
    pod = {"namespace": "anyscale-operator", "serviceAccount": "anyscale-operator"}
    role = f"arn:aws:iam::{ACCOUNT_ID}:role/"
    made = eks.create_pod_identity_association(clusterName=cluster, roleArn=role + "one", **pod)["association"]
    own = {"clusterName": cluster, "associationId": made["associationId"]}

    eks.update_pod_identity_association(**own, roleArn=role + "two")
    eks.tag_resource(resourceArn=made["associationArn"], tags={"team": "ml", "cost": "1"})
    eks.untag_resource(resourceArn=made["associationArn"], tagKeys=["cost"])

    found = eks.describe_pod_identity_association(**own)["association"]
    assert (found["roleArn"], found["tags"]) == (role + "two", {"team": "ml"})
    assert f"eks {cluster} {made['associationId']}" in account.inventory()
    eks.delete_pod_identity_association(**own)
    assert eks.list_pod_identity_associations(clusterName=cluster)["associations"] == []


def test_a_node_group_keeps_its_update_settings(account: EmulatedAccount, cluster: str) -> None:
    eks = account.client("eks")
    group = eks.create_nodegroup(
        clusterName=cluster,
        nodegroupName="default",
        subnets=[],
        nodeRole=f"arn:aws:iam::{ACCOUNT_ID}:role/nodes",
        updateConfig={"maxUnavailablePercentage": 33},
    )["nodegroup"]

    assert group["updateConfig"] == {"maxUnavailablePercentage": 33}
    assert "remoteAccess" not in group


def test_an_image_for_nodes_has_a_version(account: EmulatedAccount) -> None:
    name = "/aws/service/eks/optimized-ami/1.33/amazon-linux-2023/x86_64/standard/recommended/release_version"
    ssm = account.client("ssm")

    assert ssm.get_parameter(Name=name)["Parameter"]["Value"].startswith("1.33.")
    with pytest.raises(ClientError, match="ParameterNotFound"):
        ssm.get_parameter(Name="/aws/service/eks/other")


def test_instances_do_not_get_the_tags_of_their_launch_template(account: EmulatedAccount) -> None:
    ec2 = account.client("ec2")
    own = {"ResourceType": "launch-template", "Tags": [{"Key": "of", "Value": "template"}]}
    given = {"ResourceType": "instance", "Tags": [{"Key": "of", "Value": "instance"}]}
    ec2.create_launch_template(
        LaunchTemplateName="nodes", LaunchTemplateData={"TagSpecifications": [given]}, TagSpecifications=[own]
    )

    (version,) = ec2.describe_launch_template_versions(LaunchTemplateName="nodes")["LaunchTemplateVersions"]
    assert version["LaunchTemplateData"]["TagSpecifications"] == [given]
    assert ec2.describe_launch_templates(LaunchTemplateNames=["nodes"])["LaunchTemplates"][0]["Tags"] == own["Tags"]


def test_tags_of_a_launch_template_can_be_changed(account: EmulatedAccount) -> None:
    ec2 = account.client("ec2")
    made = ec2.create_launch_template(LaunchTemplateName="tagged", LaunchTemplateData={"ImageId": "ami-12345678"})
    ec2.create_tags(Resources=[made["LaunchTemplate"]["LaunchTemplateId"]], Tags=[{"Key": "of", "Value": "later"}])
    (found,) = ec2.describe_launch_templates(LaunchTemplateNames=["tagged"])["LaunchTemplates"]
    assert found["Tags"] == [{"Key": "of", "Value": "later"}]
