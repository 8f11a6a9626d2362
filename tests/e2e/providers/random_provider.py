"""A double of hashicorp/random for machines that can't reach the registry: `random_id`."""

import base64
import secrets

from tf.iface import CreateContext, DeleteContext, ReadContext, Resource, State, UpdateContext
from tf.runner import run_provider
from tf.schema import Attribute, Schema
from tf.types import Map, Number, String

from tests.e2e.providers.double import Double


class RandomId(Resource):
    def __init__(self, provider: Double) -> None:
        self.provider = provider

    @classmethod
    def get_name(cls) -> str:
        return "id"

    @classmethod
    def get_schema(cls) -> Schema:
        return Schema(
            [
                Attribute("byte_length", Number(), required=True, requires_replace=True),
                Attribute("prefix", String(), optional=True, requires_replace=True),
                Attribute("keepers", Map(String()), optional=True, requires_replace=True),
                *(Attribute(name, String(), computed=True) for name in ("id", "b64_std", "b64_url", "dec", "hex")),
            ]
        )

    def create(self, ctx: CreateContext, planned: State) -> State:
        value = secrets.token_bytes(int(planned["byte_length"]))
        prefix = planned["prefix"] or ""
        url = base64.urlsafe_b64encode(value).decode().rstrip("=")
        return planned | {
            "id": url,
            "b64_url": prefix + url,
            "b64_std": prefix + base64.b64encode(value).decode(),
            "dec": prefix + str(int.from_bytes(value)),
            "hex": prefix + value.hex(),
        }

    def read(self, ctx: ReadContext, current: State) -> State:
        return current

    def update(self, ctx: UpdateContext, current: State, planned: State) -> State:
        return planned

    def delete(self, ctx: DeleteContext, current: State) -> None:
        """Nothing is kept outside of the state."""


if __name__ == "__main__":
    run_provider(Double("random", [RandomId]))
