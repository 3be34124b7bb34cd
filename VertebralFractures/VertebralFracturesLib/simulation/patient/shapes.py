"""The shape of one vertebra in its own coordinates: right, anterior, superior in mm from the body's middle.

Endplates are height functions, so that the keypoints are exact evaluations of the rendered surface.
"""

from dataclasses import dataclass, field

import numpy as np

from .fields import smooth_minimum

_APEX = -0.2
"""Where an endplate is deepest, -1 behind .. 1 in front: in the posterior half, as in people; chosen by eye."""

APPARENT_EDGE_MM = 0.3
"""How far outside a thin endplate its half-height edge appears in a CT of 1 mm; readers put the keypoints there."""


@dataclass(frozen=True)
class Pit:
    """A Schmorl node.

    :param superior: in the superior endplate, else the inferior one.
    :param anterior: position along the depth, -1 (posterior keypoint) .. 1 (anterior keypoint).
    :param right: position along the half width, -1 .. 1.
    :param depth_mm: depth.
    :param radius_mm: half width.
    """

    superior: bool
    anterior: float
    right: float
    depth_mm: float
    radius_mm: float


@dataclass(frozen=True)
class EndplateShape:
    """One endplate as height over the body's middle plane, counted away from the body.

    :param anterior_mm: height at the anterior keypoint.
    :param posterior_mm: height at the posterior keypoint.
    :param dish_mm: depression of the middle below the line that joins the rims' profile.
    :param bend: 0 straight between the rims; 1 the anterior height is reached late (a wedge fracture's step).
    :param half_depth_mm: half the distance between the keypoints along the depth.
    :param half_width_mm: half the outer width.
    :param bowl_mm: of the depression, what is lost towards the sides: 0 a trough that is as deep on either side, the
        whole of it a bowl with a level rim; where it is more, the sides stand out.
    """

    anterior_mm: float
    posterior_mm: float
    dish_mm: float
    bend: float
    half_depth_mm: float
    half_width_mm: float
    bowl_mm: float = 0.0

    @property
    def greatest_mm(self) -> float:
        """Height that no part of the endplate exceeds."""
        return max(self.anterior_mm, self.posterior_mm) + 1.1 * max(0.0, -self.dish_mm, self.bowl_mm - self.dish_mm)

    def rim_height(self, u: np.ndarray | float) -> np.ndarray:
        """Profile without the dish.

        :param u: position along the depth, -1 .. 1.
        """
        share = (np.asarray(u, np.float32) + 1) * np.float32(0.5)
        share = share + np.float32(self.bend) * (np.clip(share, 0, 1) ** 2 - share)
        return np.float32(self.posterior_mm) + np.float32(self.anterior_mm - self.posterior_mm) * share

    def height(self, u: np.ndarray | float, v: np.ndarray | float) -> np.ndarray:
        """Height of the endplate without nodes.

        :param u: position along the depth, -1 (posterior keypoint) .. 1 (anterior keypoint).
        :param v: position along the half width.
        """
        trough_mm = np.float32(self.dish_mm - self.bowl_mm)
        return self.rim_height(u) - np.float32(self.bowl_mm) * dish(u, v) - trough_mm * dish(u, 0.0)


def dish(u: np.ndarray | float, v: np.ndarray | float) -> np.ndarray:
    """Depression of a bowl, 1 at mid-depth, zero on the rim, deepest in the posterior half.

    :param u: position along the depth, -1 .. 1.
    :param v: position along the half width, -1 .. 1.
    """
    return _dish(u, v) * np.float32(1 / float(_dish(0.0, 0.0)))


def _dish(u: np.ndarray | float, v: np.ndarray | float) -> np.ndarray:
    offset = np.asarray(u, np.float32) - np.float32(_APEX)
    scaled = np.where(offset > 0, offset * np.float32(1 / (0.97 - _APEX)), offset * np.float32(1 / (0.97 + _APEX)))
    bowl = np.maximum(1 - scaled * scaled - np.asarray(v, np.float32) ** 2 * np.float32(1.1), 0)
    return bowl * (np.float32(0.35) + np.float32(0.65) * bowl)


@dataclass(frozen=True)
class BodyShape:
    """A vertebral body.

    :param superior, inferior: endplates.
    :param corner_anterior_mm, corner_posterior_mm: radius over which endplate and wall are rounded; the keypoints lie
        where the rounding begins.
    :param waist_anterior, waist_posterior: narrowing at mid-height, share of the half size.
    :param canal_notch: concavity of the posterior wall, share of the half depth.
    :param hollow_mm: how far the posterior wall lies further back beside the canal than in the middle.
    :param taper: narrowing of the anterior half, 0 ellipse .. .3 heart.
    :param pits: Schmorl nodes.
    :param osteophytes_mm: (superior, inferior) x (anterior, left, right) rim outgrowths.
    """

    superior: EndplateShape
    inferior: EndplateShape
    corner_anterior_mm: float
    corner_posterior_mm: float
    waist_anterior: float
    waist_posterior: float
    canal_notch: float
    hollow_mm: float
    taper: float
    pits: tuple[Pit, ...] = ()
    osteophytes_mm: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)

    @property
    def reach_mm(self) -> tuple[float, float, float]:
        """Half sizes of a box around the body: right, anterior, superior."""
        spur = max(self.osteophytes_mm) + 1.5
        beyond = max(self.corner_anterior_mm + spur, self.corner_posterior_mm + 1.5 + self.hollow_mm)
        depth = max(self.superior.half_depth_mm, self.inferior.half_depth_mm) + beyond
        width = max(self.superior.half_width_mm, self.inferior.half_width_mm) + spur
        return width, depth, max(self.superior.greatest_mm, self.inferior.greatest_mm) + 1.5

    @property
    def posterior_wall_mm(self) -> float:
        """Distance from the middle to the outer posterior wall at the endplates, in the midline."""
        return 0.5 * (self.superior.half_depth_mm + self.inferior.half_depth_mm) + self.corner_posterior_mm

    def keypoints_local(self) -> np.ndarray:
        """Six keypoints in the body's own coordinates, (6, 3) mm, in the order of KEYPOINT_NAMES."""
        points = []
        for u in (1.0, 0.0, -1.0):
            for superior in (True, False):
                plate = self.superior if superior else self.inferior
                height = float(self.endplate_height(u, 0.0, superior))
                points.append([0.0, u * plate.half_depth_mm, height if superior else -height])
        return np.array(points)

    def endplate_height(self, u: np.ndarray | float, v: np.ndarray | float, superior: bool) -> np.ndarray:
        """Height of an endplate with its nodes; arguments as in :meth:`EndplateShape.height`."""
        plate = self.superior if superior else self.inferior
        height = plate.height(u, v)
        for pit in self.pits:
            if pit.superior == superior:
                height = height - pit.depth_mm * self._pit_profile(pit, plate, u, v)
        return height

    @staticmethod
    def _pit_profile(pit: Pit, plate: EndplateShape, u: np.ndarray | float, v: np.ndarray | float) -> np.ndarray:
        along = (u - np.float32(pit.anterior)) * np.float32(plate.half_depth_mm / pit.radius_mm)
        across = (v - np.float32(pit.right)) * np.float32(plate.half_width_mm / pit.radius_mm)
        bump = np.maximum(1 - np.float32(0.5) * (along * along + across * across), 0)
        return bump * bump * (3 - 2 * bump)

    def distances(self, right: np.ndarray, anterior: np.ndarray, superior: np.ndarray) -> "BodyDistances":
        """Signed distances (mm, positive inside) at points of the body's own coordinates.

        :param right, anterior, superior: (n,) float32 mm.
        """
        up, down = self.superior, self.inferior
        share = np.clip(anterior * np.float32(1 / up.half_depth_mm), -1, 1)
        level = superior / np.where(superior > 0, up.rim_height(share), down.rim_height(share))
        level = np.clip(level, -1.15, 1.15)
        half_width = np.float32(0.5 * (up.half_width_mm + down.half_width_mm)) + level * np.float32(
            0.5 * (up.half_width_mm - down.half_width_mm)
        )
        corner = np.where(anterior > 0, np.float32(self.corner_anterior_mm), np.float32(self.corner_posterior_mm))
        half_depth = (
            np.float32(0.5 * (up.half_depth_mm + down.half_depth_mm))
            + corner
            + level * np.float32(0.5 * (up.half_depth_mm - down.half_depth_mm))
        )
        x, y = right / half_width, anterior / half_depth
        side, radial = self._wall(x, y, level, half_width, half_depth)
        plates = []
        for plate, is_up in ((up, True), (down, False)):
            u = anterior * np.float32(1 / plate.half_depth_mm)
            height = self.endplate_height(u, x, is_up)
            gap = height - superior if is_up else height + superior
            plates.append(self._soften_pits(gap, u, x, is_up))
        end = np.minimum(plates[0], plates[1]) - np.float32(APPARENT_EDGE_MM)
        return BodyDistances(smooth_minimum(side, end, corner), side, plates[0], plates[1], radial, y, level)

    def _soften_pits(self, gap: np.ndarray, u: np.ndarray, v: np.ndarray, superior: bool) -> np.ndarray:
        plate = self.superior if superior else self.inferior
        for pit in self.pits:
            if pit.superior == superior:
                steep = 1.2 * pit.depth_mm / pit.radius_mm
                profile = self._pit_profile(pit, plate, u, v)
                gap = gap / np.sqrt(1 + np.float32(steep**2 * 4) * profile * (1 - profile))
        return gap

    def _wall(
        self, x: np.ndarray, y: np.ndarray, level: np.ndarray, half_width: np.ndarray, half_depth: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        x2 = x * x
        front = np.maximum(y, 0)
        narrowed = 1 + np.float32(self.taper) * front * front
        x2 = x2 * narrowed * narrowed
        middle = np.maximum(1 - x2 * np.float32(2.8), 0) ** 2
        waist = np.maximum(1 - level * level, 0)
        back = y * (1 + np.float32(self.canal_notch) * middle * (np.float32(0.25) + np.float32(0.75) * waist))
        back = back / (1 + np.float32(self.hollow_mm) / half_depth * (1 - middle))
        back2 = back * back
        square = np.where(y > 0, x2 + y * y, np.sqrt(x2 * x2 + back2 * back2 + np.float32(0.7) * x2 * back2))
        radial = np.sqrt(square + np.float32(1e-8))
        forward = np.clip(np.float32(0.7) + y, 0, 1)
        narrowing = np.float32(self.waist_posterior) + np.float32(self.waist_anterior - self.waist_posterior) * forward
        radial = radial / (1 - waist * narrowing)
        side = (1 - radial) * (np.float32(0.5) * (half_width + half_depth))
        if max(self.osteophytes_mm) > 0:
            side = side + self._spurs(x, y, level)
        return side, radial

    def _spurs(self, x: np.ndarray, y: np.ndarray, level: np.ndarray) -> np.ndarray:
        shrink = 1 / np.sqrt(np.maximum(x * x + y * y, np.float32(0.05)))
        ahead, aside = np.maximum(y, 0) * shrink, x * shrink
        bulge: np.ndarray = np.zeros_like(x)
        for index, rim in enumerate((level - 1, -level - 1)):
            near = np.maximum(1 - (rim * np.float32(1 / 0.5)) ** 2, 0)
            front, left, right = self.osteophytes_mm[3 * index : 3 * index + 3]
            around = np.float32(front) * ahead**2
            around = (
                around + np.float32(left) * np.maximum(-aside, 0) ** 4 + np.float32(right) * np.maximum(aside, 0) ** 4
            )
            bulge += near * around
        return bulge


@dataclass(frozen=True, eq=False)
class BodyDistances:
    """Signed distances in mm, positive inside, and normalised positions, all (n,).

    :param inside: the whole body.
    :param side: the wall alone.
    :param superior, inferior: the endplates alone.
    :param radial: 0 axis .. 1 wall.
    :param anterior_share, level: normalised coordinates, level -1 .. 1 between the endplates.
    """

    inside: np.ndarray
    side: np.ndarray
    superior: np.ndarray
    inferior: np.ndarray
    radial: np.ndarray
    anterior_share: np.ndarray
    level: np.ndarray


@dataclass(frozen=True, eq=False)
class Capsules:
    """Tapered, flattened capsules in a vertebra's own coordinates, mirrored at the mid-sagittal plane.

    :param start, end: (n, 3) mm, right >= 0.
    :param radius_start_mm, radius_end_mm: (n,).
    :param flat: (n, 3) unit direction along which a capsule is thinner.
    :param flatness: (n,) how much thinner.
    """

    start: np.ndarray
    end: np.ndarray
    radius_start_mm: np.ndarray
    radius_end_mm: np.ndarray
    flat: np.ndarray
    flatness: np.ndarray
    blend_mm: float = 2.5
    low: np.ndarray = field(init=False)
    high: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        reach = np.maximum(self.radius_start_mm, self.radius_end_mm)[:, None] + 1.0
        low = (np.minimum(self.start, self.end) - reach).min(0)
        high = (np.maximum(self.start, self.end) + reach).max(0)
        low[0] = -high[0]
        object.__setattr__(self, "low", low)
        object.__setattr__(self, "high", high)

    def depth(self, right: np.ndarray, anterior: np.ndarray, superior: np.ndarray) -> np.ndarray:
        """Signed distance to the union, in mm, positive inside.

        :param right: (n,) float32 in mm, as the other two.
        :param anterior: in mm.
        :param superior: in mm.
        """
        mirrored = np.abs(right)
        union: np.ndarray | None = None
        for index in range(len(self.start)):
            depth = self._one(index, mirrored, anterior, superior)
            union = depth if union is None else -smooth_minimum(-union, -depth, self.blend_mm)
        assert union is not None
        return union

    def _one(self, index: int, right: np.ndarray, anterior: np.ndarray, superior: np.ndarray) -> np.ndarray:
        along = self.end[index] - self.start[index]
        length2 = float(along @ along)
        q: list[np.ndarray] = [
            c - np.float32(s) for c, s in zip((right, anterior, superior), self.start[index], strict=True)
        ]
        share = np.clip(sum(c * np.float32(a / length2) for c, a in zip(q, along, strict=True)), 0, 1)
        q = [c - share * np.float32(a) for c, a in zip(q, along, strict=True)]
        square = q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + np.float32(1e-6)
        radius = np.float32(self.radius_start_mm[index]) + share * np.float32(
            self.radius_end_mm[index] - self.radius_start_mm[index]
        )
        flatness = float(self.flatness[index])
        if flatness == 1:
            return radius - np.sqrt(square)
        flat = sum(c * np.float32(f) for c, f in zip(q, self.flat[index], strict=True))
        flat2 = flat * flat
        stretched = square + np.float32(flatness**2 - 1) * flat2
        slope = square + np.float32(flatness**4 - 1) * flat2
        return (radius - np.sqrt(stretched)) * np.sqrt(stretched / slope)
