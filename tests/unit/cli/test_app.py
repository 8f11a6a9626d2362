"""`anyscale-constructs` itself: its version and its exit status."""

import sys
from collections.abc import Callable

import pytest

from anyscale_constructs import __version__, cli
from anyscale_constructs.cli.app import APP, PROGRAM
from anyscale_constructs.cli.app import run as run_app
from anyscale_constructs.errors import ConstructsError, RefusedChangeError


def test_the_version_is_the_packages(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["anyscale-constructs", "--version"])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert (end.value.code or 0, capsys.readouterr().out) == (0, f"{__version__}\n")


def raising(error: BaseException) -> Callable[[], None]:
    def command() -> None:
        raise error

    return command


@pytest.mark.parametrize(
    ("error", "status", "says"),
    [
        (ConstructsError("it is wrong", fix="correct it"), 2, "error[mistake]: it is wrong\n  Fix: correct it\n"),
        (RefusedChangeError("it cannot change"), 3, "error[refused-change]: it cannot change\n"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_fails_with_a_status_and_without_a_traceback(
    error: BaseException, status: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(raising(error)) == status
    assert capsys.readouterr() == ("", says)


WRONG = {
    "": "usage: anyscale-constructs [-h] [--version] COMMAND ...",
    "modules": "usage: anyscale-constructs modules [-h] COMMAND ...",
    "synht": "error[mistake]: unknown command 'synht': did you mean 'synth'?\n  Fix: see anyscale-constructs --help\n",
    "modules rendre": "unknown command 'rendre': did you mean 'render'?\n  Fix: see anyscale-constructs modules --",
    "--verison": "unrecognized arguments: --verison\n  Fix: see anyscale-constructs --help\n",
    "synth --strct": "unknown option '--strct': did you mean '--strict'?\n  Fix: see anyscale-constructs synth --",
    "synth --orig x": "unknown option '--orig': ",  # no abbreviations, and a hidden option is not suggested
    "synth --format yaml": "argument --format: invalid choice: 'yaml' (choose from 'text', 'json', 'github')\n",
    "synth --out": "argument --out: expected one argument\n",
    "review a b c": "unexpected argument 'c'\n",
    "eject": "the following arguments are required: NAME\n",
    "init a": "the following arguments are required: --cloud\n",
}


@pytest.mark.parametrize(("words", "says"), WRONG.items(), ids=WRONG)
def test_fails_on_wrong_arguments(words: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(lambda: run_app(words.split())) == 2
    out, said = capsys.readouterr()
    assert (out, says in said) == ("", True), said


@pytest.mark.parametrize("words", ["a --strict b", "--strict a b", "a b --strict"])
def test_options_may_stand_between_names(words: str) -> None:
    command, program, rest = APP.find(PROGRAM, ["synth", *words.split()])
    assert command.parse(program, rest) == {"names": ["a", "b"], "strict": True}
