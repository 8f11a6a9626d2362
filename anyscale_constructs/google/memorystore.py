"""Memorystore, which keeps Anyscale services running when a head node fails: new, or an existing instance."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, Unpack

from pydantic import Field, TypeAdapter

from anyscale_constructs.config import regions
from anyscale_constructs.config.model import Model
from anyscale_constructs.config.types import OrExpr, empty_map
from anyscale_constructs.engine import Construct
from anyscale_constructs.expressions import is_one_of, is_unresolved
from anyscale_constructs.findings import Finding
from anyscale_constructs.google.guards import (
    exact_names,
    labels_are_ones_google_accepts,
    name_is_refused,
    the_random_suffix_has_a_length,
)
from anyscale_constructs.google.project import IProject
from anyscale_constructs.google.types import GcpInstanceName, GcpRegion, InstanceId, Labels, by_full_name
from anyscale_constructs.google.vpc import IVpc, direct_peering_is_refused, network_of
from anyscale_constructs.modules.google.memorystore import MemorystoreInputs, MemorystoreModule
from anyscale_constructs.terraform.guards import Guard, Inputs, guard
from anyscale_constructs.terraform.resource import Data

_NAME: TypeAdapter[str] = TypeAdapter(InstanceId)
_EVICTION = "allkeys-lru"
# Upstream's own checks use "or" instead of "and", so they accept everything.
_LIMITS = {"memorystore_replica_count": (1, 5), "memorystore_memory_size_gb": (5, 300)}


class MemorystoreConfig(Model):
    """A Memorystore for Redis instance for Anyscale services."""

    name: InstanceId | None = Field(
        default=None, description="The instance's name. Default: a unique name that begins with name_prefix."
    )
    memory_size_gb: OrExpr[int | None] = Field(
        default=None, ge=5, le=300, description="The memory size in GB. Default: 5."
    )
    replica_count: OrExpr[int | None] = Field(
        default=None, ge=1, le=5, description="The number of read replicas. Default: 1."
    )
    redis_version: OrExpr[Literal["REDIS_5_0", "REDIS_6_X", "REDIS_7_0"] | None] = Field(
        default=None, description="The version of Redis. Default: REDIS_7_0."
    )
    labels: OrExpr[Labels] = Field(
        default_factory=empty_map, description="Labels of the instance, in addition to the cloud's. Default: none."
    )


class ExistingMemorystore(Model):
    """An existing Redis instance, connected to the VPC: STANDARD_HA with read replicas, without TLS."""

    instance_name: GcpInstanceName

    def endpoint(self, scope: Construct) -> str:
        """Returns its host and its port, from a data source."""
        there = Data(scope, "google_redis_instance", "this", by_full_name(self.instance_name, "region"))
        return f"{there.attribute('host')}:{there.attribute('port')}"


@guard("memorystore-name", "anyscale_memorystore_name", "anyscale_memorystore_name_prefix")
def name_is_one_google_accepts(i: Inputs) -> Finding | None:
    """Google accepts at most 40 characters. Upstream accepts 63, and checks names without the random suffix."""
    names = ("anyscale_memorystore_name", "anyscale_memorystore_name_prefix")
    return name_is_refused(i, _NAME, *names, default="anyscale-memorystore-")


@guard("memorystore-size", *_LIMITS)
def numbers_are_within_limits(i: Inputs) -> Finding | None:
    """Google offers 1 to 5 replicas and 5 to 300 GB. Upstream's own checks accept other numbers."""
    for name, (least, most) in _LIMITS.items():
        if i.known(name) and not least <= i[name] <= most:
            return Finding(f"{name} is out of range", "change it", i[name], f"{least} to {most}", on=[name])
    return None


@guard("memorystore-tls", "memorystore_encryption_mode")
def tls_is_off(i: Inputs) -> Finding | None:
    """Anyscale connects to Memorystore without TLS, and `anyscale cloud verify` fails for an instance with TLS."""
    mode = i["memorystore_encryption_mode"]
    if is_one_of(mode, "SERVER_AUTHENTICATION"):
        return Finding("memorystore_encryption_mode requires TLS, which Anyscale does not use", "remove it", mode)
    return None


@guard("memorystore-auth", "memorystore_enable_auth")
def auth_is_off(i: Inputs) -> Finding | None:
    """Anyscale connects without a password, and registration has no field for one."""
    if i["memorystore_enable_auth"] is True:
        return Finding("memorystore_enable_auth requires a password, which Anyscale does not send", "remove it")
    return None


@guard("memorystore-eviction", "memorystore_redis_configs", severity="warning")
def memorystore_eviction(i: Inputs) -> Finding | None:
    """`anyscale cloud verify` warns about other eviction policies. Redis settings that you set replace upstream's."""
    configs = i["memorystore_redis_configs"]
    policy = configs.get("maxmemory-policy") if isinstance(configs, Mapping) else _EVICTION
    if not is_unresolved(policy) and policy != _EVICTION:
        return Finding(
            "memorystore_redis_configs does not have the maxmemory-policy that Anyscale needs",
            f"set maxmemory-policy to {_EVICTION}",
            policy,
            _EVICTION,
        )
    return None


@guard("memorystore-zones", "google_zone", "alternative_google_zone", "google_region")
def zones_are_two_of_the_region(i: Inputs) -> Finding | None:
    """Google rejects two equal zones, a second zone alone, and zones of another region."""
    zone, other, region = i["google_zone"], i["alternative_google_zone"], i["google_region"]
    if other is not None and (zone is None or other == zone):
        return Finding(
            "alternative_google_zone requires google_zone, set to a different zone",
            "set both, or remove both",
            other,
            on=["alternative_google_zone", "google_zone"],
        )
    for name in ("google_zone", "alternative_google_zone"):
        known = i[name] is not None and i.known(name, "google_region")
        if known and (i[name] == region or not regions.is_in(region, i[name])):
            return Finding(f"{name} is not in the region", "remove it", i[name], f"a zone of {region}", on=[name])
    return None


@guard("memorystore-connect-mode", "memorystore_connect_mode")
def shared_vpc_connect_mode(i: Inputs) -> Finding | None:
    """Google rejects direct peering with a shared VPC, which is in another project."""
    return direct_peering_is_refused(i, "memorystore_vpc_name", "memorystore_connect_mode")


class Memorystore(MemorystoreModule):
    """A Redis instance with replicas in the nodes' VPC.

    Names are used unchanged; prefixes get a random suffix. The project needs the API `redis.googleapis.com`.

    Args:
        scope: The stack.
        id: The construct's ID in the stack. Default: `memorystore`.
        project: The project in which it is created.
        region: The cloud's region.
        vpc: The nodes' VPC.
        depends_on: Constructs that must be created first. Default: none.
        **inputs: Upstream's input variables, with upstream's names; the default of `module_enabled` is True.

    Raises:
        InputError: An input is invalid, or breaks one of the construct's rules.
    """

    guards: ClassVar[Sequence[Guard]] = (
        the_random_suffix_has_a_length,
        labels_are_ones_google_accepts,
        name_is_one_google_accepts,
        numbers_are_within_limits,
        tls_is_off,
        auth_is_off,
        memorystore_eviction,
        zones_are_two_of_the_region,
        shared_vpc_connect_mode,
    )

    def __init__(
        self,
        scope: Construct,
        id: str = "memorystore",
        *,
        project: IProject,
        region: GcpRegion,
        vpc: IVpc,
        depends_on: Sequence[Construct] = (),
        **inputs: Unpack[MemorystoreInputs],
    ) -> None:
        self._project = project
        self._region = region
        network, self._connect_mode = network_of(vpc, project)
        super().__init__(scope, id, memorystore_vpc_name=network, depends_on=depends_on, **inputs)

    def complete(self, given: dict[str, Any]) -> dict[str, Any]:
        """Enables the module, which upstream disables by default."""
        given = {
            "module_enabled": True,
            "anyscale_project_id": self._project.project_id,
            "google_region": self._region,
            "memorystore_connect_mode": self._connect_mode,
        } | given
        return exact_names(given, "anyscale_memorystore_name")

    @property
    def instance_name(self) -> str:
        """The instance's full name; upstream's output calls it the ID."""
        return self.anyscale_memorystore_id

    def endpoint(self, _scope: Construct) -> str:
        """Returns its host and its port."""
        return f"{self.anyscale_memorystore_host}:{self.anyscale_memorystore_port}"
