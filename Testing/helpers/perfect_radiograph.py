"""A made-up radiograph, and networks that know where everything lies in it however it is turned and scaled."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from scipy.special import expit, softmax
from VertebralFracturesLib.radiograph.network_input import (
    CELL,
    CROP_PIXELS,
    LEVEL_CHANNELS,
    SACRUM_CHANNEL,
    CropFrames,
)
from VertebralFracturesLib.radiograph.networks import VIEW_QUESTIONS, BodyDetections
from VertebralFracturesLib.radiograph.record import Radiograph, RadiographReport

PIXEL_MM = 0.5
SIZE_MM = (320.0, 160.0)
LEVELS = ("T11", "T12", "L1", "L2", "L3", "L4", "L5")
CHANNELS = (17, 18, 19, 20, 21, 22, 23, SACRUM_CHANNEL)
BODY_MM = np.array([[-17, -13], [-17, 13], [0, -11], [0, 11], [17, -13], [17, 13]], float)
_SURE = 9.0


def landmarks_mm() -> np.ndarray:
    """Seven bodies that turn a little from one to the next, and the sacral endplate: (8, 6, 2) column and row."""
    bodies = []
    for place in range(8):
        turn = np.deg2rad(-12 + 5 * place)
        rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        bodies.append(BODY_MM @ rotation + [70 + 3 * place, 40 + 34 * place])
    bodies[-1][1::2] = np.nan
    return np.array(bodies)


def picture() -> np.ndarray:
    """Brightness (rows, columns): brighter towards the front, with a bright column along the spine."""
    rows, columns = (round(size / PIXEL_MM) for size in SIZE_MM)
    image = np.tile(np.linspace(1.0, 0.0, columns, dtype=np.float32), (rows, 1))
    image[:, 120:200] += 3.0
    return image


def points_mm(report: RadiographReport, image: np.ndarray) -> np.ndarray:
    """The vertebrae (n, 6, 2), column and row in mm of the picture as it was before it was turned."""
    placed = Radiograph(image, report.pixel_mm, report.anterior_is)
    points = placed.ras_to_pixels([vertebra.keypoints_ras for vertebra in report.vertebrae]) * report.pixel_mm
    if report.anterior_is == "right":
        points[..., 0] = (image.shape[1] - 1) * report.pixel_mm - points[..., 0]
    return points


def body_centres_mm() -> np.ndarray:
    """Centres (8, 2) of the bodies; of the sacrum a place below its endplate."""
    points = landmarks_mm()
    centres = points.mean(1)
    centres[-1] = points[-1, 2] + [0, 9]
    return centres


def _scale(image: np.ndarray, pixel_mm: float) -> float:
    """How much larger than it is the picture is taken to be; a row more or less does not count."""
    scale = image.shape[0] * pixel_mm / SIZE_MM[0]
    return 1.0 if abs(scale - 1) < 0.02 else scale


Landmarks = tuple[np.ndarray, np.ndarray]
"""Places (n, 6, 2) from -1 to 1 across the crops, and spreads (n, 6) in pixels, as step 2 gives them."""

_UNSEEN_SPREAD_PIXELS = CROP_PIXELS / np.sqrt(12)
"""Standard deviation of a heatmap that is the same everywhere."""


def unseen(landmarks: Landmarks) -> Landmarks:
    """What step 2 gives of crops in which it makes out nothing: their middle, known to nothing but the crop."""
    places, spreads = landmarks
    return np.zeros_like(places), np.full_like(spreads, _UNSEEN_SPREAD_PIXELS)


@dataclass
class PerfectNetworks:
    """Networks for radiographs without an error, or with the ones that a test asks for.

    :param faint_channel: the level whose body is made out only faintly.
    :param frontal: logit of a frontal view.
    :param shift: added to the logits of all scores.
    :param moved_mm: added to the rough landmarks (8, 6, 2) of step 1.
    :param blind: the first crops of several in which step 2 makes out nothing.
    :param change: of what step 2 gives of a single crop, which is that of a body that step 1 missed.
    """

    faint_channel: int | None = None
    frontal: float = -_SURE
    shift: float = 0.0
    moved_mm: np.ndarray | None = None
    blind: int = 0
    change: Callable[[Landmarks], Landmarks] = lambda landmarks: landmarks
    versions: dict[str, str] = field(default_factory=lambda: {"perfect": "1"})

    def detect_bodies(self, image: np.ndarray, pixel_mm: float, threshold: float) -> BodyDetections:
        """Step 1, first network: nothing is sure in an image that lies another way than it has learned."""
        is_inverted = bool(np.median(image, 1).mean() > image.mean())
        is_mirrored = bool((image[:, 0].mean() < image[:, -1].mean()) != is_inverted)
        scale = _scale(image, pixel_mm)
        logits = np.full(len(CHANNELS), 8.0 - 3.0 * abs(np.log(scale)) + self.shift)
        if self.faint_channel is not None:
            logits[CHANNELS.index(self.faint_channel)] -= 9.3
        if is_mirrored or is_inverted:
            logits -= 12
        scores = expit(logits)
        seen = scores > threshold
        answers = {"mirrored": is_mirrored, "inverted": is_inverted}
        view = [self.frontal if name == "frontal" else _SURE if answers[name] else -_SURE for name in VIEW_QUESTIONS]
        levels = softmax(_SURE * (np.arange(LEVEL_CHANNELS) == np.array(CHANNELS)[:, None]), axis=1)
        return BodyDetections(body_centres_mm()[seen] * scale, scores[seen], levels[seen], expit(np.array(view)))

    def regress_landmarks(self, image: np.ndarray, pixel_mm: float, centres_mm: np.ndarray) -> np.ndarray:
        """Step 1, second network: the landmarks of the body whose centre is nearest."""
        scale = _scale(image, pixel_mm)
        points = np.nan_to_num(landmarks_mm()) * scale
        if self.moved_mm is not None:
            points = points + self.moved_mm
        distances = np.linalg.norm(centres_mm[:, None] - body_centres_mm() * scale, axis=-1)
        return points[distances.argmin(1)]

    def refine_landmarks(self, windows: np.ndarray) -> Landmarks:
        """Step 2: all bodies have one shape; the last of several crops is that of the sacrum."""
        count = len(windows)
        points = landmarks_mm()[[0] * max(1, count - 1) + [-1] * (count > 1)]
        places = np.nan_to_num(CropFrames.around(points).to_crops(points))
        spreads = np.full(places.shape[:2], float(CELL))
        if count == 1:
            return self.change((places, spreads))
        places[: self.blind], spreads[: self.blind] = unseen((places[: self.blind], spreads[: self.blind]))
        return places, spreads
