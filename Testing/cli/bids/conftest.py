"""The oracle of the other commands stands in for the networks here, too."""

from pathlib import Path

import pytest
from helpers.bids_tree import write_bids_tree


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """A small BIDS data set."""
    return write_bids_tree(tmp_path / "raw")
