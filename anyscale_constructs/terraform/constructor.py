"""Checks the Python arguments of constructs, so that mistakes raise an error with a fix instead of Python's own."""

import functools
import inspect
import re
import types
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel
from typing_extensions import get_protocol_members, is_protocol

from anyscale_constructs.engine import Construct
from anyscale_constructs.errors import InputError

_MISSING = object()
_TWICE = r"got multiple values for keyword argument '(\w+)'"


def checked(init: Callable[..., None]) -> Callable[..., None]:
    """Returns a construct's constructor that raises `InputError` for invalid arguments.

    Args:
        init: The constructor. Parameters typed as constructs, `Existing...` models or protocols of these are checked.
    """

    @functools.wraps(init)
    def constructor(self: Any, *args: Any, **arguments: Any) -> None:
        positions, kinds = _parameters(init)
        given = arguments | dict(zip(positions, args, strict=False)) if kinds else {}
        for parameter, allowed in kinds.items():
            value = given.get(parameter)
            if parameter in given and not any(_is_one(value, kind) for kind in allowed):
                names = " or ".join(name for kind in allowed for name in _names(kind))
                raise InputError(
                    f"{type(self).__name__}: {parameter} must be a construct",
                    value=value,
                    allowed=names,
                    fix=f"pass {names}; an Existing... model represents infrastructure that already exists",
                )
        try:
            init(self, *args, **arguments)
        except TypeError as error:
            name = type(self).__name__
            try:
                inspect.signature(init).bind(self, *args, **arguments)
            except TypeError as wrong:
                raise InputError(f"{name}: {wrong}", fix=f"see help({name})") from None
            if twice := re.search(_TWICE, str(error)):
                raise InputError(
                    f"{name}: {twice.group(1)} is derived from another argument", fix=f"remove {twice.group(1)}"
                ) from None
            raise

    return constructor


@functools.cache
def _parameters(init: Callable[..., None]) -> tuple[Sequence[str], Mapping[str, tuple[type, ...]]]:
    """Returns the names of a constructor's positional parameters, and the allowed types of the checked parameters."""
    hints = {name: hint for name, hint in get_type_hints(init).items() if name not in {"return", "inputs"}}
    choices = {
        name: get_args(hint) if get_origin(hint) in {Union, types.UnionType} else (hint,)
        for name, hint in hints.items()
    }
    kinds = {name: all_ for name, all_ in choices.items() if all(map(_is_construct, all_)) and name != "scope"}
    parameters = inspect.signature(init).parameters.values()
    return [each.name for each in parameters if each.kind is each.POSITIONAL_OR_KEYWORD][1:], kinds


def _is_construct(kind: Any) -> bool:
    known = isinstance(kind, type) and (issubclass(kind, Construct | BaseModel) or is_protocol(kind))
    return kind is types.NoneType or known


def _is_one(value: Any, kind: type) -> bool:
    if not is_protocol(kind):
        return isinstance(value, kind)
    # isinstance() would evaluate the properties in Python 3.11.
    members = _members(value.__class__, kind)
    return not members or all(inspect.getattr_static(value, name, _MISSING) is not _MISSING for name in members)


@functools.cache
def _members(given: type, protocol: type) -> Collection[str]:
    """Returns the properties of a protocol that the class itself lacks; its instances may have them."""
    names = get_protocol_members(protocol)
    return [name for name in names if inspect.getattr_static(given, name, _MISSING) is _MISSING]


def _names(kind: type) -> Sequence[str]:
    """Returns the class names for a message; the docstring of a protocol names its implementations."""
    if is_protocol(kind):
        return re.findall(r"`(\w+)`", kind.__doc__ or "")
    return () if kind is types.NoneType else (kind.__name__,)
