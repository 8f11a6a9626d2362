"""The EKS cloud: its two stacks, and its use of existing resources."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from anyscale_constructs.clouds import EksConfig, EksStack
from anyscale_constructs.errors import InputError
from anyscale_constructs.terraform.app import App
from tests.unit.clouds import Make, maker, values
from tests.unit.terraform.parts import warnings

SUBNETS = {"subnet-12345678": "us-east-2b", "subnet-12345679": "us-east-2a"}
EXISTING: dict[str, Any] = {
    "vpc": {"vpc_id": "vpc-12345678", "subnet_ids_to_az": SUBNETS},
    "bucket": {"bucket_name": "acme-shared"},
    "cluster": {"cluster_name": "acme", "node_security_group_id": "sg-12345678"},
}
ROLE = "arn:aws:iam::111122223333:role/nodes"
KEY = "arn:aws:kms:us-east-2:111122223333:key/1234abcd-12ab"


def config(**config: Any) -> EksConfig:
    return EksConfig.model_validate({"region": "us-east-2", "org_id": "org_1"} | config)


@pytest.fixture
def make(tmp_path: Path) -> Make:
    return maker(EksStack, config, tmp_path)


def statements(stack: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(stack["resource"]["aws_iam_role_policy"][name]["policy"])["Statement"]
    return found


def test_a_cloud_is_a_network_a_bucket_and_a_cluster(make: Make) -> None:
    stack, _ = make()
    assert sorted(stack["module"]) == ["eks", "iam", "s3", "vpc"]
    vpc, iam, eks = (stack["module"][name] for name in ("vpc", "iam", "eks"))
    assert (len(vpc["public_subnets"]), len(vpc["private_subnets"])) == (2, 2)
    assert vpc["public_subnet_tags"] == {"kubernetes.io/role/elb": "1"}
    assert vpc["private_subnet_tags"] == {"kubernetes.io/role/internal-elb": "1"}
    assert (iam["create_anyscale_access_role"], iam["create_cluster_node_instance_profile"]) == (False, False)
    assert (eks["source"], eks["version"], eks["name"]) == ("terraform-aws-modules/eks/aws", "21.19.0", "ml")
    assert eks["subnet_ids"] == "${module.vpc.private_subnet_ids}"
    assert eks["eks_managed_node_groups"]["default"]["iam_role_additional_policies"] == {
        "bucket": "${module.iam.anyscale_iam_s3_policy_arn}"
    }
    assert stack["terraform"]["required_providers"]["aws"]["version"] == ">= 6.37.0, < 7.0.0"


def test_it_is_registered_with_the_operators_role(make: Make) -> None:
    stack, _ = make(networking_mode="PRIVATE", efs={}, memorydb={})
    assert stack["output"]["anyscale_cloud_resource"]["value"] == {
        "name": "k8s-aws-us-east-2",
        "provider": "AWS",
        "compute_stack": "K8S",
        "region": "us-east-2",
        "networking_mode": "PRIVATE",
        "object_storage": {"bucket_name": "s3://${module.s3.s3_bucket_id}", "region": "us-east-2"},
        # The control plane has no role here to look for the rest.
        "file_storage": {
            "file_storage_id": "${module.efs.efs_id}",
            "mount_targets": [
                {
                    "address": f"${{module.efs.efs_mount_target_ips[{index}]}}",
                    "zone": f"${{module.efs.efs_mount_target_availability_zone_names[{index}]}}",
                }
                for index in range(2)
            ],
        },
        "aws_config": {
            "memorydb_cluster_name": "${module.memorydb.memorydb_cluster_id}",
            "memorydb_cluster_arn": "${module.memorydb.memorydb_cluster_arn}",
            "memorydb_cluster_endpoint": "rediss://${module.memorydb.memorydb_cluster_endpoint_address}:"
            "${module.memorydb.memorydb_cluster_endpoint_port}",
        },
        "kubernetes_config": {
            "anyscale_operator_iam_identity": "${aws_iam_role.operator.arn}",
            "zones": "${module.vpc.availability_zones}",
        },
    }


@pytest.mark.parametrize(
    ("keys", "zones"),
    [
        ({"vpc": {"availability_zone_count": 3}}, 3),
        ({"vpc": EXISTING["vpc"]}, 2),
        ({"vpc": {"vpc_id": "vpc-12345678", "subnet_ids_to_az": SUBNETS | {"subnet-1234567a": "us-east-2a"}}}, 2),
        ({"modules": {"efs": {"inputs": {"mount_targets_subnets": ["subnet-12345678"]}}}}, None),
        ({"modules": {"efs": {"inputs": {"mount_targets_subnet_count": 1}}}}, None),
    ],
    ids=["new", "existing", "two subnets in a zone", "one subnet", "one target"],
)
def test_each_zone_has_a_mount_target_or_all_have_one(keys: dict[str, Any], zones: int | None, make: Make) -> None:
    """A mount target with a zone serves only that zone, so nodes in other zones could not mount anything."""
    stack, _ = make(efs={}, **keys)
    targets = stack["output"]["anyscale_cloud_resource"]["value"]["file_storage"]["mount_targets"]
    assert [target["address"] for target in targets] == [
        f"${{module.efs.efs_mount_target_ips[{index}]}}" for index in range(zones or 1)
    ]
    assert ["zone" in target for target in targets] == [bool(zones)] * (zones or 1)
    assert (stack["module"]["efs"]["mount_targets_subnet_count"]) == (zones or 1)


def test_stores_are_in_the_nodes_security_group(make: Make) -> None:
    stack, _ = make(efs={}, memorydb={})
    group = ["${module.eks.node_security_group_id}"]
    assert stack["module"]["efs"]["associated_security_group_ids"] == group
    assert stack["module"]["memorydb"]["memorydb_security_group_ids"] == group
    policies = stack["module"]["eks"]["eks_managed_node_groups"]["spot_cpu"]["iam_role_additional_policies"]
    assert sorted(policies) == ["bucket", "efs"]


@pytest.mark.parametrize(
    "keys",
    [
        {"kms_key_arn": KEY},
        {"bucket": {"bucket_name": "acme", "kms_key_arn": KEY}},
        {"bucket": {"bucket_name": "acme", "kms_key_arn": KEY}, "kms_key_arn": KEY},
    ],
)
def test_the_operator_may_use_the_one_bucket_and_its_key_only(keys: dict[str, Any], make: Make) -> None:
    stack, _ = make(**({"bucket": {"bucket_name": "acme"}} | keys))
    assert statements(stack, "operator") == [
        {
            "Effect": "Allow",
            "Action": ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"],
            "Resource": ["arn:aws:s3:::acme"],
        },
        {
            "Effect": "Allow",
            "Action": [
                "s3:AbortMultipartUpload",
                "s3:DeleteObject",
                "s3:GetObject",
                "s3:ListMultipartUploadParts",
                "s3:PutObject",
            ],
            "Resource": ["arn:aws:s3:::acme/*"],
        },
        {"Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": [KEY]},
    ]
    trust = json.loads(stack["resource"]["aws_iam_role"]["operator"]["assume_role_policy"])["Statement"]
    assert trust == [
        {
            "Effect": "Allow",
            "Principal": {"Service": "pods.eks.amazonaws.com"},
            "Action": ["sts:AssumeRole", "sts:TagSession"],
        }
    ]


def test_the_operator_may_use_the_key_of_a_new_bucket(make: Make) -> None:
    encryption = {"server_side_encryption": {"kms_master_key_id": KEY}}
    stack, _ = make(modules={"s3": {"inputs": encryption}})
    assert statements(stack, "operator")[-1]["Resource"] == [KEY]


def test_a_new_bucket_refuses_requests_without_tls(make: Make) -> None:
    """As upstream's `s3_policy` has it on EC2."""
    stack, _ = make()
    (policy,) = stack["resource"]["aws_s3_bucket_policy"].values()
    assert policy["bucket"] == "${module.s3.s3_bucket_id}"
    bucket = "${module.s3.s3_bucket_arn}"
    assert json.loads(policy["policy"])["Statement"] == [
        {
            "Sid": "AllowSSLRequestsOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [bucket, f"{bucket}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ]


def test_an_existing_bucket_keeps_its_policy(make: Make) -> None:
    stack, _ = make(bucket={"bucket_name": "acme"})
    assert "aws_s3_bucket_policy" not in stack["resource"]


def test_pods_have_the_roles_of_their_service_accounts(make: Make) -> None:
    stack, operator = make()
    pods = {
        (association["namespace"], association["service_account"], association["role_arn"])
        for association in stack["resource"]["aws_eks_pod_identity_association"].values()
    }
    assert pods == {
        ("anyscale-operator", "anyscale-operator", "${aws_iam_role.operator.arn}"),
        ("kube-system", "cluster-autoscaler", "${aws_iam_role.autoscaler.arn}"),
        ("kube-system", "aws-load-balancer-controller", "${aws_iam_role.load_balancer.arn}"),
    }
    releases = operator["resource"]["helm_release"]
    assert {(releases[account]["namespace"], account) for _, account, _ in pods} == {pod[:2] for pod in pods}
    assert values(operator, "cluster-autoscaler")["rbac"]["serviceAccount"]["name"] == "cluster-autoscaler"
    assert values(operator, "aws-load-balancer-controller")["serviceAccount"]["name"] == "aws-load-balancer-controller"
    assert values(operator, "anyscale-operator")["operator"]["serviceAccount"]["name"] == "anyscale-operator"


def test_the_autoscaler_changes_its_own_cluster_only(make: Make) -> None:
    stack, _ = make()
    changes = [each for each in statements(stack, "autoscaler") if "autoscaling:SetDesiredCapacity" in each["Action"]]
    assert [each["Condition"] for each in changes] == [
        {"StringEquals": {"aws:ResourceTag/k8s.io/cluster-autoscaler/ml": "owned"}}
    ]


def test_the_load_balancer_controller_deletes_only_its_own_resources(make: Make) -> None:
    stack, _ = make()
    for action in ("ec2:DeleteSecurityGroup", "elasticloadbalancing:DeleteLoadBalancer"):
        (statement,) = [each for each in statements(stack, "load_balancer") if action in each["Action"]]
        assert statement["Condition"] == {"Null": {"aws:ResourceTag/elbv2.k8s.aws/cluster": "false"}}


def test_the_api_is_private_unless_ranges_are_set(make: Make) -> None:
    assert "endpoint_public_access" not in make()[0]["module"]["eks"]


def test_the_api_is_open_to_the_configured_ranges(make: Make) -> None:
    eks = make(cluster={"public_access_cidrs": ["203.0.113.0/24"]})[0]["module"]["eks"]
    assert (eks["endpoint_public_access"], eks["endpoint_public_access_cidrs"]) == (True, ["203.0.113.0/24"])


@pytest.mark.parametrize(
    ("keys", "ranges"),
    [
        ({}, ["10.0.0.0/16"]),
        ({"vpc": {"cidr_block": "10.1.0.0/16"}}, ["10.1.0.0/16"]),
        ({"cluster": {"private_access_cidrs": ["10.9.0.0/16"]}}, ["10.9.0.0/16"]),
        ({"cluster": {"private_access_cidrs": []}}, None),
        ({"vpc": EXISTING["vpc"]}, None),
    ],
)
def test_the_api_is_reached_from_inside(keys: dict[str, Any], ranges: list[str] | None, make: Make) -> None:
    """Upstream only allows access from the nodes, so nobody could apply the second stack from inside the VPC."""
    rules = make(**keys)[0]["module"]["eks"].get("security_group_additional_rules", {})
    assert [(rule["from_port"], rule["cidr_blocks"]) for rule in rules.values()] == ([(443, ranges)] if ranges else [])


@pytest.mark.parametrize(
    ("cluster", "warns"), [({}, True), ({"public_access_cidrs": ["203.0.113.0/24"]}, False)], ids=["closed", "open"]
)
def test_an_unreachable_api_is_a_warning(cluster: dict[str, Any], warns: bool, tmp_path: Path) -> None:
    stack, _ = EksStack.build(App(tmp_path), "ml", config(vpc=EXISTING["vpc"], cluster=cluster))
    assert any("only the nodes can reach the cluster API" in text for text in warnings(stack)) == warns


def test_only_administrators_have_full_access(make: Make) -> None:
    role = "arn:aws:iam::111122223333:role/platform"
    eks = make(cluster={"administrator_arns": [role]})[0]["module"]["eks"]
    (entry,) = eks["access_entries"].values()
    assert entry["principal_arn"] == role
    assert entry["policy_associations"]["admin"]["access_scope"] == {"type": "cluster"}
    # AWS refuses two entries of one role, and whoever applies it has one of these.
    assert eks["enable_cluster_creator_admin_permissions"] is False


def test_roles_have_the_permissions_boundary(make: Make) -> None:
    boundary = "arn:aws:iam::111122223333:policy/boundary"
    stack, _ = make(permissions_boundary_arn=boundary)
    eks = stack["module"]["eks"]
    groups = eks["eks_managed_node_groups"].values()
    assert {eks["iam_role_permissions_boundary"]} == {group["iam_role_permissions_boundary"] for group in groups}
    roles = stack["resource"]["aws_iam_role"].values()
    assert {role["permissions_boundary"] for role in roles} == {boundary}


def test_existing_resources_are_used_and_not_created(make: Make) -> None:
    stack, operator = make(**EXISTING, efs={})
    assert sorted(stack["module"]) == ["efs"]
    assert stack["module"]["efs"]["associated_security_group_ids"] == ["sg-12345678"]
    resource = stack["output"]["anyscale_cloud_resource"]["value"]
    assert resource["object_storage"]["bucket_name"] == "s3://acme-shared"
    assert resource["kubernetes_config"]["zones"] == ["us-east-2a", "us-east-2b"]
    assert stack["resource"]["aws_eks_pod_identity_association"]["operator"]["cluster_name"] == "acme"
    assert operator["data"]["aws_eks_cluster"]["this"]["name"] == "acme"


OIDC = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-east-2.amazonaws.com/id/0123456789ABCDEF"


def test_with_an_oidc_provider_service_accounts_name_their_roles(make: Make) -> None:
    stack, operator = make(**EXISTING | {"cluster": {"cluster_name": "acme", "oidc_provider_arn": OIDC}})
    assert "aws_eks_pod_identity_association" not in stack["resource"]
    role = stack["resource"]["aws_iam_role"]["operator"]
    issuer = "oidc.eks.us-east-2.amazonaws.com/id/0123456789ABCDEF"
    assert json.loads(role["assume_role_policy"])["Statement"] == [
        {
            "Effect": "Allow",
            "Principal": {"Federated": OIDC},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {
                "StringEquals": {
                    f"{issuer}:sub": "system:serviceaccount:anyscale-operator:anyscale-operator",
                    f"{issuer}:aud": "sts.amazonaws.com",
                }
            },
        }
    ]
    for name, found in operator["data"]["aws_iam_role"].items():
        assert found["name"] == stack["resource"]["aws_iam_role"][name]["name"]
    arn = "${data.aws_iam_role.%s.arn}"
    assert values(operator, "anyscale-operator")["global"]["auth"] == {"iamIdentity": arn % "operator"}
    account = values(operator, "cluster-autoscaler")["rbac"]["serviceAccount"]
    assert account["annotations"] == {"eks.amazonaws.com/role-arn": arn % "autoscaler"}
    account = values(operator, "aws-load-balancer-controller")["serviceAccount"]
    assert account["annotations"] == {"eks.amazonaws.com/role-arn": arn % "load_balancer"}


def test_existing_nodes_get_the_same_permissions_as_new_ones(make: Make) -> None:
    existing = {"cluster_name": "acme", "node_role_name": "acme-nodes", "node_security_group_id": "sg-12345678"}
    stack, _ = make(**EXISTING | {"cluster": existing, "efs": {}})
    attachments = stack["resource"]["aws_iam_role_policy_attachment"].values()
    assert {(each["role"], each["policy_arn"]) for each in attachments} == {
        ("acme-nodes", "${module.iam.anyscale_iam_s3_policy_arn}"),
        ("acme-nodes", "arn:aws:iam::aws:policy/AmazonElasticFileSystemClientReadWriteAccess"),
    }


def test_fails_on_a_role_name_that_is_too_long(tmp_path: Path) -> None:
    existing = EXISTING | {"cluster": {"cluster_name": "acme", "oidc_provider_arn": OIDC}}
    with pytest.raises(
        InputError,
        match=r"the name of the pods' role is too long; got 'anyscale-operator-a+\.\.\.'; expected at most 64",
    ):
        EksStack(App(tmp_path), "a" * 64, config(**existing))


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"cluster": {"cluster_name": "acme", "oidc_provider_arn": ROLE}}, "the ARN of an IAM OIDC provider"),
        (
            EXISTING
            | {"cluster": {"cluster_name": "acme", "oidc_provider_arn": OIDC.replace("us-east-2", "us-west-2")}},
            "is not in the cloud's region; got 'arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-west-2",
        ),
        (
            {"cluster": {"cluster_name": "acme"}},
            "cluster names an existing cluster, but vpc is new; got 'acme'",
        ),
        (EXISTING | {"cluster": {"cluster_name": "acme"}, "efs": {}}, "set cluster.node_security_group_id"),
        ({"bucket": {"custom_policy": {}}}, "unknown key 'custom_policy'"),
        ({"cluster": {"clustr_name": "acme"}}, "unknown key 'clustr_name': did you mean 'cluster_name'"),
        ({"releases": {"operater": {}}}, "unknown key 'operater': did you mean 'operator'"),
        (EXISTING | {"cluster": {"cluster_name": "acme"}, "memorydb": {}}, "set cluster.node_security_group_id"),
        ({"modules": {"eks": {"inputs": {"name": "other"}}}}, "modules.eks.inputs.name changes only this module"),
        ({"tags": {"aws:team": "ml"}}, "must be 1 to 128 characters, not beginning with aws:"),
        ({"vpc": {"availability_zones": ["us-east-2g", "us-east-2a"]}}, "must be an availability zone's name"),
    ],
)
def test_fails_on_conflicting_keys(keys: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError) as error:
        config(**keys)
    assert says in str(error.value)
