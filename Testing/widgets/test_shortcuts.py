"""Keys that click buttons."""


def test_keys_walk_only_while_the_module_is_open(host):
    shortcuts = host.widget.shortcuts._shortcuts
    walking, judging = ["Ctrl+Up", "Ctrl+Down"], ["Ctrl+Return", "Ctrl+Shift+Return"]
    assert [shortcut.key.toString() for shortcut in shortcuts] == [
        *walking,
        *judging,
        "Ctrl+Backspace",
        "Ctrl+Shift+Down",
    ]
    host.widget.exit()
    assert not any(shortcut.enabled for shortcut in shortcuts)
    host.widget.enter()
    assert all(shortcut.enabled for shortcut in shortcuts)


def test_a_key_clicks_its_button(measured):
    keys = {shortcut.key.toString(): shortcut for shortcut in measured.widget.shortcuts._shortcuts}
    live = measured.widget.studyPanel.live
    live.select(None)
    for name, expected in (("Ctrl+Down", 0), ("Ctrl+Down", 1), ("Ctrl+Up", 0)):
        keys[name].activated.emit()
        assert live.selected == expected
    keys["Ctrl+Return"].activated.emit()
    assert live.report.vertebrae[0].status == "verified"
    keys["Ctrl+Shift+Return"].activated.emit()
    assert live.report.vertebrae[1].status == "not evaluable"
    keys["Ctrl+Backspace"].activated.emit()
    assert live.report.vertebrae[1].status == "not reviewed"


def test_no_key_acts_before_the_module_was_entered(host):
    """Slicer makes the panels of modules before it shows them, to let other modules ask them."""
    from VertebralFracturesLib.widgets.shortcuts import Shortcuts

    shortcuts = Shortcuts(host.ui, host.widget.parent)
    assert not any(shortcut.enabled for shortcut in shortcuts._shortcuts)
    shortcuts.delete()
