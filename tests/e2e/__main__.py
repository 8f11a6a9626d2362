"""Takes clouds through their whole life with the real Terraform, on emulated AWS accounts.

    python tests/e2e FOLDER [--update FOLDER --changes FILE]

FOLDER holds a folder for each stack, with its cdk.tf.json; the second FOLDER holds the same stacks, changed;
FILE maps each stack to the patterns of the addresses that the change touches.

TF_PLUGIN_MIRROR names a filesystem mirror of providers, and ANYSCALE_MODULES_DIR a folder of clones of
the upstream repositories; without them the registry and github.com are used where they can be reached.
A missing piece is named and the rest goes on; where CI is set, it fails.
"""

import argparse
import json
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.e2e.lifecycle import Cloud, Synth, live
from tests.e2e.plugins import find_plugins
from tests.e2e.report import Report, StoppedError


def _gives(folder: Path) -> Synth:
    return lambda _: folder


def main() -> int:
    """Run every cloud; gives the exit status."""
    parser = argparse.ArgumentParser(
        prog="python tests/e2e", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--update", type=Path)
    parser.add_argument("--changes", type=Path)
    parser.add_argument("--jobs", type=int, default=4, help="clouds at a time")
    arguments = parser.parse_args()
    changes = json.loads(arguments.changes.read_text()) if arguments.changes else {}

    clouds = []
    for document in sorted(arguments.folder.rglob("cdk.tf.json")):
        folder = document.parent.relative_to(arguments.folder)
        update = _gives(arguments.update / folder) if arguments.update else None
        patterns = tuple(changes.get(folder.name, ()))
        clouds.append(Cloud(folder.name, _gives(arguments.folder / folder), update, patterns))

    report = Report()
    with tempfile.TemporaryDirectory(prefix="e2e-") as name, ThreadPoolExecutor(arguments.jobs) as pool:
        work = Path(name)
        try:
            plugins = report.step(
                "machine",
                "providers",
                lambda: find_plugins(work),
                lambda found: ", ".join(f"{name} {origin}" for name, origin in found.origins.items()),
            )
            for done in [pool.submit(live, cloud, work / cloud.name, plugins, report) for cloud in clouds]:
                done.result()
        except StoppedError:
            pass
    report.show()
    return int(report.failed)


if __name__ == "__main__":
    sys.exit(main())
