"""Azure's field types: like those of `config.types`, they check literals and pass unresolved values."""

import re
from typing import Annotated

from pydantic import AfterValidator

from anyscale_constructs.config.types import Checked, TagValue
from anyscale_constructs.expressions import is_unresolved

_UUID = r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
_GROUP = r"[\w().-]{0,89}[\w()-]"

AzureRegion = Annotated[
    str,
    Checked(
        "the name of a region of Azure's public cloud, not its display name",
        r"(?!usgov|usdod|china)[a-z]+[0-9]*",
        "eastus2",
    ),
]
TenantId = Annotated[str, Checked("an Entra tenant's ID", _UUID, "11111111-2222-3333-4444-555555555555")]
ClientId = Annotated[
    str,
    Checked("an application's or a managed identity's client ID", _UUID, "a1b2c3d4-e5f6-7890-abcd-ef1234567890"),
]
SubscriptionId = Annotated[str, Checked("a subscription's ID", _UUID, "11111111-2222-3333-4444-555555555555")]
PrincipalId = Annotated[
    str,
    Checked(
        "the object ID of an Entra user, group or service principal", _UUID, "a1b2c3d4-e5f6-7890-abcd-ef1234567890"
    ),
]
ResourceGroupName = Annotated[
    str,
    Checked(
        "1 to 90 letters, digits, underscores, hyphens, periods and parentheses, with no period at the end",
        _GROUP,
        "anyscale-prod",
        any_alphabet=True,
    ),
]
VnetName = Annotated[
    str,
    Checked(
        "2 to 64 letters, digits, hyphens, underscores and periods, from a letter or digit to one or _",
        r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}[A-Za-z0-9_]",
        "anyscale-prod",
    ),
]
_SUBNET = "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Network/virtualNetworks/{}/subnets/{}"
_SUBNET_ID = re.escape(_SUBNET).replace(r"\{\}", "({})").format(_UUID, _GROUP, r"[\w.-]+", r"[\w.-]+")


def _subnet_id(text: str) -> re.Match[str] | None:
    return re.fullmatch(_SUBNET_ID, text, re.IGNORECASE)  # compiled when it is used, which only AKS does


def _is_subnet_id(text: str) -> bool:
    return _subnet_id(text) is not None


def _as_the_provider_writes_it(text: str) -> str:
    found = None if is_unresolved(text) else _subnet_id(text)
    return _SUBNET.format(*found.groups()) if found else text


SubnetId = Annotated[
    str,
    Checked(
        "a subnet's resource ID",
        _is_subnet_id,
        "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/network/providers/Microsoft.Network"
        "/virtualNetworks/shared/subnets/nodes",
    ),
    AfterValidator(_as_the_provider_writes_it),
]
"""A resource ID in any case, which Azure accepts; it is converted to the case that the provider requires."""
CapacityReservationGroupId = Annotated[
    str,
    Checked(
        "a capacity reservation group's resource ID",
        rf"/subscriptions/{_UUID}/resourceGroups/{_GROUP}/providers/Microsoft\.Compute/capacityReservationGroups/[\w.-]+",
        "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/capacity/providers/Microsoft.Compute"
        "/capacityReservationGroups/h100",
        any_alphabet=True,
    ),
]
StorageAccountName = Annotated[
    str, Checked("a storage account's name: 3 to 24 lower-case letters and digits", r"[a-z0-9]{3,24}", "acmeanyscale")
]
ContainerName = Annotated[
    str,
    Checked(
        "a container's name: 3 to 63 lower-case letters, digits and single hyphens, beginning and ending with a letter "
        "or digit",
        r"(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]",
        "anyscale",
    ),
]
ExistingContainerName = Annotated[
    str,
    Checked(
        "a container's name: 3 to 63 lower-case letters, digits and hyphens, or one of Azure's own, such as $web",
        r"\$(?:root|web|logs)|[a-z0-9-]{3,63}",
        "anyscale",
    ),
]
ClusterName = Annotated[
    str,
    Checked(
        "1 to 63 letters, digits, hyphens and underscores, beginning and ending with a letter or digit",
        r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?",
        "anyscale-prod",
    ),
]
KubernetesVersion = Annotated[
    str, Checked("a Kubernetes version, 1.32 or later", r"1\.(?:3[2-9]|[4-9]\d)(?:\.\d+)?", "1.34")
]
VmSize = Annotated[
    str,
    Checked(
        "a virtual machine size with x86 processors, which the nodes' image requires",
        # Arm sizes have a p after the number of CPUs.
        r"(?!Standard_[A-Za-z]+\d+(?:-\d+)?[a-z]*p)Standard_[\w-]+",
        "Standard_D16s_v5",
    ),
]
TagName = Annotated[str, Checked(r"at most 512 characters, without <>%&\?/", r"[^<>%&\\?/]{1,512}", "team")]
Tags = dict[TagName, TagValue]
