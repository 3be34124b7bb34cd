"""Views of patients and of CTs: made once, with their landmarks, every second one as a CT shows it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers.training_samples import boxes_case
from VertebralFracturesLib.core.keypoints import depths_mm
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.io.training_case import TrainingCase
from VertebralFracturesLib.simulation.ct.protocol import Protocol
from VertebralFracturesLib.simulation.radiograph import views
from VertebralFracturesLib.simulation.radiograph.camera import Camera
from VertebralFracturesLib.simulation.radiograph.projection import densities
from VertebralFracturesLib.simulation.radiograph.views import (
    PIXEL_MM,
    SACRUM,
    flat_projections,
    projected_patient,
    real_projections,
)


def test_real_cts_are_projected_once(tmp_path: Path) -> None:
    made = real_projections(tmp_path, [boxes_case("a")], [boxes_case("a")], 2)
    assert len(made) == 2
    again = real_projections(tmp_path, [], [], 2)
    assert again == []
    broken = TrainingCase(
        "a", lambda: pytest.fail("read again"), boxes_case().keypoints_ras, boxes_case().levels, boxes_case().curve
    )
    kept = real_projections(tmp_path, [broken], [broken], 2)
    np.testing.assert_array_equal(kept[0].integrals, made[0].integrals)
    assert made[0].integrals[1].max() > 0.5
    assert made[0].known_rows.shape == (1, 2)


def test_every_second_view_of_thin_slices_is_coarsened(tmp_path: Path) -> None:
    """Slices of 2 mm lose the edges of bone, and landmarks move by less than 1 mm; those of 3 mm stay as they are."""
    thin = boxes_case("thin")
    volume = thin.volume()
    stretched = np.diag([1.0, 1.0, 1.5, 1.0])
    thick = replace(
        thin,
        name="thick",
        volume=lambda: Volume(volume.voxels, stretched @ volume.ijk_to_ras),
        keypoints_ras=thin.keypoints_ras @ stretched[:3, :3],
    )
    for one, is_coarsened in ((thin, True), (thick, False)):
        made = real_projections(tmp_path, [one], [one], 4)
        plain = views._projections(views._real_views(one, one, 4, lambda view, rng: None))
        for number, (seen, known) in enumerate(zip(made, plain, strict=True)):
            moved_mm = np.abs(seen.keypoints_pixels - known.keypoints_pixels).max() * PIXEL_MM
            assert moved_mm < 1.0 if is_coarsened and number % 2 == 1 else moved_mm == 0.0
            differs = np.abs(seen.integrals.astype(float) - known.integrals.astype(float)).max() > 0.05
            assert differs == (is_coarsened and number % 2 == 1)


def shifted(slices: int) -> np.ndarray:
    matrix = np.eye(4)
    matrix[2, 3] = slices
    return matrix


def test_a_patient_goes_on_where_a_ct_ends(tmp_path: Path) -> None:
    """Water 48 cm wide absorbs alike up to the edges of the picture, with a finer CT of its middle and without."""
    water = np.zeros((60, 50, 40), np.int16)
    matrix = np.diag([12.0, 8.0, 2.0, 1.0])
    matrix[:3, 3] = -234, -196, -60
    whole = replace(boxes_case("water"), volume=lambda: Volume(water, matrix))
    part = replace(boxes_case("part"), volume=lambda: Volume(water[15:45], matrix @ shifted(15)))
    for fine in (whole, part):
        (view,) = real_projections(tmp_path, [fine], [whole], 1)
        inner = view.integrals[0, :, 20:-20].astype(float)
        assert inner.min() > 0.9 * inner.max()


def test_flat_images_are_taken_as_they_are() -> None:
    (one,) = flat_projections([boxes_case()])
    column, row = np.rint(one.keypoints_pixels[0].mean(0)).astype(int)
    volume = boxes_case().volume()
    top, front = volume.corners_ras()[:, 2].max(), volume.corners_ras()[:, 1].max()
    hu = volume.sample(np.array([0.0, front - column * PIXEL_MM, top - row * PIXEL_MM]))
    np.testing.assert_allclose(one.integrals[:, row, column], densities(hu[None])[:, 0] * 18.0, rtol=0.02)


def test_a_synthetic_patient_is_projected_with_its_landmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    slices = []

    class Clear:
        """Absorbs nothing."""

        def __init__(self, *_: object) -> None:
            pass

        def on_ct_grid(self, protocol: Protocol, rng: np.random.Generator) -> "Clear":
            slices.append((protocol.slice_spacing_mm, protocol.slice_thickness_mm))
            return self

        def integrals(self, camera: Camera) -> np.ndarray:
            return np.zeros((2, *camera.shape), np.float32)

        def frontal_integrals(self) -> np.ndarray:
            return np.zeros((2, 4, 4), np.float32)

    monkeypatch.setattr(views, "Absorber", Clear)
    (one,) = projected_patient(3, 1)
    assert one.levels[-1] == SACRUM
    assert np.isnan(one.keypoints_pixels[-1, 1::2]).all()
    assert (one.keypoints_pixels[:-1, 0, 0] < one.keypoints_pixels[:-1, 4, 0]).all()
    lumbar = one.keypoints_pixels[one.levels >= 17]
    assert (np.diff(np.nanmean(lumbar, 1)[:, 1]) > 0).all()
    assert ((lumbar[:-1] > 0) & (lumbar[:-1] < np.array(one.integrals.shape[:0:-1]))).all()
    assert not slices
    (read,) = projected_patient(3, 1, slices_mm=5.0)
    assert slices == [(5.0, 5.0)]
    depths, read_depths = (depths_mm(each.keypoints_pixels[:-1]) for each in (one, read))
    assert (read_depths > depths).all()
