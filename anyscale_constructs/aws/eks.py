"""The Kubernetes cluster: new, or an existing one."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Unpack

from pydantic import Field, TypeAdapter

from anyscale_constructs.aws.node_groups import (
    groups_of,
    imds_hop_limit,
    names_of_node_groups_leave_room,
    node_disk_device,
    node_disk_size,
    node_groups_are_within_the_quota,
    node_groups_have_room_for_their_nodes,
)
from anyscale_constructs.aws.nodes import GPUS, GpuType, NodeGroupConfig, NodesConfig
from anyscale_constructs.aws.types import IAM_CHARACTER, RoleArn, SecurityGroupId, Tags
from anyscale_constructs.aws.vpc import IVpc
from anyscale_constructs.config import networks
from anyscale_constructs.config.model import Model
from anyscale_constructs.config.types import Checked, Cidr, InternetCidr, Known, OrExpr, empty_list, empty_map
from anyscale_constructs.engine import Construct
from anyscale_constructs.expressions import Expr, fn, is_one_of, is_unresolved
from anyscale_constructs.findings import Finding, Rule
from anyscale_constructs.modules.aws.eks import EksAddons, EksInputs, EksModule
from anyscale_constructs.terraform.guards import Guard, Inputs, guard, value_is_refused
from anyscale_constructs.versions import DEFAULT_EKS, OLDEST_KUBERNETES, minor

# Nodes need the network and the pods' credentials when they start. The other add-ons need nodes to run on.
_ADDONS: Mapping[str, EksAddons] = {
    "coredns": {},
    "eks-pod-identity-agent": {"before_compute": True},
    "kube-proxy": {},
    "vpc-cni": {"before_compute": True},
}
CLUSTER_ADMIN_POLICY = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
"""The access policy that grants its principal full access to the cluster."""
_LONGEST_ROLE_PREFIX = 38
_INTERNET_RANGES: TypeAdapter[list[str] | None] = TypeAdapter(list[InternetCidr] | None)

ClusterName = Annotated[
    str,
    Checked(
        "1 to 100 letters, digits, hyphens and underscores, beginning with a letter or digit",
        r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}",
        "anyscale-prod",
    ),
]
_NAME: TypeAdapter[str] = TypeAdapter(ClusterName)

OidcProviderArn = Annotated[
    str,
    Checked(
        "the ARN of an IAM OIDC provider of an EKS cluster",
        r"arn:aws:iam::\d{12}:oidc-provider/"
        r"(?:oidc\.eks\.[a-z0-9-]+\.amazonaws\.com|oidc-eks\.[a-z0-9-]+\.api\.aws)/id/[0-9A-F]+",
        "arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-east-2.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF",
    ),
]
RoleName = Annotated[
    str, Checked("a role's name: 1 to 64 letters, digits and +=,.@_-", rf"{IAM_CHARACTER}{{1,64}}", "acme-nodes")
]


class ClusterConfig(Model):
    """A new EKS cluster."""

    name: ClusterName | None = Field(default=None, description="The cluster's name. Default: the stack's name.")
    kubernetes_version: str = Field(
        default=DEFAULT_EKS,
        description="The cluster's Kubernetes version, which also selects the version of the autoscaler's chart. "
        "Raising it upgrades the cluster.",
    )
    public_access_cidrs: list[InternetCidr] = Field(
        default_factory=empty_list,
        description="CIDR ranges allowed to reach the cluster's API from the internet. Default: none; Terraform must "
        "then run in one of private_access_cidrs.",
    )
    private_access_cidrs: OrExpr[list[Cidr] | None] = Field(
        default=None,
        description="CIDR ranges in the VPC or in a connected network that are allowed to reach the cluster's API. "
        "Default: all of a new VPC; in an existing VPC, only the nodes.",
    )
    administrator_arns: list[RoleArn] = Field(
        default_factory=empty_list,
        description="The roles with administrator access to the cluster. Both stacks must be applied with one of them. "
        "Default: the identity that applies this stack.",
    )
    nodes: NodesConfig = Field(
        default_factory=NodesConfig, description="The cluster's nodes. Default: {}, the default of each of its keys."
    )
    tags: OrExpr[Tags] = Field(
        default_factory=empty_map, description="Tags of the cluster, in addition to the cloud's. Default: none."
    )

    @property
    def gpus(self) -> dict[str, int]:
        """The number of GPUs per node, by the GPU's name in Anyscale."""
        return self.nodes.gpus

    @property
    def groups(self) -> Mapping[str, NodeGroupConfig]:
        """The node groups of `groups`, by name."""
        return self.nodes.groups


class ExistingCluster(Model):
    """An existing cluster, with nodes for Anyscale's workloads."""

    cluster_name: ClusterName = Field(description="The name of the cluster.")

    oidc_provider_arn: OidcProviderArn | None = Field(
        default=None,
        description="The cluster's OIDC provider, through which pods get their roles. "
        "Default: pods get them through the add-on eks-pod-identity-agent, which the cluster must have.",
    )
    node_role_name: RoleName | None = Field(
        default=None,
        description="The nodes' role, which gets access to the bucket and EFS. Default: no role is changed.",
    )
    node_security_group_id: SecurityGroupId | None = Field(
        default=None,
        description="The nodes' security group, which gets access to a new EFS or MemoryDB. Default: none; a new EFS "
        "or MemoryDB requires it.",
    )
    gpu_types: Known[list[GpuType]] = Field(
        default_factory=empty_list,
        description="The types of GPUs that its nodes have and users can select. Default: none.",
    )

    @property
    def gpus(self) -> dict[str, int]:
        """The number of GPUs per node, by the GPU's name in Anyscale."""
        return {name: GPUS[name].per_node for name in self.gpu_types}

    @property
    def groups(self) -> Mapping[str, NodeGroupConfig]:
        """No node groups: the cluster's nodes are managed elsewhere."""
        return {}


@guard("eks-cluster-name", "name")
def the_cluster_has_a_name_that_eks_accepts(i: Inputs) -> Finding | None:
    """EKS rejects other names, but only at apply. Upstream's default is an empty name."""
    return value_is_refused(_NAME, i["name"], "name", "choose another name")


@guard("eks-role-name", "name", "eks_managed_node_groups")
def names_fit_the_roles_that_upstream_makes(i: Inputs) -> Finding | None:
    """Upstream and Terraform append to the name, and IAM accepts 64 characters, so planning fails obscurely."""
    named = {"iam_role_name", "iam_role_use_name_prefix"}
    prefixed = [("name", "name", f"{i['name']}-cluster-")] if not named & set(i.given) and i.known("name") else []
    prefixed += [
        ("eks_managed_node_groups", f"eks_managed_node_groups: {name}", f"{name}-eks-node-group-")
        for name, group in groups_of(i)
        if not named & set(group) and not is_unresolved(name)
    ]
    for name, what, prefix in prefixed:
        if len(prefix) > _LONGEST_ROLE_PREFIX:
            return Finding(
                f"{what} is too long for the prefix of its IAM role's name",
                "shorten it",
                prefix,
                f"at most {_LONGEST_ROLE_PREFIX} characters",
                on=[name],
            )
    return None


@guard("kubernetes-version", "kubernetes_version")
def supported_kubernetes_version(i: Inputs) -> Finding | None:
    """Anyscale does not support older versions. Without a version, AWS chooses one, and upgrades cannot be planned."""
    version = i["kubernetes_version"]
    if is_unresolved(version):
        return None
    if not re.fullmatch(r"\d+\.\d+", version or "") or minor(version) < minor(OLDEST_KUBERNETES):
        return Finding(
            "kubernetes_version must be a supported version",
            f'set it to a version such as "{OLDEST_KUBERNETES}", in quotes',
            version,
            f"{OLDEST_KUBERNETES} or later",
        )
    return None


@guard("eks-addon-missing", "addons", "compute_config")
def the_addons_that_nodes_need_are_there(i: Inputs) -> Finding | None:
    """Without vpc-cni, nodes stay NotReady; without eks-pod-identity-agent, pods get no role. Upstream has neither."""
    if not i.known("addons", "compute_config") or i["compute_config"] is not None:
        return None  # with compute_config, EKS runs these itself
    addons = i["addons"] or {}
    for name, wanted in _ADDONS.items():
        if name not in addons:
            return Finding(f"addons lacks {name}", "add it, or remove addons", sorted(addons))
        given = addons[name]
        if wanted and isinstance(given, Mapping) and is_one_of(given.get("before_compute"), None, False):
            return Finding(
                f"addons: {name} is installed after the nodes, which cannot become Ready without it",
                "set its before_compute to true",
                given,
            )
    return None


@guard("eks-authentication-mode", "authentication_mode")
def access_entries_are_switched_on(i: Inputs) -> Finding | None:
    """With CONFIG_MAP, AWS rejects the access entries that upstream creates for administrators and nodes."""
    if is_one_of(i["authentication_mode"], "CONFIG_MAP"):
        return Finding(
            "authentication_mode does not allow access entries", "remove it", "CONFIG_MAP", "API or API_AND_CONFIG_MAP"
        )
    return None


@guard("cluster-admin-missing", "access_entries", "enable_cluster_creator_admin_permissions")
def cluster_admin_missing(i: Inputs) -> Finding | None:
    """Without an administrator nobody can install Anyscale's operator, and only AWS Support can restore access."""
    entries = i["access_entries"] or {}
    if i["enable_cluster_creator_admin_permissions"] is False and not any(map(_administers, entries.values())):
        return Finding(
            "nobody can administer the cluster: enable_cluster_creator_admin_permissions is off, and no entry of "
            "access_entries has AmazonEKSClusterAdminPolicy for the whole cluster",
            "add that policy to an entry, with access_scope: {type: cluster}",
            sorted(map(str, entries)),
        )
    return None


def _administers(entry: Any) -> bool:
    """Returns whether an access entry grants full access, or may do so once it is resolved."""
    associations = _inside(entry, "policy_associations")
    for each in associations.values() if isinstance(associations, Mapping) else [associations]:
        policy, scope = _inside(each, "policy_arn"), _inside(_inside(each, "access_scope"), "type")
        wanted = ((policy, CLUSTER_ADMIN_POLICY), (scope, "cluster"))
        if all(is_unresolved(value) or value == name for value, name in wanted):
            return True
    return False


def _inside(value: Any, key: str) -> Any:
    """Returns a mapping's value of a key; an unresolved value is returned itself."""
    return value.get(key) if isinstance(value, Mapping) else value


@guard("eks-endpoint-missing", "endpoint_public_access", "endpoint_private_access")
def the_api_has_an_endpoint(i: Inputs) -> Finding | None:
    """AWS rejects a cluster whose API has no endpoint."""
    if i["endpoint_public_access"] is False and i["endpoint_private_access"] is False:
        return Finding("endpoint_private_access and endpoint_public_access are both off", "set one of them to true")
    return None


@guard("public-cluster-endpoint", "endpoint_public_access_cidrs", "endpoint_public_access", severity="warning")
def the_api_is_not_open_to_the_internet(i: Inputs) -> Finding | None:
    """Anyone on the internet can try to log in to the cluster's API. Upstream's default is the whole internet."""
    ranges = [] if is_unresolved(i["endpoint_public_access_cidrs"]) else i["endpoint_public_access_cidrs"]
    if i["endpoint_public_access"] is True and networks.nearly_everybody(ranges or []):
        return Finding(
            "endpoint_public_access_cidrs lets the whole internet, or a large part of it, reach the cluster's API",
            "list the ranges that Terraform and your administrators connect from",
            ranges,
        )
    return None


@guard("public-cidr-required", "endpoint_public_access_cidrs")
def public_cidr_required(i: Inputs) -> Finding | None:
    """AWS rejects private ranges, after the VPC has been created. Clients in them use the private endpoint."""
    name = "endpoint_public_access_cidrs"
    fix = "remove it, and use security_group_additional_rules (cluster.private_access_cidrs) for private ranges"
    return None if is_unresolved(i[name]) else value_is_refused(_INTERNET_RANGES, i[name], name, fix)


_AMONG_NODES = {
    "description": "Nodes reach each other on all ports",
    "protocol": "-1",
    "from_port": 0,
    "to_port": 0,
    "type": "ingress",
    "self": True,
}

OLD_INPUT = Rule(
    "eks-old-input",
    "error",
    "Version 21 of the EKS module renamed inputs of version 20, and changed the types of some.",
    "https://github.com/terraform-aws-modules/terraform-aws-eks/blob/master/docs/UPGRADE-21.0.md",
)


class Eks(EksModule):
    """A cluster whose nodes can reach each other, with the add-ons that nodes and pods need.

    The identity that applies it becomes an administrator. Its API has only a private endpoint, unless
    `endpoint_public_access` is set.

    Args:
        scope: The stack.
        id: The construct's ID in the stack. Default: `eks`.
        vpc: The VPC, whose node subnets the nodes are in.
        kms_key_arn: The ARN of your KMS key for Kubernetes secrets. Default: upstream creates a key.
        depends_on: Must be empty: whenever one of these constructs changed, Terraform would read the account and the
            partition only during apply, and replace IAM policy attachments and the creator's access entry.
        **inputs: Upstream's input variables, with upstream's names.

    Raises:
        InputError: An input is invalid, or breaks one of the construct's rules.
    """

    guards: ClassVar[Sequence[Guard]] = (
        the_cluster_has_a_name_that_eks_accepts,
        names_fit_the_roles_that_upstream_makes,
        supported_kubernetes_version,
        the_addons_that_nodes_need_are_there,
        access_entries_are_switched_on,
        cluster_admin_missing,
        the_api_has_an_endpoint,
        the_api_is_not_open_to_the_internet,
        public_cidr_required,
        names_of_node_groups_leave_room,
        node_groups_have_room_for_their_nodes,
        node_groups_are_within_the_quota,
        node_disk_size,
        node_disk_device,
        imds_hop_limit,
    )
    replaced_by_waiting = "IAM policy attachments and the cluster creator's access entry"

    def __init__(
        self,
        scope: Construct,
        id: str = "eks",
        *,
        vpc: IVpc,
        kms_key_arn: str | None = None,
        depends_on: Sequence[Construct] = (),
        **inputs: Unpack[EksInputs],
    ) -> None:
        self._vpc = vpc
        self._kms_key_arn = kms_key_arn
        super().__init__(scope, id, depends_on=depends_on, **inputs)

    def complete(self, given: dict[str, Any]) -> dict[str, Any]:
        """Sets the cluster's network, add-ons and encryption, and lets its nodes reach each other on all ports."""
        defaults: dict[str, Any] = {
            "vpc_id": self._vpc.vpc_id,
            "subnet_ids": self._vpc.node_subnet_ids,
            "addons": {name: dict(addon) for name, addon in _ADDONS.items()},
            "enable_cluster_creator_admin_permissions": True,
        }
        own, rules = {"nodes": _AMONG_NODES}, given.get("node_security_group_additional_rules", {})
        rules = fn.merge(own, rules) if isinstance(rules, Expr) else own | rules
        given = given | {"node_security_group_additional_rules": rules}
        if self._kms_key_arn is not None:
            encryption = {"provider_key_arn": self._kms_key_arn, "resources": ["secrets"]}
            defaults |= {"create_kms_key": False, "encryption_config": encryption}
        return defaults | given

    def _check_types(self) -> Iterator[Finding]:
        """Finds inputs that version 21 of the module renamed or changed, before the general checks."""
        variables, given = self.interface.variables, self.inputs.given
        old = [name for name in given if name not in variables and name.removeprefix("cluster_") in variables]
        lists = [name for name, group in groups_of(self.inputs) if isinstance(group.get("taints"), list)]
        for name in old:
            new = name.removeprefix("cluster_")
            what = f"{name} was renamed to {new} in version 21 of the module"
            yield Finding(what, f"set {new} instead", rule=OLD_INPUT, on=[name])
        for name in lists:
            yield Finding(
                f"eks_managed_node_groups: taints of {name} must be a map in version 21 of the module",
                "use a map of taints, with any keys",
                rule=OLD_INPUT,
                on=["eks_managed_node_groups"],
            )
        if not old and not lists:
            yield from super()._check_types()
