"""The VPC with the nodes' subnet: new, or an existing one, which can be shared by another project."""

from collections.abc import Sequence
from typing import Any, ClassVar, Protocol, Unpack

from pydantic import Field, TypeAdapter, model_validator

from anyscale_constructs.config import networks
from anyscale_constructs.config.model import Model, refuse, refuse_all
from anyscale_constructs.config.types import Cidr, Known, NetworkingMode, OrExpr
from anyscale_constructs.engine import Construct
from anyscale_constructs.errors import InputError
from anyscale_constructs.expressions import Expr, as_code, choose, expr, is_one_of, is_unresolved, known
from anyscale_constructs.findings import Finding
from anyscale_constructs.google.flow_logs import flow_log_settings_have_the_keys_upstream_reads
from anyscale_constructs.google.gke_ranges import (
    RANGES,
    gke_ranges_come_together_in_a_private_subnet,
    pods_have_room,
)
from anyscale_constructs.google.guards import (
    CLIENT_CONFIG,
    exact_names,
    name_is_refused,
    the_module_is_enabled,
    the_random_suffix_has_a_length,
)
from anyscale_constructs.google.nat import (
    nat_ports_are_dynamic_or_independent,
    private_subnets_reach_anyscale,
    the_default_route_stays,
)
from anyscale_constructs.google.project import ExistingProject, IProject
from anyscale_constructs.google.proxy_subnet import (
    private_services_have_a_proxy_subnet,
    the_proxy_subnet_is_large_enough,
)
from anyscale_constructs.google.subnets import (
    NODE_SUBNETS,
    existing_subnets_are_in_existing_vpcs,
    ipv6_subnets_are_external,
    ranges,
    ranges_are_networks,
    ranges_lie_apart,
    subnets_are_large_enough,
)
from anyscale_constructs.google.types import ConnectMode, GcpRegion, GcpResourceName, VpcNetworkId, part_of_name
from anyscale_constructs.modules.google.vpc import VpcInputs, VpcModule
from anyscale_constructs.terraform.guards import Guard, Inputs, guard

_NAME: TypeAdapter[str] = TypeAdapter(GcpResourceName)
# (the input of a range's name, the input of the range, the suffix of its default name)
_DERIVED_NAMES = (
    ("public_subnet_name", "public_subnet_cidr", "public_subnet_suffix"),
    ("private_subnet_name", "private_subnet_cidr", "private_subnet_suffix"),
    ("proxy_subnet_name", "proxy_subnet_cidr", "proxy_subnet_suffix"),
    ("gke_services_range_name", "gke_services_range_cidr", "gke_service_range_name_suffix"),
    ("gke_pods_range_name", "gke_pod_range_cidr", "gke_pods_range_name_suffix"),
)


class VpcConfig(Model):
    """A new VPC."""

    name: GcpResourceName | None = Field(
        default=None, description="The VPC's name. Default: a unique name that begins with name_prefix."
    )
    subnet_cidr: Cidr = Field(
        default="10.0.0.0/16",
        description="The range of the nodes' subnet, which is public or private according to networking_mode.",
    )
    proxy_subnet_cidr: Cidr | None = Field(
        default=None,
        description="The range of the proxy-only subnet for load balancers of private services, e.g. a /23. Default: "
        "no such subnet.",
    )
    flow_logs: Known[bool | None] = Field(
        default=None,
        description="Whether the subnet's flow logs are sent to Cloud Logging. Default: only for a private subnet.",
    )


class IVpc(Protocol):
    """A VPC with the subnet of Anyscale's nodes: `Vpc`, `ExistingVpc`, or a class with these members."""

    @property
    def project_id(self) -> str:
        """The ID of the VPC's project."""
        ...

    @property
    def vpc_id(self) -> str:
        """The VPC's ID, with its project."""
        ...

    @property
    def vpc_name(self) -> str:
        """The VPC's name."""
        ...

    @property
    def node_subnet_name(self) -> str:
        """The subnet of Anyscale's nodes."""
        ...

    @property
    def node_subnet_cidr(self) -> str:
        """The range of the nodes' subnet."""
        ...

    @property
    def proxy_subnet_cidr(self) -> str | None:
        """The range of the proxy-only subnet, if there is one."""
        ...

    @property
    def pods_range_name(self) -> str | None:
        """The name of the nodes' subnet's secondary range for GKE's pods, if it has one."""
        ...

    @property
    def services_range_name(self) -> str | None:
        """The name of the nodes' subnet's secondary range for GKE's services, if it has one."""
        ...

    @property
    def ranges(self) -> list[str]:
        """The known ranges in the VPC."""
        ...

    @property
    def connect_mode(self) -> ConnectMode | Expr | None:
        """How Filestore and Memorystore connect to the VPC; None if that depends on whether it is shared."""
        ...

    def is_own(self, project: IProject, /) -> bool | Expr:
        """Returns whether the VPC is in the cloud's project, not shared by another project."""
        ...


class ExistingVpc(Model):
    """An existing VPC, and its subnet for Anyscale's nodes.

    A VPC in another project than the cloud's is a shared VPC. The owner of its host project must let the control
    plane's account use the subnet (Compute Network User).
    """

    vpc_id: VpcNetworkId = Field(description="The VPC's ID: projects/<project>/global/networks/<name>.")
    subnet_name: GcpResourceName = Field(description="The name of the nodes' subnet; Anyscale uses one.")
    subnet_cidr: Cidr = Field(description="The subnet's range, which the firewall opens for traffic between nodes.")
    proxy_subnet_cidr: Cidr | None = Field(
        default=None,
        description="The range of the VPC's proxy-only subnet, from which load balancers reach nodes. Default: none.",
    )
    pods_range_name: GcpResourceName | None = Field(
        default=None,
        description="The subnet's secondary range for pods, which a new GKE cluster requires. Default: none.",
    )
    services_range_name: GcpResourceName | None = Field(
        default=None,
        description="The subnet's secondary range for services, which a new GKE cluster requires. Default: none.",
    )
    connect_mode: OrExpr[ConnectMode | None] = Field(
        default=None,
        description="How Filestore and Memorystore connect to the VPC. Default: PRIVATE_SERVICE_ACCESS for a shared "
        "VPC, which Google requires, else DIRECT_PEERING.",
    )

    @model_validator(mode="after")
    def _large_enough(self) -> "ExistingVpc":
        finding = networks.too_small("the subnet", [self.subnet_cidr], networks.GOOGLE_SUBNET)
        if finding and finding.severity == "error":
            raise refuse_all([finding._replace(fix="use a larger subnet", key=("subnet_cidr",))])
        return self

    @model_validator(mode="after")
    def _pods_and_services_have_ranges_of_their_own(self) -> "ExistingVpc":
        pods = self.pods_range_name
        if pods is not None and is_one_of(pods, self.services_range_name):
            raise refuse(
                "is also the range for pods",
                "set services_range_name to another range",
                key="services_range_name",
                rule=RANGES,
                value=pods,
            )
        return self

    @property
    def vpc_name(self) -> str:
        """The VPC's name."""
        return part_of_name(self.vpc_id, 4, 5)

    @property
    def node_subnet_name(self) -> str:
        """The subnet of Anyscale's nodes."""
        return self.subnet_name

    @property
    def node_subnet_cidr(self) -> str:
        """The range of the nodes' subnet."""
        return self.subnet_cidr

    @property
    def ranges(self) -> list[str]:
        """The known ranges in the VPC."""
        return [cidr for cidr in (self.subnet_cidr, self.proxy_subnet_cidr) if cidr is not None]

    def is_own(self, project: IProject) -> bool | Expr:
        """Returns whether the VPC is in the cloud's project, not shared by another project."""
        ids = self.project_id, project.project_id
        if isinstance(project, ExistingProject) and is_unresolved(ids):
            return expr(" == ".join(map(as_code, ids)), "bool")
        return is_one_of(*ids)

    def host_project_id(self, project: IProject) -> str | None:
        """Returns the host project of a shared VPC; None if the VPC is in the cloud's project."""
        host: str | None = choose(self.is_own(project), None, self.project_id)
        return host

    @property
    def project_id(self) -> str:
        """The ID of the VPC's project."""
        return part_of_name(self.vpc_id, 1, 5)


@guard("google-network-name", "anyscale_vpc_name", "anyscale_vpc_name_prefix")
def names_are_ones_google_accepts(i: Inputs) -> Finding | None:
    """Upstream appends to the VPC's name for subnets and the router, and Google accepts at most 63 characters."""
    ends = [
        f"-{i['google_region']}-{i[suffix]}"
        for name, cidr, suffix in _DERIVED_NAMES
        if i[cidr] is not None and i[name] is None and i.known("google_region", suffix)
    ]
    router = "" if i["private_subnet_cidr"] is None else "-router"
    names = ("anyscale_vpc_name", "anyscale_vpc_name_prefix")
    return name_is_refused(i, _NAME, *names) or name_is_refused(i, _NAME, *names, after=max([*ends, router], key=len))


class Vpc(VpcModule):
    """A VPC with the nodes' subnet; a private subnet is behind a NAT gateway.

    Names are used unchanged; prefixes get a random suffix. The NAT gateway allocates ports on demand:
    upstream's fixed number of 32 ports per node is often too low.

    Args:
        scope: The stack.
        id: The construct's ID in the stack. Default: `vpc`.
        project: The project in which it is created.
        region: The subnets' region. Upstream would read the provider's region, which is unknown whenever one of the
            APIs in `depends_on` changes, and then replace the subnets.
        networking_mode: PUBLIC creates a public subnet, PRIVATE a private one. Default: PUBLIC.
        subnet_cidr: The range of that subnet. Default: 10.0.0.0/16.
        depends_on: Constructs that must be created first. Default: none.
        **inputs: Upstream's input variables, with upstream's names; `public_subnet_cidr` and `private_subnet_cidr`
            override the two above.

    Raises:
        InputError: An input is invalid, or breaks one of the construct's rules.
    """

    guards: ClassVar[Sequence[Guard]] = (
        the_module_is_enabled,
        the_random_suffix_has_a_length,
        names_are_ones_google_accepts,
        existing_subnets_are_in_existing_vpcs,
        ranges_are_networks,
        ranges_lie_apart,
        subnets_are_large_enough,
        the_proxy_subnet_is_large_enough,
        flow_log_settings_have_the_keys_upstream_reads,
        private_subnets_reach_anyscale,
        the_default_route_stays,
        nat_ports_are_dynamic_or_independent,
        private_services_have_a_proxy_subnet,
        gke_ranges_come_together_in_a_private_subnet,
        pods_have_room,
        ipv6_subnets_are_external,
    )
    settled = (CLIENT_CONFIG,)

    def __init__(
        self,
        scope: Construct,
        id: str = "vpc",
        *,
        project: IProject,
        region: GcpRegion,
        networking_mode: NetworkingMode = "PUBLIC",
        subnet_cidr: Cidr = "10.0.0.0/16",
        depends_on: Sequence[Construct] = (),
        **inputs: Unpack[VpcInputs],
    ) -> None:
        self._project = project
        self._region = region
        self._private = known(networking_mode, "networking_mode") == "PRIVATE"
        self._subnet_cidr = subnet_cidr
        super().__init__(scope, id, depends_on=depends_on, **inputs)

    def complete(self, given: dict[str, Any]) -> dict[str, Any]:
        """Sets the nodes' subnet, public or private, and lets the NAT gateway allocate ports on demand."""
        if not set(NODE_SUBNETS) & set(given):
            given = {NODE_SUBNETS[self._private]: self._subnet_cidr} | given
        if self._private and "private_subnet_cidr" not in given:
            raise InputError(
                "networking_mode PRIVATE requires a private subnet, but only public_subnet_cidr is set",
                fix="set private_subnet_cidr",
                on=["public_subnet_cidr"],
            )
        if "private_subnet_cidr" in given and given.get("nat_enable_endpoint_independent_mapping") is not True:
            given = {"nat_enable_dynamic_port_allocation": True} | given
        given = {"anyscale_project_id": self._project.project_id, "google_region": self._region} | given
        return exact_names(given, "anyscale_vpc_name")

    @property
    def node_subnet_name(self) -> str:
        """The name of the nodes' subnet: the private subnet if there is one, else the public subnet."""
        return self.private_subnet_name if self.inputs["private_subnet_cidr"] is not None else self.public_subnet_name

    @property
    def node_subnet_cidr(self) -> str:
        """The range of the nodes' subnet."""
        private: str | None = self.inputs["private_subnet_cidr"]
        return self.inputs["public_subnet_cidr"] if private is None else private

    @property
    def proxy_subnet_cidr(self) -> str | None:
        """The range of the proxy-only subnet, for which upstream has no output."""
        cidr: str | None = self.inputs["proxy_subnet_cidr"]
        return cidr

    @property
    def pods_range_name(self) -> str | None:
        """The name of the private subnet's secondary range for GKE's pods, if it has one."""
        return None if self.inputs["gke_pod_range_cidr"] is None else self.private_subnet_gke_pod_range_name

    @property
    def services_range_name(self) -> str | None:
        """The name of the private subnet's secondary range for GKE's services, if it has one."""
        return (
            self.private_subnet_gke_services_range_name if self.inputs["gke_services_range_cidr"] is not None else None
        )

    @property
    def ranges(self) -> list[str]:
        """The ranges of the VPC's subnets."""
        return list(ranges(self.inputs).values())

    @property
    def project_id(self) -> str:
        """The ID of the VPC's project."""
        return self._project.project_id

    @property
    def connect_mode(self) -> None:
        """None: a new VPC is not shared, so no connect mode is set."""

    def is_own(self, _project: IProject) -> bool:
        """Returns True: a new VPC is in the cloud's project."""
        return True

    def host_project_id(self, _project: IProject) -> None:
        """Returns None: a new VPC is in the cloud's project."""


def network_of(vpc: IVpc, project: IProject) -> tuple[str, ConnectMode | Expr]:
    """Returns a managed service's name for the VPC, and its connect mode; both differ for a shared VPC."""
    own = vpc.is_own(project)
    mode = choose(own, "DIRECT_PEERING", "PRIVATE_SERVICE_ACCESS") if vpc.connect_mode is None else vpc.connect_mode
    return choose(own, vpc.vpc_name, vpc.vpc_id), mode


def direct_peering_is_refused(i: Inputs, vpc: str, mode: str) -> Finding | None:
    """Returns an error if a managed service would connect to a shared VPC by direct peering.

    Args:
        i: The module's inputs.
        vpc: The input of the VPC's name.
        mode: The input of the connect mode.
    """
    shared = not is_unresolved(i[vpc]) and i[vpc].startswith("projects/")
    if shared and is_one_of(i[mode], "DIRECT_PEERING"):
        return Finding(f"{mode} does not work with a shared VPC", "remove it", i[mode], "PRIVATE_SERVICE_ACCESS")
    return None
