"""A study as a reading of a work list, and a reading as a study."""

from dataclasses import replace

import numpy as np

from ...radiograph.record import RadiographReport
from ...worklist.reading import Reading
from ..nodes.curve import control_points
from .creation import complete_study
from .report import model_report, read_study
from .state import restore_state, study_state
from .study import Study, place_of

_CURVE_MM = 1e-3
"""Below this a curve was not edited: control points are kept with three decimals and more."""


def study_reading(study: Study, reader: str) -> Reading:
    """What a reader did to a study.

    :param reader: name of the reader.
    :raises UnusableInput: the study cannot be read.
    """
    report, nodes = read_study(study)
    return Reading(reader, report, model_report(study), tuple(place_of(node) for node in nodes))


def apply_reading(study: Study, reading: Reading) -> None:
    """Bring a study, which shows the automatic report of a reading, to what the reader made of it.

    :raises UnusableInput: the study cannot be read.
    """
    present = study_state(study, *read_study(study))
    report, sacrum = reading.report, present.sacrum_points
    if isinstance(report, RadiographReport):
        found = report.sacral_endplate_ras
        sacrum = () if found is None else tuple(map(tuple, found.tolist()))
    state = replace(
        present,
        preset=report.preset,
        note=report.note,
        vertebrae=tuple(zip(reading.places, report.vertebrae, strict=True)),
        sacrum_points=sacrum,
        curve_points=_curve_points(reading) or present.curve_points,
    )
    restore_state(study, state)
    complete_study(study)


def _curve_points(reading: Reading) -> tuple[tuple[tuple[float, float, float], str], ...]:
    """Control points of a curve that the reader dragged; none where it is that of the automatic report."""
    now, found = reading.report.curve, reading.automatic.curve
    is_unmoved = now.points_ras.shape == found.points_ras.shape
    if is_unmoved and np.abs(now.points_ras - found.points_ras).max() < _CURVE_MM:
        return ()
    points_ras, confidences = control_points(now)
    pairs = zip(points_ras.tolist(), confidences, strict=True)
    return tuple((tuple(point), f"confidence {confidence:.4f}") for point, confidence in pairs)
