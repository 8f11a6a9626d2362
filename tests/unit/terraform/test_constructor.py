"""Mistakes in Python programs: each is one message with a fix and the user's own line."""

import os
import pathlib
import subprocess
import sys
from collections.abc import Callable
from typing import Any, ClassVar, cast

import pytest

from anyscale_constructs.aws import S3, ExistingBucket, ExistingVpc, Iam, S3Policy, SecurityGroups, Vpc
from anyscale_constructs.errors import ConstructsError, InputError
from anyscale_constructs.terraform.stack import CloudStack
from tests import ROOT

NETWORK = ExistingVpc(
    vpc_id="vpc-12345678",
    subnet_ids_to_az={"subnet-12345678": "us-east-2a", "subnet-12345679": "us-east-2b"},
)

# A type checker rejects these calls, so each of them is hidden from it.
MISTAKES: dict[str, tuple[Callable[[CloudStack], Any], str]] = {
    "an ID where a construct is wanted": (
        lambda stack: SecurityGroups(stack, vpc="vpc-12345678"),  # type: ignore[arg-type]
        r"SecurityGroups: vpc must be a construct; got 'vpc-12345678'; expected Vpc or ExistingVpc. Fix: ",
    ),
    "another construct": (
        lambda stack: S3Policy(stack, bucket=Vpc(stack), iam=Iam(stack, anyscale_external_id="org_1-a")),  # type: ignore[arg-type]
        r"S3Policy: bucket must be a construct; got .*expected S3 or ExistingBucket",
    ),
    "nothing where a construct is wanted": (
        lambda stack: SecurityGroups(stack, "nodes"),  # type: ignore[call-arg]
        r"SecurityGroups: missing a required argument: 'vpc'",
    ),
    "an input that another argument gives": (
        lambda stack: SecurityGroups(stack, vpc=NETWORK, vpc_id="vpc-1"),  # type: ignore[call-arg]
        r"SecurityGroups: vpc_id is derived from another argument. Fix: remove vpc_id",
    ),
    "providers": (
        lambda stack: S3(stack, providers=[]),  # type: ignore[call-arg]
        r"module.s3: providers is not an input of the module. Fix: call add_provider\(\) on the construct",
    ),
    "a set": (
        lambda stack: Vpc(stack, public_subnets={"10.0.0.0/24", "10.0.1.0/24"}),  # type: ignore[arg-type]
        r"module.vpc: public_subnets: must be a list",
    ),
    "two with the default ID": (
        lambda stack: (S3(stack), S3(stack)),
        r"module.s3 already exists. Fix: give each module a unique ID",
    ),
}


@pytest.mark.parametrize(("mistake", "says"), MISTAKES.values(), ids=MISTAKES)
def test_fails_with_a_message_of_this_library(
    mistake: Callable[[CloudStack], Any], says: str, stack: CloudStack
) -> None:
    with pytest.raises(InputError, match=says) as raised:
        mistake(stack)
    assert raised.value.where.partition(":")[0] == os.path.relpath(__file__)


def test_existing_models_are_accepted_for_constructs(stack: CloudStack) -> None:
    bucket = ExistingBucket(bucket_name="acme-shared")
    S3Policy(stack, bucket=bucket, iam=Iam(stack, bucket=bucket, anyscale_external_id="org_1-a"))
    SecurityGroups(stack, vpc=NETWORK, ingress_cidr_blocks=["10.0.0.0/8"])


class OwnVpc:
    """A user's own construct for a VPC."""

    vpc_id = "vpc-12345678"
    node_subnet_ids: ClassVar = ["subnet-12345678", "subnet-12345679"]
    subnet_ids_per_zone = node_subnet_ids
    subnet_ids_to_az: ClassVar = None
    zone_count = 2


def test_users_own_classes_are_accepted_for_constructs(stack: CloudStack) -> None:
    made = SecurityGroups(stack, vpc=OwnVpc(), ingress_cidr_blocks=["10.0.0.0/8"])
    assert made.rendered["vpc_id"] == OwnVpc.vpc_id
    with pytest.raises(InputError, match=r"vpc must be a construct; got .*expected Vpc or ExistingVpc"):
        SecurityGroups(stack, "other", vpc=cast(Any, stack))


def ran(program: str, folder: pathlib.Path) -> subprocess.CompletedProcess[str]:
    (folder / "program.py").write_text(program)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "program.py"]
    return subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True, text=True)


PROGRAM = """
from anyscale_constructs import App, CloudStack, TerraformResource
from anyscale_constructs.aws import S3, SecurityGroups
stack = CloudStack(App(), "one")
{}
"""


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (
            'SecurityGroups(stack, vpc="vpc-1")',
            "error[invalid-input]: program.py:5: SecurityGroups: vpc must be a construct; got",
        ),
        (
            "S3(stack).s3_bucket_id.upper()",
            "error[unresolved-value]: program.py:5: Expr('module.s3.s3_bucket_id', 'string') is only known",
        ),
        (
            'for _ in "ab": TerraformResource(stack, "a", terraform_resource_type="x")',
            "error[engine-refusal]: program.py:5: the engine rejects a value: There is already a Construct with name",
        ),
    ],
)
def test_a_program_ends_with_its_line_and_no_traceback(line: str, says: str, tmp_path: pathlib.Path) -> None:
    ended = ran(PROGRAM.format(line), tmp_path)
    assert ended.returncode == 1
    assert ended.stderr.startswith(says)
    assert ended.stderr.splitlines()[1] == f"  5 | {line}"
    assert "Traceback" not in ended.stderr


def test_other_errors_keep_their_traceback(tmp_path: pathlib.Path) -> None:
    assert "Traceback" in ran(PROGRAM.format("1 / 0"), tmp_path).stderr


def test_pytest_shows_the_users_own_frames(tmp_path: pathlib.Path) -> None:
    program = PROGRAM.format('def test_it(): SecurityGroups(stack, vpc="vpc-1")')
    (tmp_path / "test_program.py").write_text(program)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_program.py"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    shown = subprocess.run(command, cwd=tmp_path, env=environment, check=False, capture_output=True, text=True).stdout
    assert "test_program.py:5: " in shown
    assert "constructor.py" not in shown
    assert "_runtime.py" not in shown


def test_an_error_knows_the_line_that_raised_it() -> None:
    assert ConstructsError("x").where.startswith(os.path.relpath(__file__))
