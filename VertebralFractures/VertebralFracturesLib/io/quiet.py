"""Libraries of other languages kept from writing to the terminal: what they have to say, our own line says."""

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_STREAMS = (1, 2)
"""Standard output and standard error, by their numbers in POSIX."""


@contextmanager
def quiet() -> Iterator[None]:
    """Nothing reaches the terminal from within the block: no line of ITK, GDCM, MetaIO or libjpeg, no Python warning.

    Other threads are silent meanwhile, too, so the block should hold one call.
    """
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):
            stream.flush()
    kept: dict[int, int] = {}
    try:
        with suppress(OSError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            kept = {number: os.dup(number) for number in _STREAMS}
            for number in _STREAMS:
                os.dup2(nowhere, number)
            os.close(nowhere)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for number, copy in kept.items():
            os.dup2(copy, number)
            os.close(copy)
