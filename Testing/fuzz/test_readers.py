"""Damaged files of every format, each in a process of its own: read or refused in one line, nothing else."""

import os
import sys
import time
from pathlib import Path

import numpy as np
import pytest

if not hasattr(os, "fork"):
    pytest.skip("processes are forked on POSIX systems only", allow_module_level=True)

sys.path.insert(0, str(Path(__file__).parent))
from fuzz_readers import GOOD, SEEDS, damaged, fuzz, in_a_process


@pytest.mark.parametrize("name", SEEDS)
def test_a_damaged_file_is_read_or_refused_in_one_line(name: str) -> None:
    results = fuzz(name, range(10), seed=0)
    assert [result for result in results if result[1] not in GOOD] == []


def test_what_goes_wrong_in_a_process_is_noticed() -> None:
    assert in_a_process(lambda: "digest") == ("accepted", "digest")
    assert in_a_process(lambda: str(os.write(2, b"line"))) == ("noise", "line")
    assert in_a_process(lambda: str(1 / 0)) == ("traceback", "ZeroDivisionError: division by zero")
    assert in_a_process(lambda: str(os.kill(os.getpid(), 9)))[0] == "death"
    assert in_a_process(lambda: str(time.sleep(9)), time_limit_s=0.1)[0] == "hang"
    assert in_a_process(lambda: str(np.ones(1 << 40).sum()))[0] == "memory"


def test_a_seed_gives_the_same_damage_again() -> None:
    data = bytes(range(256)) * 8
    once, again = (damaged(data, np.random.default_rng(5)) for _ in range(2))
    assert once == again
    assert once[0] != data
