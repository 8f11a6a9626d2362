"""The locations of states: written by each stack, next to each other, and read by another stack."""

import pathlib
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from anyscale_constructs.config.model import found_in
from anyscale_constructs.engine import GcsBackend
from anyscale_constructs.errors import ConstraintError, SynthesisError
from anyscale_constructs.terraform import backend
from anyscale_constructs.terraform.app import App
from anyscale_constructs.terraform.backend import Azurerm, Backend, Gcs, Hcp, Http, Local, NoBackend, Remote
from anyscale_constructs.terraform.stack import CloudStack

Synth = Callable[[Callable[[App], CloudStack]], dict[str, Any]]

KEY = "arn:aws:kms:us-east-2:111122223333:key/1234abcd-12ab"
ROLE = "arn:aws:iam::111122223333:role/state"
STATE = backend.S3(type="s3", bucket="acme-state", region="us-east-2")
_SPELLINGS = ("p", "p/", "/p", "//p", "./p", "p/.", "q/../p")
GITLAB = "https://gitlab.example.com/api/v4/projects/1/terraform/state"
HTTP = Http(type="http", base_address=GITLAB)
REMOTE = Remote(type="remote", organization="acme", hostname="acme.scalr.io")
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
        (
            REMOTE,
            {
                "backend": {
                    "remote": {"hostname": "acme.scalr.io", "organization": "acme", "workspaces": {"name": "test"}}
                }
            },
        ),
        (
            HTTP,
            {
                "backend": {
                    "http": {
                        "address": f"{GITLAB}/test",
                        "lock_address": f"{GITLAB}/test/lock",
                        "lock_method": "POST",
                        "unlock_address": f"{GITLAB}/test/lock",
                        "unlock_method": "DELETE",
                    }
                }
            },
        ),
        (
            Http(
                type="http",
                base_address=GITLAB,
                name="n",
                username="u",
                lock_path="",
                lock_method="LOCK",
                unlock_method="UNLOCK",
            ),
            {
                "backend": {
                    "http": {
                        "address": f"{GITLAB}/n",
                        "username": "u",
                        "lock_address": f"{GITLAB}/n",
                        "lock_method": "LOCK",
                        "unlock_address": f"{GITLAB}/n",
                        "unlock_method": "UNLOCK",
                    }
                }
            },
        ),
        (
            STATE.model_copy(update={"role_arn": ROLE, "external_id": "e"}),
            {
                "backend": {
                    "s3": {
                        "assume_role": {"role_arn": ROLE, "external_id": "e"},
                        "bucket": "acme-state",
                        "encrypt": True,
                        "key": "test/terraform.tfstate",
                        "region": "us-east-2",
                        "use_lockfile": True,
                    }
                }
            },
        ),
        (NoBackend(type="none"), {}),
    ],
)
def test_the_backend_is_as_configured(state: Backend | None, written: dict[str, Any], tmp_path: pathlib.Path) -> None:
    stack = CloudStack(App(tmp_path), "test", backend=state)
    terraform = stack.to_terraform()["terraform"]
    assert {key: terraform[key] for key in ("backend", "cloud") if key in terraform} == written
    assert stack.backend_type == (state or Local()).type


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
def test_a_terraform_version_that_supports_the_backend_is_required(state: Backend, version: str, synth: Synth) -> None:
    """An older version would reject use_lockfile as an unsupported argument."""
    assert synth(lambda app: CloudStack(app, "test", backend=state))["terraform"]["required_version"] == version


def test_fails_if_modules_require_a_terraform_too_old_for_the_backend(tmp_path: pathlib.Path) -> None:
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
            STATE.model_copy(update={"role_arn": ROLE, "external_id": "e"}),
            {
                "backend": "s3",
                "config": {
                    "bucket": "acme-state",
                    "key": "test/terraform.tfstate",
                    "region": "us-east-2",
                    "assume_role": {"role_arn": ROLE, "external_id": "e"},
                },
            },
        ),
        (
            REMOTE,
            {
                "backend": "remote",
                "config": {"organization": "acme", "hostname": "acme.scalr.io", "workspaces": {"name": "test"}},
            },
        ),
        (HTTP, {"backend": "http", "config": {"address": f"{GITLAB}/test"}}),
        (
            HTTP.model_copy(update={"name": "n", "username": "u"}),
            {"backend": "http", "config": {"address": f"{GITLAB}/n", "username": "u"}},
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
        (REMOTE, "test-operator"),
        (REMOTE.model_copy(update={"workspace": "w"}), "w-operator"),
        (HTTP, "test-operator"),
        (HTTP.model_copy(update={"name": "n"}), "n-operator"),
        (NoBackend(type="none"), "test-operator"),
    ],
)
def test_the_state_of_a_second_stack_is_in_the_same_location(state: Backend, second: str) -> None:
    beside = backend.beside(state, "-operator")
    assert backend.place(beside, "test-operator") == second
    where = {"path", "key", "prefix", "workspace", "name"}
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
        (NoBackend(type="none"), NoBackend(type="none"), False),
        (HTTP, HTTP, False),
        (HTTP.model_copy(update={"name": "n"}), HTTP.model_copy(update={"name": "n"}), True),
        (REMOTE, REMOTE, False),
        (REMOTE.model_copy(update={"workspace": "w"}), REMOTE.model_copy(update={"workspace": "w"}), True),
    ],
)
def test_fails_on_two_stacks_that_share_a_state(
    one: Backend, other: Backend, same: bool, tmp_path: pathlib.Path
) -> None:
    app = App(tmp_path)
    for name, state in (("one", one), ("other", other)):
        CloudStack(app, name, backend=state)
    with (
        pytest.raises(SynthesisError, match="other: backend: shares its Terraform state with one")
        if same
        else nullcontext()
    ):
        app.synth()


def test_a_second_stack_cannot_read_a_state_without_a_backend() -> None:
    with pytest.raises(
        SynthesisError, match="the stack test has no backend block, but another stack of the cloud reads"
    ):
        backend.remote_state(NoBackend(type="none"), "test")


def test_a_backend_override_is_written_if_none_is_configured(synth: Synth) -> None:
    def build(app: App) -> CloudStack:
        stack = CloudStack(app, "test", backend=NoBackend(type="none"))
        stack.add_override("terraform.backend.pg", {"schema_name": "test"})
        return stack

    assert synth(build)["terraform"]["backend"] == {"pg": {"schema_name": "test"}}


def test_an_engine_backend_is_written_if_none_is_configured(synth: Synth) -> None:
    def build(app: App) -> CloudStack:
        stack = CloudStack(app, "test", backend=NoBackend(type="none"))
        GcsBackend(stack, bucket="b", prefix="p")
        return stack

    assert synth(build)["terraform"]["backend"] == {"gcs": {"bucket": "b", "prefix": "p"}}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"type": "s3", "dynamodb_table": "locks"}, "unknown key 'dynamodb_table'. Fix: remove it: use_lockfile"),
        ({"type": "s3", "external_id": "e"}, "external_id: requires role_arn, which is not set"),
        ({"type": "http", "address": GITLAB}, "unknown key 'address'. Fix: set base_address"),
        ({"type": "http", "password": "hunter2"}, "unknown key 'password'. Fix: remove it, and set TF_HTTP_PASSWORD"),
        *(
            ({"type": "http", "base_address": wrong}, "base_address: must be an HTTP URL without credentials")
            for wrong in (f"{GITLAB}/", f"{GITLAB}?a=b", "https://user:pass@example.com/x", "gitlab.example.com")
        ),
        ({"type": "remote", "workspaces": {"name": "w"}}, "unknown key 'workspaces'. Fix: set workspace"),
        ({"type": "none", "path": "x"}, "unknown key 'path'"),
    ],
    ids=str,
)
def test_fails_on_invalid_keys_and_values(given: dict[str, Any], said: str) -> None:
    needed = {"s3": {"bucket": "acme-state", "region": "us-east-2"}, "http": {"base_address": GITLAB}}
    needed["remote"] = {"organization": "acme"}
    with pytest.raises(ValidationError) as failure:
        TypeAdapter(Backend).validate_python(needed.get(given["type"], {}) | given)
    told = "\n".join(map(str, found_in(failure.value)))
    assert said in told
    assert "hunter2" not in told
    assert "pass@" not in told
