import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.networks import weights
from VertebralFracturesLib.networks.ct_networks import CURVE_WEIGHTS, VERTEBRA_WEIGHTS
from VertebralFracturesLib.networks.spine_curve_net import SpineCurveNet
from VertebralFracturesLib.networks.vertebra_net import VertebraNet
from VertebralFracturesLib.networks.weights import WEIGHTS_FOLDER, load_weights, model_card, save_weights

SMALL = (4, 8, 8)


def small_net(seed: int = 0) -> VertebraNet:
    torch.manual_seed(seed)
    return VertebraNet("anchor-free", SMALL).eval()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A good weight file."""
    save_weights(small_net(), tmp_path / "small.npz")
    return tmp_path / "small.npz"


def test_weights_come_back_as_16_bit_numbers(file):
    other = small_net(seed=1)
    load_weights(other, file)
    for name, value in small_net().state_dict().items():
        torch.testing.assert_close(other.state_dict()[name], value.half().float())
    image = torch.randn(1, 1, 16, 16)
    torch.testing.assert_close(other(image), small_net()(image), atol=2e-2, rtol=2e-2)
    assert [path.name for path in file.parent.iterdir()] == ["small.npz"]


def test_nothing_in_a_weight_file_has_to_be_unpickled(file):
    with np.load(file, allow_pickle=False) as archive:
        assert all(archive[name].dtype == np.float16 for name in archive.files)


def truncated(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def corrupted(file: Path) -> None:
    """Damage within a compressed array."""
    content = bytearray(file.read_bytes())
    for place in range(200, len(content), 97):
        content[place] ^= 0xFF
    file.write_bytes(content)


class Harmful:
    """Makes a file when it is unpickled."""

    def __init__(self, proof: Path) -> None:
        self.proof = proof

    def __reduce__(self):
        return Path.touch, (self.proof,)


def pickled(file: Path) -> None:
    """An archive that would run code if it were trusted."""
    np.savez(file, **{"head.bias": np.array([Harmful(file.with_name("harm"))], dtype=object)})


def plain_array(file: Path) -> None:
    with file.open("wb") as stream:
        np.save(stream, np.zeros(3))


def lacking(file: Path) -> None:
    with np.load(file) as archive:
        arrays = dict(archive)
    del arrays["head.bias"]
    np.savez(file, **arrays)


def other_archive(file: Path) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("readme.txt", "hello")


@pytest.mark.parametrize(
    "damage",
    [
        Path.unlink,
        truncated,
        corrupted,
        pickled,
        plain_array,
        lacking,
        other_archive,
        lambda file: file.write_bytes(b""),
        lambda file: file.write_text("<html>not found</html>"),
        lambda file: save_weights(VertebraNet("anchor", SMALL), file),
        lambda file: save_weights(VertebraNet("anchor-free", (8, 8, 8)), file),
        lambda file: save_weights(SpineCurveNet(SMALL), file),
    ],
    ids=["missing", "truncated", "corrupted", "pickled", "array", "lacking", "zip", "empty", "text", "other head",
         "other size", "other network"],
)  # fmt: skip
def test_a_file_that_is_not_this_networks_is_named(file, damage):
    damage(file)
    with pytest.raises(UnusableInput, match=r"small\.npz is missing or damaged: install"):
        load_weights(small_net(), file)
    assert not file.with_name("harm").exists()


def test_damage_at_any_place_is_noticed_or_harmless(file):
    content = file.read_bytes()
    for place in np.random.default_rng(0).integers(len(content), size=60):
        damaged = bytearray(content)
        damaged[place] ^= 0xFF
        file.write_bytes(damaged)
        net = small_net(seed=1)
        try:
            load_weights(net, file)
        except UnusableInput:
            continue
        for name, value in small_net().state_dict().items():
            torch.testing.assert_close(net.state_dict()[name], value.half().float())


def test_a_broken_write_leaves_the_old_file(file, monkeypatch):
    before = file.read_bytes()

    def fail(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(np, "savez_compressed", fail)
    with pytest.raises(OSError, match="disk full"):
        save_weights(small_net(seed=1), file)
    assert file.read_bytes() == before


@pytest.mark.parametrize("name", [CURVE_WEIGHTS, *VERTEBRA_WEIGHTS.values()])
def test_shipped_weights_have_a_model_card(name):
    card = model_card(name)
    assert {"version", "date", "license", "network", "data", "recipe", "seed", "steps", "metrics"} <= set(card)
    assert (WEIGHTS_FOLDER / f"{name}.npz").stat().st_size < 20e6


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_no_numbers_are_refused(file, value):
    with np.load(file) as archive:
        arrays = dict(archive)
    arrays[sorted(arrays)[0]].flat[0] = value
    np.savez(file, **arrays)
    with pytest.raises(UnusableInput, match="missing or damaged"):
        load_weights(small_net(), file)


def test_weights_larger_than_any_network_are_refused_before_they_are_unpacked(file, monkeypatch):
    monkeypatch.setattr(weights, "_LARGEST_BYTES", 2**20)
    np.savez_compressed(file, a=np.zeros(2**20))
    monkeypatch.setattr(np, "load", lambda *_, **__: pytest.fail("the archive was unpacked"))
    with pytest.raises(UnusableInput, match="missing or damaged"):
        weights.read_weights(file)
