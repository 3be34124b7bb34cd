"""The Python packages that an analysis needs, installed when it is asked for."""

import importlib.util
import subprocess
from typing import Any

import slicer
import slicer.packaging
from slicer.i18n import translate

from ...errors import Cancelled

TORCH_REQUIREMENT = ">=2.6"
HIGHDICOM_REQUIREMENT = "highdicom>=0.26"

_SLICERS = ("numpy", "scipy", "pillow")
"""Packages that are part of Slicer's installation."""


def ensure_packages(requirements_file: str) -> None:
    """Install what is missing after asking: packages of a requirements file, and torch by the PyTorch extension.

    The installers let the window answer while they work, so that the caller has to disable what must not be clicked.

    :param requirements_file: one requirement a line, without torch.
    :raises Cancelled: the user declined.
    :raises RuntimeError: a package could not be installed; the message says what to do.
    """
    requirements = slicer.packaging.load_requirements(requirements_file)
    missing = [one for one in requirements if not slicer.packaging.pip_check(one)]
    if missing:
        _install(missing)
    if slicer.packaging.pip_check(f"torch{TORCH_REQUIREMENT}"):
        return
    if importlib.util.find_spec("torch") is not None:
        raise RuntimeError(
            translate(
                "VertebralFractures",
                "The installed torch is too old: update it to {requirement} in the module PyTorch Utils, restart "
                "Slicer and click Apply again.",
            ).format(requirement=TORCH_REQUIREMENT)
        )
    _install_torch()


def ensure_highdicom() -> None:
    """Install the package that makes DICOM objects where it is missing, after asking.

    :raises Cancelled: the user declined.
    :raises RuntimeError: it could not be installed; the message says what to do.
    """
    if slicer.packaging.pip_check(HIGHDICOM_REQUIREMENT):
        return
    if not slicer.util.confirmOkCancelDisplay(
        translate(
            "VertebralFractures",
            "DICOM objects are made with the Python package highdicom, which is not installed. Install it?",
        )
    ):
        raise Cancelled("the user declined the installation of highdicom")
    try:
        slicer.packaging.pip_ensure([HIGHDICOM_REQUIREMENT], prompt_install=False, requester="VertebralFractures")
    except subprocess.CalledProcessError as error:
        raise RuntimeError(
            translate(
                "VertebralFractures",
                "highdicom could not be installed. Check the network and the free disk space, then save again.",
            )
        ) from error


def reinstall_packages(requirements_file: str) -> list[str]:
    """Install the module's own packages again after asking, for one that is damaged.

    Packages that Slicer itself brings stay as they are, since Slicer uses them while it runs. torch belongs to the
    extension PyTorch, whose module PyTorch Utils reinstalls it.

    :param requirements_file: one requirement a line, without torch.
    :return: the names of the packages.
    :raises Cancelled: the user declined.
    :raises RuntimeError: a package could not be installed; the message says what to do.
    """
    requirements = [one for one in slicer.packaging.load_requirements(requirements_file) if one.name not in _SLICERS]
    if slicer.packaging.pip_check(HIGHDICOM_REQUIREMENT):
        requirements.append(HIGHDICOM_REQUIREMENT)
    names = ", ".join(map(str, requirements))
    if not slicer.util.confirmOkCancelDisplay(
        translate(
            "VertebralFractures",
            "Reinstall these Python packages: {packages}? PyTorch is reinstalled in the module PyTorch Utils.",
        ).format(packages=names)
    ):
        raise Cancelled("the user declined to reinstall packages")
    try:
        slicer.packaging.pip_install(
            ["--force-reinstall", "--no-deps", *map(str, requirements)], requester="VertebralFractures"
        )
    except subprocess.CalledProcessError as error:
        raise RuntimeError(
            translate(
                "VertebralFractures",
                "Python packages could not be reinstalled: {packages}. Check the network and the free disk space, "
                "restart Slicer, and try again.",
            ).format(packages=names)
        ) from error
    return list(map(str, requirements))


def _install(requirements: list[Any]) -> None:
    names = ", ".join(map(str, requirements))
    if not slicer.util.confirmOkCancelDisplay(
        translate(
            "VertebralFractures", "The analysis needs Python packages that are not installed: {packages}. Install them?"
        ).format(packages=names)
    ):
        raise Cancelled("the user declined the installation of Python packages")
    try:
        slicer.packaging.pip_ensure(requirements, prompt_install=False, requester="VertebralFractures")
    except subprocess.CalledProcessError as error:
        raise RuntimeError(
            translate(
                "VertebralFractures",
                "Python packages could not be installed: {packages}. Check the network and the free disk space, then "
                "click Apply again.",
            ).format(packages=names)
        ) from error


def _install_torch() -> None:
    try:
        import PyTorchUtils
    except ImportError as error:
        raise RuntimeError(
            translate(
                "VertebralFractures",
                "The networks need the extension PyTorch: install it in the Extensions Manager, restart Slicer and "
                "click Apply again. Without internet access, install the extension and torch from files.",
            )
        ) from error
    try:
        torch = PyTorchUtils.PyTorchUtilsLogic().installTorch(
            askConfirmation=True, torchVersionRequirement=TORCH_REQUIREMENT
        )
    except Exception as error:
        raise RuntimeError(
            translate(
                "VertebralFractures",
                "PyTorch could not be installed: check the network and the free disk space, then try again with the "
                "module PyTorch Utils. {error}",
            ).format(error=error)
        ) from error
    if torch is None:
        raise Cancelled("the user declined the installation of PyTorch")
