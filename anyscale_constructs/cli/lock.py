"""`anyscale-constructs lock`: locks the versions and checksums of the stacks' providers, in files kept in git."""

import pathlib
from collections.abc import Sequence

from anyscale_constructs.cli import project
from anyscale_constructs.cli.command import argument, command
from anyscale_constructs.cli.options import OUT

PLATFORMS = ("linux_amd64", "linux_arm64", "darwin_amd64", "darwin_arm64")


@command(
    argument("names", nargs="*", metavar="NAME", help="The synthesized stacks. Default: all in the output directory."),
    argument(
        "--clouds",
        type=pathlib.Path,
        metavar="DIR",
        help="The directory of the YAML files; the lock files go into locks next to it. Default: context.clouds of "
        "cdktf.json.",
    ),
    OUT,
    argument(
        "--platform",
        action="append",
        metavar="OS_ARCH",
        help=f"A platform that Terraform runs on; repeat the option for several. Default: {', '.join(PLATFORMS)}.",
    ),
    argument(
        "--upgrade",
        action="store_true",
        help="Lock the newest matching versions. Default: keep locked versions that still match.",
    ),
    argument(
        "--fs-mirror",
        type=pathlib.Path,
        metavar="DIR",
        help="A filesystem mirror to download providers from instead of their registry.",
    ),
    argument(
        "--net-mirror", metavar="URL", help="A network mirror to download providers from instead of their registry."
    ),
)
def lock(
    names: Sequence[str] = (),
    *,
    clouds: pathlib.Path | None = None,
    out: pathlib.Path | None = None,
    platform: Sequence[str] = PLATFORMS,
    upgrade: bool = False,
    fs_mirror: pathlib.Path | None = None,
    net_mirror: str | None = None,
) -> None:
    """Locks the provider versions and checksums of synthesized stacks, in locks/NAME.lock.hcl.

    Fetches the modules, then runs `terraform providers lock`, which downloads each provider for each platform and
    ignores the mirrors in Terraform's CLI configuration. Commit the files: `synth` copies them into the output.
    """
    from rich.console import Console  # noqa: PLC0415 - other commands do not need it

    from anyscale_constructs.cli.locking import lock_stacks  # noqa: PLC0415 - likewise

    options = [f"-platform={each}" for each in platform]
    options += [f"-fs-mirror={fs_mirror.absolute()}"] if fs_mirror else []
    options += [f"-net-mirror={net_mirror}"] if net_mirror else []
    directory, source = project.locks_directory(clouds or project.clouds_directory()), out or project.output_directory()
    console = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)
    with console.status("terraform"):
        for line in lock_stacks(source, names, directory, options, upgrade=upgrade, say=console.print):
            print(line)
