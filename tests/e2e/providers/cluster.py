"""What the doubles of the providers that need a running cluster share: they must know it when they plan."""

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
"""In the environment of Terraform's runs that need the cluster."""


class Anything(TfType):
    """A value of whatever type the configuration gives it; the framework has no type for objects."""

    def encode(self, value: Any) -> Any:
        return value

    def decode(self, value: Any) -> Any:
        return value

    def tf_type(self) -> bytes:
        return b'"dynamic"'


class ClusterDouble(Double):
    """A provider that is told of a cluster, and reaches none.

    The real ones go on without a cluster that is known later, and fail once they need it. Where the environment has
    `CLUSTER_IS_KNOWN`, this one says so at once. When Terraform destroys, it may forget data sources before it
    configures a provider, which then needs nothing any more.

    Args:
        name: The provider's name.
        arguments: Those that tell of the cluster; all of them are required.
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
