"""One vertebra as the report's page shows it."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.small_radiograph import report
from VertebralFracturesLib.core.heights.genant import GRADE_COLORS
from VertebralFracturesLib.core.keypoints import OUTLINE
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.report.close_up import cut_close_up
from VertebralFracturesLib.report.page_vertebra import PageVertebra, grade_colors
from VertebralFracturesLib.report.spine_image import ShownBody
from VertebralFracturesLib.report.table import column, table_rows


def shown(place: int = 1, **changes) -> PageVertebra:
    """A vertebra of the small radiograph, the second of which has lost height in front."""
    whole = report()
    vertebrae = list(whole.vertebrae)
    vertebrae[place] = replace(vertebrae[place], **changes)
    rows = table_rows(replace(whole, vertebrae=tuple(vertebrae)))
    return PageVertebra(place + 1, vertebrae[place], rows[place], shown_body(vertebrae[place].keypoints_ras))


def shown_body(points_ras: np.ndarray, stretch=(1.0, 1.0, 1.0)) -> ShownBody:
    """A body on an image of which the patient's anterior and superior are the axes."""
    film = Volume(np.zeros((2, 2, 2)), np.eye(4))
    return ShownBody(points_ras[:, 1:], np.array(stretch), cut_close_up(film, points_ras))


def test_a_doubtful_level_has_a_question_mark() -> None:
    assert shown().level == "L2"
    assert shown(level_confidence=0.3).level == "L2?"
    assert shown(level=None).level == "No. 2"


def test_grade_and_index_are_said_as_in_the_table() -> None:
    one = shown()
    assert (one.badge, one.short_badge, one.index, one.loss) == ("2 moderate", "2 moderate", "0.667", "33 %")
    assert one.loss_interval == "29–37"
    assert shown(0).badge == "0 normal"
    left_out = shown(status="not evaluable")
    assert (left_out.badge, left_out.short_badge, left_out.index, left_out.loss) == (*["not evaluable"] * 2, "–", "–")
    transitional = shown(0, level="L6")
    assert (transitional.badge, transitional.short_badge) == ("transitional level, not graded", "not graded")


@pytest.mark.parametrize(
    ("place", "changes", "kind", "concerns"),
    [
        (0, {}, "quiet", []),
        (1, {}, "abnormal", []),
        (0, {"level_confidence": 0.3}, "quiet", []),
        (0, {"level": "L6"}, "quiet", []),
        (1, {"status": "not evaluable"}, "quiet", []),
        (0, {"score": 0.3}, "doubtful", ["not reliable: low detection score"]),
        (1, {"uncertainty_mm": np.full(6, 2.1)}, "abnormal", ["borderline"]),
    ],
)
def test_what_a_reader_should_look_at_is_large(place: int, changes: dict, kind: str, concerns: list[str]) -> None:
    one = shown(place, **changes)
    assert (one.kind, one.is_large, one.concerns) == (kind, kind != "quiet", concerns)


@pytest.mark.parametrize(
    ("values", "concern"),
    [
        ({"discordant": True}, "height- and image-based results disagree"),
        ({"outside_norm": True}, "outside reference range"),
        ({"crush_loss_percent": 20.0}, "uniformly reduced in height"),
        ({"borderline": True}, "borderline"),
    ],
)
def test_a_concern_makes_a_normal_body_large(values: dict, concern: str) -> None:
    one = shown(0)
    one.row.update(values)
    assert (one.kind, one.concerns) == ("doubtful", [concern])


def test_physiological_wedging_is_large_and_named_in_full() -> None:
    one = shown(0)
    one.row.update(physiological=True, grade_name="mild height reduction, probably physiological")
    assert (one.kind, one.badge) == ("doubtful", "mild height reduction, probably physiological")


def test_who_placed_the_points_is_said_unless_it_was_the_network() -> None:
    assert shown(status="verified").review == "verified"
    assert shown(source="added").review == "not reviewed (added)"


def test_the_close_up_is_a_window_around_the_body() -> None:
    one = shown(0)
    assert one.view_box == pytest.approx((-30.0, -22.5, 60.0, 45.0))
    np.testing.assert_allclose(one.close_up_points_mm.mean(0), 0, atol=1e-9)
    np.testing.assert_array_equal(one.close_up_outline_mm, one.close_up_points_mm[list(OUTLINE)])


def test_heights_run_between_their_points_and_are_as_long_as_their_label() -> None:
    anterior, middle, posterior = shown().heights
    assert (anterior.text, middle.text, posterior.text) == ("18.0", "23.0", "27.0")
    np.testing.assert_array_equal(anterior.superior, shown().close_up_points_mm[0])
    for height in (anterior, middle, posterior):
        assert np.hypot(*np.subtract(height.superior, height.inferior)) == pytest.approx(float(height.text), rel=0.02)
    assert [height.text for height in shown(status="not evaluable").heights] == ["", "", ""]


def test_the_lengths_of_heights_stand_in_front_within_and_behind_the_body() -> None:
    anterior, middle, posterior = shown().heights
    assert [height.beside for height in (anterior, middle, posterior)] == ["front", "middle", "back"]
    for height, side in ((anterior, -1), (middle, 0), (posterior, 1)):
        x, y = np.mean([height.superior, height.inferior], axis=0)
        assert height.text_mm == pytest.approx((x + side * 1.2, y))


def test_a_level_is_named_where_its_heights_are_drawn_more_than_5_percent_wrong() -> None:
    one = shown()
    points_ras = one.vertebra.keypoints_ras
    for stretch, expected in (
        ((1.04, 1.0, 0.96), ""),
        ((0.83, 1.01, 1.27), "L2 (posterior height +27 %)"),
        ((0.9, 1.0, 1.06), "L2 (anterior height −10 %)"),
        ((np.nan, 1.0, 1.0), ""),
    ):
        assert replace(one, body=shown_body(points_ras, stretch)).stretched == expected


def test_values_below_the_close_up_carry_their_unit() -> None:
    facts = {title: text for _, title, text in shown().facts}
    assert facts["Uncertainty"] == "0.50 mm"
    assert facts["Height loss"] == "33.3 % (29–37)"
    assert facts[column("neighbour_loss_percent").title].endswith(" % (L1 L3 L4 L5)")
    assert facts[column("height_ratio").title] == "0.667"
    assert facts["Wedge angle"].endswith(" deg")
    assert {title for _, title, _ in shown(status="not evaluable").facts} == {"Uncertainty", "Status"}


def test_a_keypoint_beside_the_plane_is_told() -> None:
    points_ras = shown().vertebra.keypoints_ras.copy()
    assert "Off plane" not in {title for _, title, _ in shown().facts}
    points_ras[2, 0] += 3.0
    facts = {title: text for _, title, text in shown(keypoints_ras=points_ras).facts}
    assert 1.0 < float(facts["Off plane"].removesuffix(" mm")) < 3.0


def test_text_on_a_grade_can_be_read() -> None:
    texts = [grade_colors(grade).split("--t:")[1] for grade in range(len(GRADE_COLORS))]
    assert texts == ["#10161c", "#10161c", "#10161c", "#fff"]
    assert grade_colors(None).endswith("--t:#10161c")


@pytest.mark.parametrize(
    ("dark", "light"),
    [((1, 0.2, 0), (1, 0.31, 0)), ((0, 0.71, 0), (0, 0.82, 0)), ((0, 0.55, 1), (0, 0.59, 1))],
)
def test_colors_are_light_by_the_luminance_of_bt_601(monkeypatch: pytest.MonkeyPatch, dark, light) -> None:
    monkeypatch.setattr("VertebralFracturesLib.report.page_vertebra.GRADE_COLORS", (dark, light))
    assert [grade_colors(grade).split("--t:")[1] for grade in (0, 1)] == ["#fff", "#10161c"]
