"""The project's default log sink, which excludes the nodes' syslog because of its cost."""

from collections.abc import Sequence
from typing import Any, ClassVar, Unpack

from pydantic import Field

from anyscale_constructs.config.model import Model
from anyscale_constructs.engine import Construct
from anyscale_constructs.expressions import is_unresolved
from anyscale_constructs.findings import Finding, Rule
from anyscale_constructs.google.guards import CLIENT_CONFIG, the_module_is_enabled
from anyscale_constructs.google.project import IProject
from anyscale_constructs.modules.google.loggingsink import LoggingSinkInputs, LoggingSinkModule
from anyscale_constructs.terraform.guards import Guard, Inputs, guard

_DESTINATIONS = ("logging", "storage", "bigquery", "pubsub")


class LoggingSinkConfig(Model):
    """The project's default log sink. A project has only one."""

    exclusion_filter: str | None = Field(
        default=None, description="A filter for the logs to exclude. Default: the nodes' syslog."
    )


ALL_LOGS = Rule(
    "log-sink-scope", "warning", "The sink receives the logs of the whole project, not only those of one cloud."
)


@guard("log-sink-destination", "sink_destination")
def the_destination_is_one_of_cloud_logging(i: Inputs) -> Finding | None:
    """A log sink writes to a log bucket, Cloud Storage, BigQuery or Pub/Sub, and Google rejects other destinations."""
    destination = i["sink_destination"]
    if destination is None or is_unresolved(destination):
        return None
    hosts = [f"{service}.googleapis.com/" for service in _DESTINATIONS]
    if not destination.startswith(tuple(hosts)):
        return Finding(
            "sink_destination is not a destination of Cloud Logging",
            "remove it",
            destination,
            f"a name that begins with {' or '.join(hosts)}",
        )
    return Finding(
        "sink_destination redirects all logs of the project, not only those of this cloud",
        "remove it, and create another sink for this cloud",
        destination,
        rule=ALL_LOGS,
    )


class LoggingSink(LoggingSinkModule):
    """The project's sink `_Default`, which it adopts. A project has one, so clouds in one project share it.

    Args:
        scope: The stack.
        id: The construct's ID in the stack. Default: `loggingsink`.
        project: The project.
        depends_on: Constructs that must be created first. Default: none.
        **inputs: Upstream's input variables, with upstream's names.

    Raises:
        InputError: An input is invalid, or breaks one of the construct's rules.
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
        """Sets the project."""
        return {"anyscale_project_id": self._project.project_id} | given
