"""Run the tests of the NumPy core in Slicer's Python; started by CTest."""

from pathlib import Path

import slicer.testing

ROOT = Path(__file__).resolve().parents[2]

try:
    import pytest
except ImportError:
    slicer.testing.exitFailure("pytest is missing: slicer.util.pip_install('pytest hypothesis')")
else:
    if pytest.main(["--rootdir", str(ROOT), "-c", str(ROOT / "pyproject.toml"), str(ROOT / "Testing" / "core")]):
        slicer.testing.exitFailure("tests of the core failed")
    else:
        slicer.testing.exitSuccess()
