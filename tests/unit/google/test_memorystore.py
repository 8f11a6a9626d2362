"""Memorystore and its guards."""

from anyscale_constructs.google import Memorystore
from anyscale_constructs.google import memorystore as guards
from anyscale_constructs.terraform.stack import CloudStack
from tests import spelled
from tests.unit.google.parts import LABELS, NETWORK, PROJECT, RANDOM_SUFFIX, REGION, SHARED, many
from tests.unit.guards import Case, Table

TABLE = Table(
    Memorystore,
    {"project": PROJECT, "region": REGION, "vpc": NETWORK},
    [
        RANDOM_SUFFIX,
        LABELS,
        Case(
            guards.name_is_one_google_accepts,
            "must be 2 to 40 lower-case letters",
            springs=[
                *many(anyscale_memorystore_name=["Acme", "acme-", "a", "a" * 41]),
                {"anyscale_memorystore_name_prefix": "a" * 37},
            ],
            passes=[*many(anyscale_memorystore_name=["ab", "a" * 40]), {"anyscale_memorystore_name_prefix": "a" * 36}],
        ),
        Case(
            guards.numbers_are_within_limits,
            "is out of range",
            springs=many(memorystore_replica_count=[0, 6], memorystore_memory_size_gb=[4, 301]),
            passes=many(memorystore_replica_count=[1, 5], memorystore_memory_size_gb=[5, 300]),
        ),
        Case(
            guards.tls_is_off,
            "requires TLS",
            springs=many(memorystore_encryption_mode=["SERVER_AUTHENTICATION"]),
            passes=many(memorystore_encryption_mode=["DISABLED"]),
        ),
        Case(
            guards.auth_is_off,
            "requires a password",
            springs=many(memorystore_enable_auth=[True]),
            passes=many(memorystore_enable_auth=[False]),
        ),
        Case(
            guards.memorystore_eviction,
            "maxmemory-policy",
            springs=many(memorystore_redis_configs=[{"maxmemory-policy": "noeviction"}, {"activedefrag": "yes"}]),
            passes=many(memorystore_redis_configs=[{"maxmemory-policy": "allkeys-lru", "activedefrag": "yes"}]),
        ),
        Case(
            guards.zones_are_two_of_the_region,
            "google_zone",
            springs=[
                {"alternative_google_zone": "us-central1-b"},
                {"google_zone": "us-central1-b", "alternative_google_zone": "us-central1-b"},
                {"google_zone": "us-east1-b"},
                {"google_zone": "us-central12-b"},
                {"google_zone": "us-central1"},
            ],
            passes=[{"google_zone": "us-central1-a", "alternative_google_zone": "us-central1-b"}],
        ),
        Case(
            guards.shared_vpc_connect_mode,
            "does not work with a shared VPC",
            springs=[{"vpc": SHARED, "memorystore_connect_mode": "DIRECT_PEERING"}],
            passes=[{"vpc": SHARED}, {"memorystore_connect_mode": "DIRECT_PEERING"}],
        ),
    ],
)


def test_the_module_is_enabled_and_supports_shared_vpcs(stack: CloudStack) -> None:
    redis = Memorystore(stack, **{**TABLE.base, "vpc": SHARED})
    assert redis.rendered == {
        "module_enabled": True,
        "anyscale_project_id": "acme-ml",
        "google_region": REGION,
        "memorystore_vpc_name": "projects/acme-network/global/networks/shared",
        "memorystore_connect_mode": "PRIVATE_SERVICE_ACCESS",
    }
    assert spelled(redis.instance_name) == "${module.memorystore.anyscale_memorystore_id}"
