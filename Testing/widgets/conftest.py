import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


@pytest.fixture
def host(tmp_path: Path) -> Iterator:
    """A running module in a small stand-in for Slicer; skipped where Qt's libraries cannot be loaded."""
    with _run_host(tmp_path) as running:
        yield running


@pytest.fixture
def headless_host(tmp_path: Path) -> Iterator:
    """The module loaded, in a Slicer without main window."""
    with _run_host(tmp_path, has_window=False) as running:
        yield running


def _run_host(*arguments: Any, **options: Any) -> Any:
    try:
        import PySide6.QtWidgets  # noqa: F401
    except ImportError as error:
        pytest.skip(f"PySide6 cannot be loaded: {error}")
    from helpers.host.application import run_host

    return run_host(*arguments, **options)


@pytest.fixture
def studied(host, synthetic_ct, synthetic_report):
    """The module with the study of the synthetic patient, as the networks found it."""
    from VertebralFracturesLib.mrml.nodes.volume import add_volume_node
    from VertebralFracturesLib.mrml.study.creation import create_study

    node = add_volume_node(host.scene, synthetic_ct, "CT")
    create_study(host.scene, node, synthetic_report)
    host.widget.exit()
    host.widget.enter()
    return host


@pytest.fixture
def straightened_view(studied):
    """The real slice view that shows the straightened spine."""
    from helpers.slice_view import SliceView

    view = SliceView(studied.application, "Yellow+", (500, 700))
    yield view
    view.close()


@pytest.fixture(scope="session")
def spine_volume():
    """The synthetic spine that :func:`helpers.panel.truth` describes."""
    from helpers.panel import CURVE
    from helpers.synthetic_spine import lps_volume

    return lps_volume(CURVE)


@pytest.fixture
def volume_node(host, spine_volume):
    """It in the scene, chosen in the panel."""
    from VertebralFracturesLib.mrml.nodes.volume import add_volume_node

    node = add_volume_node(host.scene, spine_volume, "CT")
    host.ui.inputSelector.setCurrentNode(node)
    return node


@pytest.fixture
def measured(host, volume_node):
    """The module with the study of it, by an analysis that knows the truth."""
    from helpers.panel import analysis, apply

    host.widget.logic.analyzer.analyze = analysis()
    apply(host)
    return host
