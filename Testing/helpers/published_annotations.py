"""Published annotations in miniature: two releases in both layouts, whose readers differ in known ways."""

import json
from pathlib import Path

import numpy as np

LEVELS = ("Th7", "Th8", "Th9", "Th10")


def body_voxels(place: int, index: float = 1.0, column: float = 250.0) -> list:
    """A body 20 mm high in slices of 0.8 mm, G as given by its anterior height."""
    middle = 50 + 40 * place
    halves = np.array([12.5 * index, 12.5, 12.5])
    return [[300.0 + 20 * x, column, middle + sign * halves[x]] for x in range(3) for sign in (-1, 1)]


def write(file: Path, readers: dict[str, list], as_text: bool = False) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"Annotation": repr(readers) if as_text else readers}), encoding="utf-8")
    return file


def levelled(bodies: list) -> list[dict]:
    """Bodies in the layout of 2023."""
    return [
        {"segments": np.reshape(points, (3, 2, 3)).tolist(), "type": level}
        for points, level in zip(bodies, LEVELS, strict=False)
    ]


def write_releases(folder: Path) -> Path:
    """Two releases of two studies: three readers, of whom the third sees a fracture and leaves a body out."""
    whole = [body_voxels(place) for place in range(4)]
    doubtful = [body_voxels(0), body_voxels(1, 0.7, 251.0), body_voxels(2)]
    write(folder / "old" / "one.json", {"a": whole, "b": whole[::-1], "c": doubtful})
    write(folder / "old" / "two.json", {"a": whole, "b": [body_voxels(place, 0.5) for place in range(4)]})
    write(folder / "new" / "one.json", {"a": levelled(whole), "b": levelled(whole)}, as_text=True)
    return folder
