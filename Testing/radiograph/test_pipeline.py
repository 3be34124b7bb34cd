"""The stages on a made-up radiograph, with networks without an error: what is turned, scaled, named and refused."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.perfect_radiograph import (
    CHANNELS,
    LEVELS,
    PIXEL_MM,
    PerfectNetworks,
    landmarks_mm,
    picture,
    points_mm,
    unseen,
)
from VertebralFracturesLib.core.heights.norms import HEIGHT_NORMS
from VertebralFracturesLib.core.levels import LEVEL_NAMES
from VertebralFracturesLib.errors import Cancelled, NoSpineFound
from VertebralFracturesLib.radiograph.bodies import whole_spine
from VertebralFracturesLib.radiograph.network_input import SACRUM_CHANNEL
from VertebralFracturesLib.radiograph.pipeline import (
    RADIOGRAPH_STAGES,
    _level_probabilities,
    analyze_radiograph,
    propose_body,
)
from VertebralFracturesLib.radiograph.record import RELATIVE_LENGTHS, Radiograph
from VertebralFracturesLib.report.document import read_report, report_json
from VertebralFracturesLib.report.patient_values import summary_values
from VertebralFracturesLib.report.report_text import report_text

NETWORKS = PerfectNetworks()


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
    assert any("Anterior side" in text for text in report.warnings) != is_told


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


def test_levels_are_less_sure_without_the_sacrum() -> None:
    levels = np.full((3, 26), 0.02 / 25)
    levels[[0, 1, 2], [20, 21, 22]] = 0.98
    counted, alone = (_level_probabilities(levels, lies_on_sacrum) for lies_on_sacrum in (True, False))
    np.testing.assert_allclose([counted.sum(1), alone.sum(1)], 1.0)
    assert counted[0, 20] > 0.97
    assert alone[0].argmax() == 20
    assert alone[0, 20] < 0.6


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


@pytest.mark.parametrize(("lies_on_sacrum", "basis"), [(True, "sacrum"), (False, "shape and size only")])
def test_the_numbering_rests_on_the_sacrum_or_on_shape_alone(
    monkeypatch: pytest.MonkeyPatch, lies_on_sacrum: bool, basis: str
) -> None:
    monkeypatch.setattr(
        "VertebralFracturesLib.radiograph.pipeline.whole_spine",
        lambda *given: replace(whole_spine(*given), lies_on_sacrum=lies_on_sacrum),
    )
    report = analyze_radiograph(Radiograph(picture(), PIXEL_MM, "left"), NETWORKS)
    assert report.numbering_basis == (basis,)
    sentence = "counted from the sacrum" if lies_on_sacrum else "estimated from shape and size only"
    assert sentence in report.summary.statement
    assert sentence in report_text(report)
    assert summary_values(report)["numbering_basis"] == basis
    assert read_report(report_json(report)).numbering_basis == (basis,)


@pytest.mark.parametrize("is_mirrored", [False, True])
def test_a_body_is_placed_where_a_user_clicks(is_mirrored: bool) -> None:
    image = np.ascontiguousarray(picture()[:, ::-1] if is_mirrored else picture())
    found = analyze_radiograph(Radiograph(image, PIXEL_MM), PerfectNetworks())
    known = Radiograph(image, found.pixel_mm, found.anterior_is)
    for vertebra in found.vertebrae[1:4]:
        clicked_ras = vertebra.keypoints_ras.mean(0) + [0.0, 2.0, -3.0]
        proposed = propose_body(known, PerfectNetworks(), clicked_ras)
        np.testing.assert_allclose(proposed.keypoints_ras, vertebra.keypoints_ras, atol=0.5)
        assert (proposed.source, proposed.level) == ("added", None)


def test_where_no_body_is_seen_none_is_placed() -> None:
    known = Radiograph(picture(), PIXEL_MM, "left")
    networks = PerfectNetworks(change=unseen)
    with pytest.raises(NoSpineFound, match="click its centre, or add it manually"):
        propose_body(known, networks, known.pixels_to_ras([150.0, 150.0]))
    with pytest.raises(Cancelled):
        propose_body(known, PerfectNetworks(), known.pixels_to_ras([150.0, 150.0]), cancel=lambda: True)


def test_a_run_is_cancelled_while_the_view_is_sought() -> None:
    told: list[tuple[str, float]] = []
    with pytest.raises(Cancelled):
        analyze_radiograph(
            Radiograph(picture(), None),
            PerfectNetworks(),
            progress=lambda stage, fraction: told.append((stage, fraction)),
            cancel=lambda: len(told) > 4,
        )
    assert told[-1][0] == "view"
    assert 0.1 < told[-1][1] < 0.5
