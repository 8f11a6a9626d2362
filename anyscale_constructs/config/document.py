"""A cloud's YAML, which becomes its configuration, and where in it something is wrong."""

import pathlib
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from anyscale_constructs.config.loading import DEEPEST, LARGEST, Constructor, TooDeepError, compose
from anyscale_constructs.config.model import Model, found
from anyscale_constructs.errors import ConfigError
from anyscale_constructs.expressions import holds_engine_token
from anyscale_constructs.findings import CONTROL_CHARACTER, Finding, Key, Place, Rule, control_character, shown

_Config = TypeVar("_Config", bound=Model)
_CONVERTED = {f"tag:yaml.org,2002:{kind}" for kind in ("int", "float", "timestamp")}

# Some hundred bytes of aliases of aliases can stand for gigabytes, which validation and output would write out.
_MOST_REPEATED = 1_000_000

KIND = "stack"
"""The key of a cloud's YAML that says which configuration it is."""

UNREADABLE = Rule("unreadable-yaml", "error", "One YAML file is one cloud.", "https://yaml.org/spec/1.1/")
DUPLICATE_KEY = Rule("duplicate-key", "error", "YAML would keep the last one without a word.")
EMPTY = Rule("empty-key", "error", "YAML takes a key without a value for null.")
CONVERTED = Rule("converted-value", "error", "YAML 1.1 reads it as another value than the one that is written.")

VARIABLE = Rule(
    "environment-variable", "error", "Neither YAML nor this program replaces it, and the letters would be used."
)

# Terraform's own references have a dot, and a policy's variables a colon.
_VARIABLE = re.compile(r"(?<!\$)\$\{[A-Z][A-Z0-9_]*\}")


class Document:
    """A YAML file's mapping, over that of its defaults, which knows in which file and on which line each key stands.

    Args:
        file: The file.
        defaults: What its folder gives to every cloud in it. Default: nothing.

    Raises:
        ConfigError: It can't be read, is no YAML mapping, names a key twice, or repeats too much by aliases; the text
            begins with file and line.
    """

    def __init__(self, file: pathlib.Path, defaults: "Document | None" = None) -> None:
        self.file = file
        self._defaults = defaults
        text = self._read()
        nodes: list[yaml.Node] = []
        try:
            root = compose(text)
            nodes += _nodes(root)
            self._refuse_repetition(root, nodes)
            self._refuse_duplicates(nodes)
            # Before merging, by which PyYAML's constructor moves keys into other mappings.
            misread = [*_empty(nodes), *_converted(nodes), *_variables(nodes), *_controls(nodes)]
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
            raise self._unreadable("is nested too deeply by its aliases, or holds an alias of itself") from error
        except (ArithmeticError, AttributeError, LookupError, ValueError) as error:  # as PyYAML's constructors raise
            wrong = next(filter(_is_misread, nodes), None)
            if not isinstance(wrong, yaml.ScalarNode):
                raise self._unreadable(f"is not YAML: {error}") from error
            what = f"{shown(wrong.value)} is not a valid {wrong.tag.rpartition(':')[2]}"
            place, fix = _place(wrong.start_mark), "correct it, or put it in quotes if it is text"
            raise self._unreadable(what, place, fix=fix) from error
        if not isinstance(root, yaml.MappingNode) or not isinstance(data, dict):
            raise self._unreadable("must be a mapping of keys to values, one cloud", fix="begin with stack: ec2")
        self.data: dict[str, Any] = _merged(defaults.data, data) if defaults else data
        """Its mapping with the defaults; a key that is null here and given there is in neither."""
        self._root = root

    def _read(self) -> str:
        try:
            about = self.file.stat()
            if not stat.S_ISREG(about.st_mode):
                raise self._unreadable("is not a regular file")  # reading a pipe or a device need not end
            if about.st_size > LARGEST:
                raise self._unreadable(f"has {about.st_size} bytes; a cloud's file has at most {LARGEST}")
            return self.file.read_text(encoding="utf-8")
        except OSError as error:
            raise self._unreadable(f"can't be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise self._unreadable(f"is not UTF-8 text: {error.reason} at byte {error.start}") from error

    def _unreadable(
        self, what: str, place: Place | None = None, *, fix: str = "", rule: Rule = UNREADABLE
    ) -> ConfigError:
        return ConfigError([Finding(what, fix, rule=rule, place=self._in_file(place))])

    def _in_file(self, place: Place | None) -> Place:
        return replace(place or Place(""), file=str(self.file))

    def _refuse_repetition(self, root: yaml.Node | None, nodes: Iterable[yaml.Node]) -> None:
        """Counts what the aliases of a file stand for, before anything writes it out."""
        size, levels = _measured(root, {}) if root else (0, 0)
        if levels > DEEPEST:
            raise RecursionError
        if size - sum(map(_own_size, nodes)) > _MOST_REPEATED:
            raise self._unreadable(
                f"its aliases repeat more than {_MOST_REPEATED} characters",
                fix="use fewer aliases, none of them inside what another one repeats",
            )

    def _refuse_duplicates(self, nodes: Iterable[yaml.Node]) -> None:
        for mapping in nodes:
            seen: set[str] = set()
            for key, _ in mapping.value if isinstance(mapping, yaml.MappingNode) else ():
                if not isinstance(key, yaml.ScalarNode):
                    raise self._unreadable("has a key that is a list or a mapping", _place(key.start_mark))
                if key.value in seen:
                    what, place = f"the key {shown(key.value)} is given twice", _place(key.start_mark)
                    raise self._unreadable(what, place, fix="keep one of them", rule=DUPLICATE_KEY)
                seen.add(key.value)

    def parse(self, config: type[_Config]) -> _Config:
        """The configuration in it.

        Raises:
            ConfigError: A key is unknown, missing or wrong; the text names file, line and key.
        """
        for key, value in self.data.items():
            if holds_engine_token(value):
                raise self.error(
                    "contains a token of cdktf, which has no meaning in YAML",
                    "write the value itself, or a whole reference such as ${var.region}",
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
        """An error about one of its keys.

        Args:
            what: What is wrong.
            fix: What to do.
            *key: The key, from the outermost.
            rule: The rule. Default: the error's own.
            **details: `value` and `allowed`.
        """
        return ConfigError([Finding(what, fix, rule=rule, key=key, place=self.place(key), **details)])

    def _say(self, detail: ErrorDetails) -> list[Finding]:
        written = self._layer(detail["loc"])._at(detail["loc"])[0]  # noqa: SLF001 - it is one of these
        return self.located(found(detail, written=written.value if isinstance(written, yaml.ScalarNode) else None))

    def place(self, key: Key) -> Place:
        """Where a key stands, or what it would stand in; the file alone where neither is there.

        Args:
            key: The key, from the outermost.
        """
        layer = self._layer(key)
        if layer is not self:
            return layer.place(key)
        mark, node = None, self._root
        for step in key:
            if isinstance(node, yaml.MappingNode):
                # The last one: what is merged stands before a mapping's own keys.
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
        """Whether a key stands in the defaults alone.

        Args:
            key: The key, from the outermost.
        """
        return self._layer(key) is not self

    def _layer(self, key: Key) -> "Document":
        """The file in which a key stands, or most of what it would stand in: this one, or one of the defaults."""
        if self._defaults is None:
            return self
        below = self._defaults._layer(key)  # noqa: SLF001 - it is one of these
        return below if below._at(key)[1] > self._at(key)[1] else self  # noqa: SLF001 - this too

    def _at(self, key: Key) -> tuple[yaml.Node, int]:
        return _walk(self._root, key)

    def located(self, findings: Iterable[Finding], code: Place | None = None) -> list[Finding]:
        """The findings with the places of their keys.

        Args:
            findings: They.
            code: The line of the user's code that they come from, which is the place of those whose keys are not here.
        """
        return [replace(each, place=self._place_of(each, code)) for each in findings]

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
    """The size of a node with all that is in it, and how many levels it has.

    Args:
        node: The node.
        known: Those of other nodes, by their identity.
    """
    if id(node) not in known:
        inside = [_measured(each, known) for each in _inside(node)]
        levels = 1 + max((level for _, level in inside), default=0)
        known[id(node)] = _own_size(node) + sum(size for size, _ in inside), levels
    return known[id(node)]


def _own_size(node: yaml.Node) -> int:
    return 1 + len(node.value) if isinstance(node, yaml.ScalarNode) else 1


def _is_misread(node: yaml.Node) -> bool:
    """Whether it is a value that looks like a date or a number and is none."""
    try:
        Constructor().construct_object(node)
    except (ArithmeticError, AttributeError, LookupError, ValueError):
        return isinstance(node, yaml.ScalarNode)
    except yaml.YAMLError:  # of a merge, which is a part of its mapping
        pass
    return False


def _empty(nodes: Iterable[yaml.Node]) -> Iterator[Finding]:
    """Keys with nothing behind them: they read like what is there, and YAML means what isn't."""
    for mapping in nodes:
        for key, value in mapping.value if isinstance(mapping, yaml.MappingNode) else ():
            if isinstance(value, yaml.ScalarNode) and not value.value and not value.style:
                fix = "give it a value ({} for its defaults, null for none), or leave it out"
                yield Finding(f"{key.value}: is empty", fix, rule=EMPTY, place=_place(key.start_mark))


def _converted(nodes: Iterable[yaml.Node]) -> Iterator[Finding]:
    """Unquoted values that YAML 1.1 reads as something else than what is written, e.g. 0644 as 420."""
    constructor = Constructor()
    for node in nodes:
        if isinstance(node, yaml.ScalarNode) and not node.style and node.tag in _CONVERTED:
            value = constructor.construct_object(node)
            read = format(Decimal(str(value)), "f") if isinstance(value, float) else str(value)
            # 3.0 is a number that people write, too.
            if node.value not in {read, str(value)}:
                fix = f"put it in quotes, or write {read} if you mean that"
                yield Finding(f"{node.value} is {read} in YAML", fix, rule=CONVERTED, place=_place(node.start_mark))


def _variables(nodes: Iterable[yaml.Node]) -> Iterator[Finding]:
    """Text that looks like a variable of a shell's or of a pipeline's, which YAML does not have."""
    for node in nodes:
        if isinstance(node, yaml.ScalarNode) and (found := _VARIABLE.search(node.value)):
            what = f"{found.group()} is no variable: YAML has none"
            fix = f"write the value itself, or $${found.group()[1:]} for the letters"
            yield Finding(what, fix, rule=VARIABLE, place=_place(node.start_mark))


def _controls(nodes: Iterable[yaml.Node]) -> Iterator[Finding]:
    """Characters that escapes bring into text, and that neither a file nor a terminal nor a provider's API takes."""
    for node in nodes:
        if isinstance(node, yaml.ScalarNode) and (what := control_character(node.value)):
            yield Finding(what, "remove it", rule=CONTROL_CHARACTER, place=_place(node.start_mark))


def _place(mark: yaml.Mark | None) -> Place:
    return Place("", mark.line + 1, mark.column + 1) if mark else Place("")


def _nodes(root: yaml.Node | None) -> Iterator[yaml.Node]:
    """A node and all that are in it, keys too; each comes once, however many aliases there are of it."""
    seen: set[int] = set()
    todo = [root] if root else []
    while todo:
        node = todo.pop()
        if id(node) not in seen:
            seen.add(id(node))
            yield node
            todo += reversed(_inside(node))


def _inside(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [inner for pair in node.value for inner in pair]
    return [*node.value] if isinstance(node, yaml.SequenceNode) else []


def _walk(node: yaml.Node, steps: Iterable[int | str]) -> tuple[yaml.Node, int]:
    """The node to which those of the steps lead that are keys or indexes, and how many these are.

    Pydantic's names for a choice are neither.
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
    """Defaults under what is given: maps by key; anything else replaces its default, and null removes it."""
    found = {**defaults}
    for key, value in given.items():
        if value is None and key in found:
            del found[key]
        elif isinstance(value, dict) and isinstance(found.get(key), dict):
            found[key] = _merged(found[key], value)
        else:
            found[key] = value
    return found
