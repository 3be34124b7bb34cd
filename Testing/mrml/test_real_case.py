"""A real CT with the reader's vertebrae as a scene: written, read, and drawn where they belong."""

import json

import numpy as np
import pytest
from helpers.slice_view import SliceView
from VertebralFracturesLib.core.heights.genant import GRADE_COLORS
from VertebralFracturesLib.core.report import SpineReport, Vertebra
from VertebralFracturesLib.core.spine_curve import SpineCurve
from VertebralFracturesLib.io.ct import read_volume
from VertebralFracturesLib.mrml.application import boot_scene
from VertebralFracturesLib.mrml.nodes.keypoints import keypoints_from_node
from VertebralFracturesLib.mrml.scene_file import read_scene, write_scene
from VertebralFracturesLib.mrml.study.report import study_report
from VertebralFracturesLib.report.document import report_json


@pytest.fixture
def case(real_cases):
    folder = min(real_cases, key=lambda path: (path / "ct.nii.gz").stat().st_size)
    reference = json.loads((folder / "reference.json").read_text(encoding="utf-8"))
    vertebrae = tuple(
        Vertebra(np.array(entry["ras"]), 1.0, np.zeros(6), entry["label"], 1.0) for entry in reference["vertebrae"]
    )
    curve = SpineCurve(np.array(reference["curve"]), np.ones(len(reference["curve"])))
    report = SpineReport("test", {"path": folder.name}, "anchor-free", "genant", curve, vertebrae)
    return read_volume(folder / "ct.nii.gz"), report


def test_a_real_case_as_a_scene(case, tmp_path) -> None:
    volume, report = case
    path = tmp_path / "scene.mrb"
    write_scene(path, volume, report)
    with boot_scene() as application:
        (study,) = read_scene(application.scene, path)
        assert report_json(study_report(study)) == report_json(report)
        np.testing.assert_array_equal(study.volume_node.GetImageData().GetDimensions(), volume.shape[::-1])
        view = SliceView(application, "Yellow+", (500, 1200))
        try:
            picture = view.picture().astype(float) / 255
            for node, measures in zip(study.keypoint_nodes, report.measures, strict=True):
                for point in report.curve.ras_to_straight(keypoints_from_node(node)):
                    column, row = np.rint(view.pixel_of(point)).astype(int)
                    drawn = picture[len(picture) - 1 - row, column]
                    assert np.abs(drawn - GRADE_COLORS[measures.grade]).max() < 0.15, node.GetName()
        finally:
            view.close()
