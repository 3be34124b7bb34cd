"""What a live study shows, against the exact map of the straightening."""

import numpy as np
from helpers.table_rows import row_of_vertebra
from VertebralFracturesLib.core.heights.genant import heights_mm
from VertebralFracturesLib.mrml.live.study import LiveStudy
from VertebralFracturesLib.mrml.nodes.keypoints import keypoints_from_node
from VertebralFracturesLib.mrml.study.report import read_study
from VertebralFracturesLib.mrml.study.study import proxy_of
from VertebralFracturesLib.report.table import column

TOLERANCE_MM = 0.02
"""What nobody sees: a tenth of a pixel."""

HEIGHTS = ("height_anterior_mm", "height_middle_mm", "height_posterior_mm")
"""Columns of the table."""


def assert_shown_where_they_are(live: LiveStudy) -> None:
    """The report, the points in the patient, those in straightened space and the table agree."""
    report, nodes = read_study(live.study)
    assert len(nodes) == len(live.report.vertebrae) == live.study.table_node.GetNumberOfRows()
    for place, (node, vertebra) in enumerate(zip(nodes, report.vertebrae, strict=True)):
        points_ras = keypoints_from_node(node)
        np.testing.assert_allclose(points_ras, live.report.vertebrae[place].keypoints_ras, atol=1e-6)
        exact = report.curve.ras_to_straight(points_ras)
        np.testing.assert_allclose(keypoints_from_node(proxy_of(node)), exact, atol=TOLERANCE_MM)
        if vertebra.is_evaluable:
            row = row_of_vertebra(live.study.table_node, place)
            for name, height_mm in zip(HEIGHTS, heights_mm(points_ras), strict=True):
                assert abs(float(row[name]) - height_mm) <= 0.5 * 0.1 ** column(name).decimals + 1e-9
