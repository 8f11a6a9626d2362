"""The findings of checkov on plans, and the tables of accepted findings."""

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests.missing import find_checkov

TABLES = Path(__file__).parent / "policies"
"""For each provider, the checks that may fail, on which resources, and why."""
_KEY = re.compile(r'\[(?:\d+|"[^"]*")\]')


class Failure(NamedTuple):
    """A check that fails.

    Attributes:
        check: Its ID, e.g. `CKV_AWS_145`.
        plan: The plan's name.
        resource: The resource's address without the keys of instances.
    """

    check: str
    plan: str
    resource: str


@dataclass(frozen=True)
class Accepted:
    """A check whose failure is accepted.

    Attributes:
        check: Its ID.
        resources: The resources, as patterns of addresses without the keys of instances.
        reason: Why it is accepted.
        plans: The plans in which it fails. Default: all plans with such a resource.
    """

    check: str
    resources: tuple[str, ...]
    reason: str
    plans: tuple[str, ...] = ()

    def failures(self, addresses: Mapping[str, set[str]]) -> Iterator[set[Failure]]:
        """Yields the expected failures: for each pattern, those in each of the plans.

        Args:
            addresses: The addresses in each plan.
        """
        groups = [[plan] for plan in self.plans] or [[*addresses]]
        for pattern in self.resources:
            for plans in groups:
                found = ((plan, each) for plan in plans for each in addresses[plan] if fnmatchcase(each, pattern))
                yield {Failure(self.check, plan, each) for plan, each in found}


def accepted(provider: str) -> list[Accepted]:
    """Returns the table of a provider."""
    rows = yaml.safe_load((TABLES / f"{provider}.yaml").read_text(encoding="utf-8"))
    return [Accepted(row["check"], tuple(row["resources"]), row["reason"], tuple(row.get("plans", ()))) for row in rows]


def without_unknown_blocks(plan: dict[str, Any]) -> dict[str, Any]:
    """Returns a plan on doubles without a bucket's blocks, which only the real provider plans, as unknown."""
    for resource in _resources(plan["planned_values"]["root_module"]):
        if resource["type"] == "aws_s3_bucket":
            resource["values"] = {name: value for name, value in resource["values"].items() if value != []}
    return plan


def addresses(plan: Mapping[str, Any]) -> set[str]:
    """Returns the addresses of a plan's resources, without the keys of instances."""
    found = _resources(plan["planned_values"]["root_module"])
    return {_KEY.sub("", each["address"]) for each in found if each["mode"] == "managed"}


def _resources(module: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    yield from module.get("resources", ())
    for child in module.get("child_modules", ()):
        yield from _resources(child)


def failures(plans: Mapping[str, Mapping[str, Any]], work: Path) -> set[Failure]:
    """Returns the failures in plans, found by one run of checkov without network access.

    Args:
        plans: Terraform's JSON of each plan, by name.
        work: A directory for them.
    """
    program = find_checkov()
    work.mkdir()
    for name, plan in plans.items():
        (work / f"{name}.json").write_text(json.dumps(plan), encoding="utf-8")
    options = ("--framework=terraform_plan", "--output=json", "--soft-fail", "--compact", "--quiet", "--skip-download")
    run = [program, *options, "--directory", str(work)]
    done = subprocess.run(run, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["summary"]["parsing_errors"] == 0
    found = report["results"]["failed_checks"]
    return {Failure(each["check_id"], Path(each["file_path"]).stem, _KEY.sub("", each["resource"])) for each in found}
