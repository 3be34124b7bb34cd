"""Slices as a stack: in order, without copies and holes, each at the place where it was measured."""

from pathlib import Path

import numpy as np
import pytest
from helpers.ramp_series import assert_is_ramp, rotated, write_ramp_series
from helpers.small_ct import body_hu, write_series, write_slice
from numpy.typing import NDArray
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.io.ct import read_input, read_volume
from VertebralFracturesLib.io.dicom import list_series
from VertebralFracturesLib.io.dicom_stack import Stack, one_stack


@pytest.mark.parametrize("degrees", [(0, 0, 0), (90, 0, 0), (0, 90, 0), (12, -7, 30), (180, 5, 0)])
@pytest.mark.parametrize("direction", [1, -1])
def test_series_of_any_orientation_lie_where_they_were_measured(
    tmp_path: Path, degrees: tuple[float, float, float], direction: int
) -> None:
    orientation = rotated(degrees)
    normal = direction * np.cross(*orientation)
    positions = np.array([5.0, -20.0, 100.0]) + np.outer(np.arange(9) * 2.0, normal)
    volume = read_volume(write_ramp_series(tmp_path, positions, orientation))
    assert volume.shape == (9, 12, 12)
    assert volume.voxels.dtype == np.int16
    np.testing.assert_allclose(volume.spacing_mm, [1.5, 1.5, 2.0], atol=1e-4)
    assert_is_ramp(volume)


def test_gantry_tilt_is_kept_as_a_shear(tmp_path: Path) -> None:
    orientation = rotated((15, 0, 0))
    positions = np.outer(np.arange(10), [0.0, 0.0, 2.0])
    read = read_input(write_ramp_series(tmp_path, positions, orientation))
    assert_is_ramp(read.image)
    assert any("tilt of 15.0 degrees" in warning for warning in read.warnings)


def test_missing_slices_are_bridged_at_their_places(tmp_path: Path) -> None:
    positions = np.outer(np.delete(np.arange(14), [4, 5, 9]) * 1.5, [0.0, 0.0, 1.0])
    read = read_input(write_ramp_series(tmp_path, positions, rotated((0, 0, 0))))
    assert read.image.shape[0] == 14
    assert_is_ramp(read.image, 1.1)
    assert any("3 missing slices were interpolated" in warning for warning in read.warnings)


def test_uneven_distances_are_interpolated(tmp_path: Path) -> None:
    along = np.cumsum([0.0, 2, 2, 2, 2, 3, 3, 3, 3])
    read = read_input(write_ramp_series(tmp_path, np.outer(along, [0.0, 0.0, 1.0]), rotated((0, 0, 0))))
    np.testing.assert_allclose(read.image.spacing_mm[2], 2.0)
    assert_is_ramp(read.image, 1.1)
    assert any("vary from 2 to 3 mm" in warning for warning in read.warnings)


def test_positions_rounded_by_the_scanner_are_even(tmp_path: Path) -> None:
    positions = np.outer(np.round(np.arange(20) * 1.25, 1), [0.0, 0.0, 1.0])
    read = read_input(write_ramp_series(tmp_path, positions, rotated((0, 0, 0))))
    assert read.image.shape[0] == 20
    assert read.warnings == ()


def test_duplicate_slices_are_dropped(tmp_path: Path) -> None:
    positions = np.outer(np.arange(8) * 2.0, [0.0, 0.0, 1.0])
    folder = write_ramp_series(tmp_path, np.vstack([positions, positions[2:4]]), rotated((0, 0, 0)))
    read = read_input(folder)
    assert read.image.shape[0] == 8
    assert_is_ramp(read.image)
    assert any("2 duplicate slices" in warning for warning in read.warnings)


def test_phases_that_the_headers_tell_apart_give_the_first(tmp_path: Path) -> None:
    for phase in range(3):
        write_series(tmp_path / str(phase), body_hu() + phase, AcquisitionNumber=phase + 4)
    read = read_input(tmp_path)
    np.testing.assert_array_equal(read.image.voxels, body_hu())
    assert any("3 phases" in warning for warning in read.warnings)


def test_images_of_another_size_are_left_out(tmp_path: Path) -> None:
    write_series(tmp_path, body_hu())
    write_slice(tmp_path / "dose.dcm", body_hu()[0, :20, :20], (0, 0, 500))
    read = read_input(tmp_path)
    assert read.image.shape[0] == 30
    assert any("another size" in warning for warning in read.warnings)


def stack_of(folder: Path, positions_lps: NDArray) -> Stack:
    """The stack of a series of slices at these positions."""
    series = list_series(write_ramp_series(folder, positions_lps, rotated((0, 0, 0))))[0]
    return Stack.of(one_stack(series.slices, "series")[0])


def moved(index: int, by_mm: tuple[float, float, float]) -> NDArray:
    """Positions of nine slices of 2 mm, one of them moved."""
    positions = np.outer(np.arange(9) * 2.0, [0.0, 0.0, 1.0])
    positions[index] += by_mm
    return positions


@pytest.mark.parametrize(("off_mm", "is_even"), [(0.08, True), (0.12, False)])
def test_places_off_by_what_headers_round_away_are_even(tmp_path: Path, off_mm: float, is_even: bool) -> None:
    assert stack_of(tmp_path, moved(4, (0, 0, off_mm))).is_even == is_even


def test_a_slice_beside_the_line_of_the_others_is_refused(tmp_path: Path) -> None:
    assert stack_of(tmp_path / "near", moved(4, (0.4, 0, 0))).slice_count == 9
    with pytest.raises(UnusableInput, match=r"lies 0\.6 mm off the line of the others"):
        stack_of(tmp_path / "far", moved(4, (0.6, 0, 0)))


@pytest.mark.parametrize(("degrees", "is_told"), [(0.08, False), (0.12, True)])
def test_a_tilt_is_told(tmp_path: Path, degrees: float, is_told: bool) -> None:
    positions = np.outer(np.arange(40) * 5.0, [0.0, np.tan(np.radians(degrees)), 1.0])
    assert any("tilt" in warning for warning in stack_of(tmp_path, positions).warnings()) == is_told


def test_a_hole_that_would_hide_an_endplate_is_refused(tmp_path: Path) -> None:
    along = np.r_[0.0:11:2, 15.5:25:2]
    stack = stack_of(tmp_path / "bridged", np.outer(along, [0.0, 0.0, 1.0]))
    assert np.diff(stack.along_mm).max() == 5.5
    along = np.r_[0.0:11:2, 16.5:25:2]
    with pytest.raises(UnusableInput, match=r"slices are missing: 6\.5 mm"):
        stack_of(tmp_path / "refused", np.outer(along, [0.0, 0.0, 1.0]))


def test_thick_slices_side_by_side_leave_no_hole(tmp_path: Path) -> None:
    assert stack_of(tmp_path, np.outer(np.arange(8) * 8.0, [0.0, 0.0, 1.0])).step_mm == 8.0
