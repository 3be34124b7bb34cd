"""The command line: results, exit codes, one clear line for every error, nothing half-written.

Where a test is about the command and not about what the networks find, an oracle stands in for them.
"""

import csv
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.repository import MODULE
from helpers.small_ct import body_hu, write_image, write_series
from VertebralFracturesLib import __version__
from VertebralFracturesLib.cli import main as cli
from VertebralFracturesLib.cli.results import RESULT_FILES
from VertebralFracturesLib.core.report import SpineReport, Vertebra
from VertebralFracturesLib.core.spine_curve import SpineCurve
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.errors import Cancelled, NoSpineFound
from VertebralFracturesLib.io.ct import read_volume
from VertebralFracturesLib.io.reference_case import find_cases, read_case
from VertebralFracturesLib.report.document import read_report
from VertebralFracturesLib.simulation.ct.acquisition import Protocol

COMMAND = [sys.executable, "-c", "import sys; from VertebralFracturesLib.cli import main; sys.exit(main())"]


def run_process(*arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run the command as users do, in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(MODULE)}
    command = [*COMMAND, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False, **options)


def oracle(
    volume: Volume, models: object, *, preset: str, input: dict[str, Any] | None = None, **_: object
) -> SpineReport:
    """Three vertebrae in the middle of the volume, the second one a wedge."""
    centre = volume.corners_ras().mean(0)
    vertebrae = []
    for place, (level, anterior_mm) in enumerate((("T11", 20.0), ("T12", 13.0), ("L1", 20.0))):
        heights = np.array([anterior_mm, 0.5 * (anterior_mm + 20.0), 20.0])
        points = centre + np.array([[0.0, 0.0, 26.0 * (1 - place)]]).repeat(6, 0)
        points[:, 1] += np.array([12.0, 12.0, 0.0, 0.0, -12.0, -12.0])
        points[:, 2] += np.repeat(heights / 2, 2) * np.tile([1, -1], 3)
        vertebrae.append(Vertebra(points, 0.9, np.full(6, 0.5), level, 0.9))
    curve = SpineCurve(centre + np.array([[0, 0, z] for z in np.arange(38.0, -39.0, -4.0)]), np.ones(20))
    return SpineReport("test", input or {}, "anchor-free", preset, curve, tuple(vertebrae), warnings=("a warning",))


@pytest.fixture
def an_oracle(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], None]:
    """Puts a function in the place of the networks."""

    def use(analyze: Any = oracle) -> None:
        monkeypatch.setattr("VertebralFracturesLib.networks.weights.load_models", lambda device, detector, **_: None)
        monkeypatch.setattr("VertebralFracturesLib.ct.pipeline.analyze", analyze)

    use()
    return use


@pytest.fixture
def a_ct(tmp_path: Path) -> Path:
    """A small CT on the disk."""
    return write_image(tmp_path / "chest.nii.gz", body_hu())


def test_analyze_writes_all_results_and_prints_a_table(
    an_oracle: Any, a_ct: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "out"
    assert cli.main(["analyze", str(a_ct), "-o", str(target), "--preset", "pisov"]) == 0
    assert sorted(path.name for path in target.iterdir()) == sorted(RESULT_FILES)
    assert {path.name for path in tmp_path.iterdir()} == {"chest.nii.gz", "out"}
    document = json.loads((target / "measurements.json").read_text(encoding="utf-8"))
    assert document["preset"] == "pisov"
    assert document["input"]["spacing_mm"] == [3, 3, 3]
    assert [entry["grade"] for entry in document["vertebrae"]] == [0, 2, 0]
    read_report((target / "measurements.json").read_text(encoding="utf-8"))
    with (target / "measurements.csv").open(encoding="utf-8-sig", newline="") as table:
        assert [row["level"] for row in csv.DictReader(table)] == ["T11", "T12", "L1"]
    assert zipfile.is_zipfile(target / "scene.mrb")
    assert "<svg" in (target / "report.html").read_text(encoding="utf-8")
    printed = capsys.readouterr()
    lines = printed.out.splitlines()
    assert lines[0].split()[:2] == ["Level", "Ha"]
    assert [line.split()[0] for line in lines[1:4]] == ["T11", "T12", "L1"]
    assert "moderate" in lines[2]
    assert str(target) in printed.out
    assert "warning: a warning" in printed.err
    assert "Traceback" not in printed.err


def test_results_go_beside_the_working_folder_by_default(
    an_oracle: Any, a_ct: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["analyze", "chest.nii.gz"]) == 0
    assert (tmp_path / "chest-vertebral-fractures" / "report.html").is_file()


def test_where_one_series_shows_no_spine_the_others_are_named(
    an_oracle: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise NoSpineFound("no spine in view")

    an_oracle(fail)
    write_series(tmp_path / "ct" / "thin", body_hu())
    write_series(tmp_path / "ct" / "thick", body_hu()[:20], SeriesInstanceUID="1.2.9", SeriesNumber=7)
    assert cli.main(["analyze", str(tmp_path / "ct"), "-o", str(tmp_path / "out")]) == 3
    told = capsys.readouterr().err.strip().splitlines()[-1]
    assert "no spine in view; this was series 1 (chest): CT, 30 slices: try --series with 7" in told


def test_a_dicom_folder_is_analysed_and_its_series_named(
    an_oracle: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_series(tmp_path / "ct" / "thin", body_hu())
    write_series(tmp_path / "ct" / "thick", body_hu()[:20], SeriesInstanceUID="1.2.9", SeriesNumber=7)
    assert cli.main(["analyze", str(tmp_path / "ct"), "-o", str(tmp_path / "out")]) == 0
    assert "2 series in the folder; read 1 (chest): CT, 30 slices" in capsys.readouterr().err
    document = json.loads((tmp_path / "out" / "measurements.json").read_text(encoding="utf-8"))
    assert document["input"]["series"]["slices"] == 30
    assert cli.main(["analyze", str(tmp_path / "ct"), "-o", str(tmp_path / "seven"), "--series", "7"]) == 0
    document = json.loads((tmp_path / "seven" / "measurements.json").read_text(encoding="utf-8"))
    assert document["input"]["series"]["uid"] == "1.2.9"


def test_a_gantry_tilt_survives_into_the_scene(an_oracle: Any, tmp_path: Path) -> None:
    import slicer
    import vtk
    from VertebralFracturesLib.mrml.application import boot_scene
    from VertebralFracturesLib.mrml.scene_file import read_scene

    write_series(tmp_path / "ct", body_hu(), step=(0.0, 0.6, 3.0))
    assert cli.main(["analyze", str(tmp_path / "ct"), "-o", str(tmp_path / "out")]) == 0
    with boot_scene() as application:
        study, *_ = read_scene(application.scene, tmp_path / "out" / "scene.mrb")
        matrix = vtk.vtkMatrix4x4()
        study.volume_node.GetIJKToRASMatrix(matrix)
        np.testing.assert_allclose(
            slicer.util.arrayFromVTKMatrix(matrix), read_volume(tmp_path / "ct").ijk_to_ras, atol=1e-6
        )
    assert matrix.GetElement(1, 2) == pytest.approx(-0.6)


def test_existing_results_stay_unless_overwritten(an_oracle: Any, a_ct: Path, tmp_path: Path) -> None:
    arguments = ["analyze", str(a_ct), "-o", str(tmp_path / "out")]
    assert cli.main(arguments) == 0
    before = (tmp_path / "out" / "measurements.json").stat().st_mtime_ns
    assert cli.main(arguments) == 2
    assert (tmp_path / "out" / "measurements.json").stat().st_mtime_ns == before
    assert cli.main([*arguments, "--overwrite"]) == 0
    assert (tmp_path / "out" / "measurements.json").stat().st_mtime_ns > before


@pytest.mark.parametrize(
    ("error", "code", "expected"),
    [
        (NoSpineFound("no spine in view"), 3, "no spine in view"),
        (KeyboardInterrupt(), 130, "cancelled"),
        (Cancelled("cancelled"), 130, "cancelled"),
        (OSError(28, "No space left on device"), 2, "No space left"),
    ],
)
def test_what_ends_an_analysis_leaves_nothing_behind(
    an_oracle: Any,
    a_ct: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    code: int,
    expected: str,
) -> None:
    def fail(*_: object, **__: object) -> SpineReport:
        raise error

    an_oracle(fail)
    assert cli.main(["analyze", str(a_ct), "-o", str(tmp_path / "out")]) == code
    assert_one_error_line(capsys.readouterr().err, expected)
    assert {path.name for path in tmp_path.iterdir()} == {"chest.nii.gz"}


def assert_one_error_line(stderr: str, expected: str) -> None:
    """One line that is no progress, with the reason."""
    lines = [line for line in stderr.splitlines() if line.startswith("vertebral-fractures: ")]
    assert len(lines) == 1, stderr
    assert expected in lines[0]
    assert "Traceback" not in stderr


def unusable_inputs(folder: Path) -> dict[str, Path]:
    """An unusable input of each kind that reading alone does not notice, and what is said of it."""
    hu = body_hu()
    return {
        "no such file": folder / "absent.nii.gz",
        "offset of +1024": write_image(folder / "shifted.nrrd", hu + 1024),
        "neither air nor fat": write_image(folder / "mr.nrrd", np.where(hu > -500, hu % 900, 0).astype(np.int16)),
        "cm of body": write_image(folder / "short.nrrd", hu[:6]),
    }


def test_unusable_input_gives_one_line_and_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for expected, path in unusable_inputs(tmp_path).items():
        assert cli.main(["analyze", str(path), "-o", str(tmp_path / "out")]) == 2
        stderr = capsys.readouterr().err
        assert_one_error_line(stderr, expected)
        assert str(path) in stderr
    assert not (tmp_path / "out").exists()


def test_a_ct_without_bone_gives_one_line_and_code_3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_image(tmp_path / "soft.nrrd", np.minimum(body_hu(), 150))
    assert cli.main(["analyze", str(path), "-o", str(tmp_path / "out")]) == 3
    assert_one_error_line(capsys.readouterr().err, "no bone")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "COMMAND"),
        (["analyse"], "invalid choice"),
        (["analyze"], "INPUT"),
        (["analyze", "a.nii", "--device", "tpu"], "--device"),
        (["analyze", "a.nii", "--preset", "own"], "--preset"),
        (["analyze", "a.nii", "--what"], "--what"),
        (["phantom"], "-o"),
        (["phantom", "-o", "new", "--count", "0"], "--count"),
        (["train"], "curve"),
        (["train", "everything"], "curve"),
        (["evaluate"], "DATA"),
    ],
)
def test_wrong_arguments_give_one_line_and_code_2(
    arguments: list[str], expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(arguments) == 2
    assert_one_error_line(capsys.readouterr().err, expected)
    assert list(tmp_path.iterdir()) == []


def test_no_gpu_where_one_was_asked_for_gives_one_line_and_code_2(
    a_ct: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert cli.main(["analyze", str(a_ct), "-o", str(tmp_path / "out"), "--device", "cuda"]) == 2
    assert_one_error_line(capsys.readouterr().err, "--device cpu")
    assert not (tmp_path / "out").exists()


def test_a_folder_without_cases_cannot_be_evaluated(
    an_oracle: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["evaluate", str(tmp_path)]) == 2
    assert_one_error_line(capsys.readouterr().err, "reference")


def test_evaluate_prints_and_writes_tables(an_oracle: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = tmp_path / "cases" / "one"
    case.mkdir(parents=True)
    image = write_image(case / "ct.nii.gz", body_hu())
    report = oracle(read_volume(image), None, preset="genant")
    entries = [{"label": v.level, "ras": v.keypoints_ras.tolist()} for v in report.vertebrae]
    document = {"vertebrae": entries, "curve": report.curve.points_ras.tolist()}
    (case / "reference.json").write_text(json.dumps(document), encoding="utf-8")
    assert cli.main(["evaluate", str(tmp_path / "cases"), "-o", str(tmp_path / "out")]) == 0
    assert "one" in capsys.readouterr().out
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "evaluation.json",
        "evaluation.csv",
        "evaluation.html",
    }


def truth_of(folder: Path) -> Callable[..., SpineReport]:
    """An analysis that answers with the truth of the case that is being made in a folder, but for one vertebra."""

    def analyze(volume: Volume, models: object, *, preset: str, input: dict[str, Any], **_: object) -> SpineReport:
        case = read_case(next(folder.glob(".*/reference.json")).parent)
        found = [
            Vertebra(keypoints, 0.9, np.full(6, 0.5), level, 0.9)
            for level, keypoints in zip(case.levels, case.keypoints_ras, strict=True)
        ]
        return SpineReport("test", input, "anchor-free", preset, case.curve, tuple(found[1:]))

    return analyze


def test_the_demo_sets_found_beside_true(
    an_oracle: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    coarse = Protocol(pixel_mm=3.0, slice_spacing_mm=3.0, first_level=17.5, last_level=22.5, field_mm=300.0)
    monkeypatch.setattr("VertebralFracturesLib.simulation.demo_patient.demo_protocol", lambda: coarse)
    an_oracle(truth_of(tmp_path))
    assert cli.main(["demo", "-o", str(tmp_path / "demo"), "--seed", "3"]) == 0
    assert {*RESULT_FILES, "ct.nii.gz", "reference.json"} == {path.name for path in (tmp_path / "demo").iterdir()}
    printed = capsys.readouterr().out
    rows = {line.split("|")[1].split()[0]: line for line in printed.splitlines() if "|" in line}
    assert sum("not found" in row for row in rows.values()) == 1
    assert rows["L2"].split()[0] == "L2"
    assert rows["L2"].split()[5] == rows["L2"].split()[-1] == "3"
    assert f"{len(rows) - 2} of {len(rows) - 1} vertebrae found, 0 false" in printed
    document = json.loads((tmp_path / "demo" / "measurements.json").read_text(encoding="utf-8"))
    assert document["input"]["path"] == "ct.nii.gz"


def test_phantoms_are_written_as_reference_cases(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    coarse = Protocol(pixel_mm=4.0, slice_spacing_mm=4.0, first_level=18.0, last_level=21.0, field_mm=200.0)
    monkeypatch.setattr("VertebralFracturesLib.simulation.case.random_protocol", lambda rng: coarse)
    assert cli.main(["phantom", "-o", str(tmp_path / "new"), "--count", "2", "--seed", "5"]) == 0
    cases = find_cases(tmp_path / "new")
    assert len(cases) == 2
    assert read_volume(cases[0].image).spacing_mm == pytest.approx([4.0, 4.0, 4.0], rel=1e-3)


# ------------------------------------------------------------------------------------------------ as users run it


def test_the_process_answers_help_and_version() -> None:
    shown = run_process("--help")
    assert shown.returncode == 0
    for command in ("analyze", "demo", "evaluate", "cross-validate", "experts", "phantom", "train"):
        assert command in shown.stdout
    assert run_process("--version").stdout.strip() == f"vertebral-fractures {__version__}"


def test_training_explains_its_arguments() -> None:
    for part in ("curve", "vertebrae"):
        shown = run_process("train", part, "--help")
        assert shown.returncode == 0, shown.stderr
        assert "--output" in shown.stdout


def test_the_process_says_in_one_line_what_is_wrong(tmp_path: Path) -> None:
    failed = run_process("analyze", tmp_path / "absent.nii.gz", cwd=tmp_path)
    assert failed.returncode == 2
    assert failed.stdout == ""
    assert_one_error_line(failed.stderr, "no such file")
    assert list(tmp_path.iterdir()) == []


def test_a_training_that_diverges_ends_in_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def diverge(args: Any) -> None:
        raise FloatingPointError("step 4: the gradient is not finite")

    monkeypatch.setattr("VertebralFracturesLib.training.radiographs.run", diverge)
    assert cli.main(["train", "radiographs", "--network", "refiner", "-o", str(tmp_path)]) == 2
    assert_one_error_line(capsys.readouterr().err, "the gradient is not finite")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for a child process")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupting_the_process_leaves_nothing_half_written(tmp_path: Path, number: signal.Signals) -> None:
    slow = (
        "import sys, time; from VertebralFracturesLib import cli, io; "
        "io.read_input.__globals__['_read'] = lambda *_: (print('started', flush=True), time.sleep(60)); "
        "sys.exit(cli.main())"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", slow, "analyze", "chest.nii.gz", "-o", "out"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(MODULE)}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        # A test run in the background ignores SIGINT, and so would its children.
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"
    assert len(list(tmp_path.iterdir())) == 1
    time.sleep(0.1)
    process.send_signal(number)
    _, stderr = process.communicate(timeout=30)
    assert process.returncode == 130
    assert_one_error_line(stderr, "cancelled")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("options", "is_wanted"), [([], True), (["--no-second-opinion"], False)])
def test_the_second_opinion_can_be_left_out(an_oracle, a_ct, tmp_path, monkeypatch, options, is_wanted):
    asked = []

    def load_models(device: str, detector: str, *, second_opinion: bool) -> None:
        asked.append(second_opinion)

    monkeypatch.setattr("VertebralFracturesLib.networks.weights.load_models", load_models)
    assert cli.main(["analyze", str(a_ct), "-o", str(tmp_path / "out"), *options]) == 0
    assert asked == [is_wanted]


def test_an_unknown_condition_of_the_second_opinion_is_refused_with_those_known(
    an_oracle: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["second-opinion", str(tmp_path), "--conditions", "fog", "-o", str(tmp_path / "out")]) == 2
    assert "known are: " in (error := capsys.readouterr().err)
    assert "5 mm slices" in error
    assert not (tmp_path / "out").exists()
