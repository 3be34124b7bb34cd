"""Jobs in a thread of their own, in a window that answers meanwhile."""

import gc
import threading
import weakref

import pytest


class Loop:
    """An object that refers to itself, as nodes with observers do."""

    def __init__(self, died_in: list) -> None:
        self.itself = self
        weakref.finalize(self, lambda: died_in.append(threading.current_thread()))


@pytest.fixture
def runner(host):
    from VertebralFracturesLib.widgets.job_runner import JobRunner

    return JobRunner(lambda stage, fraction: None)


def busy(progress, cancel):
    """Makes enough objects for Python to collect its garbage many times."""
    return len([[number] for number in range(200_000)])


def test_unused_objects_die_in_the_windows_thread(host, runner):
    died_in, results = [], []
    Loop(died_in)
    runner.start(busy, results.append, results.append)
    host.wait(lambda: results)
    assert results == [200_000]
    gc.collect()
    assert died_in == [threading.main_thread()]


@pytest.mark.parametrize("end", ["result", "error", "discarded"])
def test_python_collects_again_afterwards(host, runner, end):
    ends = []

    def work(progress, cancel):
        while end == "discarded" and not cancel():
            pass
        return 1 / (end != "error")

    runner.start(work, ends.append, ends.append)
    assert not gc.isenabled()
    if end == "discarded":
        runner.discard()
        assert ends == []
    else:
        host.wait(lambda: ends)
    assert gc.isenabled()
    assert not runner.is_running


def test_a_discarded_job_has_stopped(host, runner):
    stopped = []

    def work(progress, cancel):
        while not cancel():
            pass
        stopped.append(True)

    runner.start(work, stopped.append, stopped.append)
    runner.discard()
    assert stopped == [True]
