"""Building blocks shared by the networks: residual U-Nets in two and three dimensions."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

_CHANNELS_PER_GROUP = 4
"""Channels that are normalised together. Chosen; part of the architecture that the weights belong to."""


def convolution(dimensions: int, inputs: int, outputs: int, kernel: int = 3) -> nn.Module:
    """A convolution that keeps the image size."""
    layer = nn.Conv2d if dimensions == 2 else nn.Conv3d
    return layer(inputs, outputs, kernel, padding=kernel // 2)


class ResidualBlock(nn.Module):
    """Two convolutions with group normalisation and a shortcut, pre-activated but for the first.

    :param dimensions: 2 or 3.
    :param inputs: channels in.
    :param outputs: channels out, a multiple of four.
    """

    def __init__(self, dimensions: int, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first = convolution(dimensions, inputs, outputs)
        self.first_norm = nn.GroupNorm(outputs // _CHANNELS_PER_GROUP, outputs)
        self.second = convolution(dimensions, outputs, outputs)
        self.second_norm = nn.GroupNorm(outputs // _CHANNELS_PER_GROUP, outputs)
        self.shortcut = convolution(dimensions, inputs, outputs, 1) if inputs != outputs else nn.Identity()

    def forward(self, features: Tensor) -> Tensor:
        """Map features (batch, inputs, ...) to (batch, outputs, ...)."""
        inner = functional.relu(self.first_norm(self.first(features)), inplace=True)
        inner = self.second_norm(self.second(inner))
        return functional.relu(inner + self.shortcut(features), inplace=True)


class UNet(nn.Module):
    """A residual U-Net whose output has the resolution of its input (Pisov 2020, section 4: "UNet-like").

    :param dimensions: 2 or 3.
    :param channels: channels of each level from full resolution to the coarsest; every level halves the resolution.
    :param inputs: channels of the image.
    """

    def __init__(self, dimensions: int, channels: Sequence[int], inputs: int = 1) -> None:
        super().__init__()
        self.stride = 2 ** (len(channels) - 1)
        self._mode = "bilinear" if dimensions == 2 else "trilinear"
        self._pool = functional.max_pool2d if dimensions == 2 else functional.max_pool3d
        self.down = nn.ModuleList(
            ResidualBlock(dimensions, before, after)
            for before, after in zip([inputs, *channels], channels, strict=False)
        )
        steps = list(pairwise(channels))
        self.narrow = nn.ModuleList(convolution(dimensions, coarse, fine, 1) for fine, coarse in steps)
        self.up = nn.ModuleList(ResidualBlock(dimensions, 2 * fine, fine) for fine, _ in steps)

    def forward(self, image: Tensor) -> list[Tensor]:
        """Decode an image (batch, inputs, ...) whose sides are multiples of ``stride``.

        :return: decoder features of every level, full resolution first.
        """
        skips: list[Tensor] = []
        features = image
        for level, block in enumerate(self.down):
            features = block(self._pool(features, 2) if level else features)
            skips.append(features)
        decoded = [skips.pop()]
        for skip, narrow, block in zip(reversed(skips), reversed(self.narrow), reversed(self.up), strict=True):
            coarse = functional.interpolate(narrow(decoded[-1]), skip.shape[2:], mode=self._mode, align_corners=False)
            decoded.append(block(torch.cat([coarse, skip], 1)))
        return decoded[::-1]
