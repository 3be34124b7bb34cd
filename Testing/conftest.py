"""Fixtures that more than one folder of tests uses."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers import no_internet
from hypothesis import settings
from VertebralFracturesLib.core.report import SpineReport
from VertebralFracturesLib.core.volume import Volume

settings.register_profile("busy machines", deadline=None)
settings.load_profile("busy machines")

no_internet.install()

SHARED_CT = Path(__file__).resolve().parents[2] / "shared" / "ct"


SLOW_FIXTURES = {"real_cases", "synthetic_ct", "synthetic_report"}
"""What is slow to make: tests that use it are slow."""

SLOW = (
    "cli/cohort/test_scheduling.py",
    "cli/cohort/test_slots.py",
    "cli/cohort/test_worker_process.py",
    "cli/research/",
    "cli/test_demo.py",
    "cli/test_pictures.py",
    "ct/test_pipeline.py",
    "ct/test_vertebrae.py",
    "evaluation/pages/",
    "evaluation/stress_tests/",
    "evaluation/studies/",
    "evaluation/test_evaluate.py",
    "mrml/layout/",
    "mrml/live/",
    "mrml/nodes/test_names.py",
    "mrml/nodes/test_straightened.py",
    "mrml/study/test_display.py",
    "mrml/test_hard_spines.py",
    "mrml/test_lost_nodes.py",
    "mrml/test_pictures.py",
    "mrml/test_saved_studies.py",
    "mrml/test_scene_file.py",
    "mrml/test_slice_view.py",
    "mrml/study/test_replacement.py",
    "mrml/study/test_state.py",
    "mrml/study/test_volume.py",
    "networks/test_radiograph_networks.py",
    "pacs/test_archive.py",
    "pacs/test_export.py",
    "pacs/test_pdf.py",
    "pacs/test_reading.py",
    "publishing/test_publish.py",
    "simulation/",
    "test_analyzer.py",
    "training/",
    "widgets/test_add_panel.py",
    "widgets/test_export_panel.py",
    "widgets/test_panel.py",
    "widgets/test_radiograph_runs.py",
    "widgets/test_real_runs.py",
    "widgets/test_results_table.py",
    "widgets/test_run_panel.py",
    "widgets/test_study_panel.py",
)
"""Folders and files, seen from here, whose tests draw patients, train networks or render views."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what a change need not wait for: ``python -m pytest -m "not slow"`` leaves it out, the CI does not."""
    root = Path(__file__).parent
    for item in items:
        is_listed = item.path.relative_to(root).as_posix().startswith(SLOW)
        if is_listed or SLOW_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker("slow")


@pytest.fixture(autouse=True)
def _no_internet() -> Iterator[None]:
    """Nothing is sent anywhere: a test fails where an internet socket is asked for, even if the refusal is survived."""
    no_internet.attempts.clear()
    yield
    assert no_internet.attempts == []


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
