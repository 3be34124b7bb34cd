"""Where a test is about the command and not about what the networks find, an oracle stands in for them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers.command import oracle
from helpers.small_ct import body_hu, write_image


@pytest.fixture
def an_oracle(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], None]:
    """Puts a function in the place of the networks."""

    def use(analyze: Any = oracle) -> None:
        monkeypatch.setattr("VertebralFracturesLib.networks.weights.load_models", lambda device, detector, **_: None)
        monkeypatch.setattr("VertebralFracturesLib.ct.pipeline.analyze", analyze)

    use()
    return use


@pytest.fixture
def a_ct(tmp_path: Path) -> Path:
    """A small CT on the disk."""
    return write_image(tmp_path / "chest.nii.gz", body_hu())
