"""Clouds generated from the JSON Schemas: no traceback, no messages of other libraries, no hang; and their checks."""

import pathlib
import time
from typing import Any

import pytest

from anyscale_constructs.aws import Vpc
from anyscale_constructs.config import document
from anyscale_constructs.explain import page
from anyscale_constructs.findings import Finding
from anyscale_constructs.registration import outputs as registered
from tests.findings import Said
from tests.fuzz.clouds import cloud, text
from tests.fuzz.outcomes import failure_of
from tests.fuzz.runs import outputs, run

CHUNK = 100


@pytest.mark.parametrize("first", range(0, 20 * CHUNK, CHUNK))
def test_generated_input_is_accepted_or_reported_in_words(first: int, tmp_path: pathlib.Path) -> None:
    ran = run(range(first, first + CHUNK), tmp_path)
    assert "\n\n".join(map(str, ran.faults)) == ""
    assert CHUNK / 4 < ran.accepted < CHUNK * 3 / 4  # else it tries too little of what is right, or of what is wrong


def test_a_seed_always_generates_the_same() -> None:
    made = [(text(cloud(seed)), outputs(seed)) for seed in (7, 8, 7)]
    assert made[0] == made[2] != made[1]


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        (Said(0, "done", ""), ""),
        (Said(2, "", "error: a: must be a string; got 1"), ""),
        (Said(2, "", ""), "ended with 2 and said nothing"),
        (Said(1, "", "x"), "ended with 1: x"),
        (Said(70, "", "x"), "ended with 70: x"),
        (Said(2, "", "Traceback (most recent call last):"), "said 'Traceback (most'"),
        (Said(2, "", "a: Input should be a valid string"), "said 'Input should be'"),
        (Said(2, "", "1 validation error for Ec2Config"), "said 'validation error for'"),
        (Said(2, "", "For further information visit https://errors.pydantic.dev/2"), "said 'pydantic'"),
        (Said(2, "", "@jsii/kernel.Fault: no"), "said 'jsii'"),
        (Said(2, "", "must be <class 'str'>"), "said '<class '"),
        (Said(2, "", "got NoneType"), "said 'NoneType'"),
        (Said(2, "", "KeyError: 'a'"), "said 'KeyError'"),
    ],
)
def test_failures_are_detected(said: Said, wrong: str) -> None:
    found = failure_of(lambda: said)
    assert found.startswith(wrong)
    assert bool(found) == bool(wrong)


def test_a_hang_is_detected() -> None:
    def command() -> Said:
        try:
            while True:
                time.sleep(0.01)
        except Exception:  # noqa: BLE001 - as nets do
            return Said(0, "done", "")

    assert failure_of(command, 0.1) == "took more than 0.1 s"


# A fault in the product -> what is seen of it.
DELIBERATE: dict[str, tuple[Any, str, Any, str]] = {
    "an exception in a construct": (Vpc, "complete", None, "synth: ended with 70"),
    "words of pydantic's": (document, "found", lambda error, **_: [Finding(error["msg"])], "synth: said 'Input should"),
    "an exception in a page": (page, "page_of", None, "explain --format html: ended with 70"),
    "an exception in registering": (registered, "find_registration", None, "resource-file: ended with 70"),
}


@pytest.mark.parametrize("fault", DELIBERATE)
def test_a_fault_of_the_product_is_found(fault: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module, name, value, seen = DELIBERATE[fault]
    seeds = range(24)
    assert all(map(cloud, seeds))  # which needs examples without the fault
    monkeypatch.setattr(module, name, value)
    said = "\n".join(map(str, run(seeds, tmp_path).faults))
    assert seen in said
