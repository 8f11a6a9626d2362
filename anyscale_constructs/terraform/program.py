"""The terraform program of this machine."""

import json
import os
import re
import subprocess
from collections.abc import Mapping

from anyscale_constructs.terraform.constraints import Version


def terraform() -> str:
    """Its name on PATH, or its path: TERRAFORM_BINARY_NAME, which is cdktf's own variable, else `terraform`."""
    return os.environ.get("TERRAFORM_BINARY_NAME", "terraform")


def terraform_version(program: str, environment: Mapping[str, str] | None = None) -> tuple[str, Version]:
    """The version of a program, as it says it and as numbers.

    Args:
        program: Its name, or its path.
        environment: What it runs in. Default: this process's environment.

    Raises:
        OSError: It can't be run.
        ValueError: It does not say its version.
    """
    try:
        command = [program, "version", "-json"]
        done = subprocess.run(
            command, capture_output=True, encoding="utf-8", errors="replace", check=True, timeout=20, env=environment
        )
        said = str(json.loads(done.stdout)["terraform_version"])
        major, minor, patch = (int(number) for number in re.findall(r"\d+", said)[:3])
    except (LookupError, TypeError, subprocess.SubprocessError) as error:
        raise ValueError(str(error)) from error
    return said, (major, minor, patch)
