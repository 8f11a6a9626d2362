"""The shared file system: new, or an existing one."""

from collections.abc import Sequence
from typing import Any, ClassVar, Unpack

from pydantic import Field

from anyscale_constructs.aws.securitygroups import ISecurityGroup
from anyscale_constructs.aws.types import EfsId, SecurityGroupId, Tags
from anyscale_constructs.aws.vpc import IVpc
from anyscale_constructs.config.model import Model
from anyscale_constructs.config.types import OrExpr, empty_map
from anyscale_constructs.engine import Construct
from anyscale_constructs.expressions import Expr, as_code, expr, is_one_of, is_unresolved
from anyscale_constructs.findings import Finding
from anyscale_constructs.modules.aws.efs import EfsInputs, EfsModule
from anyscale_constructs.terraform.guards import Guard, Inputs, guard
from anyscale_constructs.terraform.resource import Data


class EfsConfig(Model):
    """A shared file system."""

    name: str | None = Field(default=None, description="The file system's name. Default: the stack's name.")
    access_points: OrExpr[dict[str, Any]] = Field(
        default_factory=empty_map,
        description="Access points, as in upstream's input access_points. Default: none.",
    )
    tags: OrExpr[Tags] = Field(
        default_factory=empty_map, description="Tags of the file system, in addition to the cloud's. Default: none."
    )


class ExistingEfs(Model):
    """An existing file system, with a mount target in each zone of the nodes."""

    efs_id: EfsId
    security_group_id: SecurityGroupId | None = Field(
        default=None,
        description="The security group of its mount targets, which gets a rule that lets the nodes reach port 2049. "
        "Default: no rule is added, and the security group must already let the nodes in.",
    )


@guard("efs-mount-target-count", "mount_targets_subnet_count", "mount_targets_subnets", "module_enabled")
def mount_targets_are_counted(i: Inputs) -> Finding | None:
    """Upstream creates the counted number of mount targets, by default none, and puts mount target n in subnet n."""
    subnets, count = i["mount_targets_subnets"], i["mount_targets_subnet_count"]
    if isinstance(subnets, list) and not isinstance(count, str) and count > len(subnets):
        return Finding(
            "mount_targets_subnet_count exceeds the number of mount_targets_subnets",
            "remove it",
            count,
            f"at most {len(subnets)}",
        )
    if i["module_enabled"] is True and count == 0:
        return Finding("mount_targets_subnet_count is 0, so no node can mount the file system", "remove it")
    return None


@guard("efs-one-zone-mount-target", "availability_zone_name", "mount_targets_subnet_count")
def a_one_zone_file_system_has_one_mount_target(i: Inputs) -> Finding | None:
    """AWS rejects mount targets of a One Zone file system in other zones."""
    if i["availability_zone_name"] is not None and i["mount_targets_subnet_count"] != 1:
        return Finding(
            "availability_zone_name creates a One Zone file system, which can have one mount target only",
            "remove it, or set mount_targets_subnets to that zone's subnet and mount_targets_subnet_count to 1",
            i["mount_targets_subnet_count"],
        )
    return None


@guard("efs-throughput-rate", "provisioned_throughput_in_mibps", "efs_throughput_mode")
def efs_throughput_rate(i: Inputs) -> Finding | None:
    """AWS rejects provisioned throughput without a rate, and a rate without provisioned throughput."""
    provisioned = is_one_of(i["efs_throughput_mode"], "provisioned")
    if i.known("efs_throughput_mode") and provisioned == (i["provisioned_throughput_in_mibps"] is None):
        return Finding(
            "efs_throughput_mode and provisioned_throughput_in_mibps contradict each other",
            "set the mode to provisioned and the throughput to a rate, or remove the throughput",
            i["efs_throughput_mode"],
        )
    return None


@guard("efs-policy", "attach_policy", severity="warning")
def only_the_security_group_lets_nodes_mount(i: Inputs) -> Finding | None:
    """Upstream's statement lets anyone mount and write, but not as root, which `anyscale cloud verify` requires."""
    if i["attach_policy"] is True:
        return Finding(
            "attach_policy adds a statement that lets any principal mount and write, but denies root access",
            "remove it; the security group decides who can mount the file system",
        )
    return None


class Efs(EfsModule):
    """An encrypted file system with a mount target in each zone of the nodes.

    Args:
        scope: The stack.
        id: The construct's ID in the stack. Default: `efs`.
        vpc: The nodes' VPC. Mount targets are created in one node subnet of each zone.
        security_group: The nodes' security group.
        depends_on: Constructs that must be created first. Default: none.
        **inputs: Upstream's input variables, with upstream's names.

    Raises:
        InputError: An input is invalid, or breaks one of the construct's rules.
    """

    guards: ClassVar[Sequence[Guard]] = (
        mount_targets_are_counted,
        a_one_zone_file_system_has_one_mount_target,
        efs_throughput_rate,
        only_the_security_group_lets_nodes_mount,
    )

    def __init__(
        self,
        scope: Construct,
        id: str = "efs",
        *,
        vpc: IVpc,
        security_group: ISecurityGroup,
        depends_on: Sequence[Construct] = (),
        **inputs: Unpack[EfsInputs],
    ) -> None:
        self._vpc = vpc
        self._security_group = security_group
        super().__init__(scope, id, depends_on=depends_on, **inputs)

    def complete(self, given: dict[str, Any]) -> dict[str, Any]:
        """Sets the number of mount targets, which is 0 in upstream by default."""
        if "mount_targets_subnets" not in given:
            given = {
                "mount_targets_subnets": self._vpc.subnet_ids_per_zone,
                "mount_targets_subnet_count": self._vpc.zone_count,
            } | given
        elif isinstance(given["mount_targets_subnets"], list):
            given = {"mount_targets_subnet_count": len(given["mount_targets_subnets"])} | given
        return {"associated_security_group_ids": [self._security_group.security_group_id]} | given

    @property
    def mount_targets(self) -> Expr | list[dict[str, Expr]]:
        """The mount targets' addresses with their zones; a single mount target for all zones has no zone."""
        addresses, zones = self.efs_mount_target_ips, self.efs_mount_target_availability_zone_names
        wanted, made = self._vpc.zone_count, self.inputs["mount_targets_subnet_count"]
        if is_unresolved([wanted, made]):
            every = f"{as_code(made)} == {as_code(wanted)}"
            each = f"{{address = {addresses}[i], zone = {every} ? {zones}[i] : null}}"
            return expr(f"[for i in range({every} ? {as_code(wanted)} : 1) : {each}]", "list(any)")
        if made != wanted:
            return [{"address": addresses[0]}]
        return [{"address": addresses[i], "zone": zones[i]} for i in range(made)]


class EfsData(Data):
    """An existing file system, read by a data source.

    Args:
        scope: The stack.
        id: The construct's ID in the stack. Default: `efs`.
        efs_id: The file system's ID.
    """

    def __init__(self, scope: Construct, id: str = "efs", *, efs_id: str) -> None:
        super().__init__(scope, "aws_efs_file_system", id, {"file_system_id": efs_id})
        self.efs_id = efs_id

    @property
    def mount_targets(self) -> list[dict[str, Expr]]:
        """The file system's DNS name, which resolves to the mount target in the client's zone."""
        return [{"address": self.attribute("dns_name")}]
