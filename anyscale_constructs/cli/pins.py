"""The requirements of a repository: this library as installed here, and the versions of its dependencies."""

import json
import re
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution

NAME = "anyscale-constructs"
EXTRAS = ("node", "register", "testing")

_REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+)\s*(?:\[([^]]*)\])?\s*([^;]*)")
_EXTRA = re.compile(r"""extra\s*==\s*["']([^"']+)""")


def requirement() -> str:
    """Returns the requirement that installs this library elsewhere: its commit if known, else its version."""
    found = distribution(NAME)
    origin = json.loads(found.read_text("direct_url.json") or "{}")
    extras = ",".join(EXTRAS)
    if "vcs_info" in origin and not origin["url"].startswith("file:"):
        return f"{NAME}[{extras}] @ git+{origin['url']}@{origin['vcs_info']['commit_id']}"
    return f"{NAME}[{extras}]=={found.version}"


def pins() -> tuple[list[str], list[str]]:
    """Returns the exact versions of the library's dependencies that are installed here; uses no network.

    Returns:
        The sorted requirements for pip, without this library, and the names of those that are not installed here,
        which only have the range that the library requires.
    """
    pinned: dict[str, str] = {}
    missing: dict[str, str] = {}
    todo: list[tuple[Distribution, frozenset[str]]] = [(distribution(NAME), frozenset(EXTRAS))]
    seen = set()
    while todo:
        found, extras = todo.pop()
        for name, wanted, range_ in _required(found, extras):
            if (name, wanted) in seen:
                continue
            seen.add((name, wanted))
            try:
                there = distribution(name)
            except PackageNotFoundError:
                # Conditional requirements, such as those for another operating system, do not apply here.
                if found.name == NAME:
                    missing[name] = f"{name}{range_}"
                continue
            pinned[name] = f"{name}=={there.version}"
            todo.append((there, wanted))
    return sorted([*pinned.values(), *missing.values()]), sorted(missing)


def _required(found: Distribution, extras: frozenset[str]) -> Iterator[tuple[str, frozenset[str], str]]:
    """Yields what a package with some extras requires: the name, its extras, and the version range."""
    for line in found.requires or ():
        condition = line.partition(";")[2]
        of_extra = _EXTRA.search(condition)
        match = _REQUIREMENT.match(line)
        if match and (of_extra is None or of_extra[1] in extras):
            name = re.sub(r"[-_.]+", "-", match[1]).lower()
            inner = (each.strip() for each in (match[2] or "").split(","))
            yield name, frozenset(filter(None, inner)), match[3].strip(" ()")
