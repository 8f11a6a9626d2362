"""Where states are: written by each stack, beside each other, and read by another."""

import pathlib
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest

from anyscale_constructs.errors import ConstraintError, SynthesisError
from anyscale_constructs.terraform import backend
from anyscale_constructs.terraform.app import App
from anyscale_constructs.terraform.backend import Azurerm, Backend, Gcs, Hcp, Local
from anyscale_constructs.terraform.stack import CloudStack

Synth = Callable[[Callable[[App], CloudStack]], dict[str, Any]]

KEY = "arn:aws:kms:us-east-2:111122223333:key/1234abcd-12ab"
ROLE = "arn:aws:iam::111122223333:role/state"
STATE = backend.S3(type="s3", bucket="acme-state", region="us-east-2")
_SPELLINGS = ("p", "p/", "/p", "//p", "./p", "p/.", "q/../p")
AZURE = Azurerm(type="azurerm", storage_account_name="acmestate", container_name="state")


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
            Azurerm(type="azurerm", storage_account_name="acmestate", container_name="state"),
            {
                "backend": {
                    "azurerm": {
                        "container_name": "state",
                        "key": "test/terraform.tfstate",
                        "storage_account_name": "acmestate",
                        "use_azuread_auth": True,
                    }
                }
            },
        ),
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
    terraform = synth(lambda app: CloudStack(app, "test", backend=state))["terraform"]
    assert {key: terraform[key] for key in ("backend", "cloud") if key in terraform} == written


@pytest.mark.parametrize(
    ("state", "version"),
    [
        (Local(), ">= 1.0.0"),
        (STATE, ">= 1.10.0"),
        (Gcs(type="gcs", bucket="acme-state"), ">= 1.0.0"),
        (AZURE, ">= 1.0.0"),
        (Hcp(type="hcp", organization="acme"), ">= 1.1.0"),
    ],
)
def test_terraform_is_required_that_knows_the_backend(state: Backend, version: str, synth: Synth) -> None:
    """An older one would refuse use_lockfile as an unsupported argument."""
    assert synth(lambda app: CloudStack(app, "test", backend=state))["terraform"]["required_version"] == version


def test_fails_when_modules_want_a_terraform_that_is_too_old_for_the_backend(tmp_path: pathlib.Path) -> None:
    stack = CloudStack(App(tmp_path), "test", backend=STATE)
    stack.require("mine", {}, "< 1.10")
    with pytest.raises(
        ConstraintError, match=r"test: no version of Terraform satisfies backend s3 \(>= 1.10\) and mine"
    ):
        stack.to_terraform()


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
            Azurerm(type="azurerm", storage_account_name="a", container_name="c", key="k", resource_group_name="g"),
            {
                "backend": "azurerm",
                "config": {
                    "storage_account_name": "a",
                    "container_name": "c",
                    "key": "k",
                    "resource_group_name": "g",
                    "use_azuread_auth": True,
                },
            },
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


@pytest.mark.parametrize(
    ("state", "second"),
    [
        (Local(), "../../../terraform.test-operator.tfstate"),
        (Local(path="state/x.tfstate"), "state/x.tfstate-operator"),
        (backend.S3(type="s3", bucket="acme-state", region="us-east-2"), "test-operator/terraform.tfstate"),
        (backend.S3(type="s3", bucket="acme-state", region="us-east-2", key="k"), "k-operator"),
        (Gcs(type="gcs", bucket="acme-state"), "test-operator"),
        (Gcs(type="gcs", bucket="acme-state", prefix="p"), "p-operator"),
        (AZURE, "test-operator/terraform.tfstate"),
        (AZURE.model_copy(update={"key": "k"}), "k-operator"),
        (Hcp(type="hcp", organization="acme"), "test-operator"),
        (Hcp(type="hcp", organization="acme", workspace="w"), "w-operator"),
    ],
)
def test_a_second_stacks_state_is_beside_the_firsts(state: Backend, second: str) -> None:
    beside = backend.beside(state, "-operator")
    assert backend.place(beside, "test-operator") == second
    where = {"path", "key", "prefix", "workspace"}
    assert beside.model_dump(exclude=where) == state.model_dump(exclude=where)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (Local(), Local(), False),
        (Local(path="x.tfstate"), Local(path="x.tfstate"), False),  # each in its stack's folder
        (Local(path="../x.tfstate"), Local(path="../y/../x.tfstate"), True),
        (Local(path="/state/x"), Local(path="/state/x"), True),
        (Local(path="/state/x"), Local(path="//state/y/..//x"), True),
        (STATE, STATE, False),
        (STATE.model_copy(update={"key": "k"}), STATE.model_copy(update={"key": "k", "region": "us-east-1"}), True),
        (STATE.model_copy(update={"key": "a/b"}), STATE.model_copy(update={"key": "a//b"}), False),  # S3 has no paths
        *((Gcs(type="gcs", bucket="b", prefix="p"), Gcs(type="gcs", bucket="b", prefix=p), True) for p in _SPELLINGS),
        (Gcs(type="gcs", bucket="b", prefix="p/q"), Gcs(type="gcs", bucket="b", prefix="p//q"), True),
        (Gcs(type="gcs", bucket="b", prefix="/"), Gcs(type="gcs", bucket="b", prefix="."), True),
        (Gcs(type="gcs", bucket="b", prefix="p"), Gcs(type="gcs", bucket="b", prefix="P"), False),
        (Gcs(type="gcs", bucket="b", prefix="p"), Gcs(type="gcs", bucket="c", prefix="p"), False),
        (AZURE.model_copy(update={"key": "k"}), AZURE.model_copy(update={"key": "k"}), True),
        (
            AZURE.model_copy(update={"key": "k"}),
            AZURE.model_copy(update={"key": "k", "storage_account_name": "AcmeState"}),
            True,
        ),
        (AZURE.model_copy(update={"key": "a/b"}), AZURE.model_copy(update={"key": "a//b"}), False),
        (Hcp(type="hcp", organization="a", workspace="w"), Hcp(type="hcp", organization="a", workspace="w"), True),
        (
            Hcp(type="hcp", organization="a", workspace="w", hostname="tfe.example.com"),
            Hcp(type="hcp", organization="a", workspace="w", hostname="TFE.example.com"),
            True,
        ),
        (Hcp(type="hcp", organization="a", workspace="w"), Hcp(type="hcp", organization="b", workspace="w"), False),
    ],
)
def test_fails_on_two_stacks_with_one_state(one: Backend, other: Backend, same: bool, tmp_path: pathlib.Path) -> None:
    app = App(tmp_path)
    for name, state in (("one", one), ("other", other)):
        CloudStack(app, name, backend=state)
    with (
        pytest.raises(SynthesisError, match="other: backend: shares its Terraform state with one")
        if same
        else nullcontext()
    ):
        app.synth()
