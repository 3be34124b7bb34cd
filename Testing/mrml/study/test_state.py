"""What readers can edit in a study, as a value that can be compared and brought back."""

from dataclasses import replace

import numpy as np
import pytest
import slicer
from helpers.small_radiograph import report as radiograph_report
from helpers.study_nodes import keypoints_of, move_point
from VertebralFracturesLib.mrml.nodes.image import add_image_node
from VertebralFracturesLib.mrml.study.creation import create_study
from VertebralFracturesLib.mrml.study.removal import remove_node, remove_vertebra
from VertebralFracturesLib.mrml.study.report import read_study, study_report
from VertebralFracturesLib.mrml.study.state import StudyState, restore_state, study_state
from VertebralFracturesLib.mrml.study.study import Study, write_preset
from VertebralFracturesLib.radiograph.record import Radiograph
from VertebralFracturesLib.report.document import report_json


def state(study: Study) -> StudyState:
    return study_state(study, *read_study(study))


EDITS = {
    "preset": lambda study: write_preset(study, "pisov"),
    "point": lambda study: move_point(keypoints_of(study, "T12"), 0, (0, 0, -4.0)),
    "vertebra": lambda study: remove_vertebra(keypoints_of(study, "L1")),
    "curve": lambda study: move_point(study.curve_node, 9, (6.0, 0, 0)),
    "no curve": lambda study: remove_node(study.curve_node),
    "lost point": lambda study: _lose_a_point(keypoints_of(study, "L2")),
}


def _lose_a_point(node: slicer.vtkMRMLMarkupsFiducialNode) -> None:
    node.SetFixedNumberOfControlPoints(False)
    node.RemoveNthControlPoint(2)


@pytest.mark.parametrize("name", EDITS)
def test_a_study_comes_back_to_a_state(study, report, name) -> None:
    before = state(study)
    assert state(study) == before
    EDITS[name](study)
    if name != "lost point":
        assert state(study) != before
    restore_state(study, before)
    assert state(study) == before
    assert report_json(study_report(study)) == report_json(report)
    assert len(study.proxy_nodes) == len(report.vertebrae)


def test_an_edit_is_repeated(study) -> None:
    before = state(study)
    for edit in ("preset", "point", "curve"):
        EDITS[edit](study)
    after = state(study)
    said = report_json(study_report(study))
    restore_state(study, before)
    restore_state(study, after)
    assert state(study) == after
    assert report_json(study_report(study)) == said


def test_the_sacral_endplate_is_part_of_the_state(scene) -> None:
    one = radiograph_report()
    image = Radiograph(np.zeros((1100, 300), np.float32), 0.2, "left")
    study = create_study(scene, add_image_node(scene, image, one, "lateral"), one)
    before = state(study)
    assert len(before.sacrum_points) == 3
    move_point(study.sacrum_node, 0, (0, 0, -3.0))
    assert state(study) != before
    restore_state(study, before)
    assert state(study) == before
    remove_node(study.sacrum_node)
    restore_state(study, before)
    assert state(study) == before
    restore_state(study, replace(before, sacrum_points=()))
    assert study.sacrum_node is None


def test_states_are_compared_by_value_and_are_no_keys(study) -> None:
    assert state(study) != "a state"
    with pytest.raises(TypeError, match="unhashable"):
        hash(state(study))
