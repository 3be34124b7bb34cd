from functools import partial

import numpy as np
import pytest
import torch
from VertebralFracturesLib.core.spine_curve import SpineCurve
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.ct.canal import CONFIDENT_CANAL, STEP_MM, find_canal
from VertebralFracturesLib.errors import Cancelled
from VertebralFracturesLib.networks.canal_net import CanalNet, locate_canal

CURVE = SpineCurve(np.c_[np.zeros(8), np.zeros(8), np.linspace(0, -140, 8)], np.ones(8))


@pytest.fixture
def net() -> CanalNet:
    torch.manual_seed(0)
    return CanalNet((4, 4)).eval()


class Bright(CanalNet):
    """Sees the canal where the window is brightest."""

    def forward(self, window: torch.Tensor) -> torch.Tensor:
        return 20 * window[:, 0]


def tube(behind_mm: float = 28.0, aside_mm: float = 5.0) -> Volume:
    """A bright tube behind the curve."""
    matrix = np.diag([2.0, 2.0, 2.0, 1.0])
    matrix[:3, 3] = -60.0, -80.0, -170.0
    _, j, i = np.indices((100, 60, 60))
    distance = np.hypot(i * 2.0 - 60 - aside_mm, j * 2.0 - 80 + behind_mm)
    return Volume((1000 * np.exp(-(distance**2) / 18)).astype(np.float32), matrix)


def test_one_logit_per_pixel(net):
    for sections in (8, 20):
        assert net(torch.zeros(2, 1, sections, 36, 24)).shape == (2, sections, 36, 24)


def test_the_canal_is_found_where_it_is():
    canal = find_canal(partial(locate_canal, Bright((4, 4)).eval()), tube(), CURVE)
    inner = canal.points_ras[(canal.points_ras[:, 2] < -STEP_MM) & (canal.points_ras[:, 2] > -137)]
    np.testing.assert_allclose(inner[:, :2], np.tile([5.0, -28.0], (len(inner), 1)), atol=0.6)
    assert (canal.confidence >= CONFIDENT_CANAL).all()


def test_a_mirrored_patient_has_a_mirrored_canal(net):
    one, two = (
        find_canal(partial(locate_canal, Bright((4, 4)).eval()), tube(aside_mm=side), CURVE) for side in (6.0, -6.0)
    )
    np.testing.assert_allclose(one.points_ras, two.points_ras * [-1, 1, 1], atol=0.05)


def test_an_untrained_network_sees_none(net):
    assert (
        find_canal(partial(locate_canal, net), Volume(np.zeros((20, 20, 20), np.int16), np.diag([8.0, 8, 8, 1])), CURVE)
        is None
    )


def test_it_can_be_cancelled(net):
    with pytest.raises(Cancelled):
        find_canal(partial(locate_canal, net), tube(), CURVE, lambda: True)
