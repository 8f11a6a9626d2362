"""The Redis of services."""

from typing import Any

import pytest

from anyscale_constructs.aws import MemoryDb, SecurityGroups, Vpc, memorydb
from anyscale_constructs.core.expressions import expr
from anyscale_constructs.core.stack import CloudStack
from anyscale_constructs.errors import InputError
from tests.unit.aws.parts import GROUP, NETWORK, SUBNETS
from tests.unit.guards import Case, Table


def user(password: object) -> dict[str, object]:
    return {"memorydb_users": {"ray": {"user_name": "ray", "access_string": "on", "passwords": password}}}


TABLE = Table(
    MemoryDb,
    {"vpc": NETWORK, "security_group": GROUP, "existing_memorydb_acl_name": "open-access"},
    [
        Case(
            memorydb.names_are_lower_case_and_short,
            "anyscale_memorydb_name_prefix is not a name that upstream accepts; given: ",
            [
                {"anyscale_memorydb_name_prefix": "p" * 15},
                {"anyscale_memorydb_name_prefix": "p" * 15, "module_enabled": False},
            ],
            [{"anyscale_memorydb_name_prefix": "p" * 14}, {"anyscale_memorydb_name": "n" * 15}],
            trap="14",
        ),
        Case(
            memorydb.names_are_lower_case_and_short,
            "Allowed: lower-case letters, digits and hyphens",
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
            "memorydb_tls_enabled is off, and Anyscale connects with TLS only",
            [{"memorydb_tls_enabled": False}],
            [{"memorydb_tls_enabled": True}, {}],
        ),
        Case(
            memorydb.there_is_one_shard,
            "memorydb_num_shards is more than 1, and Ray works with one shard only; given: ",
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
            "memorydb_parameter_group_family does not fit the engine",
            [{"memorydb_engine_version": "6.2"}, {"memorydb_parameter_group_family": "memorydb_redis6"}],
            [
                {"memorydb_engine_version": "6.2", "memorydb_parameter_group_family": "memorydb_redis6"},
                {"memorydb_engine_version": "6.2", "create_memorydb_parameter_group": False},
                {"memorydb_engine_version": expr("var.version")},
            ],
        ),
        Case(
            memorydb.passwords_are_secrets,
            "memorydb_users gives ray a password in plain text",
            [user(["hunter2hunter2hunter2"]), user("hunter2hunter2hunter2"), user([expr("var.p"), "hunter2"])],
            [user([expr("var.p")]), user(expr('var.p["ray"]')), {"memorydb_users": {"ray": {"user_name": "ray"}}}],
        ),
        Case(
            memorydb.users_are_in_an_access_list,
            "create_memorydb_users makes users that no access list holds",
            [{"create_memorydb_users": True}],
            [{"create_memorydb_users": True, "create_memorydb_acl": True}, {"create_memorydb_users": False}],
        ),
        Case(
            memorydb.snapshots_are_kept,
            "memorydb_snapshot_retention_limit is not set, so no snapshot is kept",
            [{}, {"memorydb_snapshot_retention_limit": 0}],
            [{"memorydb_snapshot_retention_limit": 1}],
            trap="18",
        ),
        Case(
            memorydb.users_are_alike,
            "memorydb_users have different keys",
            [{"memorydb_users": {"a": {"user_name": "a"}, "b": {"user_name": "b", "tags": {}}}}],
            [{"memorydb_users": {"a": {"user_name": "a"}, "b": {"user_name": "b"}}}, {"memorydb_users": {}}],
        ),
        Case(
            memorydb.access_without_a_password_is_chosen,
            "existing_memorydb_acl_name is open-access by default: whoever reaches the port needs no password",
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
    with pytest.raises(InputError, match="memorydb_acl_name_prefix is not a name that upstream accepts"):
        MemoryDb(stack, "c", **acl, memorydb_acl_name_prefix="anyscale-mdb-acl-")


def test_the_module_is_on(stack: CloudStack) -> None:
    """Trap 2: of all modules, only this one is off by default."""
    assert MemoryDb(stack, "a", vpc=NETWORK, security_group=GROUP).rendered["module_enabled"] is True
    off = MemoryDb(stack, "b", vpc=NETWORK, security_group=GROUP, module_enabled=False)
    assert off.rendered["module_enabled"] is False


def test_it_is_where_the_nodes_are(stack: CloudStack) -> None:
    vpc = Vpc(stack, networking_mode="PRIVATE")
    group = SecurityGroups(stack, vpc=vpc, ingress_cidr_blocks=["10.0.0.0/8"])
    assert MemoryDb(stack, vpc=vpc, security_group=group).rendered == {
        "module_enabled": True,
        "memorydb_subnet_ids": "${module.vpc.private_subnet_ids}",
        "memorydb_security_group_ids": ["${module.securitygroups.security_group_id}"],
    }


def test_existing_subnets_are_not_cut_down_to_one_a_zone(stack: CloudStack) -> None:
    rendered = MemoryDb(stack, vpc=NETWORK, security_group=GROUP).rendered
    assert rendered["memorydb_subnet_ids"] == list(SUBNETS)
    assert rendered["memorydb_security_group_ids"] == [GROUP.security_group_id]


@pytest.mark.parametrize(("tiering", "text"), [(True, "true"), (False, "false")])
def test_data_tiering_is_text(tiering: bool, text: str, stack: CloudStack) -> None:
    """Trap 1."""
    cluster = MemoryDb(stack, vpc=NETWORK, security_group=GROUP, enable_memorydb_data_tiering=tiering)
    assert cluster.rendered["enable_memorydb_data_tiering"] == text


def test_the_name_that_registration_wants_is_the_id(stack: CloudStack) -> None:
    assert str(MemoryDb(stack, vpc=NETWORK, security_group=GROUP).name) == "${module.memorydb.memorydb_cluster_id}"
