"""Ways of using a value, and the expected result of each."""

import copy
import io
import json
import re
import string
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import yaml

from anyscale_constructs import fn
from tests.contract.product.kinds import cdktf

Fn, Token = cdktf.Fn, cdktf.Token


@dataclass(frozen=True)
class Way:
    """A way of using a value.

    Args:
        apply: What the program does with it.
        code: The resulting text, with `@` for the value's code. Default: the result of `apply` on plain text, with code
            in its place.
        result: The value that Terraform computes. Default: the result of `apply` on the plain value.
        text: Whether the value becomes part of a string.
        number: Whether a number is written into that string without quotes, so that the engine recognizes it.
        strings: Whether Python supports this for strings only.
    """

    apply: Callable[[Any], Any]
    code: str = ""
    result: Callable[[Any], Any] | None = None
    text: bool = False
    number: bool = False
    strings: bool = False


def _printed(value: Any) -> str:
    stream = io.StringIO()
    print("a", value, sep="-", end="", file=stream)
    return stream.getvalue()


def _yaml_key(value: Any) -> str:
    return yaml.safe_dump({value: "x"})


VALUE = {
    "itself": Way(lambda v: v),
    "a copy": Way(copy.deepcopy),
    "in a list": Way(lambda v: ["a", v]),
    "in a tuple": Way(lambda v: (v,), result=lambda v: [v]),
    "in a mapping": Way(lambda v: {"k": v, "n": 1}),
    "deep": Way(lambda v: {"k": [{"k": [v]}]}),
    "fn.jsonencode": Way(
        lambda v: fn.jsonencode({"k": [v]}), '${jsonencode({"k" = [@]})}', lambda v: _compact({"k": [v]})
    ),
    "fn.try": Way(lambda v: fn.try_(v, None), "${try(@, null)}", lambda v: v),
    "nested fn": Way(lambda v: fn.tolist([fn.try_(v)])[0], "${tolist([try(@)])[0]}", lambda v: v),
    "Fn.jsonencode": Way(
        lambda v: Fn.jsonencode({"k": [v]}), '${jsonencode({"k" = [@]})}', lambda v: _compact({"k": [v]})
    ),
    "Fn.try": Way(lambda v: Fn.try_([v, "x"]), '${try(@, "x")}', lambda v: v),
    "nested Fn": Way(lambda v: Fn.element([Fn.try_([v])], 0), "${element([try(@)], 0)}", lambda v: v),
    "fn of Fn": Way(lambda v: fn.try_(Fn.try_([v])), "${try(try(@))}", lambda v: v),
    "Fn of fn": Way(lambda v: Fn.try_([fn.try_(v)]), "${try(try(@))}", lambda v: v),
    "Fn.conditional": Way(lambda v: Fn.conditional(True, v, v), "${true ? @ : @}", lambda v: v),
    "Token.as_any": Way(Token.as_any, "${@}", lambda v: v),
}
TEXT = {
    "f-string": Way(lambda v: f"a-{v}-b", text=True),
    "f-string of an f-string": Way(lambda v: f"a-{f'{v}-'}b", text=True),
    "f-string after a dollar": Way(lambda v: f"${v}", '${"$"}${@}', lambda v: f"${v}", text=True),
    "%": Way(lambda v: "a-%s" % (v,), text=True),  # noqa: UP031 - what users write
    "format": Way(lambda v: "{}-{}".format("a", v), text=True),
    "format_map": Way(lambda v: "a-{v}".format_map({"v": v}), text=True),
    "Template": Way(lambda v: string.Template("a-$v").substitute(v=v), text=True),
    "print": Way(_printed, text=True),
    "+": Way(lambda v: v + "-b", text=True, strings=True),
    "reflected +": Way(lambda v: "a-" + v, text=True, strings=True),
    "+=": Way(lambda v: "a-" + v + "-" + v, text=True, strings=True),
    "join": Way(lambda v: ",".join(["a", *[v, v]]), text=True, strings=True),
    "replace": Way(lambda v: "a-@".replace("@", v), text=True, strings=True),
    "fn of an f-string": Way(lambda v: fn.try_(f"a-{v}"), '${try("a-${@}")}', lambda v: f"a-{v}", text=True),
    "Fn of an f-string": Way(lambda v: Fn.try_([f"a-{v}"]), '${try("a-${@}")}', lambda v: f"a-{v}", text=True),
    "json.dumps": Way(lambda v: json.dumps({"k": ["a", v]}), text=True, number=True),
    "json.dumps, sorted": Way(lambda v: json.dumps({"b": v, "a": v}, sort_keys=True, indent=1), text=True, number=True),
    "json.dumps, as a key": Way(lambda v: json.dumps({v: "x"}), text=True, strings=True),
    "json.dumps of text": Way(lambda v: json.dumps({"k": f"a-{v}"}), text=True),
    "json.dumps of JSON": Way(lambda v: json.dumps({"k": json.dumps([v])}), text=True, strings=True),
    "yaml.dump": Way(lambda v: yaml.dump({"k": ["a", v]}), text=True, number=True),
    "yaml.safe_dump": Way(lambda v: yaml.safe_dump({"k": v, "n": {"k": v}}), text=True, number=True),
    "yaml.safe_dump, as a key": Way(_yaml_key, text=True, strings=True),
    "as a key": Way(lambda v: {v: "x"}, text=True, strings=True),
    "as text in a key": Way(lambda v: {f"a-{v}": "x"}, text=True),
}


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


DAMAGES: dict[str, Callable[[Any], Any]] = {
    "upper": lambda v: f"a-{v}".upper(),
    "lower": lambda v: f"a-{v}".lower(),
    "title": lambda v: f"a-{v}".title(),
    "capitalize": lambda v: f"{v}".capitalize(),
    "swapcase": lambda v: f"a-{v}".swapcase(),
    "casefold": lambda v: f"a-{v}".casefold(),
    "cut behind": lambda v: f"a-{v}-b"[:10],
    "cut in front": lambda v: f"{v}-b"[6:],
    "its number replaced": lambda v: re.sub(r"\d{11}", "9" * 11, f"{v}"),
    "cut in json": lambda v: json.dumps({"k": v})[:14],
}

NEEDS: dict[str, Callable[[Any], Any]] = {
    "==": lambda v: v == "a",
    "!=": lambda v: v != "a",
    "reflected ==": lambda v: "a" == v,  # noqa: SIM300 - what users write
    "== a number": lambda v: v == 3,
    "== None": lambda v: v == None,  # noqa: E711 - what users write
    "in a list": lambda v: v in ["a", "b"],
    "a part": lambda v: "a" in v,
    "len": len,
    "bool": bool,
    "not": lambda v: not v,
    "if": lambda v: 1 if v else 2,
    "iter": lambda v: next(iter(v)),
    "list": list,
    "unpacked": lambda v: [*v],
    "sorted": lambda v: sorted([v, "a"]),
    "sorted itself": sorted,
    "min": lambda v: min(v, "a"),
    "<": lambda v: v < "a",
    ">=": lambda v: v >= 3,
    "a slice": lambda v: v[0:2],
    "a negative index": lambda v: v[-1],
    "a format's width": lambda v: f"{v:>10}",
    "%": lambda v: v % "a",
    "*": lambda v: v * 2,
    "reflected *": lambda v: 2 * v,
    "+ 1": lambda v: v + 1,
    "1 +": lambda v: 1 + v,
    "+ a list": lambda v: v + ["a"],  # noqa: RUF005 - what users write
    "a list +": lambda v: ["a"] + v,  # noqa: RUF005 - what users write
    "- 1": lambda v: v - 1,
    "1 -": lambda v: 1 - v,
    "negated": lambda v: -v,
    "/": lambda v: v / 2,
    "//": lambda v: v // 2,
    "**": lambda v: v**2,
    "&": lambda v: v & True,
    "|": lambda v: v | {},
    "~": lambda v: ~v,
    "int": int,
    "float": float,
    "abs": abs,
    "round": round,
    "range": range,
    "an index": lambda v: ["a"][v],
    "hex": hex,
    "sum": lambda v: sum([v]),
    "join over it": lambda v: ",".join(v),  # noqa: PLW0108 - what users write
}
"""Operations that need the value itself."""
