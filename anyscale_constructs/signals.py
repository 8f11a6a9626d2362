"""The signals that tell a program to stop: when it does, and when it first ends what must be whole."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def handled(handler: Callable[[int, FrameType | None], object]) -> Iterator[None]:
    """Handles SIGINT and SIGTERM in the block, also where they were ignored, as in a shell's background job.

    Args:
        handler: Is called with the signal's number, in the main thread.
    """
    previous = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, before in previous.items():
            signal.signal(number, before)


@contextmanager
def delayed() -> Iterator[None]:
    """Delays SIGINT and SIGTERM to the end of the block; in other threads than the main one there are none."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    told: list[int] = []
    try:
        with handled(lambda number, _: told.append(number)):
            yield
    finally:
        for number in told:
            signal.raise_signal(number)
