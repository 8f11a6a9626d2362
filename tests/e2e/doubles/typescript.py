"""Reads a provider's schema from the TypeScript of its CDKTF bindings, which are generated from the schema.

For every resource, every data source and the provider itself, the code contains:

- `// NAME - computed: C, optional: O, required: R` before the getter of each attribute and block;
- a comment `NAME block` before the property of each block;
- the type, in `synthesizeHclAttributes` for what can be configured, in the getter for what is only computed.

It does not contain which attributes are sensitive or force a replacement, defaults, conflicts between arguments, limits
on the number of blocks other than none and one, and the validation that providers do in code.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce

from tests.e2e.doubles.schema import Attribute, Block, Type, nested, types_in

_TOP = re.compile(r"^export (interface|class|function) (\w+)(?: extends ([\w.]+))?", re.MULTILINE)
_KINDS = {"TerraformResource": "resource", "TerraformDataSource": "data source", "TerraformProvider": "provider"}
_TYPE_NAME = re.compile(r"terraformResourceType: '([\w-]+)'")
_FLAGS = re.compile(
    r"^ *// '?(\w+)'? - computed: (true|false), optional: (true|false), required: (true|false)\s*$", re.MULTILINE
)
_PROPERTY = re.compile(r"/\*\*(.*?)\*/\s*readonly \w+(\??):", re.DOTALL)
_LINK = re.compile(r"\{@link https://\S*#(\w+) ")
_POSSIBLE = re.compile(r"Possible values: (\[[^\]]*\])")
_HCL = re.compile(
    r"^ {4,8}\"?(\w+)\"?: \{\s*value: (.*?),\s*isBlock: (?:true|false),\s*type: \"(\w+)\","
    r"\s*storageClassType: \"([^\"]*)\",",
    re.MULTILINE | re.DOTALL,
)
_STRUCTURE = re.compile(r"= new (?!cdkt[fn]\.)(\w+?)(List|Map|OutputReference)\(this, \"\w+\"(?:, (true|false))?\)")
_COLLECTION = re.compile(r"= new cdkt[fn]\.(\w+)\(this, \"\w+\"(?:, (true|false))?\)")
_GETTER = re.compile(r"return (.*);")
_MAPPED = re.compile(r"(?:Mapper(?:Hcl)?\()?(\w+)ToHclTerraform\b")
_WORDS = {"string": "string", "number": "number", "boolean": "bool", "any": "dynamic"}
_STORAGE = re.compile(r"(string|number|boolean|any)((?:List|Set|Map)*)")


@dataclass(frozen=True)
class _Hcl:
    """How an argument is written in HCL: the code for its value, and two words that describe its type."""

    value: str
    sort: str
    storage: str


@dataclass
class _Struct:
    """What the code contains about one block or object."""

    flags: dict[str, tuple[bool, bool, bool]] = field(default_factory=dict)
    getters: dict[str, str] = field(default_factory=dict)
    hcl: dict[str, _Hcl] = field(default_factory=dict)
    optional: dict[str, bool] = field(default_factory=dict)
    blocks: set[str] = field(default_factory=set)
    possible: dict[str, list[str]] = field(default_factory=dict)

    def read_interface(self, body: str) -> None:
        """Reads the comments of the properties."""
        for comment, optional in _PROPERTY.findall(body):
            if not (link := _LINK.search(comment)):
                continue
            name = link[1]
            self.optional[name] = bool(optional)
            if re.match(rf"\s*\* {name} block\s*$", comment, re.MULTILINE):
                self.blocks.add(name)
            if possible := _POSSIBLE.search(comment):
                self.possible[name] = json.loads(possible[1])

    def read_hcl(self, body: str) -> None:
        """Reads the types of arguments."""
        self.hcl |= {name: _Hcl(*rest) for name, *rest in _HCL.findall(body)}

    def read_class(self, body: str) -> None:
        """Reads which attributes are computed, optional and required, and their getters."""
        marks = list(_FLAGS.finditer(body))
        ends = [*(mark.start() for mark in marks[1:]), len(body)]
        for mark, end in zip(marks, ends, strict=False):
            computed, optional, required = (flag == "true" for flag in mark.groups()[1:])
            self.flags[mark[1]] = (computed, optional, required)
            self.getters[mark[1]] = body[mark.end() : end]

    def structure(self, name: str) -> tuple[str, str, bool] | None:
        """For an argument with attributes, returns the nesting, the structure's name, and whether it occurs once."""
        hcl = self.hcl.get(name)
        sort = "single" if not hcl or hcl.sort == "struct" else hcl.sort
        if found := _STRUCTURE.search(self.getters.get(name, "")):
            struct, collection, is_set = found.groups()
            if collection == "OutputReference":
                return sort, struct, True
            return ("map" if collection == "Map" else "set" if is_set == "true" else "list"), struct, False
        if (
            hcl
            and sort != "simple"
            and (mapped := _MAPPED.search(hcl.value))
            and not mapped[1].startswith(tuple(_WORDS))
        ):
            return sort, mapped[1][0].upper() + mapped[1][1:], "Mapper" not in hcl.value
        return None

    def type(self, name: str) -> Type:
        """Returns the type of an argument without its own attributes."""
        if hcl := self.hcl.get(name):
            inner = _of_words(hcl.storage)
            return inner if hcl.sort == "simple" or not isinstance(inner, list) else [hcl.sort, inner[1]]
        getter = self.getters[name]
        if found := _COLLECTION.search(getter):
            words = re.sub("^[A-Z]", lambda first: first[0].lower(), found[1])
            inner = _of_words(words)
            return ["set", inner[1]] if found[2] == "true" and inner[0] == "list" else inner
        code = _GETTER.search(getter)
        if code and (found := re.search(r"get(String|Number|Boolean|Any)(Map|List|)Attribute\(", code[1])):
            return _of_words(found[1].lower() + found[2])
        if code and "getListAttribute(" in code[1]:
            return ["set" if "tolist(" in code[1] else "list", "string"]
        if code and "interpolationForAttribute" in code[1]:
            return "dynamic"
        raise ValueError(f"no type of {name} in {getter[:300]!r}")


def _of_words(words: str) -> Type:
    """Returns the type for a name of the engine, such as `stringListMap`: a map of lists of strings."""
    found = _STORAGE.fullmatch(words)
    if not found:
        raise ValueError(f"{words} is no type")
    made: Type = _WORDS[found[1]]
    for collection in re.findall("[A-Z][a-z]+", found[2]):
        made = [collection.lower(), made]
    return made


def parse(text: str, *, framework: bool) -> Iterator[tuple[str, str, Block]]:
    """Reads one file of bindings.

    Args:
        text: The TypeScript.
        framework: Whether the provider has nested attributes, like providers on the plugin framework. In all others, an
            attribute with a structure has an object type.

    Yields:
        The kind (`resource`, `data source` or `provider`), the name and the schema.
    """
    structs: defaultdict[str, _Struct] = defaultdict(_Struct)
    found: list[tuple[str, str, str]] = []
    heads = list(_TOP.finditer(text))
    for head, end in zip(heads, [*(head.start() for head in heads[1:]), len(text)], strict=False):
        sort, name, base = head.groups()
        body = text[head.start() : end]
        kind = _KINDS.get((base or "").partition(".")[2])
        if sort == "interface":
            structs[name].read_interface(body)
        elif name.endswith("ToHclTerraform"):
            structs[name[0].upper() + name[1:].removesuffix("ToHclTerraform")].read_hcl(body)
        elif kind or name.endswith("OutputReference"):
            structs[name.removesuffix("OutputReference")].read_class(body)
        if kind and (match := _TYPE_NAME.search(body)):
            structs[name].read_hcl(body[body.rfind("synthesizeHclAttributes") :])
            found.append((kind, match[1], name))
    for kind, type_name, name in found:
        config = structs[f"{name}Config"]
        structs[name].blocks, structs[name].possible = config.blocks, config.possible
        yield kind, type_name, _Reader(structs, framework=framework).block(name)


class _Reader:
    """Combines the structures of one file.

    Args:
        structs: The contents of each structure.
        framework: Whether the provider has nested attributes.
    """

    def __init__(self, structs: Mapping[str, _Struct], *, framework: bool) -> None:
        self._structs = structs
        self._lower = {name.lower(): name for name in structs}
        self._framework = framework

    def block(self, name: str, above: tuple[str, ...] = ()) -> Block:
        """Returns the block of a structure; a recursive structure ends where it repeats, as in the bindings."""
        name = self._lower[name.lower()]
        own = self._structs[name]
        made: Block = {"attributes": {}, "block_types": {}}
        if name in above:
            return made
        # A structure in a provider's configuration has no class.
        flags = own.flags or {each: (False, own.optional[each], not own.optional[each]) for each in own.hcl}
        for each, (computed, optional, required) in flags.items():
            attribute: Attribute = {"required": required, "optional": optional and not required, "computed": computed}
            if found := own.structure(each):
                mode, inner_name, single = found
                modes = [mode]
                while inner_name.lower() not in self._lower:  # a collection of lists
                    inner_name = inner_name[: inner_name.rindex("List")]
                    modes.append("list")
                inner = self.block(inner_name, (*above, name))
                if each in own.blocks:
                    limit = int(single and mode in {"list", "set"})
                    made["block_types"][each] = {
                        "nesting_mode": mode,
                        "block": inner,
                        "min_items": int(required),
                        "max_items": limit,
                    }
                    continue
                whole: Type = ["object", types_in(inner)]
                if self._framework:
                    attribute["nested_type"] = {"nesting_mode": mode, "attributes": inner["attributes"]}
                else:
                    attribute["type"] = reduce(lambda type_, mode: nested(mode, type_), reversed(modes), whole)
            else:
                attribute["type"] = own.type(each)
            if each in own.possible:
                attribute["possible"] = own.possible[each]
            made["attributes"][each] = attribute
        return made
