"""The table of vertebrae in the panel."""
