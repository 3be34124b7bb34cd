"""Slicer scenes: the library's records as MRML nodes, and back.

Every function takes the scene or the nodes it works on; nothing here knows an application, a main window or Qt, so
that the Slicer module, the command line (through the ``slicer-core`` package) and the tests use the same code on the
same node classes.

Its parts, each of which imports only those above it (a test reads this list):

    application    the logics of Slicer that a scene needs where no application runs
    nodes          one record as one node, and back: volume, curve, keypoints, table, ...
    study          the nodes that one analysis adds, found again, read, completed, replaced and removed
    layout         the views in which a study is shown, in Slicer and drawn off screen
    live           a study under the reader's mouse: links, measures that follow, undo
    bundle         the archive in which a scene is saved, checked before it is unpacked
    scene_file     a study as a file that Slicer opens
    pictures       the views of such a file as pictures

World coordinates are the truth: the curve and the keypoints are plain markups in RAS. The straightened space is a
second world beside the patient's: the straightening is a grid transform (:mod:`.nodes.straightened`), and whatever is
shown there has its own views (:mod:`.nodes.views`).
"""
