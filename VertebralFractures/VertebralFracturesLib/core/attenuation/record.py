"""What is known of the attenuation of one vertebral body."""

from dataclasses import dataclass, replace

DENSE = "denser than trabecular bone (cement, metal or sclerosis)"
FATTY = "less dense than trabecular bone (gas or destruction)"
OUTSIDE = "partly outside the image"
FLAT = "no room between cortex and endplates"
FRACTURED = "fractured"
EXCLUSIONS = (DENSE, FATTY, OUTSIDE, FLAT, FRACTURED)
"""Why a body has no trabecular attenuation."""


@dataclass(frozen=True)
class Attenuation:
    """Trabecular attenuation of one body.

    :param median_hu: median of an ellipsoid in the anterior half of the body; None where the body is excluded.
    :param sd_hu: standard deviation in it; None likewise.
    :param exclusion: one of :data:`EXCLUSIONS`, or None where the body is measured.
    :param blood_hu: attenuation of the brightest soft tissue in front of the body, which is blood where a contrast
        agent was given; None where nothing in front of it is in the image.
    :raises ValueError: a value where there may be none, or none where there has to be one.
    """

    median_hu: float | None
    sd_hu: float | None
    exclusion: str | None = None
    blood_hu: float | None = None

    def __post_init__(self) -> None:
        if self.exclusion is not None and self.exclusion not in EXCLUSIONS:
            raise ValueError(f"a body is excluded as one of {EXCLUSIONS}")
        if {self.median_hu is None, self.sd_hu is None} != {self.exclusion is not None}:
            raise ValueError("a body has an attenuation, or a reason why it has none")

    def unless_fractured(self, is_fractured: bool) -> "Attenuation":
        """What is reported: a fractured body, whose trabeculae are compacted, has no trabecular attenuation.

        :param is_fractured: whether the body counts as fractured.
        """
        return replace(self, median_hu=None, sd_hu=None, exclusion=FRACTURED) if is_fractured else self
