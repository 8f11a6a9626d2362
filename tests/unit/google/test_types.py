"""Google Cloud's field types: what each accepts and rejects."""

import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from anyscale_constructs.config.types import Checked
from anyscale_constructs.expressions import expr
from anyscale_constructs.google import types
from tests.unit.google.parts import KEY

# Values that each type accepts, and values that it refuses.
LITERALS: dict[str, tuple[list[str], list[Any]]] = {
    "GcpRegion": (
        ["us-central1", "europe-west12", "northamerica-northeast1"],
        ["us-east-1", "us-central1-b", "US", "us"],
    ),
    "GcpLocation": (["us-central1", "us-central1-f", "us-south1-ai1b"], ["us", "us-east-1", "US", "us-south1-ai1"]),
    "GcpZone": (["us-central1-f", "europe-west12-a"], ["us-central1", "us-east-1a", "b"]),
    "MachineType": (
        [
            *("n2-standard-16", "a3-highgpu-8g", "c2d-highmem-4", "n2-custom-4-16384-ext", "c3-standard-192-metal"),
            *("z3-highmem-14-standardlssd", "e2-medium", "e2-custom-small-2048", "custom-4-16384", "t2d-standard-4"),
        ],
        [
            *("m5.large", "Standard_D4s_v5", "n2", "", "n2-standard", "n2-16", "standard-16", "n2-standard-16-"),
            *("t2a-standard-4", "c4a-standard-16", "n4a-highmem-8", "a4x-highgpu-4g"),
        ],
    ),
    "BucketLocation": (
        ["us-east1", "US-EAST1", "US", "eu", "ASIA", "NAM4", "EUR8", "asia1"],
        ["us-east-2", "eastus2", "us-east1-b", "usa", "EUROPE", ""],
    ),
    "BillingAccountId": (["01ABCD-234567-89EF01"], ["01abcd-234567-89ef01", "billingAccounts/01ABCD-234567-89EF01"]),
    "FolderId": (["123", "folders/123"], ["ml", "organizations/123", 123]),
    "OrganizationNumber": (["123"], ["organizations/123", "org_123", 123]),
    "VpcNetworkId": (
        ["projects/acme-ml/global/networks/ml", "projects/acme.com:acme-ml/global/networks/ml"],
        ["ml", "projects/123/global/networks/ml", "projects/acme-ml/global/networks/", "projects/acme-ml/networks/ml"],
    ),
    "ServiceAccountEmail": (
        ["a@acme-ml.iam.gserviceaccount.com", "1-compute@developer.gserviceaccount.com"],
        ["a", "a@acme.com", "serviceAccount:a@b@acme-ml.iam.gserviceaccount.com"],
    ),
    "CryptoKeyName": ([KEY, KEY.replace("us-central1", "us")], ["storage", KEY.rpartition("/cryptoKeys/")[0]]),
    "Role": (
        ["roles/viewer", "projects/acme-ml/roles/nodes", "organizations/1/roles/a.b"],
        ["viewer", "role/viewer", "roles/"],
    ),
    "ServiceName": (["redis.googleapis.com"], ["redis", "googleapis.com", "https://redis.googleapis.com"]),
    "LabelKey": (["team", "größe", "a" * 63], ["", "Team", "1st", "_a", "a b", "a" * 64]),
    "LabelValue": (["", "ml-1_2", "1", "größe", "a" * 63], ["ML", "a b", "a.b", "a" * 64, True]),
    "NamePrefix": (["a", "acme-ray-", "a" * 17], ["", "1a", "Acme-", "gcp-ml-", "goog", "a_b", "a" * 18]),
    "ProjectId": (["acme-ml", "a" * 30], ["acme", "acme-", "1acme-ml", "my-google-ml", "acme-ssl-1", "a" * 31]),
    "ProjectName": (["Acme ML", 'it\'s "4" - !'], ["ML", "Acme: ML", "a" * 31]),
    "InstanceId": (["ab", "ml-1", "a" * 40], ["", "a", "1a", "a-", "a" * 41]),
    "ServiceAccountName": (["acme-1", "a" * 30], ["acme", "acme-ml-", "Acme-ml", "a" * 31]),
    "RoleId": (["a_b", "a.B.1", "a" * 64], ["ab", "a-b", "a" * 65]),
    "PoolId": (["abcd", "1-a-", "a" * 32], ["abc", "gcp-anyscale", "Abcd", "a" * 33]),
    "GcsBucketName": (
        ["abc", "acme_ml-1", "a" * 63],
        ["ab", "Acme", "-ab", "ab-", "goog-ml", "my-google", "my-g00gle", "acme.com", "gs://acme", "a" * 64],
    ),
    "ExistingGcsBucketName": (
        ["abc", "logs.acme.com", "my-google-exports", "a" * 222],
        ["ab", "Acme", "-ab", "ab.", "a..b", "gs://acme", "a" * 223],
    ),
    "GcpProjectId": (["acme-ml", "example.com:acme-ml"], ["123456789", "Acme-ml", "acme", "acme-", "a" * 31]),
    "GcpInstanceName": (
        ["projects/acme-ml/locations/us-central1/instances/anyscale"],
        ["anyscale", "projects/acme-ml/locations/us-central1/instances/", "projects/a/instances/b"],
    ),
    "GcpResourceName": (["a", "anyscale-vpc1"], ["", "Anyscale", "1a", "a-", "projects/p/global/networks/a", "a" * 64]),
    "IdentityProviderName": (
        ["projects/123456/locations/global/workloadIdentityPools/anyscale/providers/anyscale"],
        ["projects/acme-ml/locations/global/workloadIdentityPools/anyscale/providers/anyscale", "anyscale"],
    ),
}


def adapter(name: str) -> TypeAdapter[Any]:
    return TypeAdapter(getattr(types, name))


def test_every_field_type_is_in_the_table() -> None:
    annotated = {name: value for name, value in vars(types).items() if hasattr(value, "__metadata__")}
    assert {name for name, value in annotated.items() if isinstance(value.__metadata__[0], Checked)} == set(LITERALS)


@pytest.mark.parametrize(("name", "literal"), [(name, good) for name, (all_, _) in LITERALS.items() for good in all_])
def test_literal_is_accepted(name: str, literal: str) -> None:
    assert adapter(name).validate_python(literal) == literal


@pytest.mark.parametrize(("name", "literal"), [(name, bad) for name, (_, all_) in LITERALS.items() for bad in all_])
def test_fails_on_a_literal_that_is_not_allowed(name: str, literal: object) -> None:
    with pytest.raises(ValidationError):
        adapter(name).validate_python(literal)


@pytest.mark.parametrize("name", LITERALS)
def test_examples_and_unresolved_values_are_accepted(name: str) -> None:
    (found,) = getattr(types, name).__metadata__
    for value in (found.example, expr("module.vpc.vpc_name")):
        assert adapter(name).validate_python(value) is value


def test_duplicate_zones_are_errors() -> None:
    zones, later = TypeAdapter(types.GcpZones), expr("var.later", "string")
    assert zones.validate_python(["us-central1-a", "us-central1-b", later, later])
    with pytest.raises(ValidationError, match="must not have duplicate zones"):
        zones.validate_python(["us-central1-a", "us-central1-b", "us-central1-a"])


@given(st.from_regex(r"[a-z0-9-]{0,42}", fullmatch=True))
@example("a")
@example("a" * 41)
def test_instance_ids_fit_the_provider_and_google(name: str) -> None:
    """The provider's pattern for the ID of a Redis instance, which allows one character more than Google."""
    fits = re.fullmatch(r"[a-z][a-z0-9-]{0,39}[a-z0-9]", name) is not None and len(name) <= 40
    try:
        accepted = adapter("InstanceId").validate_python(name) == name
    except ValidationError:
        accepted = False
    assert accepted == fits
