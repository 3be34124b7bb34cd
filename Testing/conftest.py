"""Fixtures that more than one folder of tests uses."""

from pathlib import Path

import pytest

SHARED_CT = Path(__file__).resolve().parents[2] / "shared" / "ct"


@pytest.fixture
def real_cases() -> list[Path]:
    """Folders of the real validation CTs beside the repository; the test is skipped where they are not there."""
    cases = sorted(path.parent for path in SHARED_CT.glob("val/*/ct.nii.gz"))
    if not cases:
        pytest.skip("the real CTs (../shared/ct) are not beside this repository")
    return cases
