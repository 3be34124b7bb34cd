"""Whose study a report is about, as text: case, series, reconstruction and, where they were asked for, the patient."""

from collections.abc import Mapping
from typing import Any

import numpy as np

_AS_THEY_ARE = ("kernel", "contrast", "patient_id", "patient_age", "patient_sex", "study_date")


def study_values(described: Mapping[str, Any]) -> dict[str, str]:
    """What a report's input states about the study by :data:`~.columns.patient.STUDY_COLUMNS`; empty where it does not.

    :param described: the input of a report.
    """
    thickness_mm = described.get("slice_thickness_mm")
    return {
        "case_id": _text(described.get("case_id") or described.get("path") or described.get("volume")),
        "input": _text(described.get("path") or described.get("volume")),
        "series": series_text(described.get("series")),
        "slice_thickness_mm": f"{thickness_mm:g}" if isinstance(thickness_mm, int | float) else "",
        "spacing_mm": _extent(described.get("spacing_mm")),
        **{name: _text(described.get(name)) for name in _AS_THEY_ARE},
    }


def series_text(series: Any) -> str:
    """A series in words: "No. 3, Thorax 2.0 B70f, 120 slices".

    :param series: number, description and slices by name, as :mod:`~..io.ct` describes the series that it read.
    """
    if not isinstance(series, Mapping):
        return _text(series)
    number, description, slices = (_text(series.get(name)) for name in ("number", "description", "slices"))
    parts = (f"No. {number}" * bool(number), description, f"{slices} slices" * bool(slices))
    return ", ".join(filter(None, parts))


def _extent(spacing_mm: Any) -> str:
    """Lengths along the axes: "0.7 × 0.7 × 2"."""
    values = spacing_mm.tolist() if isinstance(spacing_mm, np.ndarray) else spacing_mm
    if not isinstance(values, list | tuple) or not all(isinstance(value, int | float) for value in values):
        return _text(values)
    return " × ".join(f"{value:.3g}" for value in values)


def _text(value: Any) -> str:
    return "" if value is None else str(value)
