"""Fixtures of the end-to-end tests."""

from collections.abc import Iterator

import pytest

from tests.e2e.doubles.server import Doubles


@pytest.fixture(scope="session")
def doubles() -> Iterator[Doubles]:
    with Doubles() as served:
        yield served
