"""The Terraform program on this machine."""

import json
import os
import re
from collections.abc import Mapping

from anyscale_constructs.terraform.constraints import Version


def terraform() -> str:
    """Returns the name or path of the program: cdktf's variable TERRAFORM_BINARY_NAME, else `terraform`."""
    return os.environ.get("TERRAFORM_BINARY_NAME") or "terraform"


def terraform_version(program: str, environment: Mapping[str, str] | None = None) -> tuple[str, Version]:
    """Returns the version of a Terraform program, as printed and as numbers.

    Args:
        program: The name or path of the program.
        environment: The environment variables of the program. Default: those of this process.

    Raises:
        OSError: The program cannot be run.
        ValueError: The program does not print its version.
    """
    import subprocess  # noqa: PLC0415 - imported only when needed

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
