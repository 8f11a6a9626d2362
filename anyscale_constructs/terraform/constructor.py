"""Checks of a construct's Python arguments, before their use would fail in Python's words."""

import functools
import inspect
import re
import types
from collections.abc import Callable, Mapping
from typing import Any, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from anyscale_constructs.engine import Construct
from anyscale_constructs.errors import InputError

_TWICE = re.compile(r"got multiple values for keyword argument '(\w+)'")


def checked(init: Callable[..., None]) -> Callable[..., None]:
    """A construct's constructor that refuses what is no construct where one is wanted, in one sentence.

    Args:
        init: The constructor; parameters whose types are constructs or `Existing...` models are checked.
    """

    @functools.wraps(init)
    def constructor(self: Any, *args: Any, **arguments: Any) -> None:
        name = type(self).__name__
        signature, kinds = _parameters(init)
        try:
            bound = signature.bind(self, *args, **arguments)
        except TypeError as error:
            raise InputError(f"{name}: {error}", mend=f"see help({name})") from None
        for parameter, allowed in kinds.items():
            value = bound.arguments.get(parameter)
            if parameter in bound.arguments and not isinstance(value, allowed):
                names = " or ".join(kind.__name__ for kind in allowed if kind is not types.NoneType)
                raise InputError(
                    f"{name}: {parameter} must be a construct",
                    value=value,
                    allowed=names,
                    mend=f"give {names}: an Existing... model stands for what exists already",
                )
        try:
            init(self, *args, **arguments)
        except TypeError as error:
            if twice := _TWICE.search(str(error)):
                raise InputError(
                    f"{name}: {twice.group(1)} follows from another argument", mend=f"leave out {twice.group(1)}"
                ) from None
            raise

    return constructor


@functools.cache
def _parameters(init: Callable[..., None]) -> tuple[inspect.Signature, Mapping[str, tuple[type, ...]]]:
    hints = {name: hint for name, hint in get_type_hints(init).items() if name not in {"return", "inputs"}}
    choices = {
        name: get_args(hint) if get_origin(hint) in {Union, types.UnionType} else (hint,)
        for name, hint in hints.items()
    }
    kinds = {name: all_ for name, all_ in choices.items() if all(map(_is_construct, all_)) and name != "scope"}
    return inspect.signature(init), kinds


def _is_construct(kind: Any) -> bool:
    return kind is types.NoneType or (isinstance(kind, type) and issubclass(kind, Construct | BaseModel))
