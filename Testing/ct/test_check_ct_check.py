"""What is not a CT is refused with the reason and what to do; what is a CT passes."""

import numpy as np
import pytest
from helpers.small_ct import body_hu
from numpy.typing import NDArray
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.ct.check import check_is_ct, fill_padding
from VertebralFracturesLib.errors import NoSpineFound, UnusableInput


def volume(voxels: NDArray, spacing_mm: tuple[float, float, float] = (3.0, 3.0, 3.0)) -> Volume:
    return Volume(voxels, np.diag([*spacing_mm, 1.0]))


def assert_refused(voxels: NDArray, expected: str, **kwargs: tuple[float, float, float]) -> None:
    with pytest.raises(UnusableInput) as raised:
        check_is_ct(volume(voxels, **kwargs))
    assert expected in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_ct_passes_with_padding_or_without_air() -> None:
    hu = body_hu()
    assert check_is_ct(volume(hu)) == ()
    padded = np.where(hu < -900, -3024, hu)
    assert check_is_ct(volume(padded)) == ()
    assert check_is_ct(volume(hu[:, 6:30, 6:30])) == ()


def test_thick_slices_and_clipped_bone_are_warned_about() -> None:
    hu = body_hu()
    assert "5 mm" in check_is_ct(volume(hu, (1.5, 1.5, 5.0)))[0]
    assert "clipped" in check_is_ct(volume(np.minimum(hu, 400)))[0]


def test_a_shifted_ct_is_told_from_its_soft_tissue() -> None:
    hu = body_hu()
    assert_refused(hu + 1024, "offset of +1024")
    padded = np.where(hu < -900, -2000, hu + 1024)
    assert_refused(padded, "offset of +1024")


def test_other_images_are_refused() -> None:
    hu = body_hu()
    generator = np.random.default_rng(0)
    magnetic_resonance = np.where(hu > -500, 400 + 200 * generator.random(hu.shape), 10 * generator.random(hu.shape))
    standardized = (magnetic_resonance - magnetic_resonance.mean()) / magnetic_resonance.std()
    assert_refused(np.clip((hu + 160) * 255 / 400, 0, 255).astype(np.uint8), "windowed picture")
    assert_refused(magnetic_resonance, "neither air nor fat")
    assert_refused(standardized, "neither air nor fat")
    assert_refused((hu > 100).astype(np.uint8) * 20, "segmentation")
    assert_refused(np.full_like(hu, 7), "same value")
    assert_refused(np.full(hu.shape, np.nan), "no numbers")
    assert_refused(np.where(hu > -500, hu * 10 + 3000, hu), "Hounsfield units")


def test_a_ct_without_bone_has_no_spine() -> None:
    with pytest.raises(NoSpineFound, match="no bone"):
        check_is_ct(volume(np.minimum(body_hu(), 150)))


def test_soft_bone_is_not_taken_for_clipped_bone() -> None:
    soft = np.clip(body_hu(), -1024, 590)
    soft[soft == 590] = 500 + np.random.default_rng(0).integers(0, 90, (soft == 590).sum())
    soft[15, 20, 20] = 590
    assert check_is_ct(volume(soft)) == ()


def test_too_little_body_is_refused_with_its_size() -> None:
    hu = body_hu()
    assert_refused(hu[:8], "9.6 x 9.6 x 2.4 cm of body")
    in_air = np.full((60, 36, 36), -1000, np.int16)
    in_air[:8] = hu[:8]
    assert_refused(in_air, "2.4 cm of body")


@pytest.mark.parametrize("spacing_mm", [(0.05, 1.0, 1.0), (1.0, 1.0, 12.0)])
def test_absurd_spacing_is_refused(spacing_mm: tuple[float, float, float]) -> None:
    assert_refused(body_hu(), "spacing", spacing_mm=spacing_mm)


def test_padding_is_filled_in_place_where_it_can_be() -> None:
    hu = body_hu()
    hu[0, 0, 0] = -3024
    filled, warnings = fill_padding(hu)
    assert np.shares_memory(filled, hu)
    assert filled[0, 0, 0] == -1024
    assert warnings == ()
    locked = np.full((2, 2, 2), -2048, np.int16)
    locked.flags.writeable = False
    filled, _ = fill_padding(locked)
    assert (filled == -1024).all()
    assert (locked == -2048).all()
