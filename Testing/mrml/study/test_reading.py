"""A study as a reading, and back."""

from pathlib import Path

import numpy as np
from helpers.study_nodes import keypoints_of, move_point
from VertebralFracturesLib.core.note import note_now
from VertebralFracturesLib.mrml.live.study import LiveStudy
from VertebralFracturesLib.mrml.nodes.volume import add_volume_node
from VertebralFracturesLib.mrml.study.creation import create_study
from VertebralFracturesLib.mrml.study.reading import apply_reading, study_reading
from VertebralFracturesLib.mrml.study.report import study_report
from VertebralFracturesLib.report.document import report_json
from VertebralFracturesLib.worklist.reading import read_reading, write_reading


def test_everything_a_reader_did_comes_back_in_a_new_scene(study, scene, volume, tmp_path: Path) -> None:
    live = LiveStudy(study)
    move_point(keypoints_of(study, "T12"), 0, (0, 0, -4.0))
    live.delete_vertebra(0)
    live.add_vertebra(live.report.vertebrae[-1].keypoints_ras - [0, 0, 33.0])
    live.set_status(1, "verified")
    live.set_note(1, note_now("old", "A. Reader"))
    live.set_note(None, note_now("compare", "A. Reader"))
    live.set_preset("pisov")
    live.shift_levels(1)
    move_point(study.curve_node, 4, (3.0, 0, 0))
    write_reading(tmp_path / "reading.json", study_reading(study, "A. Reader"))
    reading = read_reading(tmp_path / "reading.json")
    before = study_report(study)
    live.close()
    again = create_study(scene, add_volume_node(scene, volume, "CT"), reading.automatic)
    apply_reading(again, reading)
    after = study_report(again)
    assert [(one.level, one.status, one.source, one.note) for one in after.vertebrae] == [
        (one.level, one.status, one.source, one.note) for one in before.vertebrae
    ]
    for now, then in zip(after.vertebrae, before.vertebrae, strict=True):
        np.testing.assert_allclose(now.keypoints_ras, then.keypoints_ras, atol=1e-9)
    assert (after.preset, after.note) == (before.preset, before.note)
    np.testing.assert_allclose(after.curve.position(50.0), before.curve.position(50.0), atol=0.1)
    live = LiveStudy(again)
    live.reset_to_model()
    assert len(live.report.vertebrae) == len(reading.automatic.vertebrae)
    live.close()


def test_a_reading_without_corrections_is_the_automatic_report(study, scene, volume) -> None:
    reading = study_reading(study, "A. Reader")
    again = create_study(scene, add_volume_node(scene, volume, "CT"), reading.automatic)
    apply_reading(again, reading)
    assert report_json(study_report(again)) == report_json(study_report(study))
