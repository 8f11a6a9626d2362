"""Guards for an EKS cluster's managed node groups."""

from collections.abc import Mapping
from typing import Any

from anyscale_constructs.expressions import is_one_of, is_unresolved
from anyscale_constructs.findings import Finding
from anyscale_constructs.terraform.guards import Inputs, guard

_NODES_BY_DEFAULT = 450
_LONGEST_NAME = 63 - len("-") - 26


@guard("node-group-name", "eks_managed_node_groups")
def names_of_node_groups_leave_room(i: Inputs) -> Finding | None:
    """Upstream and Terraform append 27 characters to the name, and EKS accepts 63, so planning fails."""
    for key, group in groups_of(i):
        name = group.get("name") or key
        if not is_unresolved(name) and group.get("use_name_prefix") is not False and len(name) > _LONGEST_NAME:
            return Finding(
                f"eks_managed_node_groups: the name of {key} is too long",
                "shorten it or name_prefix",
                name,
                f"at most {_LONGEST_NAME} characters",
            )
    return None


@guard("node-group-size", "eks_managed_node_groups")
def node_groups_have_room_for_their_nodes(i: Inputs) -> Finding | None:
    """AWS rejects sizes that contradict each other, after the cluster has been created."""
    for name, group in groups_of(i):
        sizes = [group.get(key) for key in ("min_size", "desired_size", "max_size")]
        known = [size for size in sizes if size is not None and not is_unresolved(size)]
        if known != sorted(known):
            return Finding(
                f"eks_managed_node_groups: {name} has sizes that contradict each other",
                "set sizes with min_size <= desired_size <= max_size",
                dict(zip(("min_size", "desired_size", "max_size"), sizes, strict=True)),
            )
    return None


@guard(
    "node-group-quota",
    "eks_managed_node_groups",
    severity="warning",
    source="https://docs.aws.amazon.com/eks/latest/userguide/service-quotas.html",
)
def node_groups_are_within_the_quota(i: Inputs) -> Finding | None:
    """AWS rejects larger node groups at apply, unless the account has a higher quota."""
    for name, group in groups_of(i):
        most = group.get("max_size")
        if most is not None and not is_unresolved(most) and most > _NODES_BY_DEFAULT:
            return Finding(
                f"eks_managed_node_groups: {name} may have more nodes than EKS's default quota",
                "set a lower max_size, or request a higher quota of nodes per managed node group first",
                most,
                f"at most {_NODES_BY_DEFAULT}",
            )
    return None


@guard("node-disk-size", "eks_managed_node_groups")
def node_disk_size(i: Inputs) -> Finding | None:
    """Upstream ignores disk_size unless it creates no launch template."""
    for name, group in groups_of(i):
        if group.get("disk_size") is not None and group.get("use_custom_launch_template") is not False:
            return Finding(
                f"eks_managed_node_groups: disk_size of {name} is ignored with a launch template",
                "use block_device_mappings instead, or set use_custom_launch_template to false",
                group["disk_size"],
            )
    return None


@guard("node-disk-device", "eks_managed_node_groups")
def node_disk_device(i: Inputs) -> Finding | None:
    """Container images are on /dev/xvdb with Bottlerocket, and on /dev/xvda with other operating systems."""
    for name, group in groups_of(i):
        image, disks = group.get("ami_type"), group.get("block_device_mappings")
        if is_unresolved(image) or not isinstance(disks, Mapping):
            continue
        device = "/dev/xvdb" if str(image).startswith("BOTTLEROCKET") else "/dev/xvda"
        devices = [disk.get("device_name") for disk in disks.values() if isinstance(disk, Mapping)]
        if len(devices) == len(disks) and not any(is_one_of(each, device) or is_unresolved(each) for each in devices):
            return Finding(
                f"eks_managed_node_groups: block_device_mappings of {name} lacks the disk that holds images",
                f"add a mapping with device_name {device}",
                devices,
                device,
            )
    return None


@guard("imds-hop-limit", "eks_managed_node_groups", severity="warning")
def imds_hop_limit(i: Inputs) -> Finding | None:
    """With a hop limit above 1, every pod can get the credentials of the node's role from the instance metadata."""
    for name, group in groups_of(i):
        options = group.get("metadata_options")
        hops = options.get("http_put_response_hop_limit") if isinstance(options, Mapping) else None
        if hops is not None and not is_unresolved(hops) and hops > 1:
            return Finding(
                f"eks_managed_node_groups: http_put_response_hop_limit of {name} gives every pod the node's role",
                "set it to 1, or remove it; give pods their own roles with EKS Pod Identity",
                hops,
                "1",
            )
    return None


def groups_of(i: Inputs) -> list[tuple[str, Mapping[str, Any]]]:
    """Returns the managed node groups that are known at synthesis, by name."""
    groups = i["eks_managed_node_groups"]
    if not isinstance(groups, Mapping):
        return []
    return [(name, group) for name, group in groups.items() if isinstance(group, Mapping)]
