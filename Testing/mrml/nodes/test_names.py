"""Images of any name are saved in scenes that can be opened again."""

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.mrml.application import boot_scene
from VertebralFracturesLib.mrml.nodes.names import safe_name
from VertebralFracturesLib.mrml.scene_file import read_scene, write_scene


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Müller 12/3: CT", "Müller 12/3: CT"),
        ("CT%20spine.nii.gz", "CT_20spine.nii.gz"),
        ("Smith & Jones.nii.gz", "Smith + Jones.nii.gz"),
        ("caf\udce9.nii", "caf\\udce9.nii"),
        ("red\x1b[31m\n", "red\\x1b[31m\\n"),
        ("", "image"),
        (" ", "image"),
        ("x" * 250, "x" * 120),
    ],
)
def test_names_are_kept_where_they_can_be(name: str, expected: str) -> None:
    assert safe_name(name) == expected


@given(st.text(st.characters() | st.sampled_from("%&\x00\udce9\ufffe")))
def test_every_name_becomes_one_that_can_be_written(name: str) -> None:
    safe = safe_name(name)
    assert safe.isprintable()
    assert safe.strip()
    assert len(safe) <= 120
    assert not set(safe) & set("%&")
    assert safe_name(safe) == safe
    safe.encode()


@settings(max_examples=5)
@given(st.text(st.sampled_from("%&<>\"'\\/:;#?\udce9\x1b" + string.ascii_letters), min_size=1, max_size=20))
def test_a_scene_of_any_name_is_opened_again(tmp_path_factory, volume: Volume, report, name: str) -> None:
    file = tmp_path_factory.mktemp("scene") / "scene.mrb"
    write_scene(file, volume, report, name, compress=False)
    with boot_scene() as application:
        (study,) = read_scene(application.scene, file)
        assert study.volume_node.GetName() == safe_name(name)
        assert study.straightened_node.GetImageData() is not None
