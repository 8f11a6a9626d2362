"""The tree of constructs."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, Self

from anyscale_constructs.errors import EngineError, EngineRefusalError


class MissingError(EngineError, AttributeError):
    """This engine lacks something that cdktf has."""


def missing(what: str) -> MissingError:
    """The error of something that only the engines with Node.js have.

    Args:
        what: What it is, e.g. `Node.addValidation`.
    """
    return MissingError(
        f"the engine native has no {what}",
        fix="set ANYSCALE_CONSTRUCTS_ENGINE=cdktf in the environment, which needs Node.js",
    )


def refuse(owner: object, arguments: Mapping[str, Any]) -> None:
    """Refuses arguments that this engine does not know.

    Args:
        owner: What they were given to.
        arguments: The arguments, by name.
    """
    for name in arguments:
        raise missing(f"argument {name} of {type(owner).__name__}")


class Complete(type):
    """The type of classes that refuse in one sentence what they lack of cdktf."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise missing(f"{cls.__name__}.{name}")


class Lacking(metaclass=Complete):
    """What has instances that do so too."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise missing(f"{type(self).__name__}.{name}")


def member(*, jsii_name: str) -> Callable[[Any], Any]:  # noqa: ARG001 - how jsii names what JavaScript calls
    """Marks a method that the engine calls."""
    return lambda method: method


_NONE: Mapping[str, Any] = MappingProxyType({})


class Metadata(NamedTuple):
    """What a construct notes.

    Attributes:
        type: What kind of note it is, e.g. `@cdktf/warn`.
        data: The note.
    """

    type: str
    data: str


class Node(Lacking):
    """A construct's place in the tree.

    Args:
        host: The construct.
        scope: What it stands in; None for the root.
        id: Its name there.
    """

    __slots__ = ("_children", "_context", "_host", "id", "metadata", "path", "scope")

    def __init__(self, host: "Construct", scope: "Construct | None", id: str) -> None:
        self._host, self.scope, self.id = host, scope, id.replace("/", "--")
        # Most nodes have none of these, and there are many nodes: they are replaced where there is something in them.
        self._children: Mapping[str, Construct] = _NONE
        self._context: Mapping[str, Any] = _NONE
        self.metadata: Sequence[Metadata] = ()
        self.path = ""
        if scope is not None:
            above = scope.node
            self.path = f"{above.path}/{self.id}" if above.path else self.id
            if self.id in above._children:  # noqa: SLF001 - another node
                place = f" [{above.path}]" if above.path else ""
                raise EngineRefusalError(
                    f"There is already a Construct with name '{self.id}' in {type(scope).__name__}{place}"
                )
            above._add_child(self.id, host)  # noqa: SLF001 - another node

    def _add_child(self, id: str, child: "Construct") -> None:
        if not isinstance(self._children, dict):
            self._children = {}
        self._children[id] = child

    @property
    def children(self) -> "list[Construct]":
        """What stands directly in the construct, in the order in which it was made."""
        return [*self._children.values()]

    @property
    def scopes(self) -> "list[Construct]":
        """The constructs around it from the root, and the construct itself."""
        above = self.scope.node.scopes if self.scope is not None else []
        return [*above, self._host]

    @property
    def root(self) -> "Construct":
        """The outermost construct."""
        return self.scopes[0]

    def find_all(self) -> "list[Construct]":
        """The construct and all that is in it."""
        return [*walk(self._host)]

    def try_find_child(self, id: str) -> "Construct | None":
        """What has a name in the construct; None if nothing has it."""
        return self._children.get(id.replace("/", "--"))

    def find_child(self, id: str) -> "Construct":
        """What has a name in the construct."""
        child = self.try_find_child(id)
        if child is None:
            raise EngineRefusalError(f"No child with id: '{id}'")
        return child

    def set_context(self, key: str, value: Any) -> None:
        """Sets a value that the construct and all that is in it can ask for."""
        self._context = {**self._context, key: value}

    def try_get_context(self, key: str) -> Any:
        """A value of the nearest construct that has it; None if none has."""
        if key in self._context or self.scope is None:
            return self._context.get(key)
        return self.scope.node.try_get_context(key)

    def add_metadata(self, type: str, data: str) -> None:
        """Adds a note."""
        self.metadata = [*self.metadata, Metadata(type, data)]


class Construct(Lacking):
    """A node of the tree.

    Args:
        scope: What it stands in; None for the root.
        id: Its name there.
    """

    def __init__(self, scope: "Construct | None", id: str) -> None:
        self.node = Node(self, scope, id)

    def __str__(self) -> str:
        return self.to_string()

    def to_string(self) -> str:
        """Its path."""
        return self.node.path or "<root>"


def walk(construct: Construct) -> Iterator[Construct]:
    """A construct and all that is in it."""
    yield construct
    for child in construct.node.children:
        yield from walk(child)


class Annotations(Lacking):
    """Notes that the engine's manifest has.

    Args:
        scope: The construct that they are about.
    """

    def __init__(self, scope: Construct) -> None:
        self._scope = scope

    @classmethod
    def of(cls, scope: Construct) -> Self:
        """The notes about a construct."""
        return cls(scope)

    def add_info(self, message: str) -> None:
        """Adds one that asks for nothing."""
        self._scope.node.add_metadata("@cdktf/info", message)

    def add_warning(self, message: str) -> None:
        """Adds one that should be looked at."""
        self._scope.node.add_metadata("@cdktf/warn", message)

    def add_error(self, message: str) -> None:
        """Adds one with which synthesis fails."""
        self._scope.node.add_metadata("@cdktf/error", message)
