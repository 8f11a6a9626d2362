"""A piece of the machine that the tests need and do not find, named so that a person can provide it."""

from collections.abc import Iterable
from functools import cache
from urllib.error import HTTPError
from urllib.request import Request, urlopen


class MissingPieceError(Exception):
    """A piece that is not on this machine.

    Args:
        what: The piece.
        looked: The places where it was looked for.
        provide: How to provide it.
        remote: Whether it comes from a host that can't be reached, and nothing named another place for it: CI
            can't be asked for it then.
    """

    def __init__(self, what: str, looked: Iterable[str], provide: str, *, remote: bool = False) -> None:
        self.what = what
        self.remote = remote
        super().__init__(f"{what} is missing; looked in: {', '.join(looked)}; {provide}")


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
