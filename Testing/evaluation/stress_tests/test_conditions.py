"""Every condition has a name of its own, and holds what it says."""

import pytest
from helpers.bent_patient import bent_patient
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.evaluation.stress_tests.annotated_scan import AnnotatedScan
from VertebralFracturesLib.evaluation.stress_tests.conditions import (
    cut_behind,
    front_only,
    middle_ones,
    named_conditions,
    narrow_field,
    real_conditions,
    side_only,
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
    with pytest.raises(UnusableInput, match=r"no condition is called 'fog'; known are: .*5 mm slices"):
        named_conditions(["5 mm slices", "fog"])
