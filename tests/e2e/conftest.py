"""Fixtures of the end-to-end tests."""

from collections.abc import Iterator

import pytest

from tests.e2e.doubles.server import Doubles
from tests.missing import find_anyscale
from tests.preloaded import preloaded


@pytest.fixture(scope="session")
def doubles() -> Iterator[Doubles]:
    with Doubles() as served:
        yield served


@pytest.fixture(scope="session")
def anyscale_program() -> Iterator[str]:
    """The real program, whose packages are imported once."""
    with preloaded(find_anyscale(), "anyscale.scripts") as program:
        yield program
