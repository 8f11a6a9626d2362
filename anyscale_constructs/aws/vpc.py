"""The VPC: new, with planned subnets, or an existing one."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Protocol, Unpack

from pydantic import Field, model_validator

from anyscale_constructs.aws.flow_logs import (
    FLOW_LOG_SWITCHES,
    flow_log_role_name,
    flow_logs_are_on,
    flow_logs_need_their_log_group_and_role,
)
from anyscale_constructs.aws.nat_gateways import (
    nat_gateway_without_route,
    nat_gateways_need_a_public_subnet_for_each_private_one,
    nat_gateways_need_new_private_route_tables,
    nat_gateways_stay_within_the_public_subnets,
)
from anyscale_constructs.aws.ranges import (
    ranges_are_networks,
    ranges_are_not_too_large,
    subnets_are_large_enough,
    subnets_lie_apart_and_inside_the_vpc,
    vpc_is_large_enough,
)
from anyscale_constructs.aws.route_tables import (
    existing_private_route_tables_are_several,
    public_subnets_in_an_existing_vpc_need_a_route,
)
from anyscale_constructs.aws.subnets import MOST_PLACES, UNPLANNABLE, Places, Plan, plan_subnets
from anyscale_constructs.aws.types import AvailabilityZone, RouteTableId, SubnetId, Tags, VpcId, Zone
from anyscale_constructs.config import networks
from anyscale_constructs.config.model import Model, refuse, refuse_all
from anyscale_constructs.config.types import Cidr, Known, NetworkingMode, OrExpr, empty_list, empty_map
from anyscale_constructs.engine import Construct
from anyscale_constructs.errors import InputError
from anyscale_constructs.expressions import Expr, count, is_one_of, known
from anyscale_constructs.findings import Finding, Rule
from anyscale_constructs.modules.aws.vpc import VpcInputs, VpcModule
from anyscale_constructs.terraform.guards import Guard, Inputs, guard

_ZONES = 2
"""The number of availability zones that registration requires, which every region has."""


class VpcConfig(Model):
    """A new VPC."""

    name: str | None = Field(default=None, description="The VPC's name. Default: the stack's name.")
    cidr_block: Cidr = Field(default="10.0.0.0/16", description="The VPC's range, an IPv4 network in CIDR form.")
    availability_zone_count: Known[int | None] = Field(
        default=None, ge=2, le=8, description="The number of zones. Default: that of availability_zones, or else 2."
    )
    availability_zones: list[AvailabilityZone] = Field(
        default_factory=empty_list, description="The zones of the subnets. Default: the first zones of the region."
    )
    subnet_places: Known[Places | None] = Field(
        default=None,
        description="The number of zones for which the subnet plan has room. Zones can be added up to that number "
        "without moving a subnet; with 8, each subnet has half the size. Set it before the first apply: changing it "
        "later moves every subnet. Default: 4 for up to four zones, 8 for more, so a fifth zone moves every subnet.",
    )
    public_subnets: OrExpr[list[Cidr] | None] = Field(
        default=None, description="The ranges of public subnets. Default: planned inside cidr_block."
    )
    private_subnets: OrExpr[list[Cidr] | None] = Field(
        default=None,
        description="The ranges of private subnets. Default: planned inside cidr_block, with networking_mode PRIVATE "
        "and on EKS; else none.",
    )
    flow_logs: OrExpr[bool] = Field(default=False, description="Whether the VPC's flow logs are sent to CloudWatch.")
    tags: OrExpr[Tags] = Field(
        default_factory=empty_map,
        description="Tags of the VPC and what is in it, in addition to the cloud's. Default: none.",
    )


class IVpc(Protocol):
    """A VPC with the subnets of Anyscale's nodes: `Vpc`, `ExistingVpc`, or a class with these properties."""

    @property
    def vpc_id(self) -> str:
        """The VPC's ID."""
        ...

    @property
    def node_subnet_ids(self) -> Expr | list[str]:
        """The subnets of Anyscale's nodes."""
        ...

    @property
    def subnet_ids_to_az(self) -> Expr | Mapping[str, str] | None:
        """The zone of each node subnet, by subnet ID; None if the zones are not known."""
        ...

    @property
    def subnet_ids_per_zone(self) -> Expr | list[str]:
        """One node subnet for each zone, for resources that are limited to one per zone."""
        ...

    @property
    def zone_count(self) -> int | Expr:
        """The number of zones with a node subnet."""
        ...


class ExistingVpc(Model):
    """An existing VPC, and its subnets for Anyscale's nodes."""

    vpc_id: VpcId
    subnet_ids_to_az: dict[SubnetId, Zone] = Field(
        description="The zone of each node subnet, by subnet ID: at least two subnets, in at least two zones."
    )
    cidr_block: Cidr | None = Field(default=None, description="The VPC's range. Default: its size is not checked.")
    s3_endpoint_route_table_ids: OrExpr[list[RouteTableId]] = Field(
        default_factory=empty_list,
        description="The route tables of the nodes' subnets, which get a route to a new gateway endpoint for S3. AWS "
        "rejects a route table that already has such a route. Default: no endpoint is created, so traffic to S3 uses "
        "existing routes, such as one to a NAT gateway, which charges for it.",
    )

    @model_validator(mode="after")
    def _two_zones(self) -> "ExistingVpc":
        if self.zone_count < _ZONES:
            raise refuse(
                "the subnets are in fewer availability zones than registration requires",
                "add a subnet in another zone",
                key="subnet_ids_to_az",
                rule=nodes_have_subnets_in_two_zones.rule,
                value=self.availability_zones,
                allowed=f"{_ZONES} zones or more",
            )
        if (size := self._size()) and size.severity == "error":
            raise refuse_all([size])
        return self

    def _size(self) -> Finding | None:
        found = [] if self.cidr_block is None else [self.cidr_block]
        finding = networks.too_small("the VPC", found, networks.VPC)
        return finding and finding._replace(key=("cidr_block",))

    @property
    def warning(self) -> Finding | None:
        """The warning about a size below the recommendation, for the stack to report; None if there is none."""
        finding = self._size()
        return finding and finding._replace(key=("vpc", *finding.key))

    @property
    def node_subnet_ids(self) -> list[str]:
        """The subnets of Anyscale's nodes."""
        return list(self.subnet_ids_to_az)

    @property
    def subnet_ids_per_zone(self) -> list[str]:
        """The first node subnet of each zone, for resources that are limited to one per zone."""
        first: dict[str, str] = {}
        for subnet, zone in self.subnet_ids_to_az.items():
            first.setdefault(zone, subnet)
        return list(first.values())

    @property
    def availability_zones(self) -> list[str]:
        """The availability zones with a node subnet."""
        return sorted(set(self.subnet_ids_to_az.values()), key=str.__str__)

    @property
    def zone_count(self) -> int:
        """The number of zones with a node subnet."""
        return len(self.availability_zones)


@guard("availability-zone-count", "availability_zones", "availability_zone_ids", "private_subnets", "public_subnets")
def nodes_have_subnets_in_two_zones(i: Inputs) -> Finding | None:
    """`anyscale cloud verify` fails unless the nodes have subnets in at least two availability zones."""
    subnets = len(i["private_subnets"] or i["public_subnets"])
    zones: Sequence[Any] = i["availability_zone_ids"] or i["availability_zones"] or range(subnets)
    if i["existing_vpc_id"] is None and subnets and len(set(zones[:subnets])) < _ZONES:
        return Finding(
            "the nodes' subnets are in one availability zone, but registration requires two",
            "use subnets in at least two availability zones",
        )
    return None


@guard("subnet-zones", "availability_zones", "availability_zone_ids", "private_subnets", "public_subnets")
def subnets_fit_the_availability_zones(i: Inputs) -> Finding | None:
    """Upstream creates subnet n in zone n of the list, and fails if there is none."""
    zones = len(i["availability_zone_ids"]) or len(i["availability_zones"])
    subnets = max(len(i["public_subnets"]), len(i["private_subnets"]))
    if zones and subnets > zones:
        return Finding(
            f"there are {subnets} subnets of one kind for {zones} availability zones",
            "list as many zones as subnets, or remove the zones",
        )
    return None


@guard("secondary-range", "secondary_cidr_blocks", "existing_vpc_id")
def secondary_ranges_need_a_new_vpc(i: Inputs) -> Finding | None:
    """Upstream associates secondary ranges with the VPC that it creates; with an existing VPC, planning fails."""
    if i["existing_vpc_id"] is not None and i["secondary_cidr_blocks"]:
        return Finding(
            "secondary_cidr_blocks cannot be added to an existing VPC", "associate them outside of this module"
        )
    return None


@guard("private-subnets-ignored", "private_subnets", "existing_private_subnet_ids")
def private_subnets_are_new_or_existing(i: Inputs) -> Finding | None:
    """Upstream silently creates no private subnets if existing ones are set."""
    if i["existing_private_subnet_ids"] and i["private_subnets"]:
        return Finding("private_subnets has no effect with existing_private_subnet_ids", "remove one of them")
    return None


NO_PLACE = Rule(
    "subnet-places",
    "note",
    "Planned subnets have fixed places, so that another availability zone moves none of them. Once all places are "
    "used, another zone requires a new plan, which replaces every subnet.",
)

NO_NODE_SUBNETS = Rule(
    "node-subnets-missing",
    "error",
    "Nodes are in private subnets if there are any or networking_mode is PRIVATE, else in public subnets.",
)


class Vpc(VpcModule):
    """A VPC with public subnets, and optionally with private subnets behind NAT gateways.

    Subnets that are not set are planned, see `plan_subnets`. Flow logs include their log group and role. Instances get
    public addresses only if there are no private subnets. The subnets can also be created in an existing VPC
    (`existing_vpc_id`), without gateways.

    Args:
        scope: The stack.
        id: The construct's ID in the stack. Default: `vpc`.
        networking_mode: PUBLIC plans public subnets only, PRIVATE plans private subnets, too. Default: PUBLIC.
        availability_zone_count: The number of zones for which subnets are planned. Default: the number of
            `availability_zones` or `availability_zone_ids`, else 2.
        subnet_places: The number of zones for which the plan has room, see `plan_subnets`. Changing it for an existing
            VPC moves every subnet. Default: 4 for up to four zones, 8 for more, so that a fifth zone moves them.
        depends_on: Must be empty: whenever one of these constructs changed, Terraform would read the zones and the
            endpoint's service only during apply, and replace subnets, their associations and the endpoint. Instead,
            reference what must be created first in an input, such as a tag.
        **inputs: Upstream's input variables, with upstream's names.

    Raises:
        InputError: An input is invalid, or breaks one of the construct's rules.
    """

    guards: ClassVar[Sequence[Guard]] = (
        nat_gateways_need_a_public_subnet_for_each_private_one,
        nat_gateways_stay_within_the_public_subnets,
        nat_gateways_need_new_private_route_tables,
        nodes_have_subnets_in_two_zones,
        subnets_fit_the_availability_zones,
        nat_gateway_without_route,
        flow_logs_need_their_log_group_and_role,
        flow_logs_are_on,
        flow_log_role_name,
        secondary_ranges_need_a_new_vpc,
        existing_private_route_tables_are_several,
        private_subnets_are_new_or_existing,
        public_subnets_in_an_existing_vpc_need_a_route,
        ranges_are_networks,
        subnets_lie_apart_and_inside_the_vpc,
        ranges_are_not_too_large,
        vpc_is_large_enough,
        subnets_are_large_enough,
    )
    replaced_by_waiting = "subnets, route table associations and the S3 endpoint"

    def __init__(
        self,
        scope: Construct,
        id: str = "vpc",
        *,
        networking_mode: NetworkingMode = "PUBLIC",
        availability_zone_count: int | None = None,
        subnet_places: Places | None = None,
        depends_on: Sequence[Construct] = (),
        **inputs: Unpack[VpcInputs],
    ) -> None:
        self._private = known(networking_mode, "networking_mode") == "PRIVATE"
        self._zone_count = known(availability_zone_count, "availability_zone_count")
        self._places: Places | None = known(subnet_places, "subnet_places")
        self._plan: Plan | None = None
        super().__init__(scope, id, depends_on=depends_on, **inputs)

    def complete(self, given: dict[str, Any]) -> dict[str, Any]:
        """Plans the subnets, and sets the inputs that depend on them."""
        explicit = {"public_subnets", "private_subnets", "existing_vpc_id"} & set(given)
        for name, value in {"availability_zone_count": self._zone_count, "subnet_places": self._places}.items():
            if value is not None and explicit:
                raise InputError(
                    f"{name} applies to planned subnets, but {min(explicit)} is set",
                    value=value,
                    fix="remove one of them",
                    rule=UNPLANNABLE,
                    on=[name],
                )
        if "existing_vpc_id" in given:
            given = {"create_igw": False, "create_ngw": False} | given
        elif "public_subnets" not in given and "private_subnets" not in given:
            if given.get("use_ipam_pool", False) is not False:
                raise InputError(
                    "use_ipam_pool lets AWS choose the range, so no subnets can be planned inside it",
                    fix="set public_subnets, and private_subnets for networking_mode PRIVATE",
                    rule=UNPLANNABLE,
                    on=["use_ipam_pool"],
                )
            named = next((given[name] for name in ("availability_zones", "availability_zone_ids") if name in given), ())
            if self._zone_count is None and isinstance(named, Expr):
                known(named, "availability_zones")
            zones = self._zone_count or len(named) or _ZONES
            cidr_block = given.get("cidr_block", self.interface.variable("cidr_block").default)
            self._plan = plan = plan_subnets(cidr_block, zones, private=self._private, places=self._places)
            given |= {"public_subnets": plan.public} | ({"private_subnets": plan.private} if plan.private else {})
        alone = "public_subnets" in given and not {"private_subnets", "existing_private_subnet_ids"} & set(given)
        if self._private and alone:
            raise InputError(
                "public_subnets is set without private_subnets, in which the nodes would be",
                fix="set private_subnets too, or remove both to plan them",
                rule=NO_NODE_SUBNETS,
                on=["public_subnets"],
            )
        if not is_one_of(given.get("private_subnets"), None, []):
            # Then only load balancers and NAT gateways are in the public subnets, with their own addresses.
            given = {"map_public_ip_on_launch": False} | given
        if (flow_logs := given.get("enable_vpc_flow_logs", False)) is not False:
            given = dict.fromkeys(FLOW_LOG_SWITCHES, flow_logs) | given
        return given

    def findings(self) -> Iterable[Finding]:
        """Warns if the plan has no room for another zone."""
        if self._plan and len(self._plan.public) == self._plan.places < MOST_PLACES:
            yield Finding(
                f"the subnet plan has room for {self._plan.places} availability zones, so another zone would move "
                "every subnet",
                f"set subnet_places to {MOST_PLACES} for a new VPC; in an existing VPC, that moves every subnet, too",
                rule=NO_PLACE,
                on=["subnet_places", "availability_zone_count", "availability_zones"],
            )

    # Upstream's output is empty for an existing VPC.
    @property
    def vpc_id(self) -> str:  # type: ignore[override] # pyright: ignore[reportIncompatibleMethodOverride]
        """The VPC's ID: upstream's output, or the input for an existing VPC."""
        existing: str | None = self.inputs["existing_vpc_id"]
        return super().vpc_id if existing is None else existing

    @property
    def node_subnet_ids(self) -> Expr | list[str]:
        """The subnets of Anyscale's nodes: the private subnets if there are any, else the public subnets."""
        kind = self._node_subnets
        if kind == "existing_private_subnet_ids":
            return self.inputs[kind]  # type: ignore[no-any-return] # a list or an expression of one
        return self.private_subnet_ids if kind == "private_subnets" else self.public_subnet_ids

    @property
    def subnet_ids_to_az(self) -> Expr | None:
        """The zone of each node subnet, by subnet ID; None for existing private subnets, whose zones are not known."""
        kind = self._node_subnets
        if kind == "existing_private_subnet_ids":
            return None
        return self.private_subnet_ids_az_map if kind == "private_subnets" else self.public_subnet_ids_az_map

    @property
    def subnet_ids_per_zone(self) -> Expr | list[str]:
        """The node subnets: upstream creates one subnet of a kind per zone."""
        return self.node_subnet_ids

    @property
    def zone_count(self) -> int | Expr:
        """The number of node subnets."""
        if (kind := self._node_subnets) is None:
            raise InputError(
                [
                    Finding(
                        "the module has no subnets for nodes",
                        "set public_subnets or private_subnets",
                        rule=NO_NODE_SUBNETS,
                        on=["public_subnets", "private_subnets"],
                        construct=self.address,
                    )
                ]
            )
        return count(self.inputs[kind])

    @property
    def _node_subnets(self) -> str | None:
        """The input with the nodes' subnets; an unresolved list counts as not empty."""
        kinds = ("existing_private_subnet_ids", "private_subnets", "public_subnets")
        return next((kind for kind in kinds if isinstance(subnets := self.inputs[kind], Expr) or subnets), None)
