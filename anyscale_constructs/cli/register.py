"""`anyscale-constructs register`: registers a deployed stack's cloud from its outputs."""

import argparse
import errno
import json
import os
import pathlib
import shutil
import time
from dataclasses import asdict
from typing import Any, Literal, get_args

from anyscale_constructs.cli import project
from anyscale_constructs.cli.command import argument, command
from anyscale_constructs.errors import ControlPlaneError, RegistrationError
from anyscale_constructs.findings import Rule, clean

TFVARS = Rule(
    "tfvars-file",
    "error",
    "Terraform reads JSON variables only from files whose names end in .tfvars.json, and the operator cannot be "
    "installed without the cloud resource's ID.",
    command="register",
)


_SHORTEST = 10
"""The lowest time limit in seconds."""
_LONGEST = 86_400
"""The highest time limit: a day. Timers of the operating system overflow with much higher values."""


Print = Literal["resource-file", "command", "terraform"]
"""The choices of --print."""


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not _SHORTEST <= seconds <= _LONGEST:
        raise argparse.ArgumentTypeError(f"must be {_SHORTEST} to {_LONGEST} seconds; got {text}")
    return seconds


@command(
    argument("stack", metavar="STACK", help="The deployed stack."),
    argument(
        "--outputs",
        metavar="FILE",
        help="A file with the outputs, or - for standard input: from terraform output -json or cdktf deploy "
        "--outputs-file, or a resource file. Default: run terraform output in the stack's directory.",
    ),
    argument("--name", help="The cloud's name. Default: the output anyscale_cloud_name."),
    argument("--dry-run", action="store_true", help="Report what would be done, and change nothing."),
    argument(
        "--verify",
        action="store_true",
        help="Let the anyscale program verify the infrastructure with your credentials when it registers or updates. "
        "A check that reports FAILED results in exit status 4.",
    ),
    argument(
        "--timeout",
        type=_seconds,
        metavar="SECONDS",
        help=f"The time limit of the whole run, {_SHORTEST} to {_LONGEST} seconds. Default: 600.",
    ),
    argument(
        "--json",
        dest="compact",
        action="store_true",
        help="Print the result as one line of JSON, without progress.",
    ),
    argument(
        "--enable-auto-add-user",
        action="store_true",
        help="Add all users of the organization to the cloud when it is created.",
    ),
    argument(
        "--tfvars",
        metavar="FILE",
        help="The variable file in which to write the cloud resource's ID, for a Kubernetes cloud: "
        "terraform.tfvars.json in the directory of the stack STACK-operator.",
    ),
    argument("--print", dest="show", choices=get_args(Print), help="Print this and do nothing else."),
)
def register(
    stack: str,
    *,
    outputs: str | None = None,
    name: str | None = None,
    dry_run: bool = False,
    verify: bool = False,
    timeout: float = 600,
    compact: bool = False,
    enable_auto_add_user: bool = False,
    tfvars: str | None = None,
    show: Print | None = None,
) -> None:
    """Registers a deployed cloud with Anyscale, or updates its registration. It is safe to run again.

    Needs the anyscale program (ANYSCALE_BIN, or on PATH) and its token (ANYSCALE_CLI_TOKEN). Prints the action
    (created, updated, unchanged or repaired) and the IDs as JSON. Exit status: 2 for wrong input, 3 for a change that
    Anyscale cannot make to a registered cloud, 4 if the control plane, the program or its verification failed.
    """
    from anyscale_constructs.registration import command as commands  # noqa: PLC0415 - other commands do not need it
    from anyscale_constructs.registration import terraform  # noqa: PLC0415 - other commands do not need it
    from anyscale_constructs.registration.outputs import find_registration, read_outputs  # noqa: PLC0415
    from anyscale_constructs.registration.program import Program  # noqa: PLC0415
    from anyscale_constructs.registration.runner import Registrar  # noqa: PLC0415

    if tfvars is not None and not tfvars.endswith(".tfvars.json"):
        raise RegistrationError(
            "--tfvars must name a JSON variable file",
            value=tfvars,
            allowed="a name that ends in .tfvars.json",
            rule=TFVARS,
        )
    if tfvars is not None and show is None and not dry_run:
        check_tfvars(tfvars)
    begin = time.monotonic()
    found, source = read_outputs(stack, outputs, project.output_directory(), timeout)
    registration = find_registration(found, stack, source=source, name=name)
    match show:
        case "resource-file":
            print(commands.resource_file(registration.resource), end="")
        case "command":
            print(commands.register_command(registration, verify=verify, auto_add_user=enable_auto_add_user))
        case "terraform":
            print(terraform.render(registration, auto_add_user=enable_auto_add_user))
        case None:
            from rich.console import Console  # noqa: PLC0415 - --print loads fast without it

            console = Console(stderr=True, quiet=compact, soft_wrap=True, highlight=False, markup=False)
            registrar = Registrar(
                registration,
                Program(timeout, begin),
                verify=verify,
                auto_add_user=enable_auto_add_user,
                say=lambda text: console.print(clean(text)),
            )
            try:
                with console.status("anyscale"):
                    result = asdict(registrar.run(dry_run=dry_run))
            except KeyboardInterrupt:
                raise ControlPlaneError(
                    "registration was interrupted and the anyscale program stopped; it may have been partly applied",
                    fix="run the command again: it completes a partial registration",
                ) from None
            if tfvars is not None and not dry_run:
                write_tfvars(tfvars, result["cloud_resource_id"])
            print(json.dumps(result | ({"dry_run": True} if dry_run else {}), indent=None if compact else 2))


def check_tfvars(file: str) -> dict[str, Any]:
    """Returns the variables of a variable file to which the cloud resource's ID can be written.

    Raises:
        RegistrationError: The file cannot be written, or does not contain a JSON object.
    """
    path = pathlib.Path(file)
    try:
        target = path.resolve()
        if target.parent != path.parent.resolve():
            raise RegistrationError(
                f"{file} is a symbolic link to another directory", fix=f"name {target}", rule=TFVARS
            )
        if not os.access(path.parent, os.W_OK | os.X_OK):
            next(path.parent.iterdir(), None)  # raises a more exact error than the next check
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        there = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    except OSError as error:
        what = f"{file} cannot be written: {error.strerror}"
        raise RegistrationError(what, fix="name another file with --tfvars", rule=TFVARS) from error
    except (ValueError, RecursionError) as error:
        raise RegistrationError(
            f"{file} is not valid JSON: {error}", fix="correct it, or delete it", rule=TFVARS
        ) from error
    if not isinstance(there, dict):
        raise RegistrationError(f"{file} must contain a JSON object", fix="correct it, or delete it", rule=TFVARS)
    return there


def write_tfvars(file: str, cloud_resource_id: str) -> None:
    """Sets the variable of a Kubernetes cloud's operator stack; keeps the other variables in the file.

    Raises:
        ControlPlaneError: The file cannot be written. The cloud is registered nevertheless.
    """
    try:
        text = json.dumps(check_tfvars(file) | {"cloud_resource_id": cloud_resource_id}, indent=2) + "\n"
        target = pathlib.Path(file).resolve()
        beside = target.with_name(f".{target.name}.{os.getpid()}")
        try:
            beside.write_text(text, encoding="utf-8")
            if target.exists():
                shutil.copymode(target, beside)
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)
    except (OSError, RegistrationError) as error:
        why = f"{file} cannot be written: {error.strerror}" if isinstance(error, OSError) else error.findings[0].what
        raise ControlPlaneError(
            f"{why}; the cloud is registered as {cloud_resource_id}",
            fix="run the command again with another --tfvars: it changes nothing else",
            rule=TFVARS,
        ) from error
