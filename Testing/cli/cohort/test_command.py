"""The command from its arguments to the folder of results."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pytest
from helpers.command import assert_one_error_line, run_process
from helpers.repository import LIBRARY, MODULE, ROOT
from helpers.small_patients import SMALL
from helpers.stand_in_worker import LOG
from VertebralFracturesLib.cli.cohort.command import SOME_FAILED
from VertebralFracturesLib.cli.cohort.memory import usable_cores
from VertebralFracturesLib.cli.cohort.scheduling import ONE_WORKER
from VertebralFracturesLib.cli.main import main
from VertebralFracturesLib.cli.results import RESULT_FILES, RUN_FILE, SCENE_FILE
from VertebralFracturesLib.io.reference_case import write_reference_case
from VertebralFracturesLib.simulation.ct.acquisition import scan
from VertebralFracturesLib.simulation.patient.anatomy import make_patient

WITH_STAND_IN = (
    "import sys; from VertebralFracturesLib.cli.cohort import worker_process; "
    "worker_process.WORKER_MODULE = 'helpers.stand_in_worker'; "
    "from VertebralFracturesLib.cli.main import main; sys.exit(main())"
)


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def statuses(output: Path) -> dict[str, str]:
    return {row["case"].removeprefix("data__"): row["status"] for row in rows(output / "cases.csv")}


def attempts(folder: Path) -> list[str]:
    return [line.split()[1].removeprefix("data__") for line in (folder / LOG).read_text().splitlines()]


def test_cases_end_with_results_or_a_reason_and_once(
    stand_in: None, named_files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["cohort", str(named_files), "-o", str(tmp_path / "out"), "--workers", "1"]
    assert main(arguments) == SOME_FAILED
    expected = {"broken": "failed", "first": "done", "second": "done", "spineless": "no spine"}
    assert statuses(tmp_path / "out") == expected
    assert [row["case"] for row in rows(tmp_path / "out" / "patients.csv")] == ["data__first", "data__second"]
    assert "data__first" in (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    printed = capsys.readouterr()
    assert "4 cases: 2 with results, 1 without a spine, 1 failed" in printed.out
    assert "4 of 4 cases, 1 failed" in printed.err
    (named_files / "third.nii").touch()
    assert main(arguments) == SOME_FAILED
    assert "4 of 5 cases were finished in an earlier run" in capsys.readouterr().err
    assert attempts(tmp_path) == ["broken", "first", "second", "spineless", "third"]
    assert main([*arguments, "--retry-failed"]) == SOME_FAILED
    assert attempts(tmp_path)[5:] == ["broken", "spineless"]
    (named_files / "broken.nii").unlink()
    assert main(arguments) == 0


def test_every_run_is_kept_with_its_counts(stand_in: None, named_files: Path, tmp_path: Path) -> None:
    schema = json.loads((LIBRARY / "cli" / "run.schema.json").read_text(encoding="utf-8"))
    arguments = ["cohort", str(named_files), "-o", str(tmp_path / "out"), "--workers", "1", "--write", "csv,json"]
    main([*arguments, "--shard", "1/2"])
    main(arguments)
    runs = [json.loads(file.read_text(encoding="utf-8")) for file in (tmp_path / "out" / "runs").iterdir()]
    assert len(runs) == 2
    for run in runs:
        jsonschema.validate(run, schema)
        assert str(tmp_path) not in json.dumps(run)
    by_line = {run["command_line"]: run["cases"] for run in runs}
    assert by_line == {
        "vertebral-fractures cohort INPUT --output DIR --write csv,json --workers 1 --shard 1/2": {
            "given": 2, "failed": 1, "done": 1,
        },
        "vertebral-fractures cohort INPUT --output DIR --write csv,json --workers 1": {
            "given": 4, "failed": 1, "done": 2, "no spine": 1,
        },
    }  # fmt: skip


def test_dicom_objects_that_were_left_out_are_told_once(
    stand_in: None, named_files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("broken", "first"):
        (named_files / f"{name}.nii").unlink()
    for number in (1, 2):
        (named_files / str(number)).mkdir()
        (named_files / str(number) / "unprinted.nii").touch()
    assert main(["cohort", str(named_files), "-o", str(tmp_path / "out"), "--workers", "1", "--write", "dicom"]) == 0
    assert_one_error_line(capsys.readouterr().err, "in 2 of 4 cases, the PDF was left out: so it is")


def test_without_highdicom_no_folder_is_made(
    named_files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("VertebralFracturesLib.pacs.export.find_spec", lambda name: None)
    assert main(["cohort", str(named_files), "-o", str(tmp_path / "out"), "--write", "csv,dicom"]) == 2
    assert_one_error_line(capsys.readouterr().err, "needs highdicom, which is not installed")
    assert not (tmp_path / "out").exists()


def test_shards_share_the_cases(stand_in: None, named_files: Path, tmp_path: Path) -> None:
    arguments = ["cohort", str(named_files), "-o", str(tmp_path / "out"), "--shard"]
    assert main([*arguments, "2/2"]) == 0
    assert statuses(tmp_path / "out") == {"first": "done", "spineless": "no spine"}
    assert main([*arguments, "1/2"]) == SOME_FAILED
    assert len(statuses(tmp_path / "out")) == len(attempts(tmp_path)) == 4


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "INPUT"),
        (["x"], "-o"),
        (["x", "-o", "out"], "x: no such file"),
        (["x", "-o", "out", "--write", "json,pdf"], "--write: takes json, csv, html, text, scene, dicom, exchange"),
        (["x", "-o", "out", "--write", ""], "--write"),
        (["x", "-o", "out", "--workers", "0"], "--workers"),
        (["x", "-o", "out", "--time-limit", "-1"], "--time-limit"),
        (["x", "-o", "out", "--memory-limit", "nan"], "--memory-limit"),
        (["x", "-o", "out", "--shard", "3/2"], "--shard"),
        (["x", "-o", "out", "--shard", "1/2", "--scheduler", "y"], "--scheduler"),
    ],
)
def test_wrong_arguments_give_one_line_and_code_2(
    arguments: list[str], expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["cohort", *arguments]) == 2
    assert_one_error_line(capsys.readouterr().err, expected)
    assert list(tmp_path.iterdir()) == []


def started(named_files: Path, output: Path, workers: int = 1) -> subprocess.Popen[str]:
    """The program in a process of its own, in the middle of a case."""
    (named_files / "hang.nii").touch()
    path = os.pathsep.join([str(MODULE), str(ROOT / "Testing"), os.environ.get("PYTHONPATH", "")])
    process = subprocess.Popen(
        [sys.executable, "-c", WITH_STAND_IN, "cohort", str(named_files), "-o", str(output), "--workers", str(workers)],
        env={**os.environ, "PYTHONPATH": path}, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    end = time.monotonic() + 60
    log = named_files.parent / LOG
    while not (log.exists() and "hang" in log.read_text()):
        assert time.monotonic() < end
        assert process.poll() is None
        time.sleep(0.05)
    return process


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for a child process")
@pytest.mark.parametrize(("asked", "says"), [([], ONE_WORKER), (["--workers", "2"], "several workers need Dask")])
def test_without_dask_cases_follow_each_other_unless_workers_were_asked_for(
    stand_in: None,
    named_files: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    asked: list[str],
    says: str,
) -> None:
    monkeypatch.setattr("VertebralFracturesLib.cli.cohort.scheduling.has_dask", lambda: False)
    monkeypatch.setattr("VertebralFracturesLib.cli.cohort.command.has_dask", lambda: False)
    monkeypatch.setattr("VertebralFracturesLib.cli.cohort.command.usable_cores", lambda: 2)
    monkeypatch.setattr("VertebralFracturesLib.cli.cohort.command.available_mb", lambda: 9000.0)
    code = main(["cohort", str(named_files), "-o", str(tmp_path / "out"), *asked])
    assert says in capsys.readouterr().err
    assert code == (2 if asked else SOME_FAILED)
    assert (tmp_path / "out").exists() != bool(asked)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_cancelled_run_says_what_is_there(named_files: Path, tmp_path: Path, workers: int) -> None:
    if workers > 1:
        pytest.importorskip("distributed", reason="several workers need Dask")
    process = started(named_files, tmp_path / "out", workers)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert_one_error_line(stderr, "cancelled: finished cases are in")
    ended = statuses(tmp_path / "out")
    assert "hang" not in ended
    assert ended.items() >= {"broken": "failed", "first": "done"}.items()


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_killed_run_goes_on_and_repeats_nothing(stand_in: None, named_files: Path, tmp_path: Path) -> None:
    process = started(named_files, tmp_path / "out")
    process.kill()
    process.communicate()
    (named_files / "hang.nii").unlink()
    arguments = ["cohort", str(named_files), "-o", str(tmp_path / "out"), "--workers", "1"]
    assert main(arguments) == SOME_FAILED
    assert attempts(tmp_path) == ["broken", "first", "hang", "second", "spineless"]
    assert len(statuses(tmp_path / "out")) == 4


@pytest.mark.slow
def test_three_real_cases_have_the_results_of_analyze(tmp_path: Path) -> None:
    """Two CTs and a damaged one, with the networks, in processes as users run them."""
    for seed in (1, 2):
        volume = scan(make_patient(seed), SMALL, seed)
        document = {"source": "test", "vertebrae": [], "curve": []}
        write_reference_case(tmp_path / "data" / f"p{seed}", volume, document)
    whole = (tmp_path / "data" / "p1" / "ct.nii.gz").read_bytes()
    (tmp_path / "data" / "p0").mkdir()
    (tmp_path / "data" / "p0" / "ct.nii.gz").write_bytes(whole[: len(whole) // 2])
    output, as_many_threads = tmp_path / "out", {"OMP_NUM_THREADS": str(usable_cores())}
    options = ("--workers", "1", "--write", "json,csv,html,text,scene")
    ended = run_process("cohort", tmp_path / "data", "-o", output, *options)
    assert ended.returncode == SOME_FAILED, ended.stderr
    assert statuses(output) == {"p1__ct": "done", "p2__ct": "done", "p0__ct": "failed"}
    alone, name = tmp_path / "alone", "data__p1__ct"
    path = tmp_path / "data" / "p1" / "ct.nii.gz"
    analyzed = run_process("analyze", path, "-o", alone, "--case-id", name, environment=as_many_threads)
    assert analyzed.returncode == 0, analyzed.stderr
    folder = output / "cases" / name
    assert {file.name for file in alone.iterdir()} - {RUN_FILE} <= {file.name for file in folder.iterdir()}
    for file in set(RESULT_FILES) - {SCENE_FILE}:
        assert (folder / file).read_bytes() == (alone / file).read_bytes(), file
    for table, file in (("vertebrae", "measurements"), ("patients", "patient")):
        ours = [row for row in rows(output / f"{table}.csv") if row["case"] == name]
        assert ours == [{"case": name, **row} for row in rows(alone / f"{file}.csv")]
