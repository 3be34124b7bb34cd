"""Which versions of 3D Slicer the module works in; this file has to be read by Slicer 5.8 too, whose Python is 3.9."""

from __future__ import annotations

import slicer
from slicer.i18n import translate

OLDEST_SLICER = (5, 12)
"""The first stable version with ``slicer.packaging`` and Python 3.12; on its nodes and views the library is tested."""


def unsupported_version() -> str | None:
    """Why the module does not work in this version of Slicer, for the user; None where it does."""
    version = slicer.app.majorVersion, slicer.app.minorVersion
    if version >= OLDEST_SLICER:
        return None
    return translate(
        "VertebralFractures",
        "Vertebral Fractures needs 3D Slicer {oldest} or newer, and this is {present}: install a newer version from "
        "download.slicer.org.",
    ).format(oldest=".".join(map(str, OLDEST_SLICER)), present=".".join(map(str, version)))
