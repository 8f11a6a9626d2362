"""A program that gets a signal to stop does so at the right time."""

import signal
import threading

import pytest

from anyscale_constructs.signals import delayed, handled

STOPPING = (signal.SIGINT, signal.SIGTERM)


@pytest.mark.parametrize("number", STOPPING)
def test_a_signal_is_delayed_to_the_end_of_the_block(number: signal.Signals) -> None:
    done: list[object] = []
    before = [signal.getsignal(each) for each in STOPPING]
    with handled(lambda number, _: done.append(number)):
        with delayed():
            signal.raise_signal(number)
            done.append("the block")
        assert done == ["the block", number]
    assert [signal.getsignal(each) for each in STOPPING] == before


def test_a_delayed_signal_interrupts() -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell ignores it for what runs behind it
    done = []

    def work() -> None:
        with delayed():
            signal.raise_signal(signal.SIGINT)
            done.append("the block")

    try:
        with pytest.raises(KeyboardInterrupt):
            work()
    finally:
        signal.signal(signal.SIGINT, before)
    assert done == ["the block"]


def test_a_failure_in_the_block_does_not_lose_the_signal() -> None:
    told: list[int] = []

    def fail() -> None:
        with delayed():
            signal.raise_signal(signal.SIGTERM)
            raise ValueError("wrong")

    with handled(lambda number, _: told.append(number)), pytest.raises(ValueError, match="wrong"):
        fail()
    assert told == [signal.SIGTERM]


def test_other_threads_have_no_signals_to_delay() -> None:
    done = []

    def work() -> None:
        with delayed():
            done.append("the block")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == ["the block"]
