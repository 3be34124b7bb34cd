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


class Ways:
    """Step 1 that sees as much of a spine as is said for each way in which the image lies.

    :param scores: of the bodies by (is mirrored, is inverted); 0.5 for the other ways.
    :param same_level: ways in which all bodies look like one and the same level.
    """

    def __init__(self, scores: dict[tuple[bool, bool], float], same_level: tuple[tuple[bool, bool], ...] = ()) -> None:
        self.scores, self.same_level = scores, same_level

    def detect_bodies(self, image: np.ndarray, pixel_mm: float, threshold: float) -> BodyDetections:
        """Five bodies in a picture that is brighter towards the front, and bright in the middle."""
        fifth = image.shape[1] // 5
        is_inverted = bool(image[:, 2 * fifth : 3 * fifth].mean() < image.mean())
        is_mirrored = bool((image[:, :fifth].mean() < image[:, -fifth:].mean()) != is_inverted)
        way = (is_mirrored, is_inverted)
        levels = np.zeros((5, 26))
        levels[np.arange(5), np.full(5, 18) if way in self.same_level else np.arange(15, 20)] = 1.0
        centres_mm = np.column_stack([np.full(5, 25.0), 15 + 17.0 * np.arange(5)])
        return BodyDetections(centres_mm, np.full(5, self.scores.get(way, 0.5)), levels, np.array(LATERAL))


def film() -> np.ndarray:
    """Brighter towards the front, which is on the left, with a bright spine."""
    image = np.tile(np.linspace(1.0, 0.0, 100, dtype=np.float32), (200, 1))
    image[:, 40:60] += 3.0
    return image


@pytest.mark.parametrize("is_mirrored", [False, True])
@pytest.mark.parametrize("is_inverted", [False, True])
def test_of_the_ways_that_with_most_of_a_spine_is_taken(is_mirrored: bool, is_inverted: bool) -> None:
    way = (is_mirrored, is_inverted)
    view = best_view(Radiograph(film(), 0.5), Ways({way: 0.95}))
    assert view.is_mirrored == is_mirrored
    assert view.anterior_is == ("right" if is_mirrored else "left")
    expected = (-film() if is_inverted else film())[:, :: -1 if is_mirrored else 1]
    np.testing.assert_array_equal(view.image, expected)


def test_levels_that_do_not_follow_one_another_count_less() -> None:
    networks = Ways({(True, False): 0.7, (False, False): 0.6}, same_level=((True, False),))
    assert best_view(Radiograph(film(), 0.5), networks).anterior_is == "left"


@pytest.mark.parametrize(("stated", "other", "side"), [(0.7, 0.8, "left"), (0.6, 0.9, "right")])
def test_the_stated_side_is_kept_unless_the_other_is_clear(stated: float, other: float, side: str) -> None:
    networks = Ways({(False, False): stated, (True, False): other})
    assert best_view(Radiograph(film(), 0.5, "left"), networks).anterior_is == side


@pytest.mark.parametrize(("inverted", "is_right"), [(0.45, True), (0.55, False)])
def test_an_image_whose_brightness_is_wrong_whichever_way_is_refused(inverted: float, is_right: bool) -> None:
    if is_right:
        assert len(viewed((SURE, [0.0, inverted, 0.0])).detections.scores) == 5
    else:
        with pytest.raises(NoSpineFound):
            viewed((SURE, [0.0, inverted, 0.0]))


def test_what_the_network_thinks_of_the_side_refuses_nothing() -> None:
    assert len(viewed((SURE, [0.97, 0.0, 0.0])).detections.scores) == 5


@pytest.mark.parametrize(("score", "is_believed"), [(0.51, True), (0.51 * 0.8, False)])
def test_each_body_has_to_be_believed_in(score: float, is_believed: bool) -> None:
    """The chance that the view is as it should be is 0.50, so that the belief in a body is 0.25, or 0.20."""
    scores = [0.51, 0.51] + [score] * 20
    view = [0.0, 0.04, 0.48]
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
    turned = Answers(*[([0.52] * 5, LATERAL)] * 3, ([0.52 * more] * 5, LATERAL))
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


class Sized:
    """Step 1 that sees bodies the better, the nearer the image is to a height."""

    def __init__(self, height_mm: float) -> None:
        self.height_mm = height_mm

    def detect_bodies(self, image: np.ndarray, pixel_mm: float, threshold: float) -> BodyDetections:
        """Five bodies."""
        off = np.log(image.shape[0] * pixel_mm / self.height_mm)
        scores = np.full(5, 0.9 * np.exp(-0.5 * (off / 0.3) ** 2))
        centres_mm = np.column_stack([np.full(5, 40.0), 20 + 30.0 * np.arange(5)])
        levels = np.zeros((5, 26))
        levels[np.arange(5), np.arange(15, 20)] = 1.0
        return BodyDetections(centres_mm, scores, levels, np.array(LATERAL))


@pytest.mark.parametrize("height_mm", [160.0, 240.0, 300.0, 320.0, 410.0, 500.0, 650.0, 900.0])
def test_every_scale_of_a_spine_is_found(height_mm: float) -> None:
    """Of six heights that were tried, each 1.3 times the one before, none was near enough to films of 300 mm."""
    unknown = Radiograph(np.random.default_rng(0).random((1500, 1200), np.float32), None)
    view = best_view(unknown, Sized(height_mm))
    assert view.scale_mm * 1500 == pytest.approx(height_mm, rel=0.07)
