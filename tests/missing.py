"""A part that the tests need and that is missing on this machine, with instructions to provide it."""

import os
import shutil
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen


class MissingPieceError(Exception):
    """A part that is not on this machine.

    Args:
        what: The part.
        looked: The places that were searched.
        provide: How to provide it.
        remote: Whether it can only come from a host that cannot be reached, or from a package index that is not there,
            so that CI cannot provide it.
    """

    def __init__(self, what: str, looked: Iterable[str], provide: str, *, remote: bool = False) -> None:
        self.what = what
        self.remote = remote
        super().__init__(f"{what} is missing; looked in: {', '.join(looked)}; {provide}")


def strict() -> bool:
    """Returns whether a missing part is a failure: if `CI` is set, and CI can provide the part."""
    return bool(os.environ.get("CI"))


def find(program: str, provide: str, looked: Iterable[str] = ()) -> str:
    """Returns the path of a program on PATH.

    Args:
        program: Its name, or its path.
        provide: How to provide it.
        looked: The places that were searched before.

    Raises:
        MissingPieceError: The program is not found.
    """
    if found := shutil.which(program):
        return found
    raise MissingPieceError(f"the program {program}", [*looked, "PATH"], provide)


def find_terraform() -> str:
    """The terraform program."""
    return find("terraform", "install Terraform 1.9 or newer")


def find_anyscale() -> str:
    """The anyscale program."""
    return find(os.environ.get("ANYSCALE_BIN") or "anyscale", "pip install anyscale", ["ANYSCALE_BIN"])


def find_checkov() -> str:
    """The checkov program."""
    return find(os.environ.get("CHECKOV_BIN") or "checkov", "pip install checkov", ["CHECKOV_BIN"])


def find_helm() -> str:
    """Returns the helm program: the one from PyPI next to this interpreter, or the one on PATH."""
    beside = Path(sys.executable).with_name("helm")
    provide = "install it: https://helm.sh/docs/intro/install/"
    return find(str(beside) if beside.exists() else "helm", provide, [str(beside)])


def find_chromium() -> str:
    """The chromium program, or Chrome."""
    named = os.environ.get("CHROMIUM_BIN")
    names = [named] if named else ["chromium", "chromium-browser", "google-chrome"]
    for name in names:
        if found := shutil.which(name):
            return found
    provide = "apt-get install chromium, or name it with CHROMIUM_BIN"
    raise MissingPieceError("a browser", ["CHROMIUM_BIN", *names], provide, remote=not named)


@cache
def reachable(host: str) -> bool:
    """Returns whether the host answers HTTPS within three seconds."""
    try:
        urlopen(Request(f"https://{host}/", method="HEAD"), timeout=3).close()
    except HTTPError:
        return True
    except OSError:
        return False
    return True
