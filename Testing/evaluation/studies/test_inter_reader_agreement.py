import json
from pathlib import Path

import numpy as np
import pytest
from VertebralFracturesLib.cli.main import main
from VertebralFracturesLib.core.genant import genant_index, heights_mm
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.evaluation.annotations import Spacing, read_releases, read_study
from VertebralFracturesLib.evaluation.metrics import METRICS
from VertebralFracturesLib.evaluation.results import Pool
from VertebralFracturesLib.evaluation.studies import inter_reader_agreement as experts
from VertebralFracturesLib.evaluation.studies.inter_reader_agreement import (
    RULES,
    agreement_tables,
    body_indices,
    compare_readers,
    grade_counts,
    mean_annotations,
    patient_counts,
    reader_by_mean,
    reader_by_reader,
    same_bodies,
)

LEVELS = ("Th7", "Th8", "Th9", "Th10")


def body_voxels(place: int, index: float = 1.0, column: float = 250.0) -> list:
    """A body 20 mm high in slices of 0.8 mm, G as given by its anterior height."""
    middle = 50 + 40 * place
    halves = np.array([12.5 * index, 12.5, 12.5])
    return [[300.0 + 20 * x, column, middle + sign * halves[x]] for x in range(3) for sign in (-1, 1)]


def write(file: Path, readers: dict[str, list], as_text: bool = False) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"Annotation": repr(readers) if as_text else readers}), encoding="utf-8")
    return file


def levelled(bodies: list) -> list[dict]:
    """Bodies in the layout of 2023."""
    return [
        {"segments": np.reshape(points, (3, 2, 3)).tolist(), "type": level}
        for points, level in zip(bodies, LEVELS, strict=False)
    ]


@pytest.fixture
def folder(tmp_path):
    """Two releases of two studies: three readers, of whom the third sees a fracture and leaves a body out."""
    whole = [body_voxels(place) for place in range(4)]
    doubtful = [body_voxels(0), body_voxels(1, 0.7, 251.0), body_voxels(2)]
    write(tmp_path / "old" / "one.json", {"a": whole, "b": whole[::-1], "c": doubtful})
    write(tmp_path / "old" / "two.json", {"a": whole, "b": [body_voxels(place, 0.5) for place in range(4)]})
    write(tmp_path / "new" / "one.json", {"a": levelled(whole), "b": levelled(whole)}, as_text=True)
    return tmp_path


def test_both_layouts_are_read(folder):
    releases = read_releases(folder)
    assert {name: len(studies) for name, studies in releases.items()} == {"new": 1, "old": 2}
    old, new = releases["old"][0], releases["new"][0]
    assert old.levels["a"] == (None,) * 4
    assert new.levels["a"] == ("T7", "T8", "T9", "T10")
    np.testing.assert_allclose(old.points_voxels["b"], old.points_voxels["a"])
    np.testing.assert_allclose(new.points_voxels["a"], old.points_voxels["a"])
    assert set(read_releases(folder / "old")) == {"old"}


def test_voxels_become_millimetres_in_the_patient(folder):
    points = read_releases(folder)["old"][0].annotations("c", Spacing(0.5, 0.8)).keypoints_ras
    np.testing.assert_allclose(points[1][4], [-251 * 0.5, -340 * 0.5, -(90 - 12.5) * 0.8])
    assert points[0][0, 1] > points[0][4, 1]
    assert points[0][0, 2] > points[0][1, 2] > points[1][0, 2]
    np.testing.assert_allclose(genant_index(heights_mm(points)), [1, 0.7, 1])


@pytest.mark.parametrize(
    "text", ["[]", '{"Annotation": 3}', '{"Annotation": {"a": [[1, 2]]}}', '{"Annotation": "{"}', ""]
)
def test_other_files_are_refused_by_name(tmp_path, text):
    file = tmp_path / "one.json"
    file.write_text(text)
    with pytest.raises(UnusableInput, match=r"one\.json"):
        read_study(file)


def test_a_folder_without_annotations_is_refused(tmp_path):
    with pytest.raises(UnusableInput, match="no annotation"):
        read_releases(tmp_path)


def values(results) -> dict[str, float]:
    return {metric.name: metric.of(Pool(results)) for metric in METRICS}


def test_every_reader_is_judged_by_every_other(folder):
    studies = read_releases(folder)["old"][:1]
    results = reader_by_reader(studies, Spacing(0.7))
    assert [case.name for case in results] == ["one"] * 6
    found = values(results)
    assert found["recall"] == pytest.approx((4 + 3 + 4 + 3 + 3 + 3) / (4 + 4 + 4 + 4 + 3 + 3))
    assert found["precision"] == 1
    assert found["whole_precision"] == pytest.approx(20 / 22)
    assert found["sensitivity_74"] == 0
    assert found["specificity_74"] == pytest.approx(1 - 2 / 18)
    assert found["index_bias"] == pytest.approx(0)
    aside = float(np.hypot(0.7, 0))
    assert found["centre_error_mm"] == pytest.approx(4 * aside / 20)


def test_the_spacing_scales_distances_and_leaves_heights(folder):
    studies = read_releases(folder)["old"][:1]
    narrow, wide = (values(reader_by_reader(studies, Spacing(spacing))) for spacing in (0.6, 0.9))
    assert wide["centre_error_mm"] == pytest.approx(1.5 * narrow["centre_error_mm"])
    assert wide["height_error_mm"] == pytest.approx(narrow["height_error_mm"])


def test_a_reader_is_judged_by_the_mean_of_the_others_where_there_are_two(folder):
    studies = read_releases(folder)["old"]
    others, everyone = (reader_by_mean(studies, Spacing(), own) for own in (False, True))
    assert [case.name for case in others] == [case.name for case in everyone] == ["one"] * 3
    by_others, by_all = values(others), values(everyone)
    assert by_others["index_error"] == pytest.approx((0.15 + 0.15 + 0.3) / 11)
    assert by_all["index_error"] == pytest.approx((0.1 + 0.1 + 0.2) / 11)


def test_bodies_of_several_readers_are_told_together(folder):
    study = read_releases(folder)["old"][0]
    bodies = same_bodies([study.annotations(reader, Spacing()) for reader in ("c", "a", "b")])
    assert [len(body) for body in bodies] == [3, 3, 3, 2]
    assert [sorted(np.round(indices, 6)) for indices in body_indices(study, Spacing())][1] == [0.7, 1, 1]
    mean = mean_annotations([study.annotations(reader, Spacing()) for reader in ("a", "c")])
    assert genant_index(heights_mm(mean.keypoints_ras)) == pytest.approx([1, 0.85, 1, 1])


def test_grades_are_counted_by_each_rule(folder):
    studies = read_releases(folder)["old"]
    counts = {rule.title: grade_counts(studies, rule, Spacing()) for rule in RULES}
    assert counts["mean G of the readers"] == (4, 4, 0, 0)
    assert counts["least G of the readers"] == (3, 0, 1, 4)
    assert counts["greatest G of the readers"] == (8, 0, 0, 0)
    assert patient_counts(studies, RULES[2], Spacing()) == (0, 0, 1, 1)
    alone = read_releases(folder)["old"][:1]
    assert sum(grade_counts(alone, RULES[1], Spacing())) == 4


def test_tables_stand_beside_the_paper(folder, monkeypatch):
    monkeypatch.setattr(experts, "RESAMPLES", 10)
    found = compare_readers("old", read_releases(folder)["old"])
    assert (found.studies, found.annotations) == (2, 4 + 4 + 3 + 4 + 4)
    tables = {table.title: table for table in agreement_tables(found)}
    recall = next(row for row in tables["old: detection"].rows if row[0] == "recall")
    assert recall[-2:] == ("0.983", "0.997")
    assert tables["old: in-plane spacing"].header[1:5] == ("0.6 mm", "0.7 mm", "0.8 mm", "0.9 mm")
    assert "1268" in tables["old: vertebrae by grade (0.80/0.74/0.60)"].rows[-1]
    assert "old: levels" not in tables
    two_readers = compare_readers("new", read_releases(folder)["new"])
    assert all(one.value is None for one in two_readers.by_others.values())


def test_the_command_prints_and_writes(folder, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(experts, "RESAMPLES", 10)
    assert main(["research", "inter-reader", str(folder), "-o", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr().out
    assert "old: localisation" in printed
    assert "new: levels" in printed
    assert " nan" not in printed
    document = json.loads((tmp_path / "out" / "experts.json").read_text(encoding="utf-8"))
    assert [release["release"] for release in document["releases"]] == ["new", "old"]
    assert set(document["releases"][1]["reader_by_reader"]) == {"0.6", "0.7", "0.8", "0.9"}
    page = (tmp_path / "out" / "experts.html").read_text(encoding="utf-8")
    assert page.count("<table>") == len([line for line in printed.splitlines() if line.startswith(("old: ", "new: "))])
    assert main(["research", "inter-reader", str(tmp_path / "nothing")]) == 2
