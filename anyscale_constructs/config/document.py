"""A cloud's YAML, which becomes its configuration, and where in it something is wrong."""

import functools
import pathlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from anyscale_constructs.config.model import Model, found
from anyscale_constructs.errors import ConfigError
from anyscale_constructs.expressions import holds_engine_token
from anyscale_constructs.findings import Finding, Key, Place, Rule, shown

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
        try:
            text = file.read_text(encoding="utf-8")
        except OSError as error:
            raise self._unreadable(f"can't be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise self._unreadable(f"is not UTF-8 text: {error.reason} at byte {error.start}") from error
        root = None
        try:
            root = yaml.compose(text, Loader=yaml.SafeLoader)
            self._refuse_repetition(root)
            data = yaml.load(text, Loader=yaml.SafeLoader)
            self._refuse_duplicates(root)
        except yaml.MarkedYAMLError as error:
            what = f"is not YAML: {error.problem or error.context}"
            raise self._unreadable(what, _place(error.problem_mark)) from error
        except yaml.reader.ReaderError as error:
            place = Place("", text.count("\n", 0, error.position) + 1)
            raise self._unreadable(f"is not YAML: {error.reason}: {error.character!r}", place) from error
        except RecursionError as error:
            raise self._unreadable("is nested too deeply, or holds an alias of itself") from error
        except (ArithmeticError, AttributeError, LookupError, ValueError) as error:  # as PyYAML's constructors raise
            misread = next(filter(_is_misread, _nodes(root)), None)
            if not isinstance(misread, yaml.ScalarNode):
                raise self._unreadable(f"is not YAML: {error}") from error
            what = f"{shown(misread.value)} is not a valid {misread.tag.rpartition(':')[2]}"
            place, fix = _place(misread.start_mark), "correct it, or put it in quotes if it is text"
            raise self._unreadable(what, place, fix=fix) from error
        if not isinstance(root, yaml.MappingNode) or not isinstance(data, dict):
            raise self._unreadable("must be a mapping of keys to values, one cloud", fix="begin with stack: ec2")
        self.data: dict[str, Any] = _merged(defaults.data, data) if defaults else data
        """Its mapping with the defaults; a key that is null here and given there is in neither."""
        self._root = root

    def _unreadable(
        self, what: str, place: Place | None = None, *, fix: str = "", rule: Rule = UNREADABLE
    ) -> ConfigError:
        return ConfigError([Finding(what, fix, rule=rule, place=self._in_file(place))])

    def _in_file(self, place: Place | None) -> Place:
        return replace(place or Place(""), file=str(self.file))

    def _refuse_repetition(self, root: yaml.Node | None) -> None:
        """Counts what the aliases of a file stand for, before anything writes it out."""
        sizes: dict[int, int] = {}

        def size(node: yaml.Node) -> int:
            if id(node) not in sizes:
                sizes[id(node)] = _own_size(node) + sum(map(size, _inside(node)))
            return sizes[id(node)]

        if root and size(root) - sum(map(_own_size, _nodes(root))) > _MOST_REPEATED:
            raise self._unreadable(
                f"its aliases repeat more than {_MOST_REPEATED} characters",
                fix="use fewer aliases, none of them inside what another one repeats",
            )

    def _refuse_duplicates(self, root: yaml.Node | None) -> None:
        for mapping in _nodes(root):
            seen: set[str] = set()
            for key, _ in mapping.value if isinstance(mapping, yaml.MappingNode) else ():
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

    @functools.cached_property
    def _misread(self) -> list[Finding]:
        """What YAML reads otherwise than it looks, here and in the defaults."""
        found = self.located([*_empty(self._root), *_converted(self._root), *_variables(self._root)])
        return [*found, *(self._defaults._misread if self._defaults else ())]  # noqa: SLF001 - it is one of these

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
                pair = next((pair for pair in node.value if pair[0].value == str(step)), None)
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


def _own_size(node: yaml.Node) -> int:
    return 1 + len(node.value) if isinstance(node, yaml.ScalarNode) else 1


def _is_misread(node: yaml.Node) -> bool:
    """Whether it is a value that looks like a date or a number and is none."""
    try:
        yaml.constructor.SafeConstructor().construct_object(node)
    except (ArithmeticError, AttributeError, LookupError, ValueError):
        return isinstance(node, yaml.ScalarNode)
    return False


def _empty(root: yaml.Node) -> Iterator[Finding]:
    """Keys with nothing behind them: they read like what is there, and YAML means what isn't."""
    for mapping in _nodes(root):
        for key, value in mapping.value if isinstance(mapping, yaml.MappingNode) else ():
            if isinstance(value, yaml.ScalarNode) and not value.value and not value.style:
                fix = "give it a value ({} for its defaults, null for none), or leave it out"
                yield Finding(f"{key.value}: is empty", fix, rule=EMPTY, place=_place(key.start_mark))


def _converted(root: yaml.Node) -> Iterator[Finding]:
    """Unquoted values that YAML 1.1 reads as something else than what is written, e.g. 0644 as 420."""
    for node in _nodes(root):
        if isinstance(node, yaml.ScalarNode) and node.style is None and node.tag in _CONVERTED:
            value = yaml.constructor.SafeConstructor().construct_object(node)
            read = format(Decimal(str(value)), "f") if isinstance(value, float) else str(value)
            # 3.0 is a number that people write, too.
            if node.value not in {read, str(value)}:
                fix = f"put it in quotes, or write {read} if you mean that"
                yield Finding(f"{node.value} is {read} in YAML", fix, rule=CONVERTED, place=_place(node.start_mark))


def _variables(root: yaml.Node) -> Iterator[Finding]:
    """Text that looks like a variable of a shell's or of a pipeline's, which YAML does not have."""
    for node in _nodes(root):
        if isinstance(node, yaml.ScalarNode) and (found := _VARIABLE.search(node.value)):
            what = f"{found.group()} is no variable: YAML has none"
            fix = f"write the value itself, or $${found.group()[1:]} for the letters"
            yield Finding(what, fix, rule=VARIABLE, place=_place(node.start_mark))


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
    match node:
        case yaml.MappingNode():
            return [inner for pair in node.value for inner in pair]
        case yaml.SequenceNode():
            return list(node.value)
    return []


def _walk(node: yaml.Node, steps: Iterable[int | str]) -> tuple[yaml.Node, int]:
    """The node to which those of the steps lead that are keys or indexes, and how many these are.

    Pydantic's names for a choice are neither.
    """
    taken = 0
    for step in steps:
        inner = None
        if isinstance(node, yaml.MappingNode):
            inner = next((value for key, value in node.value if key.value == str(step)), None)
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
