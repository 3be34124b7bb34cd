"""What Python programs use: an analysis as values, as a table and as files."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import VertebralFracturesLib
from helpers.command import oracle
from helpers.repository import MODULE
from helpers.small_ct import body_hu, write_image
from helpers.small_radiograph import report as radiograph_report
from VertebralFracturesLib import api
from VertebralFracturesLib.api import Analysis, analyze, analyze_radiograph, read_ct, read_radiograph
from VertebralFracturesLib.cli.results import RESULT_FILES
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.networks.ct_networks import TrainedCtNetworks
from VertebralFracturesLib.networks.spine_curve_net import SpineCurveNet
from VertebralFracturesLib.networks.vertebra_net import VertebraNet
from VertebralFracturesLib.report.columns.patient import PATIENT_COLUMNS
from VertebralFracturesLib.report.columns.vertebra import COLUMNS

VOLUME = Volume(body_hu(), np.diag([3.0, 3.0, 3.0, 1.0]))


@pytest.fixture(autouse=True)
def an_oracle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Functions without networks in the place of those that detect."""
    networks = TrainedCtNetworks(SpineCurveNet(), VertebraNet(), {})
    monkeypatch.setattr("VertebralFracturesLib.networks.ct_networks.load_ct_networks", lambda *_: networks)
    monkeypatch.setattr("VertebralFracturesLib.analyzer.analyze_ct", oracle)
    monkeypatch.setattr(
        "VertebralFracturesLib.networks.radiograph_networks.load_radiograph_networks", lambda *_: object()
    )
    monkeypatch.setattr("VertebralFracturesLib.analyzer.analyze_radiograph", lambda *_, **__: radiograph_report())


def analysis() -> Analysis:
    return analyze(VOLUME, case_id="case 7")


def test_a_file_what_was_read_of_it_and_its_volume_give_the_same(tmp_path: Path) -> None:
    path = write_image(tmp_path / "ct.nii.gz", body_hu())
    read = read_ct(path)
    analyses = [analyze(path), analyze(str(path)), analyze(read), analyze(read.image)]
    assert {one.conclusion for one in analyses} == {analyses[0].conclusion}
    assert [one.report.input["case_id"] for one in analyses] == [*[str(path)] * 3, "volume"]
    assert [one.name for one in analyses] == [*["ct.nii.gz"] * 3, "volume"]


def test_the_conclusion_is_that_of_the_report() -> None:
    given = analysis()
    assert given.conclusion == given.report.summary.headline
    assert given.conclusion.startswith("Moderate fracture of T12 (")
    assert given.findings == given.report.summary.statement
    assert given.warnings == ("a warning",)
    assert given.report.input["case_id"] == "case 7"


def test_options_reach_the_analysis(tmp_path: Path) -> None:
    told: list[str] = []
    given = analyze(VOLUME, preset="pisov", image_classifier=False, progress=lambda stage, share: told.append(stage))
    assert given.report.preset == "pisov"
    assert told[0] == "networks"
    with pytest.raises(UnusableInput, match="--series is for DICOM folders"):
        analyze(write_image(tmp_path / "ct.nii", body_hu()), series="3")


def test_vertebrae_and_patient_hold_every_column() -> None:
    given = analysis()
    assert [row["level"] for row in given.vertebrae] == ["T11", "T12", "L1"]
    assert list(given.vertebrae[0]) == [one.name for one in COLUMNS]
    assert list(given.patient) == [one.name for one in PATIENT_COLUMNS]


def test_the_table_of_pandas_has_the_same_values() -> None:
    pandas = pytest.importorskip("pandas")
    table = analysis().to_dataframe()
    assert isinstance(table, pandas.DataFrame)
    assert list(table.columns) == [one.name for one in COLUMNS]
    assert table["height_ratio"].tolist() == [row["height_ratio"] for row in analysis().vertebrae]


def test_without_pandas_one_line_says_what_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="needs pandas: install it with 'pip install pandas'"):
        analysis().to_dataframe()


def test_all_files_of_the_command_are_saved_and_none_replaced_unasked(tmp_path: Path) -> None:
    target = analysis().save(tmp_path / "deep" / "results")
    assert sorted(path.name for path in target.iterdir()) == sorted(RESULT_FILES)
    before = (target / "patient.csv").read_bytes()
    with pytest.raises(UnusableInput, match="overwrite=True"):
        analyze(VOLUME, case_id="other").save(target)
    assert (target / "patient.csv").read_bytes() == before
    analyze(VOLUME, case_id="other").save(str(target), overwrite=True)
    assert (target / "patient.csv").read_bytes() != before


def test_a_radiograph_is_analyzed(tmp_path: Path) -> None:
    bright = np.random.default_rng(1).integers(0, 255, (300, 200)).astype(np.uint8)
    path = write_image(tmp_path / "lateral.png", bright)
    read = read_radiograph(path, pixel_spacing_mm=0.5)
    for given in (analyze_radiograph(path, pixel_spacing_mm=0.5), analyze_radiograph(read)):
        assert given.patient["sacral_slope_deg"] == pytest.approx(31.0, abs=0.1)
        assert given.name == "lateral.png"
        assert given.image is not None


def test_public_names_are_loaded_when_they_are_used() -> None:
    code = (
        "import sys, VertebralFracturesLib as library\n"
        "assert 'VertebralFracturesLib.api' not in sys.modules\n"
        "assert 'analyze' in dir(library)\n"
        "from VertebralFracturesLib import analyze\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": str(MODULE)})
    with pytest.raises(AttributeError, match="no attribute 'torch'"):
        VertebralFracturesLib.torch  # noqa: B018


def test_the_names_that_are_told_to_type_checkers_are_those_that_exist() -> None:
    stub = (MODULE / "VertebralFracturesLib" / "__init__.pyi").read_text(encoding="utf-8")
    told = {line.rsplit(" ", 1)[1] for line in stub.splitlines() if line.startswith("from ")}
    assert told == set(api.__all__) == set(VertebralFracturesLib.__all__) - {"__version__"}
    assert all(getattr(VertebralFracturesLib, name) is getattr(api, name) for name in told)
    assert all(getattr(api, name).__doc__ for name in told)
