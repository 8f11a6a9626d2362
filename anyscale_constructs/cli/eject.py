"""`anyscale-constructs eject`: a cloud as plain Terraform."""

import pathlib
import shlex

from anyscale_constructs.cli import project
from anyscale_constructs.cli.command import argument, command
from anyscale_constructs.cli.options import CLOUDS, OUT


@command(
    argument("name", metavar="NAME", help="The cloud, or a stack synthesized by a Python program."),
    argument(
        "--to",
        type=pathlib.Path,
        metavar="DIR",
        help="The directory for the new directories, one per stack. Default: terraform.",
    ),
    CLOUDS,
    OUT,
)
def eject(
    name: str,
    *,
    to: pathlib.Path = pathlib.Path("terraform"),
    clouds: pathlib.Path | None = None,
    out: pathlib.Path | None = None,
) -> None:
    """Writes a cloud as plain Terraform that does not depend on this program, into DIR/STACK for each stack.

    The Terraform state stays the same, so a plan shows the same changes as before. Never overwrites files.
    """
    from anyscale_constructs.cli.ejection import eject_cloud  # noqa: PLC0415 - it starts the engine

    written = eject_cloud(name, clouds or project.clouds_directory(), out or project.output_directory(), to)
    print("\n".join(["Written:", *(f"  {folder / file}" for folder, files in written.items() for file in files)]))
    programs = [f"terraform -chdir={shlex.quote(str(folder))}" for folder in written]
    commands = [f"{program} init, then {program} plan" for program in programs]
    print("\nNext: " + "\nThen: ".join(commands))
