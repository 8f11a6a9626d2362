"""The construct tree."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple, NoReturn, Self, TypeVar

from anyscale_constructs.errors import EngineError, EngineRefusalError

T = TypeVar("T")


class MissingError(EngineError, AttributeError):
    """The native engine lacks a feature of cdktf."""


def missing(what: str, otherwise: str = "") -> MissingError:
    """Returns the error about a feature that only the engines on Node.js have.

    Args:
        what: The feature, e.g. `Node.add_validation`.
        otherwise: The fix if the feature does not exist, with a conjunction. Default: it exists.
    """
    fix = f"{otherwise}set ANYSCALE_CONSTRUCTS_ENGINE=cdktf in the environment, which needs Node.js"
    return MissingError(f"the native engine does not support {what}", fix=fix)


def refuse(owner: object, arguments: Mapping[str, Any]) -> None:
    """Raises an error for arguments that the native engine does not support.

    Args:
        owner: The object whose constructor received the arguments.
        arguments: The unsupported arguments, by name.

    Raises:
        MissingError: There is at least one argument.
    """
    for name in arguments:
        what = f"the argument {name} of {type(owner).__name__}"
        raise missing(what, "correct the name, or, if it is a feature of CDKTF, ")


class _Lacking:
    """A member of one of cdktf's classes that the native engine lacks: reading and setting it raise `MissingError`.

    Args:
        name: The name of the member.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, instance: Any, owner: type) -> NoReturn:
        raise missing(f"{owner.__name__}.{self._name}")

    def __set__(self, instance: Any, value: Any) -> NoReturn:
        raise missing(f"{type(instance).__name__}.{self._name}")


def lacks(names: str) -> Callable[[type[T]], type[T]]:
    """Returns a decorator that adds the members of cdktf's class that the native engine lacks.

    Args:
        names: The names of the members, separated by spaces.
    """

    def decorated(kind: type[T]) -> type[T]:
        for name in names.split():
            setattr(kind, name, _Lacking(name))
        return kind

    return decorated


def member(*, jsii_name: str) -> Callable[[Any], Any]:  # noqa: ARG001 - jsii's parameter
    """Returns a decorator for methods that the engine calls; it does nothing here."""
    return lambda method: method


_NONE: Mapping[str, Any] = MappingProxyType({})


class Metadata(NamedTuple):
    """A metadata entry of a construct.

    Attributes:
        type: The type of the entry, e.g. `@cdktf/warn`.
        data: The content.
    """

    type: str
    data: str


@lacks(
    "PATH_SEP add_dependency add_validation addr default_child dependencies get_all_context get_context lock locked of "
    "remove_dependency try_remove_child validate with_"
)
class Node:
    """The node of a construct in the tree.

    Args:
        host: The construct.
        scope: The parent construct; None for the root.
        id: The ID, unique in the parent.
    """

    __slots__ = ("_children", "_context", "_host", "id", "metadata", "path", "scope")
    _children: Mapping[str, "Construct"]
    _context: Mapping[str, Any]

    def __init__(self, host: "Construct", scope: "Construct | None", id: str) -> None:
        self._host, self.scope, self.id = host, scope, id.replace("/", "--") if "/" in id else id
        # Most of the many nodes have none of these, so they share empty objects until the first entry.
        self._children = self._context = _NONE
        self.metadata: Sequence[Metadata] = ()
        self.path = "" if scope is None else scope.node._adopt(self.id, host)  # noqa: SLF001 - another node

    def _adopt(self, id: str, child: "Construct") -> str:
        """Adds a child, and returns its path."""
        children: Any = self._children
        if id in children:
            place = f" [{self.path}]" if self.path else ""
            raise EngineRefusalError(
                f"There is already a Construct with name '{id}' in {type(self._host).__name__}{place}"
            )
        if children is _NONE:
            children = self._children = {}
        children[id] = child
        return f"{self.path}/{id}" if self.path else id

    @property
    def children(self) -> "list[Construct]":
        """The direct children, in the order of their creation."""
        return [*self._children.values()]

    @property
    def scopes(self) -> "list[Construct]":
        """The ancestors of the construct from the root, and the construct itself."""
        above = self.scope.node.scopes if self.scope is not None else []
        return [*above, self._host]

    @property
    def root(self) -> "Construct":
        """The root of the tree."""
        return self.scopes[0]

    def find_all(self) -> "list[Construct]":
        """Returns the construct and all its descendants."""
        return walk(self._host)

    def try_find_child(self, id: str) -> "Construct | None":
        """Returns the child with an ID, or None."""
        return self._children.get(id.replace("/", "--"))

    def find_child(self, id: str) -> "Construct":
        """Returns the child with an ID.

        Raises:
            EngineRefusalError: No child has the ID.
        """
        child = self.try_find_child(id)
        if child is None:
            raise EngineRefusalError(f"No child with id: '{id}'")
        return child

    def set_context(self, key: str, value: Any) -> None:
        """Sets a context value for the construct and its descendants."""
        self._context = {**self._context, key: value}

    def try_get_context(self, key: str) -> Any:
        """Returns the context value of the nearest ancestor that has it, or None."""
        if key in self._context or self.scope is None:
            return self._context.get(key)
        return self.scope.node.try_get_context(key)

    def add_metadata(self, type: str, data: str) -> None:
        """Adds a metadata entry."""
        self.metadata = [*self.metadata, Metadata(type, data)]


@lacks("is_construct with_")
class Construct:
    """A construct.

    Args:
        scope: The parent construct; None for the root.
        id: The ID, unique in the parent.
    """

    is_a_stack: ClassVar[bool] = False

    def __init__(self, scope: "Construct | None", id: str) -> None:
        self.node = Node(self, scope, id)

    def __str__(self) -> str:
        return self.to_string()

    def to_string(self) -> str:
        """Returns the path of the construct."""
        return self.node.path or "<root>"


def walk(construct: Construct, *, nested_stacks: bool = True) -> list[Construct]:
    """Returns a construct and all its descendants, each before its children.

    Args:
        construct: The construct.
        nested_stacks: Whether to include stacks inside of the construct, with their descendants. Default: True.
    """
    found = [construct]
    for child in construct.node._children.values():  # noqa: SLF001 - a list of all children would take longer
        if nested_stacks or not child.is_a_stack:
            if child.node._children:  # noqa: SLF001 - most constructs have none
                found += walk(child, nested_stacks=nested_stacks)
            else:
                found.append(child)
    return found


class Annotations:
    """The annotations of a construct, which the manifest lists.

    Args:
        scope: The construct.
    """

    def __init__(self, scope: Construct) -> None:
        self._scope = scope

    @classmethod
    def of(cls, scope: Construct) -> Self:
        """Returns the annotations of a construct."""
        return cls(scope)

    def add_info(self, message: str) -> None:
        """Adds information."""
        self._scope.node.add_metadata("@cdktf/info", message)

    def add_warning(self, message: str) -> None:
        """Adds a warning."""
        self._scope.node.add_metadata("@cdktf/warn", message)

    def add_error(self, message: str) -> None:
        """Adds an error, which makes synthesis fail."""
        self._scope.node.add_metadata("@cdktf/error", message)
