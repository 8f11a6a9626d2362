"""Field types that all providers share: they check literals, and pass expressions and tokens unchanged.

`OrExpr` and `Known` mark which of a configuration's fields accept expressions.
"""

import functools
import ipaddress
import operator
import re
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import AfterValidator, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from anyscale_constructs.config.networks import network
from anyscale_constructs.expressions import Expr, as_expression, converts, is_unresolved

T = TypeVar("T")

_TERRAFORM_TYPES: dict[Any, str] = {
    bool: "bool", int: "number", str: "string", Literal: "string", list: "list", dict: "map",
}  # fmt: skip
_REFERENCE = r"\$\{(?:module|var|local|data)\..+\}"


def empty_list() -> list[Any]:
    """Returns a field's default. Pydantic examines the signature of a default's factory, and that of `list` is slow."""
    return []


def empty_map() -> dict[Any, Any]:
    """Returns a field's default, like `empty_list`."""
    return {}


class TakesExpressions:
    """Marks whether a field accepts an expression. Without this mark, only strings do.

    Args:
        may: Whether the field accepts an expression.
    """

    def __init__(self, *, may: bool) -> None:
        self.may = may

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        if not self.may:
            return handler(source)
        others = [part for part in get_args(source) if part is not Expr]
        wanted = Terraform(next(filter(None, map(_terraform_type, others)), "any"))

        def pass_(value: Any, inner: Callable[[Any], Any]) -> Any:
            given = as_expression(value)
            return wanted.fitting(given) if isinstance(given, Expr) else inner(given)

        def serialize(value: Any, inner: Callable[[Any], Any]) -> Any:
            return value if isinstance(value, Expr) else inner(value)

        return core_schema.no_info_wrap_validator_function(
            pass_,
            handler(functools.reduce(operator.or_, others)),
            serialization=core_schema.wrap_serializer_function_ser_schema(serialize),
        )

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        schema = handler(core)
        if not self.may:
            # A pattern alone accepts everything that is not a string.
            return {**schema, "not": {"type": "string", "pattern": r"^\$\{"}}
        return {"anyOf": [*schema.get("anyOf", [schema]), {"type": "string", "pattern": f"^{_REFERENCE}$"}]}


def _terraform_type(annotation: Any) -> str | None:
    if get_origin(annotation) is Annotated:
        return _terraform_type(get_args(annotation)[0])
    return _TERRAFORM_TYPES.get(get_origin(annotation) or annotation)


OrExpr = Annotated[T | Expr, TakesExpressions(may=True)]
"""A field that also accepts an expression, or a string that is a single reference."""
Known = Annotated[T, TakesExpressions(may=False)]
"""A field that must be known at synthesis, since it shapes the stack."""


class Checked:
    """Checks a literal string; unresolved values pass.

    Args:
        says: What is allowed, for the error and the JSON Schema.
        accepts: A regular expression that the whole literal must match, or a function that checks the literal.
        example: A valid value.
        any_alphabet: Whether classes of characters also match those outside ASCII, as they do not in a JSON Schema.
            Default: False.
    """

    def __init__(
        self, says: str, accepts: str | Callable[[str], bool], example: str, *, any_alphabet: bool = False
    ) -> None:
        self.says, self.accepts, self.example, self.any_alphabet = says, accepts, example, any_alphabet

    def saying(self, says: str) -> "Checked":
        """Returns the same check with another text.

        Args:
            says: As for the class.
        """
        return Checked(says, self.accepts, self.example, any_alphabet=self.any_alphabet)

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self._check)

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        schema = {"type": "string", "description": f"{self.says}.", "examples": [self.example]}
        if isinstance(self.accepts, str):
            schema["pattern"] = rf"^(?:{self.accepts}|{_REFERENCE})$"
        return schema

    def __str__(self) -> str:
        return f"{self.says}, such as {self.example}"

    def fits(self, text: str) -> bool:
        """Returns whether the literal is accepted."""
        return bool(self._matches(text))

    @functools.cached_property
    def _matches(self) -> Callable[[str], object]:
        if isinstance(self.accepts, str):
            return re.compile(self.accepts, 0 if self.any_alphabet else re.ASCII).fullmatch
        return self.accepts

    def _check(self, value: Any) -> str:
        if isinstance(value, Expr):
            return _TEXT.fitting(value)
        if not isinstance(value, list) and is_unresolved(value):
            return value  # type: ignore[no-any-return]
        if isinstance(value, str) and self.fits(value):
            return value
        says = str(self) if isinstance(value, str) else f"a string: {self}"
        raise PydanticCustomError("not_allowed", "must be {says}", {"says": says})


def checked(field_type: Any) -> Checked:
    """Returns the check of a field type, e.g. of `Cidr`."""
    found: Checked = field_type.__metadata__[0]
    return found


def _is_cidr(text: str) -> bool:
    return network(text) is not None


PRIVATE_NETWORKS = [
    ipaddress.IPv4Network(cidr)
    for cidr in ("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16")
]


def _is_of_the_internet(text: str) -> bool:
    return _is_cidr(text) and not any(map(ipaddress.IPv4Network(text).subnet_of, PRIVATE_NETWORKS))


Cidr = Annotated[str, Checked("an IPv4 network in CIDR form, with no host bits set", _is_cidr, "10.0.0.0/16")]
InternetCidr = Annotated[
    str,
    Checked(
        "a public IPv4 network in CIDR form, with no host bits set",
        _is_of_the_internet,
        "203.0.113.0/24",
    ),
]
OrgId = Annotated[str, Checked("an Anyscale organization ID", r"org_[A-Za-z0-9]+", "org_1234abcd")]
CloudId = Annotated[str, Checked("an Anyscale cloud ID", r"cld_[A-Za-z0-9]+", "cld_1234abcd")]
CloudResourceId = Annotated[str, Checked("an Anyscale cloud resource ID", r"cldrsrc_[A-Za-z0-9]+", "cldrsrc_1234abcd")]
StackName = Annotated[
    str,
    Checked(
        "at most 64 letters, digits, hyphens and underscores, beginning with a letter",
        r"[A-Za-z][A-Za-z0-9_-]{0,63}",
        "production",
    ),
]


def _distinct(values: list[T]) -> list[T]:
    texts = [str.__str__(value) if isinstance(value, str) else repr(value) for value in values]
    if len(texts) != len({*texts}):
        twice = next(text for text in texts if texts.count(text) > 1)
        raise PydanticCustomError("twice", "must not have duplicates, but has {value} twice", {"value": twice})
    return values


Distinct = Annotated[list[T], AfterValidator(_distinct)]
"""A list without duplicates, for lists with a resource for each value."""
NetworkingMode = Literal["PUBLIC", "PRIVATE"]
"""PUBLIC: direct networking, with nodes in public subnets. PRIVATE: customer-defined networking, in private subnets."""

TagValue = Annotated[str, Checked("at most 256 characters", r"[\s\S]{0,256}", "ml-platform")]


class Terraform:
    """A module input of a Terraform type: an expression passes if its type can be converted to that type.

    Args:
        type: The Terraform type.
    """

    def __init__(self, type: str) -> None:
        self.type = type

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        alternatives = (
            [part for part in get_args(source) if part is not Expr]
            if get_origin(source) in (Union, types.UnionType)
            else [source]
        )
        (plain,) = alternatives
        if get_origin(plain) is Sequence:
            plain = list[get_args(plain)[0]]  # type: ignore[misc] # made at run time
        elif get_origin(plain) is Mapping:
            plain = dict[str, get_args(plain)[1]]  # type: ignore[misc] # made at run time
        return core_schema.no_info_wrap_validator_function(self._check, handler.generate_schema(plain))

    def fitting(self, value: Expr) -> Expr:
        """Returns the expression, if its type can be converted to this one.

        Raises:
            PydanticCustomError: The type cannot be converted.
        """
        if converts(value.type, self.type):
            return value
        raise PydanticCustomError(
            "expression_type",
            "must be a Terraform {want}, but the expression {code} is a {have}",
            {"want": self.type, "have": value.type, "code": value.code},
        )

    def _check(self, value: Any, inner: Callable[[Any], Any]) -> Any:
        kind = type(value)
        if kind is Expr:
            return self.fitting(value)
        if kind is not bool and kind is not list and is_unresolved(value):
            return value
        return inner(list(value) if isinstance(value, tuple) else value)


_TEXT = Terraform("string")
