"""
Make the screenshot of the panel that the README shows: python Testing/helpers/host/make_screenshots.py [FOLDER]

The module runs in the host of its tests, on a synthetic patient and with the shipped networks: the panel is the
module's own, frames and style are Qt's and not Slicer's.  FOLDER is Resources/Screenshots by default.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "VertebralFractures"), str(ROOT / "Testing")]
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

FRACTURED = "L2"
MOST_SECONDS = 600.0


def main() -> None:
    """Run the module, click Apply, verify one vertebra, select another and grab the panel."""
    from helpers.host.application import run_host
    from VertebralFracturesLib.mrml.nodes.volume import add_volume_node
    from VertebralFracturesLib.simulation.demo_patient import sample_ct

    parser = argparse.ArgumentParser(description="Make the screenshot of the panel that the README shows.")
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "Resources" / "Screenshots")
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    volume = sample_ct(lambda share: None)
    with tempfile.TemporaryDirectory() as settings, run_host(Path(settings)) as host:
        host.ui.inputSelector.setCurrentNode(add_volume_node(host.scene, volume, "Synthetic spine CT"))
        host.click("applyButton")
        host.wait(lambda: host.ui.applyButton.enabled, seconds=MOST_SECONDS)
        for name in ("worklistCollapsibleButton", "displayCollapsibleButton", "supportCollapsibleButton"):
            getattr(host.ui, name).setVisible(False)  # collapsed in Slicer; the host of the tests cannot collapse
        host.ui.readerEdit.setText("A. Reader")
        live = host.widget.studyPanel.live
        live.set_status(0, "verified")
        live.select(live.report.levels.index(FRACTURED))
        host.screenshot(folder / "panel.png")
        print(folder / "panel.png")


if __name__ == "__main__":
    main()
