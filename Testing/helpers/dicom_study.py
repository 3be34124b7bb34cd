"""A CT of a made-up patient as a DICOM series, and a report with a vertebra of every kind."""

from pathlib import Path

import numpy as np
from helpers.small_ct import body_hu, write_series
from VertebralFracturesLib.core.attenuation.record import DENSE, Attenuation
from VertebralFracturesLib.core.image_classification import ImageClassification
from VertebralFracturesLib.core.report import SpineReport, Vertebra
from VertebralFracturesLib.core.spine_curve import curve_through_bodies
from VertebralFracturesLib.core.spine_slab import SlabFrame
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.io.ct import read_input
from VertebralFracturesLib.io.read_image import ReadImage

STUDY, FRAME_OF_REFERENCE = "1.2.3.4", "1.2.3.4.9"

PATIENT = {
    "PatientName": "Müller^Zoë",
    "PatientID": "P-4711",
    "PatientBirthDate": "19500213",
    "PatientSex": "F",
    "PatientAge": "070Y",
    "StudyDate": "20200304",
    "StudyTime": "101112",
    "StudyID": "7",
    "StudyDescription": "Thorax",
    "AccessionNumber": "A-17",
    "ReferringPhysicianName": "Weiß^Anna",
}

KINDS = (
    ("C7", 0.9, 1.0, {}),
    ("T11", 0.9, 1.0, {"attenuation": Attenuation(143.5, 31.25, None, 60.0)}),
    ("T12", 0.95, 0.62, {"attenuation": Attenuation(90.0, 20.0), "status": "verified", "source": "edited"}),
    ("L1", 0.6, 0.79, {"attenuation": Attenuation(None, None, DENSE)}),
    ("L2", 0.9, 1.0, {"status": "not evaluable"}),
    (None, 0.0, 1.0, {"source": "added"}),
)
"""Level, its confidence, anterior over posterior height, and what else is known of each vertebra of the report."""


def write_ct_study(folder: Path, **tags: object) -> Path:
    """A small CT with the header of a patient."""
    header = {**PATIENT, "SpecificCharacterSet": "ISO_IR 100", "FrameOfReferenceUID": FRAME_OF_REFERENCE, **tags}
    return write_series(folder, body_hu((70, 48, 48)), **header)


def read_ct_study(folder: Path, **tags: object) -> ReadImage[Volume]:
    """The same, read."""
    return read_input(write_ct_study(folder, **tags))


def spine_report(read: ReadImage[Volume]) -> SpineReport:
    """A spine along the middle of a volume, its bodies 20 mm high and 24 mm deep, with an image classification."""
    centre = read.image.corners_ras().mean(0)
    vertebrae = []
    for place, (level, confidence, ratio, fields) in enumerate(KINDS):
        heights = 20.0 * np.array([ratio, (1 + ratio) / 2, 1.0])
        points = centre + np.array([0.1 * place, 0.0, 27.0 * (2.5 - place)]) + np.zeros((6, 3))
        points[:, 1] += np.repeat([12.0, 0.0, -12.0], 2) + 1 / 3
        points[:, 2] += np.repeat(heights / 2, 2) * np.tile([1, -1], 3)
        uncertainty = 0.3 + 0.1 * np.arange(6)
        vertebrae.append(Vertebra(points, 0.97, uncertainty, level, confidence, **fields))
    curve = curve_through_bodies([one.keypoints_ras.mean(0) for one in vertebrae])
    probabilities = np.tile([0.1, 0.5, 0.1, 0.2, 0.1], (200, 1))
    return SpineReport(
        software="VertebralFractures 1.2.3",
        input=read.description,
        detector="anchor-free",
        preset="level-aware",
        curve=curve,
        vertebrae=tuple(vertebrae),
        warnings=("Slices are 5 mm thick; heights are less exact.",),
        models={"spine curve": "3 sha256:00ff"},
        thresholds={"score": 0.3},
        image_classification=ImageClassification(SlabFrame(curve, np.zeros(2)), probabilities),
    )
