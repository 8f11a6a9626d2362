"""`anyscale-constructs new`: creates a kind of cloud of your own."""

import keyword
import re

from anyscale_constructs.cli import project
from anyscale_constructs.cli.command import argument, command
from anyscale_constructs.clouds import KINDS
from anyscale_constructs.errors import ConfigError
from anyscale_constructs.names import unknown

_IMPORTS = "from anyscale_constructs import clouds\n"
_CONFIG = '''

class {own}Config(clouds.{kind}Config):
    """The keys of the YAML: the package's and your own."""
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
    """Returns the source of a module with a derived kind of cloud that changes nothing yet.

    Args:
        kind: The package's kind to derive from.
        name: The new kind's name, the value of `stack:` in YAML.
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


@command(
    argument("kind", metavar="KIND", help=f"The package's kind to derive from: {', '.join(KINDS)}."),
    argument(
        "name",
        nargs="?",
        metavar="NAME",
        help="The name of your kind, for `stack:`. Default: KIND, which yours then replaces.",
    ),
)
def new(kind: str, name: str | None = None) -> None:
    """Writes a Python module into `stacks/`, in which you can change a kind of cloud.

    The package's kind stays importable. Steps that you do not override are upgraded with the package.
    """
    if kind not in KINDS:
        raise ConfigError(unknown(kind, KINDS, "kind of stack"))
    own = kind if name is None else name
    if not re.fullmatch("[a-z][a-z0-9_]*", own) or keyword.iskeyword(own):
        raise ConfigError(
            "NAME must be lowercase letters, digits and underscores, begin with a letter, and not be a Python keyword",
            value=own,
            fix="choose another name, e.g. my_kind",
        )
    if own in KINDS and own != kind:
        raise ConfigError(
            f"NAME is another kind of the package, which a kind derived from {kind} would replace",
            value=own,
            fix=f"run anyscale-constructs new {own}, or choose another NAME",
        )
    folder = project.stacks_directory()
    file = folder / f"{own}.py"
    if file.exists():
        raise ConfigError(f"{file} exists", fix="edit that file, or choose another NAME")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        package = folder / "__init__.py"
        if not package.exists():
            package.write_text('"""Our own kinds of clouds, one module per kind."""\n', encoding="utf-8")
        file.write_text(source(kind, own), encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"{file} cannot be written: {error.strerror}", fix="use a directory that you can write to"
        ) from error
    print(f"{file} is written. Set stack: {own} in a cloud's YAML to use it.")
