"""The report's page, of a CT and of a radiograph."""

import re
from dataclasses import replace

import numpy as np
import pytest
from helpers import full_report
from helpers.html_page import Page, pixels
from helpers.small_radiograph import bodies_ras
from helpers.small_radiograph import report as radiograph_report
from helpers.spine_shapes import kyphotic_circle
from VertebralFracturesLib.core.heights.genant import GRADE_COLORS
from VertebralFracturesLib.core.image_classification import ImageClassification
from VertebralFracturesLib.core.keypoints import OUTLINE
from VertebralFracturesLib.core.report import SpineReport, Vertebra
from VertebralFracturesLib.core.spine_curve import SpineCurve
from VertebralFracturesLib.core.spine_slab import SlabFrame
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.radiograph.record import Radiograph
from VertebralFracturesLib.report.close_up import PIXEL_MM
from VertebralFracturesLib.report.page import INTENDED_USE, report_page, write_report_page
from VertebralFracturesLib.report.table import column

CURVE = SpineCurve(np.c_[np.zeros(5), np.zeros(5), np.linspace(20, -80, 5)], np.ones(5))


def body(superior: float, factors=(1.0, 1.0, 1.0), **fields) -> Vertebra:
    pairs = zip((15.0, 0.0, -15.0), factors, strict=True)
    points = np.array([[0, y, superior + sign * 10 * factor] for y, factor in pairs for sign in (1, -1)])
    return Vertebra(points, 0.9, np.full(6, 0.7), **fields)


@pytest.fixture
def volume() -> Volume:
    voxels = np.full((60, 40, 40), 275, np.int16)
    matrix = np.diag([2.5, 2.5, 2.5, 1.0])
    matrix[:3, 3] = -50, -50, -100
    return Volume(voxels, matrix)


@pytest.fixture
def report() -> SpineReport:
    vertebrae = (
        body(0, level="T11", level_confidence=0.95),
        body(-28, (0.55, 0.8, 1.0), level="T12", level_confidence=0.6),
        body(-56, status="not evaluable"),
    )
    warnings = ("Slices are 5 mm thick & heights are less exact.", "<script>alert(1)</script>")
    identity = {"path": 'in/"><b>x.nii', "spacing_mm": np.array([0.7, 0.7, 5.0])}
    return SpineReport("VertebralFractures 1.0", identity, "anchor", "pisov", CURVE, vertebrae, warnings)


def test_the_page_is_complete_and_closed(report, volume):
    page = Page(report_page(report, volume))
    assert [figure["id"] for figure in page.all("figure")] == ["vertebra-2", "vertebra-1", "vertebra-3"]
    assert len(page.all("polygon")) == 6
    assert len(page.all("tr", class_="quiet")) == 2
    assert len(page.all("tr", class_="abnormal")) == 1
    assert INTENDED_USE in page.text
    assert report.summary.headline in page.text
    assert report.summary.statement in page.text
    assert "Pisov 2020" in page.text
    for text in ("T11", "T12?", "No. 3", "3 severe", "not evaluable", "0.7 × 0.7 × 5"):
        assert text in page.text


def test_warnings_stand_between_the_conclusion_and_the_measures(report, volume):
    text = report_page(report, volume)
    headline, warning = text.index('class="headline"'), text.index("Slices are 5 mm thick &amp; heights")
    assert headline < warning < text.index("<h2>Vertebrae")
    assert "<h2>Warnings</h2>" not in report_page(replace(report, warnings=()), volume)


def test_text_from_outside_cannot_become_markup(report, volume):
    page = Page(report_page(report, volume))
    assert page.all("script") == []
    assert '"><b>x.nii' in page.text


def test_the_page_needs_no_other_file(report, volume):
    text = report_page(report, volume)
    links = [a.get("href", "") for _, a in Page(text).elements if "href" in a]
    assert all(link.startswith(("#", "data:image/png;base64,")) for link in links)
    assert not re.search(r"https?:|url\(|@import|src=", text)
    assert text.count("data:image/png") == 1 + len(report.vertebrae)


def test_the_overview_is_the_slice_in_the_window_that_is_stated(report, volume):
    page = Page(report_page(report, volume))
    image = page.all("image", id="slice")[0]
    picture = pixels(image["href"])
    low, high = map(float, re.search(r"Window: (\S+) to (\S+) HU", page.text.replace("−", "-")).groups())
    assert picture.shape == (280, 192)
    assert picture[100, 96] == round((275 - low) / (high - low) * 255)
    assert float(image["width"]) == 96
    assert float(image["height"]) == 140


def test_an_abnormal_body_is_large_and_stands_beside_the_same_image_without_overlay(report, volume):
    text = report_page(report, volume)
    figures = re.findall(r'<figure class="large.*?</figure>', text, re.DOTALL)
    assert len(figures) == 1
    for number, figure in zip((2,), figures, strict=True):
        alone, drawn = (Page(svg) for svg in re.findall(r"<svg.*?</svg>", figure, re.DOTALL))
        assert [image["id"] for image in alone.all("image")] == [f"close-up-{number}"]
        assert [use["href"] for use in drawn.all("use")] == [f"#close-up-{number}"]
        assert alone.all("polygon") == alone.all("circle") == alone.all("line") == []
        assert (len(drawn.all("polygon")), len(drawn.all("line"))) == (1, 3)
        assert len({one.all("svg")[0]["viewbox"] for one in (alone, drawn)}) == 1


def test_a_normal_body_is_small_and_has_no_facts(report, volume):
    text = report_page(report, volume)
    small = [Page(one) for one in re.findall(r'<figure class="small.*?</figure>', text, re.DOTALL)]
    assert [one.all("figure")[0]["id"] for one in small] == ["vertebra-1", "vertebra-3"]
    assert [len(one.all("image")) for one in small] == [1, 1]
    assert [one.all("dl") for one in small] == [[], []]
    assert "T110 normal0 %" in small[0].text.replace("\n", "")


def test_every_picture_has_its_directions_and_a_bar_of_10_mm(report, volume):
    """The bar is as long in the units of the picture as 10 mm of its pixels."""
    pictures = re.findall(r"<svg.*?</svg>", report_page(report, volume), re.DOTALL)
    assert len(pictures) == 1 + 2 + 1 + 1
    for svg, picture in zip(pictures, map(Page, pictures), strict=True):
        left, top, width, height = map(float, picture.all("svg")[0]["viewbox"].split())
        assert re.findall(r">([APHF])</text>", svg) == ["A", "P", "H", "F"]
        assert "10 mm" in picture.text
        (bar,) = picture.all("path", class_="bar")
        x, y, length = map(float, re.fullmatch(r"M(\S+) (\S+)h(\S+)", bar["d"]).groups())
        assert length == 10
        assert left < x < x + length < left + width
        assert top < y < top + height
    (alone, *_) = Page(pictures[1]).all("image")
    assert pixels(alone["href"]).shape[1] * PIXEL_MM == pytest.approx(float(alone["width"]))


def test_a_ruler_on_the_drawn_heights_agrees_with_their_labels(report, volume):
    page = Page(report_page(report, volume))
    labels = [float(text) for text in re.findall(r'class="height [a-z]+"[^>]*>([\d.]+)<', report_page(report, volume))]
    lines = [[float(line[name]) for name in ("x1", "y1", "x2", "y2")] for line in page.all("line")]
    assert len(labels) == 3
    for label, (x1, y1, x2, y2) in zip(labels, lines, strict=False):
        assert np.hypot(x2 - x1, y2 - y1) == pytest.approx(label, rel=0.02)


def test_the_overview_says_where_it_is_stretched(report, volume):
    assert "too long or too short" not in Page(report_page(report, volume)).text
    bent = kyphotic_circle(100.0)
    bodies_ras = [bent.straight_to_ras(vertebra.keypoints_ras - [0, 0, 60]) for vertebra in report.vertebrae]
    vertebrae = [replace(one, keypoints_ras=ras) for one, ras in zip(report.vertebrae, bodies_ras, strict=True)]
    text = Page(report_page(replace(report, curve=bent, vertebrae=vertebrae), volume)).text
    assert "more than 5 % too long or too short" in text
    assert "T11 (anterior height +18 %), T12? (" in text


def test_a_page_of_25_bodies_is_small(report):
    voxels = np.random.default_rng(0).normal(200, 120, (200, 60, 60)).astype(np.int16)
    matrix = np.diag([1.0, 1.0, 1.0, 1.0])
    matrix[:3, 3] = -30, -30, -100
    bodies = tuple(body(0.1 * number) for number in range(25))
    assert len(report_page(replace(report, vertebrae=bodies), Volume(voxels, matrix))) < 2_000_000


def test_outlines_lie_where_the_points_are_and_have_the_colour_of_the_grade(report, volume):
    page = Page(report_page(report, volume))
    corners = np.array([pair.split(",") for pair in page.all("polygon")[1]["points"].split()], float)
    points = report.vertebrae[1].keypoints_ras[list(OUTLINE)]
    expected = np.c_[47.75 - points[:, 1], 20 - (points[:, 2] - 20)]
    np.testing.assert_allclose(corners, expected, atol=0.011)
    colour = "--c:#" + "".join(f"{round(part * 255):02x}" for part in GRADE_COLORS[3])
    assert page.all("figure")[0]["style"].startswith(colour)


def test_a_report_without_vertebrae_is_still_a_page(report, volume):
    page = Page(report_page(replace(report, vertebrae=()), volume))
    assert page.all("figure") == []
    assert "No vertebra was assessed." in page.text


def test_the_file_is_written_whole_or_not_at_all(report, volume, tmp_path):
    target = tmp_path / "report.html"
    target.write_text("old")
    broken = replace(report, vertebrae=(body(0, (0, 0, 0)),))
    with pytest.raises(ValueError, match="height of a vertebra is 0"):
        write_report_page(target, broken, volume)
    assert target.read_text() == "old"
    write_report_page(target, report, volume)
    assert target.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]


def test_height_and_image_based_probability_stand_side_by_side(report, volume):
    assert ">P(image)<" not in report_page(report, volume)
    frame = SlabFrame(CURVE, np.zeros(2))
    shares = np.tile([0.1, 0.0, 0.0, 0.1, 0.8], (60, 1))
    page = report_page(replace(report, image_classification=ImageClassification(frame, shares)), volume)
    assert ">P(image)<" in page
    assert "1.00 ≠" in page
    assert "image-based probability of a moderate or severe fracture" in page
    Page(page)


FILM = Radiograph(np.random.default_rng(2).normal(size=(1000, 300)).astype(np.float32))


def test_a_radiograph_has_the_page_of_a_ct_and_its_angles() -> None:
    report = radiograph_report()
    page = Page(report_page(report, FILM))
    assert len(page.all("figure")) == len(report.vertebrae)
    assert "Radiograph" in page.text
    for text in ("Sacral slope", "31.0°", "not measurable", "L4-L5", "between the superior endplates of L1 and S1"):
        assert text in page.text
    assert page.text.index("Summary") < page.text.index("Sacral slope") < page.text.index("Abnormal and doubtful")
    assert "Coronal Cobb angle" not in page.text
    of_ct = Page(report_page(replace_kind(report), volume_of(report)))
    assert "Coronal Cobb angle" in of_ct.text
    assert len(page.all("svg", class_="overview wide")) == 1
    assert of_ct.all("svg", class_="overview wide") == []


def test_a_radiograph_without_a_scale_shows_no_millimetres() -> None:
    shown, hidden = (Page(report_page(radiograph_report(is_scale_known=known), FILM)) for known in (True, False))
    for text in ("10 mm", " mm", "Hamm", "Uncertainty"):
        assert text in shown.text.replace("Ha mm", "Hamm").split("Images and definitions")[0]
        assert text not in hidden.text.replace("Ha mm", "Hamm").split("Images and definitions")[0]
    assert hidden.all("path", class_="bar") == []
    assert "Wedge angle" in hidden.text


def test_the_points_of_a_radiograph_lie_on_its_image_with_anterior_on_the_left() -> None:
    for side in ("left", "right"):
        report = replace(radiograph_report(), anterior_is=side)
        placed = Radiograph(FILM.image, report.pixel_mm, side)
        page = Page(report_page(report, placed))
        columns, rows = np.moveaxis(placed.ras_to_pixels(bodies_ras()[0]), -1, 0)
        columns = columns if side == "left" else FILM.image.shape[1] - 1 - columns
        drawn = page.all("circle", class_="dot")[:6]
        assert len(page.all("circle", class_="sacrum")) == 6
        np.testing.assert_allclose([float(one["cx"]) for one in drawn], columns * report.pixel_mm, atol=0.006)
        np.testing.assert_allclose([float(one["cy"]) for one in drawn], rows * report.pixel_mm, atol=0.006)


def test_a_report_and_an_image_of_another_kind_do_not_go_together(report, volume) -> None:
    for one, image in ((report, FILM), (radiograph_report(), volume)):
        with pytest.raises(ValueError, match="goes with"):
            report_page(one, image)


def replace_kind(report) -> SpineReport:
    """The report of a CT with the vertebrae of a radiograph's."""
    return SpineReport("test", {}, "anchor", "genant", report.curve, report.vertebrae)


def volume_of(report) -> Volume:
    """A volume around the vertebrae of a radiograph's report."""
    return Radiograph(FILM.image, report.pixel_mm, report.anterior_is).as_volume()


def test_levels_stand_in_front_of_the_image_and_indices_behind_it(report, volume) -> None:
    (overview,) = Page(report_page(report, volume)).all("svg", class_="overview beside")
    assert list(map(float, overview["viewbox"].split())) == [-23.8, 0.0, 23.8 + 96.0 + 32.2, 140.0]
    texts = re.findall(r'class="(level|loss)" x="(\S+)"[^>]*>([^<]+)<', report_page(report, volume))
    assert [(kind, text) for kind, _, text in texts] == [
        ("level", "T11"), ("loss", "0 %"), ("level", "T12?"), ("loss", "45 %"), ("level", "No. 3"), ("loss", "–")
    ]  # fmt: skip
    assert {float(x) for kind, x, _ in texts if kind == "level"} == {-3.5}
    assert {float(x) for kind, x, _ in texts if kind == "loss"} == {96.0 + 3.5}


def test_normal_bodies_are_quiet_and_abnormal_ones_loud(report, volume):
    page = Page(report_page(report, volume))
    assert [one["class"] for one in page.all("a") if "class" in one] == ["quiet", "abnormal", "quiet"]
    assert len(page.all("circle", class_="chip")) == 1
    assert len(page.all("span", class_="badge")) == 3 + 1


def test_the_columns_have_their_titles_and_are_explained(report, volume):
    page = Page(report_page(full_report.report(), full_report.volume(full_report.report())))
    for name in ("height_loss_percent", "neighbour_loss_percent", "attenuation_median_hu", "image_probability"):
        assert page.text.count(column(name).title) >= 2
        assert column(name).description in page.text


def test_who_is_examined_how_stands_at_the_head_of_the_page() -> None:
    shown = full_report.report()
    text = Page(report_page(shown, full_report.volume(shown))).text
    for fact in ("study 12", "No. 3, Thorax & abdomen 2.0 B70f, 300 slices", "2 mm", "0.7 × 0.7 × 2 mm", "Iodine 350"):
        assert text.index(fact) < text.index(shown.summary.headline)
    assert "Patient ID" not in text
    told = replace(shown, input={**shown.input, "patient_id": "P-7", "patient_age": "67 years"})
    text = Page(report_page(told, full_report.volume(shown))).text
    assert text.index("P-7") < text.index("67 years") < text.index("Thorax")


def test_a_reader_is_named_where_there_was_one(report, volume):
    assert "None of 3 vertebrae verified by a user." in Page(report_page(report, volume)).text
    first, *rest = report.vertebrae
    page = Page(report_page(replace(report, vertebrae=(replace(first, status="verified"), *rest)), volume))
    assert "1 of 3 vertebrae verified by a user." in page.text
