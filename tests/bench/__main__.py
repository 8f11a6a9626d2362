"""`make bench`: compares synthesis with the same clouds in plain cdktf and in plain Python, as ratios within one run.

Runs of two commands alternate in pairs, so that other load on the machine affects both. A result is the median of the
pairs' ratios of CPU time, including that of Node.js. The outputs of both sides are compared first, and the modules that
they import are compiled.
"""

import argparse
import importlib.util
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from anyscale_constructs.engine.choice import VARIABLE
from anyscale_constructs.node import prepare_node
from tests.registration_samples import AWS_VM

HERE = pathlib.Path(__file__).parent
CLOUDS = {
    "ec2": """\
stack: ec2
region: us-west-2
org_id: org_1234abcd
networking_mode: PRIVATE
vpc: {cidr_block: 10.20.0.0/16, availability_zone_count: 3, flow_logs: true}
security_group: {ingress_cidr_blocks: [10.0.0.0/8]}
efs: {}
memorydb: {}
""",
    "eks": """\
stack: eks
region: us-west-2
org_id: org_1234abcd
networking_mode: PRIVATE
vpc: {cidr_block: 10.20.0.0/16, availability_zone_count: 3}
cluster: {public_access_cidrs: [203.0.113.0/24], nodes: {gpu_types: [T4, L4]}}
workloads: {data_access: [{bucket: acme-datasets}]}
releases: {gateway: {ingress_cidr_blocks: [10.0.0.0/8]}}
""",
}


class Target(NamedTuple):
    """The limits of a result.

    Attributes:
        goal: The value to aim for.
        hard: The value above which the benchmark fails. Default: none.
    """

    goal: float
    hard: float | None = None


BARE = {
    "ec2": {1: Target(0.25, 0.4), 50: Target(0.25, 0.25), 200: Target(0.18, 0.18), 500: Target(0.12, 0.15)},
    "eks": {1: Target(0.5), 50: Target(0.25), 200: Target(0.25), 500: Target(0.25)},
}
"""The library's CPU time as a ratio to that of plain cdktf, by kind and number of clouds."""
CDKTF = {1: Target(1.3), 200: Target(1.1)}
"""The same on the engine cdktf, for EC2."""
PREBUILT = Target(0.02)
FURTHER = Target(3, 5)
"""The cost of each further EC2 cloud, as a ratio to plain Python that writes the same JSON."""
MEMORY = Target(80, 80)
"""The peak memory in MB, with the largest number of EC2 clouds."""
START = Target(0.25)
"""CPU time in seconds, in addition to the start of Python."""

IN_MEMORY = pathlib.Path("/dev/shm")  # noqa: S108 - a directory with a random name is created in it
"""Linux's file system in memory: on a disk, creating the same files takes up to ten times as long as in another run."""
PAIRS = {1: 11, 50: 5, 200: 3, 500: 3}
QUICK = {1: 3, 50: 1}

FOUND = {name: value for name, value in os.environ.items() if name not in {VARIABLE, "PYTHONDONTWRITEBYTECODE"}}
"""The environment of commands, which compile the modules that they import, in the first run only."""
prepare_node()
PREPARED = {name: value for name, value in os.environ.items() if name in FOUND or name.startswith(("JSII", "NODE"))}
"""The environment of plain cdktf. The library finds Node.js by itself, as it does for users."""


@dataclass(frozen=True)
class Command:
    """A command to measure.

    Args:
        arguments: The arguments of Python.
        out: The directory that it writes.
        variables: Its environment.
    """

    arguments: Sequence[str]
    out: pathlib.Path
    variables: Mapping[str, str] = field(default_factory=lambda: FOUND)

    def run(self, bytecode: pathlib.Path) -> tuple[float, float]:
        """Returns the CPU seconds and peak memory in MB of the command and its children; it must exit with status 0."""
        shutil.rmtree(self.out, ignore_errors=True)
        variables = {**self.variables, "PYTHONPYCACHEPREFIX": str(bytecode)}
        command, nowhere = [sys.executable, *self.arguments], subprocess.DEVNULL
        with subprocess.Popen(command, env=variables, stdout=nowhere, stderr=nowhere) as process:
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, process.args)
        return used.ru_utime + used.ru_stime, used.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def commands(directory: pathlib.Path, kind: str, count: int) -> dict[str, Command]:
    """Writes clouds in YAML, and returns the commands that synthesize them, by name."""
    clouds = directory / f"{kind}-{count}"
    clouds.mkdir()
    for number in range(count):
        (clouds / f"cloud-{number:03}.yaml").write_text(CLOUDS[kind])
    template = directory / f"{kind}.json"

    def of(name: str, *arguments: str, variables: Mapping[str, str] = FOUND) -> Command:
        out = directory / f"{kind}-{count}-{name}"
        return Command([each.format(out=out, count=count) for each in arguments], out, variables)

    synth = ["-m", "anyscale_constructs", "synth", "--clouds", str(clouds), "--out", "{out}"]
    bare = {
        "ec2": [str(HERE / "bare.py"), "{out}", "{count}"],
        "eks": [str(HERE / "again.py"), "{out}", "{count}", str(template)],
    }[kind]
    return {
        "ours": of("ours", *synth),
        "ours on cdktf": of("cdktf", *synth, variables=FOUND | {VARIABLE: "cdktf"}),
        "bare": of("bare", *bare, variables=PREPARED),
        "prebuilt": of("prebuilt", *bare, "--prebuilt", variables=PREPARED),
        "floor": of("floor", str(HERE / "floor.py"), "{out}", str(clouds), str(template)),
    }


def are_equal(one: Command, other: Command) -> bool:
    """Returns whether two commands wrote the same output."""
    return not subprocess.run([sys.executable, "-m", "tests.bench.content", one.out, other.out], check=False).returncode


class Bench:
    """Runs the comparisons, and reports which limits are exceeded.

    Args:
        directory: The directory of the clouds and outputs.
        pairs: The number of pairs of runs, by the number of clouds.
    """

    def __init__(self, directory: pathlib.Path, pairs: Mapping[int, int]) -> None:
        self.directory = directory
        self.pairs = pairs
        self.missed: list[str] = []
        self.differing: list[str] = []

    def say(self, title: str, figure: float, target: Target, form: str = "{:.2f}", note: str = "") -> None:
        """Prints a result with its limits."""
        hard = target.hard is not None and figure > target.hard
        verdict = "MISSED" if hard else "goal missed" if figure > target.goal else "ok"
        limits = f"{target.goal:g}" + ("" if target.hard is None else f", hard {target.hard:g}")
        print(f"{title:<44}{form.format(figure):>9}   {limits:<16}{verdict:<12}{note}".rstrip(), flush=True)
        if hard:
            self.missed.append(title)

    def measured(self, *sides: Command, pairs: int) -> list[list[tuple[float, float]]]:
        """Returns the CPU seconds and the memory in MB of each run of each side; the order alternates."""
        bytecode = self.directory / "bytecode"
        for side in sides:
            side.run(bytecode)
        figures: list[list[tuple[float, float]]] = [[] for _ in sides]
        for number in range(pairs):
            for index in range(len(sides))[:: -1 if number % 2 else 1]:
                figures[index].append(sides[index].run(bytecode))
        return figures

    def compare(self, title: str, ours: Command, other: Command, target: Target, pairs: int) -> None:
        """Prints the median of the pairs' ratios of CPU time."""
        one, two = self.measured(ours, other, pairs=pairs)
        if not are_equal(ours, other):
            self.differing.append(title)
            return
        ratios = [a / b for (a, _), (b, _) in zip(one, two, strict=True)]
        seconds = " : ".join(f"{statistics.median(cpu for cpu, _ in side):.2f}" for side in (one, two))
        memory = " : ".join(f"{max(mb for _, mb in side):.0f}" for side in (one, two))
        spread = f"{min(ratios):.2f}-{max(ratios):.2f}, {seconds} s, {memory} MB"
        self.say(title, statistics.median(ratios), target, note=spread)

    def run(self) -> None:
        """Runs all comparisons."""
        print(f"{'CPU time':<44}{'figure':>9}   {'at most':<28}range, medians, peak memory")
        for kind, targets in BARE.items():
            first = commands(self.directory, kind, 1)
            first["ours"].run(self.directory / "bytecode")
            template = [sys.executable, "-m", "tests.bench.content", str(first["ours"].out)]
            (self.directory / f"{kind}.json").write_bytes(subprocess.check_output(template))
            made = {count: first if count == 1 else commands(self.directory, kind, count) for count in self.pairs}
            for count, pairs in self.pairs.items():
                title = f"{count} {kind.upper()} : bare cdktf"
                self.compare(title, made[count]["ours"], made[count]["bare"], targets[count], pairs)
            if kind == "ec2":
                self.further(made)
                self.engines(made)
        self.starts()

    def further(self, made: Mapping[int, Mapping[str, Command]]) -> None:
        """Prints the cost of each further cloud, and the memory of all clouds."""
        few, many = min(self.pairs), max(self.pairs)
        sides = [made[count][name] for count in (few, many) for name in ("ours", "floor")]
        # Differences scatter more than what they are taken from, so more pairs are measured.
        one, floor, ours, floors = self.measured(*sides, pairs=3 * self.pairs[many])
        if not are_equal(*sides[2:]):
            self.differing.append("the floor")
            return
        each = [
            ((all_of_ours - a) / (many - few), (all_of_floors - b) / (many - few))
            for (a, _), (b, _), (all_of_ours, _), (all_of_floors, _) in zip(one, floor, ours, floors, strict=True)
        ]
        note = " : ".join(f"{statistics.median(side) * 1000:.2f}" for side in zip(*each, strict=True)) + " ms"
        self.say("each further EC2 : the floor", statistics.median(a / b for a, b in each), FURTHER, note=note)
        self.say(f"{many} EC2, peak memory in MB", max(mb for _, mb in ours), MEMORY, "{:.0f}")

    def engines(self, made: Mapping[int, Mapping[str, Command]]) -> None:
        """Measures the engine cdktf, and the prebuilt provider if it is installed."""
        for count in sorted(CDKTF.keys() & self.pairs):
            of, pairs = made[count], self.pairs[count]
            self.compare(f"{count} EC2 on cdktf : bare cdktf", of["ours on cdktf"], of["bare"], CDKTF[count], pairs)
        if importlib.util.find_spec("cdktf_cdktf_provider_aws"):
            self.compare("1 EC2 : prebuilt provider", made[1]["ours"], made[1]["prebuilt"], PREBUILT, 3)
        else:
            print("1 EC2 : prebuilt provider: not compared; pip install cdktf-cdktf-provider-aws installs it")

    def starts(self) -> None:
        """Prints the cost of commands that do not synthesize, compared with the start of Python."""
        (self.directory / "resource.json").write_text(json.dumps(AWS_VM))
        shown = ["--outputs", str(self.directory / "resource.json"), "--name", "prod", "--print", "command"]
        lines = ["--help", "schema ec2", "rules", "list", "register prod"]
        python = Command(["-c", ""], self.directory / "none")
        for line in lines:
            words = [*line.split(), *(shown if line.startswith("register") else ())]
            command = Command(["-m", "anyscale_constructs", *words], self.directory / "none")
            ours, own = self.measured(command, python, pairs=self.pairs[1])
            seconds = statistics.median(a - b for (a, _), (b, _) in zip(ours, own, strict=True))
            title = f"start of {line}{' --print command' if len(words) > len(line.split()) else ''}"
            self.say(title, seconds, START, "{:.2f} s")


def main(arguments: Sequence[str]) -> int:
    """Runs all comparisons; returns 1 if a hard limit is exceeded, or if two sides write different Terraform."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("--quick", action="store_true", help="few clouds and pairs; figures are rough")
    with tempfile.TemporaryDirectory(dir=IN_MEMORY if IN_MEMORY.is_dir() else None) as name:
        bench = Bench(pathlib.Path(name), QUICK if parser.parse_args(arguments).quick else PAIRS)
        bench.run()
    for title in bench.differing:
        print(f"error: {title}: the two sides write different Terraform", file=sys.stderr)
    for title in bench.missed:
        print(f"error: {title}: more than is allowed", file=sys.stderr)
    return int(bool(bench.differing or bench.missed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
