"""The work list in the panel."""
