"""What a user waits for before anything is trained: import, help, and a look at 100,000 rows of 50 columns.

    python benchmarks/startup.py [--runs 5] [--million]

`--million` looks at 1,000,000 rows of 100 columns in Parquet instead, and prints the largest process's peak memory too.

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
PEAK = """
import sys
from automl.system import resources as memory
from automl.cli import main
main(sys.argv[1:])
print(memory.peak_mib())
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


def large_table(path: Path, n_rows: int = 1_000_000) -> None:
    """55 columns of floats, 20 of whole numbers, 12 of levels, 4 of truth values, 3 of times, 5 of texts, a target."""
    rng = np.random.default_rng(0)
    words = np.array(["good", "bad", "new", "old", "house", "car", "road", "boat", "red", "blue"])
    columns: dict[str, object] = {f"f{i}": rng.normal(size=n_rows) for i in range(50)}
    columns |= {f"g{i}": np.where(rng.random(n_rows) < 0.1, np.nan, rng.normal(size=n_rows)) for i in range(5)}
    columns |= {f"i{i}": rng.integers(0, 10 ** (i % 6 + 1), n_rows) for i in range(20)}
    for i, n_levels in enumerate([3, 5, 10, 50, 200, 1_000, 5_000, 20_000, 3, 7, 12, 40]):
        columns[f"c{i}"] = np.array([f"lev{j}" for j in range(n_levels)])[rng.integers(0, n_levels, n_rows)]
    columns |= {f"b{i}": rng.random(n_rows) < 0.3 for i in range(4)}
    first = pd.Timestamp("2020-01-01")
    columns |= {f"t{i}": first + pd.to_timedelta(rng.integers(0, 10**8, n_rows), unit="s") for i in range(3)}
    for i, n_words in enumerate((12, 8)):
        columns[f"text{i}"] = [" ".join(row) for row in words[rng.integers(0, 10, (n_rows, n_words))]]
    columns["price"] = [f"${x:.2f}" for x in rng.gamma(2, 50, n_rows)]
    columns["name"] = [f"row-{i:09d}" for i in range(n_rows)]
    columns["date"] = (first + pd.to_timedelta(rng.integers(0, 1500, n_rows), unit="D")).strftime("%d/%m/%Y")
    columns["y"] = np.where(np.asarray(columns["f0"]) + rng.normal(size=n_rows) > 0, "yes", "no")
    pd.DataFrame(columns).to_parquet(path)


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
    parser.add_argument("--million", action="store_true", help="inspect 1,000,000 rows of 100 columns alone")
    args = parser.parse_args()
    if args.million:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "large.parquet"
            large_table(path)
            looked = seconds([*COMMAND, "inspect", str(path), "--target", "y"], args.runs)
            command = [sys.executable, "-c", PEAK, "inspect", str(path), "--target", "y"]
            told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        peak_mib = float(told.splitlines()[-1])
        print(f"inspect {looked:.2f} s, {peak_mib:,.0f} MiB")
        print(json.dumps({"inspect_seconds": looked, "peak_mib": peak_mib}))
        return
    runs = args.runs
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
