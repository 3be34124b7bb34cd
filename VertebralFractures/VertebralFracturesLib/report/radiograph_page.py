"""The report of a radiograph as one self-contained page: that of a CT with the radiograph in it, and the angles."""

from collections.abc import Callable
from html import escape
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..files import write_text
from ..radiograph.angles import ANGLES
from ..radiograph.network_input import resampled
from ..radiograph.record import Radiograph, RadiographReport
from .page import PagePicture, picture_page

_PIXEL_MM = 0.5
_LINE_MM = 34.0
_COLOURS = ("#56b4e9", "#e69f00", "#f0e442", "#cc79a7", "#009e73")


def write_radiograph_page(path: Path | str, report: RadiographReport, radiograph: Radiograph) -> None:
    """Write the page; a file of that name is replaced only once the page is complete.

    :param path: the file, usually ``report.html``.
    :param report: what was found.
    :param radiograph: the image as it was read.
    """
    write_text(Path(path), radiograph_page(report, radiograph))


def radiograph_page(report: RadiographReport, radiograph: Radiograph) -> str:
    """The page as HTML text; anterior is on the left in it whatever the image has.

    :param report: what was found.
    :param radiograph: the image as it was read.
    """
    placed = Radiograph(radiograph.image, report.pixel_mm, report.anterior_is)
    image = placed.as_volume().voxels[:, :, 0].astype(np.float32)
    image = np.ascontiguousarray(image[:, ::-1]) if report.anterior_is == "right" else image
    factor = _PIXEL_MM / report.pixel_mm
    image = resampled(image, factor) if factor > 1 else image
    pixel_mm = max(_PIXEL_MM, report.pixel_mm)
    last_mm = (radiograph.image.shape[1] - 1) * report.pixel_mm

    def on_page(points_ras: NDArray[np.float64]) -> NDArray[np.float64]:
        points_mm = placed.ras_to_pixels(points_ras) * report.pixel_mm
        if report.anterior_is == "right":
            points_mm[..., 0] = last_mm - points_mm[..., 0]
        return points_mm

    picture = PagePicture(
        image,
        pixel_mm,
        tuple(on_page(vertebra.keypoints_ras) for vertebra in report.vertebrae),
        "Radiograph",
        "Anterior is on the left, outlines through the six keypoints, endplates of the angles in their colours.",
        _drawn(report, on_page),
        _angles_section(report),
    )
    return picture_page(report, picture)


def _drawn(report: RadiographReport, on_page: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> str:
    """The endplates that span the angles, drawn beyond their front corners, and the points of S1."""
    lines = []
    for place, (colour, angle) in enumerate(zip(_COLOURS, ANGLES, strict=True)):
        if report.angles_deg[angle.name] is None:
            continue
        for plate in (angle.upper, angle.lower):
            if plate is not None:
                anterior, posterior = on_page(report.endplates[plate])
                along = (anterior - posterior) / np.maximum(np.linalg.norm(anterior - posterior), 1e-6)
                (x1, y1), (x2, y2) = posterior - along * 4.0, anterior + along * (_LINE_MM - 5.0 * place)
                lines.append(
                    f'<line x1="{x1:.2f}" y1="{y1:.2f}" x2="{x2:.2f}" y2="{y2:.2f}" stroke="{colour}" '
                    f'stroke-width="0.8"><title>{escape(angle.title)}</title></line>'
                )
    if report.sacral_endplate_ras is not None:
        points = on_page(report.sacral_endplate_ras)
        lines += [f'<circle cx="{x:.2f}" cy="{y:.2f}" r="0.8" fill="#fff"/>' for x, y in points]
    return "".join(lines)


def _angles_section(report: RadiographReport) -> str:
    """The angles as a table, with those of bodies and discs."""
    rows = "".join(
        f'<tr><td style="color:{colour}">&#9632;</td><td style="text-align:left">{escape(angle.title)}</td>'
        f"<td>{_degrees(report.angles_deg[angle.name])}</td>"
        f'<td style="text-align:left;white-space:normal">{escape(angle.description)}</td></tr>'
        for colour, angle in zip(_COLOURS, ANGLES, strict=True)
    )
    discs = ", ".join(f"{name} {value:.1f}°" for name, value in report.disc_angles_deg.items()) or "none in view"
    return (
        '<section><h2>Angles</h2><div class="scroll"><table><thead><tr><th></th><th>Angle</th><th>Value</th>'
        f"<th>Definition</th></tr></thead><tbody>{rows}</tbody></table></div>"
        f"<p><small>Discs, positive where they open to the front: {escape(discs)}. "
        "The angles of the bodies are in the table of the vertebrae.</small></p></section>"
    )


def _degrees(value: float | None) -> str:
    return "not in view" if value is None else f"{value:.1f}°"
