"""README and user guide name the controls of the module as they are labelled."""

import re
from xml.etree import ElementTree

import pytest
from helpers.repository import LIBRARY, MODULE, ROOT

SLICERS_OWN = {
    "Edit > Application Settings > Modules > Additional module paths",
    "File > Save Data",
    "PyTorch",
    "PyTorch Utils",
    "Reload and Test",
    "Sample Data",
}
"""Words of 3D Slicer itself and of other extensions."""

GUIDE = "Documentation/user_guide.md"


def labels() -> set[str]:
    """What is written on the panel, in its table and its lists, and what the module and its sample data are called."""
    interface = ElementTree.parse(MODULE / "Resources" / "UI" / "VertebralFractures.ui")
    texts = {text.removesuffix(":") for text in (node.text for node in interface.iter("string")) if text}
    scripts = [MODULE / "VertebralFractures.py", *(LIBRARY / "widgets").glob("*.py")]
    source = "".join(script.read_text(encoding="utf-8") for script in scripts)
    return texts | set(re.findall(r'"([^"\\\n]+)"', source))


@pytest.mark.parametrize(("name", "least"), [("README.md", 8), (GUIDE, 25)])
def test_controls_are_named_as_they_are_labelled(name: str, least: int) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    named = set(re.findall(r"(?<!\*)\*([^*\n]+)\*(?!\*)", text)) - {"borderline"}
    assert len(named) >= least
    assert sorted(word for word in named - SLICERS_OWN if word not in labels()) == []


def test_the_user_guide_names_every_control() -> None:
    guide = (ROOT / GUIDE).read_text(encoding="utf-8")
    interface = ElementTree.parse(MODULE / "Resources" / "UI" / "VertebralFractures.ui")
    buttons = [
        text.text
        for widget in interface.iter("widget")
        if widget.get("class") in {"QPushButton", "QCheckBox"}
        for text in widget.iterfind("property[@name='text']/string")
    ]
    assert len(buttons) > 10
    assert [text for text in buttons if f"*{text}*" not in guide] == []


def test_the_user_guide_names_the_keys() -> None:
    guide = (ROOT / GUIDE).read_text(encoding="utf-8")
    keys = re.findall(r'"(Ctrl\+\w+)"', (LIBRARY / "widgets" / "shortcuts.py").read_text(encoding="utf-8"))
    assert len(keys) >= 3
    assert [key for key in keys if key not in guide] == []
