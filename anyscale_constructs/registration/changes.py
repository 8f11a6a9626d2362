"""What registering again would change: a merge over what the control plane has, or a refusal."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from anyscale_constructs.errors import RefusedChangeError
from anyscale_constructs.findings import Finding

# What a cloud keeps for life: Anyscale has no call that changes it.
_FOR_LIFE = {
    "provider": "provider",
    "compute_stack": "compute stack",
    "region": "region",
    "aws_config.anyscale_iam_role_id": "control-plane role",
    "aws_config.external_id": "external id",
    "gcp_config.project_id": "project",
    "gcp_config.provider_name": "identity provider",
    "gcp_config.anyscale_service_account_email": "control-plane service account",
}

# What the control plane finds by itself, and from what: it goes stale when its source changes.
_DERIVED = {
    "aws_config.zones": "aws_config.subnet_ids",
    "aws_config.memorydb_cluster_arn": "aws_config.memorydb_cluster_name",
    "aws_config.memorydb_cluster_endpoint": "aws_config.memorydb_cluster_name",
    "aws_config.cluster_instance_profile_id": "aws_config.cluster_iam_role_id",
    "gcp_config.memorystore_endpoint": "gcp_config.memorystore_instance_name",
    "file_storage.mount_targets": "file_storage.file_storage_id",
    "file_storage.mount_path": "file_storage.file_storage_id",
}

# The fields of one store: a cloud has one file storage and one Redis, and cannot keep the old one beside a new one.
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

# What is there without having been asked for, and means nothing.
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
    """Raises if the cloud would have to become another one.

    Args:
        cloud: What to call the cloud in the error.
        existing: The cloud or its resource, as the control plane has it; UNKNOWN counts as not known.
        wanted: The resource file's content.

    Raises:
        RefusedChangeError: Naming what differs, with both values.
    """
    before, after = flat(existing), flat(wanted)
    differing = [
        Finding(
            f"the {what} of {cloud} is {before[field]!r} and cannot be changed; nothing was written",
            "deploy with the registered value again, or register another cloud with --name",
            after[field],
            key=tuple(field.split(".")),
        )
        for field, what in _FOR_LIFE.items()
        if field in before and field in after and before[field] not in (after[field], "UNKNOWN")
    ]
    if differing:
        raise RefusedChangeError(differing)


def changes(existing: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[Change]:
    """The fields of the resource file that the control plane has otherwise, in the file's order."""
    before, after = flat(existing), flat(wanted)
    before = implied(before) | {field: value for field, value in before.items() if value is not None}
    return [
        Change(field, before.get(field), value)
        for field, value in after.items()
        if _comparable(before.get(field)) != _comparable(value)
    ]


def implied(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What holds where nothing else is said, and the control plane need not keep.

    Args:
        fields: What is said, by section.field.
    """
    node_role = str(fields.get("aws_config.cluster_iam_role_id", ""))
    return {
        "networking_mode": "PUBLIC",
        "object_storage.region": fields.get("region"),
        "aws_config.cluster_instance_profile_id": node_role.replace(":role/", ":instance-profile/"),
    }


def merge(existing: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The resource to send: the wanted fields over the existing ones, without what went stale or is replaced."""
    changed = {change.field for change in changes(existing, wanted)}
    before, after = flat(existing), flat(wanted)
    stale = {field for field, source in _DERIVED.items() if source in changed}
    stale |= {change.field for change in replaced(existing, wanted)}
    return _nested({**{field: value for field, value in before.items() if field not in stale}, **after})


def replaced(existing: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[Change]:
    """The fields of another file storage or Redis, which the resource file's own takes the place of."""
    before, after = flat(existing), flat(wanted)
    return [
        Change(field, before[field], None)
        for store in _STORES
        if store & after.keys()
        for field in sorted(store - after.keys())
        if before.get(field) and _DERIVED.get(field) not in after
    ]


def left_over(existing: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What the control plane has and the resource file doesn't name: it is kept, and worth a word."""
    named = {*flat(wanted), *_FILLED_IN, *(change.field for change in replaced(existing, wanted))}
    return {field: value for field, value in flat(existing).items() if field not in named}


def flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested fields by their names, joined by dots."""
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
    # The control plane leaves out what is empty, and the order of subnets, zones and groups has no meaning.
    if isinstance(value, list):
        return sorted(json.dumps(_without_none(element), sort_keys=True) for element in value) or None
    return value or None


def _without_none(element: Any) -> Any:
    if isinstance(element, Mapping):
        return {k: v for k, v in element.items() if v is not None}
    return element
