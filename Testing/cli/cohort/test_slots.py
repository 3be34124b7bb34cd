"""A case ends once: with results or with a reason."""

from pathlib import Path

import pytest
from helpers.stand_in_worker import LOG
from VertebralFracturesLib.cli.cohort.cases import Case
from VertebralFracturesLib.cli.cohort.settings import Settings
from VertebralFracturesLib.cli.cohort.slots import analyze_in_worker, close_workers, open_workers
from VertebralFracturesLib.cli.cohort.store import DONE, FAILED, NO_SPINE, Store
from VertebralFracturesLib.errors import UnusableInput


@pytest.fixture
def settings(tmp_path: Path, stand_in: None) -> Settings:
    made = Settings(str(tmp_path / "out"), time_limit_s=60.0)
    Store(made.folder).open(made)
    return made


def case(name: str) -> Case:
    return Case(name, f"/data/{name}.nii")


def attempts(settings: Settings) -> list[list[str]]:
    return [line.split() for line in (settings.folder.parent / LOG).read_text().splitlines()]


def test_cases_share_a_process_until_it_dies(settings: Settings) -> None:
    records = [analyze_in_worker(case(name), settings) for name in ("first", "broken", "spineless", "die", "second")]
    assert [record["status"] for record in records] == [DONE, FAILED, NO_SPINE, FAILED, DONE]
    tried = attempts(settings)
    assert [name for _, name in tried] == ["first", "broken", "spineless", "die", "die", "second"]
    assert len({pid for pid, _ in tried}) == 3
    failed = Store(settings.folder).record("die")
    assert failed is not None
    assert "signal 9" in failed["reason"]
    assert failed["seconds"] > 0
    assert failed["settings"] == settings.of_results


def test_a_case_whose_process_was_killed_is_tried_again(settings: Settings) -> None:
    assert analyze_in_worker(case("die-once"), settings)["status"] == DONE


def test_what_ended_is_not_repeated(settings: Settings) -> None:
    for name in ("first", "broken"):
        assert analyze_in_worker(case(name), settings) == analyze_in_worker(case(name), settings)
    assert len(attempts(settings)) == 2


def test_closed_workers_leave_a_case_open(settings: Settings) -> None:
    close_workers()
    with pytest.raises(UnusableInput, match="closed"):
        analyze_in_worker(case("die"), settings)
    assert Store(settings.folder).record("die") is None
    open_workers()
    assert analyze_in_worker(case("first"), settings)["status"] == DONE
