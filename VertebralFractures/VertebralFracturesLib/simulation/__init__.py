r"""Synthetic spine patients with exact truth, their CTs and radiographs, and simulated fractures of real bodies.

    patient/ -> Patient -> trunk/, ct/render -> ct/acquisition (scan) -> case
                                            \-> radiograph/ (camera, projection, exposure)

A patient is data: vertebrae as implicit surfaces in space. Hounsfield units can be asked for at any RAS point and any
resolution (``ct.render.hounsfield``), and the six keypoints of every vertebra are evaluated from the same endplate
surfaces that are rendered.

- ``patient``: published dimensions by level (level_tables), the surface of a body (shapes), fractures and degeneration
  (deformity), posterior elements (arches), one vertebra (vertebra), all bodies (bodies), their chain in space (column)
  and what is drawn first (options, anatomy); noise and tubes that the renderer evaluates (fields, tubes)
- ``trunk``: what lies around the spine: outline, organs, bones, vessels and the values of tissues
- ``ct``: the composition of all tissues at points (render); the scanner: protocol, slices, noise, streaks, kernel
- ``radiograph``: cameras, projections through the patient or through a CT, exposures, and sets of views
- ``fractures``: bodies of real CTs deformed into simulated compression fractures, keypoints carried along
- ``case``, ``truth``, ``demo_patient``: a patient as a reference case on disk, its true report, and the demo's patient
- ``matching``: which found vertebra is which true one
"""
