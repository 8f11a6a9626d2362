"""The firewall policy of the VPC: new, or an existing one."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Unpack

from pydantic import Field, TypeAdapter

from anyscale_constructs.config import networks
from anyscale_constructs.config.ingress import IngressConfig
from anyscale_constructs.config.model import Model
from anyscale_constructs.config.types import Cidr, OrExpr, empty_list
from anyscale_constructs.engine import Construct
from anyscale_constructs.expressions import Expr, is_one_of, is_unresolved, join, known
from anyscale_constructs.findings import Finding
from anyscale_constructs.google.guards import name_is_refused, the_module_is_enabled
from anyscale_constructs.google.project import IProject
from anyscale_constructs.google.types import GcpResourceName
from anyscale_constructs.google.vpc import IVpc
from anyscale_constructs.modules.google.vpc_firewall import VpcFirewallInputs, VpcFirewallModule
from anyscale_constructs.terraform.guards import Guard, Inputs, guard
from anyscale_constructs.terraform.module import listed

_NAME: TypeAdapter[str] = TypeAdapter(GcpResourceName)
_SELF, _CIDR, _HEALTH = "ingress_with_self_map", "ingress_from_cidr_map", "ingress_from_gcp_health_checks"
_POOLS = "ingress_from_machine_pool_cidr_ranges"
_DEFAULT = "default_ingress_cidr_range"
_HEALTH_CHECK_RANGES = ("35.191.0.0/16", "130.211.0.0/22")
_FIRST_SELF_PRIORITY = 100


class IngressRule(Model):
    """A rule for TCP ingress to the nodes."""

    cidr_blocks: OrExpr[list[Cidr]] = Field(description="The CIDR ranges that the rule allows.")
    rule: str | None = Field(
        default=None, description="A predefined rule of upstream, e.g. https-443-tcp. Default: the ports of this rule."
    )
    ports: str | None = Field(
        default=None, description="The ports, e.g. 8443, or 8000-8010,9000. Default: those of the predefined rule."
    )
    priority: OrExpr[int | None] = Field(
        default=None,
        ge=0,
        le=2147483547,
        description="The rule's priority. Default: the predefined rule's port, or the rule's index in the list.",
    )


class FirewallConfig(IngressConfig):
    """A new firewall policy. A VPC can have only one."""

    name: GcpResourceName | None = Field(default=None, description="The policy's name. Default: the VPC's name.")
    ingress_rules: list[IngressRule] = Field(
        default_factory=empty_list,
        description="Rules that replace the two keys above. Default: the rules of those keys.",
    )
    machine_pool_cidr_ranges: OrExpr[list[Cidr]] = Field(
        default_factory=empty_list,
        description="The CIDR ranges of Anyscale machine pools, which get access to the nodes. Default: none.",
    )
    rule_logging: OrExpr[bool] = Field(
        default=True, description="Whether allowed connections are logged to Cloud Logging."
    )


class ExistingFirewallPolicy(Model):
    """An existing firewall policy, associated with the VPC.

    It must let the nodes' subnet reach itself on all ports, users reach port 443, and Google's health checks reach port
    8000.
    """

    firewall_policy_name: GcpResourceName


@guard("firewall-vpc", "vpc_name", "vpc_id")
def the_vpc_has_its_name_and_its_id(i: Inputs) -> Finding | None:
    """The policy needs the VPC's name and ID. Without both, upstream associates it with no VPC."""
    for name in ("vpc_name", "vpc_id"):
        if is_one_of(i[name], ""):
            return Finding(f"{name} is empty, but the policy requires both vpc_name and vpc_id", "remove it", on=[name])
    return None


@guard("firewall-policy-name", "firewall_policy_name")
def names_are_ones_google_accepts(i: Inputs) -> Finding | None:
    """Upstream appends -association to the VPC's name, and Google accepts at most 63 characters."""
    found = name_is_refused(i, _NAME, "firewall_policy_name", "vpc_name")
    return found or name_is_refused(i, _NAME, "vpc_name", after="-association")


@guard("firewall-node-traffic-blocked", "ingress_with_self_map", "ingress_with_self_cidr_range")
def nodes_reach_each_other(i: Inputs) -> Finding | None:
    """Ray needs all ports between nodes, and `anyscale cloud verify` fails unless their subnet may reach itself."""
    everything = any(is_one_of(rule.get("rule"), "all-all") for rule in _rules(i, _SELF))
    if i["ingress_with_self_cidr_range"] and (everything or len(_rules(i, _SELF)) < len(i[_SELF])):
        return None
    return Finding(
        "ingress_with_self_cidr_range and ingress_with_self_map do not open all ports from the nodes' subnet to "
        "itself, so nodes cannot reach each other",
        'remove both, or set the subnet\'s range and [{"rule": "all-all"}]',
    )


@guard("firewall-self-rule", "ingress_with_self_map")
def self_rules_name_a_known_rule(i: Inputs) -> Finding | None:
    """Upstream ignores the ports of a rule that is not predefined, and opens all ports."""
    for rule in _rules(i, _SELF):
        known = _predefined(i, rule)
        if known is None or ("ports" in rule and not known["ports"]):
            allowed = "rule: " + " or ".join(sorted(i["predefined_firewall_rules"]))
            return Finding(f"{_SELF} has a rule whose ports upstream ignores", "use a predefined rule", rule, allowed)
    return None


@guard("firewall-rule-ports", "ingress_from_cidr_map", "ingress_from_gcp_health_checks")
def rules_have_ports(i: Inputs) -> Finding | None:
    """Upstream uses the ports of a predefined rule as one range, so one with no or several ranges fails at apply."""
    for name in (_CIDR, _HEALTH):
        for rule in _rules(i, name):
            known = _predefined(i, rule) or {"ports": ""}
            if not rule.get("ports") and (not known["ports"] or "," in known["ports"]):
                return Finding(
                    f"{name} has a rule whose ports upstream cannot use",
                    'set ports, such as "8443" or "8000-8010,9000", or use a predefined rule with one range',
                    rule,
                    on=[name],
                )
    return None


@guard("firewall-rule-protocol", "ingress_from_cidr_map")
def rules_keep_their_protocol(i: Inputs) -> Finding | None:
    """Upstream uses the protocol of the predefined rule, or tcp, and ignores the rule's own."""
    for rule in _rules(i, _CIDR):
        used = (_predefined(i, rule) or {"protocol": "tcp"})["protocol"]
        if rule.get("protocol", used) != used:
            return Finding(
                f"{_CIDR} has a rule whose protocol upstream ignores", "remove protocol", rule["protocol"], str(used)
            )
    return None


@guard("firewall-rule-ranges", "ingress_from_cidr_map", "ingress_from_gcp_health_checks")
def rules_have_ranges(i: Inputs) -> Finding | None:
    """Upstream splits the ranges at commas, and Google rejects an empty range or one with a space at apply."""
    for name in (_CIDR, _HEALTH):
        for rule in _rules(i, name):
            ranges = _ranges(i, rule)
            if (
                any(not is_unresolved(range_) and range_ != "".join(range_.split()) for range_ in ranges)
                or "" in ranges
            ):
                return Finding(
                    f"{name} has a rule with an empty range or a space",
                    "separate the ranges by commas without spaces",
                    rule,
                    on=[name],
                )
    return None


@guard(
    "firewall-rule-priority",
    "ingress_from_cidr_map",
    "ingress_from_gcp_health_checks",
    "ingress_with_self_map",
    "ingress_from_machine_pool_cidr_ranges",
)
def firewall_rule_priority(i: Inputs) -> Finding | None:
    """Google accepts one rule per priority. Upstream uses the port of a predefined rule as its priority."""
    seen: dict[str, str] = {}
    for name, priority in _priorities(i):
        if not priority.isdecimal():
            return Finding(f"{name} has a rule whose priority is not a number", "set its priority", priority, on=[name])
        if priority in seen:
            where = name if seen[priority] == name else f"{seen[priority]} and {name}"
            fix = "set another priority, or merge the two rules"
            return Finding(f"{where} has two rules with the same priority", fix, priority, on=[name])
        seen[priority] = name
    return None


@guard("firewall-health-checks", "ingress_from_gcp_health_checks", severity="warning")
def health_checks_reach_services(i: Inputs) -> Finding | None:
    """Load balancers send traffic to healthy nodes only, and `anyscale cloud verify` checks for Google's ranges."""
    ranges = [range_ for rule in _rules(i, _HEALTH) for range_ in _ranges(i, rule)]
    missing = [range_ for range_ in _HEALTH_CHECK_RANGES if range_ not in ranges]
    if missing and not is_unresolved(ranges):
        return Finding(f"{_HEALTH} lacks {' and '.join(missing)}, so services do not become healthy", "add the ranges")
    return None


@guard("firewall-https-closed", "ingress_from_cidr_map", "ingress_from_machine_pool_cidr_ranges", severity="warning")
def https_closed(i: Inputs) -> Finding | None:
    """Users open workspaces and dashboards on port 443, and `anyscale cloud verify` warns if it is closed."""
    if not i[_CIDR] and not i[_POOLS]:
        return Finding(
            "port 443 is open to no range, so users cannot open workspaces and dashboards",
            "set ingress_cidr_blocks to the ranges that your users connect from",
        )
    return None


@guard("", _CIDR, _POOLS, _SELF, _HEALTH)
def public_ingress(i: Inputs) -> Finding | None:
    """Anyone on the internet can try to connect."""
    lists = ((_SELF, "ingress_with_self_cidr_range"), (_CIDR, _DEFAULT), (_HEALTH, _DEFAULT))
    opened = [
        (name, _opened(i, rule), _ranges(i, rule, default))
        for name, default in lists
        for rule in i[name] or ()
        if isinstance(rule, Mapping)
    ]
    if isinstance(i[_POOLS], list):
        opened.append((_POOLS, _opened(i, {"rule": "machine-pools"}), i[_POOLS]))
    return networks.exposure(opened)


def _opened(i: Inputs, rule: Mapping[str, str]) -> str:
    """Returns a rule's name and ports: the rule's own, else those of the predefined rule, as in upstream."""
    predefined = _predefined(i, rule) if _known(i["predefined_firewall_rules"]) else None
    settings = {"protocol": "tcp", **(predefined if isinstance(predefined, Mapping) else {}), **rule}
    protocol, numbers = settings["protocol"], settings.get("ports")
    if is_unresolved([protocol, numbers]) or (numbers is None and predefined is None):
        ports = networks.UNKNOWN_PORTS
    else:
        ports = f"{protocol} {numbers}" if numbers else "all ports"
    return f"{rule['rule']} ({ports})" if isinstance(predefined, Mapping) else ports


def _known(values: Any) -> bool:
    return isinstance(values, Mapping) and not any(map(is_unresolved, values.values()))


def _rules(i: Inputs, name: str) -> list[Mapping[str, str]]:
    """Returns the rules of a list, without unresolved ones."""
    predefined = i["predefined_firewall_rules"]
    if not _known(predefined) or not all(map(_known, predefined.values())):
        return []
    return [rule for rule in i[name] or () if _known(rule)]


def _predefined(i: Inputs, rule: Mapping[str, str]) -> Mapping[str, Any] | None:
    found: Mapping[str, Any] | None = i["predefined_firewall_rules"].get(rule.get("rule", ""))
    return found


def _ranges(i: Inputs, rule: Mapping[str, str], default_ranges: str = _DEFAULT) -> list[str]:
    if "cidr_blocks" in rule:
        return str.__str__(rule["cidr_blocks"]).split(",")
    default = i[default_ranges]
    return [default] if isinstance(default, str) else default or [""]


def _priorities(i: Inputs) -> Iterator[tuple[str, str]]:
    """Yields each rule's list, and the priority that upstream sets for it."""
    for name, takes in ((_SELF, ""), (_CIDR, "ports"), (_HEALTH, "priority")):
        for index, rule in enumerate(_rules(i, name)):
            known = _predefined(i, rule) if takes else None
            default = index + _FIRST_SELF_PRIORITY if not takes else index if known is None else known[takes]
            yield name, str(rule.get("priority", default))
    pools = i["predefined_firewall_rules"]
    if i[_POOLS] and _known(pools) and _known(pools["machine-pools"]):
        yield _POOLS, str(pools["machine-pools"]["priority"])


class VpcFirewall(VpcFirewallModule):
    """The VPC's firewall policy, which lets the nodes reach each other and Google's health checks reach services.

    A VPC can have only one such policy, so clouds that share a VPC share it, as an `ExistingFirewallPolicy`. For a
    shared VPC, it is created in the host project.

    Args:
        scope: The stack.
        id: The construct's ID in the stack. Default: `vpc_firewall`.
        project: The cloud's project.
        vpc: The policy's VPC.
        ingress_cidr_blocks: The CIDR ranges that may reach port 443. Default: only the VPC's proxy-only subnet.
        enable_ssh_access: Whether the same ranges may reach port 22. Default: False.
        depends_on: Constructs that must be created first. Default: none.
        **inputs: Upstream's input variables, with upstream's names; `ingress_from_cidr_map` overrides the two above.

    Raises:
        InputError: An input is invalid, or breaks one of the construct's rules.
    """

    guards: ClassVar[Sequence[Guard]] = (
        the_module_is_enabled,
        the_vpc_has_its_name_and_its_id,
        names_are_ones_google_accepts,
        nodes_reach_each_other,
        self_rules_name_a_known_rule,
        rules_have_ports,
        rules_keep_their_protocol,
        rules_have_ranges,
        firewall_rule_priority,
        health_checks_reach_services,
        https_closed,
        public_ingress,
    )

    def __init__(
        self,
        scope: Construct,
        id: str = "vpc_firewall",
        *,
        project: IProject,
        vpc: IVpc,
        ingress_cidr_blocks: Sequence[str] | Expr = (),
        enable_ssh_access: bool = False,
        depends_on: Sequence[Construct] = (),
        **inputs: Unpack[VpcFirewallInputs],
    ) -> None:
        self._project = project
        self._vpc = vpc
        ranges = join(listed(ingress_cidr_blocks, "ingress_cidr_blocks"))
        users = [] if is_one_of(ranges, "") else [ranges]
        proxies = [] if vpc.proxy_subnet_cidr is None else [vpc.proxy_subnet_cidr]
        self._health_checks = [*_HEALTH_CHECK_RANGES, *proxies]
        self._rules = {"https-443-tcp": [*users, *proxies]}
        if known(enable_ssh_access, "enable_ssh_access"):
            self._rules["ssh-tcp"] = users
        super().__init__(scope, id, depends_on=depends_on, **inputs)

    def complete(self, given: dict[str, Any]) -> dict[str, Any]:
        """Sets the VPC and the rules for the ranges."""
        rules = [{"rule": name, "cidr_blocks": join(ranges)} for name, ranges in self._rules.items() if ranges]
        return {
            "anyscale_project_id": self._vpc.project_id,
            "vpc_name": self._vpc.vpc_name,
            "vpc_id": self._vpc.vpc_id,
            "ingress_with_self_cidr_range": [self._vpc.node_subnet_cidr],
            _HEALTH: [{"rule": "health-checks", "cidr_blocks": join(self._health_checks)}],
            **({_CIDR: rules} if rules else {}),
        } | given

    @property
    def firewall_policy_name(self) -> str:
        """The policy's name."""
        return self.vpc_firewall_policy_name
