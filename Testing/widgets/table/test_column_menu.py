"""Choosing the columns of the panel's table."""


def shown(host) -> list[str]:
    from VertebralFracturesLib.widgets.words import column_headings

    return [name for place, name in enumerate(column_headings()) if not host.ui.vertebraTable.isColumnHidden(place)]


def entry(host, title: str):
    (action,) = (one for one in host.ui.columnsButton.actions() if one.text == title)
    return action


def test_columns_are_hidden_and_shown_and_the_choice_is_remembered(measured):
    assert "reader_note" not in shown(measured)
    assert "shape" in shown(measured)
    assert "Level" not in [one.text for one in measured.ui.columnsButton.actions()], "rows need their levels"
    entry(measured, "Shape").trigger()
    entry(measured, "Note").trigger()
    assert "shape" not in shown(measured)
    assert "reader_note" in shown(measured)
    chosen = shown(measured)
    measured.close_module()
    measured.open_module()
    assert shown(measured) == chosen
    assert not entry(measured, "Shape").checked
    entry(measured, "Shape").trigger()
    assert "shape" in shown(measured)
