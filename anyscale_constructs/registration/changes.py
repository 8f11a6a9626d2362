"""Compares the wanted with the registered resource: the changes, the merged resource, and changes that are refused."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from anyscale_constructs.errors import RefusedChangeError
from anyscale_constructs.findings import Finding, shown

# Fields that cannot be changed: Anyscale has no API call for it.
_FOR_LIFE = {
    "provider": "provider",
    "compute_stack": "compute stack",
    "region": "region",
    "aws_config.anyscale_iam_role_id": "control-plane role",
    "aws_config.external_id": "external ID",
    "gcp_config.project_id": "project",
    "gcp_config.provider_name": "identity provider",
    "gcp_config.anyscale_service_account_email": "control-plane service account",
}

# Fields that the control plane derives, and their sources: a derived value is outdated when its source changes.
_DERIVED = {
    "aws_config.zones": "aws_config.subnet_ids",
    "aws_config.memorydb_cluster_arn": "aws_config.memorydb_cluster_name",
    "aws_config.memorydb_cluster_endpoint": "aws_config.memorydb_cluster_name",
    "aws_config.cluster_instance_profile_id": "aws_config.cluster_iam_role_id",
    "gcp_config.memorystore_endpoint": "gcp_config.memorystore_instance_name",
    "file_storage.mount_targets": "file_storage.file_storage_id",
    "file_storage.mount_path": "file_storage.file_storage_id",
}

# The fields of one store: a cloud has one file storage and one Redis, so a new one replaces the old one.
_STORES = (
    {
        "file_storage.file_storage_id",
        "file_storage.mount_targets",
        "file_storage.mount_path",
        "file_storage.persistent_volume_claim",
        "file_storage.csi_ephemeral_volume_driver",
    },
    {
        "kubernetes_config.redis_endpoint",
        "aws_config.memorydb_cluster_name",
        "aws_config.memorydb_cluster_arn",
        "aws_config.memorydb_cluster_endpoint",
        "gcp_config.memorystore_instance_name",
        "gcp_config.memorystore_endpoint",
    },
)

# Values that the control plane adds by itself and that have no effect.
_FILLED_IN = {
    "cloud_resource_id",
    "networking_mode",
    "aws_config.external_id",
    "object_storage.region",
    *_DERIVED,
}


@dataclass(frozen=True)
class Change:
    """A field that differs."""

    field: str
    before: Any
    after: Any

    def __str__(self) -> str:
        return f"{self.field}: {json.dumps(self.before)} -> {json.dumps(self.after)}"


def refuse_changes_for_life(cloud: str, existing: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """Raises an error if a field that cannot be changed differs.

    Args:
        cloud: The name of the cloud in the error.
        existing: The cloud or its resource from the control plane; the value UNKNOWN counts as missing.
        wanted: The content of the resource file.

    Raises:
        RefusedChangeError: A field differs; the error names it with both values.
    """
    before, after = flat(existing), flat(wanted)
    differing = [
        Finding(
            f"the {what} of {cloud} is {shown(before[field])} and cannot be changed; nothing was written",
            "deploy with the registered value, or register another cloud with --name",
            after[field],
            key=tuple(field.split(".")),
        )
        for field, what in _FOR_LIFE.items()
        if field in before and field in after and before[field] not in (after[field], "UNKNOWN")
    ]
    if differing:
        raise RefusedChangeError(differing)


def changes(existing: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[Change]:
    """Returns the fields of the resource file that differ in the control plane, in the file's order."""
    before, after = flat(existing), flat(wanted)
    before = implied(before) | {field: value for field, value in before.items() if value is not None}
    return [
        Change(field, before.get(field), value)
        for field, value in after.items()
        if _comparable(before.get(field)) != _comparable(value)
    ]


def implied(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the defaults of unset fields, which the control plane does not store.

    Args:
        fields: The fields that are set, by section.field.
    """
    node_role = str(fields.get("aws_config.cluster_iam_role_id", ""))
    return {
        "networking_mode": "PUBLIC",
        "object_storage.region": fields.get("region"),
        "aws_config.cluster_instance_profile_id": node_role.replace(":role/", ":instance-profile/"),
    }


def merge(existing: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the resource to send: the existing fields, without outdated and replaced ones, and the wanted fields."""
    changed = {change.field for change in changes(existing, wanted)}
    before, after = flat(existing), flat(wanted)
    stale = {field for field, source in _DERIVED.items() if source in changed}
    stale |= {change.field for change in replaced(existing, wanted)}
    return _nested({**{field: value for field, value in before.items() if field not in stale}, **after})


def replaced(existing: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[Change]:
    """Returns the fields of an existing file storage or Redis that the one in the resource file replaces."""
    before, after = flat(existing), flat(wanted)
    return [
        Change(field, before[field], None)
        for store in _STORES
        if store & after.keys()
        for field in sorted(store - after.keys())
        if before.get(field) and _DERIVED.get(field) not in after
    ]


def left_over(existing: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the fields in the control plane that the resource file does not set; they are kept and reported."""
    named = {*flat(wanted), *_FILLED_IN, *(change.field for change in replaced(existing, wanted))}
    return {field: value for field, value in flat(existing).items() if field not in named}


def flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Returns nested fields by their dotted names."""
    fields: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            fields |= flat(value, f"{prefix}{key}.")
        else:
            fields[f"{prefix}{key}"] = value
    return fields


def _nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for path, value in flat.items():
        *sections, key = path.split(".")
        target = nested
        for section in sections:
            target = target.setdefault(section, {})
        target[key] = value
    return nested


def _comparable(value: Any) -> Any:
    # The control plane omits empty values, and the order of subnets, zones and security groups has no meaning.
    if isinstance(value, list):
        return sorted(json.dumps(_without_none(element), sort_keys=True) for element in value) or None
    return value or None


def _without_none(element: Any) -> Any:
    if isinstance(element, Mapping):
        return {k: v for k, v in element.items() if v is not None}
    return element
