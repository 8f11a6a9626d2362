"""The real checkov reads plans of the examples: exactly the checks fail that the tables in `policies/` accept.

The plans are those of the first stack of these examples, which contain every type of resource that the examples create
on AWS, Google Cloud and Azure: everything, minimal, private-production and regulated (EC2), eks and eks-private (EKS),
gce-everything and gce-minimal (GCE), gke and gke-private (GKE), aks and aks-private (AKS). The operator stacks are Helm
releases, for which checkov has no checks.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.account import emulated_account
from tests.e2e.clones import module_sources
from tests.e2e.doubles.server import Doubles
from tests.e2e.examples import with_existing_resources
from tests.e2e.lives import EXAMPLES, edit, synthesize
from tests.e2e.plugins import find_plugins
from tests.e2e.policies import Failure, accepted, addresses, failures, without_unknown_blocks
from tests.e2e.terraform import Terraform, clean_environment
from tests.missing import find_checkov

PLANS = {
    "aws": ("everything", "minimal", "private-production", "regulated", "eks", "eks-private"),
    "azure": ("aks", "aks-private"),
    "google": ("gce-everything", "gce-minimal", "gke", "gke-private"),
}
Change = Callable[[dict[str, Any]], object]


def plaintext_bucket(document: dict[str, Any]) -> None:
    del document["module"]["s3"]["server_side_encryption"]


def plaintext_files(document: dict[str, Any]) -> None:
    document["module"]["efs"] |= {"efs_encrypted": False, "kms_key_arn": None}


def public_bucket_policy(document: dict[str, Any]) -> None:
    document["module"]["cloudstorage"]["bucket_iam_members"] = ["allUsers"]


def public_container(document: dict[str, Any]) -> None:
    document["resource"]["azurerm_storage_account"]["this"]["allow_nested_items_to_be_public"] = True


FAULTS: dict[str, tuple[str, Change, set[str]]] = {
    "plaintext-bucket": ("private-production", plaintext_bucket, {"CKV_AWS_145"}),
    "plaintext-files": ("private-production", plaintext_files, {"CKV_AWS_42", "CKV_AWS_184"}),
    "bucket-for-everybody": ("gce-minimal", public_bucket_policy, {"CKV_GCP_28"}),
    "container-for-everybody": ("aks", public_container, {"CKV_AZURE_190", "CKV2_AZURE_47"}),
}
"""Faults in an example, and the checks that fail in addition to those in the table."""


@dataclass(frozen=True)
class Read:
    """The results of checkov.

    Attributes:
        addresses: The addresses in each plan.
        failures: The failures.
    """

    addresses: Mapping[str, set[str]]
    failures: set[Failure]

    def of(self, plans: tuple[str, ...]) -> "Read":
        """Runs checkov on plans."""
        return Read(
            {plan: self.addresses[plan] for plan in plans}, {each for each in self.failures if each.plan in plans}
        )


def _plan(name: str, doubles: Doubles, work: Path, change: Change | None = None) -> dict[str, Any]:
    work.mkdir()
    stack = synthesize(name, EXAMPLES[name], work)[0]
    if change:
        edit(stack, change)
    terraform = doubles.terraform(stack, work)
    terraform.init()
    return without_unknown_blocks(terraform.plan_document())


@pytest.fixture(scope="module")
def read(doubles: Doubles, tmp_path_factory: pytest.TempPathFactory) -> Read:
    find_checkov()
    work = tmp_path_factory.mktemp("policies")
    plans = {name: _plan(name, doubles, work / name) for names in PLANS.values() for name in names}
    for fault, (name, change, _) in FAULTS.items():
        plans[fault] = _plan(name, doubles, work / fault, change)
    return Read({name: addresses(plan) for name, plan in plans.items()}, failures(plans, work / "plans"))


@pytest.mark.parametrize("provider", PLANS)
def test_failed_checks_are_accepted_with_a_reason(provider: str, read: Read) -> None:
    found = read.of(PLANS[provider])
    expected = [each for row in accepted(provider) for each in row.failures(found.addresses)]
    assert found.failures ^ set().union(*expected) == set()


@pytest.mark.parametrize("provider", PLANS)
def test_every_row_is_used(provider: str, read: Read) -> None:
    rows = accepted(provider)
    assert [row for row in rows if not all(row.failures(read.of(PLANS[provider]).addresses))] == []
    assert all(row.reason.endswith(".") for row in rows)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_fails_a_check_that_is_not_accepted(fault: str, read: Read) -> None:
    name, _, checks = FAULTS[fault]
    sound = {each._replace(plan=fault) for each in read.failures if each.plan == name}
    found = {each for each in read.failures if each.plan == fault}
    assert {each.check for each in found - sound} == checks


def test_a_double_plans_what_the_real_provider_plans(read: Read, tmp_path: Path) -> None:
    """The results of checkov are equal, except for one default: log groups are kept for 0 days, which means forever."""
    name, config = "private-production", EXAMPLES["private-production"]
    plugins = find_plugins(tmp_path)
    with emulated_account(config["region"], tmp_path / "account") as account:
        stack = synthesize(name, with_existing_resources(config, plugins, account), tmp_path)[0]
        environment = clean_environment(tmp_path, plugins, module_sources([stack]), account.endpoint)
        terraform = Terraform(stack, environment)
        terraform.init()
        plan = terraform.plan_document()
    of_double = {each for each in read.failures if each.plan == name}
    assert {each.check for each in of_double ^ failures({name: plan}, tmp_path / "plans")} == {"CKV_AWS_66"}
