"""What the reader chooses from, by the names that the library knows it by."""

import enum

from slicer.i18n import tr as _


class Grading(enum.Enum):
    """How vertebrae are graded."""

    LEVEL_AWARE = "level-aware"
    GENANT = "genant"
    PISOV = "pisov"

    def label(self) -> str:
        """What the reader reads."""
        return {
            "level-aware": _("Level-aware, Genant 20/25/40 %"),
            "genant": _("Genant 20/25/40 %"),
            "pisov": _("Pisov 2020 (0.80/0.74/0.60)"),
        }[self.value]


class Device(enum.Enum):
    """Where the networks run."""

    AUTOMATIC = "auto"
    CPU = "cpu"
    GPU = "cuda"

    def label(self) -> str:
        """What the reader reads."""
        return {"auto": _("Automatic"), "cpu": _("CPU"), "cuda": _("GPU")}[self.value]
