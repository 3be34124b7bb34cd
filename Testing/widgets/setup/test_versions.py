"""Versions of Slicer that are refused, and those that are not."""

import pytest


@pytest.mark.parametrize(
    ("version", "is_refused"), [((4, 13), True), ((5, 10), True), ((5, 12), False), ((5, 13), False), ((6, 0), False)]
)
def test_older_versions_are_refused(host, monkeypatch, version, is_refused):
    import slicer
    from VertebralFracturesLib.widgets.setup.versions import unsupported_version

    monkeypatch.setattr(slicer.app, "majorVersion", version[0], raising=False)
    monkeypatch.setattr(slicer.app, "minorVersion", version[1], raising=False)
    problem = unsupported_version()
    assert (problem is not None) == is_refused
    if problem is not None:
        assert f"this is {version[0]}.{version[1]}" in problem
