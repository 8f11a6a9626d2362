"""How findings are printed: as text, as JSON, and as GitHub's annotations."""

import json
import os
import pathlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Literal, TextIO

from anyscale_constructs.findings import Finding, Place, Rule, clean, is_secret

Format = Literal["text", "json", "github"]

_COLOURS = {"error": "31", "warning": "33", "note": "36"}
_GITHUB = {"error": "error", "warning": "warning", "note": "notice"}
_WIDEST = 500
_NAME = re.compile(r"[\w-]+(?=[\"']?\s*[:=])")
_NAMED_BY_VALUE = re.compile(r"""\b(?:name|key)["']?\s*[:=]\s*["']?([\w-]+)""")


def text(finding: Finding, *, colour: bool = False) -> str:
    """A finding for people: where, what, the line itself with a mark, and the fix.

    Args:
        finding: The finding.
        colour: Whether it goes to a terminal.
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
    """Findings for programs.

    Args:
        findings: The findings.
        allowed: What is allowed, as JSON has it.
        stacks: What was synthesized; none after an error.
    """
    said = {"findings": [finding.as_dict() for finding in findings], "allowed": [*allowed], "stacks": [*stacks]}
    return json.dumps(said, indent=2)


def github(finding: Finding) -> str:
    """A finding as a workflow command, which GitHub shows beside the line."""
    place = finding.place or Place("")
    where = {"file": place.file, "line": place.line, "col": place.column, "title": finding.rule and finding.rule.id}
    properties = ",".join(f"{name}={_escaped(str(value), properly=True)}" for name, value in where.items() if value)
    said = ": ".join(filter(None, (finding.stack, finding.subject, finding.text)))
    message = f"{said}\nFix: {clean(finding.fix)}" if finding.fix else said
    return f"::{_GITHUB[finding.severity]} {properties}::{_escaped(message)}"


def tell(findings: Sequence[Finding], stream: TextIO, format: Format = "text") -> None:
    """Prints findings, text in colours where the stream is a terminal: see https://no-color.org."""
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
    """One finding for those that differ in the cloud only, such as what stands in the defaults of a thousand."""
    found: dict[tuple[Rule | None, str], list[Finding]] = {}
    for finding in findings:
        found.setdefault((finding.rule, str(replace(finding, cloud=""))), []).append(finding)
    for first, *others in found.values():
        clouds = len({each.cloud for each in others} - {first.cloud})
        more = f" and {clouds} others" if clouds > 1 else " and 1 other" if clouds else ""
        yield replace(first, cloud=first.cloud + more)


def _excerpt(place: Place) -> list[str]:
    try:
        line = pathlib.Path(place.file).read_text(encoding="utf-8").splitlines()[place.line - 1]
    except (OSError, ValueError, IndexError):
        return []
    if len(line) > _WIDEST:  # nobody reads it, and looking for secrets in it takes long
        return []
    # Where a value ends only YAML knows, so nothing of such a line is shown.
    named = [*_NAME.findall(line), *_NAMED_BY_VALUE.findall(line)]
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
