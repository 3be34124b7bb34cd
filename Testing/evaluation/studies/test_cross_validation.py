"""Every case is held out once, by options that training takes."""

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.evaluation.matching import Annotations, compare
from VertebralFracturesLib.evaluation.studies import cross_validation
from VertebralFracturesLib.evaluation.studies.cross_validation import Settings, cross_validate, split


@given(st.integers(2, 30), st.integers(0, 5), st.data())
def test_every_case_is_held_out_once(count, seed, data):
    folds = data.draw(st.integers(2, count))
    names = [f"case {number}" for number in range(count)]
    parts = split(names, folds, seed)
    assert len(parts) == folds
    assert Counter(name for part in parts for name in part) == Counter(names)
    assert max(map(len, parts)) - min(map(len, parts)) <= 1
    assert parts == split(names[::-1], folds, seed)


def test_another_seed_makes_another_split():
    names = [f"case {number}" for number in range(20)]
    assert split(names, 5, 1) != split(names, 5, 2)


def test_too_few_cases_are_refused():
    with pytest.raises(UnusableInput, match="3 cases cannot make 5 folds"):
        split(["a", "b", "c"], 5, 1)


def write_small_case(folder: Path) -> None:
    """A reference case of three bodies, whose image is not read."""
    folder.mkdir(parents=True)
    (folder / "ct.nii.gz").write_bytes(b"image")
    body = [[0.0, y, z] for y in (15, 0, -15) for z in (10, -10)]
    bodies = [{"label": f"T{8 + place}", "ras": [[x, y, z - 30 * place] for x, y, z in body]} for place in range(3)]
    curve_ras = [[0, 0, z] for z in (20, 0, -30, -60, -80)]
    (folder / "reference.json").write_text(json.dumps({"vertebrae": bodies, "curve": curve_ras}))


@pytest.fixture
def settings(tmp_path) -> Settings:
    """Five folds of seven small cases."""
    for name in "abcdefg":
        write_small_case(tmp_path / "cases" / name)
    return Settings(str(tmp_path / "cases"))


@pytest.fixture
def trainings(monkeypatch) -> list[tuple[str, tuple[str, ...]]]:
    """Perfect networks in the place of trained ones; lists the fold and the cases held out of each training."""
    done = []

    def train(settings, folder, held_out):
        folder.mkdir(exist_ok=True)
        done.append((folder.name, tuple(held_out)))

    def measure(settings, models, held_out):
        every = [Annotations(case.keypoints_ras, case.levels) for case in held_out]
        return [compare(case.name, marks, marks, case.curve) for case, marks in zip(held_out, every, strict=True)]

    monkeypatch.setattr(cross_validation, "train_fold", train)
    monkeypatch.setattr(cross_validation, "_measure", measure)
    return done


def test_every_fold_is_trained_without_its_cases_and_all_are_pooled(settings, tmp_path, trainings):
    evaluation = cross_validate(settings, tmp_path / "out", {"cases": "some"})
    assert [name for name, _ in trainings] == [f"fold-{number}" for number in range(1, 6)]
    assert [list(names) for _, names in trainings] == split("abcdefg", 5, 1)
    assert sorted(case.name for case in evaluation.cases) == list("abcdefg")
    assert evaluation.pooled["recall"].value == 1
    assert (evaluation.spreads["recall"].mean, evaluation.spreads["recall"].folds) == (1, 5)
    assert evaluation.facts == {"cases": "some"}


def test_a_broken_run_goes_on_with_the_folds_that_are_left(settings, tmp_path, trainings):
    whole = cross_validate(settings, tmp_path / "out", {})
    (tmp_path / "out" / "fold-3" / "results.json").unlink()
    trainings.clear()
    again = cross_validate(settings, tmp_path / "out", {})
    assert [name for name, _ in trainings] == ["fold-3"]
    assert again.pooled == whole.pooled
    assert again.spreads == whole.spreads


def test_a_folder_belongs_to_one_cross_validation(settings, tmp_path, trainings):
    cross_validate(settings, tmp_path / "out", {})
    with pytest.raises(UnusableInput, match="other settings"):
        cross_validate(Settings(settings.cases, folds=3), tmp_path / "out", {})
    with pytest.raises(UnusableInput, match="other files"):
        cross_validate(settings, tmp_path, {})
    (tmp_path / "file").write_text("")
    with pytest.raises(UnusableInput, match="cannot write"):
        cross_validate(settings, tmp_path / "file" / "out", {})


@pytest.mark.parametrize("options", [("--stepz", "3"), ("--steps", "many")])
def test_options_that_training_does_not_take_are_refused_before_anything_is_written(settings, tmp_path, options):
    wrong = Settings(settings.cases, vertebrae_options=options)
    with pytest.raises(UnusableInput, match="training does not take these options"):
        cross_validate(wrong, tmp_path / "out", {})
    assert not (tmp_path / "out").exists()


def test_options_pass_through_and_cannot_change_the_split(settings, tmp_path):
    chosen = Settings(settings.cases, seed=7, curve_options=("--steps", "3", "--seed", "9", "--hold-out", "a"))
    for_curve, for_vertebrae = cross_validation._training_arguments(chosen, tmp_path / "fold-1", ["b", "c"])
    assert (for_curve.steps, for_curve.seed, for_curve.hold_out) == (3, 7, ["b", "c"])
    assert for_curve.output == tmp_path / "fold-1" / "curve"
    assert (for_vertebrae.steps, for_vertebrae.detector, for_vertebrae.hold_out) == (None, "anchor-free", ["b", "c"])
