"""Workers are ended where they take too long, need too much memory, or die."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from helpers.command import run_process
from helpers.repository import MODULE, ROOT
from VertebralFracturesLib.cli.cohort.cases import Case
from VertebralFracturesLib.cli.cohort.settings import Settings
from VertebralFracturesLib.cli.cohort.store import DONE, Store
from VertebralFracturesLib.cli.cohort.worker_process import WorkerEnded, WorkerProcess
from VertebralFracturesLib.errors import UnusableInput


@pytest.fixture
def settings(tmp_path: Path, stand_in: None) -> Settings:
    made = Settings(str(tmp_path / "out"), threads=3, time_limit_s=60.0, memory_limit_mb=1500.0)
    Store(made.folder).open(made)
    return made


def case(name: str) -> Case:
    return Case(name, f"/data/{name}.nii")


def test_one_process_does_one_case_after_the_other(settings: Settings) -> None:
    worker = WorkerProcess(settings)
    try:
        answers = [worker.analyze(case(name)) for name in ("first", "broken", "second")]
        assert [answer["status"] for answer in answers] == [DONE, "failed", DONE]
        assert answers[0]["software"] == "3"  # the stand-in tells its number of threads
    finally:
        worker.kill()
    assert not worker.is_alive


@pytest.mark.parametrize(
    ("name", "reason", "is_by_case"),
    [
        ("hang", r"not finished after 0.5 s \(--time-limit\)", True),
        ("die", "ended with signal 9", False),
        ("too-large", r"needs more memory than the 1.5 GB of its worker", True),
        ("eat", r"needs more memory than the 1.5 GB of its worker", True),
    ],
)
def test_what_ends_a_worker_is_told(settings: Settings, name: str, reason: str, is_by_case: bool) -> None:
    limit_s = 0.5 if name == "hang" else 60.0
    worker = WorkerProcess(Settings(settings.output, threads=1, time_limit_s=limit_s, memory_limit_mb=1536.0))
    with pytest.raises(WorkerEnded, match=reason) as ended:
        worker.analyze(case(name))
    assert ended.value.is_by_case is is_by_case
    assert not worker.is_alive


def test_a_worker_that_cannot_start_says_why(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("VertebralFracturesLib.cli.cohort.worker_process.WORKER_MODULE", "absent_module")
    with pytest.raises(UnusableInput, match=r"could not start.*No module named absent_module"):
        WorkerProcess(settings)


def test_a_worker_does_not_outlive_its_program(settings: Settings) -> None:
    code = (
        "import os, sys; from VertebralFracturesLib.cli.cohort import worker_process as w; "
        "w.WORKER_MODULE = 'helpers.stand_in_worker'; "
        "worker = w.WorkerProcess(w.Settings.from_json(sys.argv[1])); print(worker.pid, flush=True); "
        "worker.analyze(w.Case('hang', '/data/hang.nii'))"
    )
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join([str(MODULE), str(ROOT / "Testing")])}
    program = subprocess.Popen(
        [sys.executable, "-c", code, settings.as_json()], env=variables, stdout=subprocess.PIPE, text=True
    )
    assert program.stdout is not None
    pid = int(program.stdout.readline())
    os.kill(pid, 0)
    program.kill()
    program.wait()
    program.stdout.close()
    end = time.monotonic() + 20
    while Path(f"/proc/{pid}").exists() and time.monotonic() < end:
        time.sleep(0.05)
    assert not Path(f"/proc/{pid}").exists()


def test_a_worker_without_a_program_ends_at_once(settings: Settings) -> None:
    ended = run_process(
        settings.as_json(),
        code="import runpy; runpy.run_module('helpers.stand_in_worker', run_name='__main__')",
        environment={"PYTHONPATH": os.pathsep.join([str(MODULE), str(ROOT / "Testing")])},
        stdin=subprocess.DEVNULL,
        timeout=60,
    )
    assert ended.returncode == 0
