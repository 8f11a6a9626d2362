"""The VPC, its guards and the nodes' subnet."""

import pytest

from anyscale_constructs.errors import ConfigError, InputError
from anyscale_constructs.google import (
    ExistingProject,
    ExistingVpc,
    Project,
    Vpc,
    flow_logs,
    gke_ranges,
    nat,
    proxy_subnet,
    subnets,
)
from anyscale_constructs.google import vpc as guards
from anyscale_constructs.terraform.stack import CloudStack
from tests import spelled
from tests.unit.google.parts import ENABLED, NETWORK, PROJECT, RANDOM_SUFFIX, REGION, SHARED, many
from tests.unit.guards import Case, Table

PRIVATE = {"private_subnet_cidr": "10.1.0.0/16", "proxy_subnet_cidr": "10.2.0.0/23"}
GKE = {"gke_services_range_cidr": "10.3.0.0/20", "gke_pod_range_cidr": "10.4.0.0/16"}
SUBNET_ID = "projects/acme-ml/regions/us-central1/subnetworks/a"

TABLE = Table(
    Vpc,
    {"project": PROJECT, "region": REGION},
    [
        ENABLED,
        RANDOM_SUFFIX,
        Case(
            guards.names_are_ones_google_accepts,
            "must be a plain name",
            springs=[
                {"anyscale_vpc_name": "Acme"},
                {"anyscale_vpc_name": "acme-"},
                {"anyscale_vpc_name": "a" * 45},  # -us-central1-public
                {"anyscale_vpc_name": "a" * 41, "public_subnet_suffix": "public-nodes"},
                {"anyscale_vpc_name_prefix": "a" * 41},
                {"anyscale_vpc_name": "a" * 57, **PRIVATE, "private_subnet_name": "p", "proxy_subnet_name": "q"},
            ],
            passes=[
                {"anyscale_vpc_name": "a" * 44},
                {"anyscale_vpc_name": "a" * 63, "public_subnet_name": "nodes"},
                {"anyscale_vpc_name_prefix": "a" * 40},
                {"anyscale_vpc_name": "a" * 56, **PRIVATE, "private_subnet_name": "p", "proxy_subnet_name": "q"},
            ],
        ),
        Case(
            subnets.existing_subnets_are_in_existing_vpcs,
            "names a subnet that is not in the new VPC",
            springs=[{"existing_public_subnet_id": SUBNET_ID}, {**PRIVATE, "existing_private_subnet_id": SUBNET_ID}],
            passes=[PRIVATE],
        ),
        Case(
            subnets.ranges_are_networks,
            "must be a network",
            springs=many(public_subnet_cidr=["10.0.0.1/16", "ten"], proxy_subnet_cidr=["10.2.0.0/33"]),
            passes=many(public_subnet_cidr=["10.0.0.0/16"]),
        ),
        Case(
            subnets.ranges_lie_apart,
            "overlaps",
            springs=[
                {"proxy_subnet_cidr": "10.0.128.0/23"},
                {**PRIVATE, "public_subnet_cidr": "10.1.0.0/20"},
                {**PRIVATE, **GKE, "gke_pod_range_cidr": "10.3.0.0/16"},
            ],
            passes=[{"proxy_subnet_cidr": "10.1.0.0/23"}, {**PRIVATE, **GKE}],
        ),
        Case(
            subnets.subnets_are_large_enough,
            "the nodes' subnet is",
            springs=many(public_subnet_cidr=["10.0.0.0/25", "10.0.0.0/24", "10.0.0.0/21"]),
            passes=many(public_subnet_cidr=["10.0.0.0/20"]),
        ),
        Case(
            proxy_subnet.the_proxy_subnet_is_large_enough,
            "proxy_subnet_cidr is too small",
            springs=many(proxy_subnet_cidr=["10.1.0.0/27"]),
            passes=many(proxy_subnet_cidr=["10.1.0.0/26"]),
        ),
        Case(
            flow_logs.flow_log_settings_have_the_keys_upstream_reads,
            "keys that upstream ignores",
            springs=many(
                public_subnet_flow_log_config=[{"aggregation_interval": "INTERVAL_5_SEC"}],
                private_subnet_flow_log_config=[{"subnet_flow_logs_sampling": "0.5", "metadata": "x"}],
            ),
            passes=many(
                public_subnet_flow_log_config=[{"subnet_flow_logs_sampling": "0.5"}, {}],
                private_subnet_flow_log_config=[{"subnet_flow_logs_metadata": "INCLUDE_ALL_METADATA"}],
            ),
        ),
        Case(
            nat.private_subnets_reach_anyscale,
            "create_nat is false",
            springs=[{**PRIVATE, "create_nat": False}],
            passes=[{"create_nat": False}, PRIVATE],
        ),
        Case(
            nat.the_default_route_stays,
            "delete_default_internet_gateway_routes leaves",
            springs=many(delete_default_internet_gateway_routes=[True]),
            passes=many(delete_default_internet_gateway_routes=[False]),
        ),
        Case(
            nat.nat_ports_are_dynamic_or_independent,
            "cannot both be true",
            springs=[{"nat_enable_dynamic_port_allocation": True, "nat_enable_endpoint_independent_mapping": True}],
            passes=[{**PRIVATE, "nat_enable_endpoint_independent_mapping": True}, PRIVATE],
        ),
        Case(
            proxy_subnet.private_services_have_a_proxy_subnet,
            "proxy_subnet_cidr is not set",
            springs=[{"private_subnet_cidr": "10.1.0.0/16"}, {"networking_mode": "PRIVATE"}],
            passes=[PRIVATE, {}, {"networking_mode": "PRIVATE", **GKE}],
        ),
        Case(
            gke_ranges.gke_ranges_come_together_in_a_private_subnet,
            "also requires ",
            springs=[GKE, {**PRIVATE, "gke_pod_range_cidr": "10.4.0.0/16"}],
            passes=[{**PRIVATE, **GKE}, PRIVATE],
        ),
        Case(
            gke_ranges.pods_have_room,
            "gke_pod_range_cidr has addresses for the pods of",
            springs=[{**PRIVATE, **GKE, "gke_pod_range_cidr": cidr} for cidr in ("10.4.0.0/19", "10.4.0.0/26")],
            passes=[{**PRIVATE, **GKE}, {**PRIVATE, **GKE, "gke_pod_range_cidr": "10.4.0.0/18"}],
        ),
        Case(
            subnets.ipv6_subnets_are_external,
            "does not fit",
            springs=[
                {"public_subnet_stack_type": "IPV4_IPV6"},
                {"private_subnet_stack_type": "IPV4_IPV6", "private_subnet_ipv6_type": "INTERNAL"},
            ],
            passes=[{"public_subnet_stack_type": "IPV4_IPV6", "public_subnet_ipv6_type": "EXTERNAL"}],
        ),
    ],
)


def test_the_nodes_subnet_follows_the_networking_mode(stack: CloudStack) -> None:
    public = Vpc(stack, project=PROJECT, region=REGION)
    assert public.rendered["public_subnet_cidr"] == public.node_subnet_cidr == "10.0.0.0/16"
    assert spelled(public.node_subnet_name) == "${module.vpc.public_subnet_name}"
    private = Vpc(stack, "vpc2", project=PROJECT, region=REGION, networking_mode="PRIVATE", subnet_cidr="10.1.0.0/16")
    assert private.rendered["private_subnet_cidr"] == private.node_subnet_cidr == "10.1.0.0/16"
    assert spelled(private.node_subnet_name) == "${module.vpc2.private_subnet_name}"
    assert "public_subnet_cidr" not in private.rendered


def test_the_nat_gateway_allocates_ports_on_demand(stack: CloudStack) -> None:
    private = Vpc(stack, project=PROJECT, region=REGION, networking_mode="PRIVATE")
    assert private.rendered["nat_enable_dynamic_port_allocation"] is True
    independent = Vpc(
        stack,
        "vpc2",
        project=PROJECT,
        region=REGION,
        networking_mode="PRIVATE",
        nat_enable_endpoint_independent_mapping=True,
    )
    assert "nat_enable_dynamic_port_allocation" not in independent.rendered


def test_names_are_unchanged_and_prefixes_get_a_suffix(stack: CloudStack) -> None:
    assert (
        Vpc(stack, project=PROJECT, region=REGION, anyscale_vpc_name="ml").rendered["enable_random_name_suffix"]
        is False
    )
    prefixed = Vpc(stack, "vpc2", project=PROJECT, region=REGION, anyscale_vpc_name_prefix="ml-")
    assert "enable_random_name_suffix" not in prefixed.rendered


def test_fails_on_a_private_network_with_a_public_subnet_only(stack: CloudStack) -> None:
    with pytest.raises(InputError, match="PRIVATE requires a private subnet, but only public_subnet_cidr is set"):
        Vpc(stack, project=PROJECT, region=REGION, networking_mode="PRIVATE", public_subnet_cidr="10.0.0.0/16")


def test_the_owner_of_an_existing_vpc_is_the_host_project_unless_it_is_the_clouds_own(stack: CloudStack) -> None:
    assert NETWORK.vpc_name == "ml"
    assert NETWORK.host_project_id(PROJECT) is None
    assert SHARED.vpc_name == "shared"
    assert SHARED.host_project_id(PROJECT) == "acme-network"
    new = Project(stack, billing_account_id="01ABCD-234567-89EF01", folder_id="1")
    assert NETWORK.host_project_id(new) == "acme-ml"


@pytest.mark.parametrize(
    ("vpc", "project", "network", "mode"),
    [
        (NETWORK, PROJECT, "ml", "DIRECT_PEERING"),
        (SHARED, PROJECT, "projects/acme-network/global/networks/shared", "PRIVATE_SERVICE_ACCESS"),
        (
            NETWORK.model_copy(update={"connect_mode": "PRIVATE_SERVICE_ACCESS"}),
            PROJECT,
            "ml",
            "PRIVATE_SERVICE_ACCESS",
        ),
        (SHARED, ExistingProject(project_id="acme-network"), "shared", "DIRECT_PEERING"),
    ],
)
def test_managed_services_connect_to_a_shared_vpc(
    vpc: ExistingVpc, project: ExistingProject, network: str, mode: str
) -> None:
    assert guards.network_of(vpc, project) == (network, mode)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"vpc_id": "ml"}, "must be a VPC's ID, with its project"),
        ({"vpc_id": "https://www.googleapis.com/compute/v1/projects/acme-ml/global/networks/ml"}, "with its project"),
        ({"subnet_name": "projects/acme-ml/regions/us-central1/subnetworks/ml"}, "must be a plain name"),
        ({"subnet_cidr": "10.20.0.0/25"}, "subnet_cidr: the subnet is too small to register"),
    ],
)
def test_fails_on_an_existing_vpc_that_cannot_be_used(values: dict[str, str], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        ExistingVpc(**{**NETWORK.model_dump(), **values})
