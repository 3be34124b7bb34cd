"""Text for the radiology report."""
