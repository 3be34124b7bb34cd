"""A sacralised L5: broad processes end in the sacrum, the disc below is thin, and L5 stays what it was."""

from dataclasses import replace

import numpy as np
import pytest
from VertebralFracturesLib.simulation.patient.anatomy import make_patient
from VertebralFracturesLib.simulation.patient.options import SACRALISED
from VertebralFracturesLib.simulation.patient.transitional import joined_to_sacrum


def last_and_sacrum(patient):
    return patient.vertebrae[-1], next(v for v in patient.column if v.level == "S1")


@pytest.mark.parametrize("seed", range(6))
def test_the_processes_are_broad_and_end_in_the_alae(seed):
    patient = make_patient(seed, variant=SACRALISED)
    last, sacral = last_and_sacrum(patient)
    bones = last.arch.capsules
    assert 2 * bones.radius_start_mm[-2] > 19 * patient.size * 0.99
    edge = sacral.body.superior.half_width_mm * 0.75
    for side in (1, -1):
        end = (last.to_ras(bones.end[-1] * [side, 1, 1]) - sacral.centre_ras) @ sacral.axes.T
        assert edge < side * end[0] < edge + 34 * patient.size
        assert np.abs(end[1:]).max() < 25


@pytest.mark.parametrize("seed", range(6))
def test_the_disc_is_thin_and_the_bodies_do_not_touch(seed):
    usual, fused = (make_patient(seed, level_variants=False, variant=variant) for variant in (None, SACRALISED))
    apart = []
    for patient in (usual, fused):
        last, sacral = last_and_sacrum(patient)
        apart.append(((last.keypoints_ras[1::2] - sacral.keypoints_ras[0::2]) @ last.axes[2]).mean())
        assert ((last.keypoints_ras[1::2] - sacral.keypoints_ras[0::2]) @ last.axes[2]).min() > -0.5
    assert apart[1] < 0.75 * apart[0]
    assert [v.level for v in fused.vertebrae] == [v.level for v in usual.vertebrae]
    local = [patient.vertebrae[-1].body.keypoints_local() for patient in (usual, fused)]
    np.testing.assert_array_equal(*local)


def test_a_vertebra_without_an_arch_is_not_joined():
    last, sacral = last_and_sacrum(make_patient(1))
    with pytest.raises(ValueError, match="without an arch"):
        joined_to_sacrum(replace(last, arch=None), sacral, 1.0)
