"""A piece of the machine that the tests need and do not find, named so that a person can provide it."""

import os
import shutil
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen


class MissingPieceError(Exception):
    """A piece that is not on this machine.

    Args:
        what: The piece.
        looked: The places where it was looked for.
        provide: How to provide it.
        remote: Whether it comes from a host that can't be reached, or from no package index, and nothing named another
            place for it: CI can't be asked for it then.
    """

    def __init__(self, what: str, looked: Iterable[str], provide: str, *, remote: bool = False) -> None:
        self.what = what
        self.remote = remote
        super().__init__(f"{what} is missing; looked in: {', '.join(looked)}; {provide}")


def strict() -> bool:
    """Whether a missing piece fails, as it does where `CI` is set, but for what CI can't have."""
    return bool(os.environ.get("CI"))


def find(program: str, provide: str, looked: Iterable[str] = ()) -> str:
    """The path of a program on PATH.

    Args:
        program: Its name, or its path.
        provide: How to provide it.
        looked: Where it was looked for before.

    Raises:
        MissingPieceError: There is none.
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
    """The helm program: what PyPI brought beside this interpreter, or the one on PATH."""
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
    """Whether the host answers HTTPS within three seconds."""
    try:
        urlopen(Request(f"https://{host}/", method="HEAD"), timeout=3).close()
    except HTTPError:
        return True
    except OSError:
        return False
    return True
