"""The security group of Anyscale's nodes: new, or an existing one."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, Protocol, Unpack

from pydantic import Field

from anyscale_constructs.aws.types import SecurityGroupId, Tags
from anyscale_constructs.aws.vpc import IVpc
from anyscale_constructs.config import networks
from anyscale_constructs.config.ingress import IngressConfig
from anyscale_constructs.config.model import Model
from anyscale_constructs.config.types import Cidr, OrExpr, empty_list, empty_map
from anyscale_constructs.engine import Construct
from anyscale_constructs.expressions import Expr, is_one_of, is_unresolved, join, known
from anyscale_constructs.findings import Finding
from anyscale_constructs.modules.aws.securitygroups import SecurityGroupsInputs, SecurityGroupsModule
from anyscale_constructs.terraform.guards import Guard, Inputs, guard
from anyscale_constructs.terraform.module import listed

_RULE_LISTS = (
    "ingress_with_self",
    "ingress_from_cidr_map",
    "ingress_with_existing_security_groups_map",
    "egress_to_self",
    "egress_to_cidr_map",
)
_DESCRIPTION = re.compile(r"[A-Za-z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{0,255}")


class IngressRule(Model):
    """A rule for ingress to the nodes."""

    cidr_blocks: OrExpr[list[Cidr]] = Field(description="The CIDR ranges that the rule allows.")
    rule: str | None = Field(
        default=None, description="A predefined rule of upstream, e.g. https-443-tcp. Default: the ports of this rule."
    )
    from_port: OrExpr[int | None] = Field(
        default=None, ge=-1, le=65535, description="The first port. Default: that of the predefined rule."
    )
    to_port: OrExpr[int | None] = Field(
        default=None, ge=-1, le=65535, description="The last port. Default: that of the predefined rule."
    )
    protocol: OrExpr[Literal["tcp", "udp", "icmp", "icmpv6", "-1"] | None] = Field(
        default=None, description="The protocol; -1 means all. Default: that of the predefined rule."
    )
    description: str | None = Field(default=None, description="The rule's description. Default: Ingress Rule.")


class SecurityGroupConfig(IngressConfig):
    """A new security group for the nodes."""

    ingress_rules: list[IngressRule] = Field(
        default_factory=empty_list,
        description="Rules that replace the two keys above. Default: the rules of those keys.",
    )
    machine_pool_cidr_ranges: OrExpr[list[Cidr]] = Field(
        default_factory=empty_list,
        max_length=2,
        description="The CIDR ranges of Anyscale machine pools, whose machines get a security group. Default: none.",
    )
    tags: OrExpr[Tags] = Field(
        default_factory=empty_map, description="Tags of the security group, in addition to the cloud's. Default: none."
    )


class ISecurityGroup(Protocol):
    """The nodes' security group: `SecurityGroups`, `ExistingSecurityGroup`, or a class with this property."""

    @property
    def security_group_id(self) -> str:
        """The security group's ID."""
        ...


class ExistingSecurityGroup(Model):
    """An existing security group; it must let its members reach each other, and users reach port 443."""

    security_group_id: SecurityGroupId


@guard(
    "security-group-rule-name",
    *_RULE_LISTS,
    "predefined_rules",
)
def rules_name_what_upstream_defines(i: Inputs) -> Finding | None:
    """Upstream turns an unknown rule name into an empty port, which AWS rejects at apply."""
    if not i.known("predefined_rules"):
        return None
    for name in _RULE_LISTS:
        for rule in filter(_known, i[name]):
            named, complete = rule.get("rule"), {"from_port", "to_port", "protocol"} <= set(rule)
            if not complete and not is_unresolved(named) and named not in i["predefined_rules"]:
                return Finding(
                    f"{name} has a rule that is not a predefined one and lacks ports or protocol",
                    "use a predefined rule, or set from_port, to_port and protocol",
                    rule,
                    f"one of {', '.join(sorted(i['predefined_rules']))}",
                    on=[name],
                )
    return None


@guard("security-group-rule-ranges", "ingress_from_cidr_map")
def rules_from_ranges_have_ranges(i: Inputs) -> Finding | None:
    """Upstream sets an empty range for a rule without ranges, which AWS rejects at apply."""
    for rule in filter(_known, i["ingress_from_cidr_map"]):
        if is_one_of(rule.get("cidr_blocks", ",".join(_default_ranges(i))), ""):
            return Finding(
                "ingress_from_cidr_map has a rule without cidr_blocks, and default_ingress_cidr_range is empty",
                "set cidr_blocks of the rule to ranges, separated by commas",
                rule,
            )
    return None


@guard("security-group-duplicate-range", "ingress_from_cidr_map")
def ranges_are_given_once(i: Inputs) -> Finding | None:
    """AWS rejects a second rule that opens the same ports to the same range, after the group has been created."""
    seen: set[tuple[str, ...]] = set()
    for rule in filter(_known, i["ingress_from_cidr_map"]):
        ports = tuple(str(rule.get(key, "")) for key in ("rule", "from_port", "to_port", "protocol"))
        for range_ in _ranges(i, rule):
            if (*ports, range_) in seen:
                return Finding(
                    "ingress_from_cidr_map opens the same ports to a range twice", "remove one of them", range_
                )
            seen.add((*ports, range_))
    return None


@guard("security-group-range-space", "ingress_from_cidr_map")
def ranges_have_no_blanks(i: Inputs) -> Finding | None:
    """Upstream splits the ranges at commas and keeps spaces, which AWS rejects."""
    for rule in filter(_known, i["ingress_from_cidr_map"]):
        ranges = rule.get("cidr_blocks", "")
        if not is_unresolved(ranges) and set(ranges) & set(" \t\n"):
            return Finding(
                "cidr_blocks of a rule contains a space", "separate the ranges by commas without spaces", ranges
            )
    return None


@guard("security-group-description", *_RULE_LISTS)
def security_group_rule_description(i: Inputs) -> Finding | None:
    """AWS rejects other characters, such as an apostrophe, after the group has been created."""
    for name in _RULE_LISTS:
        for rule in filter(_known, i[name]):
            text = rule.get("description", "")
            if not is_unresolved(text) and not _DESCRIPTION.fullmatch(text):
                allowed = "at most 255 letters, digits, spaces and ._-:/()#,@[]+=&;{}!$*"
                fix = "use only characters that AWS accepts"
                return Finding(f"{name} has a rule with an invalid description", fix, text, allowed, on=[name])
    return None


@guard("security-group-self-rule", "ingress_with_self", "egress_to_self")
def security_group_self_rule(i: Inputs) -> Finding | None:
    """With self=false, a rule has no source, which AWS rejects at apply."""
    for name in ("ingress_with_self", "egress_to_self"):
        for rule in filter(_known, i[name]):
            if is_one_of(rule.get("self"), "false"):
                return Finding(
                    f"{name} has a rule with self=false, which opens nothing", "remove self", rule, on=[name]
                )
    return None


@guard("node-traffic-blocked", "ingress_with_self", "create_security_group")
def nodes_reach_each_other(i: Inputs) -> Finding | None:
    """Ray's nodes connect to each other on many ports. `anyscale cloud verify` fails unless all ports are open."""
    rules = i["ingress_with_self"]
    everything = any(
        not _known(rule) or is_one_of(rule.get("rule"), "all-all") or is_one_of(rule.get("protocol"), "-1")
        for rule in rules
    )
    if i["create_security_group"] is True and not everything:
        return Finding(
            "ingress_with_self does not open all ports, so Ray's nodes cannot reach each other",
            "add a rule all-all, or remove ingress_with_self",
            rules,
        )
    return None


@guard("security-group-missing", "create_security_group", "existing_security_group_id")
def an_existing_group_is_named(i: Inputs) -> Finding | None:
    """Upstream adds its rules to a new security group or to an existing one, and needs one of them."""
    if i["create_security_group"] is False and i["existing_security_group_id"] is None:
        return Finding(
            "create_security_group is off and existing_security_group_id is not set",
            "set existing_security_group_id, or remove create_security_group",
        )
    return None


@guard("https-closed", "ingress_from_cidr_map", "machine_pool_cidr_ranges", severity="warning")
def https_closed(i: Inputs) -> Finding | None:
    """Users open workspaces and dashboards on the clusters' port 443. `anyscale cloud verify` warns if it is closed."""
    if i["create_security_group"] is True and not i["ingress_from_cidr_map"] and not i["machine_pool_cidr_ranges"]:
        return Finding(
            "port 443 is open to no range, so users cannot open workspaces and dashboards",
            "set ingress_cidr_blocks to the ranges that your users connect from",
        )
    return None


@guard("", "ingress_from_cidr_map", "machine_pool_cidr_ranges")
def public_ingress(i: Inputs) -> Finding | None:
    """Anyone on the internet can connect to the ports."""
    opened = [
        ("ingress_from_cidr_map", _opened(i, rule), _ranges(i, rule))
        for rule in filter(_known, i["ingress_from_cidr_map"])
    ]
    pool = i["machine_pool_cidr_ranges"]
    if isinstance(pool, list) and pool:
        opened.append(("machine_pool_cidr_ranges", _opened_to_machine_pool(i), pool))
    return networks.exposure(opened)


def _opened(i: Inputs, rule: Mapping[str, Any]) -> str:
    """Returns a rule's name and ports: the rule's own, else those of the predefined rule, as in upstream."""
    predefined = i["predefined_rules"].get(rule.get("rule")) if i.known("predefined_rules") else None
    if not isinstance(predefined, Mapping):
        return _ports(rule)
    return f"{rule['rule']} ({_ports({**predefined, **rule})})"


def _opened_to_machine_pool(i: Inputs) -> str:
    ports = i["machine_pool_port_ranges"]
    if is_unresolved(ports):
        return networks.UNKNOWN_PORTS
    return ", ".join(_ports({"protocol": "tcp", **each}) for each in ports)


def _ports(rule: Mapping[str, Any]) -> str:
    values = [rule.get(key) for key in ("protocol", "from_port", "to_port")]
    if is_unresolved(values) or None in values:
        return networks.UNKNOWN_PORTS
    protocol, first, last = map(str, values)
    if protocol == "-1":
        return "all ports"
    return f"{protocol} {first}" if first == last else f"{protocol} {first}-{last}"


def _known(rule: Any) -> bool:
    return not isinstance(rule, str)


def _ranges(i: Inputs, rule: Mapping[str, str]) -> list[str]:
    return str.__str__(rule["cidr_blocks"]).split(",") if "cidr_blocks" in rule else _default_ranges(i)


def _default_ranges(i: Inputs) -> list[str]:
    ranges = i["default_ingress_cidr_range"]
    return ranges if isinstance(ranges, list) else [str.__str__(ranges)]


class SecurityGroups(SecurityGroupsModule):
    """The nodes' security group, and the machine pools' group if `machine_pool_cidr_ranges` (at most two) is set.

    Members can reach each other on all ports, and the internet.

    Args:
        scope: The stack.
        id: The construct's ID in the stack. Default: `securitygroups`.
        vpc: The security group's VPC.
        ingress_cidr_blocks: The CIDR ranges that may reach port 443. Default: none.
        enable_ssh_access: Whether the same ranges may reach port 22. Default: False.
        depends_on: Constructs that must be created first. Default: none.
        **inputs: Upstream's input variables, with upstream's names; `ingress_from_cidr_map` overrides the two above.

    Raises:
        InputError: An input is invalid, or breaks one of the construct's rules.
    """

    guards: ClassVar[Sequence[Guard]] = (
        rules_name_what_upstream_defines,
        rules_from_ranges_have_ranges,
        ranges_have_no_blanks,
        ranges_are_given_once,
        security_group_rule_description,
        security_group_self_rule,
        nodes_reach_each_other,
        an_existing_group_is_named,
        https_closed,
        public_ingress,
    )

    def __init__(
        self,
        scope: Construct,
        id: str = "securitygroups",
        *,
        vpc: IVpc,
        ingress_cidr_blocks: Sequence[str] | Expr = (),
        enable_ssh_access: bool = False,
        depends_on: Sequence[Construct] = (),
        **inputs: Unpack[SecurityGroupsInputs],
    ) -> None:
        self._ranges = join(listed(ingress_cidr_blocks, f"module.{id}: ingress_cidr_blocks"))
        ssh = known(enable_ssh_access, "enable_ssh_access")
        self._rules = ("https-443-tcp", "ssh-tcp") if ssh else ("https-443-tcp",)
        super().__init__(scope, id, vpc_id=vpc.vpc_id, depends_on=depends_on, **inputs)

    def complete(self, given: dict[str, Any]) -> dict[str, Any]:
        """Sets the rules for the ranges, and disables the creation of a group if an existing one is set."""
        if not is_one_of(self._ranges, ""):
            rules = [{"rule": rule, "cidr_blocks": self._ranges} for rule in self._rules]
            given = {"ingress_from_cidr_map": rules} | given
        if "existing_security_group_id" in given:
            given = {"create_security_group": False} | given
        return given

    # Upstream's output is empty for an existing group.
    @property
    def security_group_id(self) -> str:  # type: ignore[override] # pyright: ignore[reportIncompatibleMethodOverride]
        """The security group's ID: upstream's output, or the input for an existing group."""
        existing: str | None = self.inputs["existing_security_group_id"]
        return super().security_group_id if existing is None else existing
