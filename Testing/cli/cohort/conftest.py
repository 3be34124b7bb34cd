"""Where a test is about workers and not about CTs, a stand-in analyzes them in processes of the same kind."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.repository import ROOT
from VertebralFracturesLib.cli.cohort.slots import close_workers, open_workers


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Workers run ``helpers/stand_in_worker.py``."""
    path = os.pathsep.join(filter(None, [str(ROOT / "Testing"), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("PYTHONPATH", path)
    monkeypatch.setattr("VertebralFracturesLib.cli.cohort.worker_process.WORKER_MODULE", "helpers.stand_in_worker")
    open_workers()
    yield
    close_workers()


@pytest.fixture
def named_files(tmp_path: Path) -> Path:
    """A folder of files that are called as the stand-in is to behave."""
    folder = tmp_path / "data"
    folder.mkdir()
    for name in ("broken", "first", "second", "spineless"):
        (folder / f"{name}.nii").write_bytes(b"no image")
    return folder
