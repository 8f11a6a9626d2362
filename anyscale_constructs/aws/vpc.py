"""The VPC: new, with subnets that are planned for it, or an existing one."""

from collections.abc import Iterable, Mapping, Sequence
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
from anyscale_constructs.aws.subnets import MOST_PLACES, Places, Plan, plan_subnets
from anyscale_constructs.aws.types import AvailabilityZone, SubnetId, Tags, VpcId
from anyscale_constructs.config import networks
from anyscale_constructs.config.model import Model, refuse
from anyscale_constructs.config.types import Cidr, Known, NetworkingMode, OrExpr
from anyscale_constructs.engine import Construct
from anyscale_constructs.errors import InputError
from anyscale_constructs.expressions import Expr, count, is_one_of, known
from anyscale_constructs.findings import Finding
from anyscale_constructs.modules.aws.vpc import VpcInputs, VpcModule
from anyscale_constructs.terraform.module import Guard, Inputs

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
    tags: OrExpr[Tags] = Field(default_factory=dict)


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
    """A VPC that is there already, and the subnets in it that Anyscale's nodes use."""

    vpc_id: VpcId
    subnet_ids_to_az: dict[SubnetId, AvailabilityZone] = Field(
        description="The nodes' subnets and each one's zone: at least two, in at least two zones."
    )
    cidr_block: Cidr | None = Field(default=None, description="The VPC's range. Default: its size is not checked.")

    @model_validator(mode="after")
    def _two_zones(self) -> "ExistingVpc":
        if self.zone_count < 2:  # noqa: PLR2004 - the rule's own number
            raise refuse(
                f"subnet_ids_to_az has subnets in {self.zone_count} availability zone, but registration needs two",
                "name at least two subnets in different zones",
            )
        found = [] if self.cidr_block is None else [self.cidr_block]
        finding = networks.too_small("cidr_block", found, networks.VPC)
        if finding and not finding.warning:
            raise refuse(finding.what, finding.mend)
        return self

    @property
    def warning(self) -> Finding | None:
        """What works although a recommendation is missed; a stack annotates it."""
        found = [] if self.cidr_block is None else [self.cidr_block]
        return networks.too_small("vpc.cidr_block", found, networks.VPC)

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


def nodes_have_subnets_in_two_zones(i: Inputs) -> Finding | None:
    """`anyscale cloud verify` fails below two subnets or two zones."""
    subnets = len(i["private_subnets"] or i["public_subnets"])
    zones: Sequence[Any] = i["availability_zone_ids"] or i["availability_zones"] or range(subnets)
    if i["existing_vpc_id"] is None and subnets and len(set(zones[:subnets])) < _ZONES:
        return Finding(
            "the nodes' subnets are in one availability zone, but registration needs two",
            "give at least two subnets, in different zones",
        )
    return None


def subnets_fit_the_availability_zones(i: Inputs) -> Finding | None:
    """Upstream takes zone n for subnet n."""
    zones = len(i["availability_zone_ids"]) or len(i["availability_zones"])
    subnets = max(len(i["public_subnets"]), len(i["private_subnets"]))
    if zones and subnets > zones:
        return Finding(
            f"there are {subnets} subnets of one kind for {zones} availability zones",
            "name as many zones as subnets, or leave the zones to upstream",
        )
    return None


def secondary_ranges_need_a_new_vpc(i: Inputs) -> Finding | None:
    """Upstream associates them with the VPC it made, and fails with an index error when it made none."""
    if i["existing_vpc_id"] is not None and i["secondary_cidr_blocks"]:
        return Finding(
            "secondary_cidr_blocks can't be added to an existing VPC", "associate them outside of this module"
        )
    return None


def existing_private_route_tables_are_several(i: Inputs) -> Finding | None:
    """Upstream has two resources for the associations, and a single route table turns both on."""
    if len(i["existing_private_route_table_ids"]) == 1 and i["private_subnets"]:
        return Finding(
            "existing_private_route_table_ids with one route table makes upstream associate each private subnet twice",
            "give one route table for each private subnet",
        )
    return None


def private_subnets_are_new_or_existing(i: Inputs) -> Finding | None:
    """Upstream makes no private subnet as soon as an existing one is named, and does not say so."""
    if i["existing_private_subnet_ids"] and i["private_subnets"]:
        return Finding("private_subnets are not made while existing_private_subnet_ids is set", "give one or the other")
    return None


def public_subnets_in_an_existing_vpc_need_a_route(i: Inputs) -> Finding | None:
    """Without an internet gateway of its own, upstream's new public route table has no default route."""
    routed = i["create_igw"] is not False or i["existing_public_route_table_ids"]
    if i["existing_vpc_id"] is not None and i["public_subnets"] and not routed:
        return Finding(
            "public_subnets in an existing VPC get a route table without a route to the internet",
            "name the VPC's public route tables in existing_public_route_table_ids",
        )
    return None


def ranges_are_networks(i: Inputs) -> Finding | None:
    """AWS refuses others."""
    names = ("secondary_cidr_blocks", "public_subnets", "private_subnets")
    ranges = [("cidr_block", [i["cidr_block"]]), *((name, i[name]) for name in names)]
    return next((found for name, cidrs in ranges if (found := networks.not_networks(name, cidrs))), None)


def ranges_are_not_too_large(i: Inputs) -> Finding | None:
    """AWS takes no VPC and no subnet that is larger than a /16."""
    own = [] if _range_is_elsewhere(i) else [i["cidr_block"]]
    ranges = [*own, *i["secondary_cidr_blocks"], *i["public_subnets"], *i["private_subnets"]]
    return networks.too_large("a range of the VPC", ranges, 16)


def vpc_is_large_enough(i: Inputs) -> Finding | None:
    """`anyscale cloud verify` fails for a VPC that is smaller than a /24."""
    return None if _range_is_elsewhere(i) else networks.too_small("cidr_block", [i["cidr_block"]], networks.VPC)


def subnets_are_large_enough(i: Inputs) -> Finding | None:
    """`anyscale cloud verify` fails for a subnet that is smaller than a /28."""
    return networks.too_small("a subnet", [*i["public_subnets"], *i["private_subnets"]], networks.SUBNET)


def subnets_lie_apart_and_inside_the_vpc(i: Inputs) -> Finding | None:
    """AWS refuses others, after the VPC has been made."""
    ranges = [i["cidr_block"], *i["secondary_cidr_blocks"]]
    subnets = [*i["public_subnets"], *i["private_subnets"]]
    return networks.misplaced("public_subnets and private_subnets", subnets, None if _range_is_elsewhere(i) else ranges)


def _range_is_elsewhere(i: Inputs) -> bool:
    return i["existing_vpc_id"] is not None or i["use_ipam_pool"] is not False


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
                    f"{name} is for planned subnets, but {min(explicit)} is given",
                    value=value,
                    mend="leave one of them out",
                )
        if "existing_vpc_id" in given:
            given = {"create_igw": False, "create_ngw": False} | given
        elif "public_subnets" not in given and "private_subnets" not in given:
            if given.get("use_ipam_pool", False) is not False:
                raise InputError(
                    "use_ipam_pool lets AWS choose the range, so no subnets can be planned inside it",
                    mend="give public_subnets, and private_subnets for networking_mode PRIVATE",
                )
            named = next((given[name] for name in ("availability_zones", "availability_zone_ids") if name in given), ())
            if self._zone_count is None and isinstance(named, Expr):
                known(named, "availability_zones")
            zones = self._zone_count or len(named) or _ZONES
            cidr_block = given.get("cidr_block", "10.0.0.0/16")
            self._plan = plan = plan_subnets(cidr_block, zones, private=self._private, places=self._places)
            given |= {"public_subnets": plan.public} | ({"private_subnets": plan.private} if plan.private else {})
        alone = "public_subnets" in given and not {"private_subnets", "existing_private_subnet_ids"} & set(given)
        if self._private and alone:
            raise InputError(
                "public_subnets are given alone, but nodes are in private ones here",
                mend="give private_subnets too, or leave both out to have them planned",
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
                note=True,
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
            raise InputError(f"{self.address} has no subnets for nodes", mend="give public_subnets or private_subnets")
        return count(self.inputs[kind])

    @property
    def _node_subnets(self) -> str | None:
        """The input that says which subnets the nodes are in; a list that only Terraform knows is not empty."""
        kinds = ("existing_private_subnet_ids", "private_subnets", "public_subnets")
        return next((kind for kind in kinds if not is_one_of(self.inputs[kind], None, [])), None)
