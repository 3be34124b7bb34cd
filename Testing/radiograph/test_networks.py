"""What the stages of a radiograph ask for can be offered without torch."""

from helpers.perfect_radiograph import PerfectNetworks
from helpers.protocols import missing_of
from VertebralFracturesLib.radiograph.networks import RadiographNetworks


def test_networks_of_tests_offer_what_the_stages_ask_for() -> None:
    assert missing_of(RadiographNetworks, PerfectNetworks()) == []
    assert missing_of(RadiographNetworks, object()) == [
        "versions", "detect_bodies", "regress_landmarks", "refine_landmarks",
    ]  # fmt: skip
