import re

import pytest
from helpers.html_page import Page
from VertebralFracturesLib.core.comparison.change import compare_spines
from VertebralFracturesLib.report.comparison.page import comparison_page


@pytest.fixture(scope="module")
def studies(synthetic_ct, synthetic_report):
    from dataclasses import replace

    vertebrae = list(synthetic_report.vertebrae)
    points = vertebrae[-2].keypoints_ras.copy()
    for superior, inferior in ((0, 1), (2, 3)):
        points[superior] += 0.4 * (points[inferior] - points[superior])
    vertebrae[-2] = replace(vertebrae[-2], keypoints_ras=points)
    current = replace(synthetic_report, vertebrae=tuple(vertebrae), input={"case_id": "<b>later</b>"})
    return replace(synthetic_report, input={"case_id": "earlier"}), current, synthetic_ct


def test_both_spines_and_the_changed_vertebra_are_shown(studies):
    prior, current, volume = studies
    comparison = compare_spines(prior, current)
    assert [one.verdict for one in comparison.vertebrae if one.verdict != "unchanged"] == ["progressive fracture"]
    page = comparison_page(comparison, prior, current, volume, volume)
    assert page.count("<image ") == 4
    assert "<b>later</b>" not in page
    assert comparison.headline in page
    widths = re.findall(r'<svg viewBox="-22.0 0 [^"]+" width="(\d+)" height="(\d+)"', page)
    assert len(widths) == 2
    assert widths[0] == widths[1]
    assert Page(page)


def test_without_images_the_page_says_so(studies):
    prior, current, _ = studies
    page = comparison_page(compare_spines(prior, current), prior, current, None, None)
    assert "<image" not in page
    assert page.count("No image of") == 4
