"""Lists the stacks of clouds in YAML, and finds those that differ from a revision."""

import json
import pathlib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from anyscale_constructs.cli.synthesis import gather_clouds
from anyscale_constructs.clouds.base import Cloud
from anyscale_constructs.config.document import KIND
from anyscale_constructs.review.sides import from_revision
from anyscale_constructs.review.stacks import plain


@dataclass(frozen=True)
class Entry:
    """A stack, as a row of the table or of a pipeline's matrix.

    Attributes:
        stack: The stack's name.
        cloud: The cloud that the stack belongs to.
        kind: The kind of cloud.
        provider: The provider whose credentials the stack needs, as Anyscale spells it: AWS, AZURE, GCP or GENERIC;
            empty for a kind of your own that is not derived from one of the package's.
        folder: The directory in which `synth` writes its Terraform.
        depends: The listed stacks that must be applied before it.
    """

    stack: str
    cloud: str
    kind: str
    provider: str
    folder: str
    depends: list[str]


def list_stacks(directory: pathlib.Path, out: pathlib.Path, revision: str | None = None) -> list[Entry]:
    """Returns the stacks of all clouds, in the order in which they can be applied.

    Args:
        directory: The directory of the YAML files.
        out: The output directory of `synth`; nothing is written there.
        revision: A git revision: only stacks whose Terraform differs from it are returned. Default: all stacks.

    Raises:
        ConstructsError: A cloud has an error, here or in the revision.
    """
    base = from_revision(revision) if revision is not None else None
    with tempfile.TemporaryDirectory() as temporary:
        head = pathlib.Path(temporary) / "out"
        app, documents = gather_clouds(directory, head, ())
        listed = {
            stack.name
            for stack in app.cloud_stacks
            if base is None or _read(base.out / "stacks" / stack.name) != _read(head / "stacks" / stack.name)
        }
    # An operator stack is applied after its cloud's stack.
    providers = {documents[stack.name].file: stack.provider for stack in app.cloud_stacks if isinstance(stack, Cloud)}
    entries: list[Entry] = []
    for stack in app.cloud_stacks:
        document = documents[stack.name]
        if stack.name in listed:
            cloud = document.file.stem
            entries.append(
                Entry(
                    stack.name,
                    cloud,
                    kind=str(document.data[KIND]),
                    provider=providers.get(document.file, ""),
                    folder=str(out / "stacks" / stack.name),
                    depends=[entry.stack for entry in entries if entry.cloud == cloud],
                )
            )
    return entries


def as_matrix(entries: Sequence[Entry]) -> str:
    """Returns the stacks as a GitHub Actions matrix, on one line of JSON."""
    return json.dumps({"include": [asdict(entry) for entry in entries]})


def as_table(entries: Sequence[Entry]) -> Iterator[str]:
    """Yields the lines of a table of the stacks."""
    rows = [("STACK", "CLOUD", "KIND", "PROVIDER", "DEPENDS")]
    rows += [(each.stack, each.cloud, each.kind, each.provider, " ".join(each.depends) or "-") for each in entries]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _read(folder: pathlib.Path) -> dict[str, Any]:
    """Returns what Terraform reads in a directory, by file, without the comments in the JSON."""
    return {
        str(file.relative_to(folder)): plain(json.loads(file.read_text(encoding="utf-8")))
        if file.name == "cdk.tf.json"
        else file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }
