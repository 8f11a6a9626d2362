"""The base of all stacks: backends, pins, references, outputs, and the same bytes everywhere."""

import dataclasses
import json
import os
import pathlib
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import TypeAdapter

from anyscale_constructs import engine
from anyscale_constructs.aws import S3, ExistingVpc, Iam, SecurityGroups, Vpc
from anyscale_constructs.core import backend, regions
from anyscale_constructs.core.app import App
from anyscale_constructs.core.backend import Backend, Gcs, Hcp, Local
from anyscale_constructs.core.expressions import Expr, expr
from anyscale_constructs.core.interface import Provider
from anyscale_constructs.core.model import Model
from anyscale_constructs.core.module import Module
from anyscale_constructs.core.resource import Data, Resource
from anyscale_constructs.core.sources import ModuleOverride, Sources
from anyscale_constructs.core.stack import CloudStack
from anyscale_constructs.core.types import AwsRegion
from anyscale_constructs.engine import TerraformResource
from anyscale_constructs.errors import ConstraintError, SynthesisError
from anyscale_constructs.google.types import GcpRegion
from anyscale_constructs.modules.aws import S3Module, VpcModule
from tests import ROOT

Synth = Callable[[Callable[[App], CloudStack]], dict[str, Any]]

KEY = "arn:aws:kms:us-east-2:111122223333:key/1234abcd-12ab"
ROLE = "arn:aws:iam::111122223333:role/state"


def problem(stack: CloudStack) -> str:
    """What is said of the stack as a whole."""
    with pytest.raises(SynthesisError) as error:
        stack.prepare()
    return str(error.value)


@pytest.mark.parametrize(
    ("state", "written"),
    [
        (None, {"backend": {"local": {"path": "../../../terraform.test.tfstate"}}}),
        (Local(path="state/x.tfstate"), {"backend": {"local": {"path": "state/x.tfstate"}}}),
        (
            backend.S3(type="s3", bucket="acme-state", region="us-east-2"),
            {
                "backend": {
                    "s3": {
                        "bucket": "acme-state",
                        "encrypt": True,
                        "key": "test/terraform.tfstate",
                        "region": "us-east-2",
                        "use_lockfile": True,
                    }
                }
            },
        ),
        (
            backend.S3(
                type="s3",
                bucket="acme-state",
                region="us-east-2",
                key="k",
                kms_key_id=KEY,
                role_arn=ROLE,
                profile="p",
            ),
            {
                "backend": {
                    "s3": {
                        "assume_role": {"role_arn": ROLE},
                        "bucket": "acme-state",
                        "encrypt": True,
                        "key": "k",
                        "kms_key_id": KEY,
                        "profile": "p",
                        "region": "us-east-2",
                        "use_lockfile": True,
                    }
                }
            },
        ),
        (Gcs(type="gcs", bucket="acme-state"), {"backend": {"gcs": {"bucket": "acme-state", "prefix": "test"}}}),
        (
            Hcp(type="hcp", organization="acme", workspace="w"),
            {
                "cloud": {
                    "hostname": "app.terraform.io",
                    "organization": "acme",
                    "workspaces": {"name": "w"},
                }
            },
        ),
    ],
)
def test_the_backend_is_always_written(state: Backend | None, written: dict[str, Any], synth: Synth) -> None:
    assert synth(lambda app: CloudStack(app, "test", backend=state))["terraform"] == written


@pytest.mark.parametrize(
    ("state", "read"),
    [
        (Local(), {"backend": "local", "config": {"path": "../../../terraform.test.tfstate"}}),
        (Local(path="state/x.tfstate"), {"backend": "local", "config": {"path": "../test/state/x.tfstate"}}),
        (Local(path="/state/x.tfstate"), {"backend": "local", "config": {"path": "/state/x.tfstate"}}),
        (
            backend.S3(type="s3", bucket="acme-state", region="us-east-2", role_arn=ROLE),
            {
                "backend": "s3",
                "config": {
                    "bucket": "acme-state",
                    "key": "test/terraform.tfstate",
                    "region": "us-east-2",
                    "assume_role": {"role_arn": ROLE},
                },
            },
        ),
        (
            Gcs(type="gcs", bucket="acme-state", prefix="p"),
            {"backend": "gcs", "config": {"bucket": "acme-state", "prefix": "p"}},
        ),
        (
            Hcp(type="hcp", organization="acme"),
            {
                "backend": "remote",
                "config": {
                    "organization": "acme",
                    "hostname": "app.terraform.io",
                    "workspaces": {"name": "test"},
                },
            },
        ),
    ],
)
def test_a_stack_can_read_the_state_of_another(state: Backend, read: dict[str, Any]) -> None:
    assert backend.remote_state(state, "test") == read


def test_providers_are_pinned_to_what_all_modules_accept(synth: Synth) -> None:
    def build(app: App) -> CloudStack:
        stack = CloudStack(app, "test")
        VpcModule(stack, "vpc")
        S3Module(stack, "s3")
        return stack

    pins = synth(build)["terraform"]
    assert pins["required_version"] == ">= 1.9.0"
    assert pins["required_providers"] == {
        "aws": {"source": "hashicorp/aws", "version": ">= 6.37.0, < 7.0.0"},
        "time": {"source": "hashicorp/time", "version": ">= 0.9.0"},
    }


def require(module: Module, **changes: Any) -> None:
    module.interface = dataclasses.replace(module.interface, **changes)


def test_fails_when_provider_constraints_clash(stack: CloudStack) -> None:
    require(VpcModule(stack, "vpc"), required_providers={"aws": Provider("hashicorp/aws", "< 6.0")})
    S3Module(stack, "s3")
    with pytest.raises(ConstraintError) as error:
        stack.prepare()
    assert str(error.value) == (
        "test: no version of hashicorp/aws satisfies module.vpc (< 6.0) and module.s3 (>= 6.37.0, < 7.0). "
        "To mend it: pin one of them to another ref whose constraint fits, or leave it out"
    )


def test_fails_when_terraform_versions_clash(stack: CloudStack) -> None:
    require(VpcModule(stack, "vpc"), required_version="< 1.9")
    S3Module(stack, "s3")
    with pytest.raises(ConstraintError, match=r"test: no version of Terraform satisfies module.vpc \(< 1.9\) and"):
        stack.prepare()


@pytest.mark.parametrize(
    "wrap",
    [lambda r: r, lambda r: f"a-{r}", lambda r: {"k": [r]}, lambda r: {r: "v"}, lambda r: expr(f"upper({r.code})")],
    ids=["alone", "in text", "nested", "as a key", "in a function"],
)
def test_fails_on_a_reference_to_no_output(wrap: Callable[[Expr], Any], stack: CloudStack) -> None:
    VpcModule(stack, "vpc")
    stack.add_output("id", wrap(expr("module.vpc.vpc_idd")))
    assert problem(stack) == ("test: output id refers to module.vpc: unknown output 'vpc_idd': did you mean 'vpc_id'?")


def test_fails_on_an_input_that_refers_to_no_module(stack: CloudStack) -> None:
    S3Module(stack, "s3", anyscale_bucket_prefix=expr("module.names.prefix"))
    assert problem(stack).startswith(
        "test: module.s3.anyscale_bucket_prefix refers to module.names, which is not in this stack. To mend it: "
    )


def test_fails_on_another_stacks_module(tmp_path: pathlib.Path) -> None:
    app = App(tmp_path)
    network, cloud = CloudStack(app, "network"), CloudStack(app, "cloud")
    vpc = Vpc(network)
    SecurityGroups(cloud, vpc=vpc, ingress_cidr_blocks=["10.0.0.0/8"])
    network.prepare()
    assert problem(cloud) == (
        "cloud: module.securitygroups.vpc_id refers to module.vpc, which is not in this stack. To mend it: one cloud "
        "is one stack; pass a value of another stack as a literal, or read it with a data source"
    )


def test_fails_on_a_raw_resource_that_refers_to_no_output(synth: Synth) -> None:
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
        "test: resource aws_subnet refers to module.vpc: unknown output 'vpc_idd': did you mean 'vpc_id'?"
    )


def refers_to_all(app: App, code: str) -> CloudStack:
    """A stack with a variable, a local value and a data source, in which the code stands everywhere."""
    stack = CloudStack(app, "test", backend=backend.S3(type="s3", bucket="acme-state", region="us-east-2", key=code))
    S3Module(stack, "s3", tags={"a": f"x-{code}"})
    Resource(stack, "aws_x", "r", {"name": [code]})
    stack.add_provider("aws", region=code)
    stack.add_secret("given", "string", "A variable.")
    stack.add_override("locals.near", "1")
    Data(stack, "aws_y", "found", {"name": code})
    stack.add_output("id", code)
    return stack


@pytest.mark.parametrize("name", ["var.none", "local.none", "data.aws_y.none", "data.aws_z.found", "var.near"])
def test_fails_on_what_no_one_declared(name: str, synth: Synth) -> None:
    with pytest.raises(SynthesisError) as error:
        synth(lambda app: refers_to_all(app, f"${{{name}.part[0]}}"))
    users = ["resource aws_x", "data aws_y", "provider aws", "output id", "terraform backend", "module.s3.tags"]
    assert str(error.value).splitlines() == [
        f"test: {user} refers to '${{{name}}}', which is not in this stack. To mend it: write the value itself, or "
        "declare that in the stack"
        for user in users
    ]


@pytest.mark.parametrize("code", ["${var.given}", "${local.near}", "${data.aws_y.found.id}", "var.none"])
def test_what_is_declared_can_be_referred_to(code: str, synth: Synth) -> None:
    assert synth(lambda app: refers_to_all(app, code))["provider"]["aws"]


def test_text_that_is_no_reference_passes(synth: Synth) -> None:
    """What `to_terraform` escapes is text for Terraform."""

    def build(app: App) -> CloudStack:
        stack = CloudStack(app, "test")
        stack.add_output("id", "${var.none + 1}")
        return stack

    assert synth(build)["output"]["id"]["value"] == "$${var.none + 1}"


@pytest.mark.parametrize("text", ["see module.x.y", "${var.a} module.x.y", "${upper(module.x.y)}"])
def test_text_that_only_looks_like_a_reference_passes(text: str, stack: CloudStack) -> None:
    S3Module(stack, "s3", tags={"doc": text, "user": "${aws:username}"})
    stack.prepare()


def test_fails_once_for_all_dead_references(stack: CloudStack) -> None:
    stack.add_output("a", expr("module.a.x"))
    stack.add_output("b", expr("module.b.x"))
    assert len(problem(stack).splitlines()) == 2


def test_depends_on_is_no_cycle_by_itself(stack: CloudStack) -> None:
    network = ExistingVpc(
        vpc_id="vpc-12345678",
        subnet_ids_to_az={"subnet-12345678": "us-east-2a", "subnet-12345679": "us-east-2b"},
    )
    group = SecurityGroups(stack, vpc=network, ingress_cidr_blocks=["10.0.0.0/8"])
    bucket = S3(stack, tags={"Group": group.security_group_name})
    iam = Iam(stack, bucket=bucket, anyscale_external_id="org_1-a", depends_on=[group])
    stack.prepare()
    assert iam.depends_on_modules == [group]


def test_fails_on_modules_that_wait_for_each_other(stack: CloudStack) -> None:
    """Trap 20: the key's policy names the role, the role's module takes the key, and waits for all of the other."""
    bucket = S3Module(stack, "s3", tags={"Role": expr("module.iam.iam_anyscale_access_role_arn")})
    Iam(stack, anyscale_external_id="org_1-a", depends_on=[bucket])
    assert problem(stack) == (
        "test: module.iam depends on module.s3, which needs module.iam in turn. "
        "To mend it: leave out depends_on; references order single resources, not whole modules"
    )


def test_modules_may_refer_to_each_other(stack: CloudStack) -> None:
    """Trap 20: at resource level that is no cycle."""
    bucket = S3Module(stack, "s3", tags={"Role": expr("module.iam.iam_anyscale_access_role_arn")})
    Iam(stack, anyscale_external_id="org_1-a", anyscale_s3_bucket_arn=bucket.s3_bucket_arn)
    stack.prepare()


@pytest.mark.parametrize("name", ["", "two words", "1st", "a.b", "a/b"])
def test_fails_on_a_name_that_is_none(name: str, tmp_path: pathlib.Path) -> None:
    with pytest.raises(SynthesisError) as error:
        CloudStack(App(tmp_path), name)
    assert str(error.value) == (
        "a stack's name must be letters, digits, hyphens and underscores, beginning with a letter; "
        f"given: {name!r}. To mend it: rename it, e.g. production"
    )


def test_fails_on_an_override_for_no_module(tmp_path: pathlib.Path) -> None:
    sources = Sources(overrides={"vpx": ModuleOverride(inputs={"tags": {}})})
    stack = CloudStack(App(tmp_path), "test", sources=sources)
    VpcModule(stack, "vpc")
    assert problem(stack) == "test: modules: unknown module 'vpx': did you mean 'vpc'?"


class Outputs(Model):
    name: str
    region: str | None = None
    inner: dict[str, Any] | None = None


def test_outputs_hold_no_nulls(synth: Synth) -> None:
    def build(app: App) -> CloudStack:
        stack = CloudStack(app, "test")
        stack.add_output("resource", Outputs(name="vm"), description="What register reads.")
        stack.add_output("mapping", {"a": None, "b": {"c": None, "d": 1}})
        stack.add_output("secret", "${aws:x}", sensitive=True)
        return stack

    assert synth(build)["output"] == {
        "resource": {"description": "What register reads.", "value": {"name": "vm"}},
        "mapping": {"value": {"b": {"d": 1}}},
        "secret": {"sensitive": True, "value": "$${aws:x}"},
    }


def test_secrets_are_sensitive_variables(synth: Synth) -> None:
    def build(app: App) -> CloudStack:
        stack = CloudStack(app, "test")
        secret = stack.add_secret("password", "map(string)", "One a user.")
        assert (str.__str__(secret), secret.type) == ("${var.password}", "map(string)")
        stack.add_output("user", {"password": secret["a"]}, sensitive=True)
        return stack

    synthesized = synth(build)
    assert synthesized["variable"] == {
        "password": {"description": "One a user.", "nullable": False, "sensitive": True, "type": "map(string)"}
    }
    assert synthesized["output"]["user"]["value"] == {"password": '${var.password["a"]}'}


@pytest.mark.parametrize(
    ("region", "known", "says"),
    [
        (
            "us-esat-2",
            regions.AWS,
            ["region is none that was known in November 2026; given: 'us-esat-2': did you"],
        ),
        ("us-esat1", regions.GOOGLE, ["region is none that was known in November 2026; given: 'us-esat1': did you"]),
        ("xx-nowhere-9", ["us-east-2"], ["region is none that was known in November 2026; given: 'xx-nowhere-9'"]),
        ("us-east-2", regions.AWS, []),
        ("us-central1", regions.GOOGLE, []),
        ("${var.region}", regions.AWS, []),
    ],
)
def test_a_region_that_is_not_known_is_a_warning(
    region: str, known: list[str], says: list[str], stack: CloudStack
) -> None:
    """A newer region works all the same."""
    stack.warn_of_region(region, known)
    warnings = [entry.data for entry in stack.node.metadata if entry.type.endswith("warn")]
    assert [warning[: len(begin)] for warning, begin in zip(warnings, says, strict=True)] == says


def test_regions_are_in_the_form_that_is_asked_for() -> None:
    for kind, known in ((AwsRegion, regions.AWS), (GcpRegion, regions.GOOGLE)):
        for region in known:
            TypeAdapter(kind).validate_python(region)
        assert sorted(set(known)) == sorted(known)


# Its own program, for other directories and engines. What it makes holds all kinds of elements.
PROGRAM = """
from anyscale_constructs import App
from stacks.ec2 import Ec2Config, Ec2Stack
app = App()
Ec2Stack(app, "prod", Ec2Config(region="us-east-2", org_id="org_1", networking_mode="PRIVATE", efs={}, memorydb={},
    tags={"who": "${aws:username}"}, backend={"type": "s3", "bucket": "acme-state", "region": "us-east-2"}))
app.synth()
"""


def synthesized(directory: pathlib.Path, engine_name: str = engine.name) -> dict[str, bytes]:
    directory.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {"PYTHONPATH": str(ROOT), "ANYSCALE_CONSTRUCTS_ENGINE": engine_name}
    subprocess.run([sys.executable, "-c", PROGRAM], cwd=directory, env=environment, check=True)
    out = directory / "cdktf.out"
    return {str(file.relative_to(out)): file.read_bytes() for file in out.rglob("*") if file.is_file()}


def test_the_same_bytes_everywhere(tmp_path: pathlib.Path) -> None:
    """Again, in another directory, and on the other engine."""
    other = {"cdktf": "cdktn", "cdktn": "cdktf"}[engine.name]
    once = synthesized(tmp_path / "a")
    json_text = once["stacks/prod/cdk.tf.json"].decode()
    assert json.loads(json_text)["module"]["vpc"]
    assert str(tmp_path) not in json_text
    assert once == synthesized(tmp_path / "elsewhere" / "b")
    on_the_other = synthesized(tmp_path / "a", other)
    # The manifest, which is for the engine's own CLI, names the engine's version.
    manifests = [json.loads(files.pop("manifest.json"))["stacks"] for files in (once, on_the_other)]
    assert manifests[0] == manifests[1]
    assert once == on_the_other
