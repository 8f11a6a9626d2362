"""`anyscale-constructs`: its commands in one place."""

from collections.abc import Sequence

from anyscale_constructs import __version__
from anyscale_constructs.cli.command import Group, argument

PROGRAM = "anyscale-constructs"

APP = Group(
    "Synthesizes, reviews and registers Anyscale clouds.",
    {
        "init": "init:init",
        "synth": "synth:synth",
        "list": "list_:list_",
        "explain": "explain:explain",
        "schema": "schema:schema",
        "review": "review:review",
        "rules": "rules:rules",
        "new": "new:new",
        "register": "register:register",
        "lock": "lock:lock",
        "check-plan": "check_plan:check_plan",
        "eject": "eject:eject",
        "doctor": "doctor:doctor",
        "modules": "modules:modules",
    },
    [argument("--version", action="version", version=__version__, help="Show the version.")],
)


def run(words: Sequence[str]) -> None:
    """Runs the command that the arguments name.

    Raises:
        ConstructsError: The command failed.
        SystemExit: It has an exit status of its own.
    """
    command, program, rest = APP.find(PROGRAM, words)
    command.function(**command.parse(program, rest))
