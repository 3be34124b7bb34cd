"""A slice, from a file or from a frame of it: where it lies, what it is called, what it shows."""

from contextlib import suppress
from pathlib import Path

import numpy as np
import pydicom
import pytest
from helpers.ramp_series import assert_is_ramp, assert_refused, ramp_slice, rotated
from helpers.small_ct import body_hu, write_series, write_slice
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.io.ct import read_input, read_volume
from VertebralFracturesLib.io.dicom import list_series
from VertebralFracturesLib.io.dicom_image import read_images


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
    assert read.image.shape == (9, 12, 12)
    assert_is_ramp(read.image)


def test_images_without_a_position_are_no_slices(tmp_path: Path) -> None:
    write_series(tmp_path, body_hu())
    for path in tmp_path.glob("*.dcm"):
        dataset = pydicom.dcmread(path)
        del dataset.ImagePositionPatient
        dataset.save_as(path)
    assert_refused(tmp_path, "no CT series")


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


def test_listing_reads_no_pixels(tmp_path: Path) -> None:
    folder = write_series(tmp_path, body_hu())
    for path in folder.glob("*.dcm"):
        path.write_bytes(path.read_bytes()[:-1500])
    assert [str(one) for one in list_series(folder)] == ["1 (chest): CT, 30 slices"]


def test_each_frame_is_named_by_its_number(tmp_path: Path) -> None:
    frames = body_hu()[:3]
    path = write_slice(tmp_path / "multi.dcm", frames, (0, 0, 0))
    dataset = pydicom.dcmread(path)
    dataset.NumberOfFrames = 3
    dataset.save_as(path)
    images = read_images(path)
    assert [image.name for image in images] == ["multi.dcm", "multi.dcm frame 2", "multi.dcm frame 3"]
    for image, frame in zip(images, frames, strict=True):
        np.testing.assert_array_equal(image.hounsfield, frame)


def test_copies_are_known_by_their_number_or_their_pixels(tmp_path: Path) -> None:
    hu = body_hu()
    for name, slice_hu, position in (("a", hu[0], 0.0), ("b", hu[0], 0.008), ("c", hu[1], 0.012)):
        write_slice(tmp_path / f"{name}.dcm", slice_hu, (0, 0, position))
    a, b, c = (read_images(tmp_path / f"{name}.dcm")[0] for name in "abc")
    assert (a.is_where(b), a.is_where(c)) == (True, False)
    assert (a.shows_what(b), a.shows_what(c)) == (True, False)


def test_an_orientation_that_is_none_is_refused(tmp_path: Path) -> None:
    path = write_slice(tmp_path / "a.dcm", body_hu()[0], (0, 0, 0), ImageOrientationPatient=[1, 0, 0, 1, 0, 0])
    with pytest.raises(UnusableInput, match=r"a\.dcm: the image orientation"):
        _ = read_images(path)[0].normal_lps


def test_other_files_hold_no_image(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no DICOM")
    assert read_images(tmp_path / "notes.txt") == ()


def test_a_file_that_was_replaced_is_read_anew(tmp_path: Path) -> None:
    for shift in (0, 50):
        path = write_slice(tmp_path / "multi.dcm", body_hu()[:3] + shift, (0, 0, 0), NumberOfFrames=3)
        np.testing.assert_array_equal(read_images(path)[1].hounsfield, body_hu()[1] + shift)


@pytest.mark.parametrize(
    ("keyword", "value", "message"),
    [
        ("NumberOfFrames", "2000000000", "impossible size"),
        ("NumberOfFrames", "-3", "impossible size"),
        ("NumberOfFrames", "4", "its pixel data end too early"),
        ("Rows", 30000, "its pixel data end too early"),
        ("ImagePositionPatient", [0, 0, 1e300], "no CT series"),
        ("PixelSpacing", [1e-200, 1e-200], "spacing of 0 x 0 x 3 mm"),
    ],
)
def test_impossible_headers_are_refused(tmp_path: Path, keyword: str, value: object, message: str) -> None:
    folder = write_series(tmp_path, body_hu()[:12])
    for path in folder.glob("*.dcm"):
        dataset = pydicom.dcmread(path)
        with pydicom.config.disable_value_validation():
            setattr(dataset, keyword, value)
            dataset.save_as(path)
    assert_refused(tmp_path, message)


def test_no_byte_of_a_header_ends_in_a_traceback(tmp_path: Path) -> None:
    path = write_slice(tmp_path / "a.dcm", body_hu()[0], (0, 0, 0))
    data = path.read_bytes()
    rng = np.random.default_rng(0)
    for position in rng.integers(132, len(data) - 2592, 150):
        damaged = bytearray(data)
        damaged[position] = rng.integers(256)
        path.write_bytes(damaged)
        with suppress(UnusableInput):
            for image in read_images(path):
                _ = image.hounsfield


def test_control_characters_of_a_header_do_not_reach_the_terminal(tmp_path: Path) -> None:
    with pydicom.config.disable_value_validation():
        write_series(tmp_path, body_hu()[:4], SeriesDescription="a\x1b[31mb\nc")
    assert str(list_series(tmp_path)[0]) == "1 (a [31mb c): CT, 4 slices"
