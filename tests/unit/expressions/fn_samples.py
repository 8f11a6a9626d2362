"""A call of each of Terraform's functions, with the expected value."""

import base64
import hashlib
import json
import urllib.parse
import uuid
from typing import Any

from anyscale_constructs import fn
from anyscale_constructs.expressions import expr

TEXT = "naïve\ttext"
FILE = "sample.txt"
TEMPLATE = expr("local.template", "string")
VARIES: Any = object()
"""The value differs in each run, or only Terraform knows it."""

_bytes = TEXT.encode()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


CALLS: dict[str, tuple[tuple[Any, ...], Any]] = {
    "abs": ((-2.5,), 2.5),
    "abspath": (("/a/../b",), "/b"),
    "alltrue": (([True, False],), False),
    "anytrue": (([True, False],), True),
    "base64decode": ((_base64(_bytes),), TEXT),
    "base64encode": ((TEXT,), _base64(_bytes)),
    "base64gzip": ((TEXT,), VARIES),
    "base64sha256": ((TEXT,), _base64(hashlib.sha256(_bytes).digest())),
    "base64sha512": ((TEXT,), _base64(hashlib.sha512(_bytes).digest())),
    "basename": (("a/b.txt",), "b.txt"),
    "bcrypt": ((TEXT, 4), VARIES),
    "can": ((TEXT,), True),
    "ceil": ((1.2,), 2),
    "chomp": (("a\n",), "a"),
    "chunklist": ((["a", "b", "c"], 2), [["a", "b"], ["c"]]),
    "cidrhost": (("10.0.0.0/16", 5), "10.0.0.5"),
    "cidrnetmask": (("10.0.0.0/16",), "255.255.0.0"),
    "cidrsubnet": (("10.0.0.0/16", 8, 2), "10.0.2.0/24"),
    "cidrsubnets": (("10.0.0.0/16", 8, 8), ["10.0.0.0/24", "10.0.1.0/24"]),
    "coalesce": (("", "b", "c"), "b"),
    "coalescelist": (([], ["b"]), ["b"]),
    "compact": ((["a", "", "b"],), ["a", "b"]),
    "concat": ((["a"], [1, True]), ["a", 1, True]),
    "contains": ((["a", "b"], "b"), True),
    "csvdecode": (("a,b\n1,2\n",), [{"a": "1", "b": "2"}]),
    "dirname": (("a/b.txt",), "a"),
    "distinct": ((["a", "b", "a"],), ["a", "b"]),
    "element": ((["a", "b"], 3), "b"),
    "endswith": (("abc", "bc"), True),
    "ephemeralasnull": ((TEXT,), TEXT),
    "file": ((FILE,), TEXT),
    "filebase64": ((FILE,), _base64(_bytes)),
    "filebase64sha256": ((FILE,), _base64(hashlib.sha256(_bytes).digest())),
    "filebase64sha512": ((FILE,), _base64(hashlib.sha512(_bytes).digest())),
    "fileexists": ((FILE,), True),
    "filemd5": ((FILE,), hashlib.md5(_bytes).hexdigest()),  # noqa: S324 - Terraform's
    "fileset": ((".", "*.txt"), [FILE]),
    "filesha1": ((FILE,), hashlib.sha1(_bytes).hexdigest()),  # noqa: S324 - Terraform's
    "filesha256": ((FILE,), hashlib.sha256(_bytes).hexdigest()),
    "filesha512": ((FILE,), hashlib.sha512(_bytes).hexdigest()),
    "flatten": (([["a"], [["b"], []]],), ["a", "b"]),
    "floor": ((1.8,), 1),
    "format": (("%s-%03d-%v", "a", 5, True), "a-005-true"),
    "formatdate": (("YYYY-MM-DD", "2026-01-02T03:04:05Z"), "2026-01-02"),
    "formatlist": (("%s-%s", ["a", "b"], "x"), ["a-x", "b-x"]),
    "indent": ((2, "a\nb"), "a\n  b"),
    "index": ((["a", "b"], "b"), 1),
    "issensitive": ((TEXT,), False),
    "join": (("-", ["a", "b"], ["c"]), "a-b-c"),
    "jsondecode": ((json.dumps({"a": [1, None, "x"]}),), {"a": [1, None, "x"]}),
    "jsonencode": (({"a": [1, None, "x"], "b": {"c": True}},), '{"a":[1,null,"x"],"b":{"c":true}}'),
    "keys": (({"b": 1, "a": 2},), ["a", "b"]),
    "length": (([1, 2, 3],), 3),
    "log": ((16, 2), 4),
    "lookup": (({"a": "x"}, "b", "y"), "y"),
    "lower": (("ÄB",), "äb"),
    "matchkeys": ((["a", "b"], ["x", "y"], ["y"]), ["b"]),
    "max": ((1, 3, 2), 3),
    "md5": ((TEXT,), hashlib.md5(_bytes).hexdigest()),  # noqa: S324 - Terraform's
    "merge": (({"a": 1}, {"b": "x"}), {"a": 1, "b": "x"}),
    "min": ((3, 1, 2), 1),
    "nonsensitive": ((fn.sensitive(TEXT),), TEXT),
    "one": ((["a"],), "a"),
    "parseint": (("ff", 16), 255),
    "pathexpand": (("/a",), "/a"),
    "plantimestamp": ((), VARIES),
    "pow": ((2, 10), 1024),
    "range": ((1, 7, 2), [1, 3, 5]),
    "regex": ((r"^\w+\.(\d)\b", "ab.1"), ["1"]),
    "regexall": ((r"\d", "a1b2"), ["1", "2"]),
    "replace": (("a-b-c", "-", "\\"), "a\\b\\c"),
    "reverse": ((["a", "b"],), ["b", "a"]),
    "rsadecrypt": ((TEXT, TEXT), VARIES),
    "sensitive": ((TEXT,), TEXT),
    "setintersection": ((["a", "b"], ["b", "c"]), ["b"]),
    "setproduct": ((["a", "b"], ["x"]), [["a", "x"], ["b", "x"]]),
    "setsubtract": ((["a", "b"], ["b"]), ["a"]),
    "setunion": ((["a"], ["b"], ["a"]), ["a", "b"]),
    "sha1": ((TEXT,), hashlib.sha1(_bytes).hexdigest()),  # noqa: S324 - Terraform's
    "sha256": ((TEXT,), hashlib.sha256(_bytes).hexdigest()),
    "sha512": ((TEXT,), hashlib.sha512(_bytes).hexdigest()),
    "signum": ((-7,), -1),
    "slice": ((["a", "b", "c"], 1, 3), ["b", "c"]),
    "sort": ((["b", "a"],), ["a", "b"]),
    "split": ((",", "a,b"), ["a", "b"]),
    "startswith": (("abc", "ab"), True),
    "strcontains": (("abc", "b"), True),
    "strrev": (("abc",), "cba"),
    "substr": (("abcd", 1, 2), "bc"),
    "sum": (([1, 2.5],), 3.5),
    "templatefile": ((FILE, {"a": 1}), TEXT),
    "templatestring": ((TEMPLATE, {"name": "b"}), "a-b"),
    "textdecodebase64": ((_base64(TEXT.encode("utf-16-le")), "UTF-16LE"), TEXT),
    "textencodebase64": ((TEXT, "UTF-16LE"), _base64(TEXT.encode("utf-16-le"))),
    "timeadd": (("2026-01-02T03:04:05Z", "1h"), "2026-01-02T04:04:05Z"),
    "timecmp": (("2026-01-02T03:04:05Z", "2026-01-02T03:04:06Z"), -1),
    "timestamp": ((), VARIES),
    "title": (("a b",), "A B"),
    "tobool": (("true",), True),
    "tolist": ((["a", "b"],), ["a", "b"]),
    "tomap": (({"a": "x"},), {"a": "x"}),
    "tonumber": (("1.5",), 1.5),
    "toset": ((["b", "a", "b"],), ["a", "b"]),
    "tostring": ((True,), "true"),
    "transpose": (({"a": ["x", "y"], "b": ["x"]},), {"x": ["a", "b"], "y": ["a"]}),
    "trim": (("?!a!?", "!?"), "a"),
    "trimprefix": (("abc", "a"), "bc"),
    "trimspace": ((" a\n",), "a"),
    "trimsuffix": (("abc", "c"), "ab"),
    "try": ((TEXT, 1), TEXT),
    "upper": (("äb",), "ÄB"),
    "urlencode": (("a b/ü",), urllib.parse.quote_plus("a b/ü")),
    "uuid": ((), VARIES),
    "uuidv5": (("dns", "example.com"), str(uuid.uuid5(uuid.NAMESPACE_DNS, "example.com"))),
    "values": (({"b": 1, "a": 2},), [2, 1]),
    "yamldecode": (("a: [1, x]\n",), {"a": [1, "x"]}),
    "yamlencode": (({"a": [1, "x"]},), '"a":\n- 1\n- "x"\n'),
    "zipmap": ((["a", "b"], [1, True]), {"a": 1, "b": True}),
}
"""By Terraform's name: the arguments, and the value."""
