"""Handles the signals that stop a program, and delays them while work must not be interrupted."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def handled(handler: Callable[[int, FrameType | None], object]) -> Iterator[None]:
    """Handles SIGINT and SIGTERM in the block, even if they were ignored, as in background jobs of a shell.

    Args:
        handler: The function to call in the main thread, with the signal number and the current frame.
    """
    previous = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, before in previous.items():
            signal.signal(number, before)


@contextmanager
def delayed() -> Iterator[None]:
    """Delays SIGINT and SIGTERM until the end of the block; does nothing outside the main thread."""
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
