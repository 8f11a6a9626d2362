"""A cloud's YAML, which becomes its configuration, and where in it something is wrong."""

import pathlib
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from anyscale_constructs.config.model import Model, explain_one, is_whole
from anyscale_constructs.errors import ConfigError, cut, shown
from anyscale_constructs.expressions import holds_engine_token

_Config = TypeVar("_Config", bound=Model)
_CONVERTED = {f"tag:yaml.org,2002:{kind}" for kind in ("int", "float", "timestamp")}

# Some hundred bytes of aliases of aliases can stand for gigabytes, which validation and output would write out.
_MOST_REPEATED = 1_000_000


KIND = "stack"
"""The key of a cloud's YAML that says which configuration it is."""


class Document:
    """A YAML file's mapping, which knows on which line each key stands.

    Args:
        file: The file.

    Raises:
        ConfigError: It can't be read, is no YAML mapping, names a key twice, or repeats too much by aliases; the text
            begins with file and line.
    """

    def __init__(self, file: pathlib.Path) -> None:
        try:
            text = file.read_text(encoding="utf-8")
        except OSError as error:
            raise ConfigError(f"{file}: can't be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise ConfigError(f"{file}: is not UTF-8 text: {error.reason} at byte {error.start}") from error
        try:
            root = yaml.compose(text, Loader=yaml.SafeLoader)
            _refuse_repetition(file, root)
            data = yaml.load(text, Loader=yaml.SafeLoader)
            _refuse_duplicates(file, root)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise ConfigError(f"{file}:{line}: is not YAML: {error.problem or error.context}") from error
        except yaml.reader.ReaderError as error:
            line = text.count("\n", 0, error.position) + 1
            raise ConfigError(f"{file}:{line}: is not YAML: {error.reason}: {error.character!r}") from error
        except RecursionError as error:
            raise ConfigError(f"{file}: is nested too deeply, or holds an alias of itself") from error
        except ValueError as error:  # a date or a number that looks like one and isn't
            raise ConfigError(f"{file}: holds a value that can't be read: {error}", mend="quote text") from error
        if not isinstance(root, yaml.MappingNode) or not isinstance(data, dict):
            raise ConfigError(f"{file}: must be a mapping of keys to values, one cloud", mend="begin with stack: ec2")
        self.file = file
        self.data: dict[str, Any] = data
        self._root = root

    def parse(self, config: type[_Config]) -> _Config:
        """The configuration in it.

        Raises:
            ConfigError: A key is unknown, missing or wrong; the text names file, line and key.
        """
        for key, value in self.data.items():
            if holds_engine_token(value):
                raise ConfigError(
                    f"{self.file}:{self.line(key)}: {key}: contains a token of cdktf, which has no meaning in YAML",
                    mend="write the value itself, or a whole reference such as ${var.region}",
                )
        misread = dict([*_empty(self._root), *_converted(self._root)])
        found = list(misread.items())
        try:
            parsed = config.model_validate({key: value for key, value in self.data.items() if key != KIND})
        except ValidationError as error:
            found += [said for said in map(self._say, error.errors()) if said[0] not in misread]
        else:
            if not found:
                return parsed
        raise ConfigError("\n".join(f"{self.file}:{line}: {text}" for line, text in sorted(found)))

    def _say(self, detail: ErrorDetails) -> tuple[int, str]:
        """The line that an error is about, and its text behind the keys that lead there."""
        # Pydantic's names for a choice of models lead nowhere.
        line, node, path = _walk(self._root, detail["loc"])
        text = explain_one(detail, node.value if isinstance(node, yaml.ScalarNode) else None)
        if is_whole(detail):
            inner = (_walk(node, word.split(".")) for word in re.findall(r"[\w.]+", text))
            line = next((line for line, _, keys in inner if keys), line)
        elif detail["type"] == "missing":
            path.append(str(detail["loc"][-1]))
        return line, f"{'.'.join(map(cut, path))}: {text}" if path else text

    def line(self, key: str) -> int:
        """The line of one of the outermost keys; the first if it is not there."""
        return _walk(self._root, [key])[0]

    def near(self, text: str) -> str:
        """File and line of what a construct's error is about; the file alone where that is not clear.

        Args:
            text: The error. What it names counts where it stands in the file once only: an input's name at the
                beginning, quoted names and values, or the module's own name.
        """
        lines: dict[str, set[int]] = {}
        for node in _nodes(self._root):
            keys = [key for key, _ in node.value] if isinstance(node, yaml.MappingNode) else []
            quoted = [(shown(node.value), node)] if isinstance(node, yaml.ScalarNode) else []
            for name, at in [*quoted, *((key.value, key) for key in keys)]:
                lines.setdefault(name, set()).add(at.start_mark.line + 1)
        names = re.findall(r"(?:^|: )(\w{2,})", text) + re.findall(r"'[^']+'", text)
        names += re.findall(r"\bmodule\.(\w+)", text)
        line = next((only for name in names for only in lines.get(name, ()) if len(lines[name]) == 1), None)
        return f"{self.file}:{line}" if line else str(self.file)


def _refuse_repetition(file: pathlib.Path, root: yaml.Node | None) -> None:
    """Counts what the aliases of a file stand for, before anything writes it out."""
    sizes: dict[int, int] = {}

    def size(node: yaml.Node) -> int:
        if id(node) not in sizes:
            sizes[id(node)] = _own_size(node) + sum(map(size, _inside(node)))
        return sizes[id(node)]

    if root and size(root) - sum(map(_own_size, _nodes(root))) > _MOST_REPEATED:
        raise ConfigError(
            f"{file}: its aliases repeat more than {_MOST_REPEATED} characters",
            mend="use fewer aliases, none of them inside what another one repeats",
        )


def _own_size(node: yaml.Node) -> int:
    return 1 + len(node.value) if isinstance(node, yaml.ScalarNode) else 1


def _refuse_duplicates(file: pathlib.Path, root: yaml.Node | None) -> None:
    for mapping in _nodes(root):
        seen: set[str] = set()
        for key, _ in mapping.value if isinstance(mapping, yaml.MappingNode) else ():
            if key.value in seen:
                raise ConfigError(
                    f"{file}:{key.start_mark.line + 1}: the key {shown(key.value)} is given twice",
                    mend="keep one of them",
                )
            seen.add(key.value)


def _empty(root: yaml.Node) -> Iterator[tuple[int, str]]:
    """The lines of keys with nothing behind them: they read like what is there, and YAML means what isn't."""
    for mapping in _nodes(root):
        for key, value in mapping.value if isinstance(mapping, yaml.MappingNode) else ():
            if isinstance(value, yaml.ScalarNode) and not value.value and not value.style:
                text = "is empty. To mend it: give it a value ({} for its defaults, null for none), or leave it out"
                yield key.start_mark.line + 1, f"{key.value}: {text}"


def _converted(root: yaml.Node) -> Iterator[tuple[int, str]]:
    """The lines of unquoted values that YAML 1.1 reads as something else than what is written, e.g. 0644 as 420."""
    for node in _nodes(root):
        if isinstance(node, yaml.ScalarNode) and node.style is None and node.tag in _CONVERTED:
            value = yaml.constructor.SafeConstructor().construct_object(node)
            read = format(Decimal(str(value)), "f") if isinstance(value, float) else str(value)
            # 3.0 is a number that people write, too.
            if node.value not in {read, str(value)}:
                text = f"{node.value} is {read} in YAML. To mend it: put it in quotes, or write {read} if you mean that"
                yield node.start_mark.line + 1, text


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


def _walk(node: yaml.Node, steps: Iterable[int | str]) -> tuple[int, yaml.Node, list[str]]:
    """The line, the node and the path to which those of the steps lead that are keys or indexes."""
    line, path = 1, []
    for step in steps:
        if isinstance(node, yaml.MappingNode):
            found = next(((k, v) for k, v in node.value if k.value == str(step)), None)
            if found is None:
                continue
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            node = node.value[step]
            line = node.start_mark.line + 1
        else:
            continue
        path.append(str(step))
    return line, node, path
