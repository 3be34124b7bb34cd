"""Following one structure from slice to slice where a slice alone may show several that look like it."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

_STEP_VOXELS = 3.0
_UNSEEN_SHARE = 1e-3


def follow(evidence: NDArray[np.floating]) -> NDArray[np.float64]:
    """Where a structure is in each slice, given the evidence of all slices.

    A hidden Markov chain along the slices: between neighbours the structure moves by a Gaussian step, each slice shows
    it with the given probabilities, and now and then a slice does not show it at all. Humeral heads, which look like
    vertebral bodies in a single slice, lose against the spine, from which no path leads to them.

    :param evidence: (slices, rows, columns), the probabilities of the places in a slice as seen in this slice alone;
        they sum to one per slice.
    :return: the probabilities given all slices, likewise.
    """
    places = evidence.shape[1] * evidence.shape[2]
    seen = (1 - _UNSEEN_SHARE) * np.asarray(evidence, dtype=np.float64) + _UNSEEN_SHARE / places
    above, below = _messages(seen), _messages(seen[::-1])[::-1]
    joint = seen * above * below
    return joint / joint.sum((1, 2), keepdims=True)


def _messages(seen: NDArray[np.float64]) -> NDArray[np.float64]:
    """What the slices before each slice say of it (slices, rows, columns)."""
    messages = np.empty_like(seen)
    messages[0] = 1.0
    for place in range(1, len(seen)):
        stepped = ndimage.gaussian_filter(messages[place - 1] * seen[place - 1], _STEP_VOXELS, mode="constant")
        messages[place] = stepped / stepped.sum() + np.finfo(np.float64).tiny
    return messages
