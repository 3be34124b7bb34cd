"""A new analysis takes the place of the one before, whatever was analyzed."""

from dataclasses import replace

import numpy as np
import pytest
import slicer
from helpers.small_radiograph import report as radiograph_report
from VertebralFracturesLib.core.report import SpineReport
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.mrml.nodes.image import image_from_node
from VertebralFracturesLib.mrml.nodes.volume import add_volume_node, set_volume
from VertebralFracturesLib.mrml.study import replacement
from VertebralFracturesLib.mrml.study.replacement import replace_study
from VertebralFracturesLib.mrml.study.report import study_report
from VertebralFracturesLib.mrml.study.study import studies, studies_of
from VertebralFracturesLib.radiograph.record import RadiographReport


@pytest.fixture
def film(scene: slicer.vtkMRMLScene) -> slicer.vtkMRMLScalarVolumeNode:
    """A radiograph as Slicer loads it: one axial slice, pixels of 1 mm."""
    image = np.random.default_rng(2).normal(size=(1, 1100, 300)).astype(np.float32)
    return add_volume_node(scene, Volume(image, np.diag([-1.0, -1.0, 1.0, 1.0])), "film")


def test_a_film_is_shown_beside_it_in_the_sagittal_plane(scene, film) -> None:
    study = replace_study(film, image_from_node(film), radiograph_report(is_scale_known=False))
    assert study.volume_node is not film
    assert study.volume_node.GetName() == "film lateral"
    assert isinstance(study_report(study), RadiographReport)
    assert [one.report_node for one in studies_of(film)] == [study.report_node]


def test_a_second_analysis_of_a_film_replaces_the_first(scene, film) -> None:
    """From the film itself and from what shows it."""
    first = replace_study(film, image_from_node(film), radiograph_report(is_scale_known=False))
    shown, count = first.volume_node, scene.GetNumberOfNodes()
    for node in (film, shown, film):
        again = replace_study(node, image_from_node(node), radiograph_report(is_scale_known=False))
        assert [one.report_node for one in studies(scene)] == [again.report_node]
        assert again.volume_node is shown
        assert scene.GetNumberOfNodes() == count


def test_a_second_analysis_of_a_ct_replaces_the_first(scene, volume: Volume, report: SpineReport) -> None:
    node = add_volume_node(scene, volume, "CT")
    replace_study(node, image_from_node(node), report)
    count = scene.GetNumberOfNodes()
    again = replace_study(node, image_from_node(node), replace(report, preset="pisov"))
    (study,) = studies(scene)
    assert study.report_node is again.report_node
    assert study.preset == "pisov"
    assert scene.GetNumberOfNodes() == count


def test_what_changed_in_the_meantime_is_refused(scene, volume: Volume, report: SpineReport) -> None:
    node = add_volume_node(scene, volume, "CT")
    moved = volume.ijk_to_ras.copy()
    moved[0, 3] += 1e-5
    set_volume(node, Volume(volume.voxels, moved))
    with pytest.raises(UnusableInput, match="changed while it was analyzed"):
        replace_study(node, volume, report)
    scene.RemoveNode(node)
    with pytest.raises(UnusableInput, match="deleted while it was analyzed"):
        replace_study(node, volume, report)
    assert studies(scene) == []


def test_a_film_without_a_study_keeps_no_second_node(scene, film, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("no study today")

    monkeypatch.setattr(replacement, "create_study", fail)
    with pytest.raises(RuntimeError, match="no study today"):
        replace_study(film, image_from_node(film), radiograph_report(is_scale_known=False))
    assert scene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode") == 1
