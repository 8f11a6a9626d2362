import contextlib
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.account import EmulatedAccount
from tests.e2e.adopting import EXAMPLES
from tests.e2e.control_plane import ControlPlane
from tests.e2e.registering import KNOWN_WARNINGS, Registering, unknown_warnings
from tests.e2e.report import StepFailedError
from tests.examples import CLOUDS

CORS = (
    "S3 bucket anyscale-1 does not have the correct CORS rule for Anyscale. This is safe to ignore if you are not "
    "using Anyscale UI. Otherwise please create the correct CORS rule for Anyscale according to https://example.com"
)
PORTS = "Security groups ['sg-1'] allows access to more than [443, 22]. This may not be safe by default."
PERMISSIONS = (
    "IAM role arn:aws:iam::111122223333:role/acme does not have sufficient permissions for cluster management. We "
    "suggest adding these actions to ensure that cluster management works properly: {'ec2:DescribeX'}."
)
TRUST = (
    "Anyscale IAM role arn:aws:iam::111122223333:role/acme does not contain expected assume role policy. It must "
    "allow assume role from arn:aws:iam::525325868955:root."
)


def said(*warnings: str, mark: str = "  | ") -> str:
    """Returns the output of `register --verify`, with these warnings of the program among its lines."""
    lines = [
        "(anyscale +6.9s) Verifying S3 ...",
        *(f"[Warning] {warning}" for warning in warnings),
        "(anyscale +7.4s) S3 anyscale-1 verification succeeded.",
        "s3: PASSED",
    ]
    return "\n".join(["creating the cloud minimal", *(f"{mark}{line}" for line in lines)])


@pytest.mark.parametrize("mark", ["  | ", ""], ids=["quoted", "as it stands"])
@pytest.mark.parametrize("warning", [PERMISSIONS, TRUST, PORTS, f"{CORS[:20]} is public."])
def test_unknown_warnings_are_found(warning: str, mark: str) -> None:
    assert unknown_warnings("minimal", said(CORS, warning, CORS, mark=mark)) == [warning]


def test_known_warnings_apply_to_their_clouds_only() -> None:
    assert unknown_warnings("everything", said(CORS, PORTS)) == []
    assert unknown_warnings("minimal", said(CORS, PORTS)) == [PORTS]
    assert unknown_warnings("everything", said(f"{PORTS} And more.")) == [f"{PORTS} And more."]
    assert unknown_warnings("minimal", said()) == []


def test_every_known_warning_has_its_reason_and_its_clouds() -> None:
    names = {*(cloud.stem for cloud in CLOUDS), *EXAMPLES}
    for known in KNOWN_WARNINGS:
        assert known.reason
        assert set(known.clouds) <= names


@pytest.mark.parametrize(("warnings", "fails"), [((CORS,), False), ((CORS, PERMISSIONS), True)])
def test_a_registration_fails_on_a_warning_that_is_not_known(
    warnings: tuple[str, ...], fails: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 0, '{"action": "created"}', said(*warnings))

    monkeypatch.setattr("tests.e2e.registering.find_anyscale", lambda: "anyscale")
    monkeypatch.setattr(subprocess, "run", run)
    with ControlPlane() as plane:
        account = EmulatedAccount("http://127.0.0.1:9", "us-east-2", tmp_path / "unanswered")
        registering = Registering("minimal", tmp_path, account, plane)
        with pytest.raises(StepFailedError, match="DescribeX") if fails else contextlib.nullcontext():
            registering.run({}, "created")
