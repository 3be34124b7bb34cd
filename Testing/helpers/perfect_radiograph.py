"""A made-up radiograph, and networks that know where everything lies in it however it is turned and scaled."""

import numpy as np
import torch
from torch import Tensor, nn
from VertebralFracturesLib.networks.dsnt import gaussians
from VertebralFracturesLib.networks.radiograph_nets import VIEW_QUESTIONS
from VertebralFracturesLib.networks.weights import RadiographModels
from VertebralFracturesLib.radiograph.network_input import (
    CELL,
    CROP_PIXELS,
    LEVEL_CHANNELS,
    SACRUM_CHANNEL,
    STEP_ONE_FIRST_MM,
    STEP_ONE_INPUT_MM,
    STEP_ONE_PIXEL_MM,
    CropFrames,
)

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


def centres_mm() -> np.ndarray:
    """Centres (8, 2) of the bodies; of the sacrum a place below its endplate."""
    points = landmarks_mm()
    centres = points.mean(1)
    centres[-1] = points[-1, 2] + [0, 9]
    return centres


def _scale(rows: int) -> float:
    """How much larger than it is the picture is taken to be; a row more or less does not count."""
    scale = rows * STEP_ONE_INPUT_MM / SIZE_MM[0]
    return 1.0 if abs(scale - 1) < 0.02 else scale


class PerfectFinder(nn.Module):
    """Step 1, first network."""

    def __init__(self) -> None:
        super().__init__()
        self.stride = 2
        self.anything = nn.Parameter(torch.zeros(1))

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        rows, columns = (count // 2 for count in image.shape[2:])
        whole = image[0, 0, :-1, :-1]
        is_inverted = bool(whole.median(1).values.mean() > whole.mean())
        ramp = whole[:, 0].mean() - whole[:, -1].mean()
        is_mirrored = bool((ramp < 0) != is_inverted)
        scale = _scale(image.shape[2])
        centres = (torch.tensor(centres_mm() * scale, dtype=torch.float32) - STEP_ONE_FIRST_MM) / STEP_ONE_PIXEL_MM
        down = torch.arange(rows)[:, None] - centres[:, 1, None, None]
        across = torch.arange(columns) - centres[:, 0, None, None]
        height_of_peaks = 8.0 - 3.0 * abs(np.log(scale))
        logits = (height_of_peaks - (down**2 + across**2)).amax(0).clamp_min(-12)
        levels = torch.zeros(1, LEVEL_CHANNELS, rows, columns)
        nearest = (down**2 + across**2).argmin(0)
        for body, channel in enumerate(CHANNELS):
            levels[0, channel][nearest == body] = _SURE
        answers = {"mirrored": is_mirrored, "inverted": is_inverted, "frontal": False}
        view = torch.tensor([[_SURE if answers[name] else -_SURE for name in VIEW_QUESTIONS]])
        if is_mirrored or is_inverted:
            logits = logits - 12
        return logits[None], levels, view


class PerfectRegressor(nn.Module):
    """Step 1, second network."""

    def __init__(self) -> None:
        super().__init__()
        self.stride = 2
        self.anything = nn.Parameter(torch.zeros(1))

    def forward(self, image: Tensor) -> Tensor:
        rows, columns = (count // 2 for count in image.shape[2:])
        scale = _scale(image.shape[2])
        points = np.nan_to_num(landmarks_mm()) * scale
        places = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), -1) * STEP_ONE_PIXEL_MM + STEP_ONE_FIRST_MM
        nearest = np.linalg.norm(places[..., None, :] - centres_mm() * scale, axis=-1).argmin(-1)
        offsets = points[nearest] - places[..., None, :]
        return torch.tensor(offsets, dtype=torch.float32).permute(2, 3, 0, 1)[None]


class PerfectStepOne(nn.Module):
    """Both networks of step 1."""

    def __init__(self) -> None:
        super().__init__()
        self.finder, self.regressor = PerfectFinder(), PerfectRegressor()


class PerfectRefiner(nn.Module):
    """Step 2: all bodies have one shape; the last of several crops is that of the sacrum, a single one is of a body."""

    def __init__(self) -> None:
        super().__init__()
        self.anything = nn.Parameter(torch.zeros(1))

    def forward(self, crops: Tensor) -> Tensor:
        points = landmarks_mm()[[0] * max(1, len(crops) - 1) + [-1] * (len(crops) > 1)]
        places = CropFrames.around(points).to_crops(points)
        wanted = torch.tensor(np.nan_to_num(places), dtype=torch.float32)
        return gaussians(wanted, (CROP_PIXELS, CROP_PIXELS), CELL).clamp_min(1e-20).log()


def perfect_models() -> RadiographModels:
    """Networks without an error."""
    return RadiographModels(PerfectStepOne().eval(), PerfectRefiner().eval(), {"perfect": "1"})
