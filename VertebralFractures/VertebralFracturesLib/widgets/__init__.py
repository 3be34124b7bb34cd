"""The module's panel: the only files that use Qt.

They are written for PythonQt, Slicer's Qt for Python, where Qt properties are plain attributes and signals are
connected by their signatures. What they show and change belongs to :mod:`..mrml` and :mod:`..pipeline`.
"""
