"""Allowances: accepted warnings, each with a reason and optionally an expiry date."""

import datetime
import importlib
import pkgutil
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, NamedTuple

from pydantic import BeforeValidator, Field, PrivateAttr

import anyscale_constructs
from anyscale_constructs.config.model import WRONG_TYPE, Model, refuse, refuse_all
from anyscale_constructs.config.types import Known
from anyscale_constructs.errors import ConfigError
from anyscale_constructs.findings import RULES, Finding, Place, Rule, within
from anyscale_constructs.names import unknown

# Modules without rules that must not be imported: two need pytest and syrupy, one runs the program.
_NO_RULES = (".testing.plugin", ".testing.snapshots", "__main__")

UNKNOWN_RULE = Rule("unknown-rule", "error", "An allowance of a misspelt rule would silently have no effect.")
REFUSED_ALLOWANCE = Rule("refused-allowance", "error", "Errors must be fixed, and notes need no acceptance.")
IDLE_ALLOWANCE = Rule("idle-allowance", "error", "An unused allowance would hide the next warning of its rule.")
EXPIRED_ALLOWANCE = Rule("expired-allowance", "warning", "The allowance has expired.", allowable=False)


class Allowance(Model):
    """Accepts the warnings of a rule, with a reason."""

    reason: Known[str] = Field(min_length=1, description="Why the warning is accepted; reports include it.")
    until: Known[datetime.date | None] = Field(
        default=None, description="The last day on which the warning is accepted. Default: no expiry."
    )
    _is_default: bool = PrivateAttr(default=False)
    _default_at: Place | None = PrivateAttr(default=None)

    @property
    def is_over(self) -> bool:
        """Whether the allowance has expired."""
        return self.until is not None and datetime.datetime.now(tz=datetime.UTC).date() > self.until

    @property
    def is_default(self) -> bool:
        """Whether the allowance comes from the defaults of several clouds, and may be unused in some of them."""
        return self._is_default

    @property
    def default_at(self) -> Place | None:
        """The allowance's place in the defaults if all of their clouds are synthesized: one of them must need it."""
        return self._default_at

    def set_default(self, at: Place | None) -> None:
        """Marks the allowance as coming from the defaults of several clouds.

        Args:
            at: Its place, if all of these clouds are synthesized.
        """
        self._is_default = True
        self._default_at = at


def _with_reason(value: Any) -> Any:
    if isinstance(value, str):
        return {"reason": value}
    if not isinstance(value, Mapping | Allowance):
        raise refuse(
            "must be a reason, or a mapping with reason and until", "write the reason as a string", rule=WRONG_TYPE
        )
    return value


Allowances = dict[str, Annotated[Allowance, BeforeValidator(_with_reason, json_schema_input_type=str | Allowance)]]
"""Allowances by rule ID; a string is the reason."""


def check_rule(id: str) -> Rule:
    """Returns the rule with an ID, if its warnings can be allowed.

    Raises:
        ConfigError: The rule does not exist, or cannot be allowed.
    """
    known = RULES if id in RULES else every_rule()  # takes a second
    if id not in known:
        raise ConfigError(
            unknown(id, known, "rule"), fix="correct the ID; anyscale-constructs rules lists them", rule=UNKNOWN_RULE
        )
    if known[id].severity != "warning":
        what = f"{id} is a {known[id].severity}; only warnings can be allowed"
        raise ConfigError(what, fix="remove it", rule=REFUSED_ALLOWANCE)
    if not known[id].allowable:
        what = f"{id} concerns the run, not the cloud, and cannot be allowed"
        raise ConfigError(what, fix="remove it", rule=REFUSED_ALLOWANCE)
    return known[id]


def check_rules(allowances: Allowances) -> Allowances:
    """Returns the allowances unchanged if all of their rules can be allowed; for validators."""
    for name in allowances:
        try:
            check_rule(name)
        except ConfigError as error:
            raise refuse_all(within(error.findings, key=(name,))) from None
    return allowances


def every_rule() -> dict[str, Rule]:
    """Returns all rules, by ID; imports every module of the package that defines rules."""
    for module in pkgutil.walk_packages(anyscale_constructs.__path__, f"{anyscale_constructs.__name__}."):
        if not module.name.endswith(_NO_RULES):
            importlib.import_module(module.name)
    return dict(sorted(RULES.items()))


class Sifted(NamedTuple):
    """Findings, divided into those to report and those that are allowed.

    Args:
        findings: The findings to report: those not allowed, and those about the allowances themselves.
        allowed: The allowed findings, with the allowances that accept them.
    """

    findings: list[Finding]
    allowed: list[tuple[Finding, Allowance]]


def accepting(finding: Finding, allowances: Iterable[tuple[Rule, Allowance]]) -> list[Allowance]:
    """Returns the allowances that accept a finding today."""
    return [each for rule, each in allowances if rule == finding.rule and not each.is_over]


def sift(clouds: Mapping[str, tuple[Iterable[Finding], Sequence[tuple[Rule, Allowance]]]]) -> Sifted:
    """Separates the allowed findings from the others, and reports unused and expired allowances.

    Args:
        clouds: The findings and allowances of each stack, by the stack's name. The two stacks of a Kubernetes cloud
            share a configuration, so an allowance is used if either stack has the finding.
    """
    told: list[Finding] = []
    allowed: list[tuple[Finding, Allowance]] = []
    used: set[int] = set()
    needed: set[Place | None] = {None}
    for findings, allowances in clouds.values():
        for finding in findings:
            reasons = accepting(finding, allowances)
            used.update(map(id, reasons))
            needed.update(each.default_at for each in reasons)
            if reasons:
                allowed.append((finding, reasons[0]))
            else:
                told.append(finding)
    seen: set[int] = set()
    for cloud, (_, allowances) in clouds.items():
        for rule, each in allowances:
            if id(each) in seen | used:
                continue
            seen.add(id(each))
            what, fix, key = f"{rule.id} is allowed, but has no findings", "remove it", ("allow", rule.id)
            if each.is_over:
                what, fix = f"{rule.id} was allowed until {each.until}", "fix the findings, or set a later date"
                told.append(Finding(what, fix, rule=EXPIRED_ALLOWANCE, cloud=cloud, key=key))
            elif rule.command == "synth" and not each.is_default:
                told.append(Finding(what, fix, rule=IDLE_ALLOWANCE, cloud=cloud, key=key))
            elif rule.command == "synth" and each.default_at not in needed:
                needed.add(each.default_at)
                what = f"{rule.id} is allowed, but has no findings in any cloud of these defaults"
                told.append(Finding(what, fix, rule=IDLE_ALLOWANCE, key=key, place=each.default_at))
    return Sifted(told, allowed)
