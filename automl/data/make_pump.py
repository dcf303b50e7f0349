"""Makes pump.csv.gz: four sensors of a made-up pump, a row every ten minutes, with a mark on the rows of its faults.

Run ``python automl/data/make_pump.py`` to write the file again; the seed is fixed. Nothing in it was observed: load and
temperature follow the hour of the day, pressure and flow follow the load, and noise is on all of them. Faults are of
four kinds: a leak (flow falls while pressure stays), a stuck sensor (a temperature that does not move), vibration
(pressure swings fast), and a slow drift of the temperature. Single values of a fault are rarely outside the usual
range. Dedicated to the public domain (CC0 1.0).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

N_FAULTS, N_KINDS = 36, 4
STEPS_A_DAY = 144


def make(first: str = "2024-03-01", n_days: int = 45, seed: int = 0) -> pd.DataFrame:
    """Draw the sensors: columns time, load, pressure, flow, temperature, fault (0 or 1)."""
    rng = np.random.default_rng(seed)
    n = n_days * STEPS_A_DAY
    hour = np.arange(n) % STEPS_A_DAY / STEPS_A_DAY
    wandering = np.convolve(rng.normal(0, 1, n + 80), np.ones(81) / 9.0, "valid")
    load = 60 + 18 * np.sin(2 * np.pi * (hour - 0.3)) + 2.5 * wandering + rng.normal(0, 1.0, n)
    pressure = 3.0 + 0.02 * load + rng.normal(0, 0.05, n)
    flow = 12.0 + 0.35 * load - 1.5 * (pressure - 4.2) + rng.normal(0, 0.5, n)
    temperature = 40 + 0.12 * np.convolve(np.pad(load, (11, 0), "edge"), np.ones(12) / 12, "valid")
    temperature = temperature + rng.normal(0, 0.25, n)
    fault = np.zeros(n, int)
    starts = np.linspace(STEPS_A_DAY, n - STEPS_A_DAY, N_FAULTS).astype(int) + rng.integers(-40, 40, N_FAULTS)
    for number, start in enumerate(starts):
        length = int(rng.integers(8, 22))
        rows = slice(start, start + length)
        fault[rows] = 1
        if number % N_KINDS == 0:
            flow[rows] -= rng.uniform(3.0, 5.0)
        elif number % N_KINDS == 1:
            temperature[rows] = temperature[start]
        elif number % N_KINDS == 2:
            pressure[rows] += 0.25 * np.where(np.arange(length) % 2, 1.0, -1.0)
        else:
            temperature[rows] += np.linspace(0.0, 3.0, length)
    stamps = pd.date_range(first, periods=n, freq="10min")
    return pd.DataFrame(
        {
            "time": stamps.strftime("%Y-%m-%d %H:%M"), "load": load.round(1), "pressure": pressure.round(2),
            "flow": flow.round(1), "temperature": temperature.round(1), "fault": fault,
        }
    )  # fmt: skip


if __name__ == "__main__":
    make().to_csv(Path(__file__).with_name("pump.csv.gz"), index=False, compression={"method": "gzip", "mtime": 0})
