"""A double of hashicorp/random for machines that cannot reach the registry: `random_id`."""

import base64
import secrets

from tf.iface import CreateContext, State
from tf.runner import run_provider
from tf.schema import Attribute, Schema
from tf.types import Map, Number, String

from tests.e2e.providers.double import Double, Kept


class RandomId(Kept):
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


if __name__ == "__main__":
    run_provider(Double("random", resources=[RandomId]))
