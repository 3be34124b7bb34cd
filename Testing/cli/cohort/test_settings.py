"""Settings go to workers as text."""

from VertebralFracturesLib.cli.cohort.settings import DEFAULT_WRITE, Settings
from VertebralFracturesLib.cli.results import RESULT_FILES


def test_settings_survive_as_text() -> None:
    settings = Settings("/out", "cpu", "anchor", "pisov", False, True, ("json", "scene"), 2, 10.5, 2000.0)
    assert Settings.from_json(settings.as_json()) == settings


def test_neither_scenes_nor_names_of_patients_are_written_by_default() -> None:
    assert DEFAULT_WRITE == ("json", "csv", "html", "text")
    assert not Settings("/out").dicom
    assert Settings("/out", write=("json", "dicom")).dicom
    assert set(Settings("/out", write=(*DEFAULT_WRITE, "scene")).files) == set(RESULT_FILES)


def test_limits_are_no_settings_of_results() -> None:
    assert Settings("/out").of_results == Settings("/other", threads=4, time_limit_s=1, memory_limit_mb=5).of_results
    assert Settings("/out").of_results != Settings("/out", preset="pisov").of_results
