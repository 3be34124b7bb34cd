"""What the reader chooses from, by the names that the library knows it by."""

import enum

from slicer.i18n import translate


class Grading(enum.Enum):
    """How vertebrae are graded."""

    LEVEL_AWARE = "level-aware"
    GENANT = "genant"
    PISOV = "pisov"

    def label(self) -> str:
        """What the reader reads."""
        return {
            "level-aware": translate("VertebralFractures", "Level-aware, Genant 20/25/40 %"),
            "genant": translate("VertebralFractures", "Genant 20/25/40 %"),
            "pisov": translate("VertebralFractures", "Pisov 2020 (0.80/0.74/0.60)"),
        }[self.value]


class Device(enum.Enum):
    """Where the networks run."""

    AUTOMATIC = "auto"
    CPU = "cpu"
    GPU = "cuda"

    def label(self) -> str:
        """What the reader reads."""
        return {
            "auto": translate("VertebralFractures", "Automatic"),
            "cpu": translate("VertebralFractures", "CPU"),
            "cuda": translate("VertebralFractures", "GPU"),
        }[self.value]
