"""What research evaluate writes of cases whose measured points err independently."""

import json
from pathlib import Path

import numpy as np
from helpers.patient_row import UNCERTAINTY_MM


def evaluation(folder: Path, cases: dict[str, np.ndarray], levels: dict[str, tuple[str, ...]]) -> Path:
    """A folder with an evaluation.json of rows of vertebrae (n, 6, 3), by the name of their case."""
    rng = np.random.default_rng(0)
    documents = [
        {
            "name": name,
            "matched": [
                {
                    "level": level,
                    "level_confidence": 0.9,
                    "keypoints_ras": body.tolist(),
                    "found_keypoints_ras": (body + rng.normal(0, 0.4, body.shape)).tolist(),
                    "uncertainty_mm": [UNCERTAINTY_MM] * 6,
                }
                for level, body in zip(levels[name], points, strict=True)
            ][::-1],
        }
        for name, points in cases.items()
    ]
    folder.mkdir()
    (folder / "evaluation.json").write_text(json.dumps({"cases": documents}), encoding="utf-8")
    return folder
