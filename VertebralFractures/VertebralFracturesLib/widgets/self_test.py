"""What Slicer checks of the module every night, and a developer with "Reload and Test"."""

import importlib.util
import tempfile
import unittest
from pathlib import Path
from typing import TYPE_CHECKING, Any

import slicer
from slicer.i18n import translate

if TYPE_CHECKING:
    from ..mrml.live.study import LiveStudy


def check_synthetic_patient(test: unittest.TestCase, logic: Any) -> None:
    """The fractures of the synthetic patient are found, and a second run replaces the first.

    :param test: says what is wrong.
    :param logic: of the module.
    :raises unittest.SkipTest: torch is not installed.
    """
    if importlib.util.find_spec("torch") is None:
        test.skipTest(translate("VertebralFractures", "torch is not installed: open the module and click Apply once"))
    from ..mrml.nodes.image import image_from_node
    from ..mrml.study.replacement import replace_study
    from ..mrml.study.report import study_report
    from ..mrml.study.study import studies
    from .sample_data import add_synthetic_patient, fracture_count

    volume_node = add_synthetic_patient()
    study = logic.process(volume_node)
    report = study_report(study)
    test.assertGreaterEqual(len(report.vertebrae), 8)
    graded = [measures.grade for measures in report.measures if measures is not None]
    test.assertGreaterEqual(sum((grade or 0) > 0 for grade in graded), fracture_count())
    test.assertEqual(study.table_node.GetTable().GetNumberOfRows(), len(report.vertebrae))
    count = slicer.mrmlScene.GetNumberOfNodes()
    replace_study(volume_node, image_from_node(volume_node), report)
    test.assertEqual(len(studies(slicer.mrmlScene)), 1)
    test.assertEqual(slicer.mrmlScene.GetNumberOfNodes(), count)


def check_dragged_point(test: unittest.TestCase) -> None:
    """A point that moves in the patient moves in the straightened space too, and the table follows."""
    from ..mrml.live.study import LiveStudy
    from ..mrml.study.study import proxy_of
    from .sample_data import add_true_study

    live = LiveStudy(add_true_study())
    before = _height_ratio(live)
    _drag(live)
    node = live.study.keypoint_nodes[2]
    proxy = proxy_of(node)
    assert proxy is not None
    test.assertEqual(proxy.GetNthControlPointPosition(0), node.GetNthControlPointPosition(0))
    test.assertLess(_height_ratio(live), before - 0.05)
    table = live.study.table_node
    assert table is not None
    test.assertIn("edited", [table.GetCellText(2, column) for column in range(table.GetNumberOfColumns())])
    live.undo()
    test.assertAlmostEqual(_height_ratio(live), before)
    live.close()


def check_saved_scene(test: unittest.TestCase) -> None:
    """A scene that was saved and loaded brings back the study with its edits, and points can be dragged again."""
    from ..mrml.live.study import LiveStudy
    from ..mrml.study.study import studies
    from ..report.table import report_csv
    from .sample_data import add_true_study

    live = LiveStudy(add_true_study())
    _drag(live)
    saved = report_csv(live.report)
    with tempfile.TemporaryDirectory() as folder:
        scene = str(Path(folder) / "scene.mrb")
        test.assertTrue(slicer.util.saveScene(scene))
        slicer.mrmlScene.Clear()
        slicer.util.loadScene(scene)
    (study,) = studies(slicer.mrmlScene)
    live = LiveStudy(study)
    test.assertEqual(report_csv(live.report), saved)
    _drag(live)
    test.assertNotEqual(report_csv(live.report), saved)
    live.close()


def _height_ratio(live: "LiveStudy") -> float:
    """That of the third vertebra."""
    measures = live.report.measures[2]
    assert measures is not None
    return measures.genant_index


def _drag(live: "LiveStudy") -> None:
    """Move the anterior superior point of the third vertebra down."""
    node = live.study.keypoint_nodes[2]
    right, anterior, superior = node.GetNthControlPointPosition(0)
    node.SetNthControlPointPosition(0, right, anterior, superior - 6)
