"""Parses YAML into nodes, with libyaml if PyYAML has it; PyYAML's own parser returns the same nodes and errors."""

from typing import Any

import yaml
from yaml.constructor import SafeConstructor
from yaml.resolver import Resolver

DEEPEST = 100
"""The most levels of nested values in a file, since validation and output are recursive."""
LARGEST = 2_000_000
"""The most bytes or characters that are parsed as YAML."""


class TooDeepError(yaml.MarkedYAMLError):
    """The nodes are nested too deeply."""


class _Bounded(Resolver):
    """Counts levels in the hooks with which PyYAML resolves paths, a feature that is not used here."""

    _level = 0

    def descend_resolver(self, current_node: yaml.Node | None, current_index: object) -> None:  # noqa: ARG002
        self._level += 1
        if self._level > DEEPEST:
            mark = current_node.start_mark if current_node else None
            raise TooDeepError(problem=f"is nested more than {DEEPEST} levels deep", problem_mark=mark)

    def ascend_resolver(self) -> None:
        self._level -= 1


class _Plain(_Bounded, yaml.SafeLoader):
    """PyYAML's own parser."""


if yaml.__with_libyaml__:

    class _Fast(_Bounded, yaml.CSafeLoader):
        """Libyaml's parser, with PyYAML's composer in C, which also calls the hooks."""


class Constructor(SafeConstructor):
    """Constructs values from nodes: JSON's types, and dates."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """Returns the value of a node; most are strings, for which PyYAML's own way takes longer."""
        if isinstance(node, yaml.ScalarNode) and node.tag == _STRING:
            return node.value
        return super().construct_object(node, deep)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Returns the value of a mapping, for which PyYAML's own way takes longer."""
        try:
            self.flatten_mapping(node)
            return {self.construct_object(key, deep): self.construct_object(value, deep) for key, value in node.value}
        except TypeError:
            return super().construct_mapping(node, deep)  # refuses what is no mapping, or has no such keys


_STRING = "tag:yaml.org,2002:str"
_KINDS = ("null", "bool", "int", "float", "timestamp", "str", "seq", "map")
Constructor.yaml_constructors = {
    tag: SafeConstructor.yaml_constructors[tag] for tag in (None, *(f"tag:yaml.org,2002:{kind}" for kind in _KINDS))
}


def compose(text: str) -> yaml.Node | None:
    """Returns the root node of the document in the text; None if it is empty.

    Raises:
        yaml.YAMLError: The text is not YAML, or is nested too deeply.
    """
    # Libyaml accepts a few characters where PyYAML rejects them or reads them differently.
    differs = "\t" in text or "?" in text or text.rfind("\ufeff") > 0
    if yaml.__with_libyaml__ and not differs:
        try:
            return _Fast(text).get_single_node()
        except TooDeepError:
            raise
        except yaml.YAMLError:
            pass  # PyYAML's parser has better messages, and accepts unpaired surrogates, which are refused later
    plain = _Plain(text)
    try:
        return plain.get_single_node()
    except (OverflowError, ValueError) as error:  # from chr
        what = "found an escape that is not a character"
        raise yaml.MarkedYAMLError(problem=what, problem_mark=plain.get_mark()) from error


def load(text: str) -> Any:
    """Returns the value of the document in the text.

    Raises:
        yaml.YAMLError: The text is not YAML, is nested too deeply, or has an invalid value.
    """
    node = compose(text)
    try:
        return Constructor().construct_document(node) if node else None
    except (ArithmeticError, AttributeError, LookupError, RecursionError, ValueError) as error:
        raise yaml.YAMLError(f"a value cannot be read: {error}") from error
