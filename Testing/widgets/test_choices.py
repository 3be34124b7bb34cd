"""What the reader chooses from."""

from VertebralFracturesLib.core.heights.genant import PRESETS


def test_gradings_have_the_titles_of_their_presets(host):
    from VertebralFracturesLib.widgets.choices import Grading

    assert {one.value: one.label() for one in Grading} == {name: preset.title for name, preset in PRESETS.items()}


def test_devices_have_a_label_each(host):
    from VertebralFracturesLib.widgets.choices import Device

    assert {one.value: one.label() for one in Device} == {"auto": "Automatic", "cpu": "CPU", "cuda": "GPU"}
