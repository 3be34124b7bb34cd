"""Every condition has a name of its own, and holds what it says."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.bent_patient import bent_patient
from VertebralFracturesLib.core.heights.genant import heights_mm
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.evaluation.stress_tests.annotated_scan import AnnotatedScan
from VertebralFracturesLib.evaluation.stress_tests.conditions import (
    cut_behind,
    front_only,
    lumbosacral,
    middle_ones,
    named_conditions,
    narrow_field,
    real_conditions,
    side_only,
    simulated_fractures,
    synthetic_conditions,
)


@pytest.fixture(scope="module")
def scan() -> AnnotatedScan:
    return bent_patient()


def test_the_fields_of_view_hold_what_they_say(scan):
    assert middle_ones(3)(scan).levels == scan.levels[2:5]
    assert narrow_field(scan).levels == scan.levels
    assert 0 < len(cut_behind(scan).levels) < len(scan.levels)
    for without in (front_only(scan), side_only(scan)):
        assert without.levels == ()
        assert not without.volume.contains(scan.curve.points_ras).any()


def test_every_condition_has_a_name_of_its_own():
    for conditions in (list(synthetic_conditions()), list(real_conditions())):
        names = [f"{one.group}: {one.name}" for one in conditions]
        assert len(set(names)) == len(names) > 15


def test_conditions_of_real_cts_are_known_by_name() -> None:
    first, second = named_conditions(["5 mm slices", "noise of 80 HU added", "5 mm slices"])
    assert (first.name, second.name) == ("5 mm slices", "noise of 80 HU added")
    with pytest.raises(UnusableInput, match=r"there is no condition 'fog'; possible ones are: .*5 mm slices"):
        named_conditions(["5 mm slices", "fog"])


def test_spines_of_every_kind_are_scanned_whole_and_lumbosacral():
    for group in ("whole spine", "lumbosacral"):
        names = [one.name for one in synthetic_conditions() if one.group == group]
        assert names[:6] == ["normal anatomy", "L6", "sacralised L5", "T13", "11 pairs of ribs", "ribs on L1"]
        assert sum("crush" in name or "fractures" in name for name in names) == 3


def test_only_damaged_files_have_to_be_refused_for_their_damage():
    damaged = [one for one in synthetic_conditions() if one.damage]
    assert {one.group for one in damaged} == {"damaged file"}
    assert not any(one.has_spine for one in damaged)


def test_a_lumbosacral_scan_begins_at_t10(scan):
    renamed = replace(scan, levels=("T9", "T10", "T11", "T12", "L1", "L2", "L5")[: len(scan.levels)])
    assert lumbosacral(renamed).levels == renamed.levels[1:]
    with pytest.raises(ValueError, match="T10 to L5"):
        lumbosacral(scan)


def test_pressed_bodies_are_known_as_fractures_and_no_others(scan):
    pressed = simulated_fractures(scan)
    moved = np.abs(heights_mm(pressed.keypoints_ras) - heights_mm(scan.keypoints_ras)).max(1)
    assert [kind is not None for kind in pressed.fractures] == (moved > 0.5).tolist()
    assert any(pressed.fractures)
