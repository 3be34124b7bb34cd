"""The bones outside the column: ribs, shoulders, pelvis, skull and jaw.

Their sizes and places are chosen by eye so that axial slices look like those of real CTs. In some patients the hips
reach some cm beyond the drawn skin, far below the vertebrae that networks learn from.
"""

import itertools

import numpy as np

from ..patient.level_tables import LEVEL_NUMBERS, by_knots
from ..patient.options import ELEVEN_RIBS, LUMBAR_RIB
from ..patient.tubes import TubeBuilder
from ..patient.vertebra import SyntheticVertebra, lateral_and_rotation, turned_axes
from .outline import TrunkOutline

_LUMBAR_RIB_ANGLE = 136
"""Where around the trunk a lumbar rib ends, in degrees from the front: it is about 5 cm long; chosen by eye."""


def _carries_ribs(vertebra: SyntheticVertebra, variant: str | None) -> bool:
    """Whether a vertebra has ribs: T1 to T12 and T13, and by the variant T12 and L1."""
    if variant == ELEVEN_RIBS and vertebra.level == "T12":
        return False
    if variant == LUMBAR_RIB and vertebra.level == "L1":
        return True
    return 7.5 < vertebra.number < 19.8


def _joints(vertebra: SyntheticVertebra, tip: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Where a rib's head and tubercle lie, (3,) RAS mm each."""
    shape = vertebra.body
    up = 0.85 if 8.5 < vertebra.number < 17.5 else 0.35
    head = [
        side * (shape.superior.half_width_mm + 1.5),
        -0.62 * shape.posterior_wall_mm,
        up * shape.superior.posterior_mm,
    ]
    tubercle = [side * (tip[0] + 1), tip[1] + 8.5, tip[2]]
    return vertebra.to_ras(np.array(head)), vertebra.to_ras(np.array(tubercle))


def add_ribs(outline: TrunkOutline, bones: TubeBuilder, rng: np.random.Generator) -> None:
    """The ribs and the sternum.

    :param outline: of the patient.
    :param bones: takes them.
    :param rng: draws what differs between patients.
    """
    t, size = outline.tissues, outline.patient.size
    marrow, cortex = t.marrow * rng.uniform(0.6, 1.2), t.cortex * rng.uniform(0.8, 1.1)
    end_angle = {8: 35, 10: 22, 14: 22, 17: 42, 18: 75, 19: 118}
    drop = {8: 1.6, 10: 2.6, 13: 3.6, 16: 3.6, 18: 2.4, 19: 1.3}
    for vertebra in outline.patient.column:
        if vertebra.arch is None or not _carries_ribs(vertebra, outline.patient.options.variant):
            continue
        number = vertebra.number
        for side in (1, -1):
            head, tubercle = _joints(vertebra, vertebra.arch.transverse_tip, side)
            end = _LUMBAR_RIB_ANGLE if number >= LEVEL_NUMBERS["L1"] else float(by_knots(number, end_angle))
            stop = np.deg2rad(end + rng.normal(0, 3))
            fall = float(by_knots(number, drop))
            angles = np.linspace(np.deg2rad(158), stop, 13)
            share = np.linspace(0.04, 1, 13)
            wall = [
                outline.wall_point(min(number + fall * s**1.15, 22.0), side * a, 4.5)
                for a, s in zip(angles, share, strict=True)
            ]
            path = np.vstack([head, 0.5 * (head + tubercle), tubercle, wall])
            radius = np.array([5.2, 4.0, 5.0] + [5.6] * 13) * size * (0.75 if number > 18.5 else 1)
            outward = path[1:] + path[:-1] - 2 * np.array([path[:, 0].mean() * 0.3, path[:, 1].mean(), 0])
            outward[:, 2] *= 0.15
            outward /= np.linalg.norm(outward, axis=1)[:, None]
            flatness = 1.7
            bones.add(path, radius, marrow, cortex, 1.0, outward, flatness)
            if number < 17.5:
                last = path[-1]
                sternum = outline.wall_point(min(number + fall * 0.8, 16.5), 0, 4.0) + np.array([side * 14, 0, 0])
                bones.add(
                    np.vstack([last, 0.5 * (last + sternum) + [0, 2, -6], sternum]),
                    5.5 * size,
                    t.cartilage,
                    t.cartilage + 80,
                    1.0,
                    np.array([0, 1.0, 0]),
                    1.4,
                )
    sternum = np.array([outline.wall_point(n, 0.0, 7.0) for n in np.linspace(10.2, 16.6, 8)])
    bones.add(
        sternum, np.array([26, 22, 17, 17, 19, 19, 16, 7.0]) * size, marrow, cortex, 1.2, np.array([0, 1.0, 0]), 3.6
    )


def add_shoulders(
    outline: TrunkOutline, bones: TubeBuilder, soft: TubeBuilder, rng: np.random.Generator, arms_down: bool
) -> None:
    """Scapulae, clavicles and arms.

    :param outline: of the patient.
    :param bones: takes them.
    :param soft: takes the arms' muscles.
    :param rng: draws what differs between patients.
    :param arms_down: hanging, not held up as in most CTs.
    """
    t, size = outline.tissues, outline.patient.size
    notch = outline.wall_point(10.0, 0.0, 8.0)
    marrow, cortex = t.marrow, t.cortex
    lift = 0.0 if arms_down else 35.0
    back = outline.spine.at(10)
    for side in (1, -1):
        joint = outline.spine.at(8.5) + np.array([side * 150, 5, lift]) * size
        clavicle = np.array(
            [notch + [side * 18, -2, 2], notch + [side * 65, 2, 14 + 0.3 * lift], joint + [-side * 12, -4, 18]]
        )
        bones.add(clavicle, 6.0 * size, marrow, cortex, 1.6)
        arm = joint + (np.array([side * 18, 0, -260]) if arms_down else np.array([side * 25, 40, 250])) * size
        if arms_down:
            soft.add(np.vstack([joint, arm]), 46.0 * size, t.muscle, t.fat, 8 + 10 * outline.patient.obesity)
        bones.add(
            np.vstack([joint, joint + 0.12 * (arm - joint), arm]),
            np.array([24, 14, 12.0]) * size,
            marrow * 0.6,
            cortex,
            3.0,
        )
        blade = np.array(
            [
                joint + [-side * 18, -12, 4],
                back + np.array([side * 90, -28, 10]) * size,
                back + np.array([side * 82, -34, -85]) * size,
            ]
        )
        bones.add(blade, np.array([14.0, 30, 16]) * size, marrow, cortex, 1.2, np.array([-side * 0.45, 0.9, 0]), 5.0)
        spine_of_scapula = np.array([joint + [-side * 8, -14, 20], back + np.array([side * 72, -40, 18]) * size])
        bones.add(spine_of_scapula, 6.0 * size, marrow, cortex, 1.3)


def add_pelvis(outline: TrunkOutline, bones: TubeBuilder, rng: np.random.Generator) -> None:
    """The iliac bones, hips and femora."""
    t, size = outline.tissues, outline.patient.size
    marrow, cortex = t.marrow, t.cortex * 0.85
    sacrum = outline.patient.column[-5:]
    axes = turned_axes(0.0, *lateral_and_rotation(sacrum[0].axes))

    def place(beside_sacrum: list) -> np.ndarray:
        return sacrum[0].centre_ras + np.array(beside_sacrum) * size @ axes

    for side in (1, -1):
        for index, vertebra in enumerate(sacrum[:3]):
            spread = (34, 24, 14)[index] * size
            start = np.array([side * vertebra.body.superior.half_width_mm * 0.75, -4, 2.0])
            bones.add(
                np.vstack([vertebra.to_ras(start), vertebra.to_ras(start + [side * spread, -14, -6])]),
                (13.0 - 2 * index) * size,
                marrow,
                cortex,
                1.0,
            )
        crest = place([[side * 62, -38, 22], [side * 95, 0, 48], [side * 112, 48, 42], [side * 118, 82, 2]])
        socket = place([side * 88, 28, -92])
        for first, second in itertools.pairwise(crest):
            outward = np.cross(second - first, socket - first)
            outward = outward / np.linalg.norm(outward)
            middle = 0.5 * (first + second)
            bones.add(np.vstack([first, second]), 12 * size, marrow, cortex, 1.2, outward, 2.0)
            bones.add(
                np.vstack([middle, 0.55 * middle + 0.45 * socket, socket]),
                np.array([26, 24, 22.0]) * size,
                marrow,
                cortex,
                1.2,
                outward,
                3.2,
            )
        bones.add(
            np.vstack([socket, socket + np.array([side * 8, 2, -4]) * size]), 27.0 * size, marrow * 1.4, cortex, 2.0
        )
        bones.add(
            np.vstack(
                [socket, socket + np.array([side * 45, -4, -38]) * size, socket + np.array([side * 48, 0, -200]) * size]
            ),
            np.array([19.0, 20, 15]) * size,
            marrow,
            cortex * 1.2,
            4.0,
        )
        pubis = place([side * 8, 78, -128])
        bones.add(np.vstack([socket + [-side * 14, 18, -8], pubis]), 9.0 * size, marrow, cortex, 1.5)
        bones.add(
            np.vstack([socket + [-side * 8, -14, -16], place([side * 62, 5, -155]), pubis]),
            11.0 * size,
            marrow,
            cortex,
            1.5,
        )


def add_head(outline: TrunkOutline, bones: TubeBuilder, rng: np.random.Generator) -> None:
    """The base of the skull, jaw and hyoid.

    :param outline: of the patient.
    :param bones: takes them.
    :param rng: draws what differs between patients.
    """
    t, size = outline.tissues, outline.patient.size
    base = outline.spine.at(0.6)
    cortex = t.cortex * 1.1
    atlas = outline.spine.at(1.1) + np.array([0, -8, -2])
    ring = np.array([[22 * np.sin(a), 22 * np.cos(a), 0] for a in np.linspace(0, 2 * np.pi, 13)]) * size
    bones.add(atlas + ring, 4.5 * size, t.marrow, cortex, 1.2)
    for side in (1, -1):
        bones.add(
            np.vstack([atlas + [side * 17, 2, -2], atlas + [side * 20, 2, 14]]), 8.0 * size, t.marrow, cortex, 1.2
        )
        jaw = (
            base
            + np.array(
                [[side * 48, 8, 8], [side * 46, 14, -38], [side * 36, 48, -50], [side * 10, 74, -54], [0, 76, -54]]
            )
            * size
        )
        bones.add(
            jaw, np.array([6.0, 8, 10, 10, 9]) * size, t.marrow, cortex * 1.3, 2.0, np.array([side * 0.8, 0.5, 0]), 1.6
        )
        bones.add(base + np.array([[side * 34, 40, -34], [side * 8, 66, -36]]) * size, 6.0 * size, 1600.0, 1900.0, 1.0)
        bones.add(base + np.array([[side * 12, 0, 14], [side * 46, -8, 18]]) * size, 10.0 * size, 250.0, cortex, 2.0)
        bones.add(base + np.array([[side * 10, 30, 8], [side * 28, 56, 2]]) * size, 11.0 * size, -700.0, cortex, 1.2)
    bones.add(base + np.array([[0, 4, 16], [0, 32, 26]]) * size, 11.0 * size, t.marrow, cortex, 2.0)
    hyoid = outline.spine.at(3.6) + np.array([0, 42, 0]) * size
    bones.add(np.vstack([hyoid + [-16, -14, 0], hyoid, hyoid + [16, -14, 0]]), 2.6 * size, 200.0, cortex * 0.6, 0.8)
