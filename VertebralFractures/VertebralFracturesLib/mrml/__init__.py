"""Slicer scenes: the library's records as MRML nodes, and back.

Every function takes the scene or the nodes it works on; nothing here knows an application, a main window or Qt, so
that the Slicer module, the command line (through the ``slicer-core`` package) and the tests use the same code on the
same node classes.

A study is what one analysis adds to a scene (:mod:`.study`). World coordinates are the truth: the curve and the
keypoints are plain markups in RAS. The straightened space is a second world beside the patient's: the straightening is
a grid transform (:mod:`.straightened_nodes`), and whatever is shown there has its own views (:mod:`.views`).
"""
