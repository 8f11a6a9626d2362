"""The project's default log sink, without the nodes' syslog, which costs more than it says."""

from collections.abc import Sequence
from typing import Any, ClassVar, Unpack

from pydantic import Field

from anyscale_constructs.config.model import Model
from anyscale_constructs.engine import Construct
from anyscale_constructs.expressions import is_unresolved
from anyscale_constructs.findings import Finding
from anyscale_constructs.google.guards import CLIENT_CONFIG, the_module_is_enabled
from anyscale_constructs.google.project import IProject
from anyscale_constructs.modules.google.loggingsink import LoggingSinkInputs, LoggingSinkModule
from anyscale_constructs.terraform.module import Guard, Inputs

_DESTINATIONS = ("logging", "storage", "bigquery", "pubsub")


class LoggingSinkConfig(Model):
    """The project's default log sink; a project has one."""

    exclusion_filter: str | None = Field(default=None, description="What is left out. Default: the nodes' syslog.")


def the_destination_is_one_of_cloud_logging(i: Inputs) -> Finding | None:
    """Google refuses others; upstream's own default is the bucket that the sink has anyway."""
    destination = i["sink_destination"]
    if destination is None or is_unresolved(destination):
        return None
    hosts = [f"{service}.googleapis.com/" for service in _DESTINATIONS]
    if not destination.startswith(tuple(hosts)):
        return Finding("sink_destination is no place for logs", "leave it out", destination, f"{', '.join(hosts)}...")
    return Finding(
        "sink_destination sends all logs of the project there, not only those of this cloud",
        "leave it out, or make a sink of your own",
        destination,
        warning=True,
    )


class LoggingSink(LoggingSinkModule):
    """The sink `_Default` of the project, which it takes over: a project has one, so clouds that share a project too.

    Args:
        scope: The stack.
        id: Default: `loggingsink`.
        project: The project.
        depends_on: Constructs that must be there first.
        **inputs: Upstream's inputs by their own names.

    Raises:
        InputError: An input is wrong or would spring one of upstream's traps.
    """

    guards: ClassVar[Sequence[Guard]] = (the_module_is_enabled, the_destination_is_one_of_cloud_logging)
    settled = (CLIENT_CONFIG,)

    def __init__(
        self,
        scope: Construct,
        id: str = "loggingsink",
        *,
        project: IProject,
        depends_on: Sequence[Construct] = (),
        **inputs: Unpack[LoggingSinkInputs],
    ) -> None:
        self._project = project
        super().__init__(scope, id, depends_on=depends_on, **inputs)

    def complete(self, given: dict[str, Any]) -> dict[str, Any]:
        """Names the project."""
        return {"anyscale_project_id": self._project.project_id} | given
