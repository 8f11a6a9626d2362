"""The data that a double needs about a provider: the source of its schema, and what the schema does not contain."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.e2e.doubles.schema import Schema, Type

Computed = Mapping[str, Any]
"""Values of one type, by their path, such as `endpoint` or `private_cluster_config.private_endpoint`.

In a string, `{NAME}` is an argument of the resource, or else of the provider, and `{hash}` is eight hexadecimal digits.
A value can also be a function that computes it from the arguments. A block with a value exists even if it is not
configured.
"""
CERTIFICATE = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg=="
"""The beginning of a certificate in PEM, in base64."""
EVERY = "*"
"""Represents every type."""


def _unamended(_: Schema) -> None:
    """Changes nothing."""


@dataclass(frozen=True)
class Rules:
    """What a provider's code requires of the arguments of a type, which its schema does not contain.

    An argument inside a block has a path, such as `network_profile.service_cidr`.

    Attributes:
        source: The file in the provider's repository, at the release that the double represents.
        replacing: The arguments whose change replaces the resource, separated by spaces.
        conflicting: Groups of arguments of which at most one may be set, each separated by spaces.
        one_of: Groups of arguments of which exactly one must be set, each separated by spaces.
        patterns: Regular expressions that a whole argument must match.
        possible: The values that an argument may have, separated by spaces.
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
    """A provider that can be replaced by a double.

    Attributes:
        read: Reads its schema.
        releases: The releases of the provider that the double represents.
        amend: Adds to the schema what the release has and the source of the schema lacks.
        meta: The types of the arguments that modules may set in a block `provider_meta`.
        computed: The values that must have a certain form, by type; data sources are called `data.TYPE`.
        known_at_plan: The computed attributes that are known when Terraform plans a new resource, by type.
        rules: The rules of a type; `EVERY` is for types without their own rules.
    """

    read: Callable[[], Schema]
    releases: tuple[str, ...]
    amend: Callable[[Schema], None] = _unamended
    meta: Mapping[str, Type] = field(default_factory=dict)
    computed: Mapping[str, Computed] = field(default_factory=dict)
    known_at_plan: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rules: Mapping[str, Rules] = field(default_factory=dict)

    def schema(self) -> Schema:
        """Returns the provider's schema.

        Raises:
            MissingPieceError: The source of the schema is not available.
        """
        schema = self.read()
        self.amend(schema)
        return schema

    def values(self, type_name: str) -> Computed:
        """Returns the values of a type."""
        return {**self.computed.get(EVERY, {}), **self.computed.get(type_name, {})}

    def rules_of(self, type_name: str) -> Rules:
        """Returns the rules of a type."""
        return self.rules.get(type_name) or self.rules.get(EVERY, NO_RULES)
