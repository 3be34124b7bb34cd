"""What the stages of a CT ask for can be offered without torch."""

from helpers.perfect_ct import PerfectCtNetworks, PerfectImageClassifier
from helpers.protocols import missing_of
from VertebralFracturesLib.ct.networks import CtNetworks, ImageClassifierNetworks


def test_networks_of_tests_offer_what_the_stages_ask_for():
    assert missing_of(CtNetworks, PerfectCtNetworks()) == []
    assert missing_of(ImageClassifierNetworks, PerfectImageClassifier()) == []
    assert missing_of(CtNetworks, object()) == [
        "detector", "versions", "uncertainty_weights", "image_classifier", "locate_spine", "detect_vertebrae",
    ]  # fmt: skip
