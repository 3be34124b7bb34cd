"""Signals wait until a block has ended, and then do what they would have done."""

import os
import signal
import threading

import pytest
from VertebralFracturesLib.publishing.signals import ENDING_SIGNALS, held_signals

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_waits(number: signal.Signals, monkeypatch: pytest.MonkeyPatch) -> None:
    def end(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(number, end)
    done = []
    try:
        with pytest.raises(KeyboardInterrupt), held_signals():
            os.kill(os.getpid(), number)
            os.kill(os.getpid(), number)
            done.append("all")
        assert done == ["all"]
        assert signal.getsignal(number) is end
    finally:
        signal.signal(number, before)


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with held_signals():
            os.kill(os.getpid(), signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_an_error_of_the_block_is_raised_and_the_handlers_return() -> None:
    before = [signal.getsignal(number) for number in ENDING_SIGNALS]
    with pytest.raises(ZeroDivisionError), held_signals():
        raise ZeroDivisionError
    assert [signal.getsignal(number) for number in ENDING_SIGNALS] == before


def test_other_threads_hold_nothing() -> None:
    done = []

    def work() -> None:
        with held_signals():
            done.append(1)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [1]
