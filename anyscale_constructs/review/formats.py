"""Prints a report as text, as Markdown for a comment, as JSON, or as GitHub annotations."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from anyscale_constructs import rendering
from anyscale_constructs.findings import Finding, Place, clean, shown
from anyscale_constructs.review.addresses import moved_block
from anyscale_constructs.review.differences import ABSENT
from anyscale_constructs.review.inputs import PARTS, Changed
from anyscale_constructs.review.report import Report, StackReport

Format = Literal["text", "markdown", "json", "github"]

MARKER = "<!-- anyscale-constructs review -->"
"""The first line of the Markdown, which identifies the comment to update."""

LONGEST = 65_536
"""GitHub's limit on the characters of a comment."""

_NOTHING = "Nothing changes."
_DESTROYS = "Destroys and replaces"
_OPENS = "Opens"
_INDENT = "  "


def printed(report: Report, format: Format, *, colour: bool = False) -> str:
    """Returns the report in a format; the same report always gives the same bytes.

    Args:
        report: The report.
        format: The format.
        colour: Whether to color the text for a terminal. Default: False.
    """
    match format:
        case "json":
            return json.dumps(report.as_dict(), indent=2)
        case "github":
            return "\n".join(rendering.github(_here(each, report)) for each in [*report.destroys, *report.opens])
        case "markdown":
            return _markdown(report)
    return "\n".join(_text(report, colour=colour))


def _here(finding: Finding, report: Report) -> Finding:
    """Returns a finding with a place only if it is in a file of the newer side, which GitHub shows."""
    place = finding.place or Place("")
    if place.file.startswith(f"{report.base}:"):
        return finding._replace(place=Place(place.file.removeprefix(f"{report.base}:")))
    return finding._replace(place=place._replace(file=place.file.removeprefix(f"{report.head}:")))


def _text(report: Report, *, colour: bool) -> Iterator[str]:
    yield f"{report.base} -> {report.head}, {report.plan}"
    yield from (rendering.text(note, colour=colour) for note in report.notes)
    yield ""
    if report.clouds:
        yield from (rendering.text(finding, colour=colour) for finding in report.clouds)
        yield ""
    for stack in report.stacks:
        yield stack.name
        for title, findings in ((_DESTROYS, stack.destroys), (_OPENS, stack.opens)):
            if findings:
                yield f"{_INDENT}{title}"
                said = "\n".join(rendering.text(finding, colour=colour) for finding in findings)
                yield from (_INDENT * 2 + line for line in said.splitlines())
        yield from (f"{_INDENT}{line}" if line else "" for line in _details(stack))
        yield ""
    yield from _summary(report)


def _details(stack: StackReport) -> Iterator[str]:
    """Yields the details that differ, which follow the findings."""
    if stack.pins:
        yield "Pins"
    for pin in stack.pins:
        yield f"{_INDENT}{pin.repository}: {pin.old} -> {pin.new}"
        if pin.link:
            yield f"{_INDENT * 2}{pin.link}"
        for name, interface in pin.interfaces.items():
            lines = ["the interface is unknown"] if interface is None else interface or ["the interface is the same"]
            yield from (f"{_INDENT * 2}{name}: {clean(line)}" for line in lines)
    for part, title in PARTS.items():
        found = [each for each in stack.changed if each.part == part]
        if found:
            yield title
        for each in found:
            yield f"{_INDENT}{_change(each)}"
    where = stack.addresses
    if where.gone or where.new or where.moved:
        yield "Addresses"
    yield from (f"{_INDENT}- {address}" for address in where.gone)
    yield from (f"{_INDENT}+ {address}" for address in where.new)
    yield from (f"{_INDENT}{old} moved to {new}" for old, new in where.moved.items())
    if where.moves:
        yield f"{_INDENT}Moved blocks to write:"
        blocks = "\n".join(moved_block(old, new) for old, new in where.moves.items())
        yield from (_INDENT * 2 + line for line in blocks.splitlines())
    yield from (f"note: {clean(note)}" for note in stack.notes)


def _change(each: Changed) -> str:
    name = " ".join(filter(None, (each.subject, each.difference.name)))
    old, new = (_value(each, value) for value in (each.difference.old, each.difference.new))
    return clean(f"{name}: {old} -> {new}{f' ({each.note})' if each.note else ''}")


def _value(each: Changed, value: object) -> str:
    return "not set" if value is ABSENT else shown(value, each.difference.secret)


def _summary(report: Report) -> Iterator[str]:
    which = report.which
    for finding, allowance in report.allowed:
        rule = finding.rule.id if finding.rule else ""
        subject = f" {finding.subject}" if finding.subject else ""
        yield clean(f"Allowed: {finding.cloud}: {rule}:{subject} ({allowance.reason})")
    if which.added:
        yield f"Added: {', '.join(which.added)}"
    if which.removed:
        yield f"Removed: {', '.join(which.removed)}"
    if which.renamed:
        yield f"Renamed: {', '.join(f'{old} -> {new}' for old, new in which.renamed.items())}"
    if report.stacks or which.added or which.removed or which.renamed:
        if report.unchanged:
            yield f"Unchanged: {', '.join(report.unchanged)}"
    else:
        yield _NOTHING


def _markdown(report: Report) -> str:
    first = [MARKER, f"### Review of {_code(report.base)} -> {_code(report.head)}", ""]
    first += [f"{_headline(report)} ({report.plan})", ""]
    if report.notes:
        first += [*(f"> {_plain(note.text)}" for note in report.notes), ""]
    if report.clouds:
        first += [*map(_bullet, report.clouds), ""]
    details: list[str] = []
    for stack in report.stacks:
        first += [f"#### {_code(stack.name)}", ""]
        for title, findings in ((_DESTROYS, stack.destroys), (_OPENS, stack.opens)):
            if findings:
                first += [f"**{title}**", "", *map(_bullet, findings), ""]
        lines = [*_details(stack)]
        if lines:
            details += [f"# {stack.name}", *lines, ""]
    folded = []
    if details:
        folded = [
            "<details><summary>All differences</summary>",
            "",
            "````",
            *map(_fenced, details),
            "````",
            "",
            "</details>",
            "",
        ]
    return _fitting(first, folded, [_plain(line) + "\n" for line in _summary(report)])


def _headline(report: Report) -> str:
    if not (report.stacks or report.clouds or report.which.added):
        return _NOTHING
    counts = ((len(report.destroys), "destroyed, replaced or moved"), (len(report.opens), "opened"))
    said = [f"**{count} {what}**" for count, what in counts if count]
    return ", ".join(said) or "Nothing is destroyed, replaced or opened"


def _bullet(finding: Finding) -> str:
    rule = f"[`{finding.rule.id}`] " if finding.rule else ""
    place = f" ({_code(str(finding.place))})" if finding.place and finding.place.file else ""
    subject = f"{_code(finding.subject)}: " if finding.subject else ""
    fix = f"<br>Fix: {_plain(finding.fix)}" if finding.fix else ""
    return f"- {rule}{subject}{_plain(finding.text)}{place}{fix}"


def _plain(text: str) -> str:
    """Returns text escaped for Markdown: without links, mentions of people and HTML."""
    escaped = re.sub(r"([\\`*_\[\]|#~])", r"\\\1", clean(" ".join(text.split())))
    return escaped.replace("<", "&lt;").replace(">", "&gt;").replace("@", "@<!-- -->")


def _code(text: str) -> str:
    return f"`{clean(text).replace('`', chr(39))}`"


def _fenced(line: str) -> str:
    return line.replace("````", "'''`")


def _fitting(first: Sequence[str], folded: Sequence[str], last: Sequence[str]) -> str:
    """Returns the parts cut to GitHub's limit, with the number of omitted lines."""
    whole = "\n".join([*first, *folded, *last])
    if len(whole) <= LONGEST:
        return whole
    room = LONGEST - 400 - len("\n".join(last))
    kept, cut = _cut(first, room)
    room -= len("\n".join(kept))
    inside, more = _cut(folded[:-4], room) if not cut else ([], len(folded[:-4]))
    said = f"{cut + more} lines are omitted. To print all of them: anyscale-constructs review --format text"
    ending = [*folded[-4:]] if inside else []
    return "\n".join([*kept, *inside, *ending, said, "", *last])[:LONGEST]


def _cut(lines: Iterable[str], room: int) -> tuple[list[str], int]:
    kept: list[str] = []
    cut = 0
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            cut += bool(line)
        else:
            kept.append(line)
    return kept, cut
