"""Providers that a user adds to a stack."""

import itertools
from collections.abc import Callable

import jsii
import pytest

from anyscale_constructs.engine import TerraformProvider
from anyscale_constructs.terraform.stack import CloudStack
from tests.unit.terraform.parts import bucket, problem, settings


class Prebuilt(TerraformProvider):
    """A provider as in the prebuilt packages: with a separate class, and one exact version."""

    def __init__(self, stack: CloudStack, id: str, alias: str | None = None) -> None:
        self._of_the_user = {"region": "us-east-2"} | ({"alias": alias} if alias else {})
        super().__init__(
            stack,
            id,
            terraform_resource_type="aws",
            terraform_generator_metadata={
                "provider_name": "aws",
                "provider_version": "6.40.0",
                "provider_version_constraint": "~> 6.0",
            },
            terraform_provider_source="aws",
        )

    @jsii.member(jsii_name="synthesizeAttributes")
    def _synthesize_attributes(self) -> dict[str, str]:
        return self._of_the_user


PROVIDERS: dict[str, tuple[Callable[[CloudStack], object], str]] = {
    "ours": (lambda stack: stack.add_provider("aws", region="us-east-2"), "test/aws"),
    "a prebuilt one": (lambda stack: Prebuilt(stack, "prebuilt"), "test/prebuilt"),
    "another prebuilt one": (lambda stack: Prebuilt(stack, "second"), "test/second"),
    "an override": (
        lambda stack: stack.add_override("provider.aws", [{"region": "us-east-2"}]),
        "the override of provider.aws",
    ),
}


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(PROVIDERS, 2)))
def test_fails_on_two_default_configurations_of_a_provider(one: str, other: str, stack: CloudStack) -> None:
    for name in (one, other):
        PROVIDERS[name][0](stack)
    stack.add_provider("aws", alias="west", region="us-west-2")
    Prebuilt(stack, "east", alias="east")
    stack.add_provider("google")
    bucket(stack)
    assert problem(stack) == (
        f"test: {PROVIDERS[one][1]} and {PROVIDERS[other][1]} are both the default configuration of the provider aws. "
        "Fix: remove one of them, or set an alias"
    )


@pytest.mark.parametrize("name", PROVIDERS)
def test_one_default_configuration_and_aliases_pass(name: str, stack: CloudStack) -> None:
    PROVIDERS[name][0](stack)
    stack.add_provider("aws", alias="west", region="us-west-2")
    Prebuilt(stack, "east", alias="east")
    bucket(stack)
    assert sorted(block.get("alias", "") for block in stack.to_terraform()["provider"]["aws"]) == ["", "east", "west"]


def test_the_exact_version_of_a_prebuilt_provider_is_kept(stack: CloudStack) -> None:
    Prebuilt(stack, "prebuilt")
    assert settings(stack)["required_providers"] == {"aws": {"source": "aws", "version": "6.40.0"}}


def test_an_override_of_another_provider_is_kept(stack: CloudStack) -> None:
    """The override is an object instead of a list."""
    block = {"endpoint": "https://pve.example.com", "insecure": False}
    stack.add_override("provider.proxmox", block)
    assert stack.to_terraform()["provider"] == {"proxmox": block}
