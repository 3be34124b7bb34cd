"""The codes of a structured report: of SNOMED CT, DICOM and UCUM where there is one, else of a scheme of our own."""

from pydicom.dataset import Dataset
from pydicom.sr.coding import Code

from ..core.attenuation.record import EXCLUSIONS
from ..core.heights.height_loss import SHAPES
from ..core.keypoints import KEYPOINT_NAMES
from ..core.report import SOURCES, STATUSES

SCHEME = "99VERTFX"
"""Designator of our own scheme; 99 begins those of private ones (PS3.16, section 8)."""

SCHEME_NAME = "VertebralFractures"

LEVELS = {
    name: Code(value, "SCT", f"{name} vertebra")
    for name, value in {
        "C1": "14806007", "C2": "39976000", "C3": "113205007", "C4": "5329002", "C5": "36978003", "C6": "36054005",
        "C7": "87391001", "T1": "64864005", "T2": "53733008", "T3": "1626008", "T4": "73071006", "T5": "56401006",
        "T6": "45296009", "T7": "62487009", "T8": "11068009", "T9": "82687006", "T10": "7610001", "T11": "12989004",
        "T12": "23215003", "L1": "66794005", "L2": "14293000", "L3": "36470004", "L4": "11994002", "L5": "49668003",
    }.items()
}  # fmt: skip
"""The levels in SNOMED CT; DICOM lists the same codes (PS3.16, annex D)."""

VERTEBRA = Code("51282000", "SCT", "Vertebra")
"""A vertebra whose level is not known."""

LEVELS |= {name: Code(f"{name}-VERTEBRA", SCHEME, f"{name} vertebra (supernumerary)") for name in ("T13", "L6")}

GRADES = (
    Code("17621005", "SCT", "Normal"),
    Code("255604002", "SCT", "Mild"),
    Code("6736007", "SCT", "Moderate"),
    Code("24484000", "SCT", "Severe"),
)
"""Grades 0 to 3."""

YES = Code("373066001", "SCT", "Yes")
NO = Code("373067005", "SCT", "No")
MEDIAN = Code("373099004", "SCT", "Median")
ATTENUATION = Code("112031", "DCM", "Attenuation Coefficient")
COMPUTED_TOMOGRAPHY = Code("77477000", "SCT", "Computed tomography")
RADIOGRAPHY = Code("168537006", "SCT", "Plain radiography")
DEVICE = Code("121007", "DCM", "Device")
PERSON = Code("121006", "DCM", "Person")
ARTIFICIAL_INTELLIGENCE = Code("123110", "DCM", "Artificial Intelligence")
QUALITATIVE_EVALUATIONS = Code("C0034375", "UMLS", "Qualitative Evaluations")
CONCLUSION = Code("121077", "DCM", "Conclusion")
SUMMARY = Code("121111", "DCM", "Summary")
COMMENT = Code("121106", "DCM", "Comment")
REPORT_TITLE = Code("126000", "DCM", "Imaging Measurement Report")
PDF_TITLE = Code("18748-4", "LN", "Diagnostic Imaging Report")

MILLIMETRE = Code("mm", "UCUM", "mm")
PERCENT = Code("%", "UCUM", "Percent")
RATIO = Code("{ratio}", "UCUM", "ratio")
HOUNSFIELD = Code("[hnsf'U]", "UCUM", "Hounsfield unit")
NO_UNITS = Code("1", "UCUM", "no units")

DETECTOR, GRADING, NUMBERING = "detector", "grading", "levels counted from"
WEIGHTS, THRESHOLD = "weights of ", "threshold "
"""What the parameters of the algorithm are called; the last two are followed by a name."""


def own(value: str, meaning: str) -> Code:
    """A code of our own scheme.

    :raises ValueError: longer than DICOM allows (16 characters, its meaning 64).
    """
    if len(value) > 16 or len(meaning) > 64:
        raise ValueError(f"{value} ({meaning}) is longer than a DICOM code can be")
    return Code(value, SCHEME, meaning)


def _initials(name: str) -> str:
    return "".join(word[0] for word in name.upper().split())


HEIGHTS = (
    own("HEIGHT-A", "Anterior vertebral body height"),
    own("HEIGHT-M", "Middle vertebral body height"),
    own("HEIGHT-P", "Posterior vertebral body height"),
)
POINTS = tuple(
    own(f"POINT-{_initials(name)}", f"68 % confidence radius of the {name} landmark") for name in KEYPOINT_NAMES
)
"""What each of the six points is measured by: how far it may be off."""

HEIGHT_RATIO = own("HEIGHT-RATIO", "Smallest divided by largest vertebral body height")
HEIGHT_LOSS = own("HEIGHT-LOSS", "Vertebral body height loss")
LEVEL_CONFIDENCE = own("LEVEL-CONF", "Probability that the vertebral level is right")
SCORE = own("SCORE", "Score of the detection")
IMAGE_PROBABILITY = own("P-IMAGE", "Image-based probability of moderate or severe fracture")
ATTENUATION_SD = own("ATTENUATION-SD", "Standard deviation of the trabecular attenuation")
GRADE = own("GRADE", "Vertebral fracture grade (Genant)")
NOT_GRADED = own("NOT-GRADED", "Not graded")
SHAPE = own("SHAPE", "Shape of the vertebral deformity")
BORDERLINE = own("BORDERLINE", "Grade close to a threshold")
PHYSIOLOGICAL = own("PHYSIOLOGICAL", "Mild height reduction, probably physiological")
DISCORDANT = own("DISCORDANT", "Height- and image-based results disagree")
REVIEW = own("REVIEW", "Review status of the vertebra")
LANDMARKS_BY = own("LANDMARKS-BY", "Who placed the landmarks")
WHY_NOT_GRADED = own("WHY-NOT-GRADED", "Why the vertebra was not graded")
WHY_NO_HU = own("WHY-NO-HU", "Why no trabecular attenuation is reported")

SHAPE_VALUES = {name: own(f"SHAPE-{name.upper()}", "no deformity" if name == "none" else name) for name in SHAPES}
REVIEW_VALUES = {name: own(f"{name.upper().replace(' ', '-')}", name) for name in STATUSES}
LANDMARK_VALUES = {
    name: own(f"BY-{name.upper()}", meaning)
    for name, meaning in zip(SOURCES, ("network", "network, corrected by a user", "user"), strict=True)
}
NO_HU_VALUES = {reason: own(f"NO-HU-{number}", reason) for number, reason in enumerate(EXCLUSIONS, 1)}
"""What a report's values are called in the structured report."""


def yes_or_no(is_so: bool) -> Code:
    """The answer as a code."""
    return YES if is_so else NO


def dataset_of(code: Code) -> Dataset:
    """A code as an item of a sequence."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code.value, code.scheme_designator, code.meaning
    return item
