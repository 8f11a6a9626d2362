"""The base of all stacks: pins, names, outputs, and the same bytes everywhere."""

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

from anyscale_constructs import __version__, engine
from anyscale_constructs.aws import regions as aws
from anyscale_constructs.aws.types import AwsRegion
from anyscale_constructs.config.model import Model
from anyscale_constructs.errors import ConstraintError, SynthesisError
from anyscale_constructs.google import regions as google
from anyscale_constructs.google.types import GcpRegion
from anyscale_constructs.modules.aws import S3Module, VpcModule
from anyscale_constructs.terraform.app import App
from anyscale_constructs.terraform.interface import Provider
from anyscale_constructs.terraform.module import Module
from anyscale_constructs.terraform.sources import ModuleOverride, Sources
from anyscale_constructs.terraform.stack import CloudStack
from tests import ROOT, spelled
from tests.unit.terraform.parts import problem, warnings

Synth = Callable[[Callable[[App], CloudStack]], dict[str, Any]]


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
        "time": {"source": "hashicorp/time", "version": ">= 0.9.0, < 1.0.0"},
    }


def require(module: Module, **changes: Any) -> None:
    module.interface = dataclasses.replace(module.interface, **changes)


def test_fails_when_provider_constraints_conflict(stack: CloudStack) -> None:
    require(VpcModule(stack, "vpc"), required_providers={"aws": Provider("hashicorp/aws", "< 6.0")})
    S3Module(stack, "s3")
    with pytest.raises(ConstraintError) as error:
        stack.to_terraform()
    assert str(error.value) == (
        "test: no version of hashicorp/aws satisfies module.vpc (< 6.0) and module.s3 (>= 6.37.0, < 7.0). "
        "Fix: pin one of them to a ref with a compatible constraint, or remove it"
    )


def test_fails_when_terraform_versions_conflict(stack: CloudStack) -> None:
    require(VpcModule(stack, "vpc"), required_version="< 1.9")
    S3Module(stack, "s3")
    with pytest.raises(ConstraintError, match=r"test: no version of Terraform satisfies module.vpc \(< 1.9\) and"):
        stack.to_terraform()


@pytest.mark.parametrize("name", ["", "two words", "1st", "a.b", "a/b", "größe"])
def test_fails_on_an_invalid_name(name: str, tmp_path: pathlib.Path) -> None:
    with pytest.raises(SynthesisError) as error:
        CloudStack(App(tmp_path), name)
    assert str(error.value) == (
        "the name of a stack must be ASCII letters, digits, hyphens and underscores, beginning with a letter; "
        f"got {name!r}. Fix: rename it, e.g. production"
    )


def test_fails_on_an_override_for_an_unknown_module(tmp_path: pathlib.Path) -> None:
    sources = Sources(overrides={"vpx": ModuleOverride(inputs={"tags": {}})})
    stack = CloudStack(App(tmp_path), "test", sources=sources)
    VpcModule(stack, "vpc")
    assert problem(stack) == "test: modules.vpx: unknown module 'vpx': did you mean 'vpc'?"


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
        assert (spelled(secret), secret.type) == ("${var.password}", "map(string)")
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
            aws.REGIONS,
            ["region is not one of the regions known in November 2026; got 'us-esat-2'. Fix: us"],
        ),
        (
            "us-esat1",
            google.REGIONS,
            ["region is not one of the regions known in November 2026; got 'us-esat1'. Fix: us"],
        ),
        (
            "xx-nowhere-9",
            ["us-east-2"],
            ["region is not one of the regions known in November 2026; got 'xx-nowhere-9'"],
        ),
        ("us-east-2", aws.REGIONS, []),
        ("us-central1", google.REGIONS, []),
        ("${var.region}", aws.REGIONS, []),
    ],
)
def test_an_unknown_region_is_a_warning(region: str, known: list[str], says: list[str], stack: CloudStack) -> None:
    """A newer region works nevertheless."""
    stack.warn_of_region(region, known)
    assert [warning[: len(begin)] for warning, begin in zip(warnings(stack), says, strict=True)] == says


def test_regions_have_the_required_form() -> None:
    for kind, known in ((AwsRegion, aws.REGIONS), (GcpRegion, google.REGIONS)):
        for region in known:
            TypeAdapter(kind).validate_python(region)
        assert sorted(set(known)) == sorted(known)


# Its own program, for other directories and engines. What it makes holds all kinds of elements.
PROGRAM = """
from anyscale_constructs import App
from anyscale_constructs.clouds import Ec2Config, Ec2Stack
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


def test_the_output_is_the_same_everywhere(tmp_path: pathlib.Path) -> None:
    """On a second run, in another directory, and on the other engine."""
    other = {"native": "cdktf", "cdktf": "cdktn", "cdktn": "native"}[engine.name]
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


def test_the_json_contains_the_version_that_wrote_it(synth: Synth) -> None:
    tree = synth(lambda app: CloudStack(app, "test"))
    assert tree["//"]["metadata"]["anyscale-constructs"] == __version__
