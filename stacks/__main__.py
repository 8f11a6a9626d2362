"""`python -m stacks`: every cloud of a directory, from YAML to Terraform JSON."""

import gc

# A run is short and needs what it makes to the end: collecting garbage costs a tenth of it and frees nothing.
gc.disable()

import argparse
import sys

from anyscale_constructs.cli import run
from stacks import STACKS


def main() -> int:
    """Synthesizes the clouds named on the command line, or all of them."""
    parser = argparse.ArgumentParser(prog="python -m stacks", description="Turns clouds in YAML into Terraform JSON.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="clouds to synthesize (default: all)")
    parser.add_argument(
        "--clouds", metavar="DIR", help="where the YAML files are (default: cdktf.json's context.clouds)"
    )
    parser.add_argument("--out", metavar="DIR", help="where the JSON goes (default: cdktf.json's output)")
    parser.add_argument("--notes", action="store_true", help="print what upstream's defaults leave open")
    arguments = parser.parse_args()

    def command() -> None:
        from anyscale_constructs.cli.synth import synth  # noqa: PLC0415 - it starts the engine, which may be missing

        synth(STACKS, arguments.names, arguments.clouds, arguments.out, notes=arguments.notes)

    return run(command)


if __name__ == "__main__":
    sys.exit(main())
