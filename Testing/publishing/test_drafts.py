"""A draft goes with its run; one that was left by a killed run goes with the next one."""

import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

import pytest
from helpers.repository import MODULE
from VertebralFracturesLib.publishing import drafts
from VertebralFracturesLib.publishing.drafts import DRAFT_PREFIX, draft_folder, remove_left_drafts
from VertebralFracturesLib.publishing.publish import NEW

pytestmark = pytest.mark.skipif(os.name == "nt", reason="kills processes as POSIX systems do")

KILLED = """
import os, signal, sys
from pathlib import Path
from VertebralFracturesLib.publishing.drafts import draft_folder
with draft_folder(Path(sys.argv[1])) as draft:
    (draft / "new" / "copy of the CT").write_text("voxels")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_draft_goes_with_its_run(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), draft_folder(tmp_path) as draft:
        assert draft.name.startswith(DRAFT_PREFIX)
        assert draft.stat().st_mode & 0o777 == 0o700
        (draft / NEW / "a.txt").write_text("a")
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_a_draft_of_a_killed_run_goes_with_the_next_one(tmp_path: Path) -> None:
    command = [sys.executable, "-c", KILLED, str(tmp_path)]
    subprocess.run(command, env={**os.environ, "PYTHONPATH": str(MODULE)}, check=False)
    (left,) = tmp_path.iterdir()
    assert (left / NEW / "copy of the CT").exists()
    with draft_folder(tmp_path):
        assert not left.exists()
    assert list(tmp_path.iterdir()) == []


def test_a_draft_in_use_stays(tmp_path: Path) -> None:
    with draft_folder(tmp_path) as draft:
        (draft / NEW / "a.txt").write_text("a")
        remove_left_drafts(tmp_path)
        assert (draft / NEW / "a.txt").exists()


def left_draft(place: Path, **facts: object) -> Path:
    """What a killed run leaves, with a result that it had made."""
    draft = place / f"{DRAFT_PREFIX}x"
    (draft / NEW).mkdir(parents=True)
    (draft / NEW / "result.txt").write_text("new")
    known = {"host": platform.node(), "target": None, "new": (draft / NEW).stat().st_ino}
    (draft / "lock").write_text(json.dumps({**known, **facts}))
    return draft


def test_a_draft_of_another_computer_stays(tmp_path: Path) -> None:
    draft = left_draft(tmp_path, host="elsewhere")
    remove_left_drafts(tmp_path)
    assert draft.exists()


def test_a_draft_of_another_user_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draft = left_draft(tmp_path)
    monkeypatch.setattr(os, "getuid", lambda: 4711)
    remove_left_drafts(tmp_path)
    assert draft.exists()


@pytest.mark.parametrize("target", ["../elsewhere", "/elsewhere"])
def test_a_draft_made_by_somebody_else_moves_nothing_out_of_its_place(tmp_path: Path, target: str) -> None:
    """An archive from somebody else may hold what looks like a draft."""
    place, elsewhere = tmp_path / "place", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "result.txt").write_text("mine")
    place.mkdir()
    draft = left_draft(place, target=target.replace("/elsewhere", str(elsewhere)) if target[0] == "/" else target)
    (draft / "old").mkdir()
    remove_left_drafts(place)
    assert (elsewhere / "result.txt").read_text() == "mine"


def test_what_is_no_draft_stays(tmp_path: Path) -> None:
    (tmp_path / f"{DRAFT_PREFIX}notes.txt").write_text("mine")
    (tmp_path / f"{DRAFT_PREFIX}link").symlink_to(tmp_path)
    folder = tmp_path / f"{DRAFT_PREFIX}folder"
    folder.mkdir()
    (folder / "lock").write_text("[not json")
    remove_left_drafts(tmp_path)
    assert len(list(tmp_path.iterdir())) == 3


def test_a_draft_that_was_never_locked_goes_when_it_is_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draft = tmp_path / f"{DRAFT_PREFIX}x"
    draft.mkdir()
    remove_left_drafts(tmp_path)
    assert draft.exists()
    past = time.time() - 2 * drafts._UNLOCKED_S
    os.utime(draft, (past, past))
    remove_left_drafts(tmp_path)
    assert not draft.exists()


def test_a_draft_that_is_about_to_be_locked_stays(tmp_path: Path) -> None:
    draft = tmp_path / f"{DRAFT_PREFIX}x"
    draft.mkdir()
    (draft / "lock").touch()
    remove_left_drafts(tmp_path)
    assert draft.exists()
    past = time.time() - 2 * drafts._UNLOCKED_S
    os.utime(draft, (past, past))
    remove_left_drafts(tmp_path)
    assert not draft.exists()
