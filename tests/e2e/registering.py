"""`anyscale-constructs register` on real outputs, with the real program verifying against the emulated account."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tests import ROOT
from tests.e2e.account import EmulatedAccount
from tests.e2e.control_plane import ControlPlane
from tests.e2e.report import StepFailedError
from tests.missing import find_anyscale

_WARNING = re.compile(r"^[ |]*\[Warning\](.*)", re.MULTILINE)


class KnownWarning(NamedTuple):
    """A warning of the program's verification that is not a fault of the library.

    Attributes:
        pattern: A regular expression for the whole warning.
        reason: Why it is not a fault.
        clouds: The examples with this warning. Default: all.
    """

    pattern: str
    reason: str
    clouds: tuple[str, ...] = ()


KNOWN_WARNINGS = (
    KnownWarning(
        r"S3 bucket \S+ does not have the correct CORS rule for Anyscale\..*",
        "The program derives the console's origin from ANYSCALE_HOST, which is the double's; a guard of the bucket "
        "looks for the rule with the real one.",
    ),
    KnownWarning(
        r"Security groups \['\S+'\] allows access to more than \[443, 22\]\. This may not be safe by default\.",
        "The example opens a third port, to a few ranges.",
        clouds=("everything", "adopted-everything"),
    ),
    *(
        KnownWarning(
            pattern,
            "The stores have security groups of their own, to which the stack adds a rule for the nodes.",
            clouds=("existing-stores",),
        )
        for pattern in (
            r"EFS with id \S+ has a mount target in subnet \S+, but it is not associated with the expected .*",
            r"MemoryDB cluster acme-services has security group \S+ that is not the same as .*",
        )
    ),
)


def unknown_warnings(cloud: str, said: str) -> list[str]:
    """Returns the warnings in the standard error of `register --verify`, without the known warnings of the cloud."""
    known = [each.pattern for each in KNOWN_WARNINGS if not each.clouds or cloud in each.clouds]
    warnings = [text.strip() for text in _WARNING.findall(said)]
    return [text for text in warnings if not any(re.fullmatch(pattern, text) for pattern in known)]


class Registering:
    """Registers one stack, any number of times.

    Args:
        name: The stack's name.
        work: A directory for its outputs.
        account: The account with its infrastructure.
        plane: The control plane.

    Attributes:
        file: The file of the outputs.
        environment: The whole environment of the program.
    """

    def __init__(self, name: str, work: Path, account: EmulatedAccount, plane: ControlPlane) -> None:
        self._name = name
        self.file = work / "outputs.json"
        self._plane = plane
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(work / "home"),
            "PYTHONPATH": str(ROOT),
            "ANYSCALE_BIN": find_anyscale(),
            "AWS_ENDPOINT_URL": account.endpoint,
            "AWS_ACCESS_KEY_ID": "emulated",
            "AWS_SECRET_ACCESS_KEY": "emulated",
            "AWS_DEFAULT_REGION": account.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            **plane.environment,
        }

    def run(self, outputs: Mapping[str, Any], action: str, tfvars: Path | None = None) -> dict[str, str]:
        """Registers the outputs.

        Args:
            outputs: The stack's outputs, by name.
            action: The expected action: `created` or `unchanged`.
            tfvars: The variable file of the cloud's second stack.

        Raises:
            StepFailedError: The action differs, the command wrote although nothing changed, or the program's
                verification printed an unknown warning.
        """
        self.file.write_text(json.dumps({self._name: outputs}), encoding="utf-8")
        before = len(self._plane.writes)
        program = str(Path(sys.executable).parent / "anyscale-constructs")
        command = [program, "register", self._name, "--outputs", str(self.file), "--verify", "--json"]
        command += ["--tfvars", str(tfvars)] if tfvars else []
        run = subprocess.run(command, check=False, env=self.environment, capture_output=True, text=True, timeout=600)
        if run.returncode:
            raise StepFailedError(run.stderr)
        if "FAILED" in run.stderr:  # the program exits with 0 after some failed checks
            raise StepFailedError(run.stderr)
        if unknown := unknown_warnings(self._name, run.stderr):
            raise StepFailedError("\n".join(["the program's verification warns:", *unknown]))
        result: dict[str, str] = json.loads(run.stdout)
        if result["action"] != action:
            raise StepFailedError(f"{result['action']} instead of {action}: {run.stderr}")
        if action == "unchanged" and len(self._plane.writes) > before:
            raise StepFailedError(f"unchanged, but written: {self._plane.writes[before:]}")
        return result
