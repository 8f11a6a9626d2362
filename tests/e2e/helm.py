"""The real helm program."""

import shutil
import sys
from pathlib import Path

from tests.e2e.missing import MissingPieceError


def find_helm() -> str:
    """The program: what PyPI brought beside this interpreter, or the one on PATH.

    Raises:
        MissingPieceError: There is none.
    """
    beside = Path(sys.executable).with_name("helm")
    found = str(beside) if beside.exists() else shutil.which("helm")
    if found is None:
        raise MissingPieceError("helm", [str(beside), "PATH"], "install it: https://helm.sh/docs/intro/install/")
    return found
