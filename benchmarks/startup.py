"""What a user waits for before anything is trained: import, help, and a look at 100,000 rows of 50 columns.

    python benchmarks/startup.py [--runs 5]

Prints the median of several runs in fresh processes, and a last line of JSON.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

COMMAND = [sys.executable, "-c", "import sys; from automl.cli import main; sys.exit(main())"]
IMPORT = """
import sys, time
begun = time.perf_counter()
import automl
print(time.perf_counter() - begun, "tensorflow" in sys.modules)
"""


def table(path: Path, n_rows: int = 100_000) -> None:
    """30 columns of numbers, 12 of words, 4 of dates, 3 of codes and a target."""
    rng = np.random.default_rng(0)
    hours = pd.date_range("2020-01-01", periods=n_rows, freq="h").strftime("%Y-%m-%d %H:%M")
    columns = {f"n{i}": rng.normal(size=n_rows).round(4) for i in range(30)}
    columns |= {f"c{i}": rng.choice(["red", "green", "blue", "grey"], n_rows) for i in range(12)}
    columns |= {f"d{i}": hours for i in range(4)}
    columns |= {f"k{i}": rng.integers(0, 500, n_rows) for i in range(3)}
    pd.DataFrame({**columns, "y": rng.choice(["yes", "no"], n_rows)}).to_csv(path, index=False)


def seconds(command: list[str], runs: int) -> float:
    """Median wall seconds of a command in fresh processes, after one to warm the disk's cache."""
    times = []
    for _ in range(runs + 1):
        begun = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - begun)
    return statistics.median(times[1:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    told = [
        subprocess.run([sys.executable, "-c", IMPORT], check=True, capture_output=True, text=True).stdout.split()
        for _ in range(runs)
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "big.csv"
        table(path)
        figures = {
            "import_seconds": statistics.median(float(seconds) for seconds, _ in told),
            "import_loads_tensorflow": any(loaded == "True" for _, loaded in told),
            "help_seconds": seconds([*COMMAND, "--help"], runs),
            "inspect_seconds": seconds([*COMMAND, "inspect", str(path), "--target", "y"], runs),
        }
    for name, value in figures.items():
        print(f"{name:<26}{value if isinstance(value, bool) else format(value, '.2f')}")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
