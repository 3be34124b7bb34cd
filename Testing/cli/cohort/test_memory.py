"""Memory of a process: its peak and its limit."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers.repository import MODULE
from VertebralFracturesLib.cli.cohort.memory import (
    available_mb,
    free_unused,
    peak_mb,
    reset_peak,
    resident_mb,
    usable_cores,
)

IS_LINUX = Path("/proc/self/statm").exists()
pytestmark = pytest.mark.skipif(not IS_LINUX, reason="memory is watched on Linux only")

LIMITED = """
import sys
sys.path.insert(0, sys.argv[1])
from VertebralFracturesLib.cli.cohort.memory import limit_memory
limit_memory(float(sys.argv[2]))
try:
    block = bytearray(400 << 20)
except MemoryError:
    print("refused")
"""


@pytest.mark.parametrize(("limit", "printed"), [("200", "refused"), ("2000", "")])
def test_memory_beyond_the_limit_is_refused(limit: str, printed: str) -> None:
    command = [sys.executable, "-c", LIMITED, str(MODULE), limit]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() == printed


def test_the_peak_is_that_of_one_case() -> None:
    import os

    free_unused()
    reset_peak()
    before = peak_mb()
    assert before is not None
    block = np.ones(100 << 17)  # 100 MB
    resident, peak = resident_mb(os.getpid()), peak_mb()
    assert resident is not None
    assert peak is not None
    assert peak > before + 90
    assert resident > 90
    del block
    free_unused()
    reset_peak()
    after = peak_mb()
    assert after is not None
    assert after < peak - 90


def test_what_there_is_to_use() -> None:
    free = available_mb()
    assert free is not None
    assert free > 10
    assert usable_cores() >= 1
    assert resident_mb(2**22 + 1) is None
