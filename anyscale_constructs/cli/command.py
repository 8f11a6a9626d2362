"""Commands: functions whose parameters are arguments of the command line, which the standard library parses.

A command that synthesizes one cloud takes less time than to import typer, so argparse is used.
"""

import argparse
import pkgutil
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, NoReturn

from anyscale_constructs.errors import ConstructsError


class Argument(NamedTuple):
    """An argument or option: the arguments of `argparse.ArgumentParser.add_argument`."""

    names: Sequence[str]
    attributes: Mapping[str, Any]


def argument(*names: str, **attributes: Any) -> Argument:
    """Returns an argument or option; without `default`, the default of the command's parameter applies."""
    return Argument(names, attributes)


class Parser(argparse.ArgumentParser):
    """Parses arguments as argparse does, but accepts no abbreviations, and raises errors of this library.

    Args:
        program: The program and the command, e.g. `anyscale-constructs synth`.
        about: The description, whose paragraphs are separated by empty lines.
        arguments: The arguments and options.
    """

    def __init__(self, program: str, about: str, arguments: Sequence[Argument] = ()) -> None:
        super().__init__(
            program,
            description=about,
            formatter_class=_Paragraphs,
            argument_default=argparse.SUPPRESS,
            add_help=False,
            allow_abbrev=False,
        )
        self.add_argument("-h", "--help", action="help", help="Show this help.")
        for names, attributes in arguments:
            self.add_argument(*names, **attributes)

    def parse(self, words: Sequence[str]) -> dict[str, Any]:
        """Returns the given arguments by name.

        Raises:
            ConstructsError: An argument is wrong.
        """
        found, unexpected = self.parse_known_intermixed_args(words)
        for word in unexpected:
            from anyscale_constructs.names import unknown  # noqa: PLC0415 - imported only when needed

            shown = [action for action in self._actions if action.help != argparse.SUPPRESS]
            options = [name for action in shown for name in action.option_strings]
            self.error(unknown(word, options, "option") if word.startswith("-") else f"unexpected argument {word!r}")
        return vars(found)

    def error(self, message: str) -> NoReturn:
        """Raises an error."""
        raise ConstructsError(message, fix=f"see {self.prog} --help")


class _Paragraphs(argparse.HelpFormatter):
    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n\n".join(super(_Paragraphs, self)._fill_text(each, width, indent) for each in text.split("\n\n"))


class Command(NamedTuple):
    """A command.

    Attributes:
        function: The function to call; its docstring is the description.
        arguments: Its arguments and options.
    """

    function: Callable[..., None]
    arguments: Sequence[Argument]

    @property
    def about(self) -> str:
        """The description."""
        return self.function.__doc__ or ""

    def parse(self, program: str, words: Sequence[str]) -> dict[str, Any]:
        """Returns the function's arguments.

        Args:
            program: The program and the command.
            words: The arguments of the command line.

        Raises:
            ConstructsError: An argument is wrong.
            SystemExit: The help was printed.
        """
        return Parser(program, self.about, self.arguments).parse(words)


def command(*arguments: Argument) -> Callable[[Callable[..., None]], Command]:
    """Makes a function a command with arguments and options."""
    return lambda function: Command(function, arguments)


class Group:
    """Commands by name, each of which is imported when it is used.

    Args:
        about: The description.
        commands: The module and name of each command, in the order of --help.
        options: The options of the group itself. Default: only --help.
    """

    def __init__(self, about: str, commands: Mapping[str, str], options: Sequence[Argument] = ()) -> None:
        self.about, self.commands, self.options = about, commands, options

    def __getitem__(self, name: str) -> "Command | Group":
        found: Command | Group = pkgutil.resolve_name(f"{__package__}.{self.commands[name]}")
        return found

    def find(self, program: str, words: Sequence[str]) -> tuple[Command, str, Sequence[str]]:
        """Returns the command, its name with that of the program, and its arguments.

        Args:
            program: The program.
            words: The arguments of the command line.

        Raises:
            ConstructsError: There is no such command.
            SystemExit: An option of the group was given, or nothing, for which the help is printed.
        """
        if not words or words[0].startswith("-"):
            parser = self._parser(program)
            parser.parse_args(words)
            parser.print_help(sys.stderr)
            sys.exit(ConstructsError.exit_status)
        name, *rest = words
        if name not in self.commands:
            from anyscale_constructs.names import unknown  # noqa: PLC0415 - imported only when needed

            self._parser(program).error(unknown(name, self.commands, "command"))
        found, program = self[name], f"{program} {name}"
        return found.find(program, rest) if isinstance(found, Group) else (found, program, rest)

    def _parser(self, program: str) -> Parser:
        parser = Parser(program, self.about, self.options)
        listed = parser.add_subparsers(title="commands", metavar="COMMAND", parser_class=argparse.ArgumentParser)
        for name in self.commands:
            listed.add_parser(name, help=self[name].about.partition("\n")[0])
        return parser
