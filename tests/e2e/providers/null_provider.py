"""A double of hashicorp/null for machines that cannot reach the registry: `null_resource`."""

import secrets

from tf.iface import CreateContext, State
from tf.runner import run_provider
from tf.schema import Attribute, Schema
from tf.types import Map, String

from tests.e2e.providers.double import Double, Kept


class NullResource(Kept):
    @classmethod
    def get_name(cls) -> str:
        return "resource"

    @classmethod
    def get_schema(cls) -> Schema:
        return Schema(
            [
                Attribute("id", String(), computed=True),
                Attribute("triggers", Map(String()), optional=True, requires_replace=True),
            ]
        )

    def create(self, ctx: CreateContext, planned: State) -> State:
        return planned | {"id": str(secrets.randbits(63))}


if __name__ == "__main__":
    run_provider(Double("null", resources=[NullResource]))
