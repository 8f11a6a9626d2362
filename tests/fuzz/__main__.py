"""`python -m tests.fuzz`: runs the program on configurations that are generated from seeds, and prints the failures."""

import argparse
import random
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.fuzz.runs import Ran, run
from tests.missing import MissingPieceError

_CHUNK = 100


def _run(seeds: Sequence[int]) -> Ran:
    with TemporaryDirectory() as folder:
        return run(seeds, Path(folder))


def _synthesized(seeds: range) -> Iterator[Ran]:
    with ProcessPoolExecutor() as pool:
        yield from pool.map(_run, [seeds[at : at + _CHUNK] for at in range(0, len(seeds), _CHUNK)])


def _validated(seeds: range) -> Iterator[Ran]:
    from tests.e2e.doubles.server import Doubles  # noqa: PLC0415 - needs the packages of the end-to-end tests
    from tests.fuzz.batches import Upstream, validate  # noqa: PLC0415 - likewise

    with TemporaryDirectory() as folder, Doubles() as doubles:
        upstream = Upstream(doubles, Path(folder) / "modules")
        for at in range(0, len(seeds), _CHUNK):
            yield validate(seeds[at : at + _CHUNK], upstream, Path(folder))


def main() -> int:
    """Returns the exit status: 1 if there is a failure."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=2000, help="How many configurations. Default: 2000.")
    parser.add_argument("--seed", type=int, help="The first one's seed; the others follow. Default: any.")
    parser.add_argument("--validate", action="store_true", help="Let Terraform validate what is accepted.")
    given = parser.parse_args()
    first = random.randrange(10**9) if given.seed is None else given.seed  # noqa: S311 - no secret
    seeds = range(first, first + given.count)
    print(f"seeds {first} to {seeds[-1]}", flush=True)
    faults = accepted = 0
    for ran in (_validated if given.validate else _synthesized)(seeds):
        for fault in ran.faults:
            print(f"\n{fault}", flush=True)
        faults += len(ran.faults)
        accepted += ran.accepted
    what = "stacks validated by Terraform" if given.validate else "clouds synthesized, and the others refused in words"
    print(f"{accepted} {what}; {faults} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except MissingPieceError as error:
        sys.exit(f"error: {error}")
