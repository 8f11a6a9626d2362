"""The APIs that must be enabled in the project before anything else is created."""

from collections.abc import Sequence
from typing import Any, ClassVar, Unpack

from pydantic import TypeAdapter

from anyscale_constructs.engine import Construct
from anyscale_constructs.findings import Finding
from anyscale_constructs.google.guards import the_module_is_enabled
from anyscale_constructs.google.project import IProject
from anyscale_constructs.google.types import ServiceName
from anyscale_constructs.modules.google.cloudapis import CloudApisInputs, CloudApisModule
from anyscale_constructs.terraform.guards import Guard, Inputs, guard, value_is_refused
from anyscale_constructs.terraform.interface import Interface

# Upstream's list lacks these. Service accounts and the identity pool need the first three in a new project, and
# `anyscale cloud verify` requires the last.
_MISSING = ("iam.googleapis.com", "iamcredentials.googleapis.com", "sts.googleapis.com", "config.googleapis.com")
_NAMES: TypeAdapter[list[str]] = TypeAdapter(list[ServiceName])
_REQUIRED, _OPTIONAL = _LISTS = ("anyscale_activate_required_apis", "anyscale_activate_optional_apis")


def _needed(interface: Interface) -> list[str]:
    return [*interface.variable(_REQUIRED).default, *_MISSING]


@guard("google-api-missing", _REQUIRED)
def no_required_service_is_left_out(i: Inputs) -> Finding | None:
    """Without one of the required APIs, apply fails in a new project, or `anyscale cloud verify` fails."""
    missing = [api for api in _needed(i.interface) if api not in i[_REQUIRED]] if i.known(_REQUIRED) else []
    if missing:
        return Finding(f"{_REQUIRED} lacks {', '.join(missing)}", f"add them, or set {_OPTIONAL} instead")
    return None


@guard("google-api-name", *_LISTS)
def services_are_named_in_full(i: Inputs) -> Finding | None:
    """Google accepts only the full names of APIs."""
    for name in _LISTS:
        if i.known(name) and (found := value_is_refused(_NAMES, i[name], name, "use the full name")):
            return found._replace(on=[name])
    return None


@guard(
    "google-api-disabled-on-destroy",
    "disable_services_on_destroy",
    "disable_dependent_services",
    severity="warning",
)
def services_stay_on(i: Inputs) -> Finding | None:
    """When the cloud is destroyed, the project's other workloads lose the APIs, too."""
    for switch in ("disable_services_on_destroy", "disable_dependent_services"):
        if i[switch] is not False:
            return Finding(
                f"{switch} disables APIs of the whole project when the cloud is destroyed",
                "remove it, unless nothing else uses the project",
                on=[switch],
            )
    return None


class CloudApis(CloudApisModule):
    """The APIs that a cloud needs. All other resources in the project wait for them.

    Args:
        scope: The stack.
        id: The construct's ID in the stack. Default: `cloudapis`.
        project: The project.
        depends_on: Constructs that must be created first. Default: none.
        **inputs: Upstream's input variables, with upstream's names; `anyscale_activate_optional_apis`
            has the APIs that not every cloud needs, e.g. `redis.googleapis.com`.

    Raises:
        InputError: An input is invalid, or breaks one of the construct's rules.
    """

    guards: ClassVar[Sequence[Guard]] = (
        the_module_is_enabled,
        no_required_service_is_left_out,
        services_are_named_in_full,
        services_stay_on,
    )

    def __init__(
        self,
        scope: Construct,
        id: str = "cloudapis",
        *,
        project: IProject,
        depends_on: Sequence[Construct] = (),
        **inputs: Unpack[CloudApisInputs],
    ) -> None:
        self._project = project
        super().__init__(scope, id, depends_on=depends_on, **inputs)

    def complete(self, given: dict[str, Any]) -> dict[str, Any]:
        """Adds the APIs that upstream's list lacks."""
        return {"anyscale_project_id": self._project.project_id, _REQUIRED: _needed(self.interface)} | given
