"""The true canal of a synthetic patient is where the canal is drawn."""

import numpy as np
from VertebralFracturesLib.core.spine_curve import SpineCurve
from VertebralFracturesLib.simulation.ct.render import hounsfield
from VertebralFracturesLib.simulation.patient.anatomy import make_patient
from VertebralFracturesLib.simulation.truth import true_canal

PATIENT = make_patient(11, realism="realistic", pathology_rate=0.0)


def test_the_canal_is_soft_and_the_bodies_before_it_are_not():
    canal = true_canal(PATIENT)
    heights = [vertebra.centre_ras[2] for vertebra in PATIENT.vertebrae if 8 < vertebra.number < 24]
    centres = np.column_stack([np.interp(heights, canal[::-1, 2], canal[::-1, axis]) for axis in range(3)])
    values = hounsfield(PATIENT, centres, blur_mm=1.0)
    assert (np.abs(values) < 80).all()
    bodies = hounsfield(PATIENT, np.array([v.centre_ras for v in PATIENT.vertebrae if 8 < v.number < 24]), blur_mm=3.0)
    assert np.median(bodies) > np.median(values) + 30


def test_the_canal_runs_behind_the_bodies_from_top_to_bottom():
    canal = true_canal(PATIENT)
    assert (np.diff(canal[:, 2]) < 0).all()
    assert canal[[0, -1], 2].tolist() == list(PATIENT.extent_superior_mm)
    curve = SpineCurve(PATIENT.curve_ras, np.ones(len(PATIENT.curve_ras)))
    behind = curve.ras_to_straight(canal[5:-5])
    assert (behind[:, 1] < -10).all()
    assert (np.abs(behind[:, 0]) < 12).all()
