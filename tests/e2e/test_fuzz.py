"""Terraform accepts what the program accepts, for clouds that are generated from the JSON Schemas."""

import sys
import time
from itertools import count
from pathlib import Path

import pytest

from tests.e2e.doubles.server import Doubles
from tests.e2e.lives import EXAMPLES, edit, synthesize
from tests.fuzz.batches import Upstream, validate

SECONDS = 60
"""The time after which no further batch starts; a batch takes up to half a minute."""


@pytest.fixture(scope="module")
def upstream(doubles: Doubles, tmp_path_factory: pytest.TempPathFactory) -> Upstream:
    return Upstream(doubles, tmp_path_factory.mktemp("upstream"))


def test_terraform_accepts_what_the_program_accepts(
    upstream: Upstream, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    ran = validate(count(1_000_000), upstream, tmp_path, time.monotonic() + SECONDS)
    with capfd.disabled():
        print(f"terraform validated {ran.accepted} stacks of {ran.count} made-up clouds", file=sys.stderr)  # noqa: T201
    assert "\n\n".join(map(str, ran.faults)) == ""
    assert ran.accepted > 0


def test_a_rejected_stack_is_found_among_others(upstream: Upstream, tmp_path: Path) -> None:
    stacks = {name: synthesize(name, EXAMPLES[name], tmp_path)[0] for name in ("minimal", "gce-minimal", "aks")}
    assert [*upstream.refused(stacks)] == []
    edit(stacks["gce-minimal"], lambda document: document["module"]["vpc"].update(invented=1))
    ((name, said),) = upstream.refused(stacks)
    assert name == "gce-minimal"
    assert 'No argument or block type is named "invented"' in said
