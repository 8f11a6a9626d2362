"""What a message shows of a wrong value: only a useful part, and no token."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

from anyscale_constructs.clouds import Ec2Config
from anyscale_constructs.config.document import Document
from anyscale_constructs.errors import ConstructsError, InputError
from anyscale_constructs.modules.aws import VpcModule
from anyscale_constructs.registration.resource import CloudResource
from anyscale_constructs.terraform.app import App
from anyscale_constructs.terraform.stack import CloudStack
from tests.registration_samples import AWS_K8S, AWS_VM, changed


def raised(value: str, _: Path) -> NoReturn:
    raise InputError("it is wrong", value=value)


def ec2(**keys: Any) -> Ec2Config:
    return Ec2Config(**{"region": "us-east-2", "org_id": "org_1"} | keys)


def file(folder: Path, text: str) -> Document:
    (folder / "cloud.yaml").write_text(text)
    return Document(folder / "cloud.yaml")


def vpc(folder: Path, **inputs: Any) -> VpcModule:
    return VpcModule(CloudStack(App(folder), "test"), "vpc", **inputs)


IDENTITY = "kubernetes_config__anyscale_operator_iam_identity"

# Each is given the wrong value.
REFUSALS: dict[str, Callable[[str, Path], object]] = {
    "an error": raised,
    "a field": lambda value, _: ec2(org_id=value),
    "a word": lambda value, _: ec2(networking_mode=value),
    "a section": lambda value, _: ec2(vpc=value),
    "a number": lambda value, _: ec2(vpc={"availability_zone_count": value}),
    "a key": lambda value, _: ec2(**{value: 1}),
    "a field of a file": lambda value, folder: file(folder, f"org_id: '{value}'").parse(Ec2Config),
    "a key of a file": lambda value, folder: file(folder, f"? '{value}'\n: 1\n").parse(Ec2Config),
    "a key of a file, twice": lambda value, folder: file(folder, f"? '{value}'\n: 1\n? '{value}'\n: 2\n"),
    "an input": lambda value, folder: vpc(folder, tags=value),
    "an input's name": lambda value, folder: vpc(folder, **{value: 1}),
    "what is registered": lambda value, _: CloudResource.read(changed(AWS_VM, aws_config__vpc_id=value)),
    "what a rule is for": lambda value, _: CloudResource.read(changed(AWS_K8S, **{IDENTITY: value})),
}
REFUSED = pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)


def said(refusal: Callable[[str, Path], object], value: str, folder: Path) -> str:
    with pytest.raises(ConstructsError) as error:
        refusal(value, folder)
    return str(error.value)


LONG = {"a letter": "x" * 200_000, "colons": "a:" * 100_000, "hosts": "http://" * 30_000}


@REFUSED
@pytest.mark.parametrize("value", LONG.values(), ids=LONG)
def test_a_long_value_is_truncated(value: str, refusal: Callable[[str, Path], object], tmp_path: Path) -> None:
    begin = time.process_time()
    text = said(refusal, value, tmp_path)
    assert time.process_time() - begin < 1
    assert value[:60] in text
    assert value[:100] not in text


@REFUSED
@pytest.mark.parametrize("begin", ["sss_", "aph0_", "AKIA", "ASIA", "AIza", "ghp_", "github_pat_", "glpat-", "eyJ"])
def test_a_token_is_masked(begin: str, refusal: Callable[[str, Path], object], tmp_path: Path) -> None:
    text = said(refusal, f"{begin}IOSFODNN7EXAMPLEIOSFODNN7", tmp_path)
    assert f"{begin}..." in text
    assert "IOSFODNN7" not in text


@REFUSED
@pytest.mark.parametrize(
    "name", ["token", "private_token", "access_token", "X-Amz-Signature", "X-Amz-Credential", "sig", "password"]
)
def test_a_secret_in_a_query_is_masked(name: str, refusal: Callable[[str, Path], object], tmp_path: Path) -> None:
    text = said(refusal, f"https://h/a?ref=b&{name}=hunter2", tmp_path)
    assert f"https://h/a?ref=b&{name}=..." in text
    assert "hunter2" not in text


@pytest.mark.parametrize(
    "value",
    [
        "https://h/a?ref=v1&token_id=2",
        "org_1234abcd",
        "cld_abcd1234abcd1234abcd1234ab",
        "cldrsrc_abcd1234abcd1234abcd12",
        "9880f839099b428243a75324ad518b098f553263",
        "arn:aws:kms:us-east-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "arn:aws:iam::111122223333:role/AnyscaleControlPlane20261123",
        "1b2c3d4e-0000-4000-8000-1b2c3d4e5f60",
        "subnet-0123456789abcdef0",
        "AZIAIOSFODNN7EXAMPLE",
        "ASIA-SOUTHEAST1",
        "compress_all",
    ],
)
def test_ids_are_shown(value: str, tmp_path: Path) -> None:
    assert said(raised, value, tmp_path) == f"it is wrong; got {value!r}"
