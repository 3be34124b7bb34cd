"""Files of a CT that are not whole: cut by a broken download, or with damaged bytes. None of them may be measured."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from ...core.volume import Volume
from ...io.reference_case import write_volume

Damage = Callable[[Volume, Path], Path]
"""Writes a CT into an empty folder, damages the file and returns it."""


def cut(volume: Volume, folder: Path, name: str, share: float) -> Path:
    """A file of which the end is missing.

    :param volume: what is written.
    :param folder: takes the file.
    :param name: its name; the ending says the format.
    :param share: of its bytes that are left.
    """
    file = folder / name
    write_volume(file, volume)
    whole = file.read_bytes()
    file.write_bytes(whole[: int(len(whole) * share)])
    return file


def with_a_damaged_byte(volume: Volume, folder: Path, name: str, place: float) -> Path:
    """A file of which one byte is another one.

    :param volume: what is written.
    :param folder: takes the file.
    :param name: its name; compressed, so that a checksum tells.
    :param place: of the byte, as a share of the file.
    """
    file = folder / name
    write_volume(file, volume)
    data = bytearray(file.read_bytes())
    data[int(len(data) * place)] ^= 0xFF
    file.write_bytes(bytes(data))
    return file


DAMAGES: tuple[tuple[str, Damage], ...] = (
    *(
        (f"ct.nii.gz cut at {100 * share:g}%", partial(cut, name="ct.nii.gz", share=share))
        for share in (0.3, 0.7, 0.92, 0.999)
    ),
    *((f"{name} cut at 92%", partial(cut, name=name, share=0.92)) for name in ("ct.nii", "ct.nrrd", "ct.mha")),
    *(
        (f"ct.nii.gz, byte damaged at {100 * place:g}%", partial(with_a_damaged_byte, name="ct.nii.gz", place=place))
        for place in (0.4, 0.9)
    ),
)
"""Names of damages, and what makes them."""
