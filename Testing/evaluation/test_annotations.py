"""Published annotations are read in both layouts and become points in the patient."""

from pathlib import Path

import numpy as np
import pytest
from helpers.published_annotations import write_releases
from VertebralFracturesLib.core.heights.genant import genant_index, heights_mm
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.evaluation.annotations import Spacing, read_releases, read_study


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_releases(tmp_path)


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
    "text",
    [
        "[]",
        '{"Annotation": 3}',
        '{"Annotation": {"a": [[1, 2]]}}',
        '{"Annotation": "{"}',
        "",
        "[" * 100_000,
        '{"Annotation": "' + "[" * 100_000 + '"}',
        '{"Annotation": {"a": [[[1' + "0" * 400 + ", 0, 0]]]}}",
        '{"Annotation": {"a": [{"segments": []}]}}',
    ],
)
def test_other_files_are_refused_by_name(tmp_path, text):
    file = tmp_path / "one.json"
    file.write_text(text)
    with pytest.raises(UnusableInput, match=r"one\.json"):
        read_study(file)


def test_a_folder_without_annotations_is_refused(tmp_path):
    with pytest.raises(UnusableInput, match="no annotation"):
        read_releases(tmp_path)
