"""The VPC, bucket and other constructs that these tests use."""

from typing import Any

from anyscale_constructs.google import (
    ExistingBucket,
    ExistingIdentityProvider,
    ExistingProject,
    ExistingServiceAccounts,
    ExistingVpc,
)
from anyscale_constructs.google.guards import (
    labels_are_ones_google_accepts,
    the_module_is_enabled,
    the_random_suffix_has_a_length,
)
from tests.unit.guards import Case

REGION = "us-central1"
PROJECT = ExistingProject(project_id="acme-ml")
NETWORK = ExistingVpc(
    vpc_id="projects/acme-ml/global/networks/ml",
    subnet_name="ml-us-central1",
    subnet_cidr="10.20.0.0/20",
    proxy_subnet_cidr="10.21.0.0/23",
)
SHARED = NETWORK.model_copy(update={"vpc_id": "projects/acme-network/global/networks/shared"})
PROVIDER = "projects/123456789012/locations/global/workloadIdentityPools/anyscale/providers/anyscale"
IDENTITY_PROVIDER = ExistingIdentityProvider(provider_name=PROVIDER)
ACCOUNTS = ExistingServiceAccounts(
    provider_name=PROVIDER,
    anyscale_service_account_email="access@acme-ml.iam.gserviceaccount.com",
    cluster_service_account_email="node@acme-ml.iam.gserviceaccount.com",
)
BUCKET = ExistingBucket(bucket_name="acme-anyscale")
KEY = "projects/acme-security/locations/us-central1/keyRings/anyscale/cryptoKeys/storage"

ENABLED = Case(
    the_module_is_enabled,
    "module_enabled is false",
    springs=[{"module_enabled": False}],
    passes=[{"module_enabled": True}],
)
RANDOM_SUFFIX = Case(
    the_random_suffix_has_a_length,
    "random_char_length must be an even number",
    springs=[{"random_char_length": 2}, {"random_char_length": 5}, {"random_char_length": 0}],
    passes=[{"random_char_length": 4}, {"random_char_length": 6}],
)
LABELS = Case(
    labels_are_ones_google_accepts,
    "labels",
    springs=[
        {"labels": {"Team": "ml"}},
        {"labels": {"1st": "ml"}},
        {"labels": {"team": "ML"}},
        {"labels": {"team": "a b"}},
        {"labels": {"team": "a" * 64}},
        {"labels": {f"l{n}": "" for n in range(64)}},
    ],
    passes=[{"labels": {"team": "ml-platform_1", "größe": "", "k" * 63: "a" * 63}}, {"labels": {}}],
)


def many(**properties: Any) -> list[dict[str, Any]]:
    """Returns a set of properties for each of a property's values."""
    return [{name: value} for name, values in properties.items() for value in values]
