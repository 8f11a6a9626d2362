"""The shared file system, its guards and its location."""

from typing import Any

import pytest

from anyscale_constructs.google import Filestore
from anyscale_constructs.google import filestore as guards
from anyscale_constructs.terraform.stack import CloudStack
from tests import spelled
from tests.unit.google.parts import ENABLED, LABELS, NETWORK, PROJECT, RANDOM_SUFFIX, REGION, SHARED, many
from tests.unit.guards import Case, Table


def size(tier: str, capacity_gb: int) -> dict[str, Any]:
    return {"filestore_tier": tier, "anyscale_filestore_fileshare_capacity_gb": capacity_gb}


TABLE = Table(
    Filestore,
    {"project": PROJECT, "region": REGION, "vpc": NETWORK},
    [
        ENABLED,
        RANDOM_SUFFIX,
        LABELS,
        Case(
            guards.names_are_ones_google_accepts,
            "must be a plain name",
            springs=[*many(anyscale_filestore_name=["Acme", "a" * 64]), {"anyscale_filestore_name_prefix": "a" * 60}],
            passes=[*many(anyscale_filestore_name=["a" * 63]), {"anyscale_filestore_name_prefix": "a" * 48}],
        ),
        Case(
            guards.the_location_fits_the_tier,
            "filestore_location for the tier",
            springs=[
                {"filestore_tier": "REGIONAL", "filestore_location": "us-central1-a"},
                {"filestore_tier": "ENTERPRISE", "filestore_location": "us-central1-a"},
                {"filestore_tier": "ZONAL", "filestore_location": "us-central1"},
                {"filestore_location": "us-central1"},
            ],
            passes=[
                {"filestore_location": "us-central1-f"},
                {"filestore_tier": "ENTERPRISE", "filestore_location": "us-east1"},
                {"filestore_tier": "REGIONAL"},
            ],
        ),
        Case(
            guards.the_capacity_fits_the_tier,
            "does not offer this",
            springs=[
                size("STANDARD", 1023),
                size("BASIC_SSD", 2559),
                size("PREMIUM", 65434),
                size("HIGH_SCALE_SSD", 2560),
                size("ZONAL", 1100),
                size("ZONAL", 10239),
                size("REGIONAL", 10241),
                size("ENTERPRISE", 10496),
                {"filestore_tier": "HIGH_SCALE_SSD"},
            ],
            passes=[
                size("STANDARD", 1024),
                size("BASIC_SSD", 2561),
                size("HIGH_SCALE_SSD", 12800),
                size("ZONAL", 1280),
                size("REGIONAL", 102400),
                size("ENTERPRISE", 10240),
                {"filestore_tier": "PREMIUM"},
            ],
        ),
        Case(
            guards.shared_vpc_connect_mode,
            "does not work with a shared VPC",
            springs=[
                {"vpc": SHARED, "filestore_network_conect_mode": "DIRECT_PEERING"},
                {"vpc": SHARED.model_copy(update={"connect_mode": "DIRECT_PEERING"})},
            ],
            passes=[{"vpc": SHARED}, {"filestore_network_conect_mode": "DIRECT_PEERING"}],
        ),
    ],
)


@pytest.mark.parametrize(
    ("tier", "location"),
    [(None, "us-central1-b"), ("ZONAL", "us-central1-b"), ("REGIONAL", REGION), ("ENTERPRISE", REGION)],
)
def test_the_location_follows_the_tier(stack: CloudStack, tier: str | None, location: str) -> None:
    assert Filestore(stack, **TABLE.base, filestore_tier=tier).rendered["filestore_location"] == location


def test_its_full_name_is_upstreams_id(stack: CloudStack) -> None:
    assert spelled(Filestore(stack, **TABLE.base).instance_name) == "${module.filestore.anyscale_filestore_id}"
