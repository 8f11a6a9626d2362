"""A double of hashicorp/tls for machines that cannot reach the registry: the data source `tls_certificate`.

The real one requests the certificates of a cluster's OIDC issuer, which an emulated cluster does not have.
"""

import hashlib

from tf.iface import Config, DataSource, ReadDataContext, State
from tf.runner import run_provider
from tf.schema import Attribute, Schema
from tf.types import List, Map, String

from tests.e2e.providers.double import Double


class TlsCertificate(DataSource):
    def __init__(self, provider: Double) -> None:
        self.provider = provider

    @classmethod
    def get_name(cls) -> str:
        return "certificate"

    @classmethod
    def get_schema(cls) -> Schema:
        return Schema(
            [
                Attribute("url", String(), required=True),
                Attribute("id", String(), computed=True),
                # An object in the real provider, for which the framework has no type; Terraform reads both alike.
                Attribute("certificates", List(Map(String())), computed=True),
            ]
        )

    def read(self, ctx: ReadDataContext, config: Config) -> State:
        fingerprint = hashlib.sha1(config["url"].encode(), usedforsecurity=False).hexdigest()
        return config | {"id": fingerprint, "certificates": [{"sha1_fingerprint": fingerprint}]}


if __name__ == "__main__":
    run_provider(Double("tls", data_sources=[TlsCertificate]))
