"""Pages in a real browser without a window: laid out on a screen, and printed."""

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
"""The browser, as Debian, Ubuntu and Google call it; None where there is none."""

needs_browser = pytest.mark.skipif(
    CHROMIUM is None, reason="Chromium is not installed (Debian: apt-get install chromium)"
)

_OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars")

_MEASURE = """
<script>
const told = [];
const name = e => `${e.tagName.toLowerCase()}.${e.getAttribute("class") ?? ""}`;
for (const e of document.querySelectorAll("body *")) {
  if (e.tagName === "SCRIPT" || e.parentElement.closest("svg")) continue;
  const box = e.getBoundingClientRect();
  if (box.left < -1 || box.right > innerWidth + 1) told.push(name(e) + " beyond the screen");
  if (getComputedStyle(e).display !== "inline" && !(e instanceof SVGElement) && e.scrollWidth > e.clientWidth + 1)
    told.push(name(e) + " wider than its box");
}
const boxes = selector => [...document.querySelectorAll(selector)].map(e => {
  const box = e.getBoundingClientRect(); return [box.left, box.top, box.width, box.height] });
document.body.dataset.told = JSON.stringify({ width: innerWidth, cut: told, boxes: {
  main: boxes("main"), figures: boxes("figure"), wide: boxes(".wide"), film: boxes(".film") } });
</script>
"""


def laid_out(page: str, width: int) -> dict[str, Any]:
    """How a page is laid out on a screen.

    :param page: HTML.
    :param width: of the screen in pixels.
    :return: "width" of the window, what is "cut", and "boxes" (left, top, width, height) of some elements.
    """
    measuring = page.replace("</body>", f"{_MEASURE}</body>")
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        dom = _run(measuring, Path(folder), f"--window-size={width},900", "--dump-dom")
    (told,) = re.findall(r'data-told="([^"]*)"', dom)
    return json.loads(told.replace("&quot;", '"').replace("&amp;", "&"))


@dataclass(frozen=True)
class Sheet:
    """One sheet of a printed page.

    :param width: in points.
    :param height: in points.
    :param text: its text, in one line.
    :param images: left, bottom, right and top of each image that is drawn on it, in points.
    """

    width: float
    height: float
    text: str
    images: tuple[tuple[float, float, float, float], ...]


@lru_cache
def printed(page: str, size: str) -> tuple[Sheet, ...]:
    """A page as it is printed.

    :param page: HTML.
    :param size: of the paper, as CSS names it: "A4" or "letter".
    """
    from pypdf import PdfReader

    sized = page.replace("</head>", f"<style>@page {{ size:{size} }}</style></head>")
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        target = Path(folder) / "printed.pdf"
        _run(sized, Path(folder), "--no-pdf-header-footer", f"--print-to-pdf={target}")
        return tuple(_sheet(one) for one in PdfReader(target).pages)


def _sheet(page: Any) -> Sheet:
    images = []

    def note(operator: bytes, operands: list[Any], matrix: list[float], _: list[float]) -> None:
        if operator == b"Do" and page["/Resources"]["/XObject"][operands[0]].get_object()["/Subtype"] == "/Image":
            width, _, _, height, left, bottom = map(float, matrix)
            images.append((left, bottom, left + width, bottom + height))

    text = page.extract_text(visitor_operand_before=note)
    return Sheet(float(page.mediabox.width), float(page.mediabox.height), " ".join(text.split()), tuple(images))


def _run(page: str, folder: Path, *options: str) -> str:
    """What the browser prints to stdout."""
    file = folder / "page.html"
    file.write_text(page, encoding="utf-8")
    command = [str(CHROMIUM), *_OPTIONS, f"--user-data-dir={folder / 'profile'}", *options, file.as_uri()]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout
