"""Terraform's types, for the inputs of modules; they accept expressions and tokens of convertible types."""

import functools
import inspect
import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypeVar

from pydantic import ConfigDict, GetCoreSchemaHandler, with_config
from pydantic_core import CoreSchema
from typing_extensions import TypedDict

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


class InputTypes:
    """What the generated wrappers' classes of inputs, each a `TypedDict` for type checkers, inherit at run time.

    Their types are text until an input is given: some wrappers have more than a hundred classes, which would take a
    twentieth of the time of a run.
    """

    __total__ = True

    def __init_subclass__(cls, *, total: bool = True) -> None:
        cls.__total__ = total
        (base,) = cls.__bases__
        cls.__annotations__ = inspect.get_annotations(base) | inspect.get_annotations(cls)

    @classmethod
    def type_of(cls, name: str) -> Any:
        """Returns the type of an input."""
        return eval(cls.__annotations__[name], {}, _Names(cls.__module__))  # noqa: S307 - of generated code

    @classmethod
    @functools.cache
    def typed_dict(cls) -> Any:
        """Returns the class as a `TypedDict`."""
        made: Any = TypedDict
        types = {name: cls.type_of(name) for name in cls.__annotations__}
        return with_config(ConfigDict(extra="forbid", strict=True))(made(cls.__name__, types, total=cls.__total__))

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return handler.generate_schema(cls.typed_dict())


class _Names(dict[str, Any]):
    """The names in a module, with its classes of inputs as `TypedDict`."""

    def __init__(self, module: str) -> None:
        self._names = vars(sys.modules[module])

    def __missing__(self, name: str) -> Any:
        found = self._names[name]
        return found.typed_dict() if isinstance(found, type) and issubclass(found, InputTypes) else found
