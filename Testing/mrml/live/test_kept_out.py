"""What is added to the patient while a study is shown."""

import pytest

STRAIGHTENED = "vtkMRMLSliceNodeYellow+"


def line(scene):
    node = scene.AddNewNodeByClass("vtkMRMLMarkupsLineNode")
    node.CreateDefaultDisplayNodes()
    return node.GetDisplayNode()


@pytest.mark.parametrize("is_batch", [False, True])
def test_a_line_that_is_added_is_kept_out_of_the_straightened_views(desk, scene, study, is_batch) -> None:
    desk.show(study)
    live = desk.link(study)
    if is_batch:
        scene.StartState(scene.BatchProcessState)
    display = line(scene)
    if is_batch:
        scene.EndState(scene.BatchProcessState)
    assert not display.IsDisplayableInView(STRAIGHTENED)
    assert display.IsDisplayableInView("vtkMRMLSliceNodeRed")
    live.close()
    assert line(scene).IsDisplayableInView(STRAIGHTENED)


def test_where_no_study_is_shown_nothing_is_limited(desk, scene, study) -> None:
    desk.link(study)
    assert line(scene).IsDisplayableInView(STRAIGHTENED)
