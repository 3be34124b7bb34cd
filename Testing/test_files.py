"""Text, arrays and folders appear whole or not at all."""

import os
from pathlib import Path

import numpy as np
import pytest
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.files import cached_arrays, output_folder, whole_file, write_text


def content(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_a_folder_appears_when_it_is_complete(tmp_path: Path) -> None:
    target = tmp_path / "new" / "results"
    with output_folder(target) as draft:
        (draft / "a.txt").write_text("a")
        assert not target.exists()
    assert content(tmp_path) == {"new/results/a.txt": "a"}
    assert target.stat().st_mode & 0o777 == 0o777 & ~current_umask()


def current_umask() -> int:
    umask = os.umask(0)
    os.umask(umask)
    return umask


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_failure_leaves_nothing(tmp_path: Path, error: type[BaseException]) -> None:
    with pytest.raises(error), output_folder(tmp_path / "results") as draft:
        (draft / "a.txt").write_text("a")
        raise error
    assert list(tmp_path.iterdir()) == []


def test_an_existing_folder_is_refused_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match="exists"), output_folder(tmp_path):
        pytest.fail("the work has begun")


def test_overwrite_replaces_files_of_the_same_name_only(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("old")
    (tmp_path / "notes.txt").write_text("mine")
    with output_folder(tmp_path, overwrite=True) as draft:
        (draft / "a.txt").write_text("new")
        (draft / "deep").mkdir()
        (draft / "deep" / "b.txt").write_text("new")
    assert content(tmp_path) == {"a.txt": "new", "deep/b.txt": "new", "notes.txt": "mine"}


def test_overwrite_keeps_the_old_results_if_it_fails(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("old")
    with pytest.raises(ZeroDivisionError), output_folder(tmp_path, overwrite=True) as draft:
        (draft / "a.txt").write_text("new")
        raise ZeroDivisionError
    assert content(tmp_path) == {"a.txt": "old"}


def test_a_file_in_the_way_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "results"
    file.write_text("mine")
    for target in (file, file / "deeper"):
        with pytest.raises(UnusableInput, match=r"is a file|cannot write into"), output_folder(target, overwrite=True):
            pytest.fail("the work has begun")


def test_a_read_only_place_is_refused_before_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.mkdtemp", refuse)  # root may write everywhere
    with pytest.raises(UnusableInput, match=r"cannot write into .*Permission denied"), output_folder(tmp_path / "new"):
        pytest.fail("the work has begun")


def test_a_full_disk_is_reported_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match="No space left"), output_folder(tmp_path / "results"):
        raise OSError(28, "No space left on device")
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    target = tmp_path / "table.csv"
    target.write_text("old")
    write_text(target, "a,b\r\n", "utf-8-sig")
    assert target.read_bytes() == b"\xef\xbb\xbfa,b\r\n"
    assert list(tmp_path.iterdir()) == [target]


def test_a_failure_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    target = tmp_path / "table.csv"
    target.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write_text(target, "é", "ascii")
    with pytest.raises(KeyboardInterrupt), whole_file(target) as draft:
        draft.write_text("half")
        raise KeyboardInterrupt
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_arrays_are_made_once(tmp_path: Path) -> None:
    file = tmp_path / "new" / "arrays.npz"
    made = []

    def make() -> dict[str, np.ndarray]:
        made.append(1)
        return {"a": np.arange(3.0), "b": np.zeros((2, 2), np.int16)}

    for _ in range(2):
        arrays = cached_arrays(file, make)
        assert arrays["a"].tolist() == [0, 1, 2]
        assert arrays["b"].dtype == np.int16
    assert made == [1]
    assert list(file.parent.iterdir()) == [file]


def test_arrays_that_cannot_be_made_leave_no_file(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        cached_arrays(tmp_path / "arrays.npz", lambda: {"a": np.array(1 // 0)})
    assert list(tmp_path.iterdir()) == []
