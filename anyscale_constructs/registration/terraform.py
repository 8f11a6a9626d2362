"""Renders a cloud for Anyscale's Terraform provider: an empty cloud, and its resource."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from anyscale_constructs.errors import RegistrationError
from anyscale_constructs.findings import Rule
from anyscale_constructs.registration.outputs import Registration
from anyscale_constructs.registration.resource import CloudResource
from anyscale_constructs.terraform.arguments import anyscale_provider

SOURCE: str = anyscale_provider()["source"]
VERSION: str = anyscale_provider()["version"]  # pinned exactly: nearly every minor version has breaking changes
TERRAFORM_VERSION = ">= 1.10"

NO_ARGUMENT = Rule(
    "missing-provider-argument",
    "error",
    "Anyscale's Terraform provider lacks arguments for some fields that the anyscale program can register.",
    f"https://registry.terraform.io/providers/{SOURCE}/{VERSION}/docs/resources/cloud_resource",
)

_RENAMED = {
    "anyscale_iam_role_id": "controlplane_iam_role_arn",
    "cluster_iam_role_id": "dataplane_iam_role_arn",
    "anyscale_service_account_email": "controlplane_service_account_email",
    "cluster_service_account_email": "dataplane_service_account_email",
}
_LACKING = {"object_storage.s3_addressing_style", "kubernetes_config.custom_image_registry"}


def cloud_arguments(
    name: str, provider: str, region: str, networking_mode: str | None, *, auto_add_user: bool = False
) -> dict[str, Any]:
    """Returns the arguments of `anyscale_cloud`: an empty cloud, whose ID its resource and its roles' conditions need.

    Without provider and region, it would be in AWS us-east-1. The compute stack is an argument of its resource.
    """
    return {
        "name": name,
        "cloud_provider": provider,
        "region": region,
        **({"is_private_cloud": True} if networking_mode == "PRIVATE" else {}),
        **({"auto_add_user": True} if auto_add_user else {}),
    }


def resource_arguments(resource: CloudResource) -> dict[str, Any]:
    """Returns the arguments of `anyscale_cloud_resource` except `cloud_id`; sections are mappings.

    Raises:
        RegistrationError: The provider has no argument for a field of the resource.
    """
    sections = dict(_sections(resource))
    fields = {f"{section}.{key}" for section, values in sections.items() for key in values}
    lacking = sorted(fields & _LACKING) + (["provider GENERIC"] if resource.provider == "GENERIC" else [])
    if lacking:
        raise RegistrationError(
            f"the Terraform provider {SOURCE} {VERSION} has no argument for {', '.join(lacking)}",
            fix="register the cloud with anyscale-constructs register",
            rule=NO_ARGUMENT,
        )
    return {
        "name": resource.resource_name,
        "cloud_provider": resource.provider,
        "region": resource.region,
        "compute_stack": resource.compute_stack,
        **({"is_private": True} if resource.networking_mode == "PRIVATE" else {}),
        **sections,
    }


def render(registration: Registration, *, auto_add_user: bool) -> str:
    """Returns HCL for the provider anyscale/anyscale.

    Args:
        registration: The cloud's name and resource.
        auto_add_user: Whether all users of the organization are added to the cloud.

    Raises:
        RegistrationError: The provider has no argument for a field of the resource.
    """
    resource = registration.resource
    arguments = resource_arguments(resource)
    cloud = cloud_arguments(
        registration.cloud_name,
        resource.provider,
        resource.region,
        resource.networking_mode,
        auto_add_user=auto_add_user,
    )
    blocks = {key: value for key, value in arguments.items() if isinstance(value, dict)}
    attributes = {key: value for key, value in arguments.items() if key not in blocks}
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
            *_attributes({"cloud_id": _Code("anyscale_cloud.this.id"), **attributes}),
            *(line for name, values in blocks.items() for line in _block(name, values)),
            "}",
        ]
    )


class _Code(str):
    """HCL code that is rendered as it is, without quotes."""

    __slots__ = ()


def _sections(resource: CloudResource) -> Iterator[tuple[str, dict[str, Any]]]:
    for name in type(resource).model_fields:
        section = getattr(resource, name)
        if isinstance(section, BaseModel):
            values: dict[str, Any] = _plain(section)
            zones, subnets = values.pop("zones", None) if name == "aws_config" else None, values.get("subnet_ids")
            if isinstance(zones, list) and isinstance(subnets, list) and len(zones) == len(subnets):
                values["subnet_ids_to_az"] = dict(zip(values.pop("subnet_ids"), zones, strict=True))
            if values:
                yield name, {_RENAMED.get(key, key): value for key, value in values.items()}


def _plain(value: Any) -> Any:
    """Replaces models by mappings; pydantic's dump would fail on an expression where a list is declared."""
    if isinstance(value, BaseModel):
        return {key: _plain(inner) for key in type(value).model_fields if (inner := getattr(value, key)) is not None}
    return [_plain(element) for element in value] if isinstance(value, list) else value


def _block(name: str, values: Mapping[str, Any]) -> list[str]:
    return ["", f"  {name} {{", *_attributes(values, "    "), "  }"]


def _attributes(values: Mapping[str, Any], indent: str = "  ") -> list[str]:
    written = {key: _hcl(value, indent) for key, value in values.items()}
    # Like terraform fmt, aligns only values on one line.
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
