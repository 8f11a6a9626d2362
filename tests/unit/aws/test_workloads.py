"""The permissions of users' workloads on EKS and EC2."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from anyscale_constructs.clouds import Ec2Config, EksConfig
from anyscale_constructs.errors import ConfigError, InputError
from tests.unit.clouds import values
from tests.unit.workloads import AWS, made

OIDC = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-east-2.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF"
EXISTING: dict[str, Any] = {
    "vpc": {
        "vpc_id": "vpc-12345678",
        "subnet_ids_to_az": {"subnet-12345678": "us-east-2b", "subnet-12345679": "us-east-2a"},
    },
    "bucket": {"bucket_name": "acme-shared"},
}
KEY = "arn:aws:kms:us-east-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
SECRET = "arn:aws:secretsmanager:us-east-2:111122223333:secret:registry-AbCdEf"  # noqa: S105 - a name
POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]}
MANAGED = "arn:aws:iam::aws:policy/AmazonBedrockReadOnly"
ROLE_ARN = "eks.amazonaws.com/role-arn"


def statements(stack: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(stack["resource"]["aws_iam_role_policy"][name]["policy"])["Statement"]
    return found


def trust(stack: dict[str, Any], name: str) -> dict[str, Any]:
    # Quotes are not escaped in Terraform's code.
    text = re.sub(r"\$\{split\([^}]*\}", "ISSUER", stack["resource"]["aws_iam_role"][name]["assume_role_policy"])
    (found,) = json.loads(text)["Statement"]
    assert isinstance(found, dict)
    return found


IRSA = {"cluster": {"cluster_name": "acme", "oidc_provider_arn": OIDC}, **EXISTING}


@pytest.mark.parametrize(
    ("keys", "identity", "provider"),
    [
        ({}, None, None),
        ({}, "pod-identity", None),
        ({}, "irsa", "${module.eks.oidc_provider_arn}"),
        (IRSA, None, OIDC),
        (IRSA, "irsa", OIDC),
        (IRSA, "pod-identity", None),
        ({"cluster": {"cluster_name": "acme"}, **EXISTING}, None, None),
    ],
)
def test_pods_on_eks_have_a_role_by_pod_identity_or_irsa(
    keys: dict[str, Any], identity: str | None, provider: str | None, tmp_path: Path
) -> None:
    workloads: dict[str, Any] = {"service_accounts": {"training": {}}} | (
        {} if identity is None else {"identity": identity}
    )
    (stack, operator), _ = made("eks", tmp_path, workloads=workloads, **keys)
    accounts = values(operator, "anyscale-service-accounts")["serviceAccounts"]
    for account, name in {"anyscale-workloads": "workloads", "training": "workloads_training"}.items():
        associations = stack["resource"].get("aws_eks_pod_identity_association", {})
        if provider is None:
            assert trust(stack, name)["Principal"] == {"Service": "pods.eks.amazonaws.com"}
            assert associations[name]["role_arn"] == f"${{aws_iam_role.{name}.arn}}"
            assert (associations[name]["namespace"], associations[name]["service_account"]) == (
                "anyscale-operator",
                account,
            )
            assert accounts[account]["annotations"] == {}
            continue
        trusted = trust(stack, name)
        assert trusted["Principal"] == {"Federated": provider}
        subject = next(who for key, who in trusted["Condition"]["StringEquals"].items() if key.endswith(":sub"))
        assert subject == f"system:serviceaccount:anyscale-operator:{account}"
        assert name not in associations
        assert accounts[account]["annotations"] == {ROLE_ARN: f"${{data.aws_iam_role.{name}.arn}}"}
        assert operator["data"]["aws_iam_role"][name]["name"] == stack["resource"]["aws_iam_role"][name]["name"]


def test_an_existing_cluster_on_eks_needs_its_oidc_provider_for_irsa() -> None:
    keys = AWS | EXISTING | {"cluster": {"cluster_name": "acme"}, "workloads": {"identity": "irsa"}}
    with pytest.raises(ConfigError, match=r"workloads.identity: is irsa, but the existing cluster's OIDC provider"):
        EksConfig(**keys)


def test_a_role_on_eks_may_use_the_bucket_and_what_is_set_for_it_only(tmp_path: Path) -> None:
    permissions = {
        "managed_policy_arns": [MANAGED],
        "policy": POLICY,
        "secrets": [SECRET],
        "secrets_kms_key_arn": KEY,
        "data_access": [{"bucket": "acme-datasets"}],
    }
    workloads = permissions | {"service_accounts": {"training": {"data_access": [{"bucket": "acme-training"}]}}}
    (stack, _), _ = made("eks", tmp_path, workloads=workloads)
    own = statements(stack, "operator")
    assert statements(stack, "workloads")[: len(own)] == own
    assert statements(stack, "workloads")[-2:] == [
        {"Effect": "Allow", "Action": ["secretsmanager:GetSecretValue"], "Resource": [SECRET]},
        {"Effect": "Allow", "Action": ["kms:Decrypt"], "Resource": [KEY]},
    ]
    assert json.loads(stack["resource"]["aws_iam_role_policy"]["workloads_own_policy"]["policy"]) == POLICY
    ((name, attached),) = stack["resource"]["aws_iam_role_policy_attachment"].items()
    assert name == "workloads_aws_policy_AmazonBedrockReadOnly"
    assert (attached["role"], attached["policy_arn"]) == ("${aws_iam_role.workloads.name}", MANAGED)
    training = statements(stack, "workloads_training")
    assert training[: len(own)] == own
    assert {name for each in training[len(own) :] for name in each["Resource"]} == {
        "arn:aws:s3:::acme-training",
        "arn:aws:s3:::acme-training/*",
    }
    assert stack["output"]["anyscale_workload_iam_role_arns"]["value"] == {
        "anyscale-workloads": "${aws_iam_role.workloads.arn}",
        "training": "${aws_iam_role.workloads_training.arn}",
    }


READS, WRITES = {"s3:GetObject"}, {"s3:AbortMultipartUpload", "s3:DeleteObject", "s3:PutObject"}


@pytest.mark.parametrize(
    ("access", "objects", "actions", "kms"),
    [
        ({}, "*", READS, set()),
        ({"mode": "read-write"}, "*", READS | WRITES, set()),
        ({"prefix": "ray/"}, "ray/*", READS, set()),
        ({"prefix": "ray/", "mode": "read-write"}, "ray/*", READS | WRITES, set()),
        ({"kms_key_arn": KEY}, "*", READS, {"kms:Decrypt"}),
        ({"kms_key_arn": KEY, "mode": "read-write"}, "*", READS | WRITES, {"kms:Decrypt", "kms:GenerateDataKey"}),
    ],
)
def test_access_to_a_bucket_is_as_narrow_as_it_is_set(
    access: dict[str, Any], objects: str, actions: set[str], kms: set[str], tmp_path: Path
) -> None:
    listed = None if objects == "*" else objects
    (stack, *_), _ = made("ec2", tmp_path, workloads={"data_access": [{"bucket": "acme-datasets", **access}]})
    found = statements(stack, "workloads")
    by_resource: dict[str, set[str]] = {}
    for each in found:
        for resource in each["Resource"]:
            by_resource.setdefault(resource, set()).update(each["Action"])
    arn = "arn:aws:s3:::acme-datasets"
    used = by_resource[f"{arn}/{objects}"]
    assert used - {"s3:ListMultipartUploadParts"} == actions
    assert by_resource.keys() == {arn, f"{arn}/{objects}", *([KEY] if kms else [])}
    assert by_resource.get(KEY, set()) == kms
    lists = next(each for each in found if "s3:ListBucket" in each["Action"])
    assert lists.get("Condition") == ({"StringLike": {"s3:prefix": listed}} if listed else None)
    assert ("s3:ListBucketMultipartUploads" in by_resource[arn]) == (bool(actions & WRITES) and not listed)


def test_the_nodes_of_a_new_cluster_on_eks_have_no_bucket_then(tmp_path: Path) -> None:
    policies = {}
    clouds: dict[str, dict[str, Any]] = {"shared": {}, "own": {"workloads": {}}}
    for name, keys in clouds.items():
        (stack, _), _ = made("eks", tmp_path / name, efs={}, **keys)
        groups = stack["module"]["eks"]["eks_managed_node_groups"].values()
        policies[name] = {policy for group in groups for policy in group["iam_role_additional_policies"]}
        assert ("iam" in stack["module"]) == (name == "shared")
    assert policies == {"shared": {"bucket", "efs"}, "own": {"efs"}}


def test_the_nodes_of_an_existing_cluster_on_eks_keep_it(tmp_path: Path) -> None:
    cluster = {"cluster_name": "acme", "node_role_name": "acme-nodes"}
    (stack, _), _ = made("eks", tmp_path, workloads={}, cluster=cluster, **EXISTING)
    assert list(stack["resource"]["aws_iam_role_policy_attachment"]) == ["nodes_bucket"]


def test_the_clouds_kms_key_trusts_the_roles_of_users_pods(tmp_path: Path) -> None:
    (stack, _), _ = made("eks", tmp_path, kms_key={}, workloads={"service_accounts": {"training": {}}})
    document = json.loads(stack["resource"]["aws_kms_key_policy"]["this"]["policy"])["Statement"]
    users = {each["Principal"]["AWS"] for each in document}
    assert {f"${{aws_iam_role.{name}.arn}}" for name in ("operator", "workloads", "workloads_training")} <= users


def test_fails_on_a_service_account_whose_role_has_too_long_a_name(tmp_path: Path) -> None:
    workloads: dict[str, Any] = {"service_accounts": {"reinforcement-learning": {}}}
    with pytest.raises(InputError, match="or a shorter name for the service account"):
        made("eks", tmp_path, workloads=workloads)


SAME = {
    "managed_policy_arns": ("cluster_node_managed_policy_arns", [MANAGED]),
    "policy": ("cluster_node_custom_policy", POLICY),
    "secrets": ("cluster_node_secret_arns", [SECRET]),
}


@pytest.mark.parametrize("key", SAME)
def test_a_key_on_ec2_equals_its_older_name(key: str, tmp_path: Path) -> None:
    older, value = SAME[key]
    (new, *_), _ = made("ec2", tmp_path / "new", workloads={key: value})
    (old, *_), _ = made("ec2", tmp_path / "old", iam={older: value})
    (none, *_), _ = made("ec2", tmp_path / "none")
    assert new == old != none
    with pytest.raises(ConfigError, match=f"workloads.{key}: has the same meaning as iam.{older}, which is set too"):
        Ec2Config(**AWS, workloads={key: value}, iam={older: value})  # type: ignore[arg-type] # plain mappings


def test_the_key_of_secrets_on_ec2_equals_its_older_name(tmp_path: Path) -> None:
    secrets = {"cluster_node_secret_arns": [SECRET], "cluster_node_secret_kms_key_arn": KEY}
    (new, *_), _ = made("ec2", tmp_path / "new", workloads={"secrets": [SECRET], "secrets_kms_key_arn": KEY})
    (old, *_), _ = made("ec2", tmp_path / "old", iam=secrets)
    assert new == old
