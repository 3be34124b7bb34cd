"""Image files come out at the right place in the patient, unusable ones with one clear line."""

import gzip
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from helpers.ramp_series import assert_refused
from helpers.small_ct import body_hu, write_image, write_series
from VertebralFracturesLib.ct.check import check_is_ct
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.io.ct import read_input, read_volume


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

    assert read.image.voxels.dtype == np.int16
    np.testing.assert_array_equal(read.image.voxels, voxels)
    for index in ((0, 0, 0), (6, 0, 0), (0, 5, 0), (3, 2, 4)):
        lps = np.array(filled.TransformIndexToPhysicalPoint(index))
        np.testing.assert_allclose(read.image.ijk_to_ras @ [*index, 1], [*(lps * [-1, -1, 1]), 1], atol=1e-3)
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
    assert np.isfinite(read.image.voxels).all()
    assert read.image.voxels.min() == -1024
    assert read.image.voxels[0, 2, 0] == -1024
    assert any("NaN" in warning for warning in read.warnings)
    check_is_ct(read.image)


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
        lonely_header: "file is incomplete: lonely.raw",
        shortened: "file is incomplete: 0 of 30 slices",
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
        (252, bytes(4), "orientation of the patient"),
    ],
)
def test_nifti_headers_that_itk_would_guess_around_are_refused(
    tmp_path: Path, offset: int, content: bytes, expected: str
) -> None:
    assert_refused(broken_nifti(tmp_path, offset, content), expected)


def test_series_of_an_image_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match="DICOM folders"):
        read_input(write_image(tmp_path / "ct.nrrd", body_hu()), series="1")


def test_real_cts_pass_every_check(real_cases: list[Path]) -> None:
    for case in real_cases:
        read = read_input(case / "ct.nii.gz")
        assert read.image.voxels.dtype == np.int16
        check_is_ct(read.image)


def test_a_ct_knows_its_dicom_files_and_no_patient(tmp_path: Path) -> None:
    write_series(tmp_path / "ct", body_hu()[:20], PatientName="Secret^Name", PatientID="P-4711")
    write_series(tmp_path / "other", body_hu()[:5], SeriesInstanceUID="1.2.9")
    read = read_input(tmp_path)
    assert read.dicom is not None
    assert set(read.dicom.files) == set((tmp_path / "ct").iterdir())
    assert "Secret" not in str(vars(read))
    assert "P-4711" not in str(vars(read))
    assert read_input(write_image(tmp_path / "ct.nrrd", body_hu())).dicom is None
