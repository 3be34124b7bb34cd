"""A small BIDS data set of CTs without anybody in them."""

import json
from pathlib import Path

from helpers.small_ct import body_hu, write_image

IMAGES = (
    "sub-01/ses-a/ct/sub-01_ses-a_ct.nii.gz",
    "sub-01/ses-b/ct/sub-01_ses-b_acq-bone_run-2_ct.nii.gz",
    "sub-02/sub-02_dir-ax_ct.nii.gz",
)
"""CTs as BIDS proposal 24 places them, and as VerSe does, without a folder of their own."""

OTHERS = (
    "derivatives/other/sub-09/ct/sub-09_ct.nii.gz",
    "sourcedata/sub-09_ct.nii.gz",
    "sub-01/ses-a/anat/sub-01_ses-a_T1w.nii.gz",
    "sub-02/.hidden/sub-09_ct.nii.gz",
    "sub-02/sub-02_ct.json",
)
"""Files that are no raw CTs."""


def write_bids_tree(folder: Path) -> Path:
    """Write the data set; what is no CT holds no image."""
    for name in (*IMAGES, *OTHERS):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"no image")
    for name in IMAGES:
        write_image(folder / name, body_hu())
    described = {"Name": "Test", "BIDSVersion": "1.10.0", "License": "CC0", "DatasetDOI": "doi:10.0.1/test"}
    (folder / "dataset_description.json").write_text(json.dumps(described), encoding="utf-8")
    return folder
