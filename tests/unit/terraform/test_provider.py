"""Providers without prebuilt packages."""

from collections.abc import Callable
from typing import Any

import pytest

from anyscale_constructs.errors import InputError
from anyscale_constructs.terraform.app import App
from anyscale_constructs.terraform.stack import CloudStack

Synth = Callable[[Callable[[App], CloudStack]], dict[str, Any]]


def test_providers_keep_their_alias(synth: Synth) -> None:
    def build(app: App) -> CloudStack:
        stack = CloudStack(app, "test")
        stack.add_provider("aws", region="us-east-2", profile=None)
        west = stack.add_provider("aws", alias="west", region="us-west-2")
        assert (west.alias, west.fqn) == ("west", "aws.west")
        return stack

    assert synth(build)["provider"] == {"aws": [{"region": "us-east-2"}, {"alias": "west", "region": "us-west-2"}]}


def test_arguments_are_terraform_values(synth: Synth) -> None:
    def build(app: App) -> CloudStack:
        stack = CloudStack(app, "test")
        tags = {"Owner": "${aws:username}", "Team": stack.add_secret("team", "string", "The team that is billed.")}
        stack.add_provider("aws", default_tags=[{"tags": tags}], allowed_account_ids=("111122223333",))
        return stack

    assert synth(build)["provider"]["aws"] == [
        {
            "default_tags": [{"tags": {"Owner": "$${aws:username}", "Team": "${var.team}"}}],
            "allowed_account_ids": ["111122223333"],
        }
    ]


def test_maps_keep_their_keys(synth: Synth) -> None:
    """At every depth: in blocks, in lists of blocks, and in empty collections."""
    kept = {"cost-center": "a", "AWS_PROFILE": "b", "camelCase": {"snake_case": [{"x.y/Z-1": "c"}]}}

    def build(app: App) -> CloudStack:
        stack = CloudStack(app, "test")
        stack.add_provider("helm", kubernetes=kept, registries=[kept], features={})
        return stack

    assert synth(build)["provider"]["helm"] == [{"kubernetes": kept, "registries": [kept], "features": {}}]


def test_fails_on_an_argument_without_an_equivalent_in_terraform(stack: CloudStack) -> None:
    with pytest.raises(InputError, match="allowed_account_ids has no equivalent in Terraform"):
        stack.add_provider("aws", allowed_account_ids={"111122223333"})
