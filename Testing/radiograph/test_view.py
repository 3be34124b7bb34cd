"""Which side of an image is the front, whether it is inverted, at what scale, and what is no lateral view."""

import numpy as np
import pytest
from helpers.perfect_radiograph import LEVELS, PIXEL_MM, PerfectNetworks, picture
from VertebralFracturesLib.errors import NoSpineFound, UnusableInput
from VertebralFracturesLib.radiograph.networks import BodyDetections
from VertebralFracturesLib.radiograph.pipeline import analyze_radiograph
from VertebralFracturesLib.radiograph.record import Radiograph
from VertebralFracturesLib.radiograph.view import RadiographView, best_view, check_upright

NETWORKS = PerfectNetworks()


@pytest.mark.parametrize("pixel_mm", [PIXEL_MM, None])
def test_a_file_that_is_wrong_about_the_front_is_not_believed(pixel_mm: float | None) -> None:
    image = np.ascontiguousarray(picture()[:, ::-1])
    report = analyze_radiograph(Radiograph(image, pixel_mm, "left"), NETWORKS)
    assert report.anterior_is == "right"
    assert tuple(report.levels) == LEVELS
    assert "Anterior is on the left by the header, but appears to be on the right; please verify." in report.warnings
    assert not any("recognised" in text for text in report.warnings)


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
        NoSpineFound, match=r"pixel spacing has to be correct: the image covers 20 x 30 mm at a pixel spacing of 0.1 mm"
    ):
        analyze_radiograph(Radiograph(image, 0.1, "left"), networks)


class Answers:
    """Step 1 that answers the same of every image, or of each image in turn.

    :param answers: scores (n,) of bodies 30 mm apart, and probabilities (3,) of how the image lies.
    """

    def __init__(self, *answers: tuple[list[float], list[float]], sacral: float = 0.0, apart_mm: float = 30.0) -> None:
        self.answers = answers
        self.sacral, self.apart_mm = sacral, apart_mm
        self.images: list[np.ndarray] = []

    def detect_bodies(self, image: np.ndarray, pixel_mm: float, threshold: float) -> BodyDetections:
        """The bodies whose score exceeds the threshold; the last may look like S1."""
        scores, view = (np.array(one) for one in self.answers[min(len(self.images), len(self.answers) - 1)])
        self.images.append(image)
        centres_mm = np.column_stack([np.full(len(scores), 40.0), 20 + self.apart_mm * np.arange(len(scores))])
        levels = np.full((len(scores), 26), 0.0)
        levels[:, 10] = 1.0
        levels[-1, [10, 25]] = 1 - self.sacral, self.sacral
        kept = scores > threshold
        return BodyDetections(centres_mm[kept], scores[kept], levels[kept], view)


LATERAL = [0.02, 0.02, 0.02]
IMAGE = Radiograph(np.random.default_rng(0).random((200, 160), np.float32), 0.5)
SURE = [0.9] * 5


def viewed(
    *answers: tuple[list[float], list[float]], radiograph: Radiograph = IMAGE, **kwargs: float
) -> RadiographView:
    return best_view(radiograph, Answers(*answers, **kwargs))


def test_a_body_is_what_scores_enough() -> None:
    assert len(viewed((SURE + [0.35], LATERAL)).detections.scores) == 6
    assert len(viewed((SURE + [0.25], LATERAL)).detections.scores) == 5


def test_a_sacrum_may_score_less() -> None:
    assert len(viewed((SURE + [0.18], LATERAL), sacral=0.6).detections.scores) == 6
    assert len(viewed((SURE + [0.12], LATERAL), sacral=0.6).detections.scores) == 5
    assert len(viewed((SURE + [0.18], LATERAL), sacral=0.4).detections.scores) == 5


def test_two_bodies_have_to_be_sure() -> None:
    assert len(viewed(([0.6, 0.6], LATERAL)).detections.scores) == 2
    with pytest.raises(NoSpineFound):
        viewed(([0.9, 0.4], LATERAL))


def test_peaks_too_close_for_two_bodies_are_one() -> None:
    assert len(viewed((SURE, LATERAL), apart_mm=9.0).detections.scores) == 5
    assert len(viewed((SURE, LATERAL), apart_mm=7.0).detections.scores) == 3


@pytest.mark.parametrize(("frontal", "is_frontal"), [(0.55, False), (0.65, True)])
def test_a_frontal_view_is_refused(frontal: float, is_frontal: bool) -> None:
    if is_frontal:
        with pytest.raises(UnusableInput, match="frontal view"):
            viewed((SURE, [0.0, 0.0, frontal]))
    else:
        assert viewed((SURE, [0.0, 0.0, frontal])).anterior_is == "left"


@pytest.mark.parametrize(("mirrored", "ways"), [(0.15, 1), (0.25, 4)])
def test_other_ways_are_looked_at_where_there_is_doubt(mirrored: float, ways: int) -> None:
    networks = Answers((SURE, [mirrored, 0.0, 0.0]))
    best_view(IMAGE, networks)
    assert len(networks.images) == ways


def test_of_the_ways_the_most_likely_one_is_taken() -> None:
    networks = Answers((SURE, [0.9, 0.0, 0.0]), (SURE, [0.1, 0.9, 0.0]), (SURE, LATERAL), (SURE, [0.9, 0.9, 0.0]))
    view = best_view(IMAGE, networks)
    assert view.anterior_is == "right"
    np.testing.assert_array_equal(view.image, networks.images[2])
    np.testing.assert_array_equal(networks.images[2], IMAGE.image[:, ::-1])


@pytest.mark.parametrize(("mirrored", "is_right"), [(0.45, True), (0.55, False)])
def test_an_image_that_lies_wrong_whichever_way_is_refused(mirrored: float, is_right: bool) -> None:
    if is_right:
        assert len(viewed((SURE, [mirrored, 0.0, 0.0])).detections.scores) == 5
    else:
        with pytest.raises(NoSpineFound):
            viewed((SURE, [mirrored, 0.0, 0.0]))


@pytest.mark.parametrize(("score", "is_believed"), [(0.51, True), (0.51 * 0.8, False)])
def test_each_body_has_to_be_believed_in(score: float, is_believed: bool) -> None:
    """The chance that the view is as it should be is 0.49, so that the belief in a body is 0.25, or 0.20."""
    scores = [0.51, 0.51] + [score] * 20
    view = [0.49, 0.04, 0.0]
    if is_believed:
        assert len(viewed((scores, view), apart_mm=20.0).detections.scores) == 22
    else:
        with pytest.raises(NoSpineFound):
            viewed((scores, view), apart_mm=20.0)


@pytest.mark.parametrize(
    ("higher", "more", "is_refused"),
    [
        (1.03, 1.15, True),
        (1.03, 1.05, False),
        (1.07, 1.7, True),
        (1.07, 1.5, False),
        (1.13, 1.7, True),
        (1.17, 1.9, False),
    ],
)
def test_upside_down_bodies_get_lower_and_surer_when_turned(higher: float, more: float, is_refused: bool) -> None:
    """How much higher bodies are downwards, and how much more an image is believed in when it is turned."""
    view = best_view(IMAGE, Answers(([0.52] * 5, LATERAL)))
    heights_mm = np.repeat([[20.0], [20.0 * higher]], [2, 2], 0) * np.ones(3)
    turned = Answers(([0.52 * more] * 5, LATERAL))
    if is_refused:
        with pytest.raises(UnusableInput, match="rotated by 180 degrees"):
            check_upright(view, heights_mm, turned)
    else:
        check_upright(view, heights_mm, turned)


def test_pixels_are_no_finer_than_the_networks_can_use() -> None:
    fine = Radiograph(np.random.default_rng(0).random((900, 700), np.float32), 0.1)
    assert viewed((SURE, LATERAL), radiograph=fine).pixel_mm == pytest.approx(0.4)
    coarse = Radiograph(fine.image[:200, :160], 0.45)
    assert viewed((SURE, LATERAL), radiograph=coarse).pixel_mm == 0.45


def test_a_scale_is_found_among_those_of_spines() -> None:
    unknown = Radiograph(np.random.default_rng(0).random((1500, 1200), np.float32), None)
    networks = Answers(*[(SURE if index == 3 else [0.6] * 5, LATERAL) for index in range(6)], (SURE, LATERAL))
    view = best_view(unknown, networks)
    assert view.scale_mm * 1500 == pytest.approx(440.0)
    assert [image.shape[0] for image in networks.images[3:6]] == [1000] * 3
    heights_mm = []
    for chosen in range(6):
        answers = [(SURE if index == chosen else [0.6] * 5, LATERAL) for index in range(6)]
        heights_mm.append(best_view(unknown, Answers(*answers, (SURE, LATERAL))).scale_mm * 1500)
    np.testing.assert_allclose(heights_mm, [200, 260, 340, 440, 570, 740])
