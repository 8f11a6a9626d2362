"""Prints findings as text, JSON, or GitHub annotations."""

import json
import os
import pathlib
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal, TextIO

from anyscale_constructs.findings import Finding, Place, clean, is_secret

Format = Literal["text", "json", "github"]

_COLOURS = {"error": "31", "warning": "33", "note": "36"}
_GITHUB = {"error": "error", "warning": "warning", "note": "notice"}
_WIDEST = 500
# Compiled when they are used: few runs print a line of a file.
_NAME = r"[\w-]+(?=[\"']?\s*[:=])"
_NAMED_BY_VALUE = r"""\b(?:name|key)["']?\s*[:=]\s*["']?([\w-]+)"""


def text(finding: Finding, *, colour: bool = False) -> str:
    """Returns a finding as text: the place, the message, the source line with a marker, and the fix.

    Args:
        finding: The finding.
        colour: Whether to use terminal colours. Default: False.
    """
    label = f"{finding.severity}[{finding.rule.id}]" if finding.rule else finding.severity
    if colour:
        label = f"\033[1;{_COLOURS[finding.severity]}m{label}\033[0m"
    place = finding.place
    lines = [": ".join(filter(None, (label, finding.where, finding.subject, finding.text)))]
    if place and place.line and not any(is_secret(str(step)) for step in finding.key):
        lines += _excerpt(place)
    if finding.fix:
        lines.append(f"  Fix: {clean(finding.fix)}")
    return "\n".join(lines)


def as_json(findings: Iterable[Finding], allowed: Sequence[Any] = (), stacks: Sequence[str] = ()) -> str:
    """Returns findings as a JSON document for other programs.

    Args:
        findings: The findings.
        allowed: The allowed findings, as JSON objects. Default: none.
        stacks: The names of the synthesized stacks. Default: none, as after an error.
    """
    said = {"findings": [finding.as_dict() for finding in findings], "allowed": [*allowed], "stacks": [*stacks]}
    return json.dumps(said, indent=2)


def github(finding: Finding) -> str:
    """Returns a finding as a GitHub workflow command, which annotates the line."""
    place = finding.place or Place("")
    where = {"file": place.file, "line": place.line, "col": place.column, "title": finding.rule and finding.rule.id}
    properties = ",".join(f"{name}={_escaped(str(value), properly=True)}" for name, value in where.items() if value)
    said = ": ".join(filter(None, (finding.stack, finding.subject, finding.text)))
    message = f"{said}\nFix: {clean(finding.fix)}" if finding.fix else said
    return f"::{_GITHUB[finding.severity]} {properties}::{_escaped(message)}"


def tell(findings: Sequence[Finding], stream: TextIO, format: Format = "text") -> None:
    """Prints findings; text is coloured if the stream is a terminal and NO_COLOR is not set (https://no-color.org)."""
    colour = stream.isatty() and not os.environ.get("NO_COLOR")
    match format:
        case "json":
            said = as_json(findings)
        case "github":
            said = "\n".join(map(github, _together(findings)))
        case "text":
            said = "\n".join(text(finding, colour=colour) for finding in _together(findings))
    print(said, file=stream)


def _together(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Merges findings that differ only in the cloud, as when shared defaults cause them."""
    found: dict[object, list[Finding]] = {}
    for each in findings:
        # A stack's own name is no subject, but distinguishes it here.
        subject = each.construct if each.construct and each.construct == each.cloud else each.subject
        found.setdefault((each.rule, each.place, subject, each.text, each.fix), []).append(each)
    for first, *others in found.values():
        clouds = len({each.cloud for each in others} - {first.cloud})
        if not clouds:
            yield first
            continue
        more = f" and {clouds} others" if clouds > 1 else " and 1 other"
        yield first._replace(cloud=first.cloud + more)


def _excerpt(place: Place) -> list[str]:
    try:
        line = pathlib.Path(place.file).read_text(encoding="utf-8").splitlines()[place.line - 1]
    except (OSError, ValueError, IndexError):
        return []
    if len(line) > _WIDEST:  # too long to read, and slow to search for secrets
        return []
    # Only a YAML parser knows where a value ends, so a line with a secret is hidden entirely.
    named = [*re.findall(_NAME, line), *re.findall(_NAMED_BY_VALUE, line)]
    if any(map(is_secret, named)):
        return []
    shown = [f"  {place.line} | {clean(line)}"]
    if place.column:
        start = place.column - 1
        word = re.match(r"[\w./-]+", line[start:])
        blank = re.sub(r"[^\t]", " ", line[:start])
        shown.append(f"  {' ' * len(str(place.line))} | {blank}{'^' * len(word.group() if word else ' ')}")
    return shown


def _escaped(text: str, *, properly: bool = False) -> str:
    escapes = {"%": "%25", "\r": "%0D", "\n": "%0A"} | ({":": "%3A", ",": "%2C"} if properly else {})
    return re.sub("|".join(map(re.escape, escapes)), lambda found: escapes[found.group()], text)
