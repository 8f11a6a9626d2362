"""Our App, the engine's own App and Testing.synth: the same JSON, pins and checks."""

import importlib
import json
import os
import pathlib
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from anyscale_constructs import engine
from anyscale_constructs.aws import S3, Vpc
from anyscale_constructs.engine import Construct, TerraformOutput, TerraformResource, TerraformStack
from anyscale_constructs.errors import ConstructsError, SynthesisError
from anyscale_constructs.expressions import expr
from anyscale_constructs.terraform.app import App
from anyscale_constructs.terraform.backend import Local
from anyscale_constructs.terraform.interface import Provider
from anyscale_constructs.terraform.provider import Provider as ProviderBlock
from anyscale_constructs.terraform.resource import Data, Resource
from anyscale_constructs.terraform.sources import ModuleOverride, Sources
from anyscale_constructs.terraform.stack import CloudStack
from tests import ROOT
from tests import folder as folders

cdktf: Any = importlib.import_module(engine.name)

# Its own program, since a process has one engine. It holds all kinds of elements.
PROGRAM = """
import importlib, json, pathlib, sys
from anyscale_constructs import engine
from anyscale_constructs.aws import S3, Vpc
from anyscale_constructs.terraform.app import App
from anyscale_constructs.terraform.resource import Data, Resource
from anyscale_constructs.clouds import Ec2Config, Ec2Stack
from tests import folder as folders

cdktf = importlib.import_module(engine.name)
out = pathlib.Path(sys.argv[1])


class Cloud(Ec2Stack):
    def __init__(self, app):
        super().__init__(app, "prod", Ec2Config(region="us-east-2", org_id="org_1", efs={}, memorydb={},
            backend={"type": "s3", "bucket": "acme-state", "region": "us-east-2"}))
        found = Data(self, "aws_kms_key", "found", {"key_id": "alias/acme"})
        made = Resource(self, "aws_sqs_queue", "made", {"kms_master_key_id": found.attribute("id")}, [self.vpc])
        cdktf.TerraformOutput(self, "queue", value=cdktf.Fn.upper(made.attribute("name")))
        cdktf.TerraformOutput(self, "text", value=f"{self.vpc.vpc_id} {json.dumps([made.attribute('arn')])}")
        self.add_override("terraform.required_providers.random", {"source": "hashicorp/random"})
        self.add_override("moved", [{"from": "module.network", "to": "module.vpc"}])


def read(folder):
    return json.dumps(folders.read(folder / "stacks" / "prod"))


def without_comments(value):
    if isinstance(value, dict):
        return {key: without_comments(inner) for key, inner in value.items() if key != "//"}
    return [without_comments(inner) for inner in value] if isinstance(value, list) else value


for name, app in (("ours", App(out / "ours")), ("engine", cdktf.App(outdir=str(out / "engine")))):
    Cloud(app)
    app.synth()
texts = [read(out / "ours"), read(out / "engine"), cdktf.Testing.synth(Cloud(cdktf.Testing.app()))]
(folder,) = [cdktf.Testing.full_synth(Cloud(cdktf.Testing.app()))]
texts.append(read(pathlib.Path(folder)))
print(json.dumps([without_comments(json.loads(text)) for text in texts], sort_keys=True))
"""


def made_by(engine_name: str, directory: pathlib.Path) -> list[dict[str, Any]]:
    """The JSON of one stack by every way of synthesis, without the engine's comments."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "ANYSCALE_CONSTRUCTS_ENGINE": engine_name}
    program = [sys.executable, "-c", PROGRAM, str(directory)]
    text = subprocess.run(program, cwd=directory, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout
    found: list[dict[str, Any]] = json.loads(text)
    return found


def test_all_ways_of_synthesis_produce_the_same_json_on_both_engines(tmp_path: pathlib.Path) -> None:
    found = []
    for name in ("cdktf", "cdktn"):
        (tmp_path / name).mkdir()
        found += made_by(name, tmp_path / name)
    first = found[0]
    assert len(found) == 8
    assert [each == first for each in found] == [True] * 8
    assert first["terraform"]["required_version"] == ">= 1.10.0"
    assert first["terraform"]["required_providers"]["aws"]["version"] == ">= 6.37.0, < 7.0.0"
    assert first["terraform"]["backend"]["s3"]["key"] == "prod/terraform.tfstate"
    assert first["output"]["queue"]["value"] == "${upper(aws_sqs_queue.made.name)}"


Build = Callable[[Construct], object]
Way = Callable[[Build, pathlib.Path], dict[str, Any]]


def read(directory: pathlib.Path) -> dict[str, Any]:
    files = (directory / "stacks").glob("*/cdk.tf.json")
    return {file.parent.name: folders.read(file.parent) for file in files}


def by_our_app(build: Build, directory: pathlib.Path) -> dict[str, Any]:
    app = App(directory)
    build(app)
    app.synth()
    return read(directory)


def by_the_engines_app(build: Build, directory: pathlib.Path) -> dict[str, Any]:
    app = engine.App(outdir=str(directory))
    build(app)
    app.synth()
    return read(directory)


def by_testing(build: Build, _: pathlib.Path) -> dict[str, Any]:
    app = cdktf.Testing.app()
    build(app)
    stacks = [stack for stack in app.node.children if isinstance(stack, CloudStack)]
    return {stack.name: json.loads(cdktf.Testing.synth(stack)) for stack in stacks}


WAYS: list[Way] = [by_our_app, by_the_engines_app, by_testing]


def bucket(stack: CloudStack, **inputs: Any) -> S3:
    return S3(stack, anyscale_bucket_name="acme-bucket", **inputs)


def dead_reference(app: Construct) -> None:
    CloudStack(app, "test").add_output("a", expr("module.nowhere.x"))


def clash(app: Construct) -> None:
    stack = CloudStack(app, "test")
    bucket(stack)
    stack.require("the tests", {"aws": Provider("hashicorp/aws", "< 6.0")})


def idle_override(app: Construct) -> None:
    bucket(CloudStack(app, "test", sources=Sources(overrides={"s4": ModuleOverride()})))


def cycle(app: Construct) -> None:
    stack = CloudStack(app, "test")
    first = bucket(stack, tags={"Vpc": expr("module.second.s3_bucket_id")})
    S3(stack, "second", anyscale_bucket_name="acme-second", depends_on=[first])


def two_defaults(app: Construct) -> None:
    stack = CloudStack(app, "test")
    stack.add_provider("aws")
    stack.add_override("provider.aws", [{}])


def unknown_input(app: Construct) -> None:
    stack = CloudStack(app, "test")
    bucket(stack)
    stack.add_override("module.s3.nam", "a")


def lost_override(app: Construct) -> None:
    stack = CloudStack(app, "test")
    stack.add_provider("aws")
    stack.add_override("provider.aws.region", "us-east-2")


def waiting_vpc(app: Construct) -> None:
    stack = CloudStack(app, "test")
    Vpc(stack).add_override("depends_on", [bucket(stack).address])


def another_stacks_value(app: Construct) -> None:
    CloudStack(app, "test").add_output("a", Vpc(CloudStack(app, "network")).vpc_id)


def one_state(app: Construct) -> None:
    for name in ("first", "test"):
        CloudStack(app, name, backend=Local(path="/state/x.tfstate"))


def residue(app: Construct) -> None:
    stack = CloudStack(app, "test")
    made = TerraformResource(stack, "r", terraform_resource_type="x")
    stack.add_output("value", f"{made.get_boolean_attribute('enabled')}")


def damaged_word(app: Construct) -> None:
    stack = CloudStack(app, "test")
    TerraformOutput(stack, "a", value=str.upper(bucket(stack).s3_bucket_id))


def damaged_word_in_a_string_in_code(app: Construct) -> None:
    stack = CloudStack(app, "test")
    damaged = str.__str__(bucket(stack).s3_bucket_id)[:-3]
    TerraformOutput(stack, "a", value=expr(f'upper("x-{damaged}")', "string"))


def expression_in_a_stack_of_the_engines(app: Construct) -> None:
    made = bucket(CloudStack(app, "test"))
    TerraformOutput(TerraformStack(app, "plain"), "a", value=made.s3_bucket_id)


def expression_in_one_that_comes_first(app: Construct) -> None:
    plain = TerraformStack(app, "plain")
    TerraformOutput(plain, "a", value=f"x-{bucket(CloudStack(app, 'test')).s3_bucket_id}")


def expression_in_one_inside_of_a_construct(app: Construct) -> None:
    plain = TerraformStack(Construct(app, "team"), "plain")
    made = TerraformResource(plain, "r", terraform_resource_type="x")
    made.add_override("policy", json.dumps({"Resource": bucket(CloudStack(app, "test")).s3_bucket_arn}))


def one_state_with_a_stack_of_the_engines(app: Construct) -> None:
    CloudStack(app, "test", backend=Local(path="/state/x.tfstate"))
    cdktf.LocalBackend(TerraformStack(app, "plain"), path="/state/x.tfstate")


LEFT = "plain: an expression is used in a stack that is not a CloudStack; got "
WRONG: dict[Build, str] = {
    dead_reference: "test: output.a.value refers to module.nowhere, which is not in this stack",
    clash: "test: no version of hashicorp/aws satisfies module.s3 (>= 6.37.0, < 7.0) and the tests (< 6.0)",
    idle_override: "test: modules.s4: unknown module 's4': expected s3",
    cycle: "test: module.second depends on module.s3, which in turn depends on module.second",
    two_defaults: "test: test/aws and the override of provider.aws are both the default configuration",
    unknown_input: "test: module.s3: unknown input 'nam'",
    lost_override: "test: the override of provider.aws.region has no effect: provider.aws is a list",
    waiting_vpc: "test: module.vpc: depends_on makes Terraform read ",
    another_stacks_value: "test: output.a.value uses module.vpc.vpc_id of the stack network in the stack test",
    one_state: "test: backend: shares its Terraform state with first",
    residue: "contains an unresolved token",
    damaged_word: "test: output.a.value contains an expression that was truncated or changed as a string",
    damaged_word_in_a_string_in_code: "test: output.a.value contains an expression that was truncated",
    expression_in_a_stack_of_the_engines: LEFT + "'${module.s3.s3_bucket_id}'",
    expression_in_one_that_comes_first: LEFT + "'x-${module.s3.s3_bucket_id}'",
    expression_in_one_inside_of_a_construct: LEFT,
    one_state_with_a_stack_of_the_engines: "test: backend: shares its Terraform state with plain",
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("build", WRONG)
def test_all_ways_of_synthesis_run_the_same_checks(build: Build, way: Way, tmp_path: pathlib.Path) -> None:
    with pytest.raises(ConstructsError if way is by_our_app else RuntimeError) as error:
        way(build, tmp_path)
    assert WRONG[build] in str(error.value)


@pytest.mark.parametrize("way", WAYS)
def test_a_plain_stack_next_to_a_cloud_stack_passes(way: Way, tmp_path: pathlib.Path) -> None:
    def build(app: Construct) -> None:
        bucket(CloudStack(app, "test"))
        plain = TerraformStack(Construct(app, "team"), "plain")
        TerraformOutput(plain, "a", value="a literal")

    assert way(build, tmp_path)["test"]["terraform"]["required_version"] == ">= 1.9.0"


def test_our_app_finds_an_expression_with_no_cloud_stack_in_it(tmp_path: pathlib.Path) -> None:
    app = App(tmp_path)
    TerraformOutput(TerraformStack(app, "plain"), "a", value=expr("var.a"))
    with pytest.raises(SynthesisError) as error:
        app.synth()
    assert str(error.value) == LEFT + "'${var.a}'. Fix: derive the stack from CloudStack"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("made", [None, "x.tfstate"], ids=["our backend", "the engine's backend"])
def test_engine_values_can_be_used_in_other_stacks(made: str | None, way: Way, tmp_path: pathlib.Path) -> None:
    """Through the backend of the stack that they come from."""

    def build(app: Construct) -> None:
        first, second = CloudStack(app, "first"), CloudStack(app, "second")
        TerraformOutput(second, "bucket", value=bucket(first).get_string("s3_bucket_id"))
        if made:
            cdktf.LocalBackend(first, path=made)

    trees = way(build, tmp_path)
    (output,) = trees["first"]["output"]
    (state,) = trees["second"]["data"]["terraform_remote_state"].values()
    assert trees["first"]["output"][output] == {"sensitive": True, "value": "${module.s3.s3_bucket_id}"}
    assert state["config"] == {"path": made or "../../../terraform.first.tfstate"}
    assert trees["second"]["output"]["bucket"]["value"].endswith(f".outputs.{output}}}")


CONSTRUCTS: dict[str, Callable[[TerraformStack], object]] = {
    "module.vpc": Vpc,
    "aws_sqs_queue.a": lambda stack: Resource(stack, "aws_sqs_queue", "a", {}),
    "data.aws_vpc.a": lambda stack: Data(stack, "aws_vpc", "a", {}),
    "provider.aws": lambda stack: ProviderBlock(stack, "aws", {}),
}


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("what", CONSTRUCTS)
def test_constructs_are_rejected_in_a_plain_stack(what: str, nested: bool, tmp_path: pathlib.Path) -> None:
    plain = TerraformStack(engine.App(outdir=str(tmp_path)), "plain")
    with pytest.raises(SynthesisError) as error:
        CONSTRUCTS[what](Construct(plain, "team") if nested else plain)  # type: ignore[arg-type] # where a stack can stand
    assert str(error.value) == (
        f"{what} requires a CloudStack, which pins providers and resolves expressions; got "
        "'TerraformStack'. Fix: derive plain from anyscale_constructs.CloudStack instead of TerraformStack"
    )


def test_fails_to_write_hcl(tmp_path: pathlib.Path) -> None:
    """Expressions would not be resolved."""
    says = "test: a CloudStack cannot be written as HCL. Fix: remove --hcl, and unset SYNTH_HCL_OUTPUT"
    with pytest.raises(RuntimeError, match=says):
        cdktf.Testing.synth_hcl(CloudStack(cdktf.Testing.app(), "test"))
    with pytest.raises(SynthesisError, match=says):
        CloudStack(App(tmp_path), "test").to_hcl_terraform()
