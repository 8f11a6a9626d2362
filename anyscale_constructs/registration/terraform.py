"""The same cloud for the official Terraform provider: an empty cloud, and the resource it gets."""

import json
from collections.abc import Mapping
from typing import Any

from anyscale_constructs.errors import RegistrationError
from anyscale_constructs.registration.outputs import Registration
from anyscale_constructs.registration.resource import CloudResource

SOURCE = "anyscale/anyscale"
VERSION = "0.25.1"  # exactly: nearly every minor version breaks something
TERRAFORM_VERSION = ">= 1.10"

_RENAMED = {
    "anyscale_iam_role_id": "controlplane_iam_role_arn",
    "cluster_iam_role_id": "dataplane_iam_role_arn",
    "anyscale_service_account_email": "controlplane_service_account_email",
    "cluster_service_account_email": "dataplane_service_account_email",
}
_LACKING = {"object_storage.s3_addressing_style", "kubernetes_config.custom_image_registry"}
_OWN = {"name", "provider", "compute_stack", "region", "networking_mode"}


def render(registration: Registration, *, auto_add_user: bool) -> str:
    """HCL for the provider anyscale/anyscale.

    Args:
        registration: The cloud's name and resource.
        auto_add_user: Whether the cloud admits every user of the organization.

    Raises:
        RegistrationError: The provider has no place for something in the resource.
    """
    resource = registration.resource
    lacking = sorted(field for field, _ in resource.fields() if field in _LACKING)
    if resource.provider == "GENERIC":
        lacking.append("provider GENERIC")
    if lacking:
        raise RegistrationError(
            f"the Terraform provider {SOURCE} {VERSION} has no place for {', '.join(lacking)}",
            mend="register with anyscale-constructs register instead",
        )
    private = {"is_private": True} if resource.networking_mode == "PRIVATE" else {}
    cloud = {
        "name": registration.cloud_name,
        # An empty cloud would be one in AWS us-east-1 without these; its compute stack is its resource's.
        "cloud_provider": resource.provider,
        "region": resource.region,
        **({"is_private_cloud": True} if private else {}),
        **({"auto_add_user": True} if auto_add_user else {}),
    }
    deployment = {
        "cloud_id": _Code("anyscale_cloud.this.id"),
        "name": resource.resource_name,
        "cloud_provider": resource.provider,
        "region": resource.region,
        "compute_stack": resource.compute_stack,
        **private,
    }
    provider = {"source": SOURCE, "version": VERSION}
    return "\n".join(
        [
            "terraform {",
            *_attributes({"required_version": TERRAFORM_VERSION}),
            "",
            "  required_providers {",
            *_attributes({"anyscale": provider}, "    "),
            "  }",
            "}",
            "",
            'resource "anyscale_cloud" "this" {',
            *_attributes(cloud),
            "}",
            "",
            'resource "anyscale_cloud_resource" "this" {',
            *_attributes(deployment),
            *(line for name, values in _sections(resource) for line in _block(name, values)),
            "}",
        ]
    )


class _Code(str):
    """HCL that stands for itself."""

    __slots__ = ()


def _sections(resource: CloudResource) -> list[tuple[str, dict[str, Any]]]:
    sections: list[tuple[str, dict[str, Any]]] = []
    for name, values in resource.mapping().items():
        if name in _OWN:
            continue
        section: dict[str, Any] = dict(values)
        zones = section.pop("zones", None) if name == "aws_config" else None
        subnets = section.get("subnet_ids")
        if zones and subnets and len(zones) == len(subnets):
            section["subnet_ids_to_az"] = dict(zip(section.pop("subnet_ids"), zones, strict=True))
        if section:
            sections.append((name, {_RENAMED.get(key, key): value for key, value in section.items()}))
    return sections


def _block(name: str, values: Mapping[str, Any]) -> list[str]:
    return ["", f"  {name} {{", *_attributes(values, "    "), "  }"]


def _attributes(values: Mapping[str, Any], indent: str = "  ") -> list[str]:
    written = {key: _hcl(value, indent) for key, value in values.items()}
    # As terraform fmt does it: what takes more than one line isn't aligned.
    short = {key for key, text in written.items() if "\n" not in text}
    width = max(map(len, short), default=0)
    return [f"{indent}{key:<{width if key in short else 0}} = {text}" for key, text in written.items()]


def _hcl(value: Any, indent: str) -> str:
    match value:
        case _Code():
            return str(value)
        case dict():
            return "\n".join(["{", *_attributes({_key(k): v for k, v in value.items()}, f"{indent}  "), f"{indent}}}"])
        case list():
            return "[" + ", ".join(_hcl(element, indent) for element in value) + "]"
        case str():
            return json.dumps(value, ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")
    return json.dumps(value)


def _key(key: str) -> str:
    return key if key.isidentifier() else json.dumps(key)
