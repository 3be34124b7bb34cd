"""Trabecular attenuation of vertebral bodies in Hounsfield units."""
