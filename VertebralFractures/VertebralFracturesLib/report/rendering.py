"""HTML from templates, in which every text that comes from outside is escaped."""

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from numpy.typing import NDArray

TEMPLATES = Path(__file__).parent / "templates"
"""The templates that every page shares: the frame of a page, the style sheet and drawings of vertebrae."""


def render(template: str, *, folder: Path | None = None, **values: Any) -> str:
    """The HTML of a template.

    :param template: its file name.
    :param folder: where it lies, beside :data:`TEMPLATES`.
    :param values: what it shows, by the names that it uses; text is escaped.
    :raises jinja2.UndefinedError: the template uses a name that has no value.
    """
    return _environment(folder).get_template(template).render(**values)


@lru_cache
def _environment(folder: Path | None) -> Environment:
    folders = [TEMPLATES] if folder is None else [folder, TEMPLATES]
    environment = Environment(
        loader=FileSystemLoader(folders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["points"] = _svg_points
    return environment


def _svg_points(points: NDArray | Iterable[tuple[float, float]], decimals: int = 2) -> str:
    """Points (n, 2) as SVG takes them."""
    return " ".join(f"{x:.{decimals}f},{y:.{decimals}f}" for x, y in points)
