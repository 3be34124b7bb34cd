"""Trabecular attenuation of a spine: L1, the mean of T12 to L4, and the screening values of the literature.

The screening values are those of L1 in CTs at 120 kVp without contrast agent. They select patients for bone
densitometry and are no diagnosis of osteoporosis.

* 160 HU or less: sensitivity 90 %; 110 HU or less: specificity above 90 % (Pickhardt 2013, 1867 patients).
* 169 HU and 104 HU likewise in a cohort from the United Kingdom (Insights into Imaging 2023).
* An intravenous contrast agent raises the attenuation, by about 20 HU in the arterial and 15 HU in the portal venous
  phase (the offsets of TotalSegmentator's spine report). The values here are not corrected for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..levels import LEVEL_NAMES
from .blood import contrast_is_likely
from .record import Attenuation

SENSITIVE_HU, SPECIFIC_HU = 160.0, 110.0
"""Attenuation of L1 at or below which osteoporosis is screened for sensitively and specifically (Pickhardt 2013)."""

MEAN_LEVELS = LEVEL_NAMES[LEVEL_NAMES.index("T12") : LEVEL_NAMES.index("L4") + 1]
"""The levels of the mean."""

CONTRAST_CAUTION = (
    "An intravenous contrast agent is likely, which raises trabecular attenuation (by about 20 HU in the arterial and "
    "15 HU in the portal venous phase); the values are not corrected for it."
)
"""What readers are told where the blood in front of the spine is bright."""


@dataclass(frozen=True)
class AttenuationSummary:
    """Trabecular attenuation of a spine.

    :param l1_hu: attenuation of L1; None where L1 was not measured.
    :param mean_hu: mean of those of T12 to L4 that were measured; None without any.
    :param mean_levels: the levels of that mean.
    :param contrast_is_likely: the blood in front of the spine holds a contrast agent.
    :param statement: all this in sentences.
    """

    l1_hu: float | None
    mean_hu: float | None
    mean_levels: tuple[str, ...]
    contrast_is_likely: bool
    statement: str


def summarize_attenuation(
    levels: Sequence[str | None], attenuations: Sequence[Attenuation | None]
) -> AttenuationSummary | None:
    """Sum up a spine.

    :param levels: (n,) level of each vertebra or None.
    :param attenuations: (n,) of each; None where it was not looked at, as in a radiograph.
    :return: None where no vertebra was looked at.
    """
    known = [one for one in attenuations if one is not None]
    if not known:
        return None
    by_level = {
        level: one.median_hu
        for level, one in zip(levels, attenuations, strict=True)
        if level is not None and one is not None and one.median_hu is not None
    }
    used = tuple(level for level in MEAN_LEVELS if level in by_level)
    mean = float(np.mean([by_level[level] for level in used])) if used else None
    is_likely = contrast_is_likely([one.blood_hu for one in known])
    l1 = by_level.get("L1")
    return AttenuationSummary(l1, mean, used, is_likely, _statement(l1, mean, used, is_likely))


def _statement(l1_hu: float | None, mean_hu: float | None, used: tuple[str, ...], contrast_is_likely: bool) -> str:
    if mean_hu is None:
        return "Trabecular attenuation of T12 to L4 could not be measured."
    sentences = [
        f"Trabecular attenuation: L1 {'not measurable' if l1_hu is None else f'{l1_hu:.0f} HU'}, "
        f"mean of T12 to L4 {mean_hu:.0f} HU ({len(used)} of {len(MEAN_LEVELS)} levels)."
    ]
    if l1_hu is not None:
        sentences.append(f"{_screening(l1_hu)} Screening thresholds are not a diagnosis.")
    if contrast_is_likely:
        sentences.append(CONTRAST_CAUTION)
    return " ".join(sentences)


def _screening(l1_hu: float) -> str:
    """How L1 compares with the screening thresholds."""
    origin = "(Pickhardt 2013; 120 kVp, no contrast agent)"
    if l1_hu <= SPECIFIC_HU:
        return f"L1 is at or below the specific screening threshold for osteoporosis of {SPECIFIC_HU:.0f} HU {origin}."
    if l1_hu <= SENSITIVE_HU:
        return (
            f"L1 lies between the specific ({SPECIFIC_HU:.0f} HU) and the sensitive ({SENSITIVE_HU:.0f} HU) screening "
            f"threshold for osteoporosis {origin}."
        )
    return f"L1 is above the sensitive screening threshold for osteoporosis of {SENSITIVE_HU:.0f} HU {origin}."
