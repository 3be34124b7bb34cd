import pytest
import torch
from VertebralFracturesLib.networks.dsnt import dsnt_losses, expected_points, gaussians, heatmaps, pixel_places, spreads


def test_a_single_pixel_is_found_at_its_place() -> None:
    logits = torch.full((1, 8, 6), -50.0)
    logits[0, 5, 2] = 50.0
    point = expected_points(heatmaps(logits))[0]
    assert point.tolist() == pytest.approx([(2 * 2 - 5) / 6, (2 * 5 - 7) / 8])


def test_places_are_symmetric_about_the_middle() -> None:
    places = pixel_places(7)
    assert places[3] == 0
    assert torch.equal(places, -places.flip(0))


def test_gaussians_lie_at_their_points_with_their_width() -> None:
    points = torch.tensor([[0.21, -0.33]])
    maps = gaussians(points, (64, 64), 2.0)
    torch.testing.assert_close(expected_points(maps), points, atol=1e-4, rtol=0)
    assert spreads(maps).item() == pytest.approx(2.0, abs=0.01)


def test_the_loss_is_least_for_the_true_gaussian() -> None:
    point = torch.tensor([[0.1, 0.2]])
    right = gaussians(point, (32, 32), 1.0).clamp_min(1e-12).log()
    assert dsnt_losses(right, point).item() < 1e-3
    assert dsnt_losses(right, point + 0.2).item() > 0.28
    assert dsnt_losses(torch.zeros(1, 32, 32), torch.zeros(1, 2)).item() > 0.3


def test_the_loss_leads_a_map_to_its_point() -> None:
    logits = torch.zeros(1, 24, 24, requires_grad=True)
    point = torch.tensor([[0.4, -0.3]])
    optimiser = torch.optim.Adam([logits], lr=0.5)
    for _ in range(60):
        optimiser.zero_grad()
        dsnt_losses(logits, point).mean().backward()
        optimiser.step()
    torch.testing.assert_close(expected_points(heatmaps(logits)).detach(), point, atol=0.01, rtol=0)
