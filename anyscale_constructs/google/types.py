"""Google Cloud's field types: like those of `config.types`, they check literals and pass unresolved values."""

from typing import Annotated, Literal

from pydantic import AfterValidator

from anyscale_constructs.config.model import INVALID_VALUE, refuse
from anyscale_constructs.config.types import Checked
from anyscale_constructs.expressions import as_expression, fn, is_unresolved


def _each_once(zones: list[str]) -> list[str]:
    known = [zone for zone in zones if not is_unresolved(zone)]
    if twice := next((zone for zone in known if known.count(zone) > 1), None):
        raise refuse("must not have duplicate zones", f"remove the second {twice}", rule=INVALID_VALUE)
    return zones


ConnectMode = Literal["DIRECT_PEERING", "PRIVATE_SERVICE_ACCESS"]
"""How a managed service connects to a VPC; PRIVATE_SERVICE_ACCESS requires a peering that the VPC's owner sets up."""

GcpRegion = Annotated[str, Checked("a Google Cloud region", r"[a-z]+-[a-z]+\d+", "us-central1")]
GcpZone = Annotated[str, Checked("a Google Cloud zone", r"[a-z]+-[a-z]+\d+-[a-z]", "us-central1-b")]
GcpZones = Annotated[list[GcpZone], AfterValidator(_each_once)]
GcpLocation = Annotated[
    str, Checked("a Google Cloud region or zone", r"[a-z]+-[a-z]+\d+(-(?:ai\d+)?[a-z])?", "us-central1")
]
BucketLocation = Annotated[
    str,
    Checked(
        "a Google Cloud region, a multi-region (US, EU, ASIA) or a dual-region (NAM4, EUR4, EUR5, EUR7, EUR8, ASIA1)",
        r"[a-z]+-[a-z]+\d+|[A-Z]+-[A-Z]+\d+|us|eu|asia|US|EU|ASIA|(?:nam|eur|asia)\d+|(?:NAM|EUR|ASIA)\d+",
        "us-central1",
    ),
]
BillingAccountId = Annotated[
    str, Checked("a billing account's ID", r"[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}", "01ABCD-234567-89EF01")
]
FolderId = Annotated[str, Checked("a folder's number", r"(?:folders/)?\d+", "123456789012")]
OrganizationNumber = Annotated[str, Checked("a Google Cloud organization's number", r"\d+", "123456789012")]
VpcNetworkId = Annotated[
    str,
    Checked(
        "a VPC's ID, with its project",
        r"projects/(?:[a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]/global/networks/[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?",
        "projects/acme-network/global/networks/shared",
    ),
]
ServiceAccountEmail = Annotated[
    str,
    Checked(
        "a service account's e-mail address",
        r"[^@\s/]+@[a-z0-9.-]+\.gserviceaccount\.com",
        "anyscale@acme-ml.iam.gserviceaccount.com",
    ),
]
CryptoKeyName = Annotated[
    str,
    Checked(
        "a Cloud KMS key's full name",
        r"projects/[^/\s]+/locations/[a-z0-9-]+/keyRings/[\w-]{1,63}/cryptoKeys/[\w-]{1,63}",
        "projects/acme-security/locations/us-central1/keyRings/anyscale/cryptoKeys/storage",
    ),
]
Role = Annotated[
    str,
    Checked(
        "a role's full name",
        r"(?:(?:projects|organizations)/[^/\s]+/)?roles/[\w.]+",
        "roles/artifactregistry.reader",
    ),
]
ServiceName = Annotated[
    str, Checked("a service's full name", r"[a-z][a-z0-9-]*\.googleapis\.com", "redis.googleapis.com")
]
LabelKey = Annotated[
    str,
    Checked(
        "at most 63 lower-case letters, digits, hyphens and underscores, beginning with a letter",
        r"(?![\d_-])(?:[^\WA-Z]|-){1,63}",
        "team",
        any_alphabet=True,
    ),
]
LabelValue = Annotated[
    str,
    Checked(
        "at most 63 lower-case letters, digits, hyphens and underscores",
        r"(?:[^\WA-Z]|-){0,63}",
        "ml-platform",
        any_alphabet=True,
    ),
]
Labels = dict[LabelKey, LabelValue]

# ---- Names of single kinds of things ----------------------------------------------------------------

NamePrefix = Annotated[
    str,
    Checked(
        "at most 17 lower-case letters, digits and hyphens, beginning with a letter, but not with gcp- or goog "
        "(reserved by Google)",
        r"(?!gcp-|goog)[a-z][a-z0-9-]{0,16}",
        "acme-ray-",
    ),
]
ProjectId = Annotated[
    str,
    Checked(
        "a project ID: 6 to 30 lower-case letters, digits and hyphens, beginning with a letter, without a hyphen at "
        "its end and without google, null, undefined or ssl",
        r"(?!.*(?:google|null|undefined|ssl))[a-z][a-z0-9-]{4,28}[a-z0-9]",
        "acme-ml",
    ),
]
ProjectName = Annotated[
    str, Checked("4 to 30 letters, digits, spaces, quotes, hyphens or !", r"""[A-Za-z0-9 '"!-]{4,30}""", "Acme ML")
]
InstanceId = Annotated[
    str,
    Checked(
        "2 to 40 lower-case letters, digits and hyphens, beginning with a letter, without a hyphen at the end",
        r"[a-z][a-z0-9-]{0,38}[a-z0-9]",
        "anyscale-prod",
    ),
]
MachineType = Annotated[
    str,
    Checked(
        "a machine type, FAMILY-TYPE-NUMBER, with x86 processors, which the nodes' image requires",
        # Excludes Arm processors of Ampere, Google and NVIDIA. Shared-core and older custom types have other names.
        r"(?!(?:t2a|c4a|n4a|a4x)-)"
        r"(?:[a-z]+\d+[a-z]*-(?:micro|small|medium|(?:[a-z]+-)+\d+[a-z]?(?:-[a-z0-9]+)*)|custom-\d+-\d+(?:-ext)?)",
        "n2-standard-16",
    ),
]
ServiceAccountName = Annotated[
    str,
    Checked(
        "6 to 30 lower-case letters, digits and hyphens, beginning with a letter, without a hyphen at the end",
        r"[a-z][a-z0-9-]{4,28}[a-z0-9]",
        "anyscale-access",
    ),
]
RoleId = Annotated[str, Checked("3 to 64 letters, digits, underscores and dots", r"[\w.]{3,64}", "anyscale_access")]
PoolId = Annotated[
    str,
    Checked(
        "4 to 32 lower-case letters, digits and hyphens, not beginning with gcp- (reserved by Google)",
        r"(?!gcp-)[a-z0-9-]{4,32}",
        "anyscale-access",
    ),
]
GcsBucketName = Annotated[
    str,
    Checked(
        "a bucket name: 3 to 63 lower-case letters, digits, hyphens and underscores, beginning and ending with a "
        "letter or digit, not beginning with goog and without google (dots would require a domain that you own)",
        r"(?!goog)(?!.*(?:google|g00gle))[a-z0-9][a-z0-9_-]{1,61}[a-z0-9]",
        "acme-anyscale-prod",
    ),
]

EXISTING_GCS_BUCKET = r"[a-z0-9](?:[a-z0-9_-]|\.(?!\.)){1,220}[a-z0-9]"
"""A bucket's name; a name with periods is a domain of its owner."""
ExistingGcsBucketName = Annotated[
    str,
    Checked(
        "a bucket name: 3 to 222 lower-case letters, digits, hyphens, underscores and periods",
        EXISTING_GCS_BUCKET,
        "acme-anyscale-prod",
    ),
]


def by_full_name(name: str, place: str) -> dict[str, str]:
    """Returns a data source's arguments for an instance.

    Args:
        name: The instance's full name, projects/P/locations/L/instances/I. Terraform splits an unresolved name.
        place: The data source's argument for the location.
    """
    return {key: part_of_name(name, part, 6) for key, part in {"project": 1, place: 3, "name": 5}.items()}


def part_of_name(name: str, part: int, parts: int) -> str:
    """Returns a part of a full name.

    Args:
        name: The name, with slashes between its parts. Terraform splits an unresolved name.
        part: The index of the part, from 0.
        parts: The number of parts.
    """
    found = str.__str__(name).split("/")
    if len(found) != parts:
        return fn.split("/", name)[part]
    text: str = as_expression(found[part])
    return text


GcpProjectId = Annotated[
    str,
    Checked(
        "a project ID, which begins with a letter (not the project number)",
        r"(?:[a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]",
        "acme-ml",
    ),
]

GcpInstanceName = Annotated[
    str,
    Checked(
        "an instance's full name",
        r"projects/[^/\s]+/locations/[^/\s]+/instances/[^/\s]+",
        "projects/acme-ml/locations/us-central1/instances/anyscale",
    ),
]

GcpResourceName = Annotated[
    str,
    Checked(
        "a plain name: at most 63 lower-case letters, digits and hyphens, beginning with a letter, without a hyphen at "
        "the end",
        r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?",
        "anyscale",
    ),
]

IdentityProviderName = Annotated[
    str,
    Checked(
        "an identity provider's full name, which contains the project number",
        r"projects/\d+/locations/global/workloadIdentityPools/[a-z0-9-]+/providers/[a-z0-9-]+",
        "projects/123456/locations/global/workloadIdentityPools/anyscale/providers/anyscale",
    ),
]
