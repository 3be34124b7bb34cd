"""The folder of results: what is done stays, what failed can be forgotten."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from VertebralFracturesLib.cli.cohort.cases import Case
from VertebralFracturesLib.cli.cohort.settings import Settings
from VertebralFracturesLib.cli.cohort.store import CASE_FILE, FAILED, NO_SPINE, Store
from VertebralFracturesLib.errors import UnusableInput

CASE = Case("a", "/a.nii")


def opened(folder: Path) -> Store:
    store = Store(folder)
    store.open(Settings(str(folder)))
    return store


def finish(store: Store, name: str) -> None:
    store.case_folder(name).mkdir()
    (store.case_folder(name) / CASE_FILE).write_text(json.dumps({"name": name, "status": "done"}))


def test_a_cohort_keeps_its_number(tmp_path: Path) -> None:
    first = Store(tmp_path / "out").open(Settings("x"))
    assert Store(tmp_path / "out").open(Settings("x", threads=3)) == first
    assert Store(tmp_path / "other").open(Settings("x")) != first


def test_results_of_other_settings_are_not_mixed(tmp_path: Path) -> None:
    opened(tmp_path / "out")
    with pytest.raises(UnusableInput, match="results with preset level-aware and image classifier True"):
        Store(tmp_path / "out").open(Settings("x", preset="pisov", image_classifier=False))


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years")
    with pytest.raises(UnusableInput, match="does not hold the results of a cohort"):
        Store(tmp_path).open(Settings("x"))
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("text", ["", "[]", "{"])
def test_a_damaged_folder_is_told(text: str, tmp_path: Path) -> None:
    opened(tmp_path / "out")
    (tmp_path / "out" / "cohort.json").write_text(text)
    with pytest.raises(UnusableInput, match="cannot use"):
        Store(tmp_path / "out").open(Settings("x"))


def test_failures_are_kept_until_they_are_forgotten(tmp_path: Path) -> None:
    store = opened(tmp_path / "out")
    assert store.record("a") is None
    kept = store.keep_failure(CASE, NO_SPINE, "no spine in view", seconds=1.5)
    assert store.record("a") == kept
    assert (kept["status"], kept["seconds"], kept["path"]) == (NO_SPINE, 1.5, "/a.nii")
    finish(store, "b")
    assert [record["name"] for record in store.records()] == ["a", "b"]
    store.forget_failure("a")
    assert store.record("a") is None


def test_results_come_before_a_failure(tmp_path: Path) -> None:
    store = opened(tmp_path / "out")
    finish(store, "a")
    assert store.keep_failure(CASE, FAILED, "killed")["status"] == "done"
    assert [record["status"] for record in store.records()] == ["done"]


def test_shards_that_begin_at_once_are_one_cohort(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(lambda _: Store(tmp_path / "out").open(Settings("x")), range(8)))
    assert len(set(numbers)) == 1
