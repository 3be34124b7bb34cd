import os
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import slicer
from helpers.table_rows import row_of_vertebra
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.mrml import scene_file
from VertebralFracturesLib.mrml.application import boot_scene
from VertebralFracturesLib.mrml.nodes.curve import curve_from_node
from VertebralFracturesLib.mrml.nodes.keypoints import keypoints_from_node
from VertebralFracturesLib.mrml.nodes.straightened import straightened_volume
from VertebralFracturesLib.mrml.nodes.volume import volume_from_node
from VertebralFracturesLib.mrml.scene_file import read_scene, write_scene
from VertebralFracturesLib.mrml.study.display import update_study
from VertebralFracturesLib.mrml.study.folder import subject_hierarchy
from VertebralFracturesLib.mrml.study.removal import remove_study
from VertebralFracturesLib.mrml.study.report import study_report
from VertebralFracturesLib.mrml.study.study import Study, studies
from VertebralFracturesLib.report.document import report_json


@pytest.fixture(scope="module")
def bundle(tmp_path_factory, volume, report) -> Path:
    path = tmp_path_factory.mktemp("scene") / "scene.mrb"
    write_scene(path, volume, report, name="Müller 12/3: CT")
    return path


@pytest.fixture(scope="module")
def loaded(bundle: Path) -> Iterator[Study]:
    """The study as another application finds it."""
    with boot_scene() as application:
        (study,) = read_scene(application.scene, bundle)
        yield study


def test_the_report_comes_back_without_loss(loaded: Study, report) -> None:
    assert report_json(study_report(loaded)) == report_json(report)
    assert report_json(update_study(loaded)) == report_json(report)


def test_the_ct_comes_back(loaded: Study, volume) -> None:
    read = volume_from_node(loaded.volume_node)
    np.testing.assert_allclose(read.ijk_to_ras, volume.ijk_to_ras, atol=1e-6)
    np.testing.assert_array_equal(read.voxels, volume.voxels)
    assert read.voxels.dtype == np.int16
    assert loaded.volume_node.GetName() == "Müller 12/3: CT"


def test_the_points_heights_and_colors_come_back(loaded: Study, report) -> None:
    assert [node.GetName() for node in loaded.keypoint_nodes] == report.levels
    for node, vertebra, measures in zip(loaded.keypoint_nodes, report.vertebrae, report.measures, strict=True):
        np.testing.assert_allclose(keypoints_from_node(node), vertebra.keypoints_ras, atol=1e-9)
        assert node.GetNthControlPointLabel(0) == f"{vertebra.level} anterior superior"
        assert node.GetNumberOfDisplayNodes() == 2
        if measures:
            points = keypoints_from_node(node)
            heights = np.linalg.norm(points[::2] - points[1::2], axis=1)
            np.testing.assert_allclose(heights, measures.heights_mm, atol=1e-9)


def test_the_curve_comes_back(loaded: Study, curve) -> None:
    arcs = np.linspace(0, curve.length_mm, 100)
    np.testing.assert_allclose(curve_from_node(loaded.curve_node).position(arcs), curve.position(arcs), atol=0.02)


def test_the_straightening_comes_back(loaded: Study, curve) -> None:
    points = np.random.default_rng(2).uniform([-30, -40, -curve.length_mm], [30, 40, 0], (200, 3))
    transform = loaded.straightening_node.GetTransformFromParent()
    ras = np.array([transform.TransformPoint(point) for point in points])
    assert np.linalg.norm(ras - curve.straight_to_ras(points), axis=1).max() < 0.05


def test_the_proxies_lie_in_straightened_space(loaded: Study, report, curve) -> None:
    for proxy, vertebra in zip(loaded.proxy_nodes, report.vertebrae, strict=True):
        expected = curve.ras_to_straight(vertebra.keypoints_ras)
        np.testing.assert_allclose(keypoints_from_node(proxy), expected, atol=0.02)


def test_the_straightened_volume_comes_back(loaded: Study, volume, curve) -> None:
    read, expected = volume_from_node(loaded.straightened_node), straightened_volume(volume, curve)
    np.testing.assert_allclose(read.ijk_to_ras, expected.ijk_to_ras, atol=1e-6)
    np.testing.assert_array_equal(read.voxels, expected.voxels)


def test_the_table_comes_back(loaded: Study, report) -> None:
    assert loaded.table_node.GetNumberOfRows() == len(report.vertebrae)
    assert loaded.table_node.GetAttribute("VertebralFractures") == "Yes"
    assert loaded.table_node.GetColumnUnitLabel("height_middle_mm") == "mm"
    for index, (level, measures) in enumerate(zip(report.levels, report.measures, strict=True)):
        cells = row_of_vertebra(loaded.table_node, index)
        assert cells["level"] == level
        if measures:
            assert float(cells["height_ratio"]) == round(measures.genant_index, 3)
            assert cells["grade"] == str(measures.grade)


def test_the_hierarchy_comes_back(loaded: Study) -> None:
    hierarchy = subject_hierarchy(loaded.scene)
    assert hierarchy.GetItemName(loaded.folder_item) == "Müller 12/3: CT vertebral fractures"
    level = hierarchy.GetItemByDataNode(loaded.keypoint_nodes[4])
    assert hierarchy.GetItemName(level) == "L1"
    assert hierarchy.GetItemName(hierarchy.GetItemParent(level)) == "Vertebrae"
    assert hierarchy.GetItemParent(hierarchy.GetItemParent(level)) == loaded.folder_item
    for node in (*loaded.nodes, loaded.volume_node):
        assert hierarchy.GetItemByDataNode(node) != hierarchy.GetInvalidItemID()


def test_the_views_open_on_the_worst_vertebra(loaded: Study, report, curve) -> None:
    worst = report.vertebrae[3].keypoints_ras.mean(0)
    for tag, focus in (("Yellow", worst), ("Red", worst), ("Red+", curve.ras_to_straight(worst))):
        node = loaded.scene.GetSingletonNode(tag, "vtkMRMLSliceNode")
        to_ras = node.GetSliceToRAS()
        np.testing.assert_allclose([to_ras.GetElement(row, 3) for row in range(3)], focus, atol=0.01)
    composite = loaded.scene.GetSingletonNode("Yellow+", "vtkMRMLSliceCompositeNode")
    assert composite.GetBackgroundVolumeID() == loaded.straightened_node.GetID()
    layout = loaded.scene.GetFirstNodeByClass("vtkMRMLLayoutNode")
    assert layout.GetViewArrangement() == slicer.vtkMRMLLayoutNode.SlicerLayoutThreeOverThreeView


def test_the_bundle_holds_the_ct_once_and_no_folders_of_this_machine(bundle: Path) -> None:
    with zipfile.ZipFile(bundle) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        scene = archive.read("scene/scene.mrml").decode()
    assert sum(name.endswith(".nrrd") for name in names) == 2
    assert str(bundle.parent) not in scene
    assert 'version="Slicer 5' in scene


def test_files_can_be_read_by_others_and_nothing_else_is_left(bundle: Path) -> None:
    assert os.listdir(bundle.parent) == ["scene.mrb"]
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(bundle.stat().st_mode) == 0o666 & ~umask


@pytest.mark.parametrize("compress", [True, False])
def test_oblique_volumes_and_both_ways_of_writing(tmp_path, oblique, report, compress: bool) -> None:
    path = tmp_path / "my scene.mrb"
    write_scene(path, oblique, report, compress=compress)
    with boot_scene() as application:
        (study,) = read_scene(application.scene, path)
        read = volume_from_node(study.volume_node)
        np.testing.assert_allclose(read.ijk_to_ras, oblique.ijk_to_ras, atol=1e-5)
        np.testing.assert_array_equal(read.voxels, oblique.voxels)
        assert report_json(study_report(study)) == report_json(report)


def test_edits_are_saved_and_read(tmp_path, loaded: Study, volume, report) -> None:
    edited = replace(report.vertebrae[2], source="added", status="verified", level="T13")
    vertebrae = (*report.vertebrae[:2], edited, *report.vertebrae[3:])
    path = tmp_path / "scene.mrb"
    write_scene(path, volume, replace(report, vertebrae=vertebrae, preset="pisov"))
    with boot_scene() as application:
        (study,) = read_scene(application.scene, path)
        read = study_report(study)
        assert (read.vertebrae[2].source, read.vertebrae[2].status, read.levels[2]) == ("added", "verified", "T13")
        assert read.preset == "pisov"


def test_a_report_without_vertebrae(tmp_path, volume, report) -> None:
    write_scene(tmp_path / "scene.mrb", volume, replace(report, vertebrae=()))
    with boot_scene() as application:
        (study,) = read_scene(application.scene, tmp_path / "scene.mrb")
        assert study_report(study).vertebrae == ()


def test_an_older_file_is_replaced(tmp_path, volume, report) -> None:
    path = tmp_path / "scene.mrb"
    path.write_bytes(b"old")
    write_scene(path, volume, report)
    assert zipfile.is_zipfile(path)


@pytest.mark.parametrize("failing", ["_save", "pack_bundle", "create_study", "arrange_views"])
@pytest.mark.parametrize("error", [OSError("No space left on device"), KeyboardInterrupt()])
def test_a_failure_leaves_nothing_and_keeps_the_older_file(
    tmp_path, volume, report, monkeypatch, failing: str, error: BaseException
) -> None:
    path = tmp_path / "scene.mrb"
    path.write_bytes(b"old")

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(scene_file, failing, fail)
    with pytest.raises(type(error)):
        write_scene(path, volume, report)
    assert os.listdir(tmp_path) == ["scene.mrb"]
    assert path.read_bytes() == b"old"


def test_a_volume_that_cannot_be_stored_is_an_error(tmp_path, volume, report, monkeypatch) -> None:
    def read_only(scene, folder: Path) -> None:
        (folder / "Data").write_text("a file where the folder of the data should be")
        original(scene, folder / "missing" / "folder")

    original = scene_file._save
    monkeypatch.setattr(scene_file, "_save", read_only)
    with pytest.raises(OSError, match="the scene could not be written"):
        write_scene(tmp_path / "scene.mrb", volume, report)
    assert os.listdir(tmp_path) == []


def test_a_missing_folder_is_told(tmp_path, volume, report) -> None:
    with pytest.raises(FileNotFoundError):
        write_scene(tmp_path / "missing" / "scene.mrb", volume, report)


def test_the_terminal_stays_clean(tmp_path, volume, report, capfd) -> None:
    write_scene(tmp_path / "scene.mrb", volume, report)
    with boot_scene() as application:
        read_scene(application.scene, tmp_path / "scene.mrb")
    assert capfd.readouterr() == ("", "")


def test_the_voxels_are_not_copied(tmp_path, report) -> None:
    import tracemalloc

    voxels = np.zeros((60, 300, 300), dtype=np.int16)
    volume = Volume(voxels, np.diag([1.0, 1.0, 3.0, 1.0]))
    tracemalloc.start()
    write_scene(tmp_path / "scene.mrb", volume, report)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < voxels.nbytes


def test_what_is_no_scene_is_told(tmp_path) -> None:
    path = tmp_path / "scene.mrb"
    path.write_text("not a bundle")
    with boot_scene() as application, pytest.raises(UnusableInput, match="is not a Slicer data bundle"):
        read_scene(application.scene, path)


def test_a_scene_imported_twice_holds_two_separate_studies(bundle: Path, report) -> None:
    with boot_scene() as application:
        read_scene(application.scene, bundle)
        assert application.scene.ReadFromMRB(str(bundle), False)
        first, second = studies(application.scene)
        assert not {node.GetID() for node in first.nodes} & {node.GetID() for node in second.nodes}
        assert first.folder_item != second.folder_item
        assert len({node.GetID() for node in (*first.proxy_nodes, *second.proxy_nodes)}) == 2 * len(report.vertebrae)
        remove_study(second)
        assert report_json(update_study(first)) == report_json(report)
        assert studies(application.scene) == [first]
