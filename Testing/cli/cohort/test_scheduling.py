"""One worker, a local cluster, and a cluster that exists."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.repository import MODULE, ROOT
from helpers.stand_in_worker import LOG, MEETING
from VertebralFracturesLib import __version__
from VertebralFracturesLib.cli.cohort.cases import Case
from VertebralFracturesLib.cli.cohort.scheduling import analyze_cases, check_dask, library_version
from VertebralFracturesLib.cli.cohort.settings import Settings
from VertebralFracturesLib.cli.cohort.store import Store
from VertebralFracturesLib.errors import UnusableInput

NAMES = ("first", "broken", "die", "second", "third")
STATUSES = {"first": "done", "broken": "failed", "die": "failed", "second": "done", "third": "done"}


@pytest.fixture
def settings(tmp_path: Path, stand_in: None) -> Settings:
    made = Settings(str(tmp_path / "out"), time_limit_s=60.0)
    Store(made.folder).open(made)
    return made


def cases() -> list[Case]:
    return [Case(name, f"/data/{name}.nii") for name in NAMES]


def test_one_worker_needs_no_dask(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    check_dask(1, None, None)
    assert {one["name"]: one["status"] for one in analyze_cases(cases(), settings, 1)} == STATUSES
    with pytest.raises(UnusableInput, match=r"needs? Dask.*pip install .*\[cohort\].*--workers 1"):
        check_dask(2, None, None)


def test_a_local_cluster_works_on_several_cases_at_once(settings: Settings) -> None:
    pytest.importorskip("distributed", reason="several workers need Dask")
    assert {one["name"]: one["status"] for one in analyze_cases(cases(), settings, 2)} == STATUSES
    lines = (settings.folder.parent / LOG).read_text().splitlines()
    assert len(lines) == len(NAMES) + 1  # the one that dies is tried twice
    begun = time.monotonic()
    meeting = [Case(name, f"/data/{name}.nii") for name in MEETING]
    assert [one["status"] for one in analyze_cases(meeting, settings, 2)] == ["done", "done"]
    assert time.monotonic() - begun < 50  # one after the other, the first one waits for 60 s


def test_a_dashboard_needs_bokeh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "bokeh" else "found")
    with pytest.raises(UnusableInput, match="pip install bokeh"):
        check_dask(2, None, ":8787")


@pytest.fixture
def scheduler(stand_in: None) -> Iterator[str]:
    """Address of a scheduler with one worker, each in a process of its own."""
    pytest.importorskip("distributed", reason="a cluster needs Dask")
    code = (
        "import sys; from distributed import LocalCluster; "
        "from VertebralFracturesLib.cli.cohort import worker_process; "
        "worker_process.WORKER_MODULE = 'helpers.stand_in_worker'; "
        "cluster = LocalCluster(n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None, "
        "protocol='tcp://', memory_limit=0); print(cluster.scheduler_address, flush=True); sys.stdin.read()"
    )
    path = os.pathsep.join([str(MODULE), str(ROOT / "Testing"), os.environ.get("PYTHONPATH", "")])
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": path}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdin is not None
    yield process.stdout.readline().strip()
    process.stdin.close()
    process.wait(timeout=60)
    process.stdout.close()


def test_a_cluster_that_exists_is_used(settings: Settings, scheduler: str) -> None:
    ended = analyze_cases(cases(), settings, 1, scheduler)
    assert {one["name"]: one["status"] for one in ended} == STATUSES


def test_a_scheduler_that_does_not_answer_is_told(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed", reason="a cluster needs Dask")
    monkeypatch.setattr("VertebralFracturesLib.cli.cohort.scheduling._CONNECT", "0.5s")
    with pytest.raises(UnusableInput, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        list(analyze_cases(cases(), settings, 1, "tcp://127.0.0.1:9"))


def test_workers_tell_their_version() -> None:
    assert library_version() == __version__
