import pytest
from VertebralFracturesLib.core.attenuation.record import DENSE, Attenuation
from VertebralFracturesLib.core.attenuation.summary import CONTRAST_CAUTION, MEAN_LEVELS, summarize_attenuation


def measured(hounsfield: float, blood: float = 45.0) -> Attenuation:
    return Attenuation(hounsfield, 30.0, None, blood)


def test_l1_and_the_mean_of_t12_to_l4_are_summed_up() -> None:
    assert MEAN_LEVELS == ("T12", "L1", "L2", "L3", "L4")
    levels = ["T11", "T12", "L1", "L2", "L3", "L5"]
    values = [measured(900.0), measured(100), measured(120), Attenuation(None, None, DENSE), measured(140), None]
    summary = summarize_attenuation(levels, values)
    assert (summary.l1_hu, summary.mean_hu) == (120.0, 120.0)
    assert summary.mean_levels == ("T12", "L1", "L3")
    assert "L1 120 HU, mean of T12 to L4 120 HU (3 of 5 levels)" in summary.statement


@pytest.mark.parametrize(
    ("l1", "text"),
    [
        (105.0, "at or below the specific screening threshold for osteoporosis of 110 HU"),
        (110.0, "at or below the specific screening threshold for osteoporosis of 110 HU"),
        (140.0, "between the specific (110 HU) and the sensitive (160 HU) screening threshold"),
        (160.0, "between the specific (110 HU)"),
        (161.0, "above the sensitive screening threshold for osteoporosis of 160 HU"),
    ],
)
def test_l1_is_compared_with_screening_values(l1: float, text: str) -> None:
    statement = summarize_attenuation(["L1"], [measured(l1)]).statement
    assert text in statement
    assert "Pickhardt 2013; 120 kVp, no contrast agent" in statement
    assert "Screening thresholds are not a diagnosis." in statement


def test_a_likely_contrast_agent_is_told() -> None:
    without, with_agent = (summarize_attenuation(["L1"], [measured(140.0, blood)]) for blood in (45.0, 160.0))
    assert (without.contrast_is_likely, with_agent.contrast_is_likely) == (False, True)
    assert CONTRAST_CAUTION not in without.statement
    assert with_agent.statement.endswith(CONTRAST_CAUTION)


def test_without_l1_nothing_is_compared() -> None:
    summary = summarize_attenuation(["L2", None], [measured(140.0), measured(90.0)])
    assert (summary.l1_hu, summary.mean_hu) == (None, 140.0)
    assert summary.statement.startswith("Trabecular attenuation: L1 not measurable, mean of T12 to L4 140 HU")
    assert "threshold" not in summary.statement


def test_spines_that_were_not_looked_at_have_no_summary() -> None:
    assert summarize_attenuation(["L1"], [None]) is None
    assert summarize_attenuation([], []) is None
    thoracic = summarize_attenuation(["T8"], [measured(150.0)])
    assert (thoracic.mean_hu, thoracic.mean_levels) == (None, ())
    assert thoracic.statement == "Trabecular attenuation of T12 to L4 could not be measured."
