"""MemoryDB, which keeps Anyscale services running when a head node fails: new, or an existing cluster."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Unpack

from pydantic import Field

from anyscale_constructs.aws.regions import MEMORYDB
from anyscale_constructs.aws.securitygroups import ISecurityGroup
from anyscale_constructs.aws.types import MemoryDbName, SecurityGroupId, Tags
from anyscale_constructs.aws.vpc import IVpc, Vpc
from anyscale_constructs.config.model import Model
from anyscale_constructs.config.regions import AS_OF
from anyscale_constructs.config.types import OrExpr, empty_map
from anyscale_constructs.engine import Construct
from anyscale_constructs.expressions import Expr, as_code, expr, is_one_of, is_unresolved
from anyscale_constructs.findings import Finding, Rule
from anyscale_constructs.modules.aws.memorydb import MemoryDbInputs, MemoryDbModule
from anyscale_constructs.terraform.guards import Guard, Inputs, guard
from anyscale_constructs.terraform.resource import Data

_NAMES = (
    "anyscale_memorydb_name",
    "anyscale_memorydb_name_prefix",
    "memorydb_parameter_group_name",
    "memorydb_parameter_group_name_prefix",
    "memorydb_acl_name",
    "memorydb_acl_name_prefix",
    "memorydb_subnet_group_name",
    "memorydb_subnet_group_name_prefix",
    "memorydb_final_snapshot_name",
)
_LONGEST = {
    "anyscale_memorydb_name": 40,
    "anyscale_memorydb_name_prefix": 14,
    "memorydb_acl_name": 40,
    "memorydb_acl_name_prefix": 14,
}
"""The provider accepts 40 characters and appends 26 to a prefix."""

_ACL_PREFIX = "anyscale-acl-"
_ALLOWED = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")
# The zone without MemoryDB in each of these regions, as a zone ID, which is the same in every account.
_ZONES_WITHOUT = {"ap-northeast-1": "apne1-az3", "ca-central-1": "cac1-az3", "us-east-1": "use1-az3"}
_ENOUGH_ZONES = 3
"""The number of zones of which at least two have MemoryDB."""

_FAMILIES = {"7.0": "memorydb_redis7", "6.2": "memorydb_redis6"}


class MemoryDbUser(Model):
    """A user of MemoryDB; the passwords come from the sensitive variable memorydb_passwords."""

    access_string: str = Field(
        default="on ~* &* +@all", description="The user's permissions, as a Redis access string."
    )


class MemoryDbConfig(Model):
    """A MemoryDB cluster for Anyscale services."""

    name: str | None = Field(default=None, description="The cluster's name. Default: a unique name.")
    node_type: str | None = Field(default=None, description="The type of its nodes. Default: db.t4g.small.")
    num_shards: OrExpr[int | None] = Field(
        default=None, ge=1, description="The number of shards; Ray supports one. Default: 1."
    )
    num_replicas_per_shard: OrExpr[int | None] = Field(
        default=None, ge=0, le=5, description="The number of replicas, at least 1. Default: 2."
    )
    snapshot_retention_limit: OrExpr[int | None] = Field(
        default=None, ge=0, le=35, description="The number of days to keep snapshots. Default: no snapshots."
    )
    users: dict[str, MemoryDbUser] = Field(
        default_factory=empty_map,
        description="Users with passwords, by name. Default: none; all members of the security group have access.",
    )
    tags: OrExpr[Tags] = Field(
        default_factory=empty_map,
        description="Tags of the MemoryDB cluster, in addition to the cloud's. Default: none.",
    )


class ExistingMemoryDb(Model):
    """An existing MemoryDB cluster, with one shard and TLS."""

    cluster_name: MemoryDbName
    security_group_id: SecurityGroupId | None = Field(
        default=None,
        description="The cluster's security group, which gets a rule that lets the nodes reach the cluster's port. "
        "Default: no rule is added, and the security group must already let the nodes in.",
    )


@guard("memorydb-name", *_NAMES)
def names_are_lower_case_and_short(i: Inputs) -> Finding | None:
    """AWS limits the characters and the length of these names. Upstream checks them even if the module is off."""
    for name in _NAMES:
        value = i[name]
        if value is None or is_unresolved(value):
            continue
        too_long = len(value) > _LONGEST.get(name, len(value))
        if too_long or not set(value) <= _ALLOWED:
            allowed = "lower-case letters, digits and hyphens"
            longest = f", at most {_LONGEST[name]}" if too_long else ""
            return Finding(f"{name} is not a valid name", "choose another name", value, allowed + longest, on=[name])
    return None


@guard("memorydb-tls", "memorydb_tls_enabled")
def tls_is_on(i: Inputs) -> Finding | None:
    """Anyscale connects to MemoryDB with TLS only; registration reports a failure without it, but does not stop."""
    if i["memorydb_tls_enabled"] is False:
        return Finding("memorydb_tls_enabled is off, but Anyscale connects with TLS only", "remove it")
    return None


@guard("memorydb-shards", "memorydb_num_shards")
def there_is_one_shard(i: Inputs) -> Finding | None:
    """Ray keeps the state of a cluster in one shard, and Anyscale does not support Redis with several shards."""
    shards = i["memorydb_num_shards"]
    if i.known("memorydb_num_shards") and shards > 1:
        return Finding("memorydb_num_shards is more than 1, but Ray supports one shard only", "remove it", shards)
    return None


@guard("memorydb-replicas", "memorydb_num_replicas_per_shard")
def the_shard_has_a_second_node(i: Inputs) -> Finding | None:
    """`anyscale cloud verify` fails unless the shard has two nodes: services stop when the only node fails."""
    replicas = i["memorydb_num_replicas_per_shard"]
    if i.known("memorydb_num_replicas_per_shard") and replicas < 1:
        return Finding(
            "memorydb_num_replicas_per_shard leaves the shard with one node, whose failure would stop the services",
            "set it to 1 or more, or remove it",
            replicas,
            "1 or more",
        )
    return None


@guard(
    "memorydb-parameter-group",
    "memorydb_parameter_group_family",
    "memorydb_engine_version",
    "create_memorydb_parameter_group",
)
def the_parameter_group_fits_the_engine(i: Inputs) -> Finding | None:
    """AWS rejects a parameter group of another engine version's family."""
    version, family = i["memorydb_engine_version"], i["memorydb_parameter_group_family"]
    wanted = _FAMILIES.get(version)
    if i["create_memorydb_parameter_group"] is True and wanted and not is_unresolved(family) and family != wanted:
        return Finding(
            f"memorydb_parameter_group_family does not match the engine version {version}",
            "set it to the family of the engine version",
            family,
            wanted,
        )
    return None


@guard("memorydb-plain-password", "memorydb_users")
def passwords_are_secrets(i: Inputs) -> Finding | None:
    """A password in the configuration would be in git, in the Terraform JSON and in the plan."""
    users = i["memorydb_users"] if isinstance(i["memorydb_users"], Mapping) else {}
    for name, user in users.items():
        passwords = user.get("passwords") if isinstance(user, Mapping) else None
        known = passwords if isinstance(passwords, list) else [passwords]
        if passwords is not None and not all(map(is_unresolved, known)):
            return Finding(
                f"memorydb_users has a password of {name} in plain text",
                "declare a sensitive variable with the stack's add_secret() and use its expression",
            )
    return None


@guard("memorydb-acl-missing", "create_memorydb_acl", "create_memorydb_users")
def users_are_in_an_access_list(i: Inputs) -> Finding | None:
    """Upstream creates the users, but a cluster without an access control list accepts everyone."""
    if i["create_memorydb_users"] is True and i["create_memorydb_acl"] is False:
        return Finding(
            "create_memorydb_users creates users without an access control list, so the cluster is open to everyone",
            "set create_memorydb_acl to true",
        )
    return None


@guard("memorydb-user-types", "memorydb_users")
def memorydb_user_types(i: Inputs) -> Finding | None:
    """Upstream's variable is a map of a single type, so planning fails if users have different keys."""
    users = i["memorydb_users"] if isinstance(i["memorydb_users"], Mapping) else {}
    shapes = {frozenset(user) for user in users.values() if isinstance(user, Mapping)}
    if len(shapes) > 1:
        return Finding(
            "memorydb_users have different keys", "use the same keys for each user", sorted(map(sorted, shapes))
        )
    return None


@guard("memorydb-open-access", "existing_memorydb_acl_name", "create_memorydb_acl", severity="warning")
def access_without_a_password_is_chosen(i: Inputs) -> Finding | None:
    """Upstream's default access control list, open-access, lets in everyone who can reach the port."""
    if i["create_memorydb_acl"] is False and "existing_memorydb_acl_name" not in i.given:
        return Finding(
            "existing_memorydb_acl_name is open-access by default, which needs no password",
            "set existing_memorydb_acl_name to open-access to rely on the security group, or set create_memorydb_acl",
        )
    return None


@guard("memorydb-snapshots-off", "memorydb_snapshot_retention_limit", severity="note")
def snapshots_are_kept(i: Inputs) -> Finding | None:
    """Without snapshots the state of services cannot be restored; upstream keeps none by default."""
    if is_one_of(i["memorydb_snapshot_retention_limit"], None, 0):
        return Finding(
            "memorydb_snapshot_retention_limit is not set, so no snapshots are kept", "set it to a number of days"
        )
    return None


REGION = Rule(
    "memorydb-region",
    "warning",
    "AWS does not offer MemoryDB in every region. A region that is newer than the list may have it.",
    "https://docs.aws.amazon.com/general/latest/gr/memorydb-service.html",
)
_ZONES_SOURCE = "https://docs.aws.amazon.com/memorydb/latest/devguide/subnetgroups.html"
ONE_ZONE = Rule(
    "memorydb-one-zone",
    "warning",
    "One availability zone of the region lacks MemoryDB, so of two zones, only one may have it.",
    _ZONES_SOURCE,
)
ZONES = Rule(
    "memorydb-zones",
    "note",
    "One availability zone of the region lacks MemoryDB, so MemoryDB may be in fewer zones than the nodes.",
    _ZONES_SOURCE,
)


class MemoryDb(MemoryDbModule):
    """A MemoryDB cluster in the nodes' subnets, except those in a zone without MemoryDB.

    Args:
        scope: The stack.
        id: The construct's ID in the stack. Default: `memorydb`.
        vpc: The nodes' VPC.
        security_group: The nodes' security group.
        region: The cloud's region. Default: all node subnets are used, and AWS rejects one in a zone without MemoryDB.
        depends_on: Constructs that must be created first. Default: none.
        **inputs: Upstream's input variables, with upstream's names; the default of `module_enabled` is True.

    Raises:
        InputError: An input is invalid, or breaks one of the construct's rules.
    """

    guards: ClassVar[Sequence[Guard]] = (
        names_are_lower_case_and_short,
        tls_is_on,
        there_is_one_shard,
        the_shard_has_a_second_node,
        the_parameter_group_fits_the_engine,
        passwords_are_secrets,
        users_are_in_an_access_list,
        memorydb_user_types,
        access_without_a_password_is_chosen,
        snapshots_are_kept,
    )

    def __init__(
        self,
        scope: Construct,
        id: str = "memorydb",
        *,
        vpc: IVpc,
        security_group: ISecurityGroup,
        region: str | None = None,
        depends_on: Sequence[Construct] = (),
        **inputs: Unpack[MemoryDbInputs],
    ) -> None:
        self._region = None if is_unresolved(region) else region
        self._vpc = vpc
        subnets = vpc.node_subnet_ids
        if self._region in _ZONES_WITHOUT and vpc.subnet_ids_to_az is not None:
            subnets = _in_other_zones(scope, id, vpc.subnet_ids_to_az, _ZONES_WITHOUT[self._region])
        super().__init__(
            scope,
            id,
            memorydb_subnet_ids=subnets,
            memorydb_security_group_ids=[security_group.security_group_id],
            depends_on=depends_on,
            **inputs,
        )

    def complete(self, given: dict[str, Any]) -> dict[str, Any]:
        """Enables the module, which upstream disables by default, and shortens a prefix that AWS would reject."""
        if given.get("create_memorydb_acl") is True and "memorydb_acl_name" not in given:
            given = {"memorydb_acl_name_prefix": _ACL_PREFIX} | given
        return {"module_enabled": True} | given

    def findings(self) -> Iterable[Finding]:
        """Warns if the region, or one of its zones, lacks MemoryDB."""
        if self._region is not None and self._region not in MEMORYDB:
            yield Finding(
                f"MemoryDB was not available in {self._region} in {AS_OF}",
                "remove memorydb, or use another region",
                allowed=", ".join(MEMORYDB),
                rule=REGION,
                on=["region"],
            )
        if self._region in _ZONES_WITHOUT:
            # Upstream uses the region's first zones by name, and that zone may be one of them.
            chosen = ("availability_zones", "availability_zone_ids")
            left_to_upstream = isinstance(self._vpc, Vpc) and all(
                is_one_of(self._vpc.inputs[name], None, []) for name in chosen
            )
            count = self._vpc.zone_count
            one_may_be_left = left_to_upstream and (isinstance(count, Expr) or count < _ENOUGH_ZONES)
            yield Finding(
                f"the zone {_ZONES_WITHOUT[self._region]} lacks MemoryDB, which uses the nodes' subnets in other zones "
                "only",
                "use at least two other zones: list them in availability_zones, or set availability_zone_count to 3; "
                "aws ec2 describe-availability-zones shows the zones' IDs",
                rule=ONE_ZONE if one_may_be_left else ZONES,
                on=["availability_zones", "region"],
            )

    @property
    def name(self) -> Expr:
        """The cluster's name, which registration needs; upstream's output calls it the ID."""
        return self.memorydb_cluster_id

    @property
    def url(self) -> str:
        """The cluster's URL, with TLS."""
        return f"rediss://{self.memorydb_cluster_endpoint_address}:{self.memorydb_cluster_endpoint_port}"


class MemoryDbData(Data):
    """An existing MemoryDB cluster, read by a data source.

    Args:
        scope: The stack.
        id: The construct's ID in the stack. Default: `memorydb`.
        cluster_name: The cluster's name.
    """

    def __init__(self, scope: Construct, id: str = "memorydb", *, cluster_name: str) -> None:
        super().__init__(scope, "aws_memorydb_cluster", id, {"name": cluster_name})
        self.name = cluster_name

    @property
    def memorydb_cluster_arn(self) -> Expr:
        """The cluster's ARN."""
        return self.attribute("arn")

    @property
    def port(self) -> Expr:
        """The port that the cluster listens on."""
        return self.attribute("port", "number")

    @property
    def url(self) -> str:
        """The cluster's URL, with TLS."""
        return f"rediss://{self.attribute('cluster_endpoint[0].address')}:{self.port}"


def _in_other_zones(scope: Construct, id: str, subnet_ids_to_az: Expr | Mapping[str, str], zone_id: str) -> Expr:
    """Returns the subnets outside of a zone. The zone's name differs between accounts, so Terraform looks it up."""
    others = Data(scope, "aws_availability_zones", id, {"exclude_zone_ids": [zone_id]})
    names = others.attribute("names", "list(string)")
    return expr(
        f"[for subnet, zone in {as_code(subnet_ids_to_az)} : subnet if contains({names}, zone)]", "list(string)"
    )
