"""Two folders swap their names by one rename, where the system can do that."""

import ctypes
import errno
import os
import sys
from pathlib import Path

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
"""Constants of Linux (``fcntl.h``, ``linux/fs.h``)."""

_RENAME_SWAP = 2
"""Constant of macOS (``sys/stdio.h``)."""

_NOT_SUPPORTED = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EXDEV, errno.EBUSY, errno.EPERM, errno.EACCES}
"""What systems, file systems and mount points answer that cannot swap these folders."""


def exchange(first: Path, second: Path) -> bool:
    """Swap the names of two folders in one step: nobody ever sees one of the names missing.

    :param first: a folder.
    :param second: another one on the same disk.
    :return: whether they were swapped; False where the system cannot do that, and then nothing was changed.
    :raises OSError: another failure; nothing was changed.
    """
    paths = os.fsencode(first), os.fsencode(second)
    try:
        library = ctypes.CDLL(None, use_errno=True)
        if sys.platform == "darwin":
            failed = library.renamex_np(*paths, ctypes.c_uint(_RENAME_SWAP))
        else:
            failed = library.renameat2(_AT_FDCWD, paths[0], _AT_FDCWD, paths[1], ctypes.c_uint(_RENAME_EXCHANGE))
    except (AttributeError, TypeError, OSError):  # Windows, or a C library without the call
        return False
    if not failed:
        return True
    number = ctypes.get_errno()
    if number in _NOT_SUPPORTED:
        return False
    raise OSError(number, os.strerror(number), str(second))
