"""Counters of energy that the machine keeps, where they can be read: of processors (RAPL) and accelerators (NVML)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

__all__ = ["Counter", "counter", "processor_joules"]

POWERCAP = Path("/sys/class/powercap")
MICROJOULES, MILLIJOULES = 1e-6, 1e-3

Counter = Callable[[], float]
"""Joules used since some moment."""


def processor_joules(root: Path = POWERCAP) -> Counter | None:
    """The counter of all processor packages; None where the kernel keeps none, or lets only its administrator read it.

    A counter that starts again from zero between two readings gives too little; it does so at most every few minutes.
    """
    files = sorted(root.glob("intel-rapl:[0-9]*/energy_uj"))
    packages = [file for file in files if file.parent.name.count(":") == 1]

    def joules() -> float:
        return sum(int(file.read_text()) for file in packages) * MICROJOULES

    try:
        return joules if packages and joules() >= 0 else None
    except (OSError, ValueError):
        return None


def accelerator_joules() -> Counter | None:
    """The counter of all NVIDIA accelerators; None without one, or without its Python library (nvidia-ml-py)."""
    try:
        import pynvml

        pynvml.nvmlInit()
        devices = [pynvml.nvmlDeviceGetHandleByIndex(i) for i in range(pynvml.nvmlDeviceGetCount())]

        def joules() -> float:
            return sum(float(pynvml.nvmlDeviceGetTotalEnergyConsumption(one)) for one in devices) * MILLIJOULES

        return joules if devices and joules() >= 0 else None
    except Exception:  # the library raises errors of its own, of any kind
        return None


def counter() -> tuple[Counter | None, tuple[str, ...]]:
    """The sum of the counters that can be read, and their names: "RAPL", "NVML"."""
    found = [(name, one) for name, one in (("RAPL", processor_joules()), ("NVML", accelerator_joules())) if one]
    if not found:
        return None, ()
    return lambda: sum(one() for _, one in found), tuple(name for name, _ in found)
