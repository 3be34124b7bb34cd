"""The norms rise as a spine does, and agree with one another."""

import numpy as np
import pytest
from VertebralFracturesLib.core.heights.norms import (
    ANTERIOR_POSTERIOR_NORMS,
    CENTRES_MM,
    HEIGHT_NORMS,
    MIDDLE_POSTERIOR_NORMS,
    SPACING_LOG_SD,
    SPACING_PATIENT_LOG_SD,
    TYPICAL_SHAPE,
    height_growth,
    normal_shape,
)
from VertebralFracturesLib.core.levels import LEVEL_NAMES

MEASURED = [level for level, norm in HEIGHT_NORMS.items() if norm.sd_mm]


def test_norms_cover_the_levels_they_say():
    assert tuple(HEIGHT_NORMS) == LEVEL_NAMES[LEVEL_NAMES.index("C7") :]
    assert list(LEVEL_NAMES[LEVEL_NAMES.index("C7") : LEVEL_NAMES.index("L2") + 1]) == MEASURED
    assert tuple(ANTERIOR_POSTERIOR_NORMS) == tuple(MIDDLE_POSTERIOR_NORMS) == LEVEL_NAMES[LEVEL_NAMES.index("T1") :]
    assert len(CENTRES_MM) == len(LEVEL_NAMES)


def test_heights_and_ratios_are_of_the_same_bodies():
    """Medians of ratios are about the ratios of means."""
    for level, norm in ANTERIOR_POSTERIOR_NORMS.items():
        anterior, middle, posterior = HEIGHT_NORMS[level].mean_mm
        assert norm.median == pytest.approx(anterior / posterior, abs=0.022)
        assert MIDDLE_POSTERIOR_NORMS[level].median == pytest.approx(middle / posterior, abs=0.022)


def test_heights_rise_from_level_to_level():
    posterior = np.array([HEIGHT_NORMS[level].mean_mm[2] for level in MEASURED])
    assert (np.diff(posterior) > 0).all()
    thoracolumbar = posterior[MEASURED.index("T9") : MEASURED.index("L1") + 1]
    assert np.diff(thoracolumbar).mean() == pytest.approx(
        1.5, abs=0.1
    )  # Sci Rep 2025, s41598-025-05091-0: 1.46 to 1.53


def test_deviations_are_those_of_heights_and_ratios_that_readers_measure():
    sd = np.array([HEIGHT_NORMS[level].sd_mm for level in MEASURED])
    assert ((sd >= 1.2) & (sd <= 1.8)).all()
    ratio_sd = [norm.sd for norms in (ANTERIOR_POSTERIOR_NORMS, MIDDLE_POSTERIOR_NORMS) for norm in norms.values()]
    assert 0.025 < min(ratio_sd) <= max(ratio_sd) <= 0.08


def test_bodies_and_their_distances_fit_into_one_another():
    """A disc is left between any two bodies, and it is lower than they are."""
    for level in MEASURED[:-1]:
        index = LEVEL_NAMES.index(level)
        spacing = CENTRES_MM[index + 1] - CENTRES_MM[index]
        body = (HEIGHT_NORMS[level].mean_mm[2] + HEIGHT_NORMS[LEVEL_NAMES[index + 1]].mean_mm[2]) / 2
        assert 1.0 < spacing - body < 8.0


def test_the_cervical_and_lumbar_spine_have_their_lengths():
    assert CENTRES_MM[0] == 0
    assert np.diff(CENTRES_MM)[:6].min() == pytest.approx(16.5)
    assert CENTRES_MM[6] == pytest.approx(110, abs=5)
    assert CENTRES_MM[23] - CENTRES_MM[19] == pytest.approx(143, abs=5)


def test_the_typical_shape_is_the_mean_of_the_levels():
    ratios = [np.array(HEIGHT_NORMS[level].mean_mm) / HEIGHT_NORMS[level].mean_mm[2] for level in MEASURED]
    np.testing.assert_allclose(TYPICAL_SHAPE, np.mean(ratios, axis=0), atol=0.01)


def test_spines_differ_in_scale_by_more_than_distances_along_one():
    """The scale of heights differs by 0.058 between the patients of Zakharov 2023."""
    assert pytest.approx(0.058, abs=0.01) == SPACING_PATIENT_LOG_SD
    assert 0.037 < SPACING_LOG_SD < SPACING_PATIENT_LOG_SD


def test_growth_and_shape_follow_the_tables():
    np.testing.assert_allclose(height_growth("T12", "L1"), np.array([26.5, 24.8, 28.4]) / [24.9, 23.3, 26.8])
    np.testing.assert_allclose(normal_shape("T8"), [0.891, 0.846, 1.0])
    np.testing.assert_allclose(normal_shape("L5"), [1.15, 0.88, 1.0])
    np.testing.assert_allclose(normal_shape("C7"), np.array([15.1, 13.5, 15.4]) / 15.4)
    np.testing.assert_allclose(normal_shape("C3"), TYPICAL_SHAPE)
