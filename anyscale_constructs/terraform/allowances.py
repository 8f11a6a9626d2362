"""Warnings that are accepted, each with a reason, and some until a date."""

import datetime
import importlib
import pkgutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PrivateAttr

import anyscale_constructs
from anyscale_constructs.config.model import WRONG_TYPE, Model, refuse, refuse_all
from anyscale_constructs.config.types import Known
from anyscale_constructs.errors import ConfigError
from anyscale_constructs.findings import RULES, Finding, Place, Rule, within
from anyscale_constructs.names import unknown

# Of the plugin of pytest, which need not be installed, and what runs when it is imported.
_NO_RULES = (".testing.plugin", ".testing.snapshots", "__main__")

UNKNOWN_RULE = Rule("unknown-rule", "error", "An allowance of a misspelt rule would accept nothing, without a word.")
REFUSED_ALLOWANCE = Rule("refused-allowance", "error", "An error cannot work, and a note needs no acceptance.")
IDLE_ALLOWANCE = Rule("idle-allowance", "error", "An allowance that accepts nothing would hide the next warning.")
EXPIRED_ALLOWANCE = Rule("expired-allowance", "warning", "It was accepted for a time that is over.", allowable=False)


class Allowance(Model):
    """Why what breaks a rule is accepted."""

    reason: Known[str] = Field(min_length=1, description="Why it is accepted; the report says it.")
    until: Known[datetime.date | None] = Field(
        default=None, description="The last day on which it is. Default: for good."
    )
    _is_default: bool = PrivateAttr(default=False)
    _default_at: Place | None = PrivateAttr(default=None)

    @property
    def is_over(self) -> bool:
        """Whether its last day is past."""
        return self.until is not None and datetime.datetime.now(tz=datetime.UTC).date() > self.until

    @property
    def is_default(self) -> bool:
        """Whether it stands in the defaults of several clouds, and need not be found in each of them."""
        return self._is_default

    @property
    def default_at(self) -> Place | None:
        """Where it stands in the defaults, if all clouds under these are there: one of them must need it."""
        return self._default_at

    def set_default(self, at: Place | None) -> None:
        """Says that it stands in the defaults of several clouds.

        Args:
            at: Where, if all these clouds are there.
        """
        self._is_default = True
        self._default_at = at


def _with_reason(value: Any) -> Any:
    if isinstance(value, str):
        return {"reason": value}
    if not isinstance(value, Mapping | Allowance):
        raise refuse("must be a reason, or a mapping with reason and until", "say why it is accepted", rule=WRONG_TYPE)
    return value


Allowances = dict[str, Annotated[Allowance, BeforeValidator(_with_reason, json_schema_input_type=str | Allowance)]]
"""Allowances by the ids of their rules; a string is a reason."""


def check_rule(id: str) -> Rule:
    """The rule of that id, whose breaking may be accepted.

    Raises:
        ConfigError: There is no such rule, or it is an error.
    """
    known = RULES if id in RULES else every_rule()  # which takes a second
    if id not in known:
        raise ConfigError(unknown(id, known, "rule"), fix="anyscale-constructs rules lists them", rule=UNKNOWN_RULE)
    if known[id].severity != "warning":
        what = f"{id} is a {known[id].severity}; only warnings can be allowed"
        raise ConfigError(what, fix="remove it", rule=REFUSED_ALLOWANCE)
    if not known[id].allowable:
        what = f"{id} is about the run, not the cloud, and cannot be allowed"
        raise ConfigError(what, fix="remove it", rule=REFUSED_ALLOWANCE)
    return known[id]


def check_rules(allowances: Allowances) -> Allowances:
    """The same, if each can be an allowance; for validators."""
    for name in allowances:
        try:
            check_rule(name)
        except ConfigError as error:
            raise refuse_all(within(error.findings, key=(name,))) from None
    return allowances


def every_rule() -> dict[str, Rule]:
    """All rules there are, by id; what defines them is loaded."""
    for module in pkgutil.walk_packages(anyscale_constructs.__path__, f"{anyscale_constructs.__name__}."):
        if not module.name.endswith(_NO_RULES):
            importlib.import_module(module.name)
    return dict(sorted(RULES.items()))


@dataclass(frozen=True)
class Sifted:
    """What is left of findings once what is allowed is taken out.

    Args:
        told: What is to be told: findings that are not allowed, and what is wrong with the allowances.
        allowed: What is accepted, with the reasons.
    """

    told: list[Finding]
    allowed: list[tuple[Finding, Allowance]]


def accepting(finding: Finding, allowances: Iterable[tuple[Rule, Allowance]]) -> list[Allowance]:
    """Those of the allowances by which a finding is accepted today."""
    return [each for rule, each in allowances if rule == finding.rule and not each.is_over]


def sift(clouds: Mapping[str, tuple[Iterable[Finding], Sequence[tuple[Rule, Allowance]]]]) -> Sifted:
    """Takes out what is allowed.

    Args:
        clouds: The findings of stacks and what is allowed in them, by their names; the two stacks of a Kubernetes cloud
            have one configuration, so what is allowed need be found in one of them only.
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
            what, fix, key = f"{rule.id} is allowed, but not found", "remove it", ("allow", rule.id)
            if each.is_over:
                what, fix = f"{rule.id} was allowed until {each.until}", "correct what it is about, or set a later date"
                told.append(Finding(what, fix, rule=EXPIRED_ALLOWANCE, cloud=cloud, key=key))
            elif rule.command == "synth" and not each.is_default:
                told.append(Finding(what, fix, rule=IDLE_ALLOWANCE, cloud=cloud, key=key))
            elif rule.command == "synth" and each.default_at not in needed:
                needed.add(each.default_at)
                what = f"{rule.id} is allowed, but found in no cloud under it"
                told.append(Finding(what, fix, rule=IDLE_ALLOWANCE, key=key, place=each.default_at))
    return Sifted(told, allowed)
