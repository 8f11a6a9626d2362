"""Reads the output of synthesis, without the engine's metadata and the descriptions of outputs.

It runs in a separate process, since its memory would otherwise count as that of the commands that the benchmark starts.

Usage: python -m tests.bench.content OUT prints the output; with a second directory, exit status 1 means that the two
differ.
"""

import json
import pathlib
import sys
from typing import Any

from tests.folder import read


def content(out: pathlib.Path) -> dict[str, Any]:
    """Returns the Terraform of every stack, by name."""
    stacks = {}
    for file in sorted(out.glob("stacks/*/cdk.tf.json")):
        stacks[file.parent.name] = stack = plain(read(file.parent))
        stack["output"] = {name: {"value": output["value"]} for name, output in stack["output"].items()}
    return stacks


def plain(value: Any) -> Any:
    """Returns a part of a stack's JSON without the engine's metadata."""
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
