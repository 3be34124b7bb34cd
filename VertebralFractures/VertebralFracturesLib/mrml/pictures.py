"""Pictures of the views that the module in 3D Slicer shows, of a new analysis or of a saved scene."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.report import SpineReport
from ..errors import UnusableInput

if TYPE_CHECKING:
    from ..radiograph.record import Image
    from .application import Application
    from .study.study import Study

PICTURE_FILES = ("layout.png", "straightened.png", "sagittal.png", "axial.png", "three_dimensional.png")
SIZE = (1280, 768)
"""Width and height of all views together in pixels."""

_BUNDLE = ".mrb"


def is_scene(path: Path) -> bool:
    """Whether an input is a scene to be shown as it is; every other one is a CT."""
    return path.suffix.lower() == _BUNDLE


def draw_report(folder: Path, image: "Image", report: SpineReport, name: str, vertebra: str | None = None) -> None:
    """Draw a new analysis.

    :param folder: takes :data:`PICTURE_FILES`.
    :param image: the CT or the radiograph.
    :param report: the result of its analysis.
    :param name: what the volume is called.
    :param vertebra: level or number of the vertebra to look at; by default that of the least index G.
    :raises UnusableInput: there is no such vertebra, or nothing can be drawn on this computer.
    """

    def add(application: "Application") -> "Study":
        from .nodes.image import add_image_node
        from .study.creation import create_study

        volume_node = add_image_node(application.scene, image, report, name, share_voxels=True)
        return create_study(application.scene, volume_node, report)

    _draw(folder, add, vertebra)


def draw_scene(folder: Path, path: Path, vertebra: str | None = None) -> None:
    """Draw the study of a saved scene, edits included.

    :param folder: takes :data:`PICTURE_FILES`.
    :param path: an .mrb file.
    :param vertebra: level or number of the vertebra to look at; by default the one that was selected, or that of the
        least index G.
    :raises UnusableInput: the scene cannot be read, holds not just one study or no image, there is no such vertebra,
        or nothing can be drawn on this computer.
    """

    def read(application: "Application") -> "Study":
        from .scene_file import read_scene
        from .study.export import analyzed_image

        if not path.is_file():
            raise UnusableInput(f"there is no file {path}")
        studies = read_scene(application.scene, path)
        if len(studies) != 1:
            raise UnusableInput(f"{path} holds {len(studies)} studies of vertebral fractures; it has to hold one")
        if analyzed_image(studies[0]) is None:
            raise UnusableInput(f"{path} holds no image of its study, so there is nothing to show")
        return studies[0]

    _draw(folder, read, vertebra)


def _draw(folder: Path, open_study: Callable[["Application"], "Study"], vertebra: str | None) -> None:
    from PIL import Image

    from .application import boot_scene, quiet
    from .layout.rendered import RenderedLayout
    from .layout.rendered_views import check_rendering
    from .layout.show import show_study
    from .layout.view_options import show_bone
    from .live.study import LiveStudy

    check_rendering()
    with quiet(), boot_scene() as application:
        study = open_study(application)
        with closing(LiveStudy(study)) as live, closing(RenderedLayout(application, SIZE)) as layout:
            live.select(_place(live.report, vertebra, live.selected))
            show_study(study, layout.layout_node)
            show_bone(study, is_shown=True)
            for name, picture in layout.pictures().items():
                Image.fromarray(picture).save(folder / f"{name}.png", optimize=True)


def _place(report: SpineReport, vertebra: str | None, selected: int | None) -> int | None:
    """Place of the vertebra to look at, counted from 0.

    :param vertebra: level, or number counted from 1.
    """
    if vertebra is None:
        return report.summary.worst_vertebra if selected is None else selected
    names = [level or "" for level in report.levels]
    if vertebra.upper() in names:
        return names.index(vertebra.upper())
    if vertebra.isdecimal() and 1 <= int(vertebra) <= len(names):
        return int(vertebra) - 1
    known = ", ".join(filter(None, names)) or "without names"
    raise UnusableInput(f"there is no vertebra {vertebra!r}: the {len(names)} from cranial to caudal are {known}")
