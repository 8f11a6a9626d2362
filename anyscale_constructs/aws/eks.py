"""The Kubernetes cluster: new, or an existing one."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Unpack

from pydantic import Field, TypeAdapter

from anyscale_constructs.aws.node_groups import (
    disk_sizes_reach_the_disk,
    disks_are_those_that_hold_images,
    groups_of,
    names_of_node_groups_leave_room,
    node_groups_are_within_the_quota,
    node_groups_have_room_for_their_nodes,
    pods_have_no_nodes_role,
)
from anyscale_constructs.aws.nodes import GPUS, GpuType, NodeGroupConfig, NodesConfig
from anyscale_constructs.aws.types import RoleArn, SecurityGroupId, Tags
from anyscale_constructs.aws.vpc import IVpc
from anyscale_constructs.config import networks
from anyscale_constructs.config.model import Model
from anyscale_constructs.config.types import Checked, Cidr, InternetCidr, Known, OrExpr
from anyscale_constructs.engine import Construct
from anyscale_constructs.expressions import Expr, fn, is_one_of, is_unresolved
from anyscale_constructs.findings import Finding, Rule
from anyscale_constructs.modules.aws.eks import EksAddons, EksInputs, EksModule
from anyscale_constructs.terraform.guards import Guard, Inputs, guard, value_is_refused
from anyscale_constructs.versions import DEFAULT_EKS, OLDEST_KUBERNETES, minor

# The network and the pods' credentials must be there before the nodes, the rest needs nodes to run on.
_ADDONS: Mapping[str, EksAddons] = {
    "coredns": {},
    "eks-pod-identity-agent": {"before_compute": True},
    "kube-proxy": {},
    "vpc-cni": {"before_compute": True},
}
CLUSTER_ADMIN_POLICY = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
"""The access policy that lets its principal do everything in the cluster."""
_LONGEST_ROLE_PREFIX = 38
_INTERNET_RANGES: TypeAdapter[list[str] | None] = TypeAdapter(list[InternetCidr] | None)

ClusterName = Annotated[
    str,
    Checked(
        "1 to 100 letters, digits, hyphens and underscores, a letter or digit first",
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
    str, Checked("a role's name: 1 to 64 letters, digits and +=,.@_-", r"[\w+=,.@-]{1,64}", "acme-nodes")
]


class ClusterConfig(Model):
    """A new EKS cluster."""

    name: ClusterName | None = Field(default=None, description="Default: the stack's name.")
    kubernetes_version: str = Field(
        default=DEFAULT_EKS,
        description="The cluster's version of Kubernetes, which the autoscaler's chart follows. A later one upgrades "
        "the cluster.",
    )
    public_access_cidrs: list[InternetCidr] = Field(
        default_factory=list,
        description="CIDR ranges allowed to reach the cluster's API from the internet. Default: none; Terraform then "
        "has to run in one of private_access_cidrs.",
    )
    private_access_cidrs: OrExpr[list[Cidr] | None] = Field(
        default=None,
        description="CIDR ranges allowed to reach it in the VPC or in a network that is connected with it. "
        "Default: all of a new VPC, only the nodes of an existing one.",
    )
    administrator_arns: list[RoleArn] = Field(
        default_factory=list,
        description="Roles that may do anything, and nobody else: whoever applies both stacks must have one of them. "
        "Default: whoever applies this stack.",
    )
    nodes: NodesConfig = Field(
        default_factory=NodesConfig, description="The cluster's nodes. Default: {}, in which each key has its default."
    )
    tags: OrExpr[Tags] = Field(
        default_factory=dict, description="Tags of the cluster, beside the cloud's. Default: none."
    )

    @property
    def gpus(self) -> dict[str, int]:
        """How many GPUs a node has, by the GPU's name in Anyscale."""
        return self.nodes.gpus

    @property
    def groups(self) -> Mapping[str, NodeGroupConfig]:
        """The node groups of the table, by name."""
        return self.nodes.groups


class ExistingCluster(Model):
    """A cluster that exists already, with nodes for Anyscale's workloads."""

    cluster_name: ClusterName
    oidc_provider_arn: OidcProviderArn | None = Field(
        default=None,
        description="The cluster's OIDC provider, by which pods get their roles. "
        "Default: by the add-on eks-pod-identity-agent, which the cluster must have then.",
    )
    node_role_name: RoleName | None = Field(
        default=None, description="The nodes' role, which may use the bucket then, and EFS. Default: it stays as it is."
    )
    node_security_group_id: SecurityGroupId | None = Field(
        default=None,
        description="The nodes' security group, which a new EFS or MemoryDB lets in. Default: none; EFS and "
        "MemoryDB require it.",
    )
    gpu_types: Known[list[GpuType]] = Field(
        default_factory=list, description="The types of GPUs that its nodes have, for users to choose. Default: none."
    )

    @property
    def gpus(self) -> dict[str, int]:
        """How many GPUs a node has, by the GPU's name in Anyscale."""
        return {name: GPUS[name].per_node for name in self.gpu_types}

    @property
    def groups(self) -> Mapping[str, NodeGroupConfig]:
        """None: its nodes are made elsewhere."""
        return {}


@guard("eks-cluster-name", "name")
def the_cluster_has_a_name_that_eks_accepts(i: Inputs) -> Finding | None:
    """EKS refuses other names, but only when Terraform applies; upstream's default is an empty one."""
    return value_is_refused(_NAME, i["name"], "name", "choose another")


@guard("eks-role-name", "name", "eks_managed_node_groups")
def names_fit_the_roles_that_upstream_makes(i: Inputs) -> Finding | None:
    """Upstream and Terraform append to the name, and IAM accepts 64 characters: planning fails, without saying why."""
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
def the_version_is_one_that_anyscale_runs_on(i: Inputs) -> Finding | None:
    """Anyscale needs a version that is not too old. Without one AWS chooses, and upgrades cannot be planned."""
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
    """Without vpc-cni nodes stay NotReady, without eks-pod-identity-agent pods get no role; upstream installs none."""
    if not i.known("addons", "compute_config") or i["compute_config"] is not None:
        return None  # with compute_config, EKS runs its own
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
    """With CONFIG_MAP, AWS refuses the access entries that upstream creates for administrators and nodes."""
    if is_one_of(i["authentication_mode"], "CONFIG_MAP"):
        return Finding(
            "authentication_mode does not allow access entries", "remove it", "CONFIG_MAP", "API or API_AND_CONFIG_MAP"
        )
    return None


@guard("cluster-admin-missing", "access_entries", "enable_cluster_creator_admin_permissions")
def somebody_may_administer_the_cluster(i: Inputs) -> Finding | None:
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
    """Whether an access entry lets its principal do everything, or may do so once it is known."""
    associations = _inside(entry, "policy_associations")
    for each in associations.values() if isinstance(associations, Mapping) else [associations]:
        policy, scope = _inside(each, "policy_arn"), _inside(_inside(each, "access_scope"), "type")
        wanted = ((policy, CLUSTER_ADMIN_POLICY), (scope, "cluster"))
        if all(is_unresolved(value) or value == name for value, name in wanted):
            return True
    return False


def _inside(value: Any, key: str) -> Any:
    """What a mapping has there; what is not known yet has itself everywhere."""
    return value.get(key) if isinstance(value, Mapping) else value


@guard("eks-endpoint-missing", "endpoint_public_access", "endpoint_private_access")
def the_api_has_an_endpoint(i: Inputs) -> Finding | None:
    """AWS refuses a cluster whose API has no endpoint."""
    if i["endpoint_public_access"] is False and i["endpoint_private_access"] is False:
        return Finding("endpoint_private_access and endpoint_public_access are both off", "set one of them to true")
    return None


@guard("public-cluster-endpoint", "endpoint_public_access_cidrs", "endpoint_public_access", severity="warning")
def the_api_is_not_open_to_the_internet(i: Inputs) -> Finding | None:
    """Anyone on the internet can try to sign in to the cluster's API; upstream's default is the whole internet."""
    ranges = [] if is_unresolved(i["endpoint_public_access_cidrs"]) else i["endpoint_public_access_cidrs"]
    if i["endpoint_public_access"] is True and networks.nearly_everybody(ranges or []):
        return Finding(
            "endpoint_public_access_cidrs lets the whole internet, or a large part of it, reach the cluster's API",
            "list the ranges that Terraform and your administrators connect from",
            ranges,
        )
    return None


@guard("public-cidr-required", "endpoint_public_access_cidrs")
def the_internet_is_not_a_private_network(i: Inputs) -> Finding | None:
    """AWS refuses private ranges there, after the VPC has been created: they reach the private endpoint."""
    name = "endpoint_public_access_cidrs"
    fix = "remove it; security_group_additional_rules (cluster.private_access_cidrs) are for private ranges"
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
    """A cluster whose nodes reach each other, with the add-ons that nodes and pods need.

    Whoever applies it is an administrator. Its API has a private endpoint, unless `endpoint_public_access` is set.

    Args:
        scope: The stack.
        id: Default: `eks`.
        vpc: The nodes are in its node subnets.
        kms_key_arn: A customer's KMS key for Kubernetes secrets. Default: upstream makes one.
        depends_on: Refused, unless it is empty: whenever one of these constructs changes, Terraform reads the account
            and the partition during apply, and replaces IAM policy attachments and the creator's access entry.
        **inputs: Upstream's inputs by their own names.

    Raises:
        InputError: An input is wrong or would spring one of upstream's traps.
    """

    guards: ClassVar[Sequence[Guard]] = (
        the_cluster_has_a_name_that_eks_accepts,
        names_fit_the_roles_that_upstream_makes,
        the_version_is_one_that_anyscale_runs_on,
        the_addons_that_nodes_need_are_there,
        access_entries_are_switched_on,
        somebody_may_administer_the_cluster,
        the_api_has_an_endpoint,
        the_api_is_not_open_to_the_internet,
        the_internet_is_not_a_private_network,
        names_of_node_groups_leave_room,
        node_groups_have_room_for_their_nodes,
        node_groups_are_within_the_quota,
        disk_sizes_reach_the_disk,
        disks_are_those_that_hold_images,
        pods_have_no_nodes_role,
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
        """Places the cluster, installs its add-ons, and lets its nodes reach each other on all ports."""
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
        """Says first what version 21 of the module calls or writes otherwise than version 20."""
        variables, given = self.interface.variables, self.inputs.given
        old = [name for name in given if name not in variables and name.removeprefix("cluster_") in variables]
        lists = [name for name, group in groups_of(self.inputs) if isinstance(group.get("taints"), list)]
        for name in old:
            new = name.removeprefix("cluster_")
            what = f"{name} is called {new} since version 21 of the module"
            yield Finding(what, f"rename it to {new}", rule=OLD_INPUT, on=[name])
        for name in lists:
            yield Finding(
                f"eks_managed_node_groups: taints of {name} must be a map since version 21 of the module",
                "write a map, with a name of your own for each taint",
                rule=OLD_INPUT,
                on=["eks_managed_node_groups"],
            )
        if not old and not lists:
            yield from super()._check_types()
