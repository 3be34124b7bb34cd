"""Alignment of the spine: angles in the sagittal and the coronal plane, and the discs."""
