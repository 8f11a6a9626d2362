"""Unexpected values in outputs and in the program's answers are used or refused, without internal errors."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from anyscale_constructs.errors import ConstructsError
from anyscale_constructs.registration import command, terraform
from anyscale_constructs.registration.outputs import Registration, find_registration
from anyscale_constructs.registration.program import Done, Program
from anyscale_constructs.registration.resource import CloudResource
from anyscale_constructs.registration.runner import Registrar
from tests.registration_samples import ALL, AWS_VM
from tests.unit.odd import with_odd_values

RESOURCES = list(ALL.values())


def forms(resource: Any) -> Iterator[Any]:
    """Yields the outputs of a stack in all forms."""
    plain = {"anyscale_cloud_name": "prod", "anyscale_org_id": "org_e2e1234", "anyscale_cloud_resource": resource}
    yield resource
    yield {"prod": plain}
    yield {name: {"value": value, "sensitive": name.endswith("id"), "type": "string"} for name, value in plain.items()}


def refusal(call: Callable[[], object]) -> ConstructsError | None:
    """Returns the raised error, or None; any other exception is a bug."""
    try:
        call()
    except ConstructsError as error:
        return error
    return None


def register(outputs: Any, name: str | None) -> None:
    found = find_registration(outputs, "prod", source="outputs", name=name)
    assert command.register_command(found, verify=True, auto_add_user=True)
    if found.resource.provider != "GENERIC":  # for which Terraform's provider has no argument
        assert terraform.render(found, auto_add_user=False)


@pytest.mark.parametrize("form", range(3), ids=["a resource", "cdktf", "terraform"])
@pytest.mark.parametrize("resource", RESOURCES, ids=ALL)
def test_outputs_are_used_or_refused(resource: Any, form: int) -> None:
    given = with_odd_values([*forms(resource)][form])
    found = [refusal(lambda: register(outputs, None if form else "prod")) for outputs in given]  # noqa: B023 - called at once
    refused = [error for error in found if error]
    assert {error.exit_status for error in refused} == {2}
    assert len(found) > len(refused) > len(found) / 2


class Answering(Program):
    """The program, with given answers and without a process."""

    def __init__(self, **answers: Any) -> None:
        self._tokens = []
        self._answers = answers
        self.asked: list[str] = []

    def run(self, *arguments: str, show: bool = False) -> Done:  # noqa: ARG002 - nothing is printed
        self.asked.append(arguments[1])
        return Done("anyscale", 0, json.dumps(self._answers[arguments[1]]), [])


LISTED = [{"id": "cld_1", "name": "prod", "provider": "AWS", "region": "us-east-2", "compute_stack": "VM"}]
GOT = {"id": "cld_1", "name": "prod", "resources": [AWS_VM | {"cloud_resource_id": "cldrsrc_1", "is_default": True}]}


@pytest.mark.parametrize("asked", ["list", "get", "get, of no resource"])
def test_answers_are_used_or_refused(asked: str) -> None:
    registration = Registration("prod", CloudResource.read(AWS_VM))
    given: Any = {"list": LISTED, "get": GOT}.get(asked, {"id": "cld_1", "name": "prod", "resources": []})
    used = 0
    statuses = set()
    for answer in with_odd_values(given):
        program = Answering(**{"list": LISTED, "get": GOT, asked.partition(",")[0]: answer})
        error = refusal(lambda: Registrar(registration, program).run(dry_run=True))  # noqa: B023 - called at once
        if error:
            statuses.add(error.exit_status)
            assert "nothing was written" in str(error)
        used += not error
        assert set(program.asked) <= {"list", "get"}
    assert 4 in statuses <= {3, 4}
    assert used > 0
