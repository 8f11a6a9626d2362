"""The VPC: new, with subnets that are planned for it, or an existing one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Protocol, Unpack

from pydantic import Field, model_validator

from anyscale_constructs.aws.flow_logs import (
    FLOW_LOG_SWITCHES,
    flow_logs_are_on,
    flow_logs_need_their_log_group_and_role,
    the_flow_log_role_fits_its_name,
)
from anyscale_constructs.aws.nat_gateways import (
    nat_gateway_count_leaves_no_private_subnet_without_a_route,
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
from anyscale_constructs.config.types import Cidr, Known, NetworkingMode, OrExpr
from anyscale_constructs.engine import Construct
from anyscale_constructs.errors import InputError
from anyscale_constructs.expressions import Expr, count, is_one_of, known
from anyscale_constructs.findings import Finding, Rule
from anyscale_constructs.modules.aws.vpc import VpcInputs, VpcModule
from anyscale_constructs.terraform.guards import Guard, Inputs, guard

_ZONES = 2
"""As many availability zones as registration asks for, which every region has."""


class VpcConfig(Model):
    """A new VPC."""

    name: str | None = Field(default=None, description="Default: the stack's name.")
    cidr_block: Cidr = "10.0.0.0/16"
    availability_zone_count: Known[int | None] = Field(default=None, ge=2, le=8, description="Default: 2.")
    availability_zones: list[AvailabilityZone] = Field(default_factory=list, description="Default: the region's first.")
    subnet_places: Known[Places | None] = Field(
        default=None,
        description="For how many zones the plan of the subnets has room. Zones can be added up to that number without "
        "moving a subnet; with 8 each subnet has half the size. Set it when the VPC is made: changing it later moves "
        "every subnet. Default: 4 for up to four zones, 8 for more, so the fifth zone moves every subnet.",
    )
    public_subnets: OrExpr[list[Cidr] | None] = Field(default=None, description="Default: planned inside cidr_block.")
    private_subnets: OrExpr[list[Cidr] | None] = Field(
        default=None, description="Default: planned, with networking_mode PRIVATE and on EKS."
    )
    flow_logs: OrExpr[bool] = Field(default=False, description="Whether CloudWatch gets the VPC's flow logs.")
    tags: OrExpr[Tags] = Field(
        default_factory=dict, description="Tags of the VPC and what is in it, beside the cloud's. Default: none."
    )


class IVpc(Protocol):
    """A VPC with the subnets of Anyscale's nodes: `Vpc`, `ExistingVpc`, or a class with these properties."""

    @property
    def vpc_id(self) -> str:
        """Its id."""
        ...

    @property
    def node_subnet_ids(self) -> Expr | list[str]:
        """The subnets of Anyscale's nodes."""
        ...

    @property
    def subnet_ids_to_az(self) -> Expr | Mapping[str, str] | None:
        """Those subnets and the zone of each; None if that is not known."""
        ...

    @property
    def subnet_ids_per_zone(self) -> Expr | list[str]:
        """One of those subnets for each zone, for what may stand in a zone only once."""
        ...

    @property
    def zone_count(self) -> int | Expr:
        """The number of those zones."""
        ...


class ExistingVpc(Model):
    """A VPC that exists already, and the subnets in it that Anyscale's nodes use."""

    vpc_id: VpcId
    subnet_ids_to_az: dict[SubnetId, Zone] = Field(
        description="The nodes' subnets and each one's zone: at least two, in at least two zones."
    )
    cidr_block: Cidr | None = Field(default=None, description="The VPC's range. Default: its size is not checked.")
    s3_endpoint_route_table_ids: OrExpr[list[RouteTableId]] = Field(
        default_factory=list,
        description="The route tables of the nodes' subnets: they get routes to a new gateway endpoint for S3, which "
        "AWS refuses for one that has such a route already. Default: no endpoint is made, so traffic with S3 takes "
        "the routes that are there, such as the one to a NAT gateway, which charges for it.",
    )

    @model_validator(mode="after")
    def _two_zones(self) -> "ExistingVpc":
        if self.zone_count < _ZONES:
            raise refuse(
                "the subnets are in too few availability zones",
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
        return finding and replace(finding, key=("cidr_block",))

    @property
    def warning(self) -> Finding | None:
        """What works although a recommendation is missed; a stack reports it."""
        finding = self._size()
        return finding and replace(finding, key=("vpc", *finding.key))

    @property
    def node_subnet_ids(self) -> list[str]:
        """The subnets of Anyscale's nodes."""
        return list(self.subnet_ids_to_az)

    @property
    def subnet_ids_per_zone(self) -> list[str]:
        """The first subnet of each zone, for what may stand in a zone only once."""
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
        """The number of those zones."""
        return len(self.availability_zones)


@guard("availability-zone-count", "availability_zones", "availability_zone_ids", "private_subnets", "public_subnets")
def nodes_have_subnets_in_two_zones(i: Inputs) -> Finding | None:
    """`anyscale cloud verify` fails unless the nodes have subnets in at least two availability zones."""
    subnets = len(i["private_subnets"] or i["public_subnets"])
    zones: Sequence[Any] = i["availability_zone_ids"] or i["availability_zones"] or range(subnets)
    if i["existing_vpc_id"] is None and subnets and len(set(zones[:subnets])) < _ZONES:
        return Finding(
            "the nodes' subnets are in one availability zone, but registration needs two",
            "use subnets in at least two availability zones",
        )
    return None


@guard("subnet-zones", "availability_zones", "availability_zone_ids", "private_subnets", "public_subnets")
def subnets_fit_the_availability_zones(i: Inputs) -> Finding | None:
    """Upstream creates subnet n in zone n of the list, and fails when there is none."""
    zones = len(i["availability_zone_ids"]) or len(i["availability_zones"])
    subnets = max(len(i["public_subnets"]), len(i["private_subnets"]))
    if zones and subnets > zones:
        return Finding(
            f"there are {subnets} subnets of one kind for {zones} availability zones",
            "list as many zones as subnets, or leave the zones out",
        )
    return None


@guard("secondary-range", "secondary_cidr_blocks", "existing_vpc_id")
def secondary_ranges_need_a_new_vpc(i: Inputs) -> Finding | None:
    """Upstream associates secondary ranges with the VPC it creates; with an existing one, planning fails."""
    if i["existing_vpc_id"] is not None and i["secondary_cidr_blocks"]:
        return Finding(
            "secondary_cidr_blocks cannot be added to an existing VPC", "associate them outside of this module"
        )
    return None


@guard("private-subnets-ignored", "private_subnets", "existing_private_subnet_ids")
def private_subnets_are_new_or_existing(i: Inputs) -> Finding | None:
    """Upstream silently creates no private subnets once existing ones are named."""
    if i["existing_private_subnet_ids"] and i["private_subnets"]:
        return Finding("private_subnets has no effect beside existing_private_subnet_ids", "remove one of them")
    return None


NO_PLACE = Rule(
    "subnet-places",
    "note",
    "Planned subnets have fixed places, so that another availability zone moves none of them. When all places are "
    "taken, one more zone needs a new plan, which replaces every subnet.",
)

NO_NODE_SUBNETS = Rule(
    "node-subnets-missing",
    "error",
    "Nodes are in private subnets where there are any or networking_mode is PRIVATE, else in public ones.",
)


class Vpc(VpcModule):
    """A VPC with public subnets, and with private ones behind NAT gateways when wanted.

    Unless subnets are given, they are planned: see `plan_subnets`. Flow logs bring their log group and role.
    Instances get public addresses only where there are no private subnets.
    New subnets can also be made in an existing VPC (`existing_vpc_id`): no gateways are made there.

    Args:
        scope: The stack.
        id: Default: `vpc`.
        networking_mode: PUBLIC (default) plans public subnets only, PRIVATE private ones beside them.
        availability_zone_count: For how many zones subnets are planned. Default: the number of
            `availability_zones` or `availability_zone_ids`, else 2.
        subnet_places: For how many zones the plan has room, see `plan_subnets`. Changing it for a VPC that is there
            moves every subnet. Default: 4 for up to four zones, 8 for more, so that the fifth zone moves them.
        depends_on: Refused, unless it is empty: whenever one of these constructs changes, Terraform reads the zones
            and the endpoint's service during apply only, and replaces subnets, their associations and the endpoint.
            Give an input a value of what must be there first, such as a tag.
        **inputs: Upstream's inputs by their own names.

    Raises:
        InputError: An input is wrong or would spring one of upstream's traps.
    """

    guards: ClassVar[Sequence[Guard]] = (
        nat_gateways_need_a_public_subnet_for_each_private_one,
        nat_gateways_stay_within_the_public_subnets,
        nat_gateways_need_new_private_route_tables,
        nodes_have_subnets_in_two_zones,
        subnets_fit_the_availability_zones,
        nat_gateway_count_leaves_no_private_subnet_without_a_route,
        flow_logs_need_their_log_group_and_role,
        flow_logs_are_on,
        the_flow_log_role_fits_its_name,
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
        """Plans the subnets, and switches on and off what goes with them."""
        explicit = {"public_subnets", "private_subnets", "existing_vpc_id"} & set(given)
        for name, value in {"availability_zone_count": self._zone_count, "subnet_places": self._places}.items():
            if value is not None and explicit:
                raise InputError(
                    f"{name} is for planned subnets, but {min(explicit)} is set",
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
                "public_subnets is set without private_subnets, which the nodes would be in",
                fix="set private_subnets too, or leave both out to have them planned",
                rule=NO_NODE_SUBNETS,
                on=["public_subnets"],
            )
        if not is_one_of(given.get("private_subnets"), None, []):
            # Only load balancers and NAT gateways stand in the public subnets then, with addresses of their own.
            given = {"map_public_ip_on_launch": False} | given
        if (flow_logs := given.get("enable_vpc_flow_logs", False)) is not False:
            given = dict.fromkeys(FLOW_LOG_SWITCHES, flow_logs) | given
        return given

    def findings(self) -> Iterable[Finding]:
        """Says when the plan has no place for one more zone."""
        if self._plan and len(self._plan.public) == self._plan.places < MOST_PLACES:
            yield Finding(
                f"the subnets have {self._plan.places} places, one for each availability zone, so one more zone would "
                "move every subnet",
                f"set subnet_places to {MOST_PLACES} for a new VPC; in an existing one that moves every subnet too",
                rule=NO_PLACE,
                on=["subnet_places", "availability_zone_count", "availability_zones"],
            )

    # Upstream's output is empty for an existing VPC.
    @property
    def vpc_id(self) -> str:  # type: ignore[override] # pyright: ignore[reportIncompatibleMethodOverride]
        """The VPC's id: upstream's output, or the input for an existing VPC."""
        existing: str | None = self.inputs["existing_vpc_id"]
        return super().vpc_id if existing is None else existing

    @property
    def node_subnet_ids(self) -> Expr | list[str]:
        """The subnets of Anyscale's nodes: the private ones if there are any, else the public ones."""
        kind = self._node_subnets
        if kind == "existing_private_subnet_ids":
            return self.inputs[kind]  # type: ignore[no-any-return] # a list or an expression of one
        return self.private_subnet_ids if kind == "private_subnets" else self.public_subnet_ids

    @property
    def subnet_ids_to_az(self) -> Expr | None:
        """Those subnets and the zone of each; None for existing private ones, whose zones upstream doesn't tell."""
        kind = self._node_subnets
        if kind == "existing_private_subnet_ids":
            return None
        return self.private_subnet_ids_az_map if kind == "private_subnets" else self.public_subnet_ids_az_map

    @property
    def subnet_ids_per_zone(self) -> Expr | list[str]:
        """The same: upstream makes one subnet of a kind in a zone."""
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
        """The input that says which subnets the nodes are in; a list that only Terraform knows is not empty."""
        kinds = ("existing_private_subnet_ids", "private_subnets", "public_subnets")
        return next((kind for kind in kinds if not is_one_of(self.inputs[kind], None, [])), None)
