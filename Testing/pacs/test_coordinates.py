"""Points in the patient and on a stored image."""

import numpy as np
import pytest
from VertebralFracturesLib.pacs.coordinates import ImageCoordinates, PatientCoordinates
from VertebralFracturesLib.pacs.source import read_source


def test_points_of_a_ct_are_left_and_posterior() -> None:
    item = PatientCoordinates("1.2.9").of([1.0, 2.0, 3.0])
    assert (item.GraphicType, list(item.GraphicData)) == ("POINT", [-1.0, -2.0, 3.0])
    assert item.ReferencedFrameOfReferenceUID == "1.2.9"
    line = PatientCoordinates("1.2.9").of([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    assert (line.GraphicType, line.RelationshipType) == ("POLYLINE", "INFERRED FROM")
    np.testing.assert_array_equal(np.reshape(line.GraphicData, (2, 3)), [[-1, -2, 3], [-4, -5, 6]])


def test_pixels_of_a_radiograph_are_counted_from_the_corner_of_the_first_one(a_study) -> None:
    image = read_source(a_study.dicom.files).images[0]
    item = ImageCoordinates(image, lambda points_ras: points_ras[:, 1:] * [1, -2]).of([0.0, 3.0, -4.0])
    assert (item.GraphicType, list(item.GraphicData)) == ("POINT", [pytest.approx(3.5), pytest.approx(8.5)])
    (source,) = item.ContentSequence
    assert source.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == image.header["SOPInstanceUID"]
