"""What Pisov 2020 reports (tables 1 and 2), by the names of the measures here.

The cases were 100 chest CTs in five-fold cross-validation and are not those of an evaluation here: these figures stand
beside, not against.
"""

PISOV_METHOD: dict[str, tuple[float, float | None]] = {
    "localisation_error_mm": (0.97, 0.64),
    "severe_centre_error_mm": (1.14, 0.69),
    "recall": (0.997, None),
    "severe_recall": (1.000, None),
    "precision": (0.993, None),
    "area_under_curve_80": (0.87, 0.02),
    "area_under_curve_74": (0.94, 0.02),
    "area_under_curve_patient_80": (0.93, 0.03),
    "area_under_curve_patient_74": (0.93, 0.03),
    "specificity_80": (0.93, None),
    "specificity_74": (0.98, None),
    "specificity_patient_80": (0.68, None),
    "specificity_patient_74": (0.86, None),
    "sensitivity_80": (0.65, None),
    "sensitivity_74": (0.75, None),
    "sensitivity_patient_80": (0.94, None),
    "sensitivity_patient_74": (0.84, None),
}
"""Value and standard deviation of the method: over vertebrae for distances, over folds for areas."""

PISOV_EXPERTS: dict[str, tuple[float, float | None]] = {
    "localisation_error_mm": (1.01, 0.98),
    "severe_centre_error_mm": (1.17, 0.78),
    "recall": (0.983, None),
    "severe_recall": (0.973, None),
    "precision": (0.996, None),
    "area_under_curve_80": (0.91, None),
    "area_under_curve_74": (0.98, None),
    "area_under_curve_patient_80": (0.91, None),
    "area_under_curve_patient_74": (0.95, None),
}
"""Value and standard deviation of the paper's experts; their sensitivities and specificities are not in our notes."""

PISOV_GRADES = (1046, 125, 80, 17)
"""Vertebrae that are normal, mild, moderate and severe (Pisov 2020, section 3)."""

PISOV_PATIENTS = (30, 16, 41, 13)
"""Patients whose worst vertebra is normal, mild, moderate and severe."""


def with_spread(published: tuple[float, float | None] | None) -> str:
    """A published figure as text, with the decimals it was published with; empty where there is none."""
    if published is None:
        return ""
    value, spread = published
    return max(f"{value:g}", f"{value:.2f}", key=len) if spread is None else f"{value:.2f} ({spread:.2f})"
