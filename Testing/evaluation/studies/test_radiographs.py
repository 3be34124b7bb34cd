import json
from dataclasses import asdict, replace

import numpy as np
import pytest
from helpers.small_radiograph import LEVELS, bodies_ras, report
from VertebralFracturesLib.core.report import Vertebra
from VertebralFracturesLib.errors import NoSpineFound, UnusableInput
from VertebralFracturesLib.evaluation.studies.radiographs import (
    REAL,
    STEPS,
    SYNTHETIC,
    compared,
    evaluate_radiographs,
    radiographs_text,
    share_behind_spine,
    summary,
    write_radiographs,
)
from VertebralFracturesLib.radiograph.record import RadiographReport
from VertebralFracturesLib.simulation.radiograph.views import SACRUM, Projection

PIXEL_MM = 0.5
SHAPE = (440, 120)


def projection() -> Projection:
    """A projection of the bodies of the report, moved into the picture."""
    moved_mm = np.array([30.0, 10.0])
    points = (-bodies_ras()[..., 1:] + moved_mm) / PIXEL_MM
    sacrum = np.full((1, 6, 2), np.nan)
    sacrum[0, ::2] = (-report().sacral_endplate_ras[:, 1:] + moved_mm) / PIXEL_MM
    integrals = np.zeros((2, *SHAPE), np.float16)
    levels = np.array([20.0, 21, 22, 23, 24, SACRUM])
    return Projection(integrals, PIXEL_MM, np.concatenate([points, sacrum]), levels, np.array([[-np.inf, np.inf]]))


def found(shift_mm: tuple[float, float] = (0.0, 0.0), levels: tuple[str, ...] = LEVELS) -> RadiographReport:
    """The report as found in the projection, its points moved along rows and columns."""
    one = report()
    moved = np.array([0.0, -30.0 - shift_mm[0], -10.0 - shift_mm[1]])
    vertebrae = tuple(
        Vertebra(vertebra.keypoints_ras + moved, 1.0, np.full(6, 1.0), level, 0.9)
        for vertebra, level in zip(one.vertebrae, levels, strict=True)
    )
    return replace(one, vertebrae=vertebrae, pixel_mm=PIXEL_MM, sacral_endplate_ras=one.sacral_endplate_ras + moved)


def test_exposures_are_metered_behind_lumbar_bodies_where_there_are() -> None:
    """Absorption grows downwards, so that what absorbs more than the spine is what lies below it."""
    plain = projection()
    rows = np.broadcast_to(np.arange(SHAPE[0])[:, None], SHAPE)
    seen = replace(plain, integrals=np.stack([rows, np.zeros(SHAPE)]).astype(np.float16))
    middle = np.nanmean(plain.keypoints_pixels[..., 1], 1)
    assert share_behind_spine(seen) == pytest.approx(1 - np.median(middle) / SHAPE[0], abs=0.02)
    chest = replace(seen, levels=np.array([16.0, 17, 18, 19, 20, 21]))
    assert share_behind_spine(chest) == share_behind_spine(seen)
    lower = replace(seen, levels=np.array([17.0, 18, 19, 20, 21, 22]))
    assert share_behind_spine(lower) == pytest.approx(1 - np.median(middle[3:]) / SHAPE[0], abs=0.02)


def test_the_truth_has_no_error() -> None:
    result = compared("one", 1, SYNTHETIC, STEPS[1], projection(), found(), 0.5)
    assert (result.bodies, result.found, result.spurious, result.levels_right) == (5, 5, 0, 5)
    np.testing.assert_allclose(result.errors, 0, atol=1e-9)
    assert set(result.angle_errors_deg) == {"lordosis_l1_l5_deg", "lordosis_l1_s1_deg", "sacral_slope_deg"}
    assert np.abs(list(result.angle_errors_deg.values())).max() < 1e-6


def test_errors_are_relative_to_depth_and_height() -> None:
    result = compared("one", 1, SYNTHETIC, STEPS[1], projection(), found((0.68, -0.54)), 0.5)
    np.testing.assert_allclose(result.errors[0, :, 0], 0.68 / 34)
    np.testing.assert_allclose(result.errors[0, :, 1], -0.54 / (27 + 23 + 27) * 3)
    np.testing.assert_allclose(result.height_errors_mm, 0, atol=1e-9)


def test_points_within_their_uncertainty_are_counted() -> None:
    results = [compared("one", 1, REAL, STEPS[1], projection(), found((x, x)), 0.5) for x in (0.0, 0.69, 0.72, 1.5)]
    np.testing.assert_array_equal([one.are_within.all() for one in results], [True, True, False, False])
    assert summary(results)[0].figures["within_uncertainty"] == 0.5


def test_wrong_names_spurious_and_missed_bodies_are_counted() -> None:
    shifted = compared("one", 1, SYNTHETIC, STEPS[1], projection(), found(levels=("T12", *LEVELS[:4])), 0.5)
    assert (shifted.found, shifted.levels_right) == (5, 0)
    assert "lordosis_l1_l5_deg" in shifted.angle_errors_deg
    away = compared("one", 1, SYNTHETIC, STEPS[1], projection(), found((0.0, -18.0)), 0.5)
    assert away.found < 5
    assert away.spurious >= 4
    nothing = compared("one", 1, REAL, STEPS[1], projection(), None, 0.5)
    assert (nothing.bodies, nothing.found, nothing.spurious) == (5, 0, 0)


def test_fractures_are_told_from_other_bodies() -> None:
    """L2 is lower in front, and L3 as well here; L3 is measured as it is, and as if it were whole."""
    keypoints = projection().keypoints_pixels.copy()
    keypoints[2, 0] += (keypoints[2, 1] - keypoints[2, 0]) / 3
    patient, whole = replace(projection(), keypoints_pixels=keypoints), found()
    points_ras = whole.vertebrae[2].keypoints_ras.copy()
    points_ras[0] += (points_ras[1] - points_ras[0]) / 3
    vertebrae = list(whole.vertebrae)
    vertebrae[2] = replace(vertebrae[2], keypoints_ras=points_ras)
    right = replace(whole, vertebrae=tuple(vertebrae))
    (both,) = summary([compared("one", 1, REAL, STEPS[1], patient, one, 0.5) for one in (right, whole)])
    assert (both.figures["fractured"], both.figures["sensitivity"], both.figures["specificity"]) == (4, 0.75, 1.0)
    (false,) = summary([compared("one", 1, REAL, STEPS[1], projection(), right, 0.5)])
    assert (false.figures["fractured"], false.figures["sensitivity"], false.figures["specificity"]) == (1, 1.0, 0.75)


def test_figures_and_files(tmp_path) -> None:
    results = [
        compared("one", 1, source, steps, projection(), found((0.34, 0.27)), 0.5)
        for source in (SYNTHETIC, REAL)
        for steps in STEPS
    ] + [compared("two", 1, REAL, STEPS[1], projection(), None, 0.1)]
    rows = summary(results)
    assert [(row.source, row.steps) for row in rows] == [(a, b) for a in (SYNTHETIC, REAL) for b in STEPS]
    assert rows[0].figures["error_x_percent"] == pytest.approx(1.0)
    assert rows[-1].figures["recall"] == pytest.approx(0.5)
    assert rows[-1].figures["lordosis_l1_l5_deg_count"] == 1
    assert rows[-1].figures["kyphosis_t4_t12_deg"] is None
    assert rows[0].standard_errors == {}
    write_radiographs(tmp_path, results, rows)
    assert json.loads((tmp_path / "radiographs.json").read_text())["summary"] == [asdict(row) for row in rows]
    assert (tmp_path / "radiographs.txt").read_text() == radiographs_text(rows)


def test_every_projection_is_analyzed_with_step_1_and_with_both(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    """Step 1 errs by half a millimetre here, both steps not; the second patient shows nothing."""
    patients, images = [], []

    def projected(seed: int, views: int, slices_mm: float | None) -> list[Projection]:
        patients.append(seed)
        assert slices_mm == 2.5
        return [projection()] * views

    def analyze(radiograph, models, *, refine: bool) -> RadiographReport:
        assert radiograph.image.shape == SHAPE
        images.append(radiograph.image)
        if patients[-1] == 6:
            raise NoSpineFound("nothing")
        return found((0.0, 0.0) if refine else (0.5, 0.5))

    monkeypatch.setattr("VertebralFracturesLib.simulation.radiograph.views.projected_patient", projected)
    monkeypatch.setattr("VertebralFracturesLib.radiograph.pipeline.analyze_radiograph", analyze)
    results = evaluate_radiographs(None, None, patients=2, seed=5, views=2, slices_mm=2.5)
    assert patients == [5, 6]
    assert len(np.unique(np.reshape(images, (8, -1)), axis=0)) == 4
    assert [one.steps for one in results] == [*STEPS] * 4
    first, both = summary(results)
    assert (first.steps, both.steps) == STEPS
    assert (both.figures["projections"], both.figures["bodies"], both.figures["recall"]) == (4, 20, 0.5)
    assert both.figures["error_x_percent"] == pytest.approx(0.0, abs=1e-9)
    assert first.figures["error_x_percent"] == pytest.approx(100 * 0.5 / 34)
    assert both.standard_errors["recall"] == pytest.approx(np.sqrt(1 / 8), abs=0.05)  # two draws of 1 or 0
    assert "bodies" not in both.standard_errors
    (recall,) = [line for line in radiographs_text([first, both]).splitlines() if line.startswith("recall")]
    assert recall.endswith(f"0.5 ({both.standard_errors['recall']:.1g})")
    with pytest.raises(UnusableInput):
        evaluate_radiographs(None, tmp_path, 0, 5, 1)
