"""Terraform's types, for the inputs of modules; they accept expressions and tokens of convertible types."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypeVar

from anyscale_constructs.config.types import Terraform
from anyscale_constructs.expressions import Expr

T = TypeVar("T")
TfString = Annotated[str, Terraform("string")]
TfNumber = Annotated[float | Expr, Terraform("number")]
TfBool = Annotated[bool | Expr, Terraform("bool")]
TfList = Annotated[Sequence[T] | Expr, Terraform("list")]
TfMap = Annotated[Mapping[str, T] | Expr, Terraform("map")]
TfObject = Annotated[T | Expr, Terraform("object")]
TfAny = Annotated[Any, Terraform("any")]
