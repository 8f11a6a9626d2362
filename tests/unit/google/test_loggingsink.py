"""The project's log sink and its guards."""

from anyscale_constructs.google import LoggingSink
from anyscale_constructs.google import loggingsink as guards
from tests.unit.google.parts import ENABLED, PROJECT, many
from tests.unit.guards import Case, Table

TABLE = Table(
    LoggingSink,
    {"project": PROJECT},
    [
        ENABLED,
        Case(
            guards.the_destination_is_one_of_cloud_logging,
            "sink_destination",
            springs=many(
                sink_destination=["projects/acme-ml/topics/logs", "pubsub.googleapis.com/projects/p/topics/t"]
            ),
            passes=[{"sink_exclusion_filter": "resource.type=gce_instance"}],
        ),
    ],
)
