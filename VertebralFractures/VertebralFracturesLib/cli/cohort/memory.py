"""Memory of a worker: its limit, its peak, and what it gives back between cases; and the cores it may use."""

import ctypes
import gc
import os
import sys
from contextlib import suppress
from pathlib import Path

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

_MB = 1 << 20
_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_PEAK = "5"
"""What resets the peak of the resident memory (Linux, ``Documentation/filesystems/proc.rst``)."""


def limit_memory(limit_mb: float | None) -> None:
    """Let requests for memory beyond a limit fail in this process, where the system can do that.

    The limit is one of data and not of address space: networks and libraries map much more than they ever touch.

    :param limit_mb: MB of this process; None for no limit.
    """
    if limit_mb is None or resource is None or not sys.platform.startswith("linux"):
        return
    limit = int(limit_mb * _MB)
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


def resident_mb(pid: int) -> float | None:
    """MB that a process holds in memory; None where that is not known."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE") / _MB


def reset_peak() -> None:
    """Begin anew to note the peak of this process's memory, where the system can do that."""
    with suppress(OSError):
        _CLEAR.write_text(_PEAK, encoding="ascii")


def peak_mb() -> float | None:
    """Peak of this process's resident memory in MB since :func:`reset_peak`; None where that is not known."""
    try:
        lines = _STATUS.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return None
    values = [int(line.split()[1]) for line in lines if line.startswith("VmHWM:")]
    return round(values[0] * 1024 / _MB, 1) if values else None


def free_unused() -> None:
    """Give memory that is no longer used back to the system, so that a worker does not grow from case to case."""
    gc.collect()
    with suppress(OSError, AttributeError):  # another C library than that of GNU
        ctypes.CDLL(None).malloc_trim(0)


def available_mb() -> float | None:
    """MB that new processes can use on this machine or in this container; None where that is not known."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        free_mb = next(int(line.split()[1]) * 1024 / _MB for line in lines if line.startswith("MemAvailable:"))
    except (OSError, ValueError, StopIteration):
        return None
    with suppress(OSError, ValueError):  # a container without limit says "max"
        group = Path("/sys/fs/cgroup")
        limit, used = (int((group / name).read_text(encoding="ascii")) for name in ("memory.max", "memory.current"))
        free_mb = min(free_mb, (limit - used) / _MB)
    return free_mb


def usable_cores() -> int:
    """Processor cores that this process may use, as a job of a cluster is given some of them."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
