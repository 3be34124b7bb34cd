import pytest
from VertebralFracturesLib.core.attenuation.record import DENSE, EXCLUSIONS, FRACTURED, Attenuation


@pytest.mark.parametrize(
    "values", [(None, None, None), (140.0, None, None), (None, 20.0, None), (140.0, 20.0, DENSE), (None, None, "odd")]
)
def test_a_body_has_values_or_a_reason_why_not(values: tuple) -> None:
    with pytest.raises(ValueError, match=r"a body (is excluded|has an attenuation)"):
        Attenuation(*values)


def test_a_fractured_body_is_reported_without_values() -> None:
    measured = Attenuation(140.0, 20.0, None, 45.0)
    assert measured.unless_fractured(False) is measured
    assert measured.unless_fractured(True) == Attenuation(None, None, FRACTURED, 45.0)


def test_every_exclusion_is_a_text_of_its_own() -> None:
    assert len(set(EXCLUSIONS)) == len(EXCLUSIONS)
    assert all(Attenuation(None, None, text).exclusion == text for text in EXCLUSIONS)
