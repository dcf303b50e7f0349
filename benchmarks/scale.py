"""How time and memory of `automl fit` grow with the rows: 50 columns of mixed kinds in Parquet, made here.

    python benchmarks/scale.py [--rows 10000,100000,1000000] [--big] [--budget 60] [--memory 8GB] [--folder DIR]
                               [--out FILE]

`--big` adds 5 million rows. `--memory` is passed on: of a table that needs more a sample is read. Columns: 24 of floats
(four with gaps), 6 of whole numbers, 10 of levels (3 to 2,000 of them), 3 of booleans, 3 of times, 2 of short texts, 1
of prices as words, 1 of row names; the target has two classes that depend on some of them. Each size is run once, in a
process of its own, by the command line.

Memory is resident (RSS) ten times a second, summed over the process and its children (pages that they share count for
each); the peak is told with its phase, the main process's own peak beside it. Phases: `reading` (imports, reading and
typing the columns), `preparing` (until the first fit beyond the floor begins), `fitting`, `scoring`, `report`. What
`--out` holds already is not run again. Prints a table with growth by step, then one last line of JSON.
"""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil

ROOT = Path(__file__).resolve().parent.parent
COMMAND = [sys.executable, "-c", "import sys; from automl.cli import main; sys.exit(main())"]
MIB = 1024**2
BLOCK_ROWS = 100_000
LOOK_SECONDS = 0.1
PHASES = ("reading", "preparing", "fitting", "scoring", "report")
COSTS = ("seconds", "reading_seconds", "first_fit_seconds", "peak_mib", "main_peak_mib")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default="10000,100000,1000000")
    parser.add_argument("--big", action="store_true", help="5,000,000 rows as well")
    parser.add_argument("--budget", default="60")
    parser.add_argument("--memory", default="8GB", help="that may be used, such as 8GB")
    parser.add_argument("--folder", default="", help="where tables are kept (default: a temporary folder)")
    parser.add_argument("--out", default="", help="file of JSON lines, one a size")
    parser.add_argument("--make", nargs=2, default=None, help=argparse.SUPPRESS)
    return parser.parse_args()


# --------------------------------------------------------------------------- the tables


def block(n_rows: int, begin: int) -> Any:
    """Rows from `begin` on as a frame."""
    import pandas as pd

    rng = np.random.default_rng(begin)
    numbers = rng.normal(size=(n_rows, 24))
    columns: dict[str, Any] = {f"number_{i}": numbers[:, i] for i in range(24)}
    for i in range(4):
        columns[f"number_{i}"] = np.where(rng.random(n_rows) < 0.1, np.nan, numbers[:, i])
    for i in range(6):
        columns[f"whole_{i}"] = rng.poisson(3.0 * (i + 1), n_rows)
    sizes = (3, 4, 5, 8, 12, 20, 50, 100, 500, 2000)
    levels = [np.minimum(rng.geometric(min(0.5, 5 / size), n_rows), size) for size in sizes]
    for i, codes in enumerate(levels):
        columns[f"level_{i}"] = np.char.add(f"v{i}_", codes.astype(str)).astype(object)
    for i in range(3):
        columns[f"flag_{i}"] = rng.random(n_rows) < 0.2 * (i + 1)
    for i in range(3):
        minutes = rng.integers(0, 3_000_000, n_rows)
        columns[f"time_{i}"] = np.datetime64("2018-01-01", "s") + minutes * np.timedelta64(60, "s")
    pairs = itertools.product(("good", "bad", "new", "old"), ("car", "house", "boat", "road"))
    words = np.array([f"{first} {second}" for first, second in pairs], dtype=object)
    for i in range(2):
        chosen = words[rng.integers(0, len(words), (n_rows, 6 + 4 * i))]
        columns[f"text_{i}"] = [" ".join(row) for row in chosen]
    columns["price"] = [f"${value:,.2f}" for value in rng.lognormal(6, 1, n_rows)]
    columns["name"] = [f"row-{begin + i:09d}" for i in range(n_rows)]
    signal = numbers[:, 4] + np.sin(2 * numbers[:, 5]) + 0.5 * (levels[2] % 2) + rng.normal(size=n_rows)
    return pd.DataFrame({**columns, "y": np.where(signal > 0.5, "yes", "no")})


def make(path: Path, n_rows: int) -> None:
    """Write a table, one block of rows after the other."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    writer = None
    for begin in range(0, n_rows, BLOCK_ROWS):
        table = pa.Table.from_pandas(block(min(BLOCK_ROWS, n_rows - begin), begin), preserve_index=False)
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    assert writer is not None
    writer.close()


# --------------------------------------------------------------------------- one run


class Watchdog:
    """Memory of a process and its children over time, and the phase that each moment belongs to."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.begun = time.monotonic()
        self.phase = PHASES[0]
        self.begins = {self.phase: 0.0}
        self.peaks: dict[str, float] = {}
        self.main_peak = 0.0
        self.rest: list[str] = []

    def read(self) -> None:
        """Follow the events that the run tells on standard error."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            try:
                event = json.loads(line)
            except ValueError:
                self.rest.append(line)
                continue
            phase = phase_of(event)
            if phase is not None and PHASES.index(phase) > PHASES.index(self.phase):
                self.phase = phase
                self.begins[phase] = time.monotonic() - self.begun

    def view(self) -> None:
        """Take one sample."""
        try:
            main = psutil.Process(self.process.pid)
            own = main.memory_info().rss / MIB
            total = own
            for child in main.children(recursive=True):
                try:
                    total += child.memory_info().rss / MIB
                except psutil.Error:
                    continue
        except psutil.Error:
            return
        self.main_peak = max(self.main_peak, own)
        self.peaks[self.phase] = max(self.peaks.get(self.phase, 0.0), total)


def phase_of(event: dict[str, Any]) -> str | None:
    """The phase that begins with an event; None for those that begin none."""
    if event.get("event") == "start" and event.get("side") != "floor":
        return "fitting"
    text = str(event.get("text", "")) if event.get("event") == "phase" else ""
    words = {"scoring": "scoring", "writing the report": "report"}
    found = next((phase for beginning, phase in words.items() if text.startswith(beginning)), None)
    return found or ("preparing" if " rows, scored by " in text else None)


def run(path: Path, n_rows: int, budget: str, memory: str) -> dict[str, Any]:
    """One contest by the command line, watched."""
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "run"
        command = [*COMMAND, "fit", str(path), "--target", "y", "--budget", budget, "--memory", memory]
        command += ["--out", str(out), "--json-lines"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        watch = Watchdog(process)
        reader = threading.Thread(target=watch.read, daemon=True)
        reader.start()
        try:
            while process.poll() is None:
                watch.view()
                time.sleep(LOOK_SECONDS)
        finally:
            process.kill()
        wall = time.monotonic() - watch.begun
        reader.join()
        result = json.loads((out / "result.json").read_text()) if (out / "result.json").exists() else None
    at = max(watch.peaks, key=lambda phase: watch.peaks[phase], default="")
    line: dict[str, Any] = {
        "rows": n_rows, "budget": budget, "memory": memory, "exit_code": process.returncode,
        "file_mib": path.stat().st_size / MIB, "seconds": wall, "reading_seconds": watch.begins.get("preparing"),
        "first_fit_seconds": watch.begins.get("fitting"), "peak_mib": watch.peaks.get(at), "peak_phase": at,
        "main_peak_mib": watch.main_peak, "phase_peaks_mib": watch.peaks, "begins_seconds": watch.begins,
    }  # fmt: skip
    if result is None:
        return {**line, "failed": "".join(watch.rest)[-1500:]}
    finalists = {r["side"]: r["test_score"] for r in result["runs"] if r["finalist"]}
    trials = {side: sum(r["side"] == side for r in result["runs"]) for side in ("deep", "shallow")}
    n_read = sum(result["split"][part] for part in ("n_train", "n_valid", "n_test"))
    return {**line, "rows_read": n_read, "wall_seconds": result["wall_seconds"], "scores": finalists,
            "trials": trials, "verdict": result["verdict"]}  # fmt: skip


# --------------------------------------------------------------------------- all sizes


def growth(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """How many times more each step of the rows takes."""
    found = []
    for small, large in itertools.pairwise(lines):
        step: dict[str, Any] = {"from": small["rows"], "to": large["rows"], "rows": large["rows"] / small["rows"]}
        for name in COSTS:
            both = small.get(name) and large.get(name)
            step[name] = large[name] / small[name] if both else None
        found.append(step)
    return found


def show(line: dict[str, Any]) -> str:
    """One line for people."""
    reading = line["reading_seconds"]
    return (
        f"{line['rows']:>10,}{line['file_mib']:>10.1f}{line['seconds']:>10.1f}"
        f"{'-' if reading is None else format(reading, '.1f'):>10}{line['peak_mib'] or 0:>10.0f}"
        f"{line['main_peak_mib']:>10.0f}  {line['peak_phase']}{'  FAILED' if line.get('failed') else ''}"
    )


def main() -> None:
    args = arguments()
    if args.make:
        make(Path(args.make[0]), int(args.make[1]))
        return
    sizes = [int(text) for text in args.rows.split(",")] + ([5_000_000] if args.big else [])
    out = Path(args.out) if args.out else None
    known = [json.loads(text) for text in out.read_text().splitlines() if text.strip()] if out and out.exists() else []
    done = {
        line["rows"]: line
        for line in known
        if (line["budget"], line.get("memory")) == (args.budget, args.memory) and not line.get("failed")
    }
    print(
        f"{'rows':>10}{'file MiB':>10}{'seconds':>10}{'reading':>10}{'peak MiB':>10}{'main':>10}  peak in", flush=True
    )
    lines = []
    with tempfile.TemporaryDirectory() as scratch:
        for n_rows in sizes:
            if n_rows not in done:
                path = Path(args.folder or scratch) / f"rows-{n_rows}.parquet"
                if not path.exists():
                    subprocess.run([sys.executable, __file__, "--make", str(path), str(n_rows)], check=True)
                done[n_rows] = run(path, n_rows, args.budget, args.memory)
                if out:
                    with out.open("a") as file:
                        file.write(json.dumps(done[n_rows]) + "\n")
            lines.append(done[n_rows])
            print(show(lines[-1]), flush=True)
    steps = growth(lines)
    for step in steps:
        ratios = "  ".join(f"{name} × {'-' if step[name] is None else format(step[name], '.2f')}" for name in COSTS)
        print(f"{step['from']:,} to {step['to']:,} rows (× {step['rows']:g}): {ratios}")
    print(json.dumps({"sizes": lines, "growth": steps}))


if __name__ == "__main__":
    main()
