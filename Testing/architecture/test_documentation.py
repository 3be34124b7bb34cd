"""The pages of the documentation lead to one another, and their Python runs."""

import re
from pathlib import Path

import pytest
from helpers.repository import ROOT

PAGES = [ROOT / "README.md", ROOT / "SECURITY.md", ROOT / "AGENTS.md", *sorted((ROOT / "Documentation").glob("*.md"))]
EXAMPLES = ("README.md", "Documentation/python.md")


def anchors(page: Path) -> set[str]:
    """The headings of a page, as GitHub links to them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_pages_and_headings_that_exist(page: Path) -> None:
    wrong = []
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        name, _, anchor = link.partition("#")
        target = page if not name else page.parent / name
        if "://" in link:
            continue
        if not target.exists() or (anchor and anchor not in anchors(target)):
            wrong.append(link)
    assert wrong == []


def test_the_index_leads_to_every_page() -> None:
    index = (ROOT / "Documentation" / "index.md").read_text(encoding="utf-8")
    missing = [page.name for page in PAGES[1:] if f"{page.name})" not in index and page.name != "index.md"]
    assert missing == []


@pytest.fixture(scope="module")
def ct(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small CT of a synthetic patient: six levels, L1 fractured."""
    from VertebralFracturesLib.io.reference_case import write_volume
    from VertebralFracturesLib.simulation.ct.acquisition import scan
    from VertebralFracturesLib.simulation.ct.protocol import Protocol
    from VertebralFracturesLib.simulation.patient.anatomy import make_patient

    fractures = {"L1": ("wedge", 0.6)}
    patient = make_patient(2, realism="realistic", pathology_rate=0.0, fractures=fractures, level_variants=False)
    protocol = Protocol(
        pixel_mm=1.5,
        slice_spacing_mm=2.0,
        slice_thickness_mm=2.0,
        first_level=17.5,
        last_level=22.5,
        field_mm=220.0,
    )
    folder = tmp_path_factory.mktemp("example")
    write_volume(folder / "ct.nii.gz", scan(patient, protocol, 1, lambda share: None))
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("name", EXAMPLES)
def test_the_python_of_the_documentation_runs(
    ct: Path, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("pandas")
    examples = re.findall(r"```python\n(.*?)```", (ROOT / name).read_text(encoding="utf-8"), re.DOTALL)
    assert examples
    monkeypatch.chdir(ct)
    for example in examples:
        own = example.replace('"results"', f'"results of {Path(name).stem}"')
        exec(compile(own, name, "exec"), {})
    assert "fracture" in capsys.readouterr().out
    assert (ct / f"results of {Path(name).stem}" / "measurements.csv").is_file()
