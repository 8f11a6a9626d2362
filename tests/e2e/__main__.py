"""Deploys, registers, updates and destroys examples on AWS, with real programs if possible: `make e2e`.

Without arguments, some examples go through all steps and some through most of them; see examples.py.

python -m tests.e2e [NAME... | --all]
"""

import argparse
import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.before import COMMIT, extract
from tests.e2e.adopting import EXAMPLES, adopted
from tests.e2e.examples import clouds, registered
from tests.e2e.lifecycle import live
from tests.e2e.plugins import find_plugins
from tests.e2e.report import Report, StoppedError
from tests.missing import MissingPieceError, find_anyscale
from tests.preloaded import preloaded


def main() -> int:
    """Runs every cloud; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.e2e", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="examples, for all steps")
    parser.add_argument("--all", action="store_true", help="all steps of all examples on AWS")
    parser.add_argument("--jobs", type=int, default=4, help="clouds at a time")
    arguments = parser.parse_args()
    report = Report()
    with (
        tempfile.TemporaryDirectory(prefix="e2e-") as name,
        ThreadPoolExecutor(arguments.jobs) as pool,
        _preloaded_anyscale(),
    ):
        work = Path(name)
        try:
            plugins = report.step(
                "machine",
                "providers",
                lambda: find_plugins(work),
                lambda found: ", ".join(f"{name} {origin}" for name, origin in found.origins.items()),
            )
            names = {*registered(), *EXAMPLES} if arguments.all else set(arguments.names)
            examples = clouds(plugins, work, names, _release(work, report)) + adopted(plugins, work / "synth", names)
            if unknown := names - {cloud.name for cloud in examples}:
                parser.error(f"no example on AWS is called {', '.join(sorted(unknown))}")
            for done in [pool.submit(live, cloud, work / cloud.name, plugins, report) for cloud in examples]:
                done.result()
        except StoppedError:
            pass
        finally:
            report.show()
    return int(report.failed)


@contextlib.contextmanager
def _preloaded_anyscale() -> Iterator[None]:
    """Imports the packages of the anyscale program once, for all its runs in the block."""
    try:
        found = find_anyscale()
    except MissingPieceError:  # the step that needs it reports this
        yield
        return
    with preloaded(found, "anyscale.scripts") as program:
        os.environ["ANYSCALE_BIN"] = program
        yield


def _release(work: Path, report: Report) -> Path | None:
    """The tree of the commit that existing clouds were created with; without it, every cloud is new."""
    try:
        return report.step("machine", "the commit before", lambda: extract(work / "before"), lambda _: COMMIT)
    except StoppedError:
        return None


if __name__ == "__main__":
    sys.exit(main())
