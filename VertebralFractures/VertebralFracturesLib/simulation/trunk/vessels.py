"""Vessels, airways and other soft tubes of the trunk.

Their courses and widths are chosen by eye so that axial slices look like those of real CTs.
"""

import numpy as np

from ..patient.tubes import TubeBuilder, TubeSet
from .outline import TrunkOutline


def _along(outline: TrunkOutline, knots: list[tuple[float, float, float]]) -> np.ndarray:
    """Points beside the column.

    :param knots: level number, right mm, mm in front of the anterior wall.
    :return: (n, 3) RAS mm.
    """
    points = []
    for number, right, ahead in knots:
        base = outline.spine.at(number)
        aside = np.array([right, outline.spine.body_front(number) + ahead, 0])
        points.append(base + aside * np.array([outline.patient.size, 1, 1]))
    return np.array(points)


def add_vessels(outline: TrunkOutline, vessels: TubeBuilder, rng: np.random.Generator) -> None:
    """Aorta, venae cavae, their branches and the vessels of the lungs.

    :param outline: of the patient.
    :param vessels: takes them.
    :param rng: draws what differs between patients.
    """
    width = float(rng.uniform(10.5, 15.5)) * outline.patient.size
    wander, beside = rng.normal(0, 2), 11 + 0.75 * width
    descending = [
        (11.0, -17.0, 14.0),
        (11.8, -beside, 7.0),
        (13, -beside + wander, 0.4 * width),
        (15, -beside + 1 + wander, 0.45 * width),
        (17, -13.0 + wander, 0.8 * width),
        (18.5, -8.0, 0.9 * width + 1),
        (20, -4.0, 0.85 * width + 2),
        (22, -5.0, 0.8 * width + 2),
        (23.6, -4.0, 0.72 * width + 2.5),
    ]
    narrowing = np.linspace(1.0, 0.72, len(descending))
    vessels.add(_along(outline, descending), width * narrowing, 230.0, shell_mm=1.5)
    vessels.add(
        _along(outline, [(14.6, 2.0, 58), (13.0, 14.0, 62), (11.4, 10.0, 52), (10.6, -6.0, 34), (11.0, -17.0, 14.0)]),
        width * 1.12,
        230.0,
        shell_mm=1.5,
    )
    for side in (1, -1):
        vessels.add(
            _along(outline, [(23.6, -4.0, 0.72 * width + 2.5), (25.4, side * 30.0, 18.0), (28.5, side * 62.0, 34.0)]),
            6.5,
            210.0,
            shell_mm=1.0,
        )
        vessels.add(
            _along(outline, [(10.6, side * 14.0, 34.0), (7.5, side * 22.0, 18), (3, side * 24.0, 8.0)]),
            3.6,
            220.0,
            shell_mm=0.8,
        )
        vessels.add(
            _along(outline, [(9.8, side * 26.0, 42.0), (7.5, side * 30.0, 22), (3, side * 32.0, 8.0)]), 6.0, 180.0
        )
        vessels.add(_along(outline, [(12.8, side * 4.0, 36.0), (13.2, side * 42.0, 34.0)]), 9.0, 220.0)
        for _ in range(46):
            _add_lung_vessel(outline, vessels, side, rng)
    vessels.add(_along(outline, [(10.2, 26.0, 48.0), (13.6, 26.0, 52.0)]), 9.0, 260.0)
    vessels.add(
        _along(outline, [(15.8, 8.0, 48.0), (17.5, 22.0, 34.0), (20, 20.0, 12.0), (22, 17.0, 7.0), (24, 14.0, 6.0)]),
        11.5,
        130.0,
    )
    vessels.add(_along(outline, [(12.4, 12.0, 14.0), (12.8, 5.0, 5.0), (15, 4.0, 5.0), (19, 5.0, 4.5)]), 3.2, 140.0)


def _add_lung_vessel(outline: TrunkOutline, vessels: TubeBuilder, side: int, rng: np.random.Generator) -> None:
    start = _along(outline, [(13.2, side * 40.0, 34.0)])[0]
    direction = np.array([side * abs(rng.normal(0, 1)), rng.normal(-0.1, 0.8), rng.normal(-0.2, 1.1)])
    points, radii = [start], [rng.uniform(2.0, 4.5)]
    for _ in range(5):
        direction = direction / np.linalg.norm(direction) + rng.normal(0, 0.35, 3)
        points.append(points[-1] + direction / np.linalg.norm(direction) * rng.uniform(14, 26))
        radii.append(radii[-1] * rng.uniform(0.55, 0.85))
        row = outline.spine.index(np.array([points[-1][2]], np.float32))[0]
        offset = (points[-1][0] - outline.middle_right[row]) / outline.cavity_width[row]
        depth = (points[-1][1] - outline.cavity_middle[row]) / outline.cavity_half[row]
        if offset**2 + depth**2 > 0.85 or points[-1][2] < outline.dome + 8:
            points.pop()
            radii.pop()
            break
    if len(points) > 1:
        vessels.add(np.array(points), np.array(radii), 180.0)


def add_soft_tubes(outline: TrunkOutline, soft: TubeBuilder, rng: np.random.Generator) -> None:
    """Muscles, gullet and other soft tubes.

    :param outline: of the patient.
    :param soft: takes them.
    :param rng: draws what differs between patients.
    """
    t, size = outline.tissues, outline.patient.size
    bulk = rng.uniform(0.8, 1.15)
    for side in (1, -1):
        beside = [(19.5, 4.0, -26), (21, 9.0, -24), (22.5, 15.0, -22), (24, 22.0, -16), (26, 44, 0), (29, 70, 20)]
        knots = []
        for number, out, ahead in beside:
            row = int(np.argmin(np.abs(outline.spine.number - number)))
            knots.append((number, side * (float(outline.spine.half_width[row]) + out * 0.8), float(ahead)))
        soft.add(_along(outline, knots), np.array([6, 11, 15, 19, 20, 17.0]) * size * bulk, t.muscle + 4)
        soft.add(
            _along(outline, [(7.5, side * 26.0, 4.0), (5, side * 20.0, -1.0), (3, side * 14.0, -2.0)]),
            9.0 * size,
            t.muscle,
        )
        lobe = _along(outline, [(7.4, side * 20.0, 24.0), (6.2, side * 17.0, 24.0)])
        soft.add(lobe, np.array([11.0, 8]) * size, 105.0)
    soft.add(
        _along(outline, [(8, -5.0, 9), (11, -5.0, 9.5), (14, -4.0, 11.0), (17, -10.0, 18.0), (18.3, -16.0, 30.0)]),
        7.0 * size,
        t.muscle - 18,
        t.muscle - 8,
        3.0,
    )


def airways(outline: TrunkOutline, rng: np.random.Generator) -> TubeSet:
    """Trachea and bronchi.

    :param outline: of the patient.
    :param rng: draws what differs between patients.
    """
    builder, size = TubeBuilder(), outline.patient.size
    wall = 50.0
    builder.add(
        _along(outline, [(-0.2, 0, 10.0), (2, 0.0, 9.0), (4.5, 0.0, 12.0)]),
        8.0 * size,
        -1000.0,
        wall,
        1.2,
        np.array([0, 1.0, 0]),
        1.3,
    )
    trachea = [(4.5, 0.0, 12.0), (6, 0.0, 20.0), (8, 1.0, 22.0), (10, 2.0, 22.0), (11.8, 2.0, 22.0)]
    builder.add(_along(outline, trachea), 9.6 * size, -1000.0, wall, 1.5)
    for side in (1, -1):
        main = _along(outline, [(11.8, 2.0, 22.0), (12.7, side * 22.0, 26.0), (13.4, side * 42.0, 26.0)])
        builder.add(main, np.array([8.6, 7.6, 6.0]) * size, -1000.0, wall, 1.4)
        for target in ((14.8, side * 58.0, 14.0), (15.6, side * 50.0, 0.0), (12.0, side * 55.0, 34.0)):
            branch = np.vstack([main[-1], _along(outline, [target])])
            builder.add(branch, np.array([4.6, 2.8]) * size, -1000.0, wall, 1.2)
    if rng.random() < 0.5:
        number = float(rng.uniform(9, 16))
        builder.add(_along(outline, [(number, -5.0, 10.0), (number + 1.2, -5.0, 10.5)]), 3.4, -900.0)
    return builder.build()
