"""Geometry and measures in numpy and scipy alone: no torch, vtk, slicer or Qt."""
