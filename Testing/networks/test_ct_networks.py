"""The networks of a CT are loaded together, and say what they are."""

import hashlib
import json
from dataclasses import astuple
from pathlib import Path

import pytest
from torch import nn
from VertebralFracturesLib.ct.point_uncertainty import NETWORK_ALONE, UncertaintyWeights
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.networks.ct_networks import CURVE_WEIGHTS, VERTEBRA_WEIGHTS, load_ct_networks
from VertebralFracturesLib.networks.spine_curve_net import SpineCurveNet
from VertebralFracturesLib.networks.vertebra_net import VertebraNet
from VertebralFracturesLib.networks.weights import save_weights


@pytest.fixture
def models_folder(tmp_path: Path) -> Path:
    """Untrained weights of both networks, with model cards."""
    for name, net in ((CURVE_WEIGHTS, SpineCurveNet()), (VERTEBRA_WEIGHTS["anchor"], VertebraNet("anchor"))):
        save_weights(net, tmp_path / f"{name}.npz")
        (tmp_path / f"{name}.json").write_text(json.dumps({"version": "7.1"}))
    return tmp_path


def test_models_are_loaded_for_inference_and_say_what_they_are(models_folder):
    models = load_ct_networks("cpu", "anchor", models_folder)
    assert models.vertebrae.detector == "anchor"
    for net in (models.spine_curve, models.vertebrae):
        assert not net.training
        assert isinstance(net, nn.Module)
    assert set(models.versions) == {CURVE_WEIGHTS, VERTEBRA_WEIGHTS["anchor"]}
    for name, version in models.versions.items():
        digest = hashlib.sha256((models_folder / f"{name}.npz").read_bytes()).hexdigest()
        assert version == f"7.1 sha256:{digest}"


def test_the_uncertainty_is_weighed_as_the_model_card_says(models_folder):
    assert load_ct_networks("cpu", "anchor", models_folder).uncertainty_weights == NETWORK_ALONE
    card = {"version": "7.1", "uncertainty_weights": {"network": 0.5, "slices": 0.2, "readings": 1.5, "edge": 0.3}}
    (models_folder / f"{VERTEBRA_WEIGHTS['anchor']}.json").write_text(json.dumps(card))
    weights = load_ct_networks("cpu", "anchor", models_folder).uncertainty_weights
    assert weights == UncertaintyWeights(network=0.5, slices=0.2, readings=1.5, edge=0.3)


@pytest.mark.parametrize("detector", VERTEBRA_WEIGHTS)
def test_every_part_of_the_uncertainty_counts_in_shipped_weights(detector):
    assert min(astuple(load_ct_networks("cpu", detector).uncertainty_weights)) > 0


def test_weights_of_the_other_detector_are_no_substitute(models_folder):
    with pytest.raises(UnusableInput, match=r"vertebrae_anchor_free\.npz is missing"):
        load_ct_networks("cpu", "anchor-free", models_folder)


@pytest.mark.parametrize("content", [None, "{", "{}", "[]"])
def test_a_model_card_that_is_missing_or_damaged_is_named(models_folder, content):
    card = models_folder / f"{CURVE_WEIGHTS}.json"
    card.unlink() if content is None else card.write_text(content)
    with pytest.raises(UnusableInput, match=r"spine_curve\.json is missing or damaged: install"):
        load_ct_networks("cpu", "anchor", models_folder)


@pytest.mark.parametrize("detector", VERTEBRA_WEIGHTS)
def test_shipped_weights_are_those_of_the_networks(detector):
    models = load_ct_networks("cpu", detector)
    for net in (models.spine_curve, models.vertebrae):
        assert all(value.isfinite().all() for value in net.state_dict().values())
