"""The three networks for lateral radiographs (Cina 2021): two of step 1, one of step 2.

Step 1 identifies each vertebra in the image and regresses all its landmarks; step 2 refines them in an upright crop
around each vertebra. Backbones, sizes and the crops are our design.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ..radiograph.network_input import (
    CELL,
    DETAIL_CHANNELS,
    LEVEL_CHANNELS,
    STEP_ONE_FIRST_MM,
    STEP_ONE_INPUT_MM,
    STEP_ONE_PIXEL_MM,
    SURROUNDINGS,
    crop_channels,
    resampled,
    two_channels,
)
from ..radiograph.networks import VIEW_QUESTIONS, BodyDetections
from .blocks import UNet
from .dsnt import expected_points, heatmaps, spreads

OFFSET_UNIT_MM = 20.0
"""What 1 means in the offsets of the second network. Chosen, about their range; the weights have learned it."""

WINDOW = 4
"""Pixels on each side of a peak over which its place is averaged. Chosen, 12 mm: less than half the way to the next
body; it is trained with the weights."""


class VertebraFinder(nn.Module):
    """Step 1, first network: where the bodies are and which they are, and how the image lies.

    :param channels: of the U-Net's levels, full resolution first.
    """

    def __init__(self, channels: tuple[int, ...] = (12, 16, 32, 48, 64)) -> None:
        super().__init__()
        self.unet = UNet(2, channels, inputs=8)
        self.stride = 2 * self.unet.stride
        self.head = nn.Conv2d(channels[0], 1 + LEVEL_CHANNELS, 1)
        nn.init.constant_(self.head.bias[:1], -4.0)  # type: ignore[index]
        self.view = nn.Linear(2 * channels[-1], len(VIEW_QUESTIONS))

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Read images (batch, 2, rows, columns) whose sides are multiples of the stride.

        :return: logits of the centres (batch, rows / 2, columns / 2), of the levels (batch, 26, rows / 2, columns / 2)
            and of :data:`VIEW_QUESTIONS` (batch, 3).
        """
        features = self.unet(functional.pixel_unshuffle(image, 2))
        output = self.head(features[0])
        coarse = features[-1].flatten(2)
        return output[:, 0], output[:, 1:], self.view(torch.cat([coarse.mean(-1), coarse.amax(-1)], 1))


class LandmarkRegressor(nn.Module):
    """Step 1, second network: from every pixel inside a body the way to its six landmarks.

    :param channels: of the U-Net's levels, full resolution first.
    """

    def __init__(self, channels: tuple[int, ...] = (12, 16, 32, 48, 48)) -> None:
        super().__init__()
        self.unet = UNet(2, channels, inputs=8)
        self.stride = 2 * self.unet.stride
        self.head = nn.Conv2d(channels[0], 12, 1)

    def forward(self, image: Tensor) -> Tensor:
        """Offsets (batch, 6, 2, rows / 2, columns / 2) in mm, column and row, for images (batch, 2, rows, columns)."""
        output = self.head(self.unet(functional.pixel_unshuffle(image, 2))[0]) * OFFSET_UNIT_MM
        return output.reshape(len(output), 6, 2, *output.shape[2:])


class StepOne(nn.Module):
    """Both networks of step 1, which share nothing but their input."""

    def __init__(self) -> None:
        super().__init__()
        self.finder = VertebraFinder()
        self.regressor = LandmarkRegressor()


class LandmarkRefiner(nn.Module):
    """Step 2: a heatmap for each landmark in the upright crop around one body.

    The U-Net works on cells of pixels, with a channel for each pixel, and so does its answer (Shi 2016, section 2).
    What lies around the crop is seen by a U-Net of its own; its features within the crop join the image.

    :param channels: of the U-Net's levels, full resolution first.
    :param wide_channels: of the levels of the U-Net that sees the surroundings.
    """

    def __init__(
        self, channels: tuple[int, ...] = (32, 64, 96, 128), wide_channels: tuple[int, ...] = (16, 32, 48, 64)
    ) -> None:
        super().__init__()
        self.surroundings = UNet(2, wide_channels, inputs=2)
        self.unet = UNet(2, channels, inputs=DETAIL_CHANNELS + wide_channels[0])
        self.head = nn.Conv2d(channels[0], 6 * CELL**2, 1)

    def forward(self, views: Tensor) -> Tensor:
        """Logits (batch, 6, rows, columns) of the crop's pixels for both views of :func:`~.crop_channels`."""
        wide = self.surroundings(views[:, DETAIL_CHANNELS:])[0]
        rows, columns = (side * (SURROUNDINGS - 1) // (2 * SURROUNDINGS) for side in wide.shape[2:])
        inner = wide[:, :, rows:-rows, columns:-columns]
        around = functional.interpolate(inner, scale_factor=SURROUNDINGS, mode="bilinear", align_corners=False)
        inputs = torch.cat([views[:, :DETAIL_CHANNELS], around], 1)
        return functional.pixel_shuffle(self.head(self.unet(inputs)[0]), CELL)


@torch.inference_mode()
def detect_bodies(net: VertebraFinder, image: NDArray[np.float32], pixel_mm: float, threshold: float) -> BodyDetections:
    """Find the bodies in an image.

    :param net: in evaluation mode.
    :param image: brightness (rows, columns).
    :param pixel_mm: side of a pixel.
    :param threshold: least score.
    """
    logits, level_logits, view = net(_input(image, pixel_mm, net))
    score = logits.sigmoid()[:, None]
    peaks = (score == functional.max_pool2d(score, 5, 1, 2)) & (score > threshold)
    rows, columns = peaks[0, 0].nonzero(as_tuple=True)
    windows = centre_windows(logits, torch.zeros_like(rows), rows, columns)
    shift = expected_points(heatmaps(windows)) * (WINDOW + 0.5)
    centres = (torch.stack([columns, rows], -1) + shift) * STEP_ONE_PIXEL_MM + STEP_ONE_FIRST_MM
    levels = functional.avg_pool2d(level_logits, 3, 1, 1)[0, :, rows, columns].T.softmax(-1)
    parts = (centres, score[0, 0, rows, columns], levels, view[0].sigmoid())
    return BodyDetections(*(part.cpu().numpy().astype(np.float64) for part in parts))


def centre_windows(logits: Tensor, index: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Squares (n, 9, 9) of maps (batch, rows, columns) around pixels of some of them."""
    padded = functional.pad(logits, (WINDOW,) * 4, value=-15.0)
    steps = torch.arange(2 * WINDOW + 1, device=logits.device)
    down, across = rows[:, None] + steps, columns[:, None] + steps
    return padded[index[:, None, None], down[:, :, None], across[:, None, :]]


@torch.inference_mode()
def regress_landmarks(
    net: LandmarkRegressor, image: NDArray[np.float32], pixel_mm: float, centres_mm: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Rough landmarks (n, 6, 2) in mm, column and row, of bodies about whose centres (n, 2) are known."""
    offsets = net(_input(image, pixel_mm, net))[0]
    averaged = functional.avg_pool2d(offsets.flatten(0, 1)[None], 3, 1, 1, count_include_pad=False)[0]
    pixels = np.rint((centres_mm - STEP_ONE_FIRST_MM) / STEP_ONE_PIXEL_MM).astype(int)
    columns, rows = (np.clip(pixels[:, axis], 0, averaged.shape[2 - axis] - 1) for axis in (0, 1))
    ways = averaged[:, rows, columns].T.reshape(-1, 6, 2).cpu().numpy().astype(np.float64)
    return ways + (np.stack([columns, rows], -1) * STEP_ONE_PIXEL_MM + STEP_ONE_FIRST_MM)[:, None]


@torch.inference_mode()
def refine_landmarks(
    net: LandmarkRefiner, windows: NDArray[np.float32]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Landmarks in crops, which lie in the middle of windows (n, side, side) of an image.

    :return: places (n, 6, 2), column and row from -1 to 1 across the crop, and their spreads (n, 6) in pixels.
    """
    device = next(net.parameters()).device
    maps = heatmaps(net(torch.from_numpy(crop_channels(windows)).to(device)).float())
    return expected_points(maps).cpu().numpy().astype(np.float64), spreads(maps).cpu().numpy().astype(np.float64)


def _input(image: NDArray[np.float32], pixel_mm: float, net: VertebraFinder | LandmarkRegressor) -> Tensor:
    channels = two_channels(resampled(image, STEP_ONE_INPUT_MM / pixel_mm), STEP_ONE_INPUT_MM)
    rows, columns = channels.shape[1:]
    padded = np.pad(channels, ((0, 0), (0, -rows % net.stride), (0, -columns % net.stride)))
    return torch.from_numpy(padded).to(next(net.parameters()).device)[None]
