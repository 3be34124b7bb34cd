import os
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


@pytest.fixture
def host(tmp_path: Path) -> Iterator:
    """A running module in a small stand-in for Slicer; skipped where Qt's libraries cannot be loaded."""
    try:
        import PySide6.QtWidgets  # noqa: F401
    except ImportError as error:
        pytest.skip(f"PySide6 cannot be loaded: {error}")
    from host.application import run_host

    with run_host(tmp_path) as running:
        yield running
