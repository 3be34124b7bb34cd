"""The whole way of a CT: with networks that read what is bright, and with the shipped weights on a synthetic patient
with its truth, on bodies without a spine, and on real CTs."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from helpers.perfect_ct import PerfectCtNetworks, PerfectImageClassifier
from helpers.spine_shapes import curve_through
from helpers.synthetic_spine import LEVELS, body_keypoints, lps_volume, oblique_volume, scoliotic_curve
from VertebralFracturesLib.core.attenuation.record import FRACTURED
from VertebralFracturesLib.core.heights.genant import genant_index, heights_mm
from VertebralFracturesLib.core.keypoints import beyond_endplates, body_centre
from VertebralFracturesLib.core.level_naming import SHAPE_ONLY
from VertebralFracturesLib.core.levels import LEVEL_NAMES, LEVELS_ARE_UNCERTAIN
from VertebralFracturesLib.core.report import SpineReport
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.ct import pipeline
from VertebralFracturesLib.ct.body_centres import BodyCentres
from VertebralFracturesLib.ct.networks import CtNetworks
from VertebralFracturesLib.ct.pipeline import STAGES, _has_metal, _is_folded, analyze_ct
from VertebralFracturesLib.errors import Cancelled, NoSpineFound, UnusableInput
from VertebralFracturesLib.io.ct import read_volume
from VertebralFracturesLib.io.reference_case import read_case
from VertebralFracturesLib.report.document import read_report, report_json
from VertebralFracturesLib.simulation.case import in_view
from VertebralFracturesLib.simulation.ct.acquisition import scan
from VertebralFracturesLib.simulation.ct.protocol import Protocol
from VertebralFracturesLib.simulation.matching import match_vertebrae
from VertebralFracturesLib.simulation.patient.anatomy import Patient, make_patient
from VertebralFracturesLib.simulation.patient.vertebra import SyntheticVertebra
from VertebralFracturesLib.simulation.truth import true_canal

BRIGHT_CURVE = scoliotic_curve()
BRIGHT_CTS = {"axial": lps_volume(BRIGHT_CURVE), "oblique": oblique_volume(BRIGHT_CURVE)}


@pytest.mark.parametrize("detector", ["anchor-free", "anchor"])
@pytest.mark.parametrize("lies", BRIGHT_CTS)
def test_bright_bodies_are_measured_by_networks_without_an_error(lies, detector):
    report = analyze_ct(BRIGHT_CTS[lies], PerfectCtNetworks(detector), preset="pisov", input={"path": "bright"})
    assert tuple(report.levels) == LEVELS
    assert (report.detector, report.preset, report.input) == (detector, "pisov", {"path": "bright"})
    assert report.models == {"perfect": "1"}
    assert report.thresholds == {"existence": 0.5, "objectness": 0.35}
    found = np.array([vertebra.keypoints_ras for vertebra in report.vertebrae])
    truth = body_keypoints(BRIGHT_CURVE)
    assert np.linalg.norm(found - truth, axis=-1).max() < 3.0
    assert np.abs(heights_mm(found) - heights_mm(truth)).mean() < 1.0
    np.testing.assert_allclose(genant_index(heights_mm(found)), genant_index(heights_mm(truth)), atol=0.1)
    assert np.argmin(genant_index(heights_mm(found))) == LEVELS.index("T12")
    assert (report.warnings, report.image_classification) == ((LEVELS_ARE_UNCERTAIN,), None)
    assert report.numbering_basis == (SHAPE_ONLY,)


def test_trabecular_attenuation_is_measured_and_reported_of_intact_bodies():
    found = analyze_ct(BRIGHT_CTS["oblique"], PerfectCtNetworks())
    certain = tuple(replace(vertebra, uncertainty_mm=np.full(6, 0.5)) for vertebra in found.vertebrae)
    report = replace(found, vertebrae=certain)
    for vertebra, measures, attenuation in zip(report.vertebrae, report.measures, report.attenuations, strict=True):
        assert vertebra.attenuation.blood_hu == pytest.approx(40.0)
        if measures.grade:
            assert (attenuation.median_hu, attenuation.exclusion) == (None, FRACTURED)
        else:
            assert attenuation.median_hu == pytest.approx(350, abs=2)
    assert any(measures.grade for measures in report.measures)
    assert report.attenuation_summary.l1_hu == pytest.approx(350, abs=2)
    assert not report.attenuation_summary.contrast_is_likely


def test_the_image_classifier_is_asked_where_there_is_one():
    networks = PerfectCtNetworks(image_classifier=PerfectImageClassifier(temperature=2.0))
    report = analyze_ct(BRIGHT_CTS["axial"], networks)
    assert report.image_classification.temperature == 2.0
    answers = [report.image_classification.grade_probabilities(one.keypoints_ras) for one in report.vertebrae]
    assert len(answers) == len(LEVELS)
    assert all(normal > 0.5 for normal, *_ in answers)


def test_bodies_that_are_cut_are_left_out_and_counted():
    volume = BRIGHT_CTS["axial"]
    lowest = int(volume.to_ijk(body_centre(body_keypoints(BRIGHT_CURVE))[-1])[2])
    report = analyze_ct(Volume(volume.voxels[lowest:], volume.ijk_to_ras @ _shift(lowest)), PerfectCtNetworks())
    assert tuple(report.levels) == LEVELS[:-1]
    assert "1 vertebra partly outside the field of view was not measured." in report.warnings


def test_a_detector_that_is_in_doubt_detects_nothing():
    with pytest.raises(NoSpineFound, match="no vertebra lies completely"):
        analyze_ct(BRIGHT_CTS["axial"], PerfectCtNetworks(score=0.3))


@pytest.mark.parametrize(("radius_mm", "is_folded"), [(22.0, False), (18.0, True), (60.0, False)])
def test_planes_that_cross_within_a_body_are_folded(radius_mm, is_folded):
    """A body reaches 20 mm to each side of the curve; across an arc of a circle the planes cross at its centre."""
    angles = np.linspace(-0.5, 0.5, 60) * 40.0 / radius_mm
    arc = radius_mm * np.column_stack([np.cos(angles), 0 * angles, -np.sin(angles)])
    assert _is_folded(curve_through(arc)) == is_folded


def _with_metal(hounsfield: float, aside_mm: float, voxels: int) -> Volume:
    """Soft tissue around an upright curve of 100 mm from the origin down, and voxels of metal aside of it.

    In the 48 050 places that are looked at 24 voxels are the share that counts.
    """
    image = np.full((60, 60, 60), 40.0, np.float32)
    matrix = np.diag([2.0, 2.0, 2.0, 1.0])
    matrix[:3, 3] = -60.0, -59.0, -110.0
    i, j, k = np.rint(np.linalg.solve(matrix[:3, :3], np.array([aside_mm, -15.0, -50.0]) - matrix[:3, 3])).astype(int)
    image[k : k + voxels, j, i] = hounsfield
    return Volume(image, matrix)


@pytest.mark.parametrize(
    ("hounsfield", "aside_mm", "voxels", "is_metal"),
    [
        (2900.0, 10.0, 28, True),
        (2300.0, 10.0, 28, False),
        (2900.0, 10.0, 20, False),
        (2900.0, 28.0, 28, True),
        (2900.0, 32.0, 28, False),
    ],
)
def test_metal_is_dense_near_the_spine_and_more_than_a_speck(hounsfield, aside_mm, voxels, is_metal):
    curve = curve_through(np.column_stack([np.zeros(12), np.zeros(12), -np.linspace(0, 100, 12)]))
    assert _has_metal(_with_metal(hounsfield, aside_mm, voxels), curve) == is_metal


PROTOCOL = Protocol(
    pixel_mm=1.25, slice_spacing_mm=2.0, slice_thickness_mm=2.0, first_level=15.5, last_level=21.5, field_mm=200.0,
    centre_mm=(0.0, -35.0), obliquity_degrees=(7.0, -5.0, 4.0), signs=(-1, 1, 1))  # fmt: skip
MATCH_MM = 8.0
MEASURING = tuple(stage for stage in STAGES if stage != "image classifier")


@pytest.fixture(scope="module")
def load_networks() -> Callable[..., CtNetworks]:
    """Loads the shipped weights; the oracles of the other tests need no torch."""
    from VertebralFracturesLib.networks.ct_networks import load_ct_networks

    return partial(load_ct_networks, "cpu")


@pytest.fixture(scope="module")
def networks(load_networks: Callable[..., CtNetworks]) -> CtNetworks:
    """The shipped weights."""
    return load_networks()


@pytest.fixture(scope="module")
def patient() -> Patient:
    """A patient with a severe wedge of T12."""
    return make_patient(
        2, realism="realistic", pathology_rate=0.0, fractures={"T12": ("wedge", 0.6)}, level_variants=False
    )


@pytest.fixture(scope="module")
def volume(patient: Patient) -> Volume:
    """The patient's thoracolumbar spine in an oblique scan of 2 mm slices."""
    return scan(patient, PROTOCOL, 1)


@pytest.fixture(scope="module")
def report(volume: Volume, networks: CtNetworks) -> SpineReport:
    """What is found in the scan."""
    return analyze_ct(volume, networks, input={"path": "scan"})


def nearest(report: SpineReport, vertebra: SyntheticVertebra) -> np.ndarray:
    """The found keypoints whose centre is closest to that of a true vertebra."""
    found = np.array([one.keypoints_ras for one in report.vertebrae])
    return found[np.linalg.norm(body_centre(found) - body_centre(vertebra.keypoints_ras), axis=1).argmin()]


def assert_found(report: SpineReport, patient: Patient, volume: Volume, height_mm: float, index: float) -> None:
    """Every whole body is found and measured to some precision, and nothing is found where no body is."""
    truth = [vertebra for vertebra in patient.vertebrae if in_view(vertebra, volume)]
    assert len(truth) >= 4
    found = np.array([nearest(report, vertebra) for vertebra in truth])
    expected = np.array([vertebra.keypoints_ras for vertebra in truth])
    assert np.linalg.norm(body_centre(found) - body_centre(expected), axis=1).max() < 4.0
    assert np.abs(heights_mm(found) - heights_mm(expected)).mean() < height_mm
    assert np.abs(genant_index(heights_mm(found)) - genant_index(heights_mm(expected))).mean() < index
    centres = body_centre(np.array([vertebra.keypoints_ras for vertebra in patient.vertebrae]))
    for vertebra in report.vertebrae:
        assert np.linalg.norm(centres - body_centre(vertebra.keypoints_ras), axis=1).min() < MATCH_MM


def test_every_body_of_a_synthetic_patient_is_found_and_measured(report, patient, volume):
    assert_found(report, patient, volume, height_mm=1.5, index=0.06)
    (fractured,) = [vertebra for vertebra in patient.vertebrae if vertebra.level == "T12"]
    assert genant_index(heights_mm(nearest(report, fractured))) == pytest.approx(0.60, abs=0.1)
    assert np.argmin([vertebra.genant_index for vertebra in report.measures]) == np.argmin(
        [np.linalg.norm(body_centre(v.keypoints_ras) - body_centre(fractured.keypoints_ras)) for v in report.vertebrae]
    )


def test_the_anchor_detector_finds_the_bodies_too(patient, volume, load_networks):
    assert_found(analyze_ct(volume, load_networks("anchor")), patient, volume, height_mm=3.0, index=0.12)


def test_the_report_says_what_was_done(report, networks, volume):
    heights = [body_centre(vertebra.keypoints_ras)[2] for vertebra in report.vertebrae]
    assert heights == sorted(heights, reverse=True)
    assert report.input == {"path": "scan"}
    assert report.detector == "anchor-free"
    assert report.preset == "level-aware"
    assert report.models == networks.versions
    assert set(report.thresholds) == {"existence", "objectness"}
    assert all(0 < vertebra.score <= 1 and vertebra.source == "model" for vertebra in report.vertebrae)
    assert all((vertebra.uncertainty_mm > 0).all() and volume.contains(vertebra.keypoints_ras).all()
               for vertebra in report.vertebrae)  # fmt: skip
    assert report_json(read_report(report_json(report))) == report_json(report)


def test_the_curve_runs_through_the_bodies(report, patient, volume):
    whole = [vertebra for vertebra in patient.vertebrae if in_view(vertebra, volume)]
    centres = np.array([body_centre(vertebra.keypoints_ras) for vertebra in whole])
    straight = report.curve.ras_to_straight(centres)
    assert np.linalg.norm(straight[:, :2], axis=1).max() < 6.0
    assert (report.curve.confidence_at(-straight[:, 2]) > 0.5).all()


def test_keypoints_lie_in_the_middle_plane_of_the_curve(report):
    for vertebra in report.vertebrae:
        np.testing.assert_allclose(report.curve.ras_to_straight(vertebra.keypoints_ras)[:, 0], 0, atol=1e-3)


def test_bodies_have_the_names_of_the_slices_they_lie_in(volume, networks, patient, monkeypatch):
    centres = np.array([body_centre(vertebra.keypoints_ras) for vertebra in patient.vertebrae])
    numbers = np.array([vertebra.number for vertebra in patient.vertebrae])
    predict = pipeline.locate_bodies

    def predict_sure_levels(*arguments: object) -> BodyCentres:
        found = predict(*arguments)
        number = np.interp(-found.centres_ras[:, 2], -centres[:, 2], numbers)
        misfit = np.abs(number[:, None] - np.arange(1, found.levels.shape[1] + 1))
        return replace(found, levels=np.maximum(1 - misfit, 0.0))

    monkeypatch.setattr(pipeline, "locate_bodies", predict_sure_levels)
    report = analyze_ct(volume, networks)
    for vertebra in report.vertebrae:
        nearest = np.linalg.norm(centres - body_centre(vertebra.keypoints_ras), axis=1).argmin()
        assert vertebra.level == patient.vertebrae[nearest].level
        assert vertebra.level_confidence > 0.55
    assert report.numbering_basis == (SHAPE_ONLY,)
    assert LEVELS_ARE_UNCERTAIN in report.warnings


def test_neighbouring_levels_have_neighbouring_names(report):
    numbers = [LEVEL_NAMES.index(vertebra.level) for vertebra in report.vertebrae]
    assert (np.diff(numbers) == 1).all()


def test_the_order_and_direction_of_the_voxels_do_not_matter(volume, networks, report):
    matrix = volume.ijk_to_ras.copy()
    for axis in (0, 2):
        matrix[:3, 3] += matrix[:3, 2 - axis] * (volume.shape[axis] - 1)
        matrix[:3, 2 - axis] *= -1
    turned = Volume(volume.voxels[::-1, :, ::-1].transpose(2, 0, 1), matrix[:, [1, 2, 0, 3]])
    other = analyze_ct(turned, networks)
    assert len(other.vertebrae) == len(report.vertebrae)
    for one, two in zip(report.vertebrae, other.vertebrae, strict=True):
        assert np.linalg.norm(one.keypoints_ras - two.keypoints_ras, axis=1).max() < 0.7
        assert one.level == two.level


def test_analysis_is_deterministic(volume, networks, report):
    again = analyze_ct(volume, networks, input={"path": "scan"})
    for one, two in zip(report.vertebrae, again.vertebrae, strict=True):
        np.testing.assert_allclose(one.keypoints_ras, two.keypoints_ras, atol=1e-4)


def test_an_image_classification_goes_with_the_report_where_it_is_wanted(volume, load_networks, report, patient):
    told: list[str] = []
    again = analyze_ct(volume, load_networks(image_classifier=True), progress=lambda stage, share: told.append(stage))
    assert list(dict.fromkeys(told)) == list(STAGES)
    assert report.image_classification is None
    for one, two in zip(report.vertebrae, again.vertebrae, strict=True):
        np.testing.assert_allclose(one.keypoints_ras, two.keypoints_ras, atol=1e-4)
    severe = again.summary.worst_vertebra
    assert again.fracture_probabilities[severe].image_based == max(
        one.image_based for one in again.fracture_probabilities
    )
    assert again.fracture_probabilities[severe].combined > 0.5
    beside = again.image_classification.canal.ras_to_straight(true_canal(patient))
    inside = (beside[:, 2] < 0) & (beside[:, 2] > -again.image_classification.canal.length_mm)
    assert np.linalg.norm(beside[inside, :2], axis=1).mean() < 2.0


def test_progress_names_the_stages_in_order(volume, networks):
    told: list[tuple[str, float]] = []
    analyze_ct(volume, networks, progress=lambda stage, share: told.append((stage, share)))
    assert [stage for stage, share in told if share == 0.0] == list(MEASURING)
    assert told[-1] == (STAGES[-1], 1.0)


def test_the_run_can_be_cancelled_in_every_stage(volume, networks):
    asked: list[str] = []
    current = ["before"]

    def note() -> bool:
        asked.append(current[0])
        return False

    def enter(stage: str, share: float) -> None:
        current[0] = stage

    analyze_ct(volume, networks, cancel=note, progress=enter)
    assert set(asked) >= {"before", *MEASURING[:-1]}
    for number in range(len(asked)):
        calls = iter(range(99))
        seen: list[str] = []
        with pytest.raises(Cancelled):
            analyze_ct(volume, networks, cancel=lambda calls=calls, number=number: next(calls) == number,
                    progress=lambda stage, share, seen=seen: seen.append(stage))  # fmt: skip
        assert seen == list(MEASURING[: MEASURING.index(asked[number]) + 1] if asked[number] in MEASURING else ())


def warnings_of(volume: Volume, networks: CtNetworks) -> str:
    return " | ".join(analyze_ct(volume, networks).warnings)


@pytest.mark.parametrize("share", [0.5, 1.0])
def test_bodies_at_the_border_are_left_out_with_a_warning(volume, networks, report, patient, share):
    keypoints_ras = next(v for v in patient.vertebrae if v.level == "L1").keypoints_ras
    superior, inferior = keypoints_ras[2], keypoints_ras[3]
    last = int(volume.to_ijk(superior + share * (inferior - superior))[2])
    cut = Volume(volume.voxels[last:], volume.ijk_to_ras @ _shift(last))
    found = analyze_ct(cut, networks)
    assert len(found.vertebrae) < len(report.vertebrae)
    for vertebra in found.vertebrae:
        assert cut.contains(vertebra.keypoints_ras).all()
        assert cut.contains(beyond_endplates(vertebra.keypoints_ras, 0.9)).all()
    assert any("partly outside the field of view" in warning for warning in found.warnings)


def _shift(slices: int) -> np.ndarray:
    matrix = np.eye(4)
    matrix[2, 3] = slices
    return matrix


def test_metal_beside_the_spine_is_warned_of(volume, networks, report):
    assert "metal" not in " ".join(report.warnings)
    voxels = volume.voxels.copy()
    for side in (-15.0, 15.0):
        for vertebra in report.vertebrae[1:3]:
            screw = body_centre(vertebra.keypoints_ras) + np.column_stack(
                [np.full(60, side), np.linspace(10, -45, 60), np.zeros(60)]
            )
            for offset in np.array([[0, 0, 0], [1.3, 0, 0], [0, 0, 2], [-1.3, 0, 0], [0, 0, -2.0]]):
                i, j, k = np.rint(volume.to_ijk(screw + offset)).astype(int).T
                voxels[k, j, i] = 3071
    assert "Metal" in warnings_of(Volume(voxels, volume.ijk_to_ras), networks)


def test_thick_slices_are_warned_of(volume, networks):
    matrix = volume.ijk_to_ras.copy()
    matrix[:3, 3] += 0.5 * matrix[:3, 2]
    matrix[:3, 2] *= 2
    pairs = volume.voxels[: volume.shape[0] // 2 * 2].reshape(-1, 2, *volume.shape[1:])
    thick = Volume(pairs.mean(1).astype(np.int16), matrix)
    assert "Slice thickness 4 mm (> 3 mm)" in warnings_of(thick, networks)


def test_a_spine_without_a_whole_body_is_no_result(volume, networks, monkeypatch):
    monkeypatch.setattr(pipeline, "detect", lambda networks, views, volume: [])
    with pytest.raises(NoSpineFound, match="no vertebra lies completely"):
        analyze_ct(volume, networks)


def block(paint, size_mm: tuple[float, float, float], spacing_mm: float = 3.0) -> Volume:
    """A noisy CT (right, anterior, superior mm) of Hounsfield units painted at the distances from its middle."""
    count = np.round(np.array(size_mm) / spacing_mm).astype(int)
    half = (count - 1) / 2 * spacing_mm
    superior, anterior, right = np.meshgrid(*(np.linspace(-side, side, n) for side, n in
                                              zip(half[::-1], count[::-1], strict=True)), indexing="ij")  # fmt: skip
    voxels = paint(right, anterior, superior) + np.random.default_rng(0).normal(0, 12, right.shape)
    matrix = np.diag([spacing_mm] * 3 + [1.0])
    matrix[:3, 3] = -half
    return Volume(np.clip(voxels, -1024, 3071).astype(np.int16), matrix)


def in_layers(distance: np.ndarray, *layers: tuple[float, float]) -> np.ndarray:
    """Air, then the Hounsfield units of each layer below its radius, outermost first."""
    result = np.full(distance.shape, -1000.0)
    for radius, hounsfield in layers:
        result[distance < radius] = hounsfield
    return result


def thighs(right: np.ndarray, anterior: np.ndarray, superior: np.ndarray) -> np.ndarray:
    """Two legs with a femur each."""
    legs = []
    for side in (-72.0, 72.0):
        flesh = in_layers(np.hypot(right - side, anterior), (68.0, -100.0), (56.0, 50.0))
        femur = in_layers(np.hypot(right - 0.9 * side, anterior - 5), (15.0, 1200.0), (8.0, -50.0))
        legs.append(np.where(femur > -1000, femur, flesh))
    return np.maximum(*legs)


def head(right: np.ndarray, anterior: np.ndarray, superior: np.ndarray) -> np.ndarray:
    """Scalp, skull and brain, without face and neck."""
    distance = np.sqrt((right / 0.80) ** 2 + anterior**2 + (superior / 0.95) ** 2)
    return in_layers(distance, (98.0, -80.0), (93.0, 40.0), (90.0, 900.0), (83.0, 35.0), (20.0, 8.0))


def water_and_rod(right: np.ndarray, anterior: np.ndarray, superior: np.ndarray) -> np.ndarray:
    """A phantom for quality control: water in acrylic, and a rod as dense as bone."""
    water = in_layers(np.hypot(right / 1.3, anterior), (92.0, -120.0), (86.0, 0.0))
    return np.where(np.hypot(right, anterior + 50) < 12, 700.0, water)


@pytest.mark.parametrize("paint", [thighs, head, water_and_rod])
def test_without_a_spine_there_is_no_result(paint, networks):
    with pytest.raises(NoSpineFound, match=r"no spine found: less than 40 mm .* load a CT"):
        analyze_ct(block(paint, (300.0, 220.0, 220.0)), networks)


def test_what_is_no_ct_is_refused_before_any_network(volume, networks):
    magnetic = Volume(np.abs(volume.voxels.astype(np.int32) + 1024).astype(np.int16), volume.ijk_to_ras)
    with pytest.raises(UnusableInput):
        analyze_ct(magnetic, replace(networks, spine_curve=None, vertebrae=None))


def test_real_cases_are_measured_about_as_readers_do(real_cases: list[Path], networks):
    centre_errors, height_errors, index_errors, found, marked, false = [], [], [], 0, 0, 0
    smallest = sorted(real_cases, key=lambda folder: (folder / "ct.nii.gz").stat().st_size)[:2]
    for case in map(read_case, smallest):
        report = analyze_ct(read_volume(case.image), networks)
        keypoints = np.array([vertebra.keypoints_ras for vertebra in report.vertebrae])
        matching = match_vertebrae(keypoints, case.keypoints_ras, case.curve)
        found, marked, false = found + len(matching.pairs), marked + len(case.levels), false + len(matching.false)
        for mine, reference in matching.pairs:
            heights, expected = heights_mm(keypoints[mine]), heights_mm(case.keypoints_ras[reference])
            centre_errors.append(
                np.linalg.norm(body_centre(keypoints[mine]) - body_centre(case.keypoints_ras[reference]))
            )
            height_errors.append(np.abs(heights - expected).mean())
            index_errors.append(np.abs(genant_index(heights) - genant_index(expected)))
    assert found >= 0.95 * marked
    assert false <= 0.05 * marked
    assert np.mean(centre_errors) < 2.0
    assert np.mean(height_errors) < 1.8
    assert np.mean(index_errors) < 0.07
