"""A stack's errors on references to unknown objects, and on modules that wait for each other."""

import pathlib
import re
from collections.abc import Callable
from typing import Any

import pytest

from anyscale_constructs.aws import S3, ExistingVpc, Iam, SecurityGroups, Vpc
from anyscale_constructs.engine import TerraformResource
from anyscale_constructs.errors import SynthesisError
from anyscale_constructs.expressions import Expr, expr
from anyscale_constructs.modules.aws import S3Module, VpcModule
from anyscale_constructs.terraform.app import App
from anyscale_constructs.terraform.resource import Data, Resource
from anyscale_constructs.terraform.sources import ModuleOverride, Sources
from anyscale_constructs.terraform.stack import CloudStack
from tests.unit.terraform.parts import problem

Synth = Callable[[Callable[[App], CloudStack]], dict[str, Any]]


@pytest.mark.parametrize(
    "wrap",
    [lambda r: r, lambda r: f"a-{r}", lambda r: {"k": [r]}, lambda r: {r: "v"}, lambda r: expr(f"upper({r})")],
    ids=["alone", "in text", "nested", "as a key", "in a function"],
)
def test_fails_on_a_reference_to_an_unknown_output(wrap: Callable[[Expr], Any], stack: CloudStack) -> None:
    VpcModule(stack, "vpc")
    stack.add_output("id", wrap(expr("module.vpc.vpc_idd")))
    assert re.fullmatch(
        r"test: output\.id\.value\S* refers to module\.vpc: unknown output 'vpc_idd': did you mean 'vpc_id'\?",
        problem(stack),
    )


def test_fails_on_an_input_that_refers_to_an_unknown_module(stack: CloudStack) -> None:
    S3Module(stack, "s3", anyscale_bucket_prefix=expr("module.names.prefix"))
    assert problem(stack).startswith(
        "test: module.s3.anyscale_bucket_prefix refers to module.names, which is not in this stack"
    )


def test_fails_on_another_stacks_module(tmp_path: pathlib.Path) -> None:
    app = App(tmp_path)
    network, cloud = CloudStack(app, "network"), CloudStack(app, "cloud")
    vpc = Vpc(network)
    SecurityGroups(cloud, vpc=vpc, ingress_cidr_blocks=["10.0.0.0/8"])
    network.to_terraform()
    says = "cloud: module.securitygroups.vpc_id uses module.vpc.vpc_id of the stack network in the stack cloud"
    fix = "pass the value as a literal, or read it with a data source in this stack"
    assert problem(cloud) == f"{says}. Fix: {fix}"
    Vpc(cloud)  # of the same ID
    assert problem(cloud).startswith(says)


def test_fails_on_a_raw_resource_that_refers_to_an_unknown_output(synth: Synth) -> None:
    def build(app: App) -> CloudStack:
        stack = CloudStack(app, "test")
        vpc = VpcModule(stack, "vpc")
        good = TerraformResource(stack, "good", terraform_resource_type="aws_subnet")
        good.add_override("vpc_id", str(vpc.vpc_id))
        bad = TerraformResource(stack, "bad", terraform_resource_type="aws_subnet")
        bad.add_override("vpc_id", "${module.vpc.vpc_idd}")
        return stack

    with pytest.raises(SynthesisError) as error:
        synth(build)
    assert str(error.value) == (
        "test: resource.aws_subnet.bad.vpc_id refers to module.vpc: unknown output 'vpc_idd': did you mean 'vpc_id'?"
    )


def refers_to_all(app: App, code: str) -> CloudStack:
    """A stack with a variable, a local value and a data source, with the code in every place."""
    stack = CloudStack(app, "test")
    S3Module(stack, "s3", tags={"a": "x-" + expr(code)})
    text = f"${{{code}}}"
    Resource(stack, "aws_x", "r", {"name": [text]})
    stack.add_provider("aws", region=text)
    stack.add_secret("given", "string", "A variable.")
    stack.add_override("locals.near", "1")
    Data(stack, "aws_y", "found", {"name": text})
    stack.add_output("id", text)
    return stack


@pytest.mark.parametrize("name", ["var.none", "local.none", "data.aws_y.none", "data.aws_z.found", "var.near"])
def test_fails_on_a_reference_to_an_undeclared_object(name: str, synth: Synth) -> None:
    with pytest.raises(SynthesisError) as error:
        synth(lambda app: refers_to_all(app, f"{name}.part[0]"))
    users = ["module.s3.tags.a", "output.id.value", "resource.aws_x.r.name[0]", "data.aws_y.found.name"]
    users.append("provider.aws[0].region")
    assert sorted(str(error.value).splitlines()) == sorted(
        f"test: {user} refers to '${{{name}}}', which is not in this stack. Fix: use the value itself, or declare it"
        for user in users
    )


@pytest.mark.parametrize("code", ["var.given", "local.near", "data.aws_y.found.id"])
def test_declared_objects_can_be_referred_to(code: str, synth: Synth) -> None:
    assert synth(lambda app: refers_to_all(app, code))["provider"]["aws"]


def test_text_that_is_not_a_reference_passes(synth: Synth) -> None:
    """Terraform reads strings escaped by `to_terraform` literally."""

    def build(app: App) -> CloudStack:
        stack = CloudStack(app, "test")
        stack.add_output("id", "$${var.none + 1}")
        return stack

    assert synth(build)["output"]["id"]["value"] == "$${var.none + 1}"


@pytest.mark.parametrize("text", ["see module.x.y", "$${var.a} module.x.y", "$${upper(module.x.y)}"])
def test_text_that_only_looks_like_a_reference_passes(text: str, stack: CloudStack) -> None:
    S3Module(stack, "s3", tags={"doc": text, "user": "${aws:username}"})
    stack.to_terraform()


def test_fails_once_with_all_dead_references(stack: CloudStack) -> None:
    stack.add_output("a", expr("module.a.x"))
    stack.add_output("b", expr("module.b.x"))
    assert len(problem(stack).splitlines()) == 2


def test_depends_on_alone_is_not_a_cycle(stack: CloudStack) -> None:
    network = ExistingVpc(
        vpc_id="vpc-12345678",
        subnet_ids_to_az={"subnet-12345678": "us-east-2a", "subnet-12345679": "us-east-2b"},
    )
    group = SecurityGroups(stack, vpc=network, ingress_cidr_blocks=["10.0.0.0/8"])
    bucket = S3(stack, tags={"Group": group.security_group_name})
    iam = Iam(stack, bucket=bucket, anyscale_external_id="org_1-a", depends_on=[group])
    stack.to_terraform()
    assert iam.depends_on_modules == [group]


def test_fails_on_modules_that_depend_on_each_other(stack: CloudStack) -> None:
    """Trap 20: the key's policy names the role; the role's module uses the key and depends on the other module."""
    bucket = S3Module(stack, "s3", tags={"Role": expr("module.iam.iam_anyscale_access_role_arn")})
    Iam(stack, anyscale_external_id="org_1-a", depends_on=[bucket])
    assert problem(stack) == (
        "test: module.iam depends on module.s3, which in turn depends on module.iam. "
        "Fix: remove depends_on; references order single resources, not whole modules"
    )


def test_one_synthesis_shows_the_errors_of_all_stacks(tmp_path: pathlib.Path) -> None:
    app = App(outdir=str(tmp_path))
    for name in ("one", "two"):
        CloudStack(app, name, sources=Sources(overrides={"nix": ModuleOverride(ref="v0.40.1")}))
    with pytest.raises(SynthesisError) as failure:
        app.synth()
    assert [finding.cloud for finding in failure.value.findings] == ["one", "two"]


def test_modules_may_refer_to_each_other(stack: CloudStack) -> None:
    """Trap 20: there is no cycle of resources."""
    bucket = S3Module(stack, "s3", tags={"Role": expr("module.iam.iam_anyscale_access_role_arn")})
    Iam(stack, anyscale_external_id="org_1-a", anyscale_s3_bucket_arn=bucket.s3_bucket_arn)
    stack.to_terraform()
