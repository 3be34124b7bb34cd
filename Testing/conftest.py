"""Fixtures that more than one folder of tests uses."""

from pathlib import Path

import pytest
from hypothesis import settings
from VertebralFracturesLib.core.report import SpineReport
from VertebralFracturesLib.core.volume import Volume

settings.register_profile("busy machines", deadline=None)
settings.load_profile("busy machines")

SHARED_CT = Path(__file__).resolve().parents[2] / "shared" / "ct"


@pytest.fixture
def real_cases() -> list[Path]:
    """Folders of the real validation CTs beside the repository; the test is skipped where they are not there."""
    cases = sorted(path.parent for path in SHARED_CT.glob("val/*/ct.nii.gz"))
    if not cases:
        pytest.skip("the real CTs (../shared/ct) are not beside this repository")
    return cases


@pytest.fixture(scope="session")
def synthetic_ct() -> Volume:
    """The CT of the demonstration's patient: T5 to L3 with three fractures, made in some 20 s."""
    from VertebralFracturesLib.simulation.demo_patient import sample_ct

    return sample_ct(lambda share: None)


@pytest.fixture(scope="session")
def synthetic_report(synthetic_ct: Volume) -> SpineReport:
    """What the shipped networks find in it, in some 10 s."""
    from VertebralFracturesLib.analyzer import Analyzer

    return Analyzer().analyze(synthetic_ct, device="cpu")
