"""A bundle from somebody else writes nothing elsewhere, fills no disk, and reaches no network."""

import os
import stat
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.mrml import bundle as bundles
from VertebralFracturesLib.mrml.application import boot_scene
from VertebralFracturesLib.mrml.bundle import check_bundle, pack_bundle, unpack_bundle
from VertebralFracturesLib.mrml.scene_file import read_scene

SCENE = """<MRML version="Slicer 5.12.0 0">
<VolumeArchetypeStorage id="vtkMRMLVolumeArchetypeStorageNode1" {}></VolumeArchetypeStorage>
<Volume id="vtkMRMLScalarVolumeNode1" name="CT" references="storage:vtkMRMLVolumeArchetypeStorageNode1;"></Volume>
</MRML>"""
NRRD = b"NRRD0004\ntype: short\ndimension: 3\nsizes: %s\nencoding: raw\n\n"


def write_bundle(path: Path, attributes: str = "", scene: str | None = None, **files: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/a.mrml", SCENE.format(attributes) if scene is None else scene)
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def test_what_was_packed_is_unpacked(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    (folder / "Data").mkdir(parents=True)
    (folder / "a.mrml").write_text(SCENE.format('fileName="Data/M%C3%BCller%2525.nrrd" fileListMember0="" uri=""'))
    (folder / "Data" / "Müller%25.nrrd").write_bytes(NRRD % b"2 2 2" + bytes(16))
    pack_bundle(folder, tmp_path / "a.mrb")
    check_bundle(tmp_path / "a.mrb")
    place = tmp_path / "place"
    place.mkdir()
    assert unpack_bundle(tmp_path / "a.mrb", place) == place / "a" / "a.mrml"
    assert (place / "a" / "Data" / "Müller%25.nrrd").stat().st_size == (
        folder / "Data" / "Müller%25.nrrd"
    ).stat().st_size


@pytest.mark.parametrize("name", ["../out.txt", "a/../../out.txt", "/tmp/out.txt", "C:/out.txt", "a\\..\\out.txt"])
def test_a_name_that_leads_out_is_refused_before_anything_is_unpacked(tmp_path: Path, name: str) -> None:
    path = write_bundle(tmp_path / "x.mrb", **{name: b"x"})
    place = tmp_path / "deep" / "place"
    place.mkdir(parents=True)
    with pytest.raises(UnusableInput, match="would lie elsewhere"):
        unpack_bundle(path, place)
    assert sorted(tmp_path.rglob("*")) == sorted([path, place, place.parent])


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_a_link_or_device_is_refused(tmp_path: Path, kind: int) -> None:
    path = write_bundle(tmp_path / "x.mrb")
    with zipfile.ZipFile(path, "a") as archive:
        entry = zipfile.ZipInfo("a/link")
        entry.external_attr = (kind | 0o777) << 16
        archive.writestr(entry, "/etc")
    with pytest.raises(UnusableInput, match="link or device"):
        check_bundle(path)


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ('fileName="../../secret.nrrd"', "which is not in it"),
        ('fileName="%2E%2E/%2E%2E/secret.nrrd"', "which is not in it"),
        ('fileName="/dev/zero"', "which is not in it"),
        ('fileName="http://127.0.0.1/x.nrrd"', "which is not in it"),
        ('fileListMember3="/etc/passwd"', "which is not in it"),
        ('fileName="absent.nrrd"', "names the file"),
        ('uri="http://127.0.0.1/x.nrrd"', "nothing is loaded from a network"),
        ('uriListMember0="file:///etc/passwd"', "nothing is loaded from a network"),
    ],
)
def test_a_scene_names_only_files_of_its_bundle(tmp_path: Path, attributes: str, expected: str) -> None:
    with pytest.raises(UnusableInput, match=expected):
        check_bundle(write_bundle(tmp_path / "x.mrb", attributes))


@pytest.mark.parametrize(
    ("scene", "expected"),
    [
        ('<!DOCTYPE a [<!ENTITY b "c">]><MRML>&b;</MRML>', "document type"),
        ("<MRML><Smith & Jones></MRML>", "damaged"),
        ("", "damaged"),
    ],
)
def test_a_scene_that_cannot_be_read_is_refused(tmp_path: Path, scene: str, expected: str) -> None:
    with pytest.raises(UnusableInput, match=expected):
        check_bundle(write_bundle(tmp_path / "x.mrb", scene=scene))


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (NRRD % b"100000 100000 1000", "has more than 4 GB"),
        (NRRD % b"-5 3 3", "has more than 4 GB"),
        (NRRD.replace(b"encoding", b"data file: /etc/passwd\nencoding") % b"2 2 2", "in another file"),
        (NRRD % b"many", "damaged"),
    ],
)
def test_the_headers_of_volumes_are_checked(tmp_path: Path, header: bytes, expected: str) -> None:
    with pytest.raises(UnusableInput, match=expected):
        check_bundle(write_bundle(tmp_path / "x.mrb", **{"a/ct.nrrd": header}))


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundles, "LARGEST_BYTES", 2**20)
    path = write_bundle(tmp_path / "x.mrb", **{"a/large.txt": bytes(2**21)})
    assert path.stat().st_size < 2**14
    with pytest.raises(UnusableInput, match="at most 10000 files"):
        unpack_bundle(path, tmp_path / "place")
    assert not (tmp_path / "place").exists()


def test_a_full_disk_is_told_before_anything_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_bundle(tmp_path / "x.mrb")
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=0))
    with pytest.raises(UnusableInput, match="too full"):
        unpack_bundle(path, tmp_path)


@pytest.mark.parametrize("place", [0.3, 0.6, 0.95])
def test_a_damaged_bundle_is_told(tmp_path: Path, place: float) -> None:
    path = write_bundle(tmp_path / "x.mrb", **{"a/text.txt": os.urandom(5000)})
    content = bytearray(path.read_bytes())
    content[int(place * len(content))] ^= 255
    path.write_bytes(content)
    with pytest.raises(UnusableInput, match=r"damaged|not a Slicer data bundle|not opened"):
        unpack_bundle(path, tmp_path)


def test_two_scenes_or_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match="2 scenes"):
        check_bundle(write_bundle(tmp_path / "x.mrb", **{"a/b.mrml": b"<MRML/>"}))
    with pytest.raises(UnusableInput, match="the same name"):
        check_bundle(write_bundle(tmp_path / "y.mrb", **{"a/b.txt": b"", "a//b.txt": b""}))


@pytest.fixture
def requests() -> Iterator[tuple[str, list[str]]]:
    """The address of a server on this computer, and what was asked of it."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("check", [None, lambda *_: iter(())])
def test_no_address_in_a_scene_is_asked(
    tmp_path: Path, requests: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch, check: Callable | None
) -> None:
    """Not even where the check of names would miss one."""
    address, asked = requests
    attributes = f'uri="{address}/ct.nrrd" fileName="ct.nrrd"'
    path = write_bundle(tmp_path / "x.mrb", attributes)
    if check is not None:
        monkeypatch.setattr(bundles, "_named_files", check)
    expected = "could not be read" if check is not None else "nothing is loaded from a network"
    with boot_scene() as application, pytest.raises(UnusableInput, match=expected):
        read_scene(application.scene, path)
    assert asked == []


def test_a_file_of_a_node_that_was_deleted_is_not_read(tmp_path: Path) -> None:
    scene = SCENE.format('fileName="/dev/zero"').split("<Volume ")[0] + "</MRML>"
    check_bundle(write_bundle(tmp_path / "x.mrb", scene=scene))
