"""Cases to train on: volumes by name, and single images as volumes on which their keypoints lie."""

import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from VertebralFracturesLib.core.heights.genant import heights_mm
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.io.training_case import flat_cases, reference_cases
from VertebralFracturesLib.training.samples.slices import real_samples

POINTS_MM = np.array([[10.0, 20], [28, 21], [10, 34], [27, 34], [9, 48], [28, 49]])  # down, right


def write_flat(folder: Path, anterior_is: str, spacing_mm: float = 0.9) -> np.ndarray:
    """An image with a bright dot at each keypoint of three bodies, the first of which is not certain."""
    folder.mkdir(parents=True)
    bodies = np.stack([POINTS_MM + [number * 30.0, 0.0] for number in range(3)])
    if anterior_is == "right":
        bodies[..., 1] = 70.0 - bodies[..., 1]
    down, right = (np.indices((240, 140)) + 0.5) * spacing_mm  # from the corner of the image
    image = sum(900 * np.exp(-((down - y) ** 2 + (right - x) ** 2) / (2 * 1.5**2)) for y, x in bodies.reshape(-1, 2))
    sitk.WriteImage(sitk.GetImageFromArray(image.astype(np.float32)), str(folder / "image.nii.gz"))
    entries = [
        {"label": name, "points_mm": body.tolist()} for name, body in zip(("T11?", "T12", "L1"), bodies, strict=True)
    ]
    document = {
        "image": "image.nii.gz",
        "spacing_mm": spacing_mm,
        "anterior_is": anterior_is,
        "vertebrae": entries[::-1],
    }
    (folder / "reference.json").write_text(json.dumps(document))
    return bodies


@pytest.mark.parametrize("anterior_is", ["left", "right"])
def test_a_flat_image_becomes_a_volume_whose_keypoints_lie_on_it(tmp_path, anterior_is):
    bodies = write_flat(tmp_path / "one", anterior_is)
    (case,) = flat_cases(tmp_path)
    assert case.levels.tolist() == [18, 19, 20]
    np.testing.assert_allclose(heights_mm(case.keypoints_ras), heights_mm(bodies))
    anterior, posterior = case.keypoints_ras[:, :2, 1].mean(), case.keypoints_ras[:, 4:, 1].mean()
    assert anterior > posterior
    assert (np.diff(case.keypoints_ras.mean(1)[:, 2]) < 0).all()
    volume = case.volume()
    for aside_mm in (-20.0, 0.0, 20.0):
        assert volume.sample(case.keypoints_ras + [aside_mm, 0, 0]).min() > 800
    for axis in (1, 2):
        step = 1.5 * np.eye(3)[axis]
        on_one_side, on_the_other = (volume.sample(case.keypoints_ras + side * step) for side in (-1, 1))
        assert np.abs((on_one_side - on_the_other).mean()) < 15  # half a pixel off makes it 240
    assert np.linalg.norm(case.curve.ras_to_straight(case.keypoints_ras.mean(1))[:, :2], axis=1).max() < 0.5


def test_slices_of_a_flat_image_keep_the_keypoints(tmp_path):
    write_flat(tmp_path / "one", "left")
    (case,) = flat_cases(tmp_path)
    for sample in real_samples(case, 3, np.random.default_rng(0)):
        places = np.rint(sample.keypoints_mm / sample.pixel_mm).astype(int)
        assert (sample.image[places[..., 1], places[..., 0]] > 300).all()  # thicker slices blur the dots


@pytest.mark.parametrize("read", [flat_cases, reference_cases])
def test_a_folder_without_cases_is_named(tmp_path, read):
    with pytest.raises(UnusableInput, match=r"no (reference )?case .*" + tmp_path.name):
        read(tmp_path)


def write_case(folder: Path, label: str = "T12") -> None:
    folder.mkdir(parents=True)
    for name, value in (("ct.nii.gz", 1), ("lowres.nii.gz", 2)):
        sitk.WriteImage(sitk.GetImageFromArray(np.full((4, 4, 4), value, np.int16)), str(folder / name))
    body = [[0.0, y, z] for y in (12, 0, -12) for z in (10, -10)]
    curve = [[0, 0, z] for z in (20, 10, 0, -10, -20)]
    (folder / "reference.json").write_text(json.dumps({"vertebrae": [{"label": label, "ras": body}], "curve": curve}))


def test_cases_come_by_name_with_the_image_asked_for(tmp_path):
    for name in ("b", "a"):
        write_case(tmp_path / name)
    cases = reference_cases(tmp_path)
    assert [case.name for case in cases] == ["a", "b"]
    assert cases[0].levels.tolist() == [19]
    assert cases[0].keypoints_ras.shape == (1, 6, 3)
    assert cases[0].volume().voxels.max() == 1
    (tmp_path / "b" / "lowres.nii.gz").unlink()
    low = reference_cases(tmp_path, "lowres.nii.gz")
    assert [case.volume().voxels.max() for case in low] == [2, 1]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("vertebrae", 3),
        ("vertebrae", []),
        ("spacing_mm", float("nan")),
        ("spacing_mm", 10**400),
        ("image", None),
    ],
)
def test_a_flat_case_with_a_wrong_value_is_named(tmp_path, name, value):
    write_flat(tmp_path / "one", "left")
    file = tmp_path / "one" / "reference.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), name: value}))
    with pytest.raises(UnusableInput, match="is not a case of a single image"):
        flat_cases(tmp_path)
