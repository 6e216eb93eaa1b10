"""Ctrl-C is heard even where Python drops the exception."""

from __future__ import annotations

import signal

import pytest

from tui.cli.interrupt import interruptible


class Finalized:
    """An object during whose finalizer the operator presses Ctrl-C."""

    def __del__(self) -> None:
        signal.raise_signal(signal.SIGINT)


def test_an_interrupt_ends_the_work_at_once() -> None:
    """The ordinary case: KeyboardInterrupt where the work is."""
    reached: list[str] = []

    def work() -> None:
        with interruptible():
            signal.raise_signal(signal.SIGINT)
            reached.append("the rest")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert reached == []


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupt_dropped_in_a_finalizer_is_still_a_wish() -> None:
    """Python only prints it there; the event is set, and the block ends as interrupted."""
    heard: list[bool] = []

    def work() -> None:
        with interruptible() as stop:
            Finalized()
            heard.append(stop.is_set())

    with pytest.raises(KeyboardInterrupt):
        work()
    assert heard == [True]


def test_the_old_handler_is_back_afterwards() -> None:
    """Nothing is left behind, interrupted or not."""
    before = signal.getsignal(signal.SIGINT)
    with interruptible():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before
