"""Reads a registration from Terraform's outputs in any of their forms."""

import json
import pathlib
import shlex
import sys
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import yaml
from pydantic import TypeAdapter, ValidationError

from anyscale_constructs.config.loading import LARGEST, load
from anyscale_constructs.config.types import OrgId
from anyscale_constructs.errors import RegistrationError
from anyscale_constructs.expressions import is_unresolved
from anyscale_constructs.findings import NOT_GIVEN, Finding, Key, Place, Rule, within
from anyscale_constructs.registration.fields import Text
from anyscale_constructs.registration.resource import CloudResource
from anyscale_constructs.registration.rules import INVALID
from anyscale_constructs.terraform.program import terraform

RESOURCE_OUTPUT = "anyscale_cloud_resource"
NAME_OUTPUT = "anyscale_cloud_name"
STACK_OUTPUT = "anyscale_cloud_stack"
"""The output with the stack's name, if the cloud has another name because several stacks may share it."""
ORG_OUTPUT = "anyscale_org_id"

_WRITTEN = "use the output of terraform output -json or cdktf deploy --outputs-file"

UNREADABLE = Rule(
    "unreadable-outputs",
    "error",
    "The command registers what the outputs of the deployed stack describe, which it reads from Terraform or a file.",
    command="register",
)
MISSING = Rule(
    "missing-output",
    "error",
    f"`{RESOURCE_OUTPUT}` describes the infrastructure to register, and `{NAME_OUTPUT}` is the cloud's name: every "
    "deployed cloud of this library has both outputs.",
    command="register",
)
OTHER_CLOUD = Rule(
    "other-cloud-outputs",
    "error",
    "The infrastructure of one cloud would be registered under the name of another cloud.",
    command="register",
)

_TERRAFORM_KEYS = {"value", "type", "sensitive"}
_SENSITIVE = "cdktf deploy writes sensitive outputs only with --outputs-file-include-sensitive-outputs"


class Registration(NamedTuple):
    """The resource to register, and the cloud's name."""

    cloud_name: str
    resource: CloudResource
    shares_cloud: bool = False
    """Whether the cloud may have resources of other stacks, to which the resource is added."""

    @property
    def verifiable(self) -> bool:
        """Whether the program can verify the infrastructure: it has no checks for clouds on Kubernetes."""
        return self.resource.compute_stack == "VM"


def find_registration(outputs: Any, stack: str, *, source: str, name: str | None = None) -> Registration:
    """Returns the registration that outputs describe.

    Args:
        outputs: The output of `terraform output -json` or `cdktf deploy --outputs-file`, or a resource file.
        stack: The stack to select if there are outputs of several stacks.
        source: The name of the outputs' source for errors.
        name: The cloud's name. Default: the output anyscale_cloud_name.

    Raises:
        RegistrationError: An output is missing or wrong; the error names it.
    """
    if not isinstance(outputs, Mapping):
        raise RegistrationError(
            f"{source} must contain a mapping of outputs", value=outputs, fix=_WRITTEN, rule=UNREADABLE
        )
    if not all(
        isinstance(key, str) for each in (outputs, outputs.get(stack)) if isinstance(each, Mapping) for key in each
    ):
        raise RegistrationError(f"{source} has keys that are not strings", fix=_WRITTEN, rule=UNREADABLE)
    values, sensitive = _plain_values(outputs, stack, source), _sensitive(outputs)
    if values.get(RESOURCE_OUTPUT) is None:
        raise RegistrationError(
            f"{source} has no output {RESOURCE_OUTPUT}: it has {', '.join(sorted(values)) or 'no outputs'}",
            fix=f"deploy the stack {stack} first; for another stack's outputs, name that stack; {_SENSITIVE}",
            rule=MISSING,
        )
    if not isinstance(values[RESOURCE_OUTPUT], Mapping):
        masked = values[RESOURCE_OUTPUT] == "<sensitive>"
        what = f"{source}: {RESOURCE_OUTPUT} must be an object"
        fix = _SENSITIVE if masked else "set the output to an object, not to a JSON string"
        value = NOT_GIVEN if RESOURCE_OUTPUT in sensitive else values[RESOURCE_OUTPUT]
        raise RegistrationError(what, value=value, fix=fix)
    named = {key: values.get(key) for key in (NAME_OUTPUT, STACK_OUTPUT, ORG_OUTPUT)}
    if code := [*_code(values[RESOURCE_OUTPUT]), *_code(named)]:
        raise RegistrationError(within(code, place=Place(source)))
    try:
        resource = CloudResource.read(values[RESOURCE_OUTPUT])
    except RegistrationError as error:
        found = within(error.findings, place=Place(source))
        hidden = [each._replace(value=NOT_GIVEN) for each in found] if RESOURCE_OUTPUT in sensitive else found
        raise RegistrationError(hidden) from error
    _check_organization(
        resource, values.get(ORG_OUTPUT), source, hidden=not {ORG_OUTPUT, RESOURCE_OUTPUT}.isdisjoint(sensitive)
    )
    given = name or values.get(NAME_OUTPUT)
    if given is None:
        raise RegistrationError(
            f"{source} has no output {NAME_OUTPUT}", fix="set the cloud's name with --name", rule=MISSING
        )
    where = "--name" if name else f"{source}: {NAME_OUTPUT}"
    cloud_name = _checked(Text, given, where, hidden=not name and NAME_OUTPUT in sensitive)
    if not name and (values.get(STACK_OUTPUT) or cloud_name) != stack:
        called = "another name" if NAME_OUTPUT in sensitive else cloud_name
        raise RegistrationError(
            f"{source} has the outputs of the cloud {called}, not of {stack}",
            fix=f"register {called}, or add --name {called} if that is the cloud's name",
            rule=OTHER_CLOUD,
        )
    return Registration(cloud_name, resource, shares_cloud=values.get(STACK_OUTPUT) is not None)


def read_outputs(stack: str, file: str | None, out: pathlib.Path, time_limit: float) -> tuple[Any, str]:
    """Returns the outputs and the name of their source.

    Args:
        stack: The stack in whose directory `terraform output` runs if no file is given.
        file: A JSON or YAML file, `-` for standard input, or None to run `terraform output`.
        out: The output directory of synthesis.
        time_limit: The time limit of `terraform output`, in seconds.

    Raises:
        RegistrationError: The outputs cannot be read.
    """
    if file is None:
        return _from_terraform(stack, out / "stacks" / stack, time_limit)
    source = "standard input" if file == "-" else str(pathlib.Path(file))
    try:
        content = sys.stdin.read() if file == "-" else pathlib.Path(file).read_text(encoding="utf-8")
        return _parsed(content), source
    except OSError as error:
        raise RegistrationError(
            f"{source} cannot be read: {error.strerror}", fix="correct the path after --outputs", rule=UNREADABLE
        ) from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise RegistrationError(f"{source} is neither JSON nor YAML: {error}", fix=_WRITTEN, rule=UNREADABLE) from error


def _parsed(text: str) -> Any:
    """Returns text parsed as JSON, else as YAML, which is slower and not quite a superset of JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        if len(text) > LARGEST:
            raise yaml.YAMLError(f"it is not JSON, and YAML is limited to {LARGEST} characters") from None
        return load(text)


def _from_terraform(stack: str, directory: pathlib.Path, time_limit: float) -> tuple[Any, str]:
    if not directory.is_dir():
        raise RegistrationError(
            f"the stack {stack} has no directory {directory}",
            fix="correct the name, run the command in the directory with cdktf.json, or name a file with --outputs",
            rule=UNREADABLE,
        )
    program = terraform()
    command = [program, "output", "-json", "-no-color"]
    import subprocess  # noqa: PLC0415 - imported only when needed

    try:
        done = subprocess.run(
            command,
            cwd=directory,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
            timeout=time_limit,
        )
    except subprocess.TimeoutExpired as error:
        raise RegistrationError(
            f"{program} output took longer than {time_limit:g} s",
            fix="check that the stack's backend can be reached, or raise --timeout",
            rule=UNREADABLE,
        ) from error
    except OSError as error:
        raise RegistrationError(
            f"{program} cannot be run: {error.strerror}",
            fix="install it, or name a file of outputs with --outputs",
            rule=UNREADABLE,
        ) from error
    source = f"terraform output of {stack}"
    if done.returncode:
        # For an uninitialized stack, Terraform prints twenty lines, which are about changes of the backend.
        first = "initialization required" in done.stderr
        inside = f"{program} -chdir={shlex.quote(str(directory))}"
        raise RegistrationError(
            f"the stack {stack} is not initialized in {directory}"
            if first
            else f"{source} failed: {done.stderr.strip() or f'exit status {done.returncode}'}",
            fix=f"run {inside} init, then {inside} apply" if first else "fix the problem that Terraform reports",
            rule=UNREADABLE,
        )
    try:
        return json.loads(done.stdout), source
    except (ValueError, RecursionError) as error:
        raise RegistrationError(
            f"{source} is not valid JSON: {error}",
            fix="set TERRAFORM_BINARY_NAME to terraform, not to a wrapper of it",
            rule=UNREADABLE,
        ) from error


def _plain_values(outputs: Mapping[str, Any], stack: str, source: str) -> dict[str, Any]:
    """Returns the values of outputs by name, from any of the three forms."""
    if "provider" in outputs and "compute_stack" in outputs:
        return {RESOURCE_OUTPUT: outputs}
    if outputs and all(isinstance(output, Mapping) and output.keys() <= _TERRAFORM_KEYS for output in outputs.values()):
        return {name: output.get("value") for name, output in outputs.items()}
    if RESOURCE_OUTPUT in outputs:
        return dict(outputs)
    if isinstance(outputs.get(stack), Mapping):
        return dict(outputs[stack])
    if outputs and all(isinstance(output, Mapping) for output in outputs.values()):
        what = f"{source} has no stack {stack}: it has {', '.join(sorted(outputs))}"
        raise RegistrationError(what, fix="name one of these stacks", rule=MISSING)
    return dict(outputs)


def _code(value: Any, key: Key = ()) -> Iterator[Finding]:
    """Finds references that Terraform should have replaced by values; a model would accept them as expressions."""
    match value:
        case Mapping():
            for name, inner in value.items():
                yield from _code(inner, (*key, name))
        case list():
            for index, inner in enumerate(value):
                yield from _code(inner, (*key, index))
        case str() if is_unresolved(value):
            yield Finding("is a reference of Terraform's, not its value", _WRITTEN, rule=INVALID, key=key)


def _check_organization(resource: CloudResource, org_id: Any, source: str, *, hidden: bool) -> None:
    external_id = resource.aws_config.external_id if resource.aws_config else None
    if org_id is None or external_id is None:
        return
    if not external_id.startswith("cld_") and not external_id.startswith(
        f"{_checked(OrgId, org_id, f'{source}: {ORG_OUTPUT}', hidden=hidden)}-"
    ):
        what, key = "must begin with the organization ID and a hyphen", ("aws_config", "external_id")
        what += "" if hidden else f", {org_id}-"
        fix = f"set org_id, or the output {ORG_OUTPUT}, to the organization of the external ID"
        found = Finding(what, fix, NOT_GIVEN if hidden else external_id, rule=INVALID, key=key, place=Place(source))
        raise RegistrationError([found])


def _sensitive(outputs: Mapping[str, Any]) -> set[str]:
    """Returns the outputs whose values Terraform does not show."""
    return {name for name, output in outputs.items() if isinstance(output, Mapping) and output.get("sensitive")}


def _checked(kind: Any, value: Any, where: str, *, hidden: bool = False) -> str:
    try:
        return str(TypeAdapter(kind).validate_python(value))
    except ValidationError as error:
        raise RegistrationError(f"{where} {error.errors()[0]['msg']}", value=NOT_GIVEN if hidden else value) from error
