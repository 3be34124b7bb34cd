"""Arrays that are made once and kept in a file."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray]


def cached_arrays(file: Path, make: Callable[[], Arrays]) -> Arrays:
    """The arrays of a file, which is made first if it does not exist, whole or not at all.

    :param file: ending in ".npz"; its folder is made if it does not exist.
    :param make: makes the arrays.
    """
    if not file.exists():
        arrays = make()
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary = file.with_suffix(f".{os.getpid()}.tmp")
        with temporary.open("wb") as stream:
            np.savez(stream, **arrays)  # type: ignore[arg-type]
        os.replace(temporary, file)
    with np.load(file, allow_pickle=False) as archive:
        return dict(archive)
