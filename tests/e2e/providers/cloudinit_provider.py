"""A double of hashicorp/cloudinit for machines that cannot reach the registry: the schema of `cloudinit_config`.

No node group of this library has cloud-init parts, so upstream never reads the data source.
"""

from tf.blocks import SetNestedBlock
from tf.iface import Config, DataSource, ReadDataContext, State
from tf.runner import run_provider
from tf.schema import Attribute, Block, Schema
from tf.types import Bool, String

from tests.e2e.providers.double import Double


class CloudinitConfig(DataSource):
    def __init__(self, provider: Double) -> None:
        self.provider = provider

    @classmethod
    def get_name(cls) -> str:
        return "config"

    @classmethod
    def get_schema(cls) -> Schema:
        part = [
            Attribute(name, String(), optional=True) for name in ("content", "content_type", "filename", "merge_type")
        ]
        return Schema(
            [
                Attribute("gzip", Bool(), optional=True),
                Attribute("base64_encode", Bool(), optional=True),
                Attribute("boundary", String(), optional=True),
                Attribute("rendered", String(), computed=True),
            ],
            block_types=[SetNestedBlock("part", Block(part))],
        )

    def read(self, ctx: ReadDataContext, config: Config) -> State:
        ctx.diagnostics.add_error(
            "the double of cloudinit_config renders nothing", "Use the real provider, from the registry or a mirror."
        )
        return config


if __name__ == "__main__":
    run_provider(Double("cloudinit", data_sources=[CloudinitConfig]))
