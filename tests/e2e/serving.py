"""Runs a real provider once for all commands on a cloud; otherwise, each command starts it two or three times."""

import contextlib
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from tests.e2e.terraform import SERVED, Terraform, TerraformError

_ANNOUNCED = f"{SERVED}='"
_QUIET = dict.fromkeys(("TF_LOG", "TF_LOG_PROVIDER", "TF_LOG_SDK"), "off")
"""Without this, a served provider writes all requests to standard error."""


@contextlib.contextmanager
def served(provider: str, terraforms: Iterable[Terraform]) -> Iterator[None]:
    """Serves the provider that `terraform init` selected to directories of the same account.

    Args:
        provider: The provider's address, e.g. `registry.terraform.io/hashicorp/aws`.
        terraforms: The directories, which must be initialized.

    Raises:
        TerraformError: The provider ended.
    """
    running: dict[Path, str] = {}
    with contextlib.ExitStack() as end:
        for terraform in terraforms:
            (selected,) = (terraform.folder / ".terraform/providers" / provider).glob("*/*/terraform-provider-*")
            program = selected.resolve()
            if program not in running:
                running[program] = end.enter_context(_running(program, terraform.environment))
            terraform.environment = {**terraform.environment, SERVED: running[program]}
        yield


@contextlib.contextmanager
def _running(program: Path, environment: Mapping[str, str]) -> Iterator[str]:
    """Runs a provider; yields the value of Terraform's environment variable.

    Raises:
        TerraformError: The provider ended.
    """
    quiet = {**environment, **_QUIET}
    pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
    with subprocess.Popen([program, "-debug"], env=quiet, stdout=pipe, stderr=nowhere, text=True) as process:
        try:
            assert process.stdout
            line = next((line for line in process.stdout if _ANNOUNCED in line), "")
            if not line:
                raise TerraformError(f"{program} -debug ended without serving")
            yield line.partition(_ANNOUNCED)[2].rstrip().removesuffix("'")
        finally:
            process.kill()
