"""Patients of whole-spine and lumbosacral scans: normal and transitional anatomy, with and without fractures."""

from typing import Any

_WHOLE = {"first_level": -0.5, "last_level": 31.0, "field_mm": 380.0, "centre_mm": (0.0, -20.0)}
_LUMBOSACRAL = {"first_level": 16.0, "last_level": 31.0, "field_mm": 280.0, "centre_mm": (0.0, -65.0)}
"""The scans, C1 to the coccyx and T10 to S5, with the voxels of the other patients; see ``simulation.ct.protocol``."""

_L5_AND_CRUSH = {"T8": ("crush", 0.6), "T12": ("wedge", 0.65), "L5": ("biconcave", 0.65)}
_LUMBAR = {"L1": ("crush", 0.6), "L3": ("biconcave", 0.7), "L5": ("crush", 0.6)}
_ABOVE_SACRALISED = {"L1": ("crush", 0.6), "L3": ("wedge", 0.7)}

_KINDS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("normal anatomy", {}),
    ("L6", {"variant": "L6"}),
    ("sacralised L5", {"variant": "sacralised L5"}),
    ("T13", {"variant": "T13"}),
    ("11 pairs of ribs", {"variant": "11 ribs"}),
    ("ribs on L1", {"variant": "lumbar rib"}),
)
"""What every kind of scan is made of; no one has a fracture."""

Patients = tuple[tuple[str, str, dict[str, Any], dict[str, Any]], ...]
"""Group, name, fields of ``PatientOptions`` and fields of ``Protocol`` of each condition."""

WHOLE_SPINE_PATIENTS: Patients = (
    *(("whole spine", name, patient, _WHOLE) for name, patient in _KINDS),
    ("whole spine", "crush of T8, fractures of T12 and L5", {"fractures": _L5_AND_CRUSH}, _WHOLE),
    ("whole spine", "L6, fractures of L1, L3 and L5", {"variant": "L6", "fractures": _LUMBAR}, _WHOLE),
    ("whole spine", "T13, fractures of T8, T12 and L5", {"variant": "T13", "fractures": _L5_AND_CRUSH}, _WHOLE),
)
LUMBOSACRAL_PATIENTS: Patients = (
    *(("lumbosacral", name, patient, _LUMBOSACRAL) for name, patient in _KINDS),
    ("lumbosacral", "crush of L1 and L5, fracture of L3", {"fractures": _LUMBAR}, _LUMBOSACRAL),
    (
        "lumbosacral",
        "sacralised L5, fractures of L1 and L3",
        {"variant": "sacralised L5", "fractures": _ABOVE_SACRALISED},
        _LUMBOSACRAL,
    ),
    (
        "lumbosacral",
        "11 pairs of ribs, fractures of L1, L3 and L5",
        {"variant": "11 ribs", "fractures": _LUMBAR},
        _LUMBOSACRAL,
    ),
)
