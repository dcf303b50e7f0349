"""Measures the memory and cores that this process may use, and its peak memory."""

from __future__ import annotations

import contextlib
import math
import os
import re
from pathlib import Path

__all__ = [
    "address_space_mib", "available_mib", "bfloat16_instructions", "peak_mib", "reset_peak", "usable_cores",
    "usable_share",
]  # fmt: skip

MIB = 2**20
USABLE_SHARE = 0.8
CGROUP = Path("/sys/fs/cgroup")
PROCESSORS = Path("/proc/cpuinfo")
BFLOAT16 = ("amx_bf16", "avx512_bf16")


def reset_peak() -> None:
    """Reset the peak to the present size (Linux only; elsewhere the peak is over the whole life of the process)."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak_mib() -> float:
    """The largest resident size since `reset_peak`, in MiB."""
    try:
        peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
        if peak:
            return int(peak.group(1)) / 1024
    except OSError:
        pass
    import resource
    import sys

    usage = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return usage / (1024**2 if sys.platform == "darwin" else 1024)


def address_space_mib() -> float:
    """Memory that this process may still map (``ulimit -v``, ``-d``), in MiB; infinite without a limit."""
    try:
        import resource
    except ImportError:  # Windows
        return math.inf
    space, _ = resource.getrlimit(resource.RLIMIT_AS)
    data, _ = resource.getrlimit(resource.RLIMIT_DATA)
    if space == data == resource.RLIM_INFINITY:
        return math.inf
    import psutil

    used = psutil.Process().memory_info()
    left = [
        (limit - taken) / MIB
        for limit, taken in ((space, used.vms), (data, getattr(used, "data", 0)))
        if limit != resource.RLIM_INFINITY
    ]
    return max(0.0, min(left))


def available_mib() -> float:
    """80 % of the memory that is free for this process, in MiB.

    Free is the least of what the machine, the control group and the process's own limit (``ulimit -v``) leave.
    """
    import psutil

    free = min(psutil.virtual_memory().available / MIB, address_space_mib())
    try:
        limit = (CGROUP / "memory.max").read_text().strip()
        if limit != "max":
            free = min(free, (int(limit) - int((CGROUP / "memory.current").read_text())) / MIB)
    except (OSError, ValueError):
        pass
    return max(0.0, USABLE_SHARE * free)


def bfloat16_instructions() -> str:
    """The processor's fastest instructions that multiply bfloat16; "" for none, or where that is not told."""
    try:
        said = re.search(r"^flags\s*:(.*)$", PROCESSORS.read_text(), re.MULTILINE)
    except (OSError, ValueError):
        return ""
    flags = said.group(1).split() if said else []
    return next((name for name in BFLOAT16 if name in flags), "")


def usable_cores() -> int:
    """Cores that this process may run on; a container or `taskset` can allow fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def usable_share() -> float:
    """Share of the machine's cores that this process may run on, above 0 and at most 1."""
    return min(1.0, usable_cores() / max(1, os.cpu_count() or 1))
