from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage
from VertebralFracturesLib.core.heights.genant import heights_mm
from VertebralFracturesLib.core.volume import AIR_HU
from VertebralFracturesLib.simulation.ct.protocol import random_protocol
from VertebralFracturesLib.simulation.patient.anatomy import make_patient
from VertebralFracturesLib.training.samples import synthetic_patients as phantom_cache
from VertebralFracturesLib.training.samples.synthetic_patients import synthetic_slices, synthetic_volumes

SEED = 5  # a chest down to the sacrum, quickly rendered


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One slice and one trunk, rendered."""
    folder = tmp_path_factory.mktemp("cache") / "new"
    synthetic_slices(folder, 1, SEED)
    synthetic_volumes(folder, 1, SEED)
    return folder


def test_what_was_rendered_is_not_rendered_again(cache, monkeypatch):
    def fail(seed: int) -> None:
        raise AssertionError(f"rendered {seed}")

    for name in ("_render_slice", "_render_volume"):
        monkeypatch.setattr(phantom_cache, name, fail)
    assert len(synthetic_slices(cache, 1, SEED)) == 1
    assert len(synthetic_volumes(cache, 1, SEED)) == 1
    with pytest.raises(AssertionError, match="rendered 5001"):
        synthetic_slices(cache, 2, SEED)
    with pytest.raises(AssertionError, match="rendered 6000"):
        synthetic_volumes(cache, 1, SEED + 1)
    assert sorted(path.name for path in cache.iterdir()) == ["slice_5_0.npz", "volume_5_0.npz"]


def test_keypoints_of_a_slice_are_those_of_the_patient(cache):
    (sample,) = synthetic_slices(cache, 1, SEED)
    patient = make_patient(1000 * SEED)
    true = heights_mm([vertebra.keypoints_ras for vertebra in patient.vertebrae])
    found = heights_mm(sample.keypoints_mm)
    runs = [true[first : first + len(found)] for first in range(len(true) - len(found) + 1)]
    run = min(runs, key=lambda heights: np.abs(found - heights).mean())
    assert np.mean(found / run) == pytest.approx(1.0, abs=0.03)
    np.testing.assert_allclose(found, run, rtol=0.2)  # straightening stretches the outer side of a bend
    assert (np.diff(sample.keypoints_mm.mean(1)[:, 1]) > 8).all()
    left, right = sample.keypoints_mm[:, :2, 0].mean(), sample.keypoints_mm[:, 4:, 0].mean()
    assert right - left > 15  # posterior is to the right


def test_bodies_of_a_slice_are_bright_between_their_keypoints(cache):
    (sample,) = synthetic_slices(cache, 1, SEED)
    assert np.isfinite(sample.image).all()

    def value(points_mm: np.ndarray) -> np.ndarray:
        return ndimage.map_coordinates(sample.image, points_mm.T[::-1] / sample.pixel_mm, order=1)

    superior, inferior = sample.keypoints_mm[:, [2]], sample.keypoints_mm[:, [3]]
    inside = value((superior + np.linspace(0, 1, 9)[:, None] * (inferior - superior)).reshape(-1, 2))
    before = value(sample.keypoints_mm[:, :2].mean(1) - [9.0, 0.0])
    assert np.median(inside) > 90
    assert np.median(inside) > np.median(before) + 60


def test_rows_are_known_where_whole_bodies_were_scanned(cache):
    (sample,) = synthetic_slices(cache, 1, SEED)
    for body in sample.keypoints_mm:
        holds = (sample.known_mm[:, 0] <= body[:, 1].min()) & (sample.known_mm[:, 1] >= body[:, 1].max())
        assert holds.any()
    rng = np.random.default_rng(1000 * SEED)
    protocol = phantom_cache._with_ends_of_slices(random_protocol(rng), rng)
    numbers = [vertebra.number for vertebra in make_patient(1000 * SEED).vertebrae]
    covered = [n for n in numbers if protocol.first_level + 1 < n < protocol.last_level - 1]
    assert len(sample.keypoints_mm) >= len(covered) > 3


def test_slices_show_the_sacrum_and_the_top_of_the_neck_and_say_that_no_body_is_there():
    for ends, shown in (((16.0, 29.0), "S1"), ((-1.0, 8.0), "C2")):
        patient, protocol = make_patient(1), replace(random_protocol(np.random.default_rng(0)), first_level=ends[0],
                                                     last_level=ends[1], obliquity_degrees=(0.0, 0.0, 0.0))  # fmt: skip
        rng = np.random.default_rng(4)
        curve = phantom_cache._curve_past_ends(patient, protocol, rng)
        (vertebra,) = (one for one in patient.column if one.level == shown)
        along_mm = -curve.ras_to_straight(vertebra.keypoints_ras.mean(0))[2]
        margin_mm = phantom_cache._SLICE_MARGIN_MM
        assert -margin_mm < along_mm < curve.length_mm + margin_mm
        centres = np.array([one.keypoints_ras.mean(0) for one in patient.vertebrae])
        in_view = centres[
            (centres[:, 2] < curve.position(0.0)[2]) & (centres[:, 2] > curve.position(curve.length_mm)[2])
        ]
        assert len(in_view) >= 5
        assert np.abs(curve.ras_to_straight(in_view)[:, :2]).max() < 3.0


def test_beyond_the_last_and_the_first_vertebra_all_is_known(monkeypatch):
    monkeypatch.setattr(phantom_cache, "sample_scanned", lambda patient, points, *others: np.zeros(points.shape[:-1]))
    for share, end in (("_SACRUM_SHARE", -1), ("_NECK_SHARE", 0)):
        monkeypatch.setattr(phantom_cache, "_SACRUM_SHARE", float(share == "_SACRUM_SHARE"))
        monkeypatch.setattr(phantom_cache, "_NECK_SHARE", float(share == "_NECK_SHARE"))
        reached = []
        for seed in range(4):
            arrays = phantom_cache._render_slice(seed)
            height_mm = len(arrays["image"]) * phantom_cache.SAMPLE_PIXEL_MM
            known = arrays["known_mm"]
            if len(known):
                reached.append(known[-1, 1] == height_mm if end else known[0, 0] == 0)
        assert sum(reached) >= 2


def test_the_curve_of_a_trunk_runs_through_bone_where_it_was_scanned(cache):
    (sample,) = synthetic_volumes(cache, 1, SEED)
    values = sample.volume.sample(sample.curve_ras)
    scanned = values > AIR_HU + 1
    assert scanned.mean() > 0.2
    assert np.median(values[scanned]) > 90
    assert (np.diff(sample.level) > 0).all()
    assert sample.ends == (True, True)
    patient = make_patient(1000 * SEED)
    for vertebra in patient.vertebrae:
        centre = vertebra.keypoints_ras.mean(0)
        nearest = np.linalg.norm(sample.curve_ras - centre, axis=1).argmin()
        assert np.linalg.norm(sample.curve_ras[nearest] - centre) < 2.0
        assert sample.level[nearest] == pytest.approx(vertebra.number, abs=0.1)
    (sacral,) = (one for one in patient.column if one.level == "S1")
    expected = [one.keypoints_ras.mean(0) for one in (patient.vertebrae[-1], sacral)]
    np.testing.assert_allclose(sample.sacrum_ras, expected)


def test_two_of_three_trunks_show_an_end_of_the_spine():
    rng = np.random.default_rng(0)
    drawn = [phantom_cache._with_ends(random_protocol(rng), rng) for _ in range(400)]
    whole = np.mean([one.first_level < 4 and one.last_level > 25 for one in drawn])
    lumbosacral = np.mean([one.first_level > 11 and one.last_level > 25 for one in drawn])
    assert 0.3 < whole < 0.42
    assert 0.25 < lumbosacral < 0.4


def test_a_broken_rendering_leaves_no_sample(tmp_path, monkeypatch):
    def fail(seed: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(phantom_cache, "_render_slice", fail)
    with pytest.raises(KeyboardInterrupt):
        synthetic_slices(tmp_path, 1, SEED)
    assert not list(tmp_path.iterdir())
