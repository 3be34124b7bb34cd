"""Reading: every format comes out at the right place in the patient, every unusable input with one clear line."""

import gzip
import re
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from helpers.small_ct import SERIES, body_hu, write_image, write_series, write_slice
from numpy.typing import NDArray
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.ct.check import check_is_ct
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.io.ct import read_input, read_volume
from VertebralFracturesLib.io.dicom import list_series

SLOPE_PER_MM = np.array([1.0, 2.0, -3.0])  # of the ramp's HU along R, A, S


def ramp_hu(points_ras: NDArray) -> NDArray:
    """Intensities that tell where in the patient they were measured."""
    return points_ras @ SLOPE_PER_MM


def voxel_positions_ras(volume: Volume) -> NDArray:
    """(k, j, i, 3) RAS centres of all voxels."""
    k, j, i = volume.shape
    ijk = np.stack(np.meshgrid(range(i), range(j), range(k), indexing="ij"), -1).transpose(2, 1, 0, 3)
    return ijk @ volume.ijk_to_ras[:3, :3].T + volume.ijk_to_ras[:3, 3]


def ramp_slice(position_lps: NDArray, orientation_lps: NDArray, spacing: float, size: int = 12) -> NDArray:
    """One slice of the ramp at a place in the patient."""
    rows, columns = np.mgrid[:size, :size]
    points = position_lps + spacing * (columns[..., None] * orientation_lps[0] + rows[..., None] * orientation_lps[1])
    return ramp_hu(points * [-1, -1, 1])


def write_ramp_series(folder: Path, positions_lps: NDArray, orientation_lps: NDArray, **tags: object) -> Path:
    """A DICOM series of the ramp, file names against the order of the positions."""
    for index, position in enumerate(positions_lps):
        name = f"{len(positions_lps) - index if index % 2 else index:03d}-{index}.dcm"
        header = {"ImageOrientationPatient": list(np.ravel(orientation_lps)), "PixelSpacing": [1.5, 1.5], **tags}
        write_slice(folder / name, ramp_slice(position, orientation_lps, 1.5), position, **header)
    return folder


def assert_is_ramp(volume: Volume, tolerance_hu: float = 0.6) -> None:
    """Every voxel holds the intensity of its place."""
    np.testing.assert_allclose(volume.voxels, ramp_hu(voxel_positions_ras(volume)), atol=tolerance_hu)


def rotated(degrees: tuple[float, float, float]) -> NDArray:
    """Row and column directions of an oblique slice."""
    transform = sitk.Euler3DTransform((0, 0, 0), *np.radians(degrees))
    return np.reshape(transform.GetMatrix(), (3, 3)).T[:2]


# ---------------------------------------------------------------------------------------------------- image files


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd"])
def test_image_formats_keep_type_intensities_and_place(tmp_path: Path, suffix: str) -> None:
    image = sitk.Image([7, 6, 5], sitk.sitkInt16)
    image.SetSpacing((0.8, 0.9, 2.5))
    image.SetOrigin((-31.0, 12.5, 403.0))
    directions = sitk.Euler3DTransform((0, 0, 0), 0.3, -0.2, 0.1).GetMatrix()
    image.SetDirection(directions)
    voxels = np.arange(image.GetNumberOfPixels(), dtype=np.int16).reshape(5, 6, 7) - 100
    filled = sitk.GetImageFromArray(voxels)
    filled.CopyInformation(image)
    path = tmp_path / f"ct{suffix}"
    sitk.WriteImage(filled, str(path))

    read = read_input(path)

    assert read.volume.voxels.dtype == np.int16
    np.testing.assert_array_equal(read.volume.voxels, voxels)
    for index in ((0, 0, 0), (6, 0, 0), (0, 5, 0), (3, 2, 4)):
        lps = np.array(filled.TransformIndexToPhysicalPoint(index))
        np.testing.assert_allclose(read.volume.ijk_to_ras @ [*index, 1], [*(lps * [-1, -1, 1]), 1], atol=1e-3)
    assert read.description["shape"] == [7, 6, 5]
    assert read.description["spacing_mm"] == pytest.approx([0.8, 0.9, 2.5], abs=1e-4)


def test_nifti_in_metres_and_micrometres_comes_out_in_mm(tmp_path: Path) -> None:
    path = write_image(tmp_path / "ct.nii", body_hu())
    content = bytearray(path.read_bytes())
    for units, factor in ((1, 1e-3), (3, 1e3)):
        scaled = content.copy()
        scaled[123] = units
        for offset in (*range(80, 92, 4), *range(268, 280, 4), *range(280, 328, 4)):
            value = np.frombuffer(scaled[offset : offset + 4], "<f4")[0] * factor
            scaled[offset : offset + 4] = np.float32(value).tobytes()
        path.write_bytes(scaled)
        np.testing.assert_allclose(read_volume(path).spacing_mm, 3.0, rtol=1e-4)


def test_nifti_with_one_time_point_is_a_volume(tmp_path: Path) -> None:
    path = tmp_path / "ct.nii.gz"
    image = sitk.JoinSeries([sitk.GetImageFromArray(body_hu())])
    sitk.WriteImage(image, str(path))
    assert read_volume(path).shape == (30, 36, 36)


def test_double_precision_is_read_as_single(tmp_path: Path) -> None:
    path = write_image(tmp_path / "ct.nrrd", body_hu().astype(np.float64))
    assert read_volume(path).voxels.dtype == np.float32


def test_padding_and_missing_numbers_become_air(tmp_path: Path) -> None:
    voxels = body_hu().astype(np.float32)
    voxels[:, 0] = -3024
    voxels[0, 1, :5] = np.nan
    voxels[0, 2, :5] = np.inf
    read = read_input(write_image(tmp_path / "ct.nrrd", voxels))
    assert np.isfinite(read.volume.voxels).all()
    assert read.volume.voxels.min() == -1024
    assert read.volume.voxels[0, 2, 0] == -1024
    assert any("NaN" in warning for warning in read.warnings)
    check_is_ct(read.volume)


def broken_nifti(tmp_path: Path, offset: int, content: bytes) -> Path:
    """A NIfTI with some bytes of its header replaced."""
    path = write_image(tmp_path / "ct.nii", body_hu())
    data = bytearray(path.read_bytes())
    data[offset : offset + len(content)] = content
    path.write_bytes(data)
    return path


def test_unusable_image_files_are_refused_with_one_line(tmp_path: Path) -> None:
    ct = body_hu()
    empty, text, cut = tmp_path / "empty.nii.gz", tmp_path / "text.nii", tmp_path / "cut.nii.gz"
    empty.write_bytes(b"")
    text.write_text("no image")
    cut.write_bytes(gzip.compress(np.random.default_rng(0).bytes(5000))[:-3000])
    lonely_header = write_image(tmp_path / "lonely.mhd", ct)
    (tmp_path / "lonely.raw").unlink()
    shortened = write_image(tmp_path / "short.nrrd", ct)
    shortened.write_bytes(shortened.read_bytes()[:2000])
    colour = tmp_path / "colour.mha"
    sitk.WriteImage(sitk.GetImageFromArray(np.zeros((5, 5, 5, 3), np.uint8), isVector=True), str(colour))
    four = tmp_path / "four.nii.gz"
    sitk.WriteImage(sitk.JoinSeries([sitk.GetImageFromArray(ct)] * 2), str(four))
    notes = tmp_path / "notes.txt"
    notes.write_text("no image")
    picture = tmp_path / "picture.png"
    sitk.WriteImage(sitk.GetImageFromArray(np.zeros((5, 5), np.uint8)), str(picture))
    cases = {
        tmp_path / "absent.nii.gz": "no such file",
        empty: "empty",
        text: "damaged",
        cut: "damaged",
        lonely_header: "damaged",
        shortened: "damaged",
        notes: "unknown file format",
        picture: "use 'vertebral-fractures radiograph'",
        colour: "colour",
        four: "4D",
        write_image(tmp_path / "flat.nrrd", ct[0]): "2D",
        write_image(tmp_path / "single.nii.gz", ct[:1]): "2D",
        write_image(tmp_path / "fine.nrrd", ct, (0.01, 3, 3)): "spacing of 0.01",
        write_image(tmp_path / "coarse.mha", ct, (3, 3, 25)): "spacing of 3 x 3 x 25",
    }
    for path, expected in cases.items():
        assert_refused(path, expected)


@pytest.mark.parametrize(
    ("offset", "content", "expected"),
    [
        (80, np.zeros(3, "<f4").tobytes(), "spacing of 0 x 0 x 0"),
        (88, np.array([np.nan], "<f4").tobytes(), "spacing"),
        (252, bytes(4), "how the patient lies"),
    ],
)
def test_nifti_headers_that_itk_would_guess_around_are_refused(
    tmp_path: Path, offset: int, content: bytes, expected: str
) -> None:
    assert_refused(broken_nifti(tmp_path, offset, content), expected)


def test_sheared_nifti_is_refused_in_words(tmp_path: Path) -> None:
    sheared = np.array([[3, 0, 0, 0], [0, 3, 1.5, 0], [0, 0, 3, 0]], "<f4")
    path = broken_nifti(tmp_path, 280, sheared.tobytes())
    data = bytearray(path.read_bytes())
    data[252:256] = np.array([0, 1], "<i2").tobytes()
    path.write_bytes(data)
    assert_refused(path, "sheared")


def test_series_of_an_image_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match="DICOM folders"):
        read_input(write_image(tmp_path / "ct.nrrd", body_hu()), series="1")


def assert_refused(path: Path, expected: str, series: str | None = None) -> None:
    """Reading ends in one line that names the input and the reason."""
    with pytest.raises(UnusableInput) as raised:
        read_input(path, series)
    line = str(raised.value)
    assert expected in line, line
    assert str(path) in line
    assert "\n" not in line


# ---------------------------------------------------------------------------------------------------- DICOM geometry


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
    assert_is_ramp(read.volume)
    assert any("tilt of 15.0 degrees" in warning for warning in read.warnings)


def test_missing_slices_are_bridged_at_their_places(tmp_path: Path) -> None:
    positions = np.outer(np.delete(np.arange(14), [4, 5, 9]) * 1.5, [0.0, 0.0, 1.0])
    read = read_input(write_ramp_series(tmp_path, positions, rotated((0, 0, 0))))
    assert read.volume.shape[0] == 14
    assert_is_ramp(read.volume, 1.1)
    assert any("3 slices missing" in warning for warning in read.warnings)


def test_uneven_distances_are_interpolated(tmp_path: Path) -> None:
    along = np.cumsum([0.0, 2, 2, 2, 2, 3, 3, 3, 3])
    read = read_input(write_ramp_series(tmp_path, np.outer(along, [0.0, 0.0, 1.0]), rotated((0, 0, 0))))
    np.testing.assert_allclose(read.volume.spacing_mm[2], 2.0)
    assert_is_ramp(read.volume, 1.1)
    assert any("2 to 3 mm" in warning for warning in read.warnings)


def test_positions_rounded_by_the_scanner_are_even(tmp_path: Path) -> None:
    positions = np.outer(np.round(np.arange(20) * 1.25, 1), [0.0, 0.0, 1.0])
    read = read_input(write_ramp_series(tmp_path, positions, rotated((0, 0, 0))))
    assert read.volume.shape[0] == 20
    assert read.warnings == ()


def test_duplicate_slices_are_dropped(tmp_path: Path) -> None:
    positions = np.outer(np.arange(8) * 2.0, [0.0, 0.0, 1.0])
    folder = write_ramp_series(tmp_path, np.vstack([positions, positions[2:4]]), rotated((0, 0, 0)))
    read = read_input(folder)
    assert read.volume.shape[0] == 8
    assert_is_ramp(read.volume)
    assert any("2 duplicate slices" in warning for warning in read.warnings)


def test_each_slice_has_its_own_rescale(tmp_path: Path) -> None:
    hu = body_hu()
    for index, one in enumerate(hu):
        header = {"RescaleIntercept": -1024 - 10 * index, "RescaleSlope": 1}
        write_slice(tmp_path / f"{index}.dcm", one, (0, 0, 3 * index), **header)
    np.testing.assert_array_equal(read_volume(tmp_path).voxels, hu)


def test_ge_padding_becomes_air(tmp_path: Path) -> None:
    hu = body_hu().astype(np.int32)
    hu[:, :3, :3] = -3024
    header = {"PixelRepresentation": 0, "RescaleIntercept": -4000}
    assert read_volume(write_series(tmp_path, hu, **header)).voxels.min() == -1024


def test_enhanced_multi_frame_ct_lies_where_its_frames_say(tmp_path: Path) -> None:
    orientation = rotated((0, 0, 0))
    order = np.random.default_rng(2).permutation(9)
    positions = np.array([5.0, -20.0, 100.0]) + np.outer(order * 2.0, [0.0, 0.0, 1.0])
    frames = np.array([ramp_slice(position, orientation, 1.5) for position in positions])
    path = write_slice(tmp_path / "multi.dcm", frames, None)
    dataset = pydicom.dcmread(path)
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = pydicom.uid.EnhancedCTImageStorage
    dataset.NumberOfFrames = 9
    for keyword in ("ImageOrientationPatient", "PixelSpacing", "RescaleIntercept", "RescaleSlope"):
        delattr(dataset, keyword)
    shared, measures, plane, transform = (pydicom.Dataset() for _ in range(4))
    measures.PixelSpacing, measures.SliceThickness = [1.5, 1.5], 2.0
    plane.ImageOrientationPatient = list(orientation.ravel())
    transform.RescaleIntercept, transform.RescaleSlope, transform.RescaleType = -1024, 1, "HU"
    shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = [measures], [plane]
    shared.PixelValueTransformationSequence = [transform]
    dataset.SharedFunctionalGroupsSequence = [shared]
    groups = []
    for position in positions:
        group, place = pydicom.Dataset(), pydicom.Dataset()
        place.ImagePositionPatient = list(position)
        group.PlanePositionSequence = [place]
        groups.append(group)
    dataset.PerFrameFunctionalGroupsSequence = groups
    dataset.save_as(path)
    read = read_input(tmp_path)
    assert read.volume.shape == (9, 12, 12)
    assert_is_ramp(read.volume)


# ---------------------------------------------------------------------------------------------------- DICOM folders


def test_one_file_stands_for_its_series(tmp_path: Path) -> None:
    write_series(tmp_path, body_hu()[:20])
    write_series(tmp_path / "other", body_hu(), SeriesInstanceUID="1.2.9", SeriesNumber=7)
    assert read_volume(tmp_path / "0003.dcm").shape[0] == 20


def test_the_ct_with_most_slices_is_chosen_and_all_are_listed(tmp_path: Path) -> None:
    write_series(tmp_path / "a", body_hu()[:20])
    write_series(tmp_path / "b", body_hu(), SeriesInstanceUID="1.2.9", SeriesNumber=7, SeriesDescription="thin")
    write_series(tmp_path / "c", np.repeat(body_hu(), 2, 0), SeriesInstanceUID="1.2.8", SeriesNumber=9, Modality="MR")
    write_slice(tmp_path / "scout.dcm", body_hu()[0], (0, 0, 0), SeriesInstanceUID="1.2.7", SeriesNumber=0,
                ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])  # fmt: skip
    (tmp_path / "readme.txt").write_text("not DICOM, and in the way")
    read = read_input(tmp_path)
    assert read.volume.shape[0] == 30
    assert read.series[0] == "7 (thin): CT, 30 slices"
    assert len(read.series) == 4
    assert read.description["series"] == {"uid": "1.2.9", "number": "7", "slices": 30}
    assert "4 series" in read.warnings[0]
    assert read_input(tmp_path, "1").volume.shape[0] == 20
    assert read_input(tmp_path, SERIES).volume.shape[0] == 20
    assert_refused(tmp_path, "no series 55; found 9 (chest): MR, 60 slices; 7 (thin): CT", "55")
    assert_refused(tmp_path, "not a CT", "9")


def test_series_with_one_number_are_told_apart_by_uid(tmp_path: Path) -> None:
    write_series(tmp_path / "a", body_hu()[:20])
    write_series(tmp_path / "b", body_hu(), SeriesInstanceUID="1.2.9")
    assert_refused(tmp_path, "choose by UID among 1.2.9", "1")


def test_unusable_dicom_folders_are_refused_with_one_line(tmp_path: Path) -> None:
    hu = body_hu()
    (tmp_path / "empty").mkdir()
    assert_refused(tmp_path / "empty", "no DICOM image")
    assert_refused(write_series(tmp_path / "mr", hu, Modality="MR"), "no CT series")
    assert_refused(write_series(tmp_path / "dx", hu[:1], Modality="DX"), "vertebral-fractures radiograph")
    write_slice(tmp_path / "one" / "a.dcm", hu[0], (0, 0, 0))
    assert_refused(tmp_path / "one", "no CT series with more than one slice")
    for index in (*range(8), *range(13, 20)):
        write_slice(tmp_path / "hole" / f"{index:02d}.dcm", hu[index], (0, 0, 3 * index))
    assert_refused(tmp_path / "hole", "slices are missing: 18.0 mm between 07.dcm and 13.dcm")
    write_series(tmp_path / "twice", hu)
    write_slice(tmp_path / "twice" / "more.dcm", hu[3] + 50, (0, 0, 9))
    assert_refused(tmp_path / "twice", "two different images at the same place")
    for phase in range(2):
        write_series(tmp_path / "time" / str(phase), hu + phase)
    assert_refused(tmp_path / "time", "4D")
    for index in range(12):
        write_slice(tmp_path / "bent" / f"{index}.dcm", hu[index], (20 if index > 6 else 0, 0, 3 * index))
    assert_refused(tmp_path / "bent", "not one stack")
    assert_refused(write_series(tmp_path / "coarse", hu, PixelSpacing=[20.0, 20.0]), "spacing of 20")
    assert_refused(write_series(tmp_path / "unspaced", hu, PixelSpacing=None), "no valid pixel spacing")
    lost = write_series(tmp_path / "lost", hu)
    one = lost / "0003.dcm"
    one.write_bytes(one.read_bytes()[:-1500])
    assert_refused(lost, "0003.dcm is damaged")


def test_images_without_a_position_are_no_slices(tmp_path: Path) -> None:
    write_series(tmp_path, body_hu())
    for path in tmp_path.glob("*.dcm"):
        dataset = pydicom.dcmread(path)
        del dataset.ImagePositionPatient
        dataset.save_as(path)
    assert_refused(tmp_path, "no CT series")


def test_phases_that_the_headers_tell_apart_give_the_first(tmp_path: Path) -> None:
    for phase in range(3):
        write_series(tmp_path / str(phase), body_hu() + phase, AcquisitionNumber=phase + 4)
    read = read_input(tmp_path)
    np.testing.assert_array_equal(read.volume.voxels, body_hu())
    assert any("3 phases" in warning for warning in read.warnings)


def test_images_of_another_size_are_left_out(tmp_path: Path) -> None:
    write_series(tmp_path, body_hu())
    write_slice(tmp_path / "dose.dcm", body_hu()[0, :20, :20], (0, 0, 500))
    read = read_input(tmp_path)
    assert read.volume.shape[0] == 30
    assert any("another size" in warning for warning in read.warnings)


def test_thick_slices_at_small_steps_are_warned_about(tmp_path: Path) -> None:
    read = read_input(write_series(tmp_path, body_hu(), SliceThickness=5.0))
    assert any(re.match("slices of 5 mm", warning) for warning in read.warnings)


def test_listing_reads_no_pixels(tmp_path: Path) -> None:
    folder = write_series(tmp_path, body_hu())
    for path in folder.glob("*.dcm"):
        path.write_bytes(path.read_bytes()[:-1500])
    assert [str(one) for one in list_series(folder)] == ["1 (chest): CT, 30 slices"]


def test_real_cts_pass_every_check(real_cases: list[Path]) -> None:
    for case in real_cases:
        read = read_input(case / "ct.nii.gz")
        assert read.volume.voxels.dtype == np.int16
        check_is_ct(read.volume)
