"""Reading radiographs from real files."""

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.io.radiograph import read_radiograph

ROWS, COLUMNS = 120, 90
PIXELS = np.add.outer(np.arange(ROWS), 2 * np.arange(COLUMNS)).astype(np.uint16)


def write_dicom(file: Path, pixels: np.ndarray = PIXELS, **tags: str) -> Path:
    """A DICOM image with some tags, "modality" and so on by the keys of the header."""
    image = sitk.GetImageFromArray(pixels[None])
    known = {
        "modality": "0008|0060",
        "image_type": "0008|0008",
        "magnification": "0018|1114",
        "source_to_detector": "0018|1110",
        "source_to_patient": "0018|1111",
    }
    for name, value in {"modality": "DX", **tags}.items():
        if name == "spacing":
            image.SetSpacing([float(value), float(value), 1.0])
        else:
            image.SetMetaData(known[name], value)
    writer = sitk.ImageFileWriter()
    writer.SetFileName(str(file))
    writer.SetImageIO("GDCMImageIO")
    writer.KeepOriginalImageUIDOn()
    writer.Execute(image)
    return file


def header_changed(file: Path, **elements: object) -> Path:
    """The same file with elements set or, where None, removed; what GDCM's writer adds of its own."""
    import pydicom

    dataset = pydicom.dcmread(file)
    for keyword, value in elements.items():
        if value is None:
            dataset.pop(keyword, None)
        else:
            setattr(dataset, keyword, value)
    dataset.save_as(file)
    return file


def test_a_radiograph_with_its_magnification(tmp_path: Path) -> None:
    file = write_dicom(tmp_path / "a.dcm", magnification="1.2")
    header_changed(file, PixelSpacing=None, ImagerPixelSpacing=[0.15, 0.15])
    read = read_radiograph(file)
    assert read.image.pixel_mm == pytest.approx(0.125)
    np.testing.assert_array_equal(read.image.image, PIXELS)
    assert read.warnings == ()
    assert read.description["format"] == "DICOM"


def test_the_magnification_of_the_distances(tmp_path: Path) -> None:
    file = write_dicom(tmp_path / "a.dcm", source_to_detector="1500", source_to_patient="1250")
    header_changed(file, PixelSpacing=None, ImagerPixelSpacing=[0.15, 0.15])
    assert read_radiograph(file).image.pixel_mm == pytest.approx(0.125)


def test_the_detectors_spacing_alone_warns(tmp_path: Path) -> None:
    file = header_changed(write_dicom(tmp_path / "a.dcm"), PixelSpacing=None, ImagerPixelSpacing=[0.15, 0.15])
    read = read_radiograph(file)
    assert read.image.pixel_mm == pytest.approx(0.15)
    assert "magnification" in read.warnings[0]


def test_calibrated_spacing_goes_before_the_detectors(tmp_path: Path) -> None:
    file = write_dicom(tmp_path / "a.dcm")
    header_changed(file, ImagerPixelSpacing=[0.15, 0.15], PixelSpacing=[0.13, 0.13])
    assert read_radiograph(file).image.pixel_mm == pytest.approx(0.13)


def test_no_spacing_means_no_scale_and_the_user_may_give_one(tmp_path: Path) -> None:
    file = header_changed(write_dicom(tmp_path / "a.dcm"), PixelSpacing=None, ImagerPixelSpacing=None)
    assert read_radiograph(file).image.pixel_mm is None
    assert read_radiograph(file, 0.2).image.pixel_mm == pytest.approx(0.2)
    with pytest.raises(UnusableInput, match="not plausible for a radiograph"):
        read_radiograph(file, 50.0)


def test_an_inverted_radiograph_is_turned_bright_bone_up(tmp_path: Path) -> None:
    file = header_changed(write_dicom(tmp_path / "a.dcm"), PhotometricInterpretation="MONOCHROME1")
    image = read_radiograph(file).image.image
    np.testing.assert_array_equal(image - image.min(), PIXELS.max() - PIXELS.astype(float))


@pytest.mark.parametrize(("sides", "expected"), [(["A", "F"], "right"), (["P", "F"], "left"), (["P", "H"], "left")])
def test_the_header_tells_the_front(tmp_path: Path, sides: list[str], expected: str) -> None:
    file = header_changed(write_dicom(tmp_path / "a.dcm"), PatientOrientation=sides)
    read = read_radiograph(file)
    assert read.image.anterior_is == expected
    np.testing.assert_array_equal(read.image.image, PIXELS[::-1] if sides[1] == "H" else PIXELS)


def test_a_sagittal_reformat_of_a_ct(tmp_path: Path) -> None:
    file = write_dicom(tmp_path / "a.dcm", modality="CT", image_type="DERIVED\\SECONDARY\\REFORMATTED")
    header_changed(file, ImageOrientationPatient=[0, 1, 0, 0, 0, -1], PixelSpacing=[0.7, 0.7])
    read = read_radiograph(file)
    assert (read.image.pixel_mm, read.image.anterior_is) == (pytest.approx(0.7), "left")


@pytest.mark.parametrize(
    ("elements", "message"),
    [
        ({"Modality": "MR"}, "modality MR"),
        ({"Modality": "CT", "ImageOrientationPatient": [1, 0, 0, 0, 1, 0]}, "a slice of a CT"),
        (
            {
                "Modality": "CT",
                "ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"],
                "ImageOrientationPatient": [1, 0, 0, 0, 0, -1],
                "PixelSpacing": [1.0, 1.0],
            },
            "frontal scout",
        ),
        ({"ViewPosition": "AP"}, "frontal view"),
    ],
)
def test_other_images_are_refused(tmp_path: Path, elements: dict[str, object], message: str) -> None:
    file = header_changed(write_dicom(tmp_path / "a.dcm"), **elements)
    with pytest.raises(UnusableInput, match=message):
        read_radiograph(file)


def test_a_folder_may_hold_one_image(tmp_path: Path) -> None:
    write_dicom(tmp_path / "a.dcm")
    assert read_radiograph(tmp_path).image.image.shape == (ROWS, COLUMNS)
    write_dicom(tmp_path / "b.dcm")
    with pytest.raises(UnusableInput, match="2 DICOM files"):
        read_radiograph(tmp_path)


@pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg"])
def test_pictures(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"a{suffix}"
    grey = (PIXELS // 2).clip(0, 255).astype(np.uint8)
    sitk.WriteImage(sitk.GetImageFromArray(grey), str(file))
    read = read_radiograph(file, 0.3)
    assert np.abs(read.image.image - grey).mean() < 2
    assert read.image.pixel_mm == pytest.approx(0.3)
    assert read_radiograph(file).image.pixel_mm is None


def test_grey_saved_as_colour_is_taken_and_colour_refused(tmp_path: Path) -> None:
    grey = np.repeat((PIXELS // 2).clip(0, 255).astype(np.uint8)[..., None], 3, -1)
    sitk.WriteImage(sitk.GetImageFromArray(grey, isVector=True), str(tmp_path / "grey.png"))
    assert read_radiograph(tmp_path / "grey.png").image.image.shape == (ROWS, COLUMNS)
    colour = grey.copy()
    colour[..., 0] = 255 - colour[..., 0]
    sitk.WriteImage(sitk.GetImageFromArray(colour, isVector=True), str(tmp_path / "colour.png"))
    with pytest.raises(UnusableInput, match="colour image"):
        read_radiograph(tmp_path / "colour.png")


def test_single_slices_with_unequal_pixels_become_square(tmp_path: Path) -> None:
    image = sitk.GetImageFromArray(PIXELS.astype(np.float32)[:, :, None])
    image.SetSpacing([3.0, 0.5, 1.0])
    image.SetDirection([1, 0, 0, 0, 1, 0, 0, 0, -1])
    sitk.WriteImage(image, str(tmp_path / "a.nrrd"))
    read = read_radiograph(tmp_path / "a.nrrd")
    assert read.image.pixel_mm == pytest.approx(0.5)
    assert read.image.image.shape == (2 * (ROWS - 1) + 1, COLUMNS)
    assert read.image.anterior_is == "left"
    np.testing.assert_allclose(read.image.image[::2], PIXELS)


def test_volumes_empty_small_and_missing_files_are_refused(tmp_path: Path) -> None:
    sitk.WriteImage(sitk.GetImageFromArray(np.zeros((9, 90, 90), np.int16)), str(tmp_path / "ct.nii.gz"))
    sitk.WriteImage(sitk.GetImageFromArray(np.zeros((90, 90), np.uint8)), str(tmp_path / "flat.png"))
    sitk.WriteImage(sitk.GetImageFromArray(np.eye(30, dtype=np.uint8)), str(tmp_path / "small.png"))
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "other.xyz").write_text("nothing")
    for name, message in {
        "ct.nii.gz": "a volume of 90 x 90 x 9 voxels",
        "flat.png": "the image is empty",
        "small.png": "too small",
        "text.png": "damaged",
        "other.xyz": "unknown file format",
        "missing.png": "no such file",
    }.items():
        with pytest.raises(UnusableInput, match=message):
            read_radiograph(tmp_path / name)


@pytest.mark.parametrize(("pixel_mm", "is_taken"), [(0.019, False), (0.021, True), (4.9, True), (5.1, False)])
def test_pixels_that_no_radiograph_has_are_refused(tmp_path: Path, pixel_mm: float, is_taken: bool) -> None:
    file = write_dicom(tmp_path / "a.dcm")
    if is_taken:
        assert read_radiograph(file, pixel_mm).image.pixel_mm == pytest.approx(pixel_mm)
    else:
        with pytest.raises(UnusableInput, match="not plausible for a radiograph"):
            read_radiograph(file, pixel_mm)


@pytest.mark.parametrize(("side", "is_taken"), [(63, False), (64, True)])
def test_an_image_of_few_pixels_is_refused(tmp_path: Path, side: int, is_taken: bool) -> None:
    file = tmp_path / "a.png"
    sitk.WriteImage(sitk.GetImageFromArray(PIXELS[:side, :64].astype(np.uint8)), str(file))
    if is_taken:
        assert read_radiograph(file).image.image.shape == (64, 64)
    else:
        with pytest.raises(UnusableInput, match="too small"):
            read_radiograph(file)


@pytest.mark.parametrize(("reddened", "is_taken"), [(4, True), (5, False)])
def test_a_hint_of_colour_is_grey(tmp_path: Path, reddened: int, is_taken: bool) -> None:
    grey = np.repeat((PIXELS // 2).clip(0, 200).astype(np.uint8)[..., None], 3, -1)
    grey[..., 0] += reddened
    sitk.WriteImage(sitk.GetImageFromArray(grey, isVector=True), str(tmp_path / "a.png"))
    if is_taken:
        assert read_radiograph(tmp_path / "a.png").image.image.shape == (ROWS, COLUMNS)
    else:
        with pytest.raises(UnusableInput, match="colour image"):
            read_radiograph(tmp_path / "a.png")


def test_a_slice_that_would_grow_beyond_all_memory_is_refused(tmp_path: Path) -> None:
    image = sitk.GetImageFromArray(np.zeros((1500, 1500, 1), np.int16) + np.arange(1500, dtype=np.int16)[:, None, None])
    image.SetSpacing([1.0, 0.02, 5.0])
    sitk.WriteImage(image, str(tmp_path / "a.nrrd"))
    with pytest.raises(UnusableInput, match="1500 x 374751 pixels is too large"):
        read_radiograph(tmp_path / "a.nrrd")


def test_a_cut_radiograph_is_refused(tmp_path: Path) -> None:
    file = write_dicom(tmp_path / "a.dcm")
    data = file.read_bytes()
    for keep in (200, 500, len(data) - ROWS * COLUMNS, len(data) - 1):
        file.write_bytes(data[:keep])
        with pytest.raises(UnusableInput, match="is incomplete"):
            read_radiograph(file)


def test_a_film_is_refused_whatever_its_length(tmp_path: Path) -> None:
    for frames in ("2000000000", "-1"):
        file = header_changed(write_dicom(tmp_path / "a.dcm"), NumberOfFrames=frames)
        with pytest.raises(UnusableInput, match="impossible size"):
            read_radiograph(file)


@pytest.mark.parametrize("orientation", [None, ["P", "H"], ["A", "F"]])
@pytest.mark.parametrize("spacing", [[0.4, 0.4], [0.8, 0.4], [0.4, 0.8]])
def test_every_pixel_is_found_in_its_file_again(tmp_path: Path, orientation: list | None, spacing: list) -> None:
    """The brightness of the image is that of the stored pixel, however the file lies and whatever its pixels are."""
    file = header_changed(write_dicom(tmp_path / "a.dcm"), PixelSpacing=spacing, PatientOrientation=orientation)
    read = read_radiograph(file)
    assert read.dicom is not None
    assert read.dicom.files == (file,)
    rows, columns = np.indices(read.image.image.shape)
    stored = read.dicom.stored_pixels(np.stack([columns, rows], -1))
    assert stored.min() >= 0
    np.testing.assert_allclose(stored.reshape(-1, 2).max(0), [COLUMNS - 1, ROWS - 1], atol=1)
    np.testing.assert_allclose(read.image.image, stored @ [2, 1], atol=1e-2)


def test_a_picture_has_no_dicom_file(tmp_path: Path) -> None:
    sitk.WriteImage(sitk.GetImageFromArray((PIXELS // 2).astype(np.uint8)), str(tmp_path / "a.png"))
    assert read_radiograph(tmp_path / "a.png").dicom is None


def test_a_reformat_that_lies_on_its_side_is_found_in_its_file_again(tmp_path: Path) -> None:
    """Its rows run to the front and its columns upwards: it is transposed and flipped."""
    file = write_dicom(tmp_path / "a.dcm", modality="CT", image_type="DERIVED\\SECONDARY\\MPR")
    header_changed(file, ImageOrientationPatient=[0, 0, 1, 0, -1, 0], PixelSpacing=[0.5, 1.0])
    read = read_radiograph(file)
    assert read.dicom is not None
    rows, columns = np.indices(read.image.image.shape)
    stored = read.dicom.stored_pixels(np.stack([columns, rows], -1))
    np.testing.assert_allclose(read.image.image, stored @ [2, 1], atol=1e-2)
    assert stored[0, 0, 0] == COLUMNS - 1
