"""Image files as they are stored: headers read by parsers of our own, data checked to be all there."""

from pathlib import Path

from .metaimage import read_metaimage
from .nifti import read_nifti
from .nrrd import read_nrrd
from .stored_image import StoredImage


def read_stored_image(path: Path) -> StoredImage:
    """Read the header of a NIfTI, NRRD or MetaImage file, told apart by their names.

    :raises UnusableInput: a header that is damaged or of a kind that is not read.
    """
    name = path.name.lower()
    if name.endswith((".nii", ".nii.gz")):
        return read_nifti(path)
    return read_nrrd(path) if name.endswith((".nrrd", ".nhdr")) else read_metaimage(path)
