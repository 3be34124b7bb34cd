"""Damaged and hostile image files, each read in a process of its own with limits on time and memory.

``python Testing/fuzz/fuzz_readers.py --count 2000 --seed 1`` prints, for each format, how many files were accepted and
refused, and how many ended in a traceback, a hang, a death or beyond the memory, wrote to the terminal, or were
accepted although damage that their format can tell had changed their voxels. Files that came out wrong are kept in
``--keep FOLDER``. A seed gives the same files each time.
"""

import argparse
import hashlib
import importlib
import os
import re
import resource
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2] / "VertebralFractures")]

OUTCOMES = ("accepted", "refused", "traceback", "hang", "death", "memory", "noise", "taken for whole")
GOOD = OUTCOMES[:2]

TIME_LIMIT_S = 20
MEMORY_LIMIT_BYTES = 4 << 30
"""What issue 26 allows a single input."""

_EXTREMES = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_WORDS = (b"0", b"-1", b"1e999", b"nan", b"2147483648", b"99999999999999999999", b"", b"%s%n", b"\xff\xfe", b"A" * 5000)


@dataclass(frozen=True)
class Seed:
    """A valid input to be damaged.

    :param write: writes it into a folder.
    :param victim: name of the file that is damaged.
    :param source: what is read, "" for the folder.
    :param tells: whether the format tells each change of its data by a checksum.
    :param is_radiograph: whether it is read as a radiograph.
    """

    write: Callable[[Path], object]
    victim: str
    source: str
    tells: bool = False
    is_radiograph: bool = False


def _volume(name: str, packed: bool = False) -> Callable[[Path], object]:
    def write(folder: Path) -> None:
        import SimpleITK as sitk
        from helpers.small_ct import body_hu

        image = sitk.GetImageFromArray(body_hu((12, 24, 24)))
        image.SetSpacing((3, 3, 3))
        sitk.WriteImage(image, str(folder / name), useCompression=packed)

    return write


def _listed(folder: Path) -> None:
    _volume("ct.mhd")(folder)
    data, size = (folder / "ct.raw").read_bytes(), 24 * 24 * 2
    for index in range(12):
        (folder / f"{index}.raw").write_bytes(data[index * size : (index + 1) * size])
    header = (folder / "ct.mhd").read_text().split("ElementDataFile")[0]
    names = "".join(f"{index}.raw\n" for index in range(12))
    (folder / "ct.mhd").write_text(f"{header}ElementDataFile = LIST\n{names}")


def _series(folder: Path) -> None:
    from helpers.small_ct import body_hu, write_series

    write_series(folder, body_hu((6, 24, 24)))


def _frames(folder: Path) -> None:
    import pydicom
    from helpers.small_ct import body_hu, write_slice

    groups = []
    for index in range(6):
        group, place = pydicom.Dataset(), pydicom.Dataset()
        place.ImagePositionPatient = [0, 0, 3 * index]
        group.PlanePositionSequence = [place]
        groups.append(group)
    header = {"NumberOfFrames": 6, "PerFrameFunctionalGroupsSequence": groups}
    path = write_slice(folder / "a.dcm", body_hu((6, 24, 24)), None, **header)
    dataset = pydicom.dcmread(path)
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = pydicom.uid.EnhancedCTImageStorage
    dataset.save_as(path)


def _radiograph(folder: Path) -> None:
    from helpers.small_ct import body_hu, write_slice

    header = {"Modality": "DX", "ImageType": ["ORIGINAL", "PRIMARY"], "PixelSpacing": [0.3, 0.3]}
    write_slice(folder / "a.dcm", body_hu((1, 80, 80))[0], None, **header)


def _picture(name: str) -> Callable[[Path], object]:
    def write(folder: Path) -> None:
        from PIL import Image

        pixels = np.random.default_rng(0).integers(0, 255, (80, 80), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / name)

    return write


SEEDS = {
    "nii": Seed(_volume("ct.nii"), "ct.nii", "ct.nii"),
    "nii.gz": Seed(_volume("ct.nii.gz", True), "ct.nii.gz", "ct.nii.gz", tells=True),
    "nrrd": Seed(_volume("ct.nrrd"), "ct.nrrd", "ct.nrrd"),
    "nrrd gzip": Seed(_volume("ct.nrrd", True), "ct.nrrd", "ct.nrrd"),
    "nhdr": Seed(_volume("ct.nhdr"), "ct.nhdr", "ct.nhdr"),
    "nhdr data": Seed(_volume("ct.nhdr", True), "ct.raw.gz", "ct.nhdr", tells=True),
    "mha": Seed(_volume("ct.mha"), "ct.mha", "ct.mha"),
    "mha packed": Seed(_volume("ct.mha", True), "ct.mha", "ct.mha"),
    "mhd": Seed(_volume("ct.mhd"), "ct.mhd", "ct.mhd"),
    "mhd data": Seed(_volume("ct.mhd", True), "ct.zraw", "ct.mhd", tells=True),
    "mhd list": Seed(_listed, "ct.mhd", "ct.mhd"),
    "dicom": Seed(_series, "0003.dcm", ""),
    "dicom frames": Seed(_frames, "a.dcm", "a.dcm"),
    "dicom radiograph": Seed(_radiograph, "a.dcm", "a.dcm", is_radiograph=True),
    "png": Seed(_picture("a.png"), "a.png", "a.png", tells=True, is_radiograph=True),
    "jpeg": Seed(_picture("a.jpg"), "a.jpg", "a.jpg", is_radiograph=True),
    "bmp": Seed(_picture("a.bmp"), "a.bmp", "a.bmp", is_radiograph=True),
    "tiff": Seed(_picture("a.tif"), "a.tif", "a.tif", is_radiograph=True),
}


def damaged(data: bytes, rng: np.random.Generator) -> tuple[bytes, bool]:
    """The data after one to three kinds of damage, and whether they were cut and nothing else."""
    if rng.random() < 0.25:
        return data[: int(rng.integers(0, len(data)))], True
    made = bytearray(data)
    for _ in range(int(rng.integers(1, 4))):
        made = _damage(made, rng)
    return bytes(made), False


def _damage(data: bytearray, rng: np.random.Generator) -> bytearray:
    """One kind of damage, in the first 500 bytes as often as elsewhere."""
    if not data:
        return data
    reach = min(len(data), 500) if rng.random() < 0.5 else len(data)
    start = int(rng.integers(reach))
    stop = min(len(data), start + int(rng.integers(1, 64)))
    kind = rng.integers(7)
    if kind == 0:
        data[start] ^= 1 << int(rng.integers(8))
    elif kind == 1:
        data[start] = rng.integers(256)
    elif kind == 2:
        data[start:stop] = bytes(stop - start)
    elif kind == 3:
        del data[start:stop]
    elif kind == 4:
        data[start:start] = data[start:stop]
    elif kind == 5:
        value = _EXTREMES[int(rng.integers(len(_EXTREMES)))]
        data[start : start + 4] = value.to_bytes(4, "little" if rng.random() < 0.5 else "big")
    else:
        numbers = list(re.finditer(rb"-?\d+\.?\d*", bytes(data[:2000])))
        if numbers:
            found = numbers[int(rng.integers(len(numbers)))]
            data[found.start() : found.end()] = _WORDS[int(rng.integers(len(_WORDS)))]
    return data


def read(seed: Seed, folder: Path) -> str:
    """The digest of what a reader makes of an input."""
    from VertebralFracturesLib.io.ct import read_input
    from VertebralFracturesLib.io.radiograph import read_radiograph

    source = folder / seed.source if seed.source else folder
    image = read_radiograph(source).image.image if seed.is_radiograph else read_input(source).image.voxels
    return hashlib.sha256(np.ascontiguousarray(image).tobytes()).hexdigest()


_IMPORTS = (
    "helpers.small_ct", "PIL.Image", "pydicom", "SimpleITK",
    "VertebralFracturesLib.io.ct", "VertebralFracturesLib.io.radiograph",
)  # fmt: skip
"""Imported once in place of anew in each process; the libraries start their threads in the children only."""


def in_a_process(work: Callable[[], str], time_limit_s: float = TIME_LIMIT_S) -> tuple[str, str]:
    """Outcome and digest or message of work that is done in a process of its own."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        os.write(writing, _answer(work, time_limit_s).encode("utf-8", "replace")[:4000])
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        answer = stream.read().decode("utf-8", "replace")
    _, status, usage = os.wait4(child, 0)
    if os.WIFSIGNALED(status):
        is_late = os.WTERMSIG(status) == signal.SIGALRM
        return ("hang" if is_late else "death"), f"signal {os.WTERMSIG(status)}"
    if usage.ru_maxrss * 1024 > MEMORY_LIMIT_BYTES:
        return "memory", f"{usage.ru_maxrss >> 10} MB"
    outcome, _, message = answer.partition("\n")
    return outcome, message


def _answer(work: Callable[[], str], time_limit_s: float) -> str:
    """What a child reports: its outcome, and in a second line the digest or the message."""
    from VertebralFracturesLib.errors import UnusableInput

    resource.setrlimit(resource.RLIMIT_AS, (2 * MEMORY_LIMIT_BYTES, 2 * MEMORY_LIMIT_BYTES))
    signal.setitimer(signal.ITIMER_REAL, time_limit_s)
    with tempfile.TemporaryFile() as terminal:
        for number in (1, 2):
            os.dup2(terminal.fileno(), number)
        try:
            answer = f"accepted\n{work()}"
        except UnusableInput as error:
            answer = f"refused\n{error}" if "\n" not in str(error) else f"traceback\nseveral lines: {error}"
        except MemoryError:
            answer = "memory\nMemoryError"
        except BaseException as error:
            answer = f"traceback\n{type(error).__name__}: {error}"
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        terminal.seek(0)
        written = terminal.read(500).decode("utf-8", "replace")
    return f"noise\n{written}" if written else answer


def fuzz(name: str, numbers: range, seed: int, keep: Path | None = None) -> list[tuple[int, str, str]]:
    """Number, outcome and message of so many damaged files of a format.

    :param name: of :data:`SEEDS`.
    :param numbers: which of the files that the seed gives.
    :param keep: folder for files that came out wrong.
    """
    for module in _IMPORTS:
        importlib.import_module(module)
    one = SEEDS[name]
    results = []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        outcome, message = in_a_process(lambda: str(one.write(folder)))
        if outcome != "accepted":
            raise RuntimeError(f"{name}: {message}")
        victim = folder / one.victim
        original = victim.read_bytes()
        outcome, digest = in_a_process(lambda: read(one, folder))
        if outcome != "accepted":
            raise RuntimeError(f"{name}: {digest}")
        for number in numbers:
            data, is_cut = damaged(original, np.random.default_rng([seed, number, *name.encode()]))
            victim.write_bytes(data)
            outcome, message = in_a_process(lambda: read(one, folder))
            if outcome == "accepted" and message != digest and data != original and (is_cut or one.tells):
                outcome = "taken for whole"
            results.append((number, outcome, message))
            if keep is not None and outcome not in GOOD:
                keep.mkdir(parents=True, exist_ok=True)
                (keep / f"{name.replace(' ', '-')}-{number}-{victim.name}").write_bytes(data)
    return results


def main() -> int:
    """Print the table; 1 if anything came out wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=2000, help="files in all (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="random seed (default: %(default)s)")
    parser.add_argument("--keep", type=Path, help="folder for files that came out wrong")
    arguments = parser.parse_args()
    total: Counter[str] = Counter()
    print(f"{'format':18}" + "".join(f"{outcome:>17}" for outcome in OUTCOMES))
    wrong = []
    for name in SEEDS:
        results = fuzz(name, range(arguments.count // len(SEEDS)), arguments.seed, arguments.keep)
        counts = Counter(outcome for _, outcome, _ in results)
        total += counts
        print(f"{name:18}" + "".join(f"{counts[outcome]:17}" for outcome in OUTCOMES), flush=True)
        wrong += [
            f"{name} {number}: {outcome}, {message}" for number, outcome, message in results if outcome not in GOOD
        ]
    print(f"{'all':18}" + "".join(f"{total[outcome]:17}" for outcome in OUTCOMES))
    for line in wrong[:50]:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    with suppress(BrokenPipeError):
        sys.exit(main())
