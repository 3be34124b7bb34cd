"""The picture of a stress test: projections with the curves, and the straightened slice with the bodies."""

import numpy as np
import pytest
from VertebralFracturesLib.core.report import SpineReport, Vertebra
from VertebralFracturesLib.core.spine_curve import SpineCurve
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.evaluation.stress_tests.annotated_scan import AnnotatedScan
from VertebralFracturesLib.evaluation.stress_tests.figure import VIEW_MM, figure

CURVE = SpineCurve(np.array([[20.0, 30.0, z] for z in (-10.0, -36.0, -63.0, -90.0)]), np.ones(4))
BODY = np.array([[20, 30 + y, -40 + z] for y in (15, 0, -15) for z in (10, -10)], float)


@pytest.fixture
def scan() -> AnnotatedScan:
    """A bright column along the curve, in a volume of 100 mm a side from (0, 0, -100)."""
    voxels = np.full((50, 50, 50), -1000, np.int16)
    voxels[:, 12:18, 7:13] = 900
    matrix = np.diag([2.0, 2.0, 2.0, 1.0])
    matrix[2, 3] = -100
    return AnnotatedScan(Volume(voxels, matrix), ("L1",), BODY[None], CURVE)


def test_the_column_is_bright_where_the_curve_runs(scan) -> None:
    shown = figure(scan, None)
    for view, middle_mm in ((shown.frontal, 20.0), (shown.lateral, 30.0)):
        rows, columns = view.image.shape
        assert (rows, columns) == (round(100 / VIEW_MM), round(100 / VIEW_MM))
        brightest = view.image.mean(0).argmax()
        assert brightest == pytest.approx((columns - 1) - middle_mm / VIEW_MM, abs=1.5)
        assert np.median(view.reference[:, 0]) == pytest.approx((columns - 1) - middle_mm / VIEW_MM, abs=1.0)
        assert (np.diff(view.reference[:, 1]) > 0).all()
        assert view.image.max() == 255
        assert len(view.found) == 0


def test_the_slice_runs_along_what_was_found_and_holds_both_bodies(scan) -> None:
    aside = SpineCurve(CURVE.points_ras + [0.0, 4.0, 0.0], np.ones(4))
    vertebra = Vertebra(BODY + [0.0, 4.0, 0.0], 0.9, np.ones(6))
    shown = figure(scan, SpineReport("test", {}, "anchor", "genant", aside, (vertebra,)))
    assert shown.straightened is not None
    assert shown.found_mm.shape == shown.reference_mm.shape == (1, 6, 2)
    np.testing.assert_allclose(shown.reference_mm - shown.found_mm, np.tile([4.0, 0.0], (1, 6, 1)), atol=0.05)
    assert len(shown.lateral.found) == len(shown.lateral.reference) > 0


def test_without_a_spine_there_is_no_slice(scan) -> None:
    shown = figure(AnnotatedScan(scan.volume), None)
    assert shown.straightened is None
    assert len(shown.reference_mm) == len(shown.found_mm) == len(shown.frontal.reference) == 0
