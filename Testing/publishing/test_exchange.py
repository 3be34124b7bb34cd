"""Two folders swap their names, or nothing happens."""

import ctypes
import sys
from pathlib import Path

import pytest
from VertebralFracturesLib.publishing.exchange import exchange


def two_folders(folder: Path) -> tuple[Path, Path]:
    for name in ("a", "b"):
        (folder / name).mkdir()
        (folder / name / name).touch()
    return folder / "a", folder / "b"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems may lack the call")
def test_folders_swap_their_names(tmp_path: Path) -> None:
    first, second = two_folders(tmp_path)
    assert exchange(first, second)
    assert (first / "b").exists()
    assert (second / "a").exists()


def test_a_system_without_the_call_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = two_folders(tmp_path)
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: object())
    assert not exchange(first, second)
    assert (first / "a").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems may lack the call")
def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    first, _ = two_folders(tmp_path)
    with pytest.raises(FileNotFoundError):
        exchange(first, tmp_path / "absent")
