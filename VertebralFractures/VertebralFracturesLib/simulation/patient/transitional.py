"""The lumbosacral transition of a synthetic patient: a last lumbar vertebra that is joined to the sacrum."""

from dataclasses import replace

import numpy as np

from .shapes import Capsules
from .vertebra import SyntheticVertebra

TRANSITIONAL_GAP_SHARE = 0.4
"""Height of the disc below a sacralised L5 as a share of what it would be; chosen by eye: it is rudimentary."""

_ROOT_RADIUS_MM, _END_RADIUS_MM = 9.5, 12.0
"""Half heights of the broad transverse processes: from 19 mm on they are dysplastic (Castellvi 1984)."""

_ALA_MM = (21.0, -10.0, -4.0)
"""From the edge of S1's superior endplate to the middle of its ala, to the side, to the front and upwards; as the ala
is drawn in ``trunk.skeleton``."""


def joined_to_sacrum(last: SyntheticVertebra, first_sacral: SyntheticVertebra, size: float) -> SyntheticVertebra:
    """The last lumbar vertebra with transverse processes that are broad and end in the alae of the sacrum.

    :param last: in its place, with an arch.
    :param first_sacral: S1, in its place.
    :param size: patient's linear size.
    :return: the same body; the arch has two more bones on each side. The processes are symmetrical in the vertebra's
        own coordinates, so that they end in the middle between both alae where the sacrum is turned against it.
    """
    arch = last.arch
    if arch is None:
        raise ValueError("a vertebra without an arch has no transverse processes")
    edge = first_sacral.body.superior.half_width_mm * 0.75
    ala = np.array([edge + _ALA_MM[0] * size, _ALA_MM[1], _ALA_MM[2]])
    both = first_sacral.to_ras(np.array([ala, ala * [-1, 1, 1]]))
    right, left = (both - last.centre_ras) @ last.axes.T
    end = 0.5 * (right + left * [-1, 1, 1])
    root = np.array([arch.canal_half_width_mm + 5.0 * size, arch.canal_anterior_mm + 6.0, 0.0])
    middle = np.array([0.5 * (root[0] + end[0]) + 4.0 * size, 0.5 * (root[1] + end[1]), 0.5 * end[2]])
    return replace(last, arch=replace(arch, capsules=_with_bones(arch.capsules, [root, middle, end], size)))


def _with_bones(bones: Capsules, path: list[np.ndarray], size: float) -> Capsules:
    """Bones and a chain of flattened ones along a path, thinner from front to back."""
    starts, ends = np.array(path[:-1]), np.array(path[1:])
    radii = np.linspace(_ROOT_RADIUS_MM, _END_RADIUS_MM, len(path)) * size
    return Capsules(
        np.vstack([bones.start, starts]),
        np.vstack([bones.end, ends]),
        np.concatenate([bones.radius_start_mm, radii[:-1]]),
        np.concatenate([bones.radius_end_mm, radii[1:]]),
        np.vstack([bones.flat, np.tile([0.0, 1.0, 0.0], (len(starts), 1))]),
        np.concatenate([bones.flatness, np.full(len(starts), 1.4)]),
        bones.blend_mm,
    )
