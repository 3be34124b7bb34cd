"""Hidden folders in which a run works: removed when it ends, or by the next run if it was killed.

A run locks its draft for as long as it lives, so that others can tell a draft that is in use from one that was left.
"""

import json
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from .publish import NEW, finish
from .signals import held_signals

try:
    import fcntl
except ImportError:  # Windows, where an open file cannot be removed: that is the lock
    fcntl = None  # type: ignore[assignment]

DRAFT_PREFIX = ".vertebral-fractures-"
"""Beginning of the name of every draft."""

_LOCK = "lock"
_UNLOCKED_S = 60.0
"""Age from which a draft without a lock was left by a killed run; chosen, locking takes less than a millisecond."""


@contextmanager
def draft_folder(place: Path, target: Path | None = None) -> Iterator[Path]:
    """A new hidden folder, removed when the block ends in any way; drafts of killed runs are removed before.

    :param place: folder in which the draft is made.
    :param target: what will be published from the draft with :func:`~.publish.publish`, in that place or below it.
    :return: the draft; it holds an empty folder :data:`~.publish.NEW`.
    :raises OSError: the place cannot be written.
    """
    remove_left_drafts(place)
    draft, lock = None, None
    try:
        with held_signals():
            draft, lock = _new_draft(place, target)
        yield draft
    finally:
        if draft is not None and lock is not None:
            with held_signals():
                _remove(draft, lock)


def remove_left_drafts(place: Path) -> None:
    """Remove the drafts that killed runs of this user left in a folder; a publication that had begun is finished."""
    try:
        drafts = sorted(place.glob(f"{DRAFT_PREFIX}*"))
    except OSError:
        return
    for draft in drafts:
        try:
            _remove_if_left(draft)
        except (OSError, ValueError):  # another run was faster, or it is no draft
            continue


def _new_draft(place: Path, target: Path | None) -> tuple[Path, IO[str]]:
    draft = Path(tempfile.mkdtemp(prefix=DRAFT_PREFIX, dir=place))
    lock = (draft / _LOCK).open("w", encoding="utf-8")
    if not _is_locked(lock):
        raise OSError(f"another run took {draft}")
    new = draft / NEW
    new.mkdir()
    relative = os.path.relpath(target, place) if target is not None else None
    json.dump({"host": platform.node(), "target": relative, "new": new.stat().st_ino}, lock)
    lock.flush()
    return draft, lock


def _is_locked(lock: IO[str]) -> bool:
    """Lock a file for this run; False if another one holds it."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks: nobody can tell whether a draft is in use, and all are left alone
        return True
    return True


def _remove_if_left(draft: Path) -> None:
    status = draft.lstat()
    if draft.is_symlink() or not draft.is_dir() or (hasattr(os, "getuid") and status.st_uid != os.getuid()):
        return
    file = draft / _LOCK
    is_fresh = time.time() - status.st_mtime <= _UNLOCKED_S
    if not file.exists():
        if not is_fresh:
            draft.rmdir()
        return
    facts = json.loads(file.read_text(encoding="utf-8") or "{}")
    if (not facts and is_fresh) or (facts and facts["host"] != platform.node()):
        return  # a run is about to lock it, or another machine has
    if fcntl is None:
        _remove_left_on_windows(draft, file, facts)
        return
    with file.open("r+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return
        with held_signals():
            _finish(draft, facts)
            _remove(draft, lock)


def _remove_left_on_windows(draft: Path, file: Path, facts: dict[str, Any]) -> None:
    file.rename(file)  # fails while the run has it open
    with file.open("r+", encoding="utf-8") as lock, held_signals():
        _finish(draft, facts)
        _remove(draft, lock)


def _finish(draft: Path, facts: dict[str, Any]) -> None:
    """Finish a publication that a killed run had begun; its target lies in the draft's place or below it."""
    relative = facts.get("target")
    if relative is not None and not os.path.isabs(relative) and ".." not in Path(relative).parts:
        finish(draft, draft.parent / relative, facts["new"])


def _remove(draft: Path, lock: IO[str]) -> None:
    """Remove a draft, the lock last; what :func:`~.publish.publish` could not put back is kept."""
    if (draft / "old").is_dir() and any((draft / "old").iterdir()):
        lock.close()
        return
    for entry in draft.iterdir():
        if entry.name == _LOCK:
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)
    lock.close()
    (draft / _LOCK).unlink(missing_ok=True)
    shutil.rmtree(draft, ignore_errors=True)
