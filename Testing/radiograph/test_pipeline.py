"""The stages on a made-up radiograph, with networks without an error: what is turned, scaled, named and refused."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from helpers.perfect_radiograph import (
    CHANNELS,
    LEVELS,
    PIXEL_MM,
    Landmarks,
    PerfectNetworks,
    landmarks_mm,
    picture,
    unseen,
)
from VertebralFracturesLib.core.levels import LEVEL_NAMES
from VertebralFracturesLib.core.norms import HEIGHT_NORMS
from VertebralFracturesLib.errors import Cancelled, NoSpineFound, UnusableInput
from VertebralFracturesLib.radiograph import bodies as radiograph_bodies
from VertebralFracturesLib.radiograph.bodies import _apart, refined, rough_bodies
from VertebralFracturesLib.radiograph.network_input import CELL, CROP_PIXELS, SACRUM_CHANNEL
from VertebralFracturesLib.radiograph.pipeline import RADIOGRAPH_STAGES, _level_probabilities, analyze_radiograph
from VertebralFracturesLib.radiograph.record import RELATIVE_LENGTHS, Radiograph, RadiographReport
from VertebralFracturesLib.radiograph.view import best_view

NETWORKS = PerfectNetworks()


def points_mm(report: RadiographReport, image: np.ndarray) -> np.ndarray:
    """The vertebrae (n, 6, 2), column and row in mm of the picture as it was before it was turned."""
    placed = Radiograph(image, report.pixel_mm, report.anterior_is)
    points = placed.ras_to_pixels([vertebra.keypoints_ras for vertebra in report.vertebrae]) * report.pixel_mm
    if report.anterior_is == "right":
        points[..., 0] = (image.shape[1] - 1) * report.pixel_mm - points[..., 0]
    return points


@pytest.mark.parametrize("is_mirrored", [False, True])
@pytest.mark.parametrize("is_inverted", [False, True])
@pytest.mark.parametrize("is_told", [False, True])
def test_everything_is_found_however_the_image_lies(is_mirrored: bool, is_inverted: bool, is_told: bool) -> None:
    image = picture()[:, ::-1] if is_mirrored else picture()
    image = np.ascontiguousarray(-image if is_inverted else image)
    side = "right" if is_mirrored else "left"
    report = analyze_radiograph(Radiograph(image, PIXEL_MM, side if is_told else None), NETWORKS)
    assert report.anterior_is == side
    assert tuple(report.levels) == LEVELS
    np.testing.assert_allclose(points_mm(report, image), landmarks_mm()[:-1], atol=0.6)
    assert report.sacral_endplate_ras is not None
    assert report.angles_deg["sacral_slope_deg"] == pytest.approx(23.0, abs=0.5)
    assert report.angles_deg["lordosis_l1_l5_deg"] == pytest.approx(20.0, abs=0.7)
    assert any("which side" in text for text in report.warnings) != is_told


@pytest.mark.parametrize("pixel_mm", [PIXEL_MM, None])
def test_a_file_that_is_wrong_about_the_front_is_not_believed(pixel_mm: float | None) -> None:
    image = np.ascontiguousarray(picture()[:, ::-1])
    report = analyze_radiograph(Radiograph(image, pixel_mm, "left"), NETWORKS)
    assert report.anterior_is == "right"
    assert tuple(report.levels) == LEVELS
    assert "the front is said to be on the left, but looks to be on the right: check it" in report.warnings
    assert not any("recognised" in text for text in report.warnings)


def test_heights_and_grades_are_those_of_the_points() -> None:
    report = analyze_radiograph(Radiograph(picture(), PIXEL_MM, "left"), NETWORKS, preset="pisov", input={"path": "x"})
    for measures in report.measures:
        assert measures is not None
        np.testing.assert_allclose(measures.heights_mm, [26, 22, 26], atol=0.4)
        assert measures.grade == 0
    assert (report.preset, report.input, report.models) == ("pisov", {"path": "x"}, {"perfect": "1"})
    assert all((vertebra.uncertainty_mm > 0).all() for vertebra in report.vertebrae)


def test_without_a_scale_the_patient_is_of_average_size() -> None:
    known = analyze_radiograph(Radiograph(picture(), PIXEL_MM, "left"), NETWORKS)
    report = analyze_radiograph(Radiograph(picture(), None, "left"), NETWORKS)
    assert not report.is_scale_known
    assert report.warnings[0] == RELATIVE_LENGTHS
    np.testing.assert_allclose(
        [one.genant_index for one in report.measures],
        [one.genant_index for one in known.measures],
        atol=0.02,
    )
    expected = np.median([HEIGHT_NORMS[level].mean_mm[2] for level in LEVELS]) / 26 * PIXEL_MM
    assert report.pixel_mm == pytest.approx(expected, rel=0.06)
    for name, angle in known.angles_deg.items():
        assert (report.angles_deg[name] is None) == (angle is None)
        assert angle is None or report.angles_deg[name] == pytest.approx(angle, abs=0.7)


def test_step_one_alone_gives_its_own_landmarks() -> None:
    image = picture()
    rough = analyze_radiograph(Radiograph(image, PIXEL_MM, "left"), NETWORKS, refine=False)
    np.testing.assert_allclose(points_mm(rough, image), landmarks_mm()[:-1], atol=1e-3)
    assert {float(one) for vertebra in rough.vertebrae for one in vertebra.uncertainty_mm} == {2.0}


def test_finer_pixels_than_the_networks_use() -> None:
    image = np.repeat(np.repeat(picture(), 4, 0), 4, 1)
    report = analyze_radiograph(Radiograph(image, PIXEL_MM / 4, "left"), NETWORKS)
    np.testing.assert_allclose(points_mm(report, image), landmarks_mm()[:-1], atol=1.0)


def test_progress_and_cancel() -> None:
    stages = []
    analyze_radiograph(
        Radiograph(picture(), PIXEL_MM, "left"), NETWORKS, progress=lambda stage, fraction: stages.append(stage)
    )
    assert tuple(dict.fromkeys(stages)) == RADIOGRAPH_STAGES
    with pytest.raises(Cancelled):
        analyze_radiograph(Radiograph(picture(), PIXEL_MM, "left"), NETWORKS, cancel=lambda: True)


def test_a_faint_sacrum_is_found_and_a_faint_body_is_not() -> None:
    radiograph = Radiograph(picture(), PIXEL_MM, "left")
    report = analyze_radiograph(radiograph, PerfectNetworks(faint_channel=SACRUM_CHANNEL))
    assert report.sacral_endplate_ras is not None
    assert tuple(report.levels) == LEVELS
    report = analyze_radiograph(radiograph, PerfectNetworks(faint_channel=CHANNELS[0]), refine=False)
    assert tuple(report.levels) == LEVELS[1:]


def without_l2(**errors: object) -> PerfectNetworks:
    return PerfectNetworks(faint_channel=LEVEL_NAMES.index("L2"), **errors)


def one_body_higher(landmarks: Landmarks) -> Landmarks:
    """Sixteen pixels further up in the crop."""
    places, spreads = landmarks
    return places - [0.0, 2 * 8 * CELL / CROP_PIXELS], spreads


def without_size(landmarks: Landmarks) -> Landmarks:
    """All landmarks where the first is."""
    places, spreads = landmarks
    return np.repeat(places[:, :1], 6, 1), spreads


@pytest.mark.parametrize("is_mirrored", [False, True])
def test_a_body_that_was_missed_between_two_is_added(is_mirrored: bool) -> None:
    image = np.ascontiguousarray(picture()[:, ::-1]) if is_mirrored else picture()
    report = analyze_radiograph(Radiograph(image, PIXEL_MM), without_l2())
    assert tuple(report.levels) == LEVELS
    np.testing.assert_allclose(points_mm(report, image), landmarks_mm()[:-1], atol=0.6)
    assert [vertebra.score > 0.3 for vertebra in report.vertebrae] == [level != "L2" for level in LEVELS]
    assert "L2: found only by a gap between its neighbours: check the points" in report.warnings
    assert report.angles_deg["lordosis_l1_l5_deg"] == pytest.approx(20.0, abs=0.7)
    rough = analyze_radiograph(Radiograph(image, PIXEL_MM), without_l2(), refine=False)
    assert len(rough.vertebrae) == len(LEVELS) - 1


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(unseen, id="nothing is seen"),
        pytest.param(one_body_higher, id="it reaches into the body above"),
        pytest.param(without_size, id="it has no size"),
    ],
)
def test_what_is_no_body_is_not_added_between_two(change: Callable[[Landmarks], Landmarks]) -> None:
    report = analyze_radiograph(Radiograph(picture(), PIXEL_MM, "left"), without_l2(change=change))
    assert report.levels == [level for level in LEVELS if level != "L2"]
    assert not any("gap" in text for text in report.warnings)


def test_step_1_is_kept_where_step_2_sees_nothing() -> None:
    radiograph = Radiograph(picture(), PIXEL_MM, "left")
    both = analyze_radiograph(radiograph, PerfectNetworks(blind=3))
    sure = analyze_radiograph(radiograph, NETWORKS)
    np.testing.assert_allclose(points_mm(both, picture()), landmarks_mm()[:-1], atol=0.8)
    doubts = [[vertebra.uncertainty_mm.max() for vertebra in one.vertebrae] for one in (sure, both)]
    assert max(doubts[0]) < 1.25 * 1.2
    assert min(doubts[1][:3]) > 3 * max(doubts[0])
    assert max(doubts[1]) == pytest.approx(6.0)
    np.testing.assert_allclose(doubts[1][3:], doubts[0][3:])


@pytest.mark.parametrize("pixel_mm", [PIXEL_MM, None])
def test_where_step_2_sees_no_body_there_is_no_spine(pixel_mm: float | None) -> None:
    networks = PerfectNetworks(blind=6)
    with pytest.raises(NoSpineFound, match="no spine found: the endplates of most bodies"):
        analyze_radiograph(Radiograph(picture(), pixel_mm, "left"), networks)


def test_step_2_places_a_body_whose_shape_it_doubts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the shape of bodies whose landmarks it knows to 6 mm, step 2 has a fifth of the say; of their place all."""
    view = best_view(Radiograph(picture(), PIXEL_MM, "left"), NETWORKS)
    rough = rough_bodies(view, NETWORKS)
    middles = np.nanmean(rough.landmarks_mm, 1, keepdims=True)
    seen_mm = np.where(np.isnan(rough.landmarks_mm), 0.0, middles + 1.5 * (rough.landmarks_mm - middles) + [3.0, -4.0])
    widths_mm = np.full(seen_mm.shape[:2], 6.0)
    monkeypatch.setattr(radiograph_bodies, "_by_step_two", lambda *_: (seen_mm, widths_mm))
    found_mm = refined(view, rough, NETWORKS).landmarks_mm
    assert np.isnan(found_mm[-1, 1::2]).all()
    np.testing.assert_allclose(np.nanmean(found_mm, 1, keepdims=True), middles + [3.0, -4.0], atol=1e-9)
    shape_mm = middles + 1.1 * (rough.landmarks_mm - middles) + [3.0, -4.0]
    np.testing.assert_allclose(found_mm, shape_mm, atol=1e-9)


def test_levels_are_less_sure_without_the_sacrum() -> None:
    levels = np.full((3, 26), 0.02 / 25)
    levels[[0, 1, 2], [20, 21, 22]] = 0.98
    counted, alone = (_level_probabilities(levels, lies_on_sacrum) for lies_on_sacrum in (True, False))
    np.testing.assert_allclose([counted.sum(1), alone.sum(1)], 1.0)
    assert counted[0, 20] > 0.97
    assert alone[0].argmax() == 20
    assert alone[0, 20] < 0.6


def test_a_sacrum_within_the_last_body_is_none() -> None:
    raised = np.zeros((8, 6, 2))
    raised[-1, :, 1] = -25.0
    report = analyze_radiograph(Radiograph(picture(), PIXEL_MM, "left"), PerfectNetworks(moved_mm=raised), refine=False)
    assert report.sacral_endplate_ras is None
    assert len(report.vertebrae) == len(LEVELS)
    assert report.angles_deg["sacral_slope_deg"] is None


@pytest.mark.parametrize(("raised_mm", "others"), [(10.0, range(7)), (14.0, (0, 1, 2, 4, 5, 6))])
def test_a_body_that_reaches_into_another_is_none(raised_mm: float, others: Sequence[int]) -> None:
    """Between the bodies of the picture are 8 mm."""
    raised = np.zeros((8, 6, 2))
    raised[3, :, 1] = -raised_mm
    report = analyze_radiograph(Radiograph(picture(), PIXEL_MM, "left"), PerfectNetworks(moved_mm=raised), refine=False)
    np.testing.assert_allclose(points_mm(report, picture()), (landmarks_mm() + raised)[list(others)], atol=1e-6)
    assert report.levels == [LEVELS[place] for place in others]


def test_of_bodies_that_overlap_the_surer_is_kept() -> None:
    bodies = landmarks_mm()[:7]
    bodies[3, :, 1] -= 14.0
    for unsure, kept in ((3, [0, 1, 2, 4, 5, 6]), (2, [0, 1, 3, 4, 5, 6])):
        uncertainty_mm = np.full((7, 6), 0.8)
        uncertainty_mm[unsure] = 2.5
        assert _apart(bodies, uncertainty_mm, np.arange(7)).tolist() == kept
        assert _apart(bodies, uncertainty_mm, np.array([0, 3, 6])).tolist() == [0, 3, 6]


@pytest.mark.parametrize("in_neck", [0, 3, 5, 6])
def test_the_neck_is_not_measured(monkeypatch: pytest.MonkeyPatch, in_neck: int) -> None:
    """The networks have not learned the landmarks of the neck."""
    names = LEVEL_NAMES[7 - in_neck : 14 - in_neck]
    monkeypatch.setattr("VertebralFracturesLib.radiograph.pipeline.name_sequence", lambda *_, **__: (names, np.ones(7)))
    if in_neck == 6:
        with pytest.raises(NoSpineFound, match="fewer than two"):
            analyze_radiograph(Radiograph(picture(), PIXEL_MM, "left"), NETWORKS)
        return
    report = analyze_radiograph(Radiograph(picture(), PIXEL_MM, "left"), NETWORKS)
    assert tuple(report.levels) == names[in_neck:]
    np.testing.assert_allclose(points_mm(report, picture()), landmarks_mm()[in_neck:7], atol=0.6)


@pytest.mark.parametrize("pixel_mm", [PIXEL_MM, None])
def test_frontal_views_and_other_pictures_are_refused(pixel_mm: float | None) -> None:
    with pytest.raises(UnusableInput, match="frontal view"):
        analyze_radiograph(Radiograph(picture(), pixel_mm), PerfectNetworks(frontal=9.0))
    with pytest.raises(NoSpineFound, match="no spine found") as refusal:
        analyze_radiograph(Radiograph(picture(), pixel_mm), PerfectNetworks(shift=-30.0))
    assert ("the image covers" in str(refusal.value)) == (pixel_mm is not None)


def test_a_wrong_spacing_is_hinted_at() -> None:
    networks = PerfectNetworks(shift=-30.0)
    image = np.tile(np.linspace(0, 1, 200, dtype=np.float32), (300, 1))
    with pytest.raises(
        NoSpineFound, match=r"spacing .* has to be right: the image covers 20 x 30 mm at pixels of 0.1 mm"
    ):
        analyze_radiograph(Radiograph(image, 0.1, "left"), networks)
