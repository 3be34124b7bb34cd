"""From a CT volume to measured vertebral bodies.

The data flow, in the words that the files, the progress messages and the README use::

    CT volume -> spine curve -> straightened slice -> vertebrae -> heights, G, grade -> table, scene, report
       io.py      3D network,     2D image along        2D network,     core/genant.py    core/report.py, mrml/,
                  3 mm            the spine curve       6 keypoints                       report_page.py

The second opinion reads the same spine without keypoints: canal -> slab -> fractures along it, from core/canal.py,
core/spine_slab.py and networks/second_opinion.py to core/second_opinion.py, which sets it beside G.

``pipeline.analyze`` runs these stages; ``cli`` is the command ``vertebral-fractures``. A lateral radiograph goes
another way to the same measures, and to the angles of the spine::

    radiograph -> view -> vertebrae -> landmarks -> heights, G, grade, angles -> table, scene, report
    radiograph_   radiograph_         radiograph_   core/genant.py,
    io.py         view.py             bodies.py     core/spinal_angles.py

Layers, each of which may import only what stands behind its arrow (a test reads the imports)::

    widgets (Qt) -> mrml, analyzer, radiograph_analyzer, export
    analyzer, radiograph_analyzer (the networks of one session) -> pipeline, radiograph_pipeline
    mrml (vtk, MRML; the scene is passed in) -> core
    pipeline, radiograph_pipeline (-> radiograph_bodies -> radiograph_view) -> core, networks (inside functions)
    networks (torch) -> core
    phantom -> core
    training -> core, networks, phantom
    evaluation -> core; training, networks, phantom, both pipelines, report_page (inside functions)
    core (numpy and scipy only) -> nothing
    cli, cli_research (the commands) -> everything, inside functions

Coordinates carry their space in their names: ``_ijk`` voxel indices, ``_ras`` patient millimetres (right, anterior,
superior), ``_straight`` millimetres along the straightened spine, ``_pixels`` of the straightened slice.
Lengths end in ``_mm``. Functions and files are snake_case; camelCase is left to the classes that 3D Slicer calls.
Nothing is imported here, so that importing a part loads only that part.
"""

__version__ = "0.1.0"
