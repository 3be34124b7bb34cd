"""Where a test is about the command and not about what the networks find, an oracle stands in for them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers.command import oracle
from helpers.small_ct import body_hu, write_image
from VertebralFracturesLib.networks.ct_networks import TrainedCtNetworks
from VertebralFracturesLib.networks.spine_curve_net import SpineCurveNet
from VertebralFracturesLib.networks.vertebra_net import VertebraNet


@pytest.fixture
def an_oracle(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], None]:
    """Puts a function in the place of the networks."""

    def use(analyze: Any = oracle) -> None:
        networks = TrainedCtNetworks(SpineCurveNet(), VertebraNet(), {})
        monkeypatch.setattr("VertebralFracturesLib.networks.ct_networks.load_ct_networks", lambda *_: networks)
        monkeypatch.setattr("VertebralFracturesLib.analyzer.analyze_ct", analyze)

    use()
    return use


@pytest.fixture
def a_ct(tmp_path: Path) -> Path:
    """A small CT on the disk."""
    return write_image(tmp_path / "chest.nii.gz", body_hu())
