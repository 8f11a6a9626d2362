"""IAM roles for pods, by EKS Pod Identity or by a cluster's OIDC provider; upstream has no module for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from anyscale_constructs.aws.iam_names import names_fit_iam
from anyscale_constructs.aws.policies import Statement, allow, each_once, policy
from anyscale_constructs.engine import Construct
from anyscale_constructs.errors import InputError
from anyscale_constructs.expressions import Expr, fn, is_unresolved
from anyscale_constructs.findings import Finding
from anyscale_constructs.terraform.place import cloud_stack
from anyscale_constructs.terraform.resource import Resource

_LONGEST_NAME = 64
_LONGEST_PREFIX = 38
_LOAD_BALANCERS = "arn:aws:elasticloadbalancing:*:*"
_GROUPS = "arn:aws:ec2:*:*:security-group/*"
_TAG = "elbv2.k8s.aws/cluster"
# The controller's resources carry its tag, and new ones get the tag in the call that creates them.
_OURS = {"Null": {f"aws:ResourceTag/{_TAG}": "false"}}
_BECOMES_OURS = {"Null": {f"aws:RequestTag/{_TAG}": "false"}}
_STAYS_OURS = {"Null": {f"aws:RequestTag/{_TAG}": "true", f"aws:ResourceTag/{_TAG}": "false"}}


@dataclass(frozen=True)
class Pods:
    """The pods of one service account, and how they get their role.

    Args:
        cloud_name: The cloud's name.
        cluster_name: The cluster's name. It needs the add-on eks-pod-identity-agent if oidc_provider_arn is None.
        namespace: The service account's namespace.
        service_account: The service account's name.
        oidc_provider_arn: The cluster's OIDC provider. None if pods get their role by EKS Pod Identity.
    """

    cloud_name: str
    cluster_name: str
    namespace: str
    service_account: str
    oidc_provider_arn: str | None = None

    def trust(self) -> Statement:
        """The statement of the role's trust policy."""
        if self.oidc_provider_arn is None:
            return {
                "Effect": "Allow",
                "Principal": {"Service": "pods.eks.amazonaws.com"},
                "Action": ["sts:AssumeRole", "sts:TagSession"],
            }
        issuer = _issuer(self.oidc_provider_arn)
        account = f"system:serviceaccount:{self.namespace}:{self.service_account}"
        return {
            "Effect": "Allow",
            "Principal": {"Federated": self.oidc_provider_arn},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {"StringEquals": {f"{issuer}:sub": account, f"{issuer}:aud": "sts.amazonaws.com"}},
        }


def role_name(prefix: str, cloud_name: str) -> str:
    """Returns the name of a role for OIDC. The service account names the role, so it has no unique suffix."""
    return prefix + cloud_name


def _issuer(oidc_provider_arn: str) -> str:
    if isinstance(oidc_provider_arn, Expr):
        return fn.split("oidc-provider/", oidc_provider_arn)[1]
    return oidc_provider_arn.partition("oidc-provider/")[2]


def add_pod_role(
    scope: Construct,
    id: str,
    pods: Pods,
    *,
    statements: Sequence[Statement],
    name_prefix: str,
    tags: Mapping[str, str] | Expr,
    permissions_boundary_arn: str | None = None,
    depends_on: Sequence[Construct] = (),
) -> Resource:
    """Adds a role for pods.

    Args:
        scope: The stack.
        id: The ID of the role, its policy and its association in the stack.
        pods: The pods that assume the role.
        statements: The statements of the role's policy.
        name_prefix: The prefix of the role's name.
        tags: The tags of the role and the association.
        permissions_boundary_arn: The role's permissions boundary. Default: none.
        depends_on: The constructs that the association waits for, such as the cluster. Default: none.

    Returns:
        The role.

    Raises:
        InputError: The prefix is too long for an IAM role.
    """
    by_oidc = pods.oidc_provider_arn is not None
    name = role_name(name_prefix, pods.cloud_name) if by_oidc else name_prefix
    longest = _LONGEST_NAME if by_oidc else _LONGEST_PREFIX
    if not is_unresolved(name) and len(name) > longest:
        own = ["a shorter name for the service account"] if name_prefix[:-1].endswith(pods.service_account) else []
        shorter = ["a shorter name_prefix", *own, *(["a shorter name for the cloud"] if by_oidc else [])]
        raise InputError(
            [
                Finding(
                    f"the {'name' if by_oidc else 'name prefix'} of the pods' role is too long",
                    f"use {', or '.join(shorter)}",
                    name,
                    f"at most {longest} characters",
                    names_fit_iam.rule,
                    key=cloud_stack(scope, id).origins.of(["name_prefix"]),
                    construct=f"aws_iam_role.{id}",
                )
            ]
        )
    role = Resource(
        scope,
        "aws_iam_role",
        id,
        {
            "name" if by_oidc else "name_prefix": name,
            "assume_role_policy": policy([pods.trust()]),
            "permissions_boundary": permissions_boundary_arn,
            "tags": tags,
        },
    )
    Resource(
        scope,
        "aws_iam_role_policy",
        id,
        {"name": id, "role": role.attribute("id"), "policy": policy(statements)},
    )
    if not by_oidc:
        Resource(
            scope,
            "aws_eks_pod_identity_association",
            id,
            {
                "cluster_name": pods.cluster_name,
                "namespace": pods.namespace,
                "service_account": pods.service_account,
                "role_arn": role.attribute("arn"),
                "tags": tags,
            },
            depends_on,
        )
    return role


def bucket_statements(bucket_arn: str, *kms_key_arns: str | None) -> list[Statement]:
    """Returns the statements that Anyscale's operator and workloads need: access to the bucket and its KMS keys only.

    Args:
        bucket_arn: The bucket's ARN.
        kms_key_arns: The KMS keys that may encrypt it; None values are skipped.
    """
    statements = [
        allow(["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"], [bucket_arn]),
        allow(
            [
                "s3:AbortMultipartUpload",
                "s3:DeleteObject",
                "s3:GetObject",
                "s3:ListMultipartUploadParts",
                "s3:PutObject",
            ],
            [bucket_arn + "/*"],
        ),
    ]
    return statements + key_statements(*kms_key_arns)


def key_statements(*kms_key_arns: str | None) -> list[Statement]:
    """Returns the statements that they need for the KMS keys that encrypt the bucket.

    Args:
        kms_key_arns: The keys; None values are skipped.
    """
    keys = each_once(*kms_key_arns)
    return [allow(["kms:Decrypt", "kms:GenerateDataKey"], keys)] if keys else []


def autoscaler_statements(cluster_name: str) -> list[Statement]:
    """Returns the cluster autoscaler's statements; it may change only the groups of its cluster, which EKS tags."""
    looks = [
        "autoscaling:DescribeAutoScalingGroups",
        "autoscaling:DescribeAutoScalingInstances",
        "autoscaling:DescribeLaunchConfigurations",
        "autoscaling:DescribeScalingActivities",
        "ec2:DescribeImages",
        "ec2:DescribeInstanceTypes",
        "ec2:DescribeLaunchTemplateVersions",
        "ec2:GetInstanceTypesFromInstanceRequirements",
        "eks:DescribeNodegroup",
    ]
    changes = ["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"]
    own = {"StringEquals": {f"aws:ResourceTag/k8s.io/cluster-autoscaler/{cluster_name}": "owned"}}
    return [allow(looks), allow(changes, condition=own)]


def load_balancer_statements() -> list[Statement]:
    """Returns the statements that release 2.13 of the AWS load balancer controller requires.

    Source: https://kubernetes-sigs.github.io/aws-load-balancer-controller/v2.13/deploy/installation/
    """
    ec2 = [
        *("AccountAttributes", "Addresses", "AvailabilityZones", "InternetGateways", "Vpcs", "VpcPeeringConnections"),
        *("Subnets", "SecurityGroups", "Instances", "NetworkInterfaces", "Tags", "CoipPools", "IpamPools"),
        "RouteTables",
    ]
    balancing = [
        *("LoadBalancers", "LoadBalancerAttributes", "Listeners", "ListenerCertificates", "ListenerAttributes"),
        *("SSLPolicies", "Rules", "TargetGroups", "TargetGroupAttributes", "TargetHealth", "Tags", "TrustStores"),
        "CapacityReservation",
    ]
    others = [
        "ec2:GetCoipPoolUsage",
        "ec2:GetSecurityGroupsForVpc",
        "acm:DescribeCertificate",
        "acm:ListCertificates",
        "cognito-idp:DescribeUserPoolClient",
        "iam:GetServerCertificate",
        "iam:ListServerCertificates",
        *(f"shield:{verb}Protection" for verb in ("Create", "Delete", "Describe")),
        "shield:GetSubscriptionState",
        *(f"{waf}:{verb}" for waf in ("waf-regional", "wafv2") for verb in ("AssociateWebACL", "DisassociateWebACL")),
        *(f"{waf}:{verb}" for waf in ("waf-regional", "wafv2") for verb in ("GetWebACL", "GetWebACLForResource")),
    ]
    looks = [f"ec2:Describe{what}" for what in ec2] + [f"elasticloadbalancing:Describe{what}" for what in balancing]
    ingress = ["ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress"]
    modifies = [
        *(
            f"Modify{what}"
            for what in ("CapacityReservation", "IpPools", "ListenerAttributes", "LoadBalancerAttributes")
        ),
        *("ModifyTargetGroup", "ModifyTargetGroupAttributes", "DeleteLoadBalancer", "DeleteTargetGroup"),
        *(f"Set{what}" for what in ("IpAddressType", "SecurityGroups", "Subnets")),
    ]
    registers = ["RegisterTargets", "DeregisterTargets"]
    rules = [
        *(f"{verb}{what}" for verb in ("Create", "Delete") for what in ("Listener", "Rule")),
        *("AddListenerCertificates", "RemoveListenerCertificates", "ModifyListener", "ModifyRule", "SetRulePriorities"),
        "SetWebAcl",
    ]
    balancers = [f"{_LOAD_BALANCERS}:{path}/*/*" for path in ("targetgroup", "loadbalancer/net", "loadbalancer/app")]
    listeners = [f"{_LOAD_BALANCERS}:{path}" for path in ("listener/{}/*/*/*", "listener-rule/{}/*/*/*")]
    made = {"StringEquals": {"elasticloadbalancing:CreateAction": ["CreateTargetGroup", "CreateLoadBalancer"]}}
    linked = {"StringEquals": {"iam:AWSServiceName": "elasticloadbalancing.amazonaws.com"}}
    group_made = {"StringEquals": {"ec2:CreateAction": "CreateSecurityGroup"}}
    tags = ["elasticloadbalancing:AddTags", "elasticloadbalancing:RemoveTags"]
    return [
        allow(["iam:CreateServiceLinkedRole"], condition=linked),
        allow([*looks, *others]),
        allow([*ingress, "ec2:CreateSecurityGroup"]),
        allow(["ec2:CreateTags"], [_GROUPS], group_made | _BECOMES_OURS),
        allow(["ec2:CreateTags", "ec2:DeleteTags"], [_GROUPS], _STAYS_OURS),
        allow(["ec2:DeleteSecurityGroup"], condition=_OURS),
        allow(_balancing("CreateLoadBalancer", "CreateTargetGroup"), condition=_BECOMES_OURS),
        allow(_balancing(*rules)),
        allow(tags, balancers, _STAYS_OURS),
        allow(tags, [path.format(kind) for path in listeners for kind in ("net", "app")]),
        allow(_balancing(*modifies), condition=_OURS),
        allow(tags[:1], balancers, made | _BECOMES_OURS),
        allow(_balancing(*registers), [balancers[0]]),
    ]


def _balancing(*actions: str) -> list[str]:
    return [f"elasticloadbalancing:{action}" for action in actions]
