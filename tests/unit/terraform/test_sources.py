"""The sources of modules."""

import pytest

from anyscale_constructs.errors import ConfigError
from anyscale_constructs.terraform.interface import Interface
from anyscale_constructs.terraform.sources import ModuleOverride, Sources

VPC = Interface.load("aws/vpc")
EKS = Interface.load("aws/eks")
REPOSITORY = "terraform-aws-anyscale-cloudfoundation-modules"


@pytest.mark.parametrize(
    ("base", "source"),
    [
        (None, f"git::https://github.com/anyscale/{REPOSITORY}.git//modules/aws-anyscale-vpc?ref={VPC.commit}"),
        (
            "https://git.example.com/mirrors/anyscale/",
            f"git::https://git.example.com/mirrors/anyscale/{REPOSITORY}.git//modules/aws-anyscale-vpc?ref={VPC.commit}",
        ),
        (
            "ssh://git@git.example.com/anyscale",
            f"git::ssh://git@git.example.com/anyscale/{REPOSITORY}.git//modules/aws-anyscale-vpc?ref={VPC.commit}",
        ),
        ("/srv/checkout", "/srv/checkout/modules/aws-anyscale-vpc"),
    ],
)
def test_a_module_has_one_source(base: str | None, source: str) -> None:
    sources = Sources() if base is None else Sources(base=base)
    assert sources.source(VPC) == source


MIRROR = "https://git.example.com/mirrors"
MIRRORED = f"git::{MIRROR}/terraform-aws-eks.git?ref={EKS.commit}"


@pytest.mark.parametrize(
    ("base", "mirror", "source", "version"),
    [
        (None, None, "terraform-aws-modules/eks/aws", EKS.ref[1:]),
        ("/srv/checkout", None, "terraform-aws-modules/eks/aws", EKS.ref[1:]),
        (None, "/srv/eks", "/srv/eks", None),
        (None, MIRROR, MIRRORED, None),
        (MIRROR, None, MIRRORED, None),
    ],
)
def test_a_registry_module_can_come_from_a_mirror(
    base: str | None, mirror: str | None, source: str, version: str | None
) -> None:
    sources = Sources() if base is None else Sources(base=base)
    assert (sources.source(EKS, mirror), sources.version(EKS, mirror)) == (source, version)


def test_the_source_is_a_commit_since_a_tag_can_move() -> None:
    assert len(VPC.commit) == 40
    assert VPC.ref not in Sources().source(VPC)


@pytest.mark.parametrize("base", ["relative/path", "./checkout", "", "github.com/anyscale"])
def test_fails_on_a_base_that_terraform_would_read_differently(base: str) -> None:
    with pytest.raises(ConfigError, match="must be a URL under which the repositories have their own names"):
        Sources(base=base)


def test_overrides_are_by_the_modules_id() -> None:
    override = ModuleOverride(ref="v0.38.0")
    sources = Sources(overrides={"s3": override})
    assert sources.override("s3") is override
    assert sources.override("vpc") == ModuleOverride(ref=None, inputs={}, mirror=None)
