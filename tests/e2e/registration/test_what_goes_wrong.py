"""Faults of the program or the control plane, and how registration handles them."""

import fcntl
import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.e2e.control_plane import ControlPlane
from tests.e2e.registration.conftest import Cli, Outcome, wait
from tests.registration_samples import AWS_K8S, AWS_VM, changed

LIMIT = 24
"""The time limit of the registration in seconds: more than the real program needs until its write, on a busy machine.
"""


def resources(plane: ControlPlane) -> list[list[str]]:
    """The names of each cloud's resources."""
    return [[resource["name"] for resource in plane.resources[cloud_id]] for cloud_id in plane.clouds]


# ---- the rows of the table: the program alone, then the registration -------------------------------------


def test_the_name_is_taken(register: Cli, plane: ControlPlane) -> None:
    plane.add_resource(plane.add_cloud("prod"), AWS_VM)
    plane.requests.clear()
    (register.directory / "resource.yaml").write_text(register(AWS_VM, "--print", "resource-file").stdout)
    alone = register.anyscale(
        *("cloud", "register", "--name", "prod", "--resource-file", "resource.yaml", "--yes", "--skip-verifications")
    )
    assert alone.returncode == 1
    assert "already exists" in alone.stderr
    plane.requests.clear()
    assert register(AWS_VM).action == "unchanged"
    assert plane.writes == []


def test_the_cloud_was_created_but_the_response_is_504(register: Cli, plane: ControlPlane) -> None:
    plane.fail("POST", "/clouds/$", status=504, commit=True)
    outcome = register(AWS_VM)
    assert outcome.action == "repaired"
    assert resources(plane) == [["vm-aws-us-east-2"]]


@pytest.mark.parametrize("times", [1, 2])
def test_the_resource_was_created_but_the_response_is_504(times: int, register: Cli, plane: ControlPlane) -> None:
    plane.fail("PUT", "/add_resource", status=504, commit=True, times=times)
    assert register(AWS_VM).action == "created"
    assert resources(plane) == [["vm-aws-us-east-2"]]


@pytest.fixture(scope="module")
def late(new_register: Callable[[ControlPlane], Cli]) -> Iterator[dict[str, tuple[Outcome, ControlPlane]]]:
    """Runs that reach their time limit, in parallel to save time."""
    with ControlPlane() as busy, ControlPlane() as dead, ControlPlane() as broken:
        busy.fail("PUT", "/add_resource", status=503, times=1000)
        broken.fail("PUT", "/add_resource", status=500, times=1000)
        dead.fail("PUT", "/add_resource", hang=True)
        dead.fail("DELETE", "/clouds/", hang=True)
        begin = time.monotonic()
        processes = [new_register(plane).start(AWS_VM, "--timeout", str(LIMIT)) for plane in (busy, dead, broken)]
        outcomes = [wait(process, begin) for process in processes]
        yield {"503": (outcomes[0], busy), "hang": (outcomes[1], dead), "500": (outcomes[2], broken)}


@pytest.mark.parametrize("status", ["500", "503"])
def test_adding_the_resource_fails_after_the_time_limit(
    status: str, late: dict[str, tuple[Outcome, ControlPlane]]
) -> None:
    outcome, plane = late[status]
    assert outcome.exit_status == 4
    assert outcome.seconds < LIMIT + 10
    assert f"was stopped at the limit of {LIMIT} s" in outcome.stderr
    assert plane.clouds == {}  # the interrupted program had time to remove it


def test_every_call_exceeds_the_time_limit(late: dict[str, tuple[Outcome, ControlPlane]]) -> None:
    outcome, plane = late["hang"]
    assert outcome.exit_status == 4
    assert outcome.seconds < LIMIT + 10
    assert "it may have been partly applied" in outcome.stderr
    assert "run this again" in outcome.stderr
    assert resources(plane) == [[]]


def test_adding_the_resource_is_rejected(register: Cli, plane: ControlPlane) -> None:
    plane.fail("PUT", "/add_resource", status=400)
    outcome = register(AWS_VM)
    assert outcome.exit_status == 4
    assert "the cloud prod was not created, and nothing is left of it" in outcome.stderr
    assert "injected 400" in outcome.stderr
    assert "run this again" in outcome.stderr
    assert plane.clouds == {}


def test_the_clean_up_fails_too(register: Cli, plane: ControlPlane) -> None:
    plane.fail("PUT", "/add_resource", status=400)
    plane.fail("DELETE", "/clouds/", status=500)
    outcome = register(AWS_VM)
    assert outcome.action == "repaired"
    assert resources(plane) == [["vm-aws-us-east-2"]]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize(("method", "path"), [("PUT", "/add_resource"), ("POST", "/clouds/$")])
def test_a_signal_while_a_write_hangs(
    method: str, path: str, number: signal.Signals, register: Cli, plane: ControlPlane
) -> None:
    fault = plane.fail(method, path, hang=True)
    begin = time.monotonic()
    process = register.start(AWS_VM)
    assert fault.seen.wait(60)
    process.send_signal(number)
    outcome = wait(process, begin)
    assert outcome.exit_status == 4
    assert "interrupted" in outcome.stderr
    assert plane.clouds == {}


def test_the_state_is_locked_while_the_outputs_are_read(register: Cli, plane: ControlPlane, terraform: str) -> None:
    """By an apply in another process, which continues."""
    stack = register.directory / "cdktf.out" / "stacks" / "prod"
    stack.mkdir(parents=True)
    outputs = {"anyscale_cloud_name": {"value": "prod"}, "anyscale_cloud_resource": {"value": AWS_VM}}
    (stack / "cdk.tf.json").write_text(json.dumps({"output": outputs}))

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [terraform, f"-chdir={stack}", *command, "-no-color"], check=False, capture_output=True, text=True
        )

    assert run("init").returncode == run("apply", "-auto-approve").returncode == 0
    with (stack / "terraform.tfstate").open("r+") as state:
        fcntl.lockf(state, fcntl.LOCK_EX)  # as Terraform locks it
        assert "Error acquiring the state lock" in run("apply", "-auto-approve").stderr
        assert register(None).action == "created"
    assert resources(plane) == [["vm-aws-us-east-2"]]


def test_cloud_verify_fails_with_exit_status_0(register: Cli, plane: ControlPlane) -> None:
    """Therefore `cloud register` and `cloud update`, which do fail, verify the cloud."""
    plane.add_cloud("empty")
    assert register.anyscale("cloud", "verify", "--name", "empty", "--strict").returncode == 0
    plane.requests.clear()
    outcome = register(AWS_VM, "--verify")
    assert outcome.exit_status == 4
    assert "the cloud prod was not created, and nothing is left of it" in outcome.stderr
    assert "requires valid AWS credentials" in outcome.stderr
    assert plane.writes == []


def test_creating_a_resource_fails_with_exit_status_0(register: Cli, plane: ControlPlane) -> None:
    cloud_id = plane.add_cloud("prod")
    plane.fail("PUT", "/add_resource", status=400)
    outcome = register(AWS_VM)
    assert outcome.exit_status == 4
    assert f"ended with exit status 0, and the cloud prod ({cloud_id}) still has no resource" in outcome.stderr
    assert "injected 400" in outcome.stderr


def test_a_wrong_token(register: Cli, plane: ControlPlane) -> None:
    register.environment["ANYSCALE_CLI_TOKEN"] = "sss_wrong"  # noqa: S105 - of no account
    outcome = register(AWS_VM)
    assert outcome.exit_status == 4
    assert "invalid or have expired" in outcome.stderr
    assert "sss_wrong" not in outcome.stderr
    assert plane.requests == []


def test_a_closed_port(register: Cli) -> None:
    register.environment["ANYSCALE_HOST"] = "http://127.0.0.1:1"
    outcome = register(AWS_VM)
    assert outcome.exit_status == 4
    assert "anyscale cloud list --name prod --output json failed" in outcome.stderr
    assert "Traceback" not in outcome.stderr


# ---- beyond the table ------------------------------------------------------------------------------------


def test_a_cloud_without_a_resource_is_repaired(register: Cli, plane: ControlPlane) -> None:
    cloud_id = plane.add_cloud("prod", compute_stack="K8S")
    outcome = register(AWS_K8S)
    assert outcome.result == {
        "action": "repaired",
        "cloud_id": cloud_id,
        "cloud_resource_id": plane.resources[cloud_id][0]["cloud_resource_id"],
    }


def test_a_cloud_without_a_resource_is_not_repaired_elsewhere(register: Cli, plane: ControlPlane) -> None:
    plane.add_cloud("prod", region="us-west-2")
    plane.requests.clear()
    outcome = register(AWS_VM)
    assert outcome.exit_status == 3
    assert "is 'us-west-2' and cannot be changed; nothing was written; got 'us-east-2'" in outcome.stderr
    assert plane.writes == []


def test_the_control_plane_fails_after_the_write(register: Cli, plane: ControlPlane) -> None:
    plane.fail("POST", "/clouds/$", status=504, commit=True)
    plane.fail("GET", "/resources$", status=500)
    outcome = register(AWS_VM)
    assert outcome.exit_status == 4
    assert "cloud register --name prod" in outcome.stderr
    assert "ended with exit status 2, and the state of the cloud prod is unknown: anyscale cloud get" in outcome.stderr


@pytest.mark.parametrize("status", [400, 200], ids=["refused", "taken and forgotten"])
def test_an_update_that_changes_nothing_is_a_failure(status: int, register: Cli, plane: ControlPlane) -> None:
    plane.add_resource(plane.add_cloud("prod"), AWS_VM)
    plane.fail("PUT", "/resources", status=status)
    outcome = register(changed(AWS_VM, networking_mode="PRIVATE"))
    assert outcome.exit_status == 4
    assert 'networking_mode is "PUBLIC", not "PRIVATE"' in outcome.stderr


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        (
            changed(
                AWS_VM,
                region="us-west-2",
                aws_config__external_id="org_e2e1234-other",
                aws_config__anyscale_iam_role_id="arn:aws:iam::111122223333:role/other",
            ),
            [
                "is 'us-east-2' and cannot be changed; nothing was written; got 'us-west-2'",
                "is 'org_e2e1234-prod' and cannot be changed; nothing was written; got 'org_e2e1234-other'",
                "is 'arn:aws:iam::111122223333:role/anyscale-access' and cannot be changed",
            ],
        ),
        (changed(AWS_VM, name="renamed"), ["has no resource 'renamed', but 'vm-aws-us-east-2'"]),
    ],
    ids=["region, external ID and role", "name"],
)
def test_a_forbidden_change(wanted: dict[str, Any], says: list[str], register: Cli, plane: ControlPlane) -> None:
    plane.add_resource(plane.add_cloud("prod"), AWS_VM)
    plane.requests.clear()
    outcome = register(wanted)
    assert outcome.exit_status == 3
    assert [text for text in [*says, "nothing was written", "Fix: "] if text not in outcome.stderr] == []
    assert plane.writes == []


def test_three_registrations_at_the_same_time(register: Cli, plane: ControlPlane) -> None:
    begin = time.monotonic()
    with plane.barrier("POST", "/clouds/$", parties=3):
        processes = [register.start(AWS_VM) for _ in range(3)]
        outcomes = [wait(process, begin) for process in processes]
    assert [outcome.action for outcome in outcomes].count("created") == 1
    assert len({(outcome.result["cloud_id"], outcome.result["cloud_resource_id"]) for outcome in outcomes}) == 1
    assert resources(plane) == [["vm-aws-us-east-2"]]
