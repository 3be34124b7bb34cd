"""The command ``pictures``: files of real renderings, of a CT and of a saved scene with its edits."""

from pathlib import Path

import numpy as np
import pytest
from helpers.command import assert_one_error_line
from PIL import Image
from VertebralFracturesLib.cli.main import main
from VertebralFracturesLib.core.heights.genant import GRADE_COLORS
from VertebralFracturesLib.mrml.application import boot_scene
from VertebralFracturesLib.mrml.layout import rendered_views
from VertebralFracturesLib.mrml.live.study import LiveStudy
from VertebralFracturesLib.mrml.pictures import PICTURE_FILES, SIZE
from VertebralFracturesLib.mrml.scene_file import read_scene, write_scene
from VertebralFracturesLib.networks.ct_networks import TrainedCtNetworks
from VertebralFracturesLib.networks.spine_curve_net import SpineCurveNet
from VertebralFracturesLib.networks.vertebra_net import VertebraNet

SEVERE = 3


@pytest.fixture(scope="module")
def bundle(volume, report, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("saved") / "scene.mrb"
    write_scene(path, volume, report, compress=False)
    return path


def picture(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def pixels_of_grade(path: Path, grade: int) -> int:
    return int((np.abs(picture(path) / 255.0 - GRADE_COLORS[grade]).max(-1) < 0.02).sum())


def test_a_saved_scene_becomes_pictures(bundle, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(bundle.parent)
    target = tmp_path / "pictures"
    assert main(["pictures", bundle.name, "-o", str(target)]) == 0
    assert sorted(path.name for path in target.iterdir()) == sorted(PICTURE_FILES)
    assert picture(target / "layout.png").shape == (SIZE[1], SIZE[0], 3)
    for grade in (0, 2, 3):
        assert pixels_of_grade(target / "straightened.png", grade) > 100
    assert pixels_of_grade(target / "straightened.png", 1) == 0
    assert str(target) in capsys.readouterr().out


def test_edits_of_a_saved_scene_are_shown(bundle, tmp_path) -> None:
    edited = tmp_path / "edited.mrb"
    with boot_scene() as application:
        live = LiveStudy(read_scene(application.scene, bundle)[0])
        live.delete_vertebra(SEVERE)
        live.close()
        assert application.scene.WriteToMRB(str(edited))
    assert main(["pictures", str(edited), "-o", str(tmp_path / "pictures")]) == 0
    assert pixels_of_grade(tmp_path / "pictures" / "straightened.png", 3) == 0
    assert pixels_of_grade(tmp_path / "pictures" / "straightened.png", 2) > 100


def test_a_ct_is_analyzed_and_drawn(volume, report, tmp_path, monkeypatch, capsys) -> None:
    import SimpleITK as sitk

    image = sitk.GetImageFromArray(volume.voxels)
    image.SetSpacing(tuple(np.abs(np.diag(volume.ijk_to_ras)[:3])))
    image.SetOrigin(tuple(volume.ijk_to_ras[:3, 3] * [-1, -1, 1]))
    sitk.WriteImage(image, str(tmp_path / "chest.nii.gz"))
    networks = TrainedCtNetworks(SpineCurveNet(), VertebraNet(), {})
    monkeypatch.setattr("VertebralFracturesLib.networks.ct_networks.load_ct_networks", lambda *_: networks)
    monkeypatch.setattr("VertebralFracturesLib.analyzer.analyze_ct", lambda *args, **options: report)
    monkeypatch.chdir(tmp_path)
    assert main(["pictures", "chest.nii.gz", "--vertebra", "2"]) == 0
    target = tmp_path / "chest-pictures"
    assert sorted(path.name for path in target.iterdir()) == sorted(PICTURE_FILES)
    assert pixels_of_grade(target / "straightened.png", 3) > 100
    assert "warning: slices thicker than 2 mm" in capsys.readouterr().err


def test_another_vertebra_is_looked_at(bundle, tmp_path) -> None:
    for vertebra in ("T10", "t12"):
        assert main(["pictures", str(bundle), "-o", str(tmp_path / vertebra), "--vertebra", vertebra]) == 0
    selected, other = (pixels_of_grade(tmp_path / name / "straightened.png", 3) for name in ("t12", "T10"))
    assert selected > 1.5 * other
    assert (picture(tmp_path / "T10" / "axial.png") != picture(tmp_path / "t12" / "axial.png")).any()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--vertebra", "C2"], "there is no vertebra 'C2': the 8 from cranial to caudal are T9, T10"),
        (["--vertebra", "9"], "there is no vertebra '9'"),
    ],
)
def test_what_cannot_be_drawn_leaves_nothing_behind(bundle, tmp_path, capsys, arguments, expected) -> None:
    assert main(["pictures", str(bundle), "-o", str(tmp_path / "out"), *arguments]) == 2
    assert expected in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_scenes_that_are_none(tmp_path, capsys) -> None:
    with boot_scene() as application:
        assert application.scene.WriteToMRB(str(tmp_path / "empty.mrb"))
    (tmp_path / "text.mrb").write_text("no bundle")
    for name, expected in (
        ("missing.mrb", "there is no file"),
        ("text.mrb", "is not a Slicer data bundle"),
        ("empty.mrb", "holds 0 studies"),
    ):
        assert main(["pictures", str(tmp_path / name), "-o", str(tmp_path / "out")]) == 2
        error = capsys.readouterr().err
        assert expected in error
        assert "Traceback" not in error
        assert not (tmp_path / "out").exists()


def test_existing_pictures_stay_unless_overwritten(bundle, tmp_path, capsys) -> None:
    target = tmp_path / "out"
    target.mkdir()
    (target / "layout.png").write_text("mine")
    assert main(["pictures", str(bundle), "-o", str(target)]) == 2
    assert (target / "layout.png").read_text() == "mine"
    assert main(["pictures", str(bundle), "-o", str(target), "--overwrite"]) == 0
    assert picture(target / "layout.png").any()


def test_a_computer_without_opengl_is_named_as_the_reason(bundle, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(rendered_views, "_ONE_FRAME", "import os; os.abort()")
    assert main(["pictures", str(bundle), "-o", str(tmp_path / "out")]) == 2
    assert "no OpenGL" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_scene_without_its_ct_gives_one_line_and_no_file(bundle, tmp_path, capsys) -> None:
    scene = tmp_path / "without.mrb"
    with boot_scene() as application:
        (study,) = read_scene(application.scene, bundle)
        application.scene.RemoveNode(study.volume_node)
        assert application.scene.WriteToMRB(str(scene))
    assert main(["pictures", str(scene), "-o", str(tmp_path / "out")]) == 2
    assert_one_error_line(capsys.readouterr().err, "holds no image of its study")
    assert not (tmp_path / "out").exists()
