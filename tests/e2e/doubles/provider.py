"""What a double has to be told of a provider: where its schema is, and what no schema says."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.e2e.doubles.schema import Schema, Type

Computed = Mapping[str, Any]
"""Values of one type, by their path, such as `endpoint` or `private_cluster_config.private_endpoint`.

In a text `{NAME}` stands for an argument of the resource, or else of the provider, and `{hash}` for eight hexadecimal
digits. Instead of a value there may be a function that makes it from the arguments. A block that has a value is there
although nothing configures it.
"""
CERTIFICATE = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg=="
"""The beginning of a certificate in PEM, in base64."""
EVERY = "*"
"""Stands for every type, in the place of one."""


def _as_it_is(_: Schema) -> None:
    """Nothing is lacking."""


@dataclass(frozen=True)
class Rules:
    """What a provider's code says of the arguments of a type, which its schema does not.

    An argument inside of a block has a path, such as `network_profile.service_cidr`.

    Attributes:
        source: The file in the provider's repository, at the release that the double stands in for.
        replacing: The arguments whose change replaces the resource, as words of a text.
        conflicting: Arguments of which no two may be given, as words of a text; each text is one such group.
        one_of: Arguments of which exactly one must be given, likewise.
        patterns: Regular expressions for the whole of an argument.
        possible: The values that an argument may have, as words of a text.
    """

    source: str
    replacing: str = ""
    conflicting: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    patterns: Mapping[str, str] = field(default_factory=dict)
    possible: Mapping[str, str] = field(default_factory=dict)


NO_RULES = Rules("")


@dataclass(frozen=True)
class Provider:
    """A provider that can be doubled.

    Attributes:
        read: Reads its schema.
        releases: The releases of the provider that the double stands in for.
        amend: Adds to the schema what a release has and the one that the schema is of lacks.
        meta: The types of what modules may write in a block `provider_meta`.
        computed: The values that have to look like something, by type; data sources are called `data.TYPE`.
        known_at_plan: The computed attributes that are known when Terraform plans a new resource, by type.
        rules: What its code says of a type; `EVERY` is for the types that have no rules of their own.
    """

    read: Callable[[], Schema]
    releases: tuple[str, ...]
    amend: Callable[[Schema], None] = _as_it_is
    meta: Mapping[str, Type] = field(default_factory=dict)
    computed: Mapping[str, Computed] = field(default_factory=dict)
    known_at_plan: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rules: Mapping[str, Rules] = field(default_factory=dict)

    def schema(self) -> Schema:
        """Its schema.

        Raises:
            MissingPieceError: What it is read from cannot be had.
        """
        schema = self.read()
        self.amend(schema)
        return schema

    def values(self, type_name: str) -> Computed:
        """The values of a type."""
        return {**self.computed.get(EVERY, {}), **self.computed.get(type_name, {})}

    def rules_of(self, type_name: str) -> Rules:
        """The rules of a type."""
        return self.rules.get(type_name) or self.rules.get(EVERY, NO_RULES)
