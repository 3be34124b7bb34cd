"""The library for Python programs: what ``from VertebralFracturesLib import ...`` gives, see Documentation/python.md.

The functions do what the commands ``analyze`` and ``radiograph`` do, with the same results in files of the same names.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .cli.results import analyze_read_image, of_case, write_results
from .core.heights.genant import DEFAULT_PRESET
from .core.report import SpineReport
from .core.volume import Volume
from .ct.networks import DetectorName
from .errors import Cancelled, NoSpineFound, UnusableInput
from .files import output_folder
from .io.read_image import ReadImage
from .radiograph.record import Image, Radiograph
from .report.columns.column import Value
from .report.patient_values import patient_values
from .report.table import table_rows

if TYPE_CHECKING:
    import pandas

__all__ = [
    "Analysis",
    "Cancelled",
    "NoSpineFound",
    "Radiograph",
    "ReadImage",
    "SpineReport",
    "UnusableInput",
    "Volume",
    "analyze",
    "analyze_radiograph",
    "read_ct",
    "read_radiograph",
]

Progress = Callable[[str, float], None]


def _unseen(stage: str, fraction: float) -> None:
    """Progress that nobody is shown."""


@dataclass(frozen=True, eq=False)
class Analysis:
    """The result of :func:`analyze` or :func:`analyze_radiograph`.

    :param report: landmarks, spine curve and everything that follows from them.
    :param image: the CT or the radiograph that was analyzed.
    :param name: what the image is called in the scene for 3D Slicer.
    """

    report: SpineReport
    image: Image
    name: str

    @property
    def conclusion(self) -> str:
        """The conclusion for the patient in one line."""
        return self.report.summary.headline

    @property
    def findings(self) -> str:
        """The findings on which the conclusion rests, in sentences."""
        return self.report.summary.statement

    @property
    def warnings(self) -> tuple[str, ...]:
        """What has to be known to interpret the values, one sentence each."""
        return self.report.warnings

    @property
    def vertebrae(self) -> list[dict[str, Value]]:
        """One dictionary per vertebra, cranial to caudal, with the columns of measurements.csv; None for no value."""
        return table_rows(self.report)

    @property
    def patient(self) -> dict[str, Value]:
        """Conclusion, alignment and trabecular attenuation, with the columns of patient.csv; None for no value."""
        return patient_values(self.report)

    def to_dataframe(self) -> "pandas.DataFrame":
        """The vertebrae as a table of pandas, one row each.

        :raises ImportError: pandas is not installed.
        """
        try:
            import pandas
        except ImportError as error:
            raise ImportError("to_dataframe() needs pandas: install it with 'pip install pandas'") from error
        return pandas.DataFrame(self.vertebrae)

    def save(self, folder: Path | str, *, overwrite: bool = False) -> Path:
        """Write all result files of the command line, or none if writing fails.

        :param folder: the folder to be made, with its parents.
        :param overwrite: replace files of an existing folder; other files in it stay.
        :return: the folder.
        :raises UnusableInput: the folder exists and ``overwrite`` is not set, or it cannot be written.
        """
        target = Path(folder)
        if target.exists() and not overwrite:
            raise UnusableInput(f"{target} exists: choose another folder, or replace its files with overwrite=True")
        with output_folder(target, overwrite) as draft:
            write_results(draft, self.image, self.report, self.name, _unseen)
        return target


def analyze(
    ct: Path | str | ReadImage[Volume] | Volume,
    *,
    series: str | None = None,
    case_id: str | None = None,
    preset: str = DEFAULT_PRESET,
    device: str = "auto",
    detector: DetectorName = "anchor-free",
    image_classifier: bool = True,
    progress: Progress = _unseen,
) -> Analysis:
    """Detect, measure and grade the vertebrae of a CT.

    :param ct: NIfTI, NRRD or MetaImage file, DICOM folder, what :func:`read_ct` gave, or a volume in Hounsfield units.
    :param series: Series Instance UID or Series Number, for a DICOM folder only; by default the CT with most slices.
    :param case_id: name of the case in all results; by default the path.
    :param preset: grading thresholds: "level-aware", "genant" or "pisov".
    :param device: "auto", "cpu" or "cuda".
    :param detector: detection network: "anchor-free" or "anchor".
    :param image_classifier: whether vertebrae are also classified by image appearance.
    :param progress: called with the stage and the fraction of it that is done.
    :raises UnusableInput: this is no CT, it cannot be read, or there is no such device; the message says what to do.
    :raises NoSpineFound: no spine in the field of view.
    """
    read = _as_read(ct) if isinstance(ct, Volume | ReadImage) else read_ct(ct, series=series)
    report = analyze_read_image(
        of_case(read, case_id),
        device=device,
        detector=detector,
        preset=preset,
        image_classifier=image_classifier,
        progress=progress,
    )
    return Analysis(report, read.image, read.path.name)


def _as_read(ct: ReadImage[Volume] | Volume) -> ReadImage[Volume]:
    """A CT with a description, also where it came without a file."""
    if isinstance(ct, ReadImage):
        return ct
    spacing_mm = [round(float(value), 6) for value in ct.spacing_mm]
    return ReadImage(ct, {"path": "volume", "shape": list(ct.shape[::-1]), "spacing_mm": spacing_mm})


def analyze_radiograph(
    radiograph: Path | str | ReadImage[Radiograph],
    *,
    pixel_spacing_mm: float | None = None,
    case_id: str | None = None,
    preset: str = DEFAULT_PRESET,
    device: str = "auto",
    progress: Progress = _unseen,
) -> Analysis:
    """Detect, measure and grade the vertebrae of a lateral radiograph, and measure the angles of the spine.

    :param radiograph: DICOM, PNG, JPEG or TIFF file, a single slice, or what :func:`read_radiograph` gave.
    :param pixel_spacing_mm: side of a pixel in the patient; by default what the file states. Without any, no lengths
        are reported.
    :param case_id: name of the case in all results; by default the path.
    :param preset: grading thresholds: "level-aware", "genant" or "pisov".
    :param device: "auto", "cpu" or "cuda".
    :param progress: called with the stage and the fraction of it that is done.
    :raises UnusableInput: this is no lateral radiograph, it cannot be read, or there is no such device.
    :raises NoSpineFound: no spine in the field of view.
    """
    if isinstance(radiograph, ReadImage):
        read = radiograph
    else:
        read = read_radiograph(radiograph, pixel_spacing_mm=pixel_spacing_mm)
    report = analyze_read_image(of_case(read, case_id), device=device, preset=preset, progress=progress)
    return Analysis(report, read.image, read.path.name)


def read_ct(path: Path | str, *, series: str | None = None, identify: bool = False) -> ReadImage[Volume]:
    """Read a CT without analyzing it.

    :param path: NIfTI, NRRD or MetaImage file, or DICOM folder.
    :param series: Series Instance UID or Series Number, for a DICOM folder only; by default the CT with most slices.
    :param identify: whether patient ID, age, sex and study date of a DICOM input are kept for the results.
    :raises UnusableInput: it cannot be read; the message says what to do.
    """
    from .io.ct import read_input

    return read_input(path, series, identify=identify)


def read_radiograph(
    path: Path | str, *, pixel_spacing_mm: float | None = None, identify: bool = False
) -> ReadImage[Radiograph]:
    """Read a lateral radiograph without analyzing it.

    :param path: DICOM, PNG, JPEG or TIFF file, or a single slice as NIfTI, NRRD or MetaImage.
    :param pixel_spacing_mm: side of a pixel in the patient; by default what the file states.
    :param identify: whether patient ID, age, sex and study date of a DICOM input are kept for the results.
    :raises UnusableInput: it cannot be read; the message says what to do.
    """
    from .io.radiograph import read_radiograph as read

    return read(path, pixel_spacing_mm, identify=identify)
