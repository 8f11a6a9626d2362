"""What synthesis wrote, without the engine's notes and the outputs' descriptions.

It runs apart from the benchmark, whose own memory would count as that of what it starts.

Usage: python -m tests.bench.content OUT, which prints it; with OTHER behind it, exit status 1 says that they differ
"""

import json
import pathlib
import sys
from typing import Any

from tests.folder import read


def content(out: pathlib.Path) -> dict[str, Any]:
    """Every stack's Terraform, by name."""
    stacks = {}
    for file in sorted(out.glob("stacks/*/cdk.tf.json")):
        stacks[file.parent.name] = stack = plain(read(file.parent))
        stack["output"] = {name: {"value": output["value"]} for name, output in stack["output"].items()}
    return stacks


def plain(value: Any) -> Any:
    """A part of a stack's JSON without the engine's notes."""
    match value:
        case dict():
            return {key: plain(each) for key, each in value.items() if key != "//"}
        case list():
            return list(map(plain, value))
    return value


if __name__ == "__main__":
    first, *others = [content(pathlib.Path(name)) for name in sys.argv[1:]]
    if not others:
        print(json.dumps(first))
    sys.exit(int(not first or any(other != first for other in others)))
