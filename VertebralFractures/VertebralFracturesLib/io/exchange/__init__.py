"""Body centres, levels and keypoints in the formats of other tools, and back.

``points`` holds what the formats have in common; ``verse``, ``tptbox`` and ``markups`` each write and read one of them
in the voxels of a ``grid`` or in millimetres. ``files`` writes all of them beside each other and tells on reading
which one a file is, and ``reference`` makes a reference case of what was read. See Documentation/exchange.md.
"""
