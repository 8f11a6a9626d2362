"""`anyscale-constructs lock`: locks the versions and checksums of the stacks' providers, in files kept in git."""

import pathlib
from typing import Annotated

import typer

from anyscale_constructs.cli import project
from anyscale_constructs.cli.options import Out

PLATFORMS = ["linux_amd64", "linux_arm64", "darwin_amd64", "darwin_arm64"]


def lock(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="The synthesized stacks. Default: all in the output directory.", metavar="[NAME]..."),
    ] = None,
    *,
    clouds: Annotated[
        pathlib.Path | None,
        typer.Option(
            help="The directory of the YAML files; the lock files go into locks next to it. Default: "
            "context.clouds of cdktf.json.",
            metavar="DIR",
        ),
    ] = None,
    out: Out = None,
    platform: Annotated[
        list[str] | None,
        typer.Option(
            help=f"A platform that Terraform runs on; repeat the option for several. Default: {', '.join(PLATFORMS)}.",
            metavar="OS_ARCH",
        ),
    ] = None,
    upgrade: Annotated[
        bool,
        typer.Option(
            "--upgrade", help="Lock the newest matching versions. Default: keep locked versions that still match."
        ),
    ] = False,
    fs_mirror: Annotated[
        pathlib.Path | None,
        typer.Option(help="A filesystem mirror to download providers from instead of their registry.", metavar="DIR"),
    ] = None,
    net_mirror: Annotated[
        str | None,
        typer.Option(help="A network mirror to download providers from instead of their registry.", metavar="URL"),
    ] = None,
) -> None:
    """Locks the provider versions and checksums of synthesized stacks, in locks/NAME.lock.hcl.

    Fetches the modules, then runs `terraform providers lock`, which downloads each provider for each platform and
    ignores the mirrors in Terraform's CLI configuration. Commit the files: `synth` copies them into the output.
    """
    from rich.console import Console  # noqa: PLC0415 - other commands do not need it

    from anyscale_constructs.cli.locking import lock_stacks  # noqa: PLC0415 - likewise

    options = [f"-platform={each}" for each in platform or PLATFORMS]
    options += [f"-fs-mirror={fs_mirror.absolute()}"] if fs_mirror else []
    options += [f"-net-mirror={net_mirror}"] if net_mirror else []
    directory, source = project.locks_directory(clouds or project.clouds_directory()), out or project.output_directory()
    console = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)
    with console.status("terraform"):
        for line in lock_stacks(source, names or [], directory, options, upgrade=upgrade, say=console.print):
            typer.echo(line)
