"""`anyscale-constructs new`: a kind of cloud of your own."""

import keyword
import re
from typing import Annotated

import typer

from anyscale_constructs.cli import project
from anyscale_constructs.clouds import KINDS
from anyscale_constructs.errors import ConfigError
from anyscale_constructs.names import unknown

_IMPORTS = "from anyscale_constructs import clouds\n"
_CONFIG = '''

class {own}Config(clouds.{kind}Config):
    """The keys of the YAML: the package's, and those you add."""
'''
_OPERATOR = '''

class {own}OperatorStack(clouds.{kind}OperatorStack):
    """What runs in the cluster. Override a step to change it, such as `operator_values`, or add to `compose`."""
'''
_STACK = '''

class {own}Stack(clouds.{kind}Stack):
    """The cloud. Override a step to change it, such as `{step}`, or add to `compose`."""
'''
_STEPS = {"generic": "cloud_outputs"}


def source(kind: str, name: str) -> str:
    """The module of a kind of cloud of your own, which changes nothing yet.

    Args:
        kind: The package's kind that it derives from.
        name: Its own word, which stands under `stack:`.
    """
    operator = kind not in {"ec2", "gce"}
    text = f'"""The kind of cloud `{name}`: the package\'s `{kind}`, to change here."""\n\n'
    text += _IMPORTS + (_CONFIG if name != kind else "") + (_OPERATOR if operator else "") + _STACK
    parts = {"config_type": "Config"} if name != kind else {}
    parts |= {"operator_type": "OperatorStack"} if operator else {}
    if parts:
        text += "\n" + "".join(f"    {attribute} = {{own}}{suffix}\n" for attribute, suffix in parts.items())
    own = name.title().replace("_", "")
    return text.format(own=own, kind=kind.title(), step=_STEPS.get(kind, "add_bucket"))


def new(
    kind: Annotated[str, typer.Argument(help=f"The package's kind: {', '.join(KINDS)}.")],
    name: Annotated[
        str | None, typer.Argument(help="The word of your kind under `stack:`. Default: KIND, in whose place yours is.")
    ] = None,
) -> None:
    """Writes a short module into `stacks/`, in which you change a kind of cloud.

    The package's kind stays importable, and every step of it that you do not override follows its next versions.
    """
    if kind not in KINDS:
        raise ConfigError(unknown(kind, KINDS, "kind of stack"))
    own = kind if name is None else name
    if not re.fullmatch("[a-z][a-z0-9_]*", own) or keyword.iskeyword(own):
        raise ConfigError(
            "NAME must be lower-case letters, digits and underscores, beginning with a letter, and no word of Python's",
            value=own,
            fix="choose another one, e.g. my_kind",
        )
    if own in KINDS and own != kind:
        raise ConfigError(
            f"NAME is another of the package's kinds, whose place a kind derived from {kind} would take",
            value=own,
            fix=f"anyscale-constructs new {own}, or choose another NAME",
        )
    folder = project.stacks_directory()
    file = folder / f"{own}.py"
    if file.exists():
        raise ConfigError(f"{file} exists", fix="change it there, or choose another NAME")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        package = folder / "__init__.py"
        if not package.exists():
            package.write_text('"""Kinds of clouds of our own, one module a kind."""\n', encoding="utf-8")
        file.write_text(source(kind, own), encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"{file} can't be written: {error.strerror}", fix="use a folder that you can write to"
        ) from error
    typer.echo(f"{file} is written. Write stack: {own} in a cloud's YAML to use it.")
