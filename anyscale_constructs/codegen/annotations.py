"""Converts Terraform types to Python annotations; objects become TypedDicts."""

import keyword
from dataclasses import dataclass, field

from anyscale_constructs.codegen.infer import split
from anyscale_constructs.errors import CodegenError

_SCALARS = {"string": "TfString", "number": "TfNumber", "bool": "TfBool", "any": "TfAny"}
_COLLECTIONS = {"list": "TfList", "set": "TfList", "map": "TfMap"}


@dataclass(frozen=True)
class Shape:
    """A TypedDict for an object type.

    Args:
        name: The name of the TypedDict.
        type: The Terraform type, `object(...)`.
        attributes: The annotations of the attributes, by name.
    """

    name: str
    type: str
    attributes: dict[str, str]


@dataclass
class Annotations:
    """Creates annotations, and collects the definitions and imports that they need.

    Args:
        shapes: The TypedDicts created so far, nested ones first.
        imports: The names used from `terraform.types`.
        typing: The names used from `typing`.
    """

    shapes: list[Shape] = field(default_factory=list)
    imports: set[str] = field(default_factory=set)
    typing: set[str] = field(default_factory=set)

    def annotate(self, type_: str, name: str) -> str:
        """Returns the annotation for a type.

        Args:
            type_: The Terraform type constraint, on one line.
            name: The name of the TypedDict, if the type is an object.

        Raises:
            CodegenError: The text is not a type constraint.
        """
        kind, _, rest = type_.partition("(")
        inner = rest.removesuffix(")") or "any"
        if kind in _SCALARS and not rest:
            return self._use(_SCALARS[kind])
        if kind in _COLLECTIONS:
            return f"{self._use(_COLLECTIONS[kind])}[{self.annotate(inner, name)}]"
        if kind == "tuple":
            return f"{self._use('TfList')}[{self._use('TfAny')}]"
        if kind == "object":
            # The attribute `b` of the variable `a` would have the same name as the variable `a_b`.
            while any(shape.name == name for shape in self.shapes):
                name += "2"
            pairs = [split(pair, "=") for pair in split(inner[1:-1], ",") if pair]
            attributes = {_identifier(pair[0]): "=".join(pair[1:]) for pair in pairs}
            made = {key: self._attribute(value, name + camel(key)) for key, value in attributes.items()}
            self.shapes.append(Shape(name, type_, made))
            return f"{self._use('TfObject')}[{name}]"
        raise CodegenError(
            "a type cannot be parsed",
            value=type_,
            allowed="a Terraform type constraint",
            fix="report it to the authors of the module",
        )

    def _attribute(self, type_: str, name: str) -> str:
        """Returns the annotation of an attribute, which may be null; an optional one may be omitted."""
        if type_.startswith("optional("):
            inner = split(type_.removeprefix("optional(").removesuffix(")"), ",")[0]
            self.typing.add("NotRequired")
            return f"NotRequired[{self.annotate(inner, name)} | None]"
        return f"{self.annotate(type_, name)} | None"

    def _use(self, name: str) -> str:
        self.imports.add(name)
        return name


def camel(name: str) -> str:
    """Returns a name in camel case, for class names."""
    return "".join(part.capitalize() for part in name.split("_"))


def _identifier(key: str) -> str:
    name = key.strip('"()')
    if not name.isidentifier() or keyword.iskeyword(name):
        raise CodegenError(
            "the name of an object attribute is not a valid field name in Python",
            value=name,
            allowed="an identifier",
            fix="report it to the authors of the module",
        )
    return name
