"""From a directory of clouds in YAML to Terraform JSON, with a table of what came out."""

import json
import pathlib
import sys
from collections.abc import Sequence

from pydantic import TypeAdapter, ValidationError

from anyscale_constructs.anyscale import RESOURCE_ID_OUTPUT
from anyscale_constructs.cli import project
from anyscale_constructs.config.document import KIND, Document
from anyscale_constructs.config.model import nearest, unknown
from anyscale_constructs.config.types import StackName
from anyscale_constructs.errors import ConfigError, ConstructsError, SynthesisError
from anyscale_constructs.terraform.app import App, sweep, synthesize
from anyscale_constructs.terraform.locks import unused_locks
from anyscale_constructs.terraform.stack import CloudStack


def synthesize_clouds(directory: pathlib.Path, target: pathlib.Path, names: Sequence[str], *, notes: bool) -> None:
    """Synthesizes clouds and prints what came out.

    Args:
        directory: Where the YAML files are.
        target: Where the JSON goes.
        names: Which clouds; none: all, and folders of clouds that are gone are removed from the output then.
        notes: Whether to print what defaults leave open, instead of how often.

    Raises:
        ConstructsError: Something is wrong in one of them; the output directory is as it was then.
    """
    files, locks = _choose(directory, names), project.locks_directory(directory)
    documents: dict[str, Document] = {}

    def build(app: App) -> None:
        """Goes through all files before it complains of any, so that one run shows all that is wrong."""
        errors = []
        for file in files:
            try:
                document = Document(file)
                documents.update((made.name, document) for made in _make(app, document))
            except ConfigError as error:
                errors.append(str(error))
            except Exception as error:
                error.add_note(str(file))
                raise
        if errors:
            raise ConfigError("\n".join(errors))

    try:
        stacks = synthesize(build, target, locks)
    except SynthesisError as error:
        lines = ((documents.get(line.partition(": ")[0]), line) for line in str(error).splitlines())
        raise ConfigError("\n".join(f"{of.near(line)}: {line}" if of else line for of, line in lines)) from error
    _warn(target)
    for folder in () if names else sweep(target, stacks):
        print(f"warn: {folder}", file=sys.stderr)
    for lock in () if names else unused_locks(locks, (stack.name for stack in stacks)):
        print(f"warn: {lock}: no cloud makes this stack any more. To mend it: delete the file", file=sys.stderr)
    _report(stacks)
    if len(files) == 1:
        _guide([stack.name for stack in stacks], target, registers=RESOURCE_ID_OUTPUT in stacks[0].outputs)
    else:
        print("\nNext: anyscale-constructs synth NAME, with the same options, says what to run for one of them")
    _note(stacks, all_of_them=notes)


def _choose(directory: pathlib.Path, names: Sequence[str]) -> list[pathlib.Path]:
    if directory.is_file():
        raise ConfigError(
            "the directory of clouds is a file",
            value=str(directory),
            mend=f"--clouds {directory.parent} {directory.stem} synthesizes that cloud alone",
        )
    if not directory.is_dir():
        raise ConfigError("the directory of clouds is missing", value=str(directory), mend="name it with --clouds")
    files: dict[str, pathlib.Path] = {}
    for file in sorted(file for file in directory.iterdir() if file.suffix in {".yaml", ".yml"}):
        if file.stem in files:
            raise ConfigError(f"{file}: {files[file.stem].name} is a cloud of the same name", mend="rename one of them")
        files[file.stem] = file
    if not files:
        raise ConfigError(
            "no cloud is there",
            value=str(directory),
            mend="write one as NAME.yaml, or name another directory with --clouds",
        )
    for name in names:
        if name not in files:
            raise ConfigError(f"{directory}: {unknown(name, files, 'cloud')}")
    for name, file in files.items():
        try:
            TypeAdapter(StackName).validate_python(name)
        except ValidationError as error:
            raise ConfigError(
                f"{file}: the file's name is the cloud's name and {error.errors()[0]['msg']}",
                value=name,
                mend="rename the file",
            ) from error
    return [files[name] for name in dict.fromkeys(names or files)]


def _make(app: App, document: Document) -> Sequence[CloudStack]:
    if KIND not in document.data:
        meant = nearest(KIND, filter(lambda key: isinstance(key, str), document.data)) or ""
        raise ConfigError(
            f"{document.file}:{document.line(meant)}: stack is required, the kind of cloud",
            allowed=", ".join(project.kinds()),
            mend="write stack: KIND, such as stack: ec2",
        )
    try:
        stack = project.load_stack(document.data[KIND])
    except ConfigError as error:
        raise ConfigError(f"{document.file}:{document.line(KIND)}: stack: {error}") from error
    config = document.parse(stack.config_type)
    try:
        stacks: Sequence[CloudStack] = stack.build(app, document.file.stem, config)
        for made in stacks:
            made.prepare()
    except ConstructsError as error:
        raise ConfigError("\n".join(f"{document.near(line)}: {line}" for line in str(error).splitlines())) from error
    except RuntimeError as error:  # the engine's only kind
        said = str(error).strip().splitlines()[0]
        raise ConfigError(f"{document.file}: the engine refuses it: {said.removeprefix('Error: ')}") from error
    return stacks


def _warn(out: pathlib.Path) -> None:
    """Prints the constructs' annotations, which only the manifest holds."""
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    for stack in manifest["stacks"].values():
        for note in stack["annotations"]:
            level = note["level"].rpartition(":")[2].removeprefix("@cdktf/")
            print(f"{level}: {note['constructPath'].replace('/', ': ')}: {note['message']}", file=sys.stderr)


def _note(stacks: Sequence[CloudStack], *, all_of_them: bool) -> None:
    notes = [f"{stack.name}: {note}" for stack in stacks for note in stack.notes]
    notes += [
        f"{stack.name}: {m.address}: {note}" for stack in stacks for m in stack.modules.values() for note in m.notes
    ]
    if all_of_them:
        print("\n" + "\n".join(notes))
    elif notes:
        count = f"{len(notes)} note{'s' if len(notes) > 1 else ''}"
        print(f"\n{count} on what defaults leave open: anyscale-constructs synth --notes")


def _report(stacks: Sequence[CloudStack]) -> None:
    rows = [("STACK", "MODULES", "PINS", "STATE")]
    for stack in stacks:
        interfaces = {name: module.interface for name, module in stack.modules.items()}
        pins = sorted({f"{i.ref} ({i.commit[:7]})" for i in interfaces.values()})
        rows.append((stack.name, " ".join(interfaces) or "-", ", ".join(pins) or "-", stack.backend_type))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        print("  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]).rstrip())


def _guide(names: Sequence[str], out: pathlib.Path, *, registers: bool) -> None:
    """Prints what to run next.

    Args:
        names: A cloud's stacks, in the order in which they are applied.
        out: Where they are.
        registers: Whether Terraform registers the cloud.
    """
    applies = [f"{_terraform(name, out)} init, then {_terraform(name, out)} apply" for name in names]
    # `register` looks where cdktf.json says; from elsewhere the outputs reach it by a pipe.
    here = out == project.output_directory()
    pipe, outputs = ("", "") if here else (f"{_terraform(names[0], out)} output -json | ", " --outputs -")
    variables = "".join(f" --tfvars {out}/stacks/{name}/terraform.tfvars.json" for name in names[1:])
    register = f"{pipe}anyscale-constructs register {names[0]}{outputs}{variables}"
    steps = [applies[0], *([] if registers else [register]), *applies[1:]]
    print("\nNext: " + "\nThen: ".join(steps))


def _terraform(name: str, out: pathlib.Path) -> str:
    return f"terraform -chdir={out}/stacks/{name}"
