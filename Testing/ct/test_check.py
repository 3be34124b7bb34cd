"""What is not a CT is refused with the reason and what to do, what is a CT passes, and the body is found in it."""

import numpy as np
import pytest
from helpers.small_ct import body_hu
from numpy.typing import NDArray
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.ct.check import (
    body_bounds_ijk,
    check_is_ct,
    check_spacing,
    fill_padding,
    thick_slice_warnings,
)
from VertebralFracturesLib.errors import NoSpineFound, UnusableInput

MATRIX = np.diag([3.0, 3.0, 3.0, 1.0])


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
    assert_refused(np.clip((hu + 160) * 255 / 400, 0, 255).astype(np.uint8), "like a windowed image")
    assert_refused(magnetic_resonance, "not in Hounsfield units")
    assert_refused(standardized, "not in Hounsfield units")
    assert_refused((hu > 100).astype(np.uint8) * 20, "segmentation")
    assert_refused(np.full_like(hu, 7), "same value")
    assert_refused(np.full(hu.shape, np.nan), "all voxels of the volume are NaN")
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
    assert_refused(hu[:8], "9.6 x 9.6 x 2.4 cm of the body")
    in_air = np.full((60, 36, 36), -1000, np.int16)
    in_air[:8] = hu[:8]
    assert_refused(in_air, "2.4 cm of the body")


@pytest.mark.parametrize("spacing_mm", [(0.05, 1.0, 1.0), (1.0, 1.0, 12.0)])
def test_absurd_spacing_is_refused(spacing_mm: tuple[float, float, float]) -> None:
    assert_refused(body_hu(), "spacing", spacing_mm=spacing_mm)


def test_a_volume_larger_than_a_patient_is_refused() -> None:
    assert_refused(np.zeros((300, 300, 300), np.int8), "2.99 x 2.99 x 2.99 m in size", spacing_mm=(10.0, 10.0, 10.0))


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


def body(shape=(40, 90, 110), centre=(45, 60), half=(20, 35)) -> np.ndarray:
    """An elliptic trunk (k, j, i) in air, its axes along j and i."""
    _, j, i = np.indices(shape)
    inside = ((j - centre[0]) / half[0]) ** 2 + ((i - centre[1]) / half[1]) ** 2 <= 1
    return np.where(inside, 40.0, -1000.0).astype(np.float32)


def assert_holds(bounds, first, last, slack):
    """The box holds voxels first to last and goes at most `slack` voxels beyond them."""
    lower, upper = bounds
    assert (lower <= first).all()
    assert (upper > last).all()
    assert (np.array(first) - lower <= slack).all()
    assert (upper - 1 - np.array(last) <= slack).all()


def test_the_box_holds_the_whole_body_and_little_else():
    bounds = body_bounds_ijk(Volume(body(), MATRIX))
    assert_holds(bounds, (25, 25, 0), (95, 65, 39), slack=6)
    assert bounds[0][2] == 0
    assert bounds[1][2] == 40


def test_table_blanket_and_cables_do_not_count():
    voxels = body()
    voxels[:, 82:84, 5:105] = 100.0  # 6 mm of table
    voxels[:, 10, 10] = 800.0  # a cable
    voxels[:, 15:17, 20:100] = -100.0  # a blanket
    assert_holds(body_bounds_ijk(Volume(voxels, MATRIX)), (25, 25, 0), (95, 65, 39), slack=6)


def test_a_table_that_the_body_lies_on_does_not_count():
    voxels = body()
    voxels[:, 65:67, 2:108] = 100.0
    assert_holds(body_bounds_ijk(Volume(voxels, MATRIX)), (25, 25, 0), (95, 66, 39), slack=7)


def test_arms_beside_the_trunk_do_not_count_but_lungs_within_do():
    voxels = body()
    _, j, i = np.indices(voxels.shape)
    voxels[((j - 45) / 9) ** 2 + ((i - 48) / 10) ** 2 <= 1] = -850.0
    voxels[((j - 12) / 5) ** 2 + ((i - 8) / 4) ** 2 <= 1] = 40.0
    assert_holds(body_bounds_ijk(Volume(voxels, MATRIX)), (25, 25, 0), (95, 65, 39), slack=6)


@pytest.mark.parametrize("margin_mm", [9.0, 30.0])
def test_the_margin_is_in_millimetres_along_each_axis(margin_mm):
    voxels = body((30, 120, 150), (60, 75))
    voxels[:12] = voxels[18:] = -1000.0
    volume = Volume(voxels, np.diag([3.0, 3.0, 8.0, 1.0]))
    close, wide = body_bounds_ijk(volume, 0.0), body_bounds_ijk(volume, margin_mm)
    expected = np.ceil(margin_mm / np.array([3.0, 3.0, 8.0]))
    np.testing.assert_array_equal(close[0] - wide[0], expected)
    np.testing.assert_array_equal(wide[1] - close[1], expected)


def test_the_box_stays_within_the_volume():
    lower, upper = body_bounds_ijk(Volume(np.full((6, 7, 8), 40.0), MATRIX), margin_mm=500.0)
    np.testing.assert_array_equal(lower, 0)
    np.testing.assert_array_equal(upper, [8, 7, 6])


def test_without_a_body_the_whole_volume_stays():
    lower, upper = body_bounds_ijk(Volume(np.full((6, 7, 8), -1000, np.int16), MATRIX))
    np.testing.assert_array_equal(lower, 0)
    np.testing.assert_array_equal(upper, [8, 7, 6])


@pytest.mark.parametrize(("spacing_mm", "is_usual"), [(0.08, False), (0.12, True), (9.0, True), (12.0, False)])
def test_voxels_of_a_ct_have_0_1_to_10_mm(spacing_mm: float, is_usual: bool) -> None:
    if is_usual:
        check_spacing(np.array([1.0, 1.0, spacing_mm]))
    else:
        with pytest.raises(UnusableInput, match="spacing"):
            check_spacing(np.array([1.0, 1.0, spacing_mm]))


def test_slices_above_3_mm_are_thick() -> None:
    assert thick_slice_warnings(2.5) == thick_slice_warnings(3.0) == ()
    assert "3.5 mm" in thick_slice_warnings(3.5)[0]


def box(size_mm: tuple[int, int, int] = (50, 50, 50), bone_voxels: int = 2000, bone_hu: float = 700.0) -> np.ndarray:
    """Soft tissue (right, anterior, superior mm) in air, at 1 mm, with some bone."""
    hu = np.full((60, 60, 60), -1000.0, np.float32)
    x, y, z = size_mm
    tissue = np.full((z, y, x), 40.0, np.float32)
    tissue.reshape(-1)[7 : 7 + 3 * bone_voxels : 3] = bone_hu
    hu[5 : 5 + z, 5 : 5 + y, 5 : 5 + x] = tissue
    return hu


def is_a_body(hu: np.ndarray) -> bool:
    try:
        check_is_ct(volume(hu, (1.0, 1.0, 1.0)))
    except (UnusableInput, NoSpineFound):
        return False
    return True


@pytest.mark.parametrize(
    ("size_mm", "is_enough"),
    [
        ((23, 50, 50), True), ((17, 50, 50), False),
        ((50, 45, 50), True), ((50, 35, 50), False),
        ((50, 50, 45), True), ((50, 50, 35), False),
    ],
)  # fmt: skip
def test_2_by_4_by_4_cm_of_a_body_are_needed(size_mm: tuple[int, int, int], is_enough: bool) -> None:
    assert is_a_body(box(size_mm)) == is_enough


@pytest.mark.parametrize(("hounsfield", "counts"), [(-350.0, True), (-450.0, False)])
def test_a_body_is_denser_than_lung(hounsfield: float, counts: bool) -> None:
    hu = box((12, 50, 50))
    hu[5:55, 5:55, 17:35] = hounsfield
    assert is_a_body(hu) == counts


@pytest.mark.parametrize(("hounsfield", "is_bone"), [(230.0, True), (170.0, False)])
def test_bone_is_denser_than_soft_tissue(hounsfield: float, is_bone: bool) -> None:
    assert is_a_body(box(bone_hu=hounsfield)) == is_bone


@pytest.mark.parametrize(("voxels", "is_enough"), [(72, True), (52, False)])
def test_a_body_holds_some_bone(voxels: int, is_enough: bool) -> None:
    """Of 125 000 voxels."""
    assert is_a_body(box(bone_voxels=voxels)) == is_enough


@pytest.mark.parametrize(("hounsfield", "voxels", "is_clipped"), [
    (500.0, 2000, True), (700.0, 2000, False), (500.0, 12, True), (500.0, 9, False),
])  # fmt: skip
def test_bone_is_clipped_where_many_voxels_have_the_greatest_intensity(
    hounsfield: float, voxels: int, is_clipped: bool
) -> None:
    """Of 216 000 voxels."""
    hu = box(bone_hu=400.0)
    hu[hu == 400.0] = np.linspace(300, 450, (hu == 400.0).sum())
    places = np.argwhere(hu == 40.0)[:voxels]
    hu[tuple(places.T)] = hounsfield
    assert any("clipped" in warning for warning in check_is_ct(volume(hu, (1.0, 1.0, 1.0)))) == is_clipped
