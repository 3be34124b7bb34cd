"""What the user chose last, for scenes that follow."""


def choose(host, box: str, place: int) -> None:
    """Choose an entry as a user does."""
    getattr(host.ui, box).setCurrentIndex(place)
    getattr(host.ui, box).activated.emit(place)


def test_a_new_scene_begins_with_the_last_choices(host):
    from VertebralFracturesLib.widgets.choices import Device, Grading

    choose(host, "presetBox", list(Grading).index(Grading.PISOV))
    choose(host, "deviceBox", list(Device).index(Device.CPU))
    host.ui.secondOpinionBox.click()
    host.scene.Clear(0)
    parameters = host.widget.logic.getParameterNode()
    assert (parameters.preset, parameters.device, parameters.secondOpinion) == (Grading.PISOV, Device.CPU, False)


def test_what_a_scene_holds_stays(host):
    from VertebralFracturesLib.widgets.choices import Grading

    choose(host, "presetBox", list(Grading).index(Grading.PISOV))
    parameters = host.widget.logic.getParameterNode()
    parameters.preset = Grading.GENANT
    host.widget.exit()
    host.widget.enter()
    assert host.widget.logic.getParameterNode().preset is Grading.GENANT


def test_without_a_choice_the_defaults_hold(host):
    from VertebralFracturesLib.widgets.choices import Device, Grading

    parameters = host.widget.logic.getParameterNode()
    assert (parameters.preset, parameters.device, parameters.secondOpinion) == (
        Grading.LEVEL_AWARE,
        Device.AUTOMATIC,
        True,
    )
