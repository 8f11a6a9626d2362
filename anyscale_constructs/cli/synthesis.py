"""Synthesizes a directory of clouds in YAML to Terraform JSON, and prints a table of the stacks."""

import json
import pathlib
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from anyscale_constructs.anyscale import RESOURCE_ID_OUTPUT
from anyscale_constructs.cli import project
from anyscale_constructs.cli.faults import foreseen, together
from anyscale_constructs.cli.origins import write_origins
from anyscale_constructs.config.defaults import FILE_NAME, Defaults
from anyscale_constructs.config.document import KIND, Document
from anyscale_constructs.config.model import MISSING_KEY
from anyscale_constructs.config.types import StackName, checked
from anyscale_constructs.errors import (
    ENGINE_REFUSAL,
    ConfigError,
    ConstructsError,
    is_engines,
    said_by_engine,
    users_line,
)
from anyscale_constructs.findings import Finding, Place, Rule, clean, within
from anyscale_constructs.names import nearest, unknown
from anyscale_constructs.rendering import Format, as_json, tell, text
from anyscale_constructs.terraform.allowances import Allowance
from anyscale_constructs.terraform.app import App, sweep, synthesize_app
from anyscale_constructs.terraform.config import CloudConfig
from anyscale_constructs.terraform.locks import unused_locks
from anyscale_constructs.terraform.siblings import stacks_in
from anyscale_constructs.terraform.stack import CloudStack

STALE_LOCK = Rule("stale-lock", "warning", "A lock file without a stack has no effect.", allowable=False)
ANNOTATION = Rule(
    "annotation", "warning", "Your own code added this warning with an annotation of the engine.", allowable=False
)


def synthesize_clouds(
    directory: pathlib.Path,
    target: pathlib.Path,
    names: Sequence[str],
    *,
    notes: bool,
    format: Format,
    origins: pathlib.Path | None = None,
) -> list[Finding]:
    """Synthesizes clouds and prints the result.

    Args:
        directory: The directory of the YAML files.
        target: The output directory.
        names: The clouds. Empty: all, and the directories of deleted clouds are removed from the output.
        notes: Whether to print the notes instead of their number.
        format: The format of findings.
        origins: The file in which to record the YAML lines of module inputs. Default: they are not recorded.

    Returns:
        The warnings that are not allowed, and the notes if they are printed.

    Raises:
        ConstructsError: A cloud has an error. The output directory is then unchanged.
    """
    app, documents = gather_clouds(directory, target, names)
    files = {document.file for document in documents.values()}
    stacks = app.cloud_stacks
    if origins:
        write_origins(origins, stacks, documents)
    told = remarks(app, documents, target, notes=notes)
    if not names:
        told += sweep(target, stacks)
        told += [
            Finding("no cloud has this stack any more", "delete the file", rule=STALE_LOCK, place=Place(str(lock)))
            for lock in unused_locks(project.locks_directory(directory), {stack.name for stack in stacks})
        ]
    if format == "json":
        allowed = [
            each.as_dict() | {"reason": allowance.reason, "until": str(allowance.until) if allowance.until else None}
            for found, allowance in app.allowed
            for each in _located([found], documents)
        ]
        print(as_json(told, allowed=allowed, stacks=[stack.name for stack in stacks]))
        return told
    if format == "github":
        tell(told, sys.stdout, format)
    elif warnings := [finding for finding in told if finding.severity == "warning"]:
        tell(warnings, sys.stderr)
    _report(stacks)
    if len(files) == 1:
        _guide([stack.name for stack in stacks], target, registers=RESOURCE_ID_OUTPUT in stacks[0].outputs)
    else:
        print("\nNext: run anyscale-constructs synth NAME with the same options to see the next commands for one cloud")
    list_allowed(app.allowed)
    if not notes:
        _count_notes(app.findings)
    elif format == "text":
        print("\n" + "\n".join(text(finding) for finding in told if finding.severity == "note"))
    return told


def gather_clouds(
    directory: pathlib.Path, target: pathlib.Path, names: Sequence[str]
) -> tuple[App, dict[str, Document]]:
    """Synthesizes clouds and prints nothing.

    Args:
        directory: The directory of the YAML files.
        target: The output directory.
        names: The clouds. Empty: all.

    Returns:
        The app, and for each of its stacks the YAML file that it comes from.

    Raises:
        ConstructsError: A cloud has an error. The output directory is then unchanged.
    """
    files, defaults = choose(directory, names), Defaults(directory)
    documents: dict[str, Document] = {}

    def build(app: App) -> None:
        """Builds all clouds before it reports any error, so that one run shows all errors."""
        errors: dict[pathlib.Path, ConstructsError] = {}
        stack_of = cache(project.load_stack)

        def parse(document: Document) -> _Parsed:
            return _parse(document, stack_of, alone=bool(names))

        def make(parsed: _Parsed) -> None:
            documents.update((each.name, parsed.document) for each in _make(app, parsed))

        done: dict[pathlib.Path, Any] = {file: file for file in files}
        # Each step for all clouds, since the code of one step fits into the processor's cache.
        steps: Sequence[Callable[[Any], Any]] = (defaults.read, parse, make)
        for step in steps:
            for file in [*done]:
                try:
                    done[file] = step(done[file])
                except Exception as error:  # noqa: BLE001 - it must not hide the errors in other files
                    del done[file]
                    errors[file] = foreseen(error, file.stem)
                    errors[file].findings = within(errors[file].findings, cloud=file.stem)
        if errors:
            raise together([errors[file] for file in files if file in errors])

    try:
        locks = project.locks_directory(directory)
        return synthesize_app(build, target, locks, others=bool(names)), documents
    except ConstructsError as error:
        error.findings = _located(error.findings, documents)
        raise


def remarks(app: App, documents: Mapping[str, Document], out: pathlib.Path, *, notes: bool = True) -> list[Finding]:
    """Returns the warnings and notes that are not allowed, with their places.

    Args:
        app: The app from `gather_clouds`.
        documents: The YAML files from `gather_clouds`, by stack.
        out: The output directory.
        notes: Whether to include the notes. Default: True.
    """
    found = [each for each in app.findings if notes or each.severity != "note"]
    return [*_located(found, documents), *_annotated(out, app)]


def _located(findings: Iterable[Finding], documents: Mapping[str, Document]) -> list[Finding]:
    return [
        each
        for finding in findings
        for each in (documents[finding.cloud].located([finding]) if finding.cloud in documents else [finding])
    ]


def _annotated(out: pathlib.Path, app: App) -> Iterator[Finding]:
    """Yields the warnings that the user's own code added as annotations, which only the manifest contains."""
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    for stack in stacks_in(app):
        name = stack.node.id
        notes = [note for note in manifest["stacks"][name]["annotations"] if note["level"].endswith("warn")]
        ours = {each.annotation for each in getattr(stack, "findings", ()) if notes and each.severity == "warning"}
        for note in notes:
            if note["message"] not in ours:
                construct = note["constructPath"].removeprefix(f"{name}/")
                yield Finding(note["message"], rule=ANNOTATION, cloud=name, construct=construct)


def choose(directory: pathlib.Path, names: Sequence[str]) -> list[pathlib.Path]:
    """Returns the YAML files of clouds.

    Args:
        directory: The directory of the files.
        names: The clouds. Empty: all.

    Raises:
        ConfigError: There are no clouds, or a name is wrong.
    """
    if directory.is_file():
        raise ConfigError(
            "--clouds must be a directory",
            value=str(directory),
            fix=f"use --clouds {directory.parent} {directory.stem} to synthesize only that cloud",
        )
    if not directory.is_dir():
        raise ConfigError(
            "the directory of clouds does not exist",
            value=str(directory),
            fix="run the command in the directory with cdktf.json, or name the directory of clouds with --clouds",
        )
    files = {file.stem: file for file in Defaults(directory).files()}
    if not files:
        raise ConfigError(
            "the directory of clouds contains no *.yaml files",
            value=str(directory),
            fix="write a cloud as NAME.yaml, or name another directory with --clouds",
        )
    for name in names:
        if name not in files:
            raise ConfigError(f"{directory}: {unknown(name, files, 'cloud')}")
    stack_name = checked(StackName)
    for name, file in files.items():
        if not stack_name.fits(name):
            what = f"the file's name is the cloud's name, and must be {stack_name}"
            raise ConfigError([Finding(what, "rename the file", name, rule=FILE_NAME, place=Place(str(file)))])
    return [files[name] for name in dict.fromkeys(names or files)]


class _Parsed(NamedTuple):
    """A cloud's document, the class of its stack, and its configuration."""

    document: Document
    stack: type[CloudStack]
    config: CloudConfig


def _parse(document: Document, stack_of: Callable[[str], type[CloudStack]], *, alone: bool) -> _Parsed:
    """Parses the configuration of a cloud.

    Args:
        document: The cloud's document.
        stack_of: Returns the stack class of a kind.
        alone: Whether only some clouds of the defaults are synthesized.
    """
    if KIND not in document.data:
        meant = nearest(KIND, filter(lambda key: isinstance(key, str), document.data)) or ""
        fix, kinds = "set the kind of cloud, such as stack: ec2", ", ".join(project.kinds())
        what, place = "stack is required", document.place((meant,))
        raise ConfigError([Finding(what, fix, allowed=kinds, rule=MISSING_KEY, place=place)])
    try:
        kind = document.data[KIND]
        stack = stack_of(kind) if isinstance(kind, str) else project.load_stack(kind)
    except ConfigError as error:
        raise ConfigError(document.located(within(error.findings, key=(KIND,)))) from error
    config = document.parse(stack.config_type)
    for rule, allowance in config.allow.items():
        if document.is_default(("allow", rule)):
            allowance.set_default(None if alone else document.place(("allow", rule)))
    return _Parsed(document, stack, config)


def _make(app: App, parsed: _Parsed) -> Sequence[CloudStack]:
    """Adds the stacks of a cloud to the app, and returns them."""
    document, name = parsed.document, parsed.document.file.stem
    try:
        stacks: Sequence[CloudStack] = parsed.stack.build(app, name, parsed.config)
        for made in stacks:
            made.prepare()
    except ConstructsError as error:
        own = users_line(error.__traceback__)
        raise ConfigError(document.located(within(error.findings, cloud=name), own)) from error
    except RuntimeError as error:
        if not is_engines(error):
            raise
        found = Finding(
            f"the engine rejects the configuration: {said_by_engine(error)}", rule=ENGINE_REFUSAL, cloud=name
        )
        raise ConfigError(document.located([found], users_line(error.__traceback__))) from error
    return stacks


def list_allowed(allowed: Sequence[tuple[Finding, Allowance]]) -> None:
    """Prints the allowed findings with the reasons."""
    if allowed:
        print("\nAllowed:")
    for finding, allowance in allowed:
        rule = finding.rule.id if finding.rule else ""
        until = f" (until {allowance.until})" if allowance.until else ""
        print(f"  {finding.cloud}: {rule}: {clean(allowance.reason)}{until}")


def _count_notes(findings: Iterable[Finding]) -> None:
    if notes := sum(finding.severity == "note" for finding in findings):
        count = f"{notes} note{'s' if notes > 1 else ''}"
        print(f"\n{count} on what defaults leave open: anyscale-constructs synth --notes")


def _report(stacks: Sequence[CloudStack]) -> None:
    rows = [("STACK", "MODULES", "PINS", "STATE")]
    for stack in stacks:
        interfaces = {name: module.interface for name, module in stack.modules.items()}
        pins = sorted({interface.pin for interface in interfaces.values()})
        rows.append((stack.name, " ".join(interfaces) or "-", ", ".join(pins) or "-", stack.backend_type))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = (
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]) for row in rows
    )
    print("\n".join(map(str.rstrip, lines)))


def _guide(names: Sequence[str], out: pathlib.Path, *, registers: bool) -> None:
    """Prints the next commands to run.

    Args:
        names: A cloud's stacks, in the order in which they must be applied.
        out: The output directory.
        registers: Whether Terraform registers the cloud.
    """
    applies = [f"{_terraform(name, out)} init, then {_terraform(name, out)} apply" for name in names]
    # `register` reads the output directory of cdktf.json; outputs from elsewhere are piped to it.
    here = out == project.output_directory()
    pipe, outputs = ("", "") if here else (f"{_terraform(names[0], out)} output -json | ", " --outputs -")
    variables = "".join(f" --tfvars {shlex.quote(f'{out}/stacks/{name}/terraform.tfvars.json')}" for name in names[1:])
    register = f"{pipe}anyscale-constructs register {names[0]}{outputs}{variables}"
    steps = [applies[0], *([] if registers else [register]), *applies[1:]]
    print("\nNext: " + "\nThen: ".join(steps))


def _terraform(name: str, out: pathlib.Path) -> str:
    return f"terraform -chdir={shlex.quote(f'{out}/stacks/{name}')}"
