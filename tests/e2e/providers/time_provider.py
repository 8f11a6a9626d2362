"""A double of hashicorp/time for machines that cannot reach the registry: `time_sleep`, which does not wait.

Upstream waits until AWS has propagated a new VPC endpoint, or set up a new cluster; the emulated account needs no time.
"""

from datetime import UTC, datetime

from tf.iface import CreateContext, State
from tf.runner import run_provider
from tf.schema import Attribute, Schema
from tf.types import Map, String

from tests.e2e.providers.double import Double, Kept


class TimeSleep(Kept):
    @classmethod
    def get_name(cls) -> str:
        return "sleep"

    @classmethod
    def get_schema(cls) -> Schema:
        return Schema(
            [
                Attribute("id", String(), computed=True),
                Attribute("create_duration", String(), optional=True),
                Attribute("destroy_duration", String(), optional=True),
                Attribute("triggers", Map(String()), optional=True, requires_replace=True),
            ]
        )

    def create(self, ctx: CreateContext, planned: State) -> State:
        return planned | {"id": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}


if __name__ == "__main__":
    run_provider(Double("time", resources=[TimeSleep]))
