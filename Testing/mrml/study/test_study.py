"""Studies are found again, apart from each other, in a folder of their own."""

from helpers.study_nodes import keypoints_of, move_point
from VertebralFracturesLib.mrml.nodes.volume import add_volume_node
from VertebralFracturesLib.mrml.study.creation import create_study
from VertebralFracturesLib.mrml.study.display import update_study
from VertebralFracturesLib.mrml.study.removal import remove_study
from VertebralFracturesLib.mrml.study.study import studies, studies_of, study_of
from VertebralFracturesLib.report.document import report_json


def test_studies_of_two_volumes_do_not_mix(scene, volume, report) -> None:
    nodes = [add_volume_node(scene, volume, name) for name in ("CT", "CT")]
    first, second = (create_study(scene, node, report) for node in nodes)
    assert [study.report_node for study in studies(scene)] == [first.report_node, second.report_node]
    assert studies_of(nodes[1]) == [second]
    move_point(keypoints_of(second, "L1"), 0, (0, 0, 3))
    assert report_json(update_study(first)) == report_json(report)
    remove_study(second)
    assert studies(scene) == [first]
    assert report_json(update_study(first)) == report_json(report)


def test_a_study_outlives_its_volume(study, scene, report) -> None:
    scene.RemoveNode(study.volume_node)
    assert study.volume_node is None
    assert report_json(update_study(study)) == report_json(report)
    remove_study(study)
    assert not studies(scene)


def test_the_study_of_a_volume_is_found_and_one_that_lost_its_volume(scene, volume, report) -> None:
    assert study_of(scene, None) is None
    plain, analyzed = (add_volume_node(scene, volume, name) for name in ("plain", "analyzed"))
    study = create_study(scene, analyzed, report)
    assert study_of(scene, analyzed) == study
    assert study_of(scene, plain) is study_of(scene, None) is None
    scene.RemoveNode(analyzed)
    assert study_of(scene, None) == study
