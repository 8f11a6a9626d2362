"""The shared file system: new, or an existing one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Unpack

from pydantic import Field, TypeAdapter

from anyscale_constructs.config.model import Model
from anyscale_constructs.config.types import OrExpr, empty_map
from anyscale_constructs.engine import Construct
from anyscale_constructs.expressions import Expr, choose, fn, is_one_of, is_unresolved
from anyscale_constructs.findings import Finding
from anyscale_constructs.google.guards import (
    CLIENT_CONFIG,
    exact_names,
    labels_are_ones_google_accepts,
    name_is_refused,
    the_module_is_enabled,
    the_random_suffix_has_a_length,
)
from anyscale_constructs.google.project import IProject
from anyscale_constructs.google.types import GcpInstanceName, GcpRegion, GcpResourceName, GcpZone, Labels, by_full_name
from anyscale_constructs.google.vpc import IVpc, direct_peering_is_refused, network_of
from anyscale_constructs.modules.google.filestore import FilestoreInputs, FilestoreModule
from anyscale_constructs.terraform.guards import Guard, Inputs, guard, value_is_refused
from anyscale_constructs.terraform.resource import Data

_NAME: TypeAdapter[str] = TypeAdapter(GcpResourceName)
_LOCATIONS: dict[bool, TypeAdapter[str]] = {True: TypeAdapter(GcpRegion), False: TypeAdapter(GcpZone)}


@dataclass(frozen=True)
class _Band:
    """Capacities that a tier offers, in GiB."""

    smallest: int
    largest: int
    step: int = 1

    def __contains__(self, capacity: float) -> bool:
        return self.smallest <= capacity <= self.largest and (capacity - self.smallest) % self.step == 0

    def __str__(self) -> str:
        return f"{self.smallest} to {self.largest}" + (f" in steps of {self.step}" if self.step > 1 else "")


@dataclass(frozen=True)
class _Tier:
    """The limits of a tier; see https://cloud.google.com/filestore/docs/service-tiers."""

    regional: bool
    bands: tuple[_Band, ...]


_HDD = _Tier(regional=False, bands=(_Band(1024, 65433),))
_SSD = _Tier(regional=False, bands=(_Band(2560, 65433),))
_SCALED = (_Band(1024, 9984, 256), _Band(10240, 102400, 2560))
_TIERS = {
    "STANDARD": _HDD,
    "BASIC_HDD": _HDD,
    "PREMIUM": _SSD,
    "BASIC_SSD": _SSD,
    "HIGH_SCALE_SSD": _Tier(regional=False, bands=(_Band(10240, 102400, 2560),)),
    "ZONAL": _Tier(regional=False, bands=_SCALED),
    "REGIONAL": _Tier(regional=True, bands=_SCALED),
    "ENTERPRISE": _Tier(regional=True, bands=(_Band(1024, 10240, 256),)),
}

_REGIONAL = [name for name, tier in _TIERS.items() if tier.regional]


class FilestoreConfig(Model):
    """A shared file system."""

    name: GcpResourceName | None = Field(
        default=None, description="The instance's name. Default: a unique name that begins with name_prefix."
    )
    tier: OrExpr[
        Literal["STANDARD", "PREMIUM", "BASIC_HDD", "BASIC_SSD", "HIGH_SCALE_SSD", "ENTERPRISE", "ZONAL", "REGIONAL"]
        | None
    ] = Field(default=None, description="The instance's tier. Default: STANDARD.")
    capacity_gb: OrExpr[int | None] = Field(default=None, description="The capacity in GB. Default: 2560.")
    location: str | None = Field(
        default=None,
        description="The instance's zone, or its region for ENTERPRISE and REGIONAL. Default: the region, or its "
        "zone b.",
    )
    labels: OrExpr[Labels] = Field(
        default_factory=empty_map, description="Labels of the instance, in addition to the cloud's. Default: none."
    )


class ExistingFilestore(Model):
    """An existing file system, connected to the VPC."""

    instance_name: GcpInstanceName

    def mount(self, scope: Construct) -> tuple[str, str]:
        """Returns its IP address and its share, from a data source."""
        there = Data(scope, "google_filestore_instance", "this", by_full_name(self.instance_name, "location"))
        return there.attribute("networks[0].ip_addresses[0]"), there.attribute("file_shares[0].name")


@guard("filestore-name", "anyscale_filestore_name", "anyscale_filestore_name_prefix")
def names_are_ones_google_accepts(i: Inputs) -> Finding | None:
    """Google rejects invalid instance names at apply. Upstream checks them without the random suffix."""
    return name_is_refused(i, _NAME, "anyscale_filestore_name", "anyscale_filestore_name_prefix", default="anyscale-")


@guard("filestore-location", "filestore_location", "filestore_tier")
def the_location_fits_the_tier(i: Inputs) -> Finding | None:
    """Some tiers are available in a region, the others in a zone."""
    tier, location = _TIERS.get(i["filestore_tier"]), i["filestore_location"]
    if tier is None or is_unresolved(location):
        return None
    kind = "region" if tier.regional else "zone"
    what = f"filestore_location for the tier {i['filestore_tier']}"
    return value_is_refused(_LOCATIONS[tier.regional], location, what, f"use a {kind}")


@guard("filestore-capacity", "anyscale_filestore_fileshare_capacity_gb", "filestore_tier")
def the_capacity_fits_the_tier(i: Inputs) -> Finding | None:
    """Each tier offers its own capacities, and Google rejects others at apply."""
    tier, capacity = _TIERS.get(i["filestore_tier"]), i["anyscale_filestore_fileshare_capacity_gb"]
    if tier is None or is_unresolved(capacity) or any(capacity in band for band in tier.bands):
        return None
    return Finding(
        f"the tier {i['filestore_tier']} does not offer this anyscale_filestore_fileshare_capacity_gb",
        "change it, or use another tier",
        capacity,
        " or ".join(map(str, tier.bands)),
    )


@guard("filestore-connect-mode", "filestore_network_conect_mode")
def shared_vpc_connect_mode(i: Inputs) -> Finding | None:
    """Google rejects direct peering with a shared VPC, which is in another project."""
    return direct_peering_is_refused(i, "filestore_vpc_name", "filestore_network_conect_mode")


class Filestore(FilestoreModule):
    """A file system in the nodes' VPC, in the cloud's region.

    Names are used unchanged; prefixes get a random suffix. Upstream's default, STANDARD, is the slowest tier.

    Args:
        scope: The stack.
        id: The construct's ID in the stack. Default: `filestore`.
        project: The project in which it is created.
        region: The cloud's region. Zonal tiers are in its zone b, as in Anyscale's own set-up, unless
            `filestore_location` is set. Upstream would read the provider's region, which is unknown whenever one of
            the APIs in `depends_on` changes, and then replace the file system.
        vpc: The nodes' VPC.
        depends_on: Constructs that must be created first. Default: none.
        **inputs: Upstream's input variables, with upstream's names.

    Raises:
        InputError: An input is invalid, or breaks one of the construct's rules.
    """

    guards: ClassVar[Sequence[Guard]] = (
        the_module_is_enabled,
        the_random_suffix_has_a_length,
        labels_are_ones_google_accepts,
        names_are_ones_google_accepts,
        the_location_fits_the_tier,
        the_capacity_fits_the_tier,
        shared_vpc_connect_mode,
    )
    settled = (CLIENT_CONFIG,)

    def __init__(
        self,
        scope: Construct,
        id: str = "filestore",
        *,
        project: IProject,
        region: GcpRegion,
        vpc: IVpc,
        depends_on: Sequence[Construct] = (),
        **inputs: Unpack[FilestoreInputs],
    ) -> None:
        self._project = project
        self._region = region
        network, self._connect_mode = network_of(vpc, project)
        super().__init__(scope, id, filestore_vpc_name=network, depends_on=depends_on, **inputs)

    def complete(self, given: dict[str, Any]) -> dict[str, Any]:
        """Sets the location for the tier, the VPC and the connect mode."""
        tier = given.get("filestore_tier", self.interface.variable("filestore_tier").default)
        regional: bool | Expr = is_one_of(tier, *_REGIONAL)
        if isinstance(tier, Expr):
            regional = fn.contains(_REGIONAL, tier)
        given = {
            "anyscale_project_id": self._project.project_id,
            "filestore_location": choose(regional, self._region, f"{self._region}-b"),
            "filestore_network_conect_mode": self._connect_mode,
        } | given
        return exact_names(given, "anyscale_filestore_name")

    @property
    def instance_name(self) -> str:
        """The file system's full name; upstream's output calls it the ID."""
        return self.anyscale_filestore_id

    def mount(self, _scope: Construct) -> tuple[str, str]:
        """Returns its IP address and its share."""
        return self.anyscale_filestore_ip_addresses[0], self.anyscale_filestore_fileshare_name
