"""`anyscale-constructs register` on real outputs, with the real program verifying against the emulated account."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.e2e.account import EmulatedAccount
from tests.e2e.control_plane import ControlPlane
from tests.e2e.report import StepFailedError
from tests.missing import find_anyscale


class Registering:
    """Registers one stack, as often as wanted.

    Args:
        name: The stack's name.
        work: A folder for its outputs.
        account: Where its infrastructure is.
        plane: Where it is registered.
    """

    def __init__(self, name: str, work: Path, account: EmulatedAccount, plane: ControlPlane) -> None:
        self._name = name
        self.file = work / "outputs.json"
        self._plane = plane
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(work / "home"),
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
            outputs: The stack's, by name.
            action: What it must come to: `created` or `unchanged`.
            tfvars: The variable file of the cloud's second stack.

        Raises:
            StepFailedError: It came to something else, or wrote although nothing changed.
        """
        self.file.write_text(json.dumps({self._name: outputs}), encoding="utf-8")
        before = len(self._plane.writes)
        program = str(Path(sys.executable).parent / "anyscale-constructs")
        command = [program, "register", self._name, "--outputs", str(self.file), "--verify", "--json"]
        command += ["--tfvars", str(tfvars)] if tfvars else []
        run = subprocess.run(command, check=False, env=self._environment, capture_output=True, text=True, timeout=600)
        if run.returncode:
            raise StepFailedError(run.stderr)
        if "FAILED" in run.stderr:  # the program ends with 0 after some failed checks
            raise StepFailedError(run.stderr)
        result: dict[str, str] = json.loads(run.stdout)
        if result["action"] != action:
            raise StepFailedError(f"{result['action']} instead of {action}: {run.stderr}")
        if action == "unchanged" and len(self._plane.writes) > before:
            raise StepFailedError(f"unchanged, but written: {self._plane.writes[before:]}")
        return result
