"""Reads a cloud's YAML into its configuration, and locates errors in it."""

import pathlib
import re
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from anyscale_constructs.config.loading import DEEPEST, LARGEST, Constructor, TooDeepError, compose
from anyscale_constructs.config.model import Model, found
from anyscale_constructs.errors import ConfigError, InputError
from anyscale_constructs.expressions import holds_engine_token
from anyscale_constructs.findings import (
    CONTROL_CHARACTER,
    LOST_KEY,
    Finding,
    Key,
    Place,
    Rule,
    control_character,
    shown,
)

_Config = TypeVar("_Config", bound=Model)
_CONVERTED = {f"tag:yaml.org,2002:{kind}" for kind in ("int", "float", "timestamp")}

# A few hundred bytes of nested aliases can expand to gigabytes in validation and output.
_MOST_REPEATED = 1_000_000

KIND = "stack"
"""The key of a cloud's YAML that selects the kind of cloud."""

UNREADABLE = Rule(
    "unreadable-yaml",
    "error",
    "A cloud's file must be a YAML document that holds one mapping.",
    "https://yaml.org/spec/1.1/",
)
DUPLICATE_KEY = Rule("duplicate-key", "error", "YAML would silently use the last one.")
EMPTY = Rule("empty-key", "error", "YAML reads a key without a value as null.")
CONVERTED = Rule("converted-value", "error", "YAML 1.1 converts the value, so it differs from what is written.")

VARIABLE = Rule(
    "environment-variable",
    "error",
    "Neither YAML nor this program replaces variables, so the text would be used literally.",
)

# Terraform's references contain a dot, and variables of IAM policies a colon.
_VARIABLE = re.compile(r"(?<!\$)\$\{[A-Z][A-Z0-9_]*\}")


class Document:
    """A YAML file's mapping, merged over its defaults, with the file and the line of each key.

    Args:
        file: The file.
        defaults: The defaults of the file's directory. Default: none.

    Raises:
        ConfigError: The file cannot be read, is not a YAML mapping, has a duplicate key, or expands to too much by
            aliases. The message begins with the file and the line.
    """

    def __init__(self, file: pathlib.Path, defaults: "Document | None" = None) -> None:
        self.file = file
        self._defaults = defaults
        text = self._read()
        scalars: list[yaml.ScalarNode] = []
        try:
            root = compose(text)
            scalars, collections = _nodes(root)
            if "&" in text:  # without an anchor, there are no aliases
                self._refuse_repetition(root, [*scalars, *collections])
            mappings = [node for node in collections if isinstance(node, yaml.MappingNode)]
            self._refuse_duplicates(mappings)
            # This must precede merging, in which PyYAML's constructor moves keys into other mappings.
            misread = _misread(mappings, scalars)
            below = defaults._misread if defaults else ()  # noqa: SLF001 - it is one of these
            self._misread: list[Finding] = [*self.located(misread), *below]
            data = Constructor().construct_document(root) if root else None
        except TooDeepError as error:
            raise self._unreadable(str(error.problem), _place(error.problem_mark)) from error
        except yaml.MarkedYAMLError as error:
            what = f"is not YAML: {error.problem or error.context}"
            raise self._unreadable(what, _place(error.problem_mark)) from error
        except yaml.reader.ReaderError as error:
            place = Place("", text.count("\n", 0, error.position) + 1)
            raise self._unreadable(f"is not YAML: {error.reason}: {error.character!r}", place) from error
        except RecursionError as error:
            raise self._unreadable("is nested too deeply by aliases, or contains an alias of itself") from error
        except (ArithmeticError, AttributeError, LookupError, ValueError) as error:  # which PyYAML's constructors raise
            wrong = next(filter(_is_misread, scalars), None)
            if wrong is None:
                raise self._unreadable(f"is not YAML: {error}") from error
            what = f"{shown(wrong.value)} is not a valid {wrong.tag.rpartition(':')[2]}"
            place, fix = _place(wrong.start_mark), "correct it, or put it in quotes if it is a string"
            raise self._unreadable(what, place, fix=fix) from error
        if not isinstance(root, yaml.MappingNode) or not isinstance(data, dict):
            raise self._unreadable("must be a mapping", fix="begin with stack: ec2")
        self.data: dict[str, Any] = _merged(defaults.data, data) if defaults else data
        """The mapping merged over the defaults; a null removes the default of its key."""
        self._root = root

    def _read(self) -> str:
        try:
            about = self.file.stat()
            if not stat.S_ISREG(about.st_mode):
                raise self._unreadable("is not a regular file")  # reading a pipe or a device might never end
            if about.st_size > LARGEST:
                raise self._unreadable(f"has {about.st_size} bytes; a cloud's file has at most {LARGEST}")
            return self.file.read_text(encoding="utf-8")
        except OSError as error:
            raise self._unreadable(f"cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise self._unreadable(f"is not UTF-8 text: {error.reason} at byte {error.start}") from error

    def _unreadable(
        self, what: str, place: Place | None = None, *, fix: str = "", rule: Rule = UNREADABLE
    ) -> ConfigError:
        return ConfigError([Finding(what, fix, rule=rule, place=self._in_file(place))])

    def _in_file(self, place: Place | None) -> Place:
        return Place(str(self.file), place.line, place.column) if place else Place(str(self.file))

    def _refuse_repetition(self, root: yaml.Node | None, nodes: Iterable[yaml.Node]) -> None:
        """Refuses aliases that expand to too much, before anything expands them."""
        size, levels = _measured(root, {}) if root else (0, 0)
        if levels > DEEPEST:
            raise RecursionError
        if size - sum(map(_own_size, nodes)) > _MOST_REPEATED:
            raise self._unreadable(
                f"its aliases expand to more than {_MOST_REPEATED} characters",
                fix="use fewer aliases, and no nested ones",
            )

    def _refuse_duplicates(self, mappings: Sequence[yaml.MappingNode]) -> None:
        for mapping in mappings:
            seen: set[str] = set()
            for key, _ in mapping.value:
                if not isinstance(key, yaml.ScalarNode):
                    raise self._unreadable("has a key that is a list or a mapping", _place(key.start_mark))
                if key.value in seen:
                    what, place = f"the key {shown(key.value)} is set twice", _place(key.start_mark)
                    raise self._unreadable(what, place, fix="keep one of them", rule=DUPLICATE_KEY)
                seen.add(key.value)

    def parse(self, config: type[_Config]) -> _Config:
        """Returns the configuration that the document holds.

        Raises:
            ConfigError: A key is unknown, missing or invalid. The message names the file, the line and the key.
        """
        for key, value in self.data.items():
            if holds_engine_token(value):
                raise self.error(
                    "contains a CDKTF token, which has no meaning in YAML",
                    "write the value itself, or a reference such as ${var.region}",
                    key,
                )
        errors = [*self._misread]
        misread = {(found.place.file, found.place.line) for found in errors if found.place}
        try:
            parsed = config.model_validate({key: value for key, value in self.data.items() if key != KIND})
        except ValidationError as error:
            said = (each for detail in error.errors() for each in self._say(detail))
            errors += [each for each in said if not (each.place and (each.place.file, each.place.line) in misread)]
        else:
            if not errors:
                return parsed
        raise ConfigError(sorted(errors, key=lambda found: found.place.line if found.place else 0))

    def error(self, what: str, fix: str = "", *key: str, rule: Rule | None = None, **details: Any) -> ConfigError:
        """Returns an error about one of the document's keys.

        Args:
            what: What is wrong.
            fix: What to do. Default: no fix is shown.
            *key: The path of the key, outermost first.
            rule: The rule. Default: the error's own.
            **details: `value` and `allowed`, as in `Finding`.
        """
        return ConfigError([Finding(what, fix, rule=rule, key=key, place=self.place(key), **details)])

    def _say(self, detail: ErrorDetails) -> list[Finding]:
        written = self._layer(detail["loc"])._at(detail["loc"])[0]  # noqa: SLF001 - it is one of these
        return self.located(found(detail, written=written.value if isinstance(written, yaml.ScalarNode) else None))

    def place(self, key: Key) -> Place:
        """Returns the place of a key, or of the innermost mapping of its path that exists, else of the file.

        Args:
            key: The path of the key, outermost first.
        """
        layer = self._layer(key)
        if layer is not self:
            return layer.place(key)
        mark, node = None, self._root
        for step in key:
            if isinstance(node, yaml.MappingNode):
                # The last one counts: merged keys precede a mapping's own keys.
                pair = next((pair for pair in reversed(node.value) if pair[0].value == str(step)), None)
                if pair is None:
                    break
                mark, node = pair[0].start_mark, pair[1]
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
                mark = node.start_mark
            else:
                break
        return self._in_file(_place(mark))

    def is_default(self, key: Key) -> bool:
        """Returns whether a key is set by the defaults only.

        Args:
            key: The path of the key, outermost first.
        """
        return self._layer(key) is not self

    def _layer(self, key: Key) -> "Document":
        """Returns the document, this one or one of the defaults, that has the key or the longest part of its path."""
        if self._defaults is None:
            return self
        below = self._defaults._layer(key)  # noqa: SLF001 - it is one of these
        return below if below._at(key)[1] > self._at(key)[1] else self  # noqa: SLF001 - this too

    def _at(self, key: Key) -> tuple[yaml.Node, int]:
        return _walk(self._root, key)

    def located(self, findings: Iterable[Finding], code: Place | None = None) -> list[Finding]:
        """Returns the findings with the places of their keys.

        Args:
            findings: The findings to complete.
            code: The line of the user's code that they come from, for findings whose keys are not in the document.
                Default: the file.
        """
        return [each._replace(place=self._place_of(each, code)) for each in findings]

    def _place_of(self, finding: Finding, code: Place | None) -> Place:
        place = finding.place or (code if code and not self._holds(finding.key) else self.place(finding.key))
        return place if place.file else self._in_file(place)

    def _holds(self, key: Key) -> bool:
        data: Any = self.data
        for step in key:
            try:
                data = data[step]
            except (LookupError, TypeError):
                return False
        return bool(key)


def _measured(node: yaml.Node, known: dict[int, tuple[int, int]]) -> tuple[int, int]:
    """Returns the size of a node with its content, and its number of levels.

    Args:
        node: The node.
        known: The results for other nodes, by their identity.
    """
    if id(node) not in known:
        inside = [_measured(each, known) for each in _inside(node)]
        levels = 1 + max((level for _, level in inside), default=0)
        known[id(node)] = _own_size(node) + sum(size for size, _ in inside), levels
    return known[id(node)]


def _own_size(node: yaml.Node) -> int:
    return 1 + len(node.value) if isinstance(node, yaml.ScalarNode) else 1


def _is_misread(node: yaml.ScalarNode) -> bool:
    """Returns whether a value looks like a date or a number, but is not a valid one."""
    try:
        Constructor().construct_object(node)
    except (ArithmeticError, AttributeError, LookupError, ValueError):
        return True
    except yaml.YAMLError:  # a merge key has no value of its own
        pass
    return False


def _misread(mappings: Sequence[yaml.MappingNode], scalars: Sequence[yaml.ScalarNode]) -> Iterator[Finding]:
    yield from _empty(mappings)
    yield from _converted(scalars)
    # Most files have none of these, and one search of all text is faster than a search of each node.
    text = "\n".join(scalar.value for scalar in scalars)
    if "${" in text:
        yield from _variables(scalars)
    if control_character(text):
        yield from _controls(scalars)
    if LOST_KEY in text:
        yield from _lost(mappings)


def _empty(mappings: Sequence[yaml.MappingNode]) -> Iterator[Finding]:
    """Finds keys without a value, which look set but are null in YAML."""
    for mapping in mappings:
        for key, value in mapping.value:
            if isinstance(value, yaml.ScalarNode) and not value.value and not value.style:
                fix = "set a value ({} for its defaults, null for none), or remove the key"
                yield Finding(f"{key.value} has no value", fix, rule=EMPTY, place=_place(key.start_mark))


def _converted(scalars: Sequence[yaml.ScalarNode]) -> Iterator[Finding]:
    """Finds unquoted values that YAML 1.1 converts, e.g. 0644 to 420."""
    constructor = Constructor()
    for node in scalars:
        if node.tag in _CONVERTED and not node.style:
            value = constructor.construct_object(node)
            read = format(Decimal(str(value)), "f") if isinstance(value, float) else str(value)
            # 3.0 is an ordinary way to write a number.
            if node.value not in {read, str(value)}:
                fix = "put it in quotes" + (f", or write {read}" if read[-1].isdigit() else "")
                yield Finding(f"YAML reads {node.value} as {read}", fix, rule=CONVERTED, place=_place(node.start_mark))


def _variables(scalars: Sequence[yaml.ScalarNode]) -> Iterator[Finding]:
    """Finds strings with shell or pipeline variables, which YAML does not replace."""
    for node in scalars:
        if found := _VARIABLE.search(node.value):
            what = f"{found.group()} is not replaced, because YAML has no variables"
            fix = f"write the value itself, or $${found.group()[1:]} for the literal text"
            yield Finding(what, fix, rule=VARIABLE, place=_place(node.start_mark))


def _lost(mappings: Sequence[yaml.MappingNode]) -> Iterator[Finding]:
    """Finds keys that the engines on Node.js would lose."""
    for mapping in mappings:
        for key, _ in mapping.value:
            if key.value == LOST_KEY:
                what = f"the key {LOST_KEY} cannot be used, because JavaScript does not keep it"
                yield Finding(what, "rename it", rule=InputError.rule, place=_place(key.start_mark))


def _controls(scalars: Sequence[yaml.ScalarNode]) -> Iterator[Finding]:
    """Finds escaped characters that files, terminals and providers' APIs do not accept."""
    for node in scalars:
        if what := control_character(node.value):
            yield Finding(what, "remove it", rule=CONTROL_CHARACTER, place=_place(node.start_mark))


def _place(mark: yaml.Mark | None) -> Place:
    return Place("", mark.line + 1, mark.column + 1) if mark else Place("")


def _nodes(root: yaml.Node | None) -> tuple[list[yaml.ScalarNode], list[yaml.Node]]:
    """Returns all scalars, including keys, and all collections. A node with aliases is returned once."""
    scalars: dict[yaml.ScalarNode, None] = {}
    collections: dict[yaml.Node, None] = {}
    todo = [root] if root else []
    while todo:
        node = todo.pop()
        if isinstance(node, yaml.ScalarNode):
            scalars[node] = None
        elif node not in collections:
            collections[node] = None
            todo += reversed(_inside(node))
    return [*scalars], [*collections]


def _inside(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [inner for pair in node.value for inner in pair]
    return [*node.value] if isinstance(node, yaml.SequenceNode) else []


def _walk(node: yaml.Node, steps: Iterable[int | str]) -> tuple[yaml.Node, int]:
    """Returns the node at the end of the steps that are keys or indexes, and the number of these steps.

    Pydantic's names for a member of a union are neither.
    """
    taken = 0
    for step in steps:
        inner = None
        if isinstance(node, yaml.MappingNode):
            inner = next((value for key, value in reversed(node.value) if key.value == str(step)), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            inner = node.value[step]
        node, taken = (node, taken) if inner is None else (inner, taken + 1)
    return node, taken


def _merged(defaults: Mapping[Any, Any], given: Mapping[Any, Any]) -> dict[Any, Any]:
    """Merges values over defaults: mappings by key; other values replace the default, and null removes it."""
    found = {**defaults}
    for key, value in given.items():
        if value is None and key in found:
            del found[key]
        elif isinstance(value, dict) and isinstance(found.get(key), dict):
            found[key] = _merged(found[key], value)
        else:
            found[key] = value
    return found
