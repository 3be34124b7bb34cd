"""The text for the radiology report, word for word."""

from dataclasses import replace

import pytest
from helpers import full_report
from helpers.small_radiograph import report as radiograph_report
from VertebralFracturesLib.core.attenuation.record import Attenuation
from VertebralFracturesLib.core.report import NOT_EVALUABLE, VERIFIED, SpineReport
from VertebralFracturesLib.report.report_text import report_text

HEAD = "VERTEBRAL FRACTURE ASSESSMENT (CT)\n"
NUMBERING = "Numbering: The levels are counted from the sacrum.\n"
ATTENUATION = (
    "Trabecular attenuation: L1 120 HU, mean of T12 to L4 120 HU (5 of 5 levels). L1 lies between the specific "
    "(110 HU) and the sensitive (160 HU) screening threshold for osteoporosis (Pickhardt 2013; 120 kVp, no contrast "
    "agent). Screening thresholds are not a diagnosis.\n"
)
COMPARISON = (
    "Comparison: No previous examination was compared. The age of a fracture cannot be determined from one "
    "examination.\n"
)
UNVERIFIED = (
    "Verification: These are automatic measurements; no vertebra has been verified by a user yet. "
    "VertebralFractures 1.0. Research use only; not a medical device. Every vertebra has to be checked by a qualified "
    "user.\n"
)
ASSESS = (
    "Recommendation: Assess for osteoporosis and fracture risk, for example by referral to the fracture liaison "
    "service, unless this is already under way. Correlate clinically to exclude a traumatic or pathological "
    "fracture.\n"
)


def report(losses=None, count: int = 14, **fields) -> SpineReport:
    return full_report.report(count, losses, image_classification=None, **fields)


def test_no_fracture() -> None:
    assert report_text(report()) == (
        HEAD + "Bone integrity: 14 vertebrae were assessed (T4 to L5), including 13 of the 13 levels T4 to L4. No "
        "vertebral fracture was detected.\n" + NUMBERING + ATTENUATION + COMPARISON
        + "Recommendation: None with regard to the assessed vertebrae.\n" + UNVERIFIED
    )  # fmt: skip


def test_physiological_wedging() -> None:
    assert report_text(report({"T11": (0.12, -0.049, -0.038)})) == (
        HEAD + "Bone integrity: 14 vertebrae were assessed (T4 to L5), including 13 of the 13 levels T4 to L4. No "
        "vertebral fracture was detected.\n"
        "- Mild height reduction, probably physiological and not counted as a vertebral fracture: T11 (21 %).\n"
        + NUMBERING + ATTENUATION + COMPARISON
        + "Recommendation: None with regard to the assessed vertebrae.\n" + UNVERIFIED
    )  # fmt: skip


def test_one_moderate_fracture() -> None:
    assert report_text(report({"T8": (0.27, 0.12, 0.0)})) == (
        HEAD + "Bone integrity: 14 vertebrae were assessed (T4 to L5), including 13 of the 13 levels T4 to L4. 1 "
        "vertebral fracture was detected.\n"
        "- Moderate vertebral fracture of T8 (Genant grade 2, anterior wedge shape): 31 % height loss, 95 % interval "
        "26 to 36 %.\n" + NUMBERING + ATTENUATION + COMPARISON + ASSESS + UNVERIFIED
    )


def test_several_fractures_stand_from_cranial_to_caudal() -> None:
    several = report({"T8": (0.27, 0.12, 0.0), "T12": (0.45, 0.2, 0.0), "L3": (0.0, 0.35, 0.0)})
    assert report_text(several) == (
        HEAD + "Bone integrity: 14 vertebrae were assessed (T4 to L5), including 13 of the 13 levels T4 to L4. 3 "
        "vertebral fractures were detected.\n"
        "- Moderate vertebral fracture of T8 (Genant grade 2, anterior wedge shape): 31 % height loss, 95 % interval "
        "26 to 36 %.\n"
        "- Severe vertebral fracture of T12 (Genant grade 3, anterior wedge shape): 48 % height loss, 95 % interval "
        "44 to 52 %.\n"
        "- Severe vertebral fracture of L3 (Genant grade 3, biconcave shape): 44 % height loss, 95 % interval "
        "40 to 47 %.\n" + NUMBERING
        + "Trabecular attenuation: L1 120 HU, mean of T12 to L4 120 HU (3 of 5 levels). L1 lies between the specific "
        "(110 HU) and the sensitive (160 HU) screening threshold for osteoporosis (Pickhardt 2013; 120 kVp, no "
        "contrast agent). Screening thresholds are not a diagnosis.\n" + COMPARISON + ASSESS + UNVERIFIED
    )  # fmt: skip


def test_not_assessable() -> None:
    whole = report(count=3, numbering_basis=())
    vertebrae = tuple(replace(one, level=level, attenuation=None) for one, level in zip(
        whole.vertebrae, ("C3", "C4", "C5"), strict=True))  # fmt: skip
    assert report_text(replace(whole, vertebrae=vertebrae)) == (
        HEAD + "Bone integrity: Not assessable for vertebral fracture.\n"
        "- Not assessed for fracture: C3, C4, C5 (cervical).\n" + COMPARISON
        + "Recommendation: The images do not allow an assessment of vertebral fractures by this software; assess them "
        "visually.\n" + UNVERIFIED
    )  # fmt: skip


def test_without_any_vertebra() -> None:
    text = report_text(replace(report(), vertebrae=()))
    assert "Not assessable for vertebral fracture." in text
    assert "Verification: No vertebra was measured." in text


def test_a_mild_fracture_alone_is_to_be_correlated() -> None:
    text = report_text(report({"T8": (0.16, 0.1, 0.0)}, preset="genant"))
    assert "Mild vertebral fracture of T8 (Genant grade 1" in text
    assert "Recommendation: Correlate the mild vertebral fracture" in text
    assert "liaison" not in text


def test_vertebrae_that_are_not_reliable_are_to_be_assessed_visually() -> None:
    whole = report()
    doubtful = [replace(one, score=0.5) if one.level in ("T7", "T8", "L5") else one for one in whole.vertebrae]
    text = report_text(replace(whole, vertebrae=tuple(doubtful)))
    assert "assessed (T4 to T6, T9 to L4)" in text
    assert "- Not assessed for fracture: T7, T8, L5 (not reliable: low detection score)." in text
    assert "Assess visually the vertebrae that could not be assessed: T7 to T8, L5." in text


@pytest.mark.parametrize(("hu", "is_low"), [(110.0, True), (111.0, False)])
def test_a_low_attenuation_of_l1_suggests_densitometry(hu: float, is_low: bool) -> None:
    whole = report()
    vertebrae = tuple(replace(one, attenuation=Attenuation(hu, 30.0)) for one in whole.vertebrae)
    text = report_text(replace(whole, vertebrae=vertebrae))
    assert ("Consider bone densitometry" in text) is is_low
    assert ("None with regard to the assessed vertebrae." in text) is not is_low


@pytest.mark.parametrize(
    ("verified", "says"),
    [
        (("T4", "L5"), "Not yet verified by a user: T5, T6, T7, T8, T9, T10, T11, T12, L1, L2, L3. The other"),
        (full_report.levels_up_to_l5(14), "All measured vertebrae have been verified by a user."),
    ],
)
def test_what_a_reader_has_verified_is_said(verified: tuple[str, ...], says: str) -> None:
    whole = report()
    status = dict.fromkeys(verified, VERIFIED) | {"L4": NOT_EVALUABLE}
    vertebrae = tuple(replace(one, status=status.get(one.level, one.status)) for one in whole.vertebrae)
    text = report_text(replace(whole, vertebrae=vertebrae))
    assert says in text
    assert "L4 (not evaluable)" in text


def test_a_radiograph_has_no_attenuation_and_a_discordant_level_is_named() -> None:
    text = report_text(radiograph_report())
    assert text.startswith("VERTEBRAL FRACTURE ASSESSMENT (Radiograph)\n")
    assert "attenuation" not in text
    discordant = report_text(full_report.report(14, {"T8": (0.45, 0.2, 0.0)}))
    assert "- Height- and image-based results disagree at T8; please review." in discordant


def test_the_text_names_no_patient() -> None:
    told = {"patient_id": "P-7", "patient_age": "67 years", "study_date": "2024-01-31", "path": "doe/ct.nii"}
    text = report_text(report(input=told))
    assert not any(value in text for value in told.values())
