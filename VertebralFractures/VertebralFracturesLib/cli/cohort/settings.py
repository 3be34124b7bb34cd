"""What is the same for every case of a cohort."""

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from ...ct.networks import DetectorName
from ..results import DICOM_FOLDER, EXCHANGE_FOLDER, FORMATS

RESULT_SETTINGS = ("device", "detector", "preset", "image_classifier", "identify", "write")
"""Those that change results: a folder of results has one value of each."""

DEFAULT_WRITE = tuple(name for name in FORMATS if name not in ("scene", DICOM_FOLDER, EXCHANGE_FOLDER))
"""Formats that a cohort writes unless told otherwise: a scene holds the CT and takes 10 to 31 MB, DICOM objects name
the patient, and other tools are not everybody's."""


@dataclass(frozen=True)
class Settings:
    """What is the same for every case of a cohort.

    :param output: absolute path of the folder of results.
    :param device: "auto", "cpu" or "cuda".
    :param detector: which detection head reads the CTs.
    :param preset: name of the cut-offs of the grades.
    :param image_classifier: whether the image classifier looks at the CTs as well.
    :param identify: whether results name patient ID, age, sex and study date of a DICOM input.
    :param write: which of :data:`~..results.FORMATS` are written.
    :param threads: threads of a worker.
    :param time_limit_s: seconds after which a case is given up.
    :param memory_limit_mb: memory in MB beyond which a case is given up; None for no limit.
    """

    output: str
    device: str = "auto"
    detector: DetectorName = "anchor-free"
    preset: str = "level-aware"
    image_classifier: bool = True
    identify: bool = False
    write: tuple[str, ...] = DEFAULT_WRITE
    threads: int = 1
    time_limit_s: float = 900.0
    memory_limit_mb: float | None = None

    @property
    def files(self) -> tuple[str, ...]:
        """Names of the result files."""
        return tuple(file for name in self.write for file in FORMATS[name])

    @property
    def dicom(self) -> bool:
        """Whether DICOM objects are written, too."""
        return DICOM_FOLDER in self.write

    @property
    def exchange(self) -> bool:
        """Whether the formats of other tools are written, too."""
        return EXCHANGE_FOLDER in self.write

    @property
    def folder(self) -> Path:
        """The folder of results."""
        return Path(self.output)

    @property
    def of_results(self) -> dict[str, Any]:
        """The values of :data:`RESULT_SETTINGS`, as JSON holds them."""
        return {name: value for name, value in json.loads(self.as_json()).items() if name in RESULT_SETTINGS}

    def as_json(self) -> str:
        """As text, for :meth:`from_json`."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Settings":
        """The settings of :meth:`as_json`."""
        values = json.loads(text)
        return cls(**{one.name: values[one.name] for one in fields(cls)} | {"write": tuple(values["write"])})
