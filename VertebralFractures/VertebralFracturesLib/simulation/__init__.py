"""Synthetic spine CT patients with exact truth.

    level_tables -> anatomy (make_patient, deformity) -> Patient -> render (HU at points) -> acquisition (scan) -> case

A patient is an implicit function: Hounsfield units can be asked for at any RAS point and any resolution, and the six
keypoints of every vertebra are evaluated from the same endplate surfaces that are rendered.

- level_tables: published mean dimensions per level (annotated chest CTs and cadaver series)
- shapes:       the implicit surface of one vertebral body, posterior arches as capsules
- deformity:    wedge, biconcave and crush fractures, Schmorl nodes, osteophytes, sclerosis, cement, screws
- anatomy:      sampling of a whole patient, chain of vertebrae in space, truth
- trunk:        what lies around the spine: outline, lungs, organs, vessels, ribs, pelvis, skull
- fields, tubes: cheap noise lattices; distance to many tubes through a cell grid
- render:       composition of all tissues at points
- acquisition:  the scanner: slices, kernel, noise, streaks, field of view
- case:         a reference case folder on disk
- statistics:   comparison of sampled patients with the published tables
"""
