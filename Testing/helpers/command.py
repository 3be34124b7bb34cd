"""The command line in tests: an analysis without networks, a process, and what an error looks like."""

import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
from helpers.repository import MODULE
from VertebralFracturesLib.core.report import SpineReport, Vertebra
from VertebralFracturesLib.core.spine_curve import SpineCurve
from VertebralFracturesLib.core.volume import Volume

COMMAND = "import sys; from VertebralFracturesLib.cli.main import main; sys.exit(main())"


def run_process(
    *arguments: object, code: str = COMMAND, environment: Mapping[str, str] | None = None, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Run the command as users do, in a process of its own.

    :param environment: what differs from that of this process and the repository's library.
    """
    variables = {**os.environ, "PYTHONPATH": str(MODULE), **(environment or {})}
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=variables, check=False, **options)


def oracle(
    volume: Volume, models: object, *, preset: str, input: dict[str, Any] | None = None, **_: object
) -> SpineReport:
    """Three vertebrae in the middle of the volume, the second one a wedge."""
    centre = volume.corners_ras().mean(0)
    vertebrae = []
    for place, (level, anterior_mm) in enumerate((("T11", 20.0), ("T12", 13.0), ("L1", 20.0))):
        heights = np.array([anterior_mm, 0.5 * (anterior_mm + 20.0), 20.0])
        points = centre + np.array([[0.0, 0.0, 26.0 * (1 - place)]]).repeat(6, 0)
        points[:, 1] += np.array([12.0, 12.0, 0.0, 0.0, -12.0, -12.0])
        points[:, 2] += np.repeat(heights / 2, 2) * np.tile([1, -1], 3)
        vertebrae.append(Vertebra(points, 0.9, np.full(6, 0.5), level, 0.9))
    curve = SpineCurve(centre + np.array([[0, 0, z] for z in np.arange(38.0, -39.0, -4.0)]), np.ones(20))
    return SpineReport("test", input or {}, "anchor-free", preset, curve, tuple(vertebrae), warnings=("a warning",))


def assert_one_error_line(stderr: str, expected: str) -> None:
    """One line that is no progress, with the reason."""
    lines = [line for line in stderr.splitlines() if line.startswith("vertebral-fractures: ")]
    assert len(lines) == 1, stderr
    assert expected in lines[0]
    assert "Traceback" not in stderr
