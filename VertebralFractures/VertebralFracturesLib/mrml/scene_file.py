"""A whole analysis as a Slicer data bundle (.mrb), written without an application."""

import os
from collections.abc import Sequence
from pathlib import Path
from tempfile import gettempdir

import slicer

from ..core.report import SpineReport
from ..errors import UnusableInput
from ..publishing.drafts import draft_folder
from ..publishing.publish import NEW
from ..radiograph.record import Image
from .application import boot_scene, quiet
from .bundle import check_bundle, pack_bundle, unpack_bundle
from .nodes.image import add_image_node
from .nodes.views import arrange_views, focus
from .study.creation import create_study
from .study.study import Study, studies


def write_scene(
    path: Path,
    image: Image,
    report: SpineReport,
    name: str = "CT",
    compress: bool = True,
) -> None:
    """Write what was analyzed and all results as one .mrb file that Slicer opens, with or without this extension.

    The file appears only when it is complete. The voxels are not copied.

    :param path: the file; its folder exists. A file of that name is replaced.
    :param image: the CT or the radiograph.
    :param report: the result of its analysis.
    :param name: name of the volume node; the study is named by it.
    :param compress: compress the volumes; False writes ten times as fast and about half as much again.
    :raises OSError: the file cannot be written.
    :raises UnusableInput: what was written could not be opened again; no file is left.
    """
    with draft_folder(path.parent) as draft:
        bundle = draft / "bundle.mrb"
        _write_bundle(draft / NEW, bundle, path.stem, image, report, name, compress)
        os.replace(bundle, path)


def _write_bundle(
    folder: Path,
    bundle: Path,
    scene_name: str,
    image: Image,
    report: SpineReport,
    name: str,
    compress: bool,
) -> None:
    unpacked = folder / scene_name
    unpacked.mkdir()
    with quiet(), boot_scene() as application:
        scene = application.scene
        volume_node = add_image_node(scene, image, report, name, share_voxels=True)
        study = create_study(scene, volume_node, report)
        focus_ras, focus_straight = focus(report)
        arrange_views(scene, volume_node, study.straightened_node, focus_ras, focus_straight)
        _set_compression((volume_node, study.straightened_node), compress)
        _save(scene, unpacked)
    pack_bundle(unpacked, bundle)
    check_bundle(bundle)


def _set_compression(volume_nodes: Sequence[slicer.vtkMRMLScalarVolumeNode], compress: bool) -> None:
    for node in volume_nodes:
        node.AddDefaultStorageNode()
        node.GetStorageNode().SetUseCompression(compress)


def _save(scene: slicer.vtkMRMLScene, folder: Path) -> None:
    messages = slicer.vtkMRMLMessageCollection()
    is_saved = scene.SaveSceneToSlicerDataBundleDirectory(str(folder), None, messages)
    if not is_saved:
        raise OSError(f"the scene could not be written: {_text(messages)}")


def _text(messages: slicer.vtkMRMLMessageCollection) -> str:
    texts = [messages.GetNthMessageText(index) for index in range(messages.GetNumberOfMessages())]
    return "; ".join(text.strip() for text in texts if text) or "no reason was given; is the disk full?"


def read_scene(scene: slicer.vtkMRMLScene, path: Path) -> list[Study]:
    """Replace the content of a scene by a bundle, which may come from somebody else: see :mod:`.bundle`.

    :param scene: from :func:`~.application.boot_scene`.
    :param path: an .mrb file.
    :return: the studies in it.
    :raises UnusableInput: not a bundle, one that must not be opened, or one that Slicer cannot read.
    """
    messages = slicer.vtkMRMLMessageCollection()
    with draft_folder(Path(gettempdir())) as draft:
        file = unpack_bundle(path, draft / NEW)
        scene.SetURL(str(file))
        scene.SetRootDirectory(str(file.parent))
        is_read = scene.Connect(messages)
        _forget_files(scene)
    if not is_read:
        raise UnusableInput(f"{path} could not be read as a Slicer scene: {_text(messages)}")
    return studies(scene)


def _forget_files(scene: slicer.vtkMRMLScene) -> None:
    """The files were unpacked for reading only; when the scene is saved, its nodes get new ones."""
    nodes = scene.GetNodesByClass("vtkMRMLStorageNode")
    nodes.UnRegister(None)
    for index in range(nodes.GetNumberOfItems()):
        storage = nodes.GetItemAsObject(index)
        storage.SetFileName("")
        storage.ResetFileNameList()
    scene.SetURL("")
    scene.SetRootDirectory("")
