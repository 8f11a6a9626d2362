"""`anyscale-constructs register`: from a deployed stack's outputs to the registered cloud."""

import enum
import errno
import json
import os
import pathlib
import shutil
import time
from dataclasses import asdict
from typing import Annotated, Any

import typer

from anyscale_constructs.cli import project
from anyscale_constructs.errors import ControlPlaneError, RegistrationError
from anyscale_constructs.findings import Rule, clean

TFVARS = Rule(
    "tfvars-file",
    "error",
    "Terraform reads variables from JSON only in files whose names end with .tfvars.json, and installs no operator "
    "without the cloud resource's id.",
    command="register",
)


class Print(enum.StrEnum):
    """What --print shows."""

    RESOURCE_FILE = "resource-file"
    COMMAND = "command"
    TERRAFORM = "terraform"


def register(
    stack: Annotated[str, typer.Argument(help="The deployed stack.", metavar="STACK")],
    *,
    outputs: Annotated[
        str | None,
        typer.Option(
            help="Outputs in a file, or - for standard input: of terraform output -json, of cdktf deploy "
            "--outputs-file, or a resource file. Default: terraform output in the stack's directory.",
            metavar="FILE",
        ),
    ] = None,
    name: Annotated[str | None, typer.Option(help="The cloud's name. Default: the output anyscale_cloud_name.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Look, say what would be done, and write nothing.")
    ] = False,
    verify: Annotated[
        bool,
        typer.Option(
            "--verify",
            help="Let the anyscale program check the infrastructure, with your credentials, whenever it writes. "
            "A check that reports FAILED is exit status 4.",
        ),
    ] = False,
    timeout: Annotated[float, typer.Option(help="Seconds for the whole run.", min=10)] = 600,
    compact: Annotated[bool, typer.Option("--json", help="The result as one line of JSON, and no progress.")] = False,
    enable_auto_add_user: Annotated[
        bool,
        typer.Option("--enable-auto-add-user", help="Admit every user of the organization to a cloud that is created."),
    ] = False,
    tfvars: Annotated[
        str | None,
        typer.Option(
            help="Write the cloud resource's id there, for the stack STACK-operator of a Kubernetes cloud: into "
            "terraform.tfvars.json in that stack's directory.",
            metavar="FILE",
        ),
    ] = None,
    show: Annotated[Print | None, typer.Option("--print", help="Show this, and do nothing.")] = None,
) -> None:
    """Registers a deployed cloud with Anyscale, or brings its registration up to date; safe to run again.

    Needs the anyscale program (ANYSCALE_BIN, or on PATH) and its token (ANYSCALE_CLI_TOKEN). Prints the
    action (created, updated, unchanged or repaired) and the ids as JSON. Exit status: 2 for wrong input, 3 for
    a change that the cloud can't take, 4 when the control plane, the program or its verification failed.
    """
    from anyscale_constructs.registration import command, terraform  # noqa: PLC0415 - other commands need none of it
    from anyscale_constructs.registration.outputs import find_registration, read_outputs  # noqa: PLC0415
    from anyscale_constructs.registration.program import Program  # noqa: PLC0415
    from anyscale_constructs.registration.runner import Registrar  # noqa: PLC0415

    if tfvars is not None and not tfvars.endswith(".tfvars.json"):
        raise RegistrationError(
            "--tfvars writes JSON", value=tfvars, allowed="a name that ends with .tfvars.json", rule=TFVARS
        )
    if tfvars is not None and show is None and not dry_run:
        check_tfvars(tfvars)
    begin = time.monotonic()
    found, source = read_outputs(stack, outputs, project.output_directory(), timeout)
    registration = find_registration(found, stack, source=source, name=name)
    match show:
        case Print.RESOURCE_FILE:
            typer.echo(command.resource_file(registration.resource), nl=False)
        case Print.COMMAND:
            typer.echo(command.register_command(registration, verify=verify, auto_add_user=enable_auto_add_user))
        case Print.TERRAFORM:
            typer.echo(terraform.render(registration, auto_add_user=enable_auto_add_user))
        case None:
            from rich.console import Console  # noqa: PLC0415 - what only shows something loads fast

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
                    fix="run this again: it looks first, and completes what is half done",
                ) from None
            if tfvars is not None and not dry_run:
                write_tfvars(tfvars, result["cloud_resource_id"])
            typer.echo(json.dumps(result | ({"dry_run": True} if dry_run else {}), indent=None if compact else 2))


def check_tfvars(file: str) -> dict[str, Any]:
    """What a variable file holds, if the cloud resource's id can be written there.

    Raises:
        RegistrationError: It cannot, or the file is not a JSON object of variables.
    """
    path = pathlib.Path(file)
    try:
        target = path.resolve()
        if target.parent != path.parent.resolve():
            raise RegistrationError(f"{file} is a link out of its folder", fix=f"name {target}", rule=TFVARS)
        if not os.access(path.parent, os.W_OK | os.X_OK):
            next(path.parent.iterdir(), None)  # raises what is more exact than the following
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        there = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    except OSError as error:
        what = f"{file} cannot be written: {error.strerror}"
        raise RegistrationError(what, fix="name another file with --tfvars", rule=TFVARS) from error
    except (ValueError, RecursionError) as error:
        raise RegistrationError(f"{file} is not JSON: {error}", fix="correct it, or delete it", rule=TFVARS) from error
    if not isinstance(there, dict):
        raise RegistrationError(f"{file} must hold a JSON object", fix="correct it, or delete it", rule=TFVARS)
    return there


def write_tfvars(file: str, cloud_resource_id: str) -> None:
    """Sets the variable of a Kubernetes cloud's second stack; other variables in the file stay.

    Raises:
        ControlPlaneError: It cannot be written; the cloud is registered nevertheless.
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
            f"{why}; the cloud is registered, as {cloud_resource_id}",
            fix="run this again with another --tfvars: it changes nothing else",
            rule=TFVARS,
        ) from error
