"""Synthetic patients as training samples, rendered once and kept in a folder."""

import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...core.spine_curve import SpineCurve
from ...core.straightening import StraightenedSlice
from ...core.volume import AIR_HU, Volume
from ...ct.body_centres import body_volume
from ...files import Arrays, cached_arrays
from ...simulation.ct.protocol import Protocol, random_protocol
from ...simulation.ct.sampling import sample_scanned, scan_lowres
from ...simulation.patient.anatomy import Patient, make_patient
from ...simulation.patient.vertebra import SyntheticVertebra
from ...simulation.truth import true_canal
from .canal import CanalSample
from .slabs import SlabSample, body_sample, turned_frame
from .slices import SAMPLE_PIXEL_MM, SliceSample, jittered
from .volumes import VolumeSample

_SLICE_WIDTH_MM = 114.0
_SLICE_MARGIN_MM = 25.0
_LAYERS_MM = (-1.0, 0.0, 1.0)
_END_MM = 1.0
_SACRUM_SHARE, _NECK_SHARE = 0.4, 0.15
"""Shares of slices that show the sacrum below the lumbar spine, and C1 and C2 above the neck. Chosen: slices whose
curves ended at L5 and C2 never showed a whole S1, and the network took it for L5 (experiments.md, 2026-12-01)."""

_AS_DRAWN, _WHOLE_SPINE = 0.35, 0.7
"""Share of trunks that are scanned as met in practice, and that share with the whole spines. Chosen: the ends of the
spine, which tell the levels for sure, are in view of two trunks in three."""


def synthetic_slices(cache: Path, count: int, seed: int) -> list[SliceSample]:
    """Straightened slices of synthetic patients; those that the cache lacks are rendered first."""
    cached = _cached(cache, "slice", count, seed, _render_slice)
    return [
        SliceSample(arrays["image"].astype(np.float32), SAMPLE_PIXEL_MM, arrays["keypoints_mm"], arrays["known_mm"])
        for arrays in cached
        if len(arrays["keypoints_mm"])
    ]


def synthetic_volumes(cache: Path, count: int, seed: int) -> list[VolumeSample]:
    """Trunks of synthetic patients at 3 mm; those that the cache lacks are rendered first."""
    cached = _cached(cache, "volume", count, seed, _render_volume)
    return [
        VolumeSample(Volume(a["voxels"], a["ijk_to_ras"]), a["curve_ras"], a["level"], (True, True), a["sacrum_ras"])
        for a in cached
    ]


def synthetic_canals(cache: Path, count: int, seed: int) -> list[CanalSample]:
    """Trunks of synthetic patients at 3 mm with their canals, the trunks of :func:`synthetic_volumes`."""
    samples = []
    for number, trunk in enumerate(synthetic_volumes(cache, count, seed)):
        patient = make_patient(1000 * seed + number)
        scanned = trunk.volume.sample(trunk.curve_ras, order=0) > AIR_HU + 1
        points = trunk.curve_ras[np.flatnonzero(scanned)[0] : np.flatnonzero(scanned)[-1] + 1][::4]
        samples.append(CanalSample(trunk.volume, SpineCurve(points, np.ones(len(points))), true_canal(patient)))
    return samples


def synthetic_slabs(cache: Path, count: int, seed: int) -> list[SlabSample]:
    """Slabs of synthetic patients; those that the cache lacks are rendered first."""
    return [SlabSample(**arrays) for arrays in _cached(cache, "slab", count, seed, _render_slab)]


def _cached(cache: Path, kind: str, count: int, seed: int, render: Callable[[int], Arrays]) -> list[Arrays]:
    def rendered(file: Path, number: int) -> Arrays:
        print(f"rendering {file.name}", file=sys.stderr, flush=True)
        return render(1000 * seed + number)

    files = [cache / f"{kind}_{seed}_{number}.npz" for number in range(count)]
    return [cached_arrays(file, partial(rendered, file, number)) for number, file in enumerate(files)]


def _render_slice(seed: int) -> Arrays:
    rng = np.random.default_rng(seed)
    patient, protocol = make_patient(seed), _with_ends_of_slices(random_protocol(rng), rng)
    curve = jittered(_curve_past_ends(patient, protocol, rng), rng)
    columns = round(_SLICE_WIDTH_MM / SAMPLE_PIXEL_MM)
    rows = round((curve.length_mm + 2 * _SLICE_MARGIN_MM) / SAMPLE_PIXEL_MM)
    anterior_mm = (columns - 1) / 2 * SAMPLE_PIXEL_MM
    lateral_mm = float(rng.normal(0, 0.7))
    layers = []
    for offset in _LAYERS_MM:
        layer = StraightenedSlice(np.empty((0, 0), np.float32), SAMPLE_PIXEL_MM, curve, anterior_mm, _SLICE_MARGIN_MM,
                                  lateral_mm + offset)  # fmt: skip
        points = layer.pixels_to_ras(np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), -1))
        layers.append(sample_scanned(patient, points, protocol, seed))
    keypoints_ras = np.array([vertebra.keypoints_ras for vertebra in patient.vertebrae])
    arcs_mm = -curve.ras_to_straight(keypoints_ras)[..., 2]
    near = np.abs(arcs_mm - curve.length_mm / 2).max(axis=1) < curve.length_mm
    keypoints_mm = layer.ras_to_pixels(keypoints_ras[near]) * SAMPLE_PIXEL_MM
    whole = _measured(patient, protocol, keypoints_ras[near])
    known_mm = _known(keypoints_mm, whole, rows * SAMPLE_PIXEL_MM, bool(near[-1]))
    if len(known_mm) and near[0] and whole[0]:
        known_mm[0, 0] = 0.0
    return {"image": np.mean(layers, 0).astype(np.float16), "keypoints_mm": keypoints_mm[whole], "known_mm": known_mm}


def _curve_in_view(patient: Patient, protocol: Protocol) -> SpineCurve:
    """The part of the curve through the body centres that the scan's range of levels covers."""
    curve = SpineCurve(patient.curve_ras, np.ones(len(patient.curve_ras)))
    centre_arcs = -curve.ras_to_straight(_centres_ras(patient))[:, 2]
    numbers = [vertebra.number for vertebra in patient.vertebrae]
    ends = np.interp([protocol.first_level - 0.5, protocol.last_level + 0.5], numbers, centre_arcs)
    arcs = np.linspace(ends[0], ends[1], max(6, round((ends[1] - ends[0]) / 6.0)))
    return SpineCurve(curve.position(arcs), np.ones(len(arcs)))


def _curve_past_ends(patient: Patient, protocol: Protocol, rng: np.random.Generator) -> SpineCurve:
    """As :func:`_curve_in_view`, but where the scan goes on, the curve may run into the sacrum, as step 1 errs."""
    column = [one for one in patient.column if one.level not in ("S3", "S4", "S5")]
    centres = np.array([one.keypoints_ras.mean(0) for one in column])
    curve = SpineCurve(centres, np.ones(len(centres)))
    arcs = -curve.ras_to_straight(centres)[:, 2]
    numbers = np.array([one.number for one in column])
    last = min(protocol.last_level + 0.5, float(rng.uniform(24.5, numbers[-1])))
    ends = np.interp([protocol.first_level - 0.5, last], numbers, arcs)
    places = np.linspace(ends[0], ends[1], max(6, round((ends[1] - ends[0]) / 6.0)))
    return SpineCurve(curve.position(places), np.ones(len(places)))


def _with_ends_of_slices(protocol: Protocol, rng: np.random.Generator) -> Protocol:
    """Some scans of the lumbar spine with the sacrum, and some of the neck up to the skull."""
    kind = rng.random()
    if kind < _SACRUM_SHARE:
        first, last = rng.uniform(15.0, 20.0), rng.uniform(26.0, 29.0)
    elif kind < _SACRUM_SHARE + _NECK_SHARE:
        first, last = rng.uniform(-3.0, 0.5), rng.uniform(7.0, 12.0)
    else:
        return protocol
    return replace(protocol, first_level=float(first), last_level=float(last))


def _centres_ras(patient: Patient) -> NDArray[np.float64]:
    return np.array([vertebra.keypoints_ras.mean(0) for vertebra in patient.vertebrae])


def _measured(patient: Patient, protocol: Protocol, keypoints_ras: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Bodies (n,) whose six points lie in the field of view."""
    shape, matrix = protocol.grid(patient)
    keypoints_ijk = (keypoints_ras - matrix[:3, 3]) @ np.linalg.inv(matrix[:3, :3]).T
    return ((keypoints_ijk >= 0) & (keypoints_ijk <= np.array(shape[::-1]) - 1)).all((1, 2))


def _known(
    keypoints_mm: NDArray[np.float64], whole: NDArray[np.bool_], end_mm: float, reaches_sacrum: bool
) -> NDArray[np.float64]:
    """Stretches of y without bodies that the field of view cuts, to the image's end where the sacrum is in view."""
    tops, bottoms = keypoints_mm[..., 1].min(1) - _END_MM, keypoints_mm[..., 1].max(1) + _END_MM
    indices = np.flatnonzero(whole)
    runs = np.split(indices, np.flatnonzero(np.diff(indices) != 1) + 1) if len(indices) else []
    known = [(tops[run[0]], bottoms[run[-1]]) for run in runs]
    if known and reaches_sacrum and whole[-1]:
        known[-1] = (known[-1][0], end_mm)
    return np.array(known).reshape(-1, 2)


def _render_volume(seed: int) -> Arrays:
    rng = np.random.default_rng(seed)
    patient, protocol = make_patient(seed), _with_ends(random_protocol(rng), rng)
    trunk = body_volume(scan_lowres(patient, protocol, seed))
    curve = SpineCurve(patient.curve_ras, np.ones(len(patient.curve_ras)))
    arcs = np.arange(0.0, curve.length_mm, 1.0)
    centre_arcs = -curve.ras_to_straight(_centres_ras(patient))[:, 2]
    numbers = [vertebra.number for vertebra in patient.vertebrae]
    level = np.interp(arcs, centre_arcs, numbers)
    level += np.minimum(arcs - centre_arcs[0], 0) / 17.0 + np.maximum(arcs - centre_arcs[-1], 0) / 32.0
    voxels = np.clip(np.round(trunk.voxels), -1024, 3072).astype(np.int16)
    sacrum_ras = np.array([one.keypoints_ras.mean(0) for one in (patient.vertebrae[-1], _first_sacral(patient))])
    return {"voxels": voxels, "ijk_to_ras": trunk.ijk_to_ras, "curve_ras": curve.position(arcs), "level": level,
            "sacrum_ras": sacrum_ras}  # fmt: skip


def _with_ends(protocol: Protocol, rng: np.random.Generator) -> Protocol:
    """Two of three scans show an end of the spine or both: the whole spine, or the lumbar spine with the sacrum."""
    kind = rng.random()
    if kind < _AS_DRAWN:
        return protocol
    first = rng.uniform(-3.0, 4.0) if kind < _WHOLE_SPINE else rng.uniform(11.0, 19.0)
    return replace(protocol, first_level=float(first), last_level=float(rng.uniform(25.0, 31.0)))


def _first_sacral(patient: Patient) -> SyntheticVertebra:
    return next(one for one in patient.column if one.level == "S1")


def _render_slab(seed: int) -> Arrays:
    rng = np.random.default_rng(seed)
    patient, protocol = make_patient(seed), random_protocol(rng)
    canal_ras = true_canal(patient)
    curve = jittered(_curve_in_view(patient, protocol), rng)
    frame = turned_frame(curve, SpineCurve(canal_ras, np.ones(len(canal_ras))), rng)
    grid = np.stack(np.meshgrid(*(np.arange(size) for size in frame.shape), indexing="ij"), -1)
    points = frame.voxels_to_ras(grid).transpose(2, 0, 1, 3)
    image = sample_scanned(patient, points, protocol, seed).transpose(1, 2, 0)
    keypoints_ras = np.array([vertebra.keypoints_ras for vertebra in patient.vertebrae])
    arcs_mm = -curve.ras_to_straight(keypoints_ras)[..., 2]
    near = np.abs(arcs_mm - curve.length_mm / 2).max(axis=1) < curve.length_mm
    points_mm = -frame.ras_to_slab(keypoints_ras[near])[..., 1:]
    whole = _measured(patient, protocol, keypoints_ras[near])
    last_level = patient.vertebrae[int(np.flatnonzero(near)[-1])].number
    known = np.zeros(frame.shape[2], bool)
    for first, last in _known(points_mm, whole, float(frame.rows_mm[-1]), last_level >= 24):
        known |= (frame.rows_mm >= first) & (frame.rows_mm <= last)
    sample = body_sample(image.astype(np.float16), points_mm[whole], known)
    return {name: getattr(sample, name) for name in ("image", "rows", "indices", "known")}
