"""The Python packages that an analysis needs, installed when it is asked for."""

import importlib.util
import subprocess

import slicer
import slicer.packaging
from slicer.i18n import tr as _

TORCH_REQUIREMENT = ">=2.6"


def ensure_packages(requirements_file: str) -> None:
    """Install what is missing after asking: packages of a requirements file, and torch by the PyTorch extension.

    :param requirements_file: one requirement a line, without torch.
    :raises RuntimeError: the user declined, or a package could not be installed; the message says what to do.
    """
    requirements = slicer.packaging.load_requirements(requirements_file)
    try:
        slicer.packaging.pip_ensure(requirements, requester="VertebralFractures")
    except subprocess.CalledProcessError as error:
        raise RuntimeError(
            _(
                "Python packages could not be installed: {packages}. Check the network and the free disk space, then "
                "click Apply again."
            ).format(packages=", ".join(map(str, requirements)))
        ) from error
    if slicer.packaging.pip_check(f"torch{TORCH_REQUIREMENT}"):
        return
    if importlib.util.find_spec("torch") is not None:
        raise RuntimeError(
            _(
                "The installed torch is too old: update it to {requirement} in the module PyTorch Utils, restart "
                "Slicer and click Apply again."
            ).format(requirement=TORCH_REQUIREMENT)
        )
    _install_torch()


def _install_torch() -> None:
    try:
        import PyTorchUtils
    except ImportError as error:
        raise RuntimeError(
            _(
                "The networks need the extension PyTorch: install it in the Extensions Manager, restart Slicer and "
                "click Apply again. Without internet access, install the extension and torch from files."
            )
        ) from error
    try:
        torch = PyTorchUtils.PyTorchUtilsLogic().installTorch(
            askConfirmation=True, torchVersionRequirement=TORCH_REQUIREMENT
        )
    except Exception as error:
        raise RuntimeError(
            _(
                "PyTorch could not be installed: check the network and the free disk space, then try again with the "
                "module PyTorch Utils. {error}"
            ).format(error=error)
        ) from error
    if torch is None:
        raise RuntimeError(_("The analysis cannot run without PyTorch: click Apply again to install it."))
