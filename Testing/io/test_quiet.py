"""Nothing reaches the terminal from within, everything does before and after."""

import os
import sys
import warnings

import pytest
from VertebralFracturesLib.io.quiet import quiet


def test_nothing_is_written_from_within(capfd: pytest.CaptureFixture[str]) -> None:
    print("before")
    with quiet():
        os.write(1, b"within\n")
        os.write(2, b"within\n")
        warnings.warn("within", UserWarning, stacklevel=1)
    os.write(2, b"after\n")
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("before\n", "after\n")


def test_the_streams_come_back_after_an_error(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError), quiet():
        raise RuntimeError
    os.write(1, b"after\n")
    assert capfd.readouterr().out == "after\n"


def test_it_works_without_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(os, "dup", lambda number: (_ for _ in ()).throw(OSError))
    with quiet():
        pass
