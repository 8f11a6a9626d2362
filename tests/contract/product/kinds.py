"""Kinds of values: the object in a program, the Terraform code that it represents, and the code's value."""

import importlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anyscale_constructs import engine, expr, fn
from anyscale_constructs.aws import S3, Vpc
from anyscale_constructs.terraform.app import App
from anyscale_constructs.terraform.backend import Local
from anyscale_constructs.terraform.resource import Data, Resource
from anyscale_constructs.terraform.stack import CloudStack

cdktf: Any = importlib.import_module(engine.name)

VALUES: dict[str, Any] = {"text": "acme", "number": 3, "flag": True, "list": ["a", "b"], "map": {"k": "v"}}
TYPES = {"text": "string", "number": "number", "flag": "bool", "list": "list(string)", "map": "map(string)"}
OUTPUTS: dict[str, dict[str, Any]] = {
    "s3": {"s3_bucket_id": "acme-bucket"},
    "vpc": {
        "private_subnet_ids": ["subnet-1", "subnet-2"],
        "private_subnet_ids_az_map": {"subnet-1": "us-east-2a", "subnet-2": "us-east-2b"},
    },
}
"""The outputs of stand-in modules."""
CROSSED = "cross-stack-output-modules3s3_bucket_id"


class World:
    """A stack with one of everything that values come from.

    Args:
        folder: The directory of the states of other stacks.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        app = App(folder / "out")
        self.other = CloudStack(app, "other", backend=Local(path=str(folder / "other.tfstate")))
        self.theirs = S3(self.other, anyscale_bucket_name="acme-theirs")
        self.stack = stack = CloudStack(app, "test")
        self.bucket, self.vpc = S3(stack, anyscale_bucket_name="acme-bucket"), Vpc(stack)
        config = {"backend": "local", "config": {"path": str(folder / "given.tfstate")}}
        self.resource = Resource(stack, "terraform_data", "given", {"input": VALUES})
        self.data = Data(stack, "terraform_remote_state", "given", config)
        self.locals = {name: stack.add_local(name, value) for name, value in VALUES.items()}
        self.variables = {name: stack.add_variable(name, TYPES[name], default=VALUES[name]) for name in VALUES}
        self.variable = {name: self._variable(name) for name in VALUES}
        self.local = {name: self._local(name) for name in VALUES}
        self.raw = cdktf.TerraformResource(stack, "raw", terraform_resource_type="terraform_data")
        self.raw.override_logical_id("raw")
        self.raw.add_override("input", VALUES)
        self.state = cdktf.DataTerraformRemoteStateLocal(stack, "state", path=str(folder / "given.tfstate"))
        self.state.override_logical_id("state")

    def _variable(self, name: str) -> Any:
        variable = cdktf.TerraformVariable(self.stack, f"their_{name}", type=TYPES[name], default=VALUES[name])
        variable.override_logical_id(f"their_{name}")
        return variable

    def _local(self, name: str) -> Any:
        local = cdktf.TerraformLocal(self.stack, f"their_local_{name}", VALUES[name])
        local.override_logical_id(f"their_{name}")
        return local


def write_states(folder: Path) -> None:
    """Writes the states that the world's data sources read."""
    for name, outputs in {"given": VALUES, "other": {CROSSED: "acme-theirs"}}.items():
        state = {
            "version": 4,
            "terraform_version": "1.11.0",
            "serial": 1,
            "lineage": name,
            "outputs": {key: {"value": value, "type": _state_type(value)} for key, value in outputs.items()},
            "resources": [],
        }
        (folder / f"{name}.tfstate").write_text(json.dumps(state))


def _state_type(value: Any) -> Any:
    match value:
        case list():
            return ["list", "string"]
        case dict():
            return ["map", "string"]
        case bool():
            return "bool"
    return "number" if isinstance(value, int) else "string"


@dataclass(frozen=True)
class Kind:
    """A kind of value.

    Args:
        make: Creates the object in the program.
        code: The Terraform code that it represents.
        value: The value of the code.
        carrier: The Python type of the object: `expr`, or for the engine's own `str`, `float`, `list`, `dict` or
            `proxy`.
        is_untyped: Whether the library does not know its type.
    """

    make: Callable[[World], Any]
    code: str
    value: Any
    carrier: str = "expr"
    is_untyped: bool = False

    @property
    def inner(self) -> str:
        """The code inside other code."""
        return f"({self.code})" if " ? " in self.code else self.code

    @property
    def is_collection(self) -> bool:
        return isinstance(self.value, list | dict)

    @property
    def is_quoted(self) -> bool:
        """Whether it is an expression that may not be a number or a boolean."""
        return self.carrier == "expr" and (self.is_untyped or not isinstance(self.value, int))

    @property
    def in_text(self) -> str:
        """The value as Terraform writes it into a string."""
        return self.value if isinstance(self.value, str) else json.dumps(self.value)


def _sources(name: str) -> Iterator[tuple[str, Kind]]:
    """Returns the kinds of one type from everything that a stack declares."""
    value, type_ = VALUES[name], TYPES[name]
    yield (
        f"resource's {name}",
        Kind(lambda w: w.resource.attribute(f"output.{name}", type_), f"terraform_data.given.output.{name}", value),
    )
    yield (
        f"data source's {name}",
        Kind(
            lambda w: w.data.attribute(f"outputs.{name}", type_),
            f"data.terraform_remote_state.given.outputs.{name}",
            value,
        ),
    )
    yield f"local {name}", Kind(lambda w: w.locals[name], f"local.{name}", value)
    yield f"variable {name}", Kind(lambda w: w.variables[name], f"var.{name}", value)
    yield f"expression of a {name}", Kind(lambda _: expr(f"try(var.{name})", type_), f"try(var.{name})", value)
    yield (
        f"conditional {name}",
        Kind(lambda _: expr(f"var.flag ? var.{name} : null", type_), f"var.flag ? var.{name} : null", value),
    )
    yield f"untyped {name}", Kind(lambda _: expr(f"var.{name}"), f"var.{name}", value, is_untyped=True)


_CARRIERS = {"text": "str", "number": "float", "flag": "proxy", "list": "list", "map": "dict"}
_GETTERS = {"text": "string", "number": "number", "flag": "boolean", "list": "list", "map": "string_map"}


def _engines(name: str) -> Iterator[tuple[str, Kind]]:
    """Returns the kinds of one type from the engine."""
    value, carrier, getter = VALUES[name], _CARRIERS[name], _GETTERS[name]
    if name != "map":
        yield (
            f"TerraformVariable.{getter}_value",
            Kind(lambda w: getattr(w.variable[name], f"{getter}_value"), f"var.their_{name}", value, carrier),
        )
    yield (
        f"TerraformLocal.as_{getter}",
        Kind(lambda w: getattr(w.local[name], f"as_{getter}"), f"local.their_{name}", value, carrier),
    )
    yield (
        f"TerraformResource.get_{getter}_attribute",
        Kind(
            lambda w: getattr(w.raw, f"get_{getter}_attribute")(f"output.{name}"),
            f"terraform_data.raw.output.{name}",
            value,
            carrier,
        ),
    )
    if name not in {"map", "list"}:
        yield (
            f"remote state's get_{getter}",
            Kind(
                lambda w: getattr(w.state, f"get_{getter}")(name),
                f"data.terraform_remote_state.state.outputs.{name}",
                value,
                carrier,
            ),
        )
    if name != "flag":
        yield (
            f"Token.as_{getter} of an expression",
            Kind(lambda w: getattr(cdktf.Token, f"as_{getter}")(w.locals[name]), f"local.{name}", value, carrier),
        )
    yield (
        f"Token.as_any of a {name}",
        Kind(lambda w: cdktf.Token.as_any(w.locals[name]), f"local.{name}", value, "proxy", is_untyped=True),
    )
    yield (
        f"TerraformVariable.value of a {name}",
        Kind(lambda w: w.variable[name].value, f"var.their_{name}", value, "proxy", is_untyped=True),
    )


_SUBNETS = "module.vpc.private_subnet_ids"
KINDS: dict[str, Kind] = {
    "module's text": Kind(lambda w: w.bucket.s3_bucket_id, "module.s3.s3_bucket_id", "acme-bucket"),
    "module's list": Kind(lambda w: w.vpc.private_subnet_ids, _SUBNETS, ["subnet-1", "subnet-2"]),
    "module's map": Kind(
        lambda w: w.vpc.private_subnet_ids_az_map, f"{_SUBNETS}_az_map", OUTPUTS["vpc"]["private_subnet_ids_az_map"]
    ),
    "list's element": Kind(lambda w: w.vpc.private_subnet_ids[0], f"{_SUBNETS}[0]", "subnet-1"),
    "map's element": Kind(
        lambda w: w.vpc.private_subnet_ids_az_map["subnet-1"], f'{_SUBNETS}_az_map["subnet-1"]', "us-east-2a"
    ),
    "expr of a module's output": Kind(
        lambda w: expr(f"upper({w.bucket.s3_bucket_id})", "string"), "upper(module.s3.s3_bucket_id)", "ACME-BUCKET"
    ),
    "fn's text": Kind(lambda w: fn.upper(w.locals["text"]), "upper(local.text)", "ACME"),
    "fn's number": Kind(lambda w: fn.length(w.vpc.private_subnet_ids), f"length({_SUBNETS})", 2),
    "fn's flag": Kind(lambda w: fn.startswith(w.locals["text"], "a"), 'startswith(local.text, "a")', True),
    "fn's list": Kind(lambda w: fn.compact(w.variable["list"].list_value), "compact(var.their_list)", ["a", "b"]),
    "fn's map": Kind(
        lambda w: fn.merge(w.locals["map"], {"x": "y"}),
        'merge(local.map, {"x" = "y"})',
        {"k": "v", "x": "y"},
        is_untyped=True,
    ),
    "text that is one reference": Kind(lambda _: "${var.text}", "var.text", "acme", "reference"),
    **{name: kind for type_ in VALUES for name, kind in _sources(type_)},
    **{name: kind for type_ in VALUES for name, kind in _engines(type_)},
    "module.get_string": Kind(
        lambda w: w.bucket.get_string("s3_bucket_id"), "module.s3.s3_bucket_id", "acme-bucket", "str"
    ),
    "another stack's get_string": Kind(
        lambda w: w.theirs.get_string("s3_bucket_id"),
        f"data.terraform_remote_state.cross-stack-reference-input-other.outputs.{CROSSED}",
        "acme-theirs",
        "str",
    ),
    "Fn's text": Kind(
        lambda w: cdktf.Fn.upper(w.bucket.s3_bucket_id), "upper(module.s3.s3_bucket_id)", "ACME-BUCKET", "str"
    ),
    "Fn's number": Kind(lambda w: cdktf.Fn.length_of(w.vpc.private_subnet_ids), f"length({_SUBNETS})", 2, "float"),
    "Fn's list": Kind(lambda w: cdktf.Fn.split(",", w.locals["text"]), 'split(",", local.text)', ["acme"], "list"),
    "Op's number": Kind(
        lambda w: cdktf.Token.as_number(cdktf.Op.add(1, w.locals["number"])), "(1 + local.number)", 4, "float"
    ),
}
