"""Plans as Terraform prints them, made by hand."""

from collections.abc import Mapping
from typing import Any


def change(
    address: str,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    *actions: str,
    unknown: Any = None,
    paths: list[list[str]] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Returns a resource of `resource_changes`; its actions are derived from its values by default."""
    follows = ["no-op"] if before == after and not unknown else ["update"]
    if before is None or after is None:
        follows = ["create"] if before is None else ["delete"]
    return {
        "address": address,
        "mode": "managed",
        "type": address.split("[", maxsplit=1)[0].split(".")[-2],
        "change": {
            "actions": [*actions] or (["delete", "create"] if paths else follows),
            "before": before,
            "after": after,
            "after_unknown": {} if unknown is None else unknown,
            **({"replace_paths": paths} if paths else {}),
        },
        **more,
    }


def plan(*changes: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"format_version": "1.2", "planned_values": {}, "resource_changes": [*changes], **more}


VPC = change(
    "module.vpc.aws_vpc.anyscale_vpc[0]",
    {"id": "vpc-1", "cidr_block": "10.0.0.0/19"},
    {"cidr_block": "10.0.0.0/18"},
    unknown={"id": True},
    paths=[["cidr_block"]],
)
SUBNET = change(
    "module.vpc.aws_subnet.public[0]",
    {"id": "subnet-1", "vpc_id": "vpc-1", "cidr_block": "10.0.0.0/21"},
    {"cidr_block": "10.0.0.0/20"},
    unknown={"id": True, "vpc_id": True},
    paths=[["cidr_block"], ["vpc_id"]],
)
MOUNT_TARGET = change(
    "module.efs.aws_efs_mount_target.anyscale_efs[0]",
    {"id": "fsmt-1", "subnet_id": "subnet-1"},
    {},
    unknown={"id": True, "subnet_id": True},
    paths=[["subnet_id"]],
)
