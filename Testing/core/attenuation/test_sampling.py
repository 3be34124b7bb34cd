import numpy as np
from VertebralFracturesLib.core.attenuation.sampling import sampled_hu
from VertebralFracturesLib.core.volume import AIR_HU, Volume


def test_padding_and_what_is_no_number_are_air() -> None:
    voxels = np.array([100.0, -3024.0, np.nan, np.inf], np.float32).reshape(1, 1, 4)
    points = np.column_stack([np.arange(4.0), np.zeros(4), np.zeros(4)])
    np.testing.assert_array_equal(sampled_hu(Volume(voxels, np.eye(4)), points, order=0), [100.0, *[AIR_HU] * 3])


def test_points_beyond_the_image_are_air() -> None:
    volume = Volume(np.full((2, 2, 2), 50, np.int16), np.eye(4))
    assert sampled_hu(volume, np.array([[9.0, 0.0, 0.0]]))[0] == AIR_HU
