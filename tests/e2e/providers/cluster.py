"""The base of the doubles of providers that need a running cluster, whose address they require at plan."""

import os
from collections.abc import Iterator, Sequence
from typing import Any

from msgpack.ext import ExtType
from tf.iface import DataSource, Resource
from tf.schema import Attribute, Schema
from tf.types import TfType, Unknown
from tf.utils import Diagnostics

from tests.e2e.providers.double import Double

CLUSTER_IS_KNOWN = "CLUSTER_IS_KNOWN"
"""The variable in the environment of those runs of Terraform that need the cluster."""


class Anything(TfType):
    """A value of the type that it has in the configuration; the framework has no type for objects."""

    def encode(self, value: Any) -> Any:
        return value

    def decode(self, value: Any) -> Any:
        return value

    def tf_type(self) -> bytes:
        return b'"dynamic"'


class ClusterDouble(Double):
    """A provider that has the address of a cluster, and does not connect to it.

    The real providers continue if the cluster is unknown at plan, and fail when they need it. If the environment
    contains `CLUSTER_IS_KNOWN`, this one fails immediately. When Terraform destroys resources, it may remove data
    sources from the state before it configures a provider, which then needs no cluster.

    Args:
        name: The provider's name.
        arguments: The arguments that describe the cluster; all of them are required.
        resources: Its resources.
        data_sources: Its data sources.
    """

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        *,
        resources: Sequence[type[Resource]] = (),
        data_sources: Sequence[type[DataSource]] = (),
    ) -> None:
        super().__init__(name, resources=resources, data_sources=data_sources)
        self._arguments = arguments

    def get_provider_schema(self, diags: Diagnostics) -> Schema:
        return Schema([Attribute(name, Anything(), required=True) for name in self._arguments])

    def configure_provider(self, diags: Diagnostics, config: dict[str, Any]) -> None:
        unknown = any(value is Unknown or isinstance(value, ExtType) for value in _leaves(config))
        if unknown and CLUSTER_IS_KNOWN in os.environ:
            diags.add_error(f"provider {self.name}: the cluster is not known yet", str(config))


def _leaves(value: Any) -> Iterator[Any]:
    match value:
        case dict():
            for inner in value.values():
                yield from _leaves(inner)
        case list():
            for inner in value:
                yield from _leaves(inner)
        case _:
            yield value
