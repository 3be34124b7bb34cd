"""From an image of the spine to measured vertebral bodies.

A CT, in the words of the files, the progress messages and the README; below each arrow the file it happens in::

    file -> CT volume -> spine curve -> straightened slice -> vertebrae -> heights, G, levels -> report, scene, table
     io/ct     ct/body_centres    core/straightening   ct/vertebrae    core/heights     report/document,
     io/dicom  (3D network, 3 mm) (curved planar       (2D network,    core/measures    table, page;
               ct/curve_fit       reformation, CPR)    6 keypoints)    core/summary     mrml/study/creation,
                                                                       core/level_naming  mrml/scene_file

A CT also gives angles, disc heights and a coronal Cobb angle (``core/alignment``), and the trabecular attenuation of
every body (``core/attenuation``), which is measured in the volume and kept in the report.

The image classifier looks at the same spine without keypoints: ``ct/canal`` -> ``core/spine_slab`` ->
``ct/image_classifier``; ``core/image_classification`` sets its probabilities beside G. ``ct/pipeline`` runs these
stages. A lateral radiograph takes its own way to the same measures, and to the angles of the spine; ``radiograph/
pipeline`` runs it::

    file -> radiograph -> view -> vertebrae, landmarks -> heights, G, levels, angles -> report, scene, table
     io/radiograph   radiograph/   radiograph/bodies      core/heights, core/measures,           as for a CT
                     view          (3 networks)           core/level_naming, core/alignment

Two studies of one patient: ``core/comparison/matching`` finds which vertebra is which, ``core/comparison/change`` tells
what changed, ``report/comparison`` writes it.

``analyzer`` takes either of them: it loads the networks once and hands them to the stages, which know arrays only
(``ct/networks``, ``radiograph/networks``). What is dragged in a scene takes the same way again: ``mrml/live/study`` ->
``mrml/study/report`` -> ``core/report`` -> ``mrml/study/display``.

The packages, each of which imports only itself and those above it (a test reads this list)::

    errors       the ways in which a run ends without a result
    publishing   hidden folders of a run, signals that wait, a folder that takes its place by one rename
    files        text, arrays and folders, written whole or not at all
    core         records and arithmetic that every kind of image shares; opens no file
    ct           the stages of a CT; networks are handed in
    radiograph   the stages of a lateral radiograph; networks are handed in
    report       a report as JSON, table, text and page, and back
    networks     torch: arrays in, arrays out
    io           files to records; ``io/exchange`` reads and writes points in the formats of other tools
    pacs         a report as DICOM objects in the study of its image
    worklist     cases to read, what each reader did to them, agreement between readers
    analyzer     networks loaded once; analyzes an image, CT or radiograph
    mrml         a report as a Slicer scene, its views, and what follows the mouse; no Qt
    simulation   synthetic patients, their CTs and radiographs, simulated fractures
    widgets      the panel; the only Qt
    training     one command a network
    evaluation   reports against references: tables, pages, studies, stress tests
    cli          the command ``vertebral-fractures``; ``cli/cohort`` runs many CTs, with Dask where several work,
                 ``cli/bids`` those of a BIDS data set
    api          what Python programs use: ``from VertebralFracturesLib import analyze``
    __main__     the command as ``python -m VertebralFracturesLib``

``ct`` and ``radiograph`` never meet. torch is imported in ``networks`` and ``training`` only, vtk and slicer in
``mrml`` and ``widgets`` only. Readers of images need neither ``training`` nor ``evaluation``, which 3D Slicer does not
install; only ``cli/research`` reaches them. ``simulation`` serves the sample data and the demo beside these two.

Coordinates carry their space in their names: ``_ijk`` voxel indices, ``_ras`` patient millimetres (right, anterior,
superior), ``_straight`` millimetres along the straightened spine, ``_pixels`` of the straightened slice.
Lengths end in ``_mm``. Functions and files are snake_case; camelCase is left to the classes that 3D Slicer calls.
Nothing is imported here until it is asked for, so that importing a part loads only that part.
"""

__version__ = "0.1.0"

__all__ = [
    "Analysis",
    "Cancelled",
    "NoSpineFound",
    "Radiograph",
    "ReadImage",
    "SpineReport",
    "UnusableInput",
    "Volume",
    "__version__",
    "analyze",
    "analyze_radiograph",
    "read_ct",
    "read_radiograph",
]


def __getattr__(name: str) -> object:
    """The public names, loaded when one of them is first used (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(".api", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
