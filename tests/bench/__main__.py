"""`make bench`: synthesis against the same clouds written by hand in plain cdktf, in ratios within one run.

Pairs of runs alternate in order, so what else the machine does falls on both. The gate is the median of the
paired CPU ratios (Python and Node.js together); wall time stands beside it with its range.
"""

import importlib.util
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from typing import Any

from anyscale_constructs.node import prepare_node
from tests.folder import read

BARE = "tests.bench.bare"
ROUNDS = {1: 11, 50: 5, 200: 3}
WANTED = {1: 1.15, 50: 1.0, 200: 1.0}

FOUND = dict(os.environ) | {"ANYSCALE_CONSTRUCTS_ENGINE": "cdktf"}
prepare_node()
PREPARED = dict(os.environ)

CLOUD = """\
stack: ec2
region: us-west-2
org_id: org_1234abcd
networking_mode: PRIVATE
vpc: {cidr_block: 10.20.0.0/16, availability_zone_count: 3, flow_logs: true}
security_group: {ingress_cidr_blocks: [10.0.0.0/8]}
efs: {}
memorydb: {}
"""


def commands(directory: pathlib.Path, count: int) -> tuple[list[str], list[str]]:
    """Writes clouds in YAML; gives the commands that synthesize them into ours-COUNT and bare-COUNT."""
    clouds = directory / f"clouds-{count}"
    clouds.mkdir()
    for number in range(count):
        (clouds / f"cloud-{number:03}.yaml").write_text(CLOUD)
    ours, bare = directory / f"ours-{count}", directory / f"bare-{count}"
    bare.mkdir()
    return (
        [sys.executable, "-m", "stacks", "--clouds", str(clouds), "--out", str(ours)],
        [sys.executable, "-m", BARE, str(bare), str(count)],
    )


def environment(command: Sequence[str], bytecode: pathlib.Path) -> dict[str, str]:
    """That of a command, which compiles what it imports at its first run only, on either side."""
    # The library finds its Node.js by itself, as it does for users; plain cdktf is told the same one.
    named = PREPARED if BARE in command else FOUND
    kept = {name: value for name, value in named.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONPYCACHEPREFIX": str(bytecode)}


def run(command: Sequence[str], bytecode: pathlib.Path) -> tuple[float, float]:
    """CPU and wall seconds of a command with its children; any exit status but 0 ends the benchmark."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment(command, bytecode))
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - start
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def content(out: pathlib.Path) -> dict[str, Any]:
    """Every stack's Terraform without the engine's notes."""
    stacks = {}
    for file in sorted(out.glob("stacks/*/cdk.tf.json")):
        stack = read(file.parent)
        del stack["//"]
        for call in stack["module"].values():
            del call["//"]
        stack["output"] = {name: {"value": output["value"]} for name, output in stack["output"].items()}
        stacks[file.parent.name] = stack
    return stacks


def compare(title: str, one: Sequence[str], other: Sequence[str], rounds: int, bytecode: pathlib.Path) -> float:
    """Prints and gives the median of the CPU ratios of pairs; each command has run before."""
    ratios, walls = [], []
    for number in range(rounds):
        first, second = (one, other) if number % 2 else (other, one)
        figures = {id(first): run(first, bytecode), id(second): run(second, bytecode)}
        (cpu, wall), (other_cpu, other_wall) = figures[id(one)], figures[id(other)]
        ratios.append(cpu / other_cpu)
        walls.append(wall / other_wall)
    median = statistics.median(ratios)
    print(f"{title:<44} {median:5.2f}   wall {statistics.median(walls):.2f} ({min(walls):.2f}-{max(walls):.2f})")
    return median


def main() -> int:
    """Runs all comparisons; 1 when a ratio is not what is wanted."""
    missed = []
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        bytecode = directory / "bytecode"
        print(f"{'ratio of CPU time':<44} {'CPU':>5}")
        for count, rounds in ROUNDS.items():
            command, by_hand = commands(directory, count)
            run(command, bytecode)
            run(by_hand, bytecode)
            if content(directory / f"ours-{count}") != content(directory / f"bare-{count}"):
                print(f"error: the two programs make different Terraform for {count} clouds", file=sys.stderr)
                return 1
            ratio = compare(f"{count} clouds : plain cdktf", command, by_hand, rounds, bytecode)
            if ratio > WANTED[count]:
                missed.append(f"{count} clouds: {ratio:.2f} instead of {WANTED[count]:.2f}")
            if count == 1 and importlib.util.find_spec("cdktf_cdktf_provider_aws"):
                prebuilt = [*by_hand, "--prebuilt"]
                run(prebuilt, bytecode)
                compare("1 cloud : plain cdktf, prebuilt provider", command, prebuilt, 3, bytecode)
            elif count == 1:
                print("prebuilt provider: not compared, pip install cdktf-cdktf-provider-aws brings it")
    for miss in missed:
        print(f"missed: {miss}", file=sys.stderr)
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
