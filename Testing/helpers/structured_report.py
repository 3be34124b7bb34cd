"""What a structured report holds, found by codes, with pydicom alone."""

from collections.abc import Iterator

import numpy as np
from pydicom.dataset import Dataset


def items(parent: Dataset, meaning: str) -> list[Dataset]:
    """The children of an item whose concept name has a meaning."""
    return [one for one in parent.get("ContentSequence", ()) if one.ConceptNameCodeSequence[0].CodeMeaning == meaning]


def groups(document: Dataset) -> list[Dataset]:
    """The measurement groups of a document."""
    (container,) = items(document, "Imaging Measurements")
    return items(container, "Measurement Group")


def numbers(group: Dataset) -> dict[str, tuple[float, str]]:
    """Value and unit of every measurement of a group by the code of its name."""
    found = {}
    for one in group.ContentSequence:
        if one.ValueType == "NUM":
            measured = one.MeasuredValueSequence[0]
            unit = measured.MeasurementUnitsCodeSequence[0].CodeValue
            found[one.ConceptNameCodeSequence[0].CodeValue] = float(measured.NumericValue), unit
    return found


def answers(group: Dataset) -> dict[str, str]:
    """Meaning of every coded value, and every text, of a group by the code of its name."""
    found = {}
    for one in group.ContentSequence:
        name = one.ConceptNameCodeSequence[0].CodeValue
        if one.ValueType == "CODE":
            found[name] = one.ConceptCodeSequence[0].CodeMeaning
        elif one.ValueType == "TEXT":
            found[name] = one.TextValue
    return found


def uncertainties(group: Dataset, code: str) -> tuple[tuple[float, str], ...]:
    """Value and unit of the upper and the lower uncertainty of a measurement."""
    (measurement,) = (one for one in group.ContentSequence if one.ConceptNameCodeSequence[0].CodeValue == code)
    properties = [one for one in measurement.ContentSequence if one.ValueType == "NUM"]
    values = [one.MeasuredValueSequence[0] for one in properties]
    return tuple((float(one.NumericValue), one.MeasurementUnitsCodeSequence[0].CodeValue) for one in values)


def coordinates(group: Dataset, value_type: str) -> Iterator[tuple[str, np.ndarray]]:
    """Code of the measurement and points of every item of coordinates below a measurement of a group."""
    size = {"SCOORD": 2, "SCOORD3D": 3}[value_type]
    for one in group.ContentSequence:
        for below in one.get("ContentSequence", ()):
            if below.ValueType == value_type:
                yield one.ConceptNameCodeSequence[0].CodeValue, np.reshape(below.GraphicData, (-1, size))
