"""MemoryDB for services."""

from typing import Any

import pytest

from anyscale_constructs.aws import ExistingVpc, MemoryDb, SecurityGroups, Vpc, memorydb, regions
from anyscale_constructs.errors import InputError
from anyscale_constructs.expressions import expr
from anyscale_constructs.terraform.resource import Data
from anyscale_constructs.terraform.stack import CloudStack
from tests import spelled
from tests.unit.aws.parts import GROUP, NETWORK, SUBNETS
from tests.unit.guards import Case, Table
from tests.unit.terraform.parts import notes, warnings


def user(password: object) -> dict[str, object]:
    return {"memorydb_users": {"ray": {"user_name": "ray", "access_string": "on", "passwords": password}}}


TABLE = Table(
    MemoryDb,
    {"vpc": NETWORK, "security_group": GROUP, "existing_memorydb_acl_name": "open-access"},
    [
        Case(
            memorydb.names_are_lower_case_and_short,
            "anyscale_memorydb_name_prefix is not a valid name; got ",
            [
                {"anyscale_memorydb_name_prefix": "p" * 15},
                {"anyscale_memorydb_name_prefix": "p" * 15, "module_enabled": False},
            ],
            [{"anyscale_memorydb_name_prefix": "p" * 14}, {"anyscale_memorydb_name": "n" * 15}],
            trap="14",
        ),
        Case(
            memorydb.names_are_lower_case_and_short,
            "expected lower-case letters, digits and hyphens",
            [
                {"anyscale_memorydb_name": "Ray"},
                {"anyscale_memorydb_name_prefix": "ray_"},
                {"memorydb_parameter_group_name": "ray.redis"},
                {"memorydb_acl_name_prefix": "Ray"},
                {"memorydb_subnet_group_name": "ray subnets"},
                {"memorydb_final_snapshot_name": "ray/last"},
            ],
            [{"anyscale_memorydb_name": "ray-1"}, {"anyscale_memorydb_name": expr("var.Name")}],
            trap="14",
        ),
        Case(
            memorydb.tls_is_on,
            "memorydb_tls_enabled is off, but Anyscale connects with TLS only",
            [{"memorydb_tls_enabled": False}],
            [{"memorydb_tls_enabled": True}, {}],
        ),
        Case(
            memorydb.there_is_one_shard,
            "memorydb_num_shards is more than 1, but Ray supports one shard only; got ",
            [{"memorydb_num_shards": 2}, {"memorydb_num_shards": 500}],
            [{"memorydb_num_shards": 1}, {"memorydb_num_shards": expr("var.shards", "number")}, {}],
        ),
        Case(
            memorydb.the_shard_has_a_second_node,
            "memorydb_num_replicas_per_shard leaves the shard with one node",
            [{"memorydb_num_replicas_per_shard": 0}],
            [{"memorydb_num_replicas_per_shard": 1}, {"memorydb_num_replicas_per_shard": expr("var.n", "number")}, {}],
        ),
        Case(
            memorydb.the_parameter_group_fits_the_engine,
            "memorydb_parameter_group_family does not match the engine",
            [{"memorydb_engine_version": "6.2"}, {"memorydb_parameter_group_family": "memorydb_redis6"}],
            [
                {"memorydb_engine_version": "6.2", "memorydb_parameter_group_family": "memorydb_redis6"},
                {"memorydb_engine_version": "6.2", "create_memorydb_parameter_group": False},
                {"memorydb_engine_version": expr("var.version")},
            ],
        ),
        Case(
            memorydb.passwords_are_secrets,
            "memorydb_users has a password of ray in plain text",
            [user(["hunter2hunter2hunter2"]), user("hunter2hunter2hunter2"), user([expr("var.p"), "hunter2"])],
            [user([expr("var.p")]), user(expr('var.p["ray"]')), {"memorydb_users": {"ray": {"user_name": "ray"}}}],
        ),
        Case(
            memorydb.users_are_in_an_access_list,
            "create_memorydb_users creates users without an access control list",
            [{"create_memorydb_users": True}],
            [{"create_memorydb_users": True, "create_memorydb_acl": True}, {"create_memorydb_users": False}],
        ),
        Case(
            memorydb.snapshots_are_kept,
            "memorydb_snapshot_retention_limit is not set, so no snapshots are kept",
            [{}, {"memorydb_snapshot_retention_limit": 0}],
            [{"memorydb_snapshot_retention_limit": 1}],
            trap="18",
        ),
        Case(
            memorydb.memorydb_user_types,
            "memorydb_users have different keys",
            [{"memorydb_users": {"a": {"user_name": "a"}, "b": {"user_name": "b", "tags": {}}}}],
            [{"memorydb_users": {"a": {"user_name": "a"}, "b": {"user_name": "b"}}}, {"memorydb_users": {}}],
        ),
        Case(
            memorydb.access_without_a_password_is_chosen,
            "existing_memorydb_acl_name is open-access by default, which needs no password",
            [{"existing_memorydb_acl_name": None}],
            [{}, {"existing_memorydb_acl_name": None, "create_memorydb_acl": True}],
            trap="18",
        ),
    ],
)


def test_an_access_lists_prefix_leaves_room_for_the_suffix(stack: CloudStack) -> None:
    """Upstream's own default, anyscale-mdb-acl-, is three characters too long for the provider."""
    acl: dict[str, Any] = {"vpc": NETWORK, "security_group": GROUP, "create_memorydb_acl": True}
    assert MemoryDb(stack, "a", **acl).rendered["memorydb_acl_name_prefix"] == "anyscale-acl-"
    assert "memorydb_acl_name_prefix" not in MemoryDb(stack, "b", **acl, memorydb_acl_name="ray").rendered
    with pytest.raises(InputError, match="memorydb_acl_name_prefix is not a valid name"):
        MemoryDb(stack, "c", **acl, memorydb_acl_name_prefix="anyscale-mdb-acl-")


def test_the_module_is_on(stack: CloudStack) -> None:
    """Of all modules, only this one is off by default."""
    assert MemoryDb(stack, "a", vpc=NETWORK, security_group=GROUP).rendered["module_enabled"] is True
    off = MemoryDb(stack, "b", vpc=NETWORK, security_group=GROUP, module_enabled=False)
    assert off.rendered["module_enabled"] is False


def test_it_is_in_the_nodes_vpc(stack: CloudStack) -> None:
    vpc = Vpc(stack, networking_mode="PRIVATE")
    group = SecurityGroups(stack, vpc=vpc, ingress_cidr_blocks=["10.0.0.0/8"])
    assert MemoryDb(stack, vpc=vpc, security_group=group).rendered == {
        "module_enabled": True,
        "memorydb_subnet_ids": "${module.vpc.private_subnet_ids}",
        "memorydb_security_group_ids": ["${module.securitygroups.security_group_id}"],
    }


def test_existing_subnets_are_not_limited_to_one_per_zone(stack: CloudStack) -> None:
    rendered = MemoryDb(stack, vpc=NETWORK, security_group=GROUP).rendered
    assert rendered["memorydb_subnet_ids"] == list(SUBNETS)
    assert rendered["memorydb_security_group_ids"] == [GROUP.security_group_id]


@pytest.mark.parametrize(("tiering", "text"), [(True, "true"), (False, "false")])
def test_data_tiering_is_a_string(tiering: bool, text: str, stack: CloudStack) -> None:
    cluster = MemoryDb(stack, vpc=NETWORK, security_group=GROUP, enable_memorydb_data_tiering=tiering)
    assert cluster.rendered["enable_memorydb_data_tiering"] == text


def test_registration_uses_the_id_as_name(stack: CloudStack) -> None:
    assert spelled(MemoryDb(stack, vpc=NETWORK, security_group=GROUP).name) == "${module.memorydb.memorydb_cluster_id}"


# The regions with a zone that accounts can use and that lacks MemoryDB.
WITHOUT = {"us-east-1": "use1-az3", "ca-central-1": "cac1-az3", "ap-northeast-1": "apne1-az3"}


def subnets_in(region: str, vpc: Vpc | ExistingVpc, stack: CloudStack) -> tuple[Any, dict[str, Any]]:
    """Returns its subnets, and the data sources for them."""
    rendered = MemoryDb(stack, vpc=vpc, security_group=GROUP, region=region).rendered["memorydb_subnet_ids"]
    zones = stack.to_terraform().get("data", {}).get("aws_availability_zones", {})
    return rendered, {name: body["exclude_zone_ids"] for name, body in zones.items()}


@pytest.mark.parametrize("region", regions.REGIONS)
def test_it_gets_the_subnets_in_zones_that_have_it(region: str, stack: CloudStack) -> None:
    subnets, lookups = subnets_in(region, Vpc(stack, networking_mode="PRIVATE"), stack)
    names = "data.aws_availability_zones.memorydb.names"
    fitting = f"[for subnet, zone in module.vpc.private_subnet_ids_az_map : subnet if contains({names}, zone)]"
    assert subnets == (f"${{{fitting}}}" if region in WITHOUT else "${module.vpc.private_subnet_ids}")
    assert lookups == ({"memorydb": [WITHOUT[region]]} if region in WITHOUT else {})


def test_existing_subnets_are_selected_by_their_configured_zones(stack: CloudStack) -> None:
    """A zone's name refers to different zones in different accounts, so Terraform looks it up."""
    later = Data(stack, "aws_subnet", "a", {"id": "subnet-1"}).attribute("id")
    vpc = NETWORK.model_copy(update={"subnet_ids_to_az": {later: "us-east-1a", "subnet-12345678": "us-east-1b"}})
    subnets, _ = subnets_in("us-east-1", vpc, stack)
    zones = '{"${data.aws_subnet.a.id}" = "us-east-1a", "subnet-12345678" = "us-east-1b"}'
    assert subnets.startswith(f"${{[for subnet, zone in {zones} : subnet if contains(")


@pytest.mark.parametrize("region", [None, expr("var.region", "string")])
def test_an_unresolved_region_keeps_all_subnets(region: str | None, stack: CloudStack) -> None:
    module = MemoryDb(stack, vpc=NETWORK, security_group=GROUP, region=region)
    assert module.rendered["memorydb_subnet_ids"] == list(SUBNETS)


def said(module: MemoryDb) -> dict[str, str]:
    """Returns the findings about the region, by severity."""
    every = [("warning", text) for text in warnings(module)] + [("note", text) for text in notes(module)]
    return {level: text for level, text in every if "lacks MemoryDB" in text or "was not available" in text}


@pytest.mark.parametrize(
    ("network", "level"),
    [
        ({}, "warning"),
        ({"availability_zone_count": 3}, "note"),
        ({"availability_zones": ["us-east-1a", "us-east-1b"]}, "note"),
        ({"availability_zone_ids": ["use1-az1", "use1-az2"]}, "note"),
    ],
)
def test_a_zone_without_memorydb_is_a_note_and_a_single_zone_a_warning(
    network: dict[str, Any], level: str, stack: CloudStack
) -> None:
    module = MemoryDb(stack, vpc=Vpc(stack, **network), security_group=GROUP, region="us-east-1")
    assert list(said(module)) == [level]
    assert said(module)[level].startswith("the zone use1-az3 lacks MemoryDB, which uses the nodes' subnets in other")


def test_existing_subnets_cause_no_warning(stack: CloudStack) -> None:
    assert list(said(MemoryDb(stack, vpc=NETWORK, security_group=GROUP, region="ca-central-1"))) == ["note"]


@pytest.mark.parametrize("region", regions.REGIONS)
def test_regions_without_memorydb_are_warnings(region: str, stack: CloudStack) -> None:
    found = said(MemoryDb(stack, vpc=NETWORK, security_group=GROUP, region=region))
    assert found.get("warning", "").startswith(f"MemoryDB was not available in {region} in") == (
        region not in regions.MEMORYDB
    )


def test_listed_regions_exist() -> None:
    assert set(regions.MEMORYDB) < set(regions.REGIONS)
    assert WITHOUT.keys() < set(regions.MEMORYDB)
