"""Stacks that a test makes, and what is read of them."""

import pathlib

import jsii
import pytest
from constructs import IValidation

from anyscale_constructs import App, CloudStack, Construct, ConstructsError, Resource, engine, expr
from anyscale_constructs.aws import S3, Vpc
from anyscale_constructs.engine import Annotations, TerraformHclModule
from anyscale_constructs.findings import Finding, Rule
from anyscale_constructs.review.stacks import plain
from anyscale_constructs.testing import SynthesizedStack, synthesize
from tests.folder import read

WARNED = Rule("test-warned", "warning", "For the test.")
NOTED = Rule("test-noted", "note", "For the test.")


@jsii.implements(IValidation)
class Refusing:
    def validate(self) -> list[str]:
        return ["refused by the validation"]


def network(scope: Construct) -> CloudStack:
    stack = CloudStack(scope, "network")
    stack.add_provider("aws", region="us-east-2")
    Vpc(stack, cidr_block="10.0.0.0/19", availability_zones=["us-east-2a", "us-east-2b"])
    Resource(stack, "aws_iam_role", "reader", {"name": "reader"})
    stack.add_output("team", "ml")
    return stack


@pytest.mark.parametrize("app", ["testing", "own"])
def test_a_stack_of_either_app_is_what_the_app_writes(app: str, tmp_path: pathlib.Path) -> None:
    own = App(tmp_path)
    stack = network(engine.Testing.app() if app == "testing" else own)
    made = synthesize(stack)
    if app == "testing":
        network(own)
    else:
        assert not [*tmp_path.rglob("cdk.tf.json")]
    own.synth()
    assert made.terraform == plain(read(tmp_path / "stacks" / "network"))
    assert synthesize(stack).terraform == made.terraform


def test_its_parts_are_copies(prod: SynthesizedStack) -> None:
    before = prod.module("vpc")
    prod.module("vpc").inputs["cidr_block"] = "changed"
    prod.terraform["module"].clear()
    prod.outputs.clear()
    prod.resources.clear()
    assert prod.module("vpc") == before
    assert prod.outputs["anyscale_cloud_name"] == "prod"
    assert "aws_iam_role_policy.iam_control_plane" in prod.resources


def test_a_call_has_only_the_inputs() -> None:
    stack = network(engine.Testing.app())
    bucket = S3(stack, depends_on=[stack.modules["vpc"]])
    TerraformHclModule(stack, "raw", source="git::https://example.com/raw.git", variables={"size": 3})
    made = synthesize(stack)
    call = made.module("s3")
    assert call.inputs == bucket.rendered
    assert call.source.startswith("git::https://github.com/anyscale/")
    assert (call.address, call.interface) == ("module.s3", bucket.interface)
    assert (made.module("raw").inputs, made.module("raw").interface) == ({"size": 3}, None)


def test_an_unknown_module_names_the_nearest(prod: SynthesizedStack) -> None:
    with pytest.raises(AssertionError, match=r"^prod: unknown module 'vcp': did you mean 'vpc'\?$"):
        prod.module("vcp")


def test_findings_are_those_not_allowed() -> None:
    app = engine.Testing.app()
    stack, other = network(app), CloudStack(app, "other")
    for each in (stack, other):
        for rule in (WARNED, NOTED):
            each.report(Finding(f"{rule.id} {each.name}", rule=rule))
    stack.allow("test-warned", "it is a test")
    assert [found.what for found in synthesize(stack).findings if found.rule in {WARNED, NOTED}] == [
        "test-noted network"
    ]
    assert [found.what for found in synthesize(other).findings] == ["test-warned other", "test-noted other"]


@pytest.mark.parametrize("way", ["reference", "annotation", "allowance", "engine"])
def test_fails_as_the_app_does(way: str) -> None:
    stack = network(engine.Testing.app())
    match way:
        case "reference":
            stack.add_output("id", expr("module.vcp.vpc_id", "string"))
        case "annotation":
            Annotations.of(stack).add_error("the team has no owner")
        case "allowance":
            stack.allow("test-warned", "it is a test")
        case "engine":
            Resource(stack, "aws_iam_role", "x", {"name": "x"}).node.add_validation(Refusing())
    said = {
        "reference": "module.vcp",
        "annotation": "the team has no owner",
        "allowance": "test-warned is allowed, but has no findings",
        "engine": "the engine cannot synthesize the stack: Validation failed",
    }
    with pytest.raises(ConstructsError, match=said[way]):
        synthesize(stack)
