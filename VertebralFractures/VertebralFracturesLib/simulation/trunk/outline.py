"""The outline of the body and of its cavities along the spine."""

import numpy as np

from ..patient.anatomy import Patient
from ..patient.level_tables import by_knots
from .spine_table import SpineTable
from .tissues import Tissues

# Half widths and depths in mm by level number, of an average adult; chosen by eye so that axial slices look like those
# of real CTs from the skull to the thighs, and not measured: the networks learn from what lies at the spine.
_HALF_WIDTH = {
    -5.5: 8,
    -5: 40,
    -4: 68,
    -2: 78,
    0: 74,
    2: 64,
    4: 60,
    6: 66,
    7: 95,
    8: 150,
    9: 172,
    11: 166,
    14: 160,
    17: 152,
    20: 147,
    23: 150,
    25: 163,
    28: 176,
    31: 180,
    38: 175,
}
_FRONT = {
    -5.5: 8,
    -5: 45,
    -4: 75,
    -2: 88,
    0: 84,
    2: 72,
    4: 58,
    6: 54,
    7: 55,
    8: 62,
    10: 95,
    13: 132,
    16: 150,
    18: 150,
    20: 140,
    23: 112,
    25: 118,
    28: 115,
    31: 100,
    38: 90,
}
_BACK = {
    -5.5: 8,
    -5: 40,
    -4: 75,
    -2: 96,
    0: 92,
    2: 72,
    4: 64,
    6: 66,
    8: 74,
    10: 78,
    12: 76,
    14: 70,
    16: 68,
    18: 68,
    20: 72,
    22: 78,
    24: 86,
    26: 98,
    28: 105,
    31: 105,
    38: 85,
}
_CAVITY_WIDTH = {6.3: 1, 7.3: 26, 8: 48, 9: 78, 10: 100, 12: 124, 14: 135, 17: 137, 20: 130, 22: 116}
_CAVITY_FRONT = {6.3: 1, 7.3: 14, 9: 56, 11: 94, 13: 124, 16: 142, 19: 136, 22: 110}
_CAVITY_BACK = {6.3: 1, 7.3: 14, 9: 30, 11: 35, 14: 36, 17: 35, 20: 32, 22: 25}


class TrunkOutline:
    """Where skin, fat, cavities and diaphragm lie at every height, drawn for one patient.

    :param patient: whose outline.
    :param tissues: of the patient.
    :param rng: draws the shape.
    """

    def __init__(self, patient: Patient, tissues: Tissues, rng: np.random.Generator) -> None:
        self.patient, self.tissues, self.spine = patient, tissues, SpineTable(patient)
        spine, size, fat = self.spine, patient.size, patient.obesity
        number = spine.number
        trunk = np.clip((number - 6) / 4, 0, 1)
        belly = np.exp(-(((number - 21) / 5) ** 2))
        width = by_knots(number, _HALF_WIDTH) * size * rng.uniform(0.93, 1.07) + trunk * (38 * fat - 8)
        front = by_knots(number, _FRONT) * size * rng.uniform(0.92, 1.1) + trunk * (22 * fat - 5) + belly * 45 * fat
        back = by_knots(number, _BACK) * size + trunk * (24 * fat - 6)
        rear = spine.anterior - back
        torso = (number > 8) & (number < 30)
        self.couch_anterior = float(np.quantile(rear[torso], 0.12))
        rear = np.maximum(rear, self.couch_anterior)
        lying = np.clip((number - 7) / 4, 0, 1) * np.maximum(rear - self.couch_anterior, 0)
        rear = rear - 0.4 * (lying - 20 * np.tanh(lying / 20))
        fore = spine.anterior + front
        self.fat_mm = (5 + 26 * fat) * np.clip((number - 3) / 5, 0.35, 1)
        self.middle_right = spine.right * 0.6 + 0.4 * float(spine.right[torso].mean())
        self.half_width, self.half_depth, self.middle_anterior = width, 0.5 * (fore - rear), 0.5 * (fore + rear)
        self.squareness = np.full_like(number, rng.uniform(0.5, 1.3))
        cavity_front = np.minimum(
            by_knots(number, _CAVITY_FRONT) * size * rng.uniform(0.9, 1.05), front - self.fat_mm - 12
        )
        cavity_back = by_knots(number, _CAVITY_BACK) * size
        self.cavity_width = np.minimum(by_knots(number, _CAVITY_WIDTH) * size, width - self.fat_mm * 0.6 - 14)
        self.cavity_width = np.maximum(self.cavity_width, 1)
        self.cavity_half = np.maximum(0.5 * (cavity_front + cavity_back), 1)
        self.cavity_middle = spine.anterior + 0.5 * (cavity_front - cavity_back)
        self.abdomen_front = front - self.fat_mm - rng.uniform(9, 15)
        self.abdomen_width = width - self.fat_mm - rng.uniform(16, 24)
        self.dome = spine.at(17.3 + rng.normal(0, 0.7))[2]
        self.sulcus = spine.at(20.2)[2]
        self.columns = {
            name: np.asarray(value, np.float32)
            for name, value in (
                ("middle_right", self.middle_right),
                ("middle_anterior", self.middle_anterior),
                ("half_width", self.half_width),
                ("half_depth", self.half_depth),
                ("fat_mm", self.fat_mm),
                ("squareness", self.squareness),
                ("cavity_width", self.cavity_width),
                ("cavity_half", self.cavity_half),
                ("cavity_middle", self.cavity_middle),
                ("abdomen_front", self.abdomen_front),
                ("abdomen_width", self.abdomen_width),
                ("spine_right", spine.right),
                ("spine_anterior", spine.anterior),
                ("body_width", spine.half_width),
                ("body_depth", spine.half_depth),
                ("number", spine.number),
            )
        }

    def wall_point(self, number: float, angle: float, outward_mm: float = 0.0) -> np.ndarray:
        """Point (3,) on the thoracic cavity's outline, RAS mm.

        :param number: level number of the axial plane.
        :param angle: radians, 0 anterior, positive to the right.
        :param outward_mm: how far outside the outline.
        """
        row = int(np.argmin(np.abs(self.spine.number - number)))
        x, y = np.sin(angle), np.cos(angle)
        stretch = (x**4 + y**4 + 1.2 * x * x * y * y) ** -0.25
        return np.array(
            [
                self.middle_right[row] + (self.cavity_width[row] * stretch + outward_mm) * x,
                self.cavity_middle[row] + (self.cavity_half[row] * stretch + outward_mm) * y,
                self.spine.superior[row],
            ]
        )
