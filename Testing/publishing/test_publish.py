"""Whatever happens while results are published, the folder holds the old ones or the new ones and the user's files."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count, product
from pathlib import Path

import pytest
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.files import output_folder
from VertebralFracturesLib.publishing import drafts
from VertebralFracturesLib.publishing import publish as publishing
from VertebralFracturesLib.publishing.drafts import remove_left_drafts
from VertebralFracturesLib.publishing.signals import ENDING_SIGNALS

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows does not fork")

RESULTS = ("deep/c.txt", "measurements.csv", "scene.mrb")
OLD = dict.fromkeys(RESULTS, "old") | {"notes.txt": "mine", "mine/notes.txt": "mine"}
NEW = OLD | dict.fromkeys(RESULTS, "new")
STEPS = ("rename", "replace", "link", "mkdir", "unlink", "rmdir")
"""Functions of os before and after which a signal is sent, beside the exchange of two folders."""


@pytest.fixture(autouse=True)
def _no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that was killed before it locked its draft leaves an empty folder, which goes after a minute."""
    monkeypatch.setattr(drafts, "_UNLOCKED_S", -1.0)


def content(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text() for path in files}


def fill(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def run(target: Path) -> None:
    with output_folder(target, overwrite=True) as folder:
        fill(folder, dict.fromkeys(RESULTS, "new"))


def no_exchange(*_: Path) -> bool:
    return False


@contextmanager
def signal_at(step: int, number: int) -> Iterator[None]:
    """Send this process a signal before the steps of even, and after those of odd numbers."""
    steps = count()

    def watched(function: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **kwargs: object) -> object:
            if next(steps) == step:
                os.kill(os.getpid(), number)
            result = function(*args, **kwargs)
            if next(steps) == step:
                os.kill(os.getpid(), number)
            return result

        return call

    for name in STEPS:
        setattr(os, name, watched(getattr(os, name)))
    publishing.exchange = watched(publishing.exchange)  # type: ignore[assignment]
    yield
    os._exit(0 if next(steps) > step else 77)


def end_of_child(target: Path, step: int, number: int, exchange: Callable[..., bool] | None) -> int:
    """Run in a child process that gets a signal at a step; 77 where the run has fewer steps."""
    child = os.fork()
    if child == 0:
        try:
            for ending in (signal.SIGTERM, signal.SIGHUP):  # as the command line does
                signal.signal(ending, signal.default_int_handler)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            if exchange is not None:
                publishing.exchange = exchange  # type: ignore[assignment]
            with signal_at(step, number):
                run(target)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.skipif(sys.platform != "linux", reason="other systems may not exchange folders")
@pytest.mark.parametrize("number", [signal.SIGKILL, *ENDING_SIGNALS])
@pytest.mark.parametrize("is_new", [True, False])
def test_a_signal_at_any_step_leaves_the_old_results_or_the_new_ones(
    tmp_path: Path, number: signal.Signals, is_new: bool
) -> None:
    for step in count():
        target = tmp_path / f"{step}" / "results"
        target.parent.mkdir()
        if not is_new:
            fill(target, OLD)
        end = end_of_child(target, step, number, None)
        now = content(target) if target.exists() else None
        allowed = [None, dict.fromkeys(RESULTS, "new")] if is_new else [OLD, NEW]
        assert now in allowed, (step, end)
        remove_left_drafts(target.parent)
        assert [path.name for path in target.parent.iterdir()] in ([], ["results"]), step
        assert (content(target) if target.exists() else None) == now
        if end == 77:
            break
    assert step > (10 if is_new else 30)


@pytest.mark.parametrize("number", ENDING_SIGNALS)
def test_without_an_exchange_signals_that_wait_leave_the_old_results_or_the_new_ones(
    tmp_path: Path, number: signal.Signals
) -> None:
    for step in count():
        target = tmp_path / f"{step}" / "results"
        fill(target, OLD)
        end = end_of_child(target, step, number, no_exchange)
        assert content(target) in (OLD, NEW), (step, end)
        remove_left_drafts(target.parent)
        assert list(target.parent.iterdir()) == [target]
        if end == 77:
            break


def test_without_an_exchange_the_next_run_completes_what_a_killed_one_began(tmp_path: Path) -> None:
    seen = []
    for step in count():
        target = tmp_path / f"{step}" / "results"
        fill(target, OLD)
        end = end_of_child(target, step, signal.SIGKILL, no_exchange)
        seen.append(content(target))
        remove_left_drafts(target.parent)
        assert content(target) in (OLD, NEW), step
        assert list(target.parent.iterdir()) == [target]
        if end == 77:
            break
    assert any(state not in (OLD, NEW) for state in seen), "no step was in the middle"


@pytest.mark.parametrize(("exchange", "failing"), list(product([None, no_exchange], range(4))))
def test_files_that_cannot_be_replaced_leave_everything_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exchange: Callable[..., bool] | None, failing: int
) -> None:
    target = tmp_path / "results"
    fill(target, OLD)
    if exchange is not None:
        monkeypatch.setattr(publishing, "exchange", exchange)
    calls, rename = count(), os.rename

    def refuse(*args: Path) -> None:
        if next(calls) == failing:
            raise PermissionError(1, "Operation not permitted")
        rename(*args)

    monkeypatch.setattr(os, "rename", refuse)
    if exchange is None:
        run(target)
        assert content(target) == NEW
        return
    with pytest.raises(UnusableInput, match=r"Operation not permitted\): nothing was written"):
        run(target)
    monkeypatch.undo()
    assert content(target) == OLD
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("exchange", [None, no_exchange])
def test_a_folder_with_the_name_of_a_result_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exchange: Callable[..., bool] | None
) -> None:
    target = tmp_path / "results"
    fill(target, {"scene.mrb/mine.txt": "mine", "a.txt": "mine"})
    before = content(target)
    if exchange is not None:
        monkeypatch.setattr(publishing, "exchange", exchange)
    with pytest.raises(UnusableInput, match="nothing was written"):
        run(target)
    assert content(target) == before


def test_files_that_cannot_be_put_back_are_kept_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "results"
    fill(target, OLD)
    monkeypatch.setattr(publishing, "exchange", no_exchange)
    calls, rename = count(), os.rename

    def refuse(*args: Path) -> None:
        if next(calls) >= 3:
            raise PermissionError(1, "Operation not permitted")
        rename(*args)

    monkeypatch.setattr(os, "rename", refuse)
    with pytest.raises(UnusableInput, match="no longer complete") as error:
        run(target)
    kept = Path(str(error.value).split("moved to ")[1].split(" and could")[0])
    assert content(kept)


def test_the_second_of_two_runs_into_one_new_folder_says_so(tmp_path: Path) -> None:
    target = tmp_path / "results"
    message = "was made by another program in the meantime and was left as it is; nothing was written"
    with pytest.raises(UnusableInput, match=message), output_folder(target) as second:
        with output_folder(target) as first:
            fill(first, {"a.txt": "first"})
        fill(second, {"a.txt": "second"})
    assert content(tmp_path) == {"results/a.txt": "first"}


@pytest.mark.parametrize("name", ["results", "results/notes.txt"])
def test_a_file_that_appears_meanwhile_is_not_lost(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnusableInput, match="in the meantime"), output_folder(tmp_path / "results") as folder:
        fill(folder, {"a.txt": "new"})
        fill(tmp_path, {name: "mine"})
    assert content(tmp_path) == {name: "mine"}


@pytest.mark.skipif(sys.platform != "linux", reason="other systems may not exchange folders")
def test_a_file_that_appears_at_the_last_moment_is_not_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "results"
    fill(target, OLD)
    exchange = publishing.exchange

    def late(new: Path, old: Path) -> bool:
        fill(target, {"mine/late.txt": "mine", "late.txt": "mine"})
        (target / "saved.txt").write_text("edited")
        os.replace(target / "saved.txt", target / "notes.txt")
        return exchange(new, old)

    monkeypatch.setattr(publishing, "exchange", late)
    run(target)
    assert content(target) == NEW | {"mine/late.txt": "mine", "late.txt": "mine", "notes.txt": "edited"}


def test_the_folder_that_a_user_works_in_stays_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "results"
    fill(target, OLD)
    monkeypatch.chdir(target)
    inode = target.stat().st_ino
    run(target)
    assert target.stat().st_ino == inode
    assert content(target) == NEW


def test_links_in_the_folder_stay_links(tmp_path: Path) -> None:
    target = tmp_path / "results"
    fill(target, OLD)
    (target / "link.txt").symlink_to("notes.txt")
    (target / "nowhere").symlink_to("absent")
    run(target)
    assert (target / "link.txt").readlink() == Path("notes.txt")
    assert (target / "nowhere").is_symlink()
