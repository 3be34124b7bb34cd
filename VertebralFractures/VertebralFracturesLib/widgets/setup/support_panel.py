"""The section of the panel for those who report a problem: versions, the session's log, and new packages."""

import importlib.metadata
import platform
from typing import Any

import slicer
from slicer.i18n import translate

from ... import __version__
from ...errors import Cancelled
from .dependencies import reinstall_packages
from .session_log import LOGGER, SessionLog

_PACKAGES = ("numpy", "scipy", "pillow", "jinja2", "torch", "highdicom", "pydicom", "SimpleITK", "vtk")
"""Packages whose versions can explain a problem."""


class SupportPanel:
    """Connects the widgets below "Support".

    :param ui: the widgets of VertebralFractures.ui by name.
    :param requirements_file: the packages that the module needs, beside torch.
    """

    def __init__(self, ui: Any, requirements_file: str) -> None:
        self._ui, self._requirements = ui, requirements_file
        self._log = SessionLog(self._show)
        ui.copyLogButton.connect("clicked()", self._copy)
        ui.reinstallButton.connect("clicked()", self._reinstall)
        ui.logText.setPlainText(versions_text())

    def close(self) -> None:
        """Keep no log any more: the panel is about to go."""
        self._log.close()

    def _show(self, message: str) -> None:
        self._ui.logText.appendPlainText(message)

    def _copy(self) -> None:
        """Put versions and log on the clipboard."""
        slicer.app.clipboard().setText(f"{versions_text()}\n{self._log.text}")
        slicer.util.showStatusMessage(translate("VertebralFractures", "Versions and log copied"), 3000)

    def _reinstall(self) -> None:
        """Install the packages anew and tell what came of it."""
        try:
            names = reinstall_packages(self._requirements)
        except Cancelled:
            return
        except RuntimeError as error:
            LOGGER.error("Packages were not reinstalled", exc_info=error)
            slicer.util.errorDisplay(str(error))
            return
        LOGGER.info("Reinstalled %s", ", ".join(names))
        slicer.util.infoDisplay(
            translate("VertebralFractures", "Reinstalled: {packages}. Restart Slicer to use them.").format(
                packages=", ".join(names)
            )
        )


def versions_text() -> str:
    """The versions of the module, of Slicer and of the packages, one a line."""
    application = f"{slicer.app.majorVersion}.{slicer.app.minorVersion}"
    lines = [
        f"VertebralFractures {__version__}",
        f"3D Slicer {application}, Python {platform.python_version()}, {platform.platform()}",
    ]
    for name in _PACKAGES:
        try:
            lines.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            lines.append(f"{name}: not installed")
    return "\n".join(lines)
