"""How many rows a second `predict(frame)` takes in this version and in another one, called in turn.

    python benchmarks/serve_versions.py OTHER [--sides deep,shallow] [--rows 1,1024] [--rounds 12] [--calls 10]
        [--folder FOLDER]

OTHER is a folder with the package of the other version, such as ``git archive COMMIT | tar x -C OTHER`` makes. Each
version makes the model of `serve_models.py` itself, in a process of its own, since an older one opens no folder of a
newer one; both then predict the same rows in rounds, one version after the other. Figures are medians of the rounds'
medians, and the median of the rounds' ratios. Whether predictions are equal to the last bit is said. The last line
is JSON.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from serve_models import TARGET, churn, make_bundle

HERE = Path(__file__).resolve().parent


def main() -> None:
    """Call both versions in turn."""
    if sys.argv[1:2] == ["--child"]:
        child(Path(sys.argv[2]), sys.argv[3])
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("other", type=Path)
    parser.add_argument("--sides", default="deep,shallow")
    parser.add_argument("--rows", default="1,1024")
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--calls", type=int, default=10)
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = asked.folder or Path(scratch)
        figures = {
            side: in_turn(folder, side, asked.other, [int(n) for n in asked.rows.split(",")], asked.rounds, asked.calls)
            for side in asked.sides.split(",")
        }
    print(json.dumps(figures))


def in_turn(folder: Path, side: str, other: Path, sizes: list[int], n_rounds: int, n_calls: int) -> dict[str, Any]:
    """The figures of one side, by the number of rows."""
    packages = {"this": HERE.parent, "other": other}
    versions = {name: started(package, folder / name, side) for name, package in packages.items()}
    digests = {name: json.loads(told(process, "")) for name, process in versions.items()}
    found: dict[str, Any] = {"bit_equal": digests["this"] == digests["other"]}
    for n_rows in sizes:
        ms: dict[str, list[float]] = {name: [] for name in versions}
        for _ in range(n_rounds):
            for name, process in versions.items():
                ms[name].append(statistics.median(json.loads(told(process, f"{n_rows} {n_calls}\n"))))
        ratios = [slow / fast for slow, fast in zip(ms["other"], ms["this"], strict=True)]
        found[str(n_rows)] = {name: statistics.median(each) for name, each in ms.items()}
        found[str(n_rows)] |= {"speedup": statistics.median(ratios), "speedups": sorted(ratios)}
        print(
            f"{side}, {n_rows} rows: this {found[str(n_rows)]['this']:.2f} ms, other {found[str(n_rows)]['other']:.2f} "
            f"ms; {found[str(n_rows)]['speedup']:.2f} times as many rows a second "
            f"({min(ratios):.2f} to {max(ratios):.2f})", flush=True,
        )  # fmt: skip
    for process in versions.values():
        process.communicate()
    return found


def started(package: Path, folder: Path, side: str) -> subprocess.Popen[str]:
    """A process that predicts with one version."""
    environment = {**os.environ, "PYTHONPATH": str(package.resolve())}
    command = [sys.executable, str(Path(__file__).resolve()), "--child", str(folder), side]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)


def told(process: subprocess.Popen[str], line: str) -> str:
    """What a process answers to a line."""
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(line)
    process.stdin.flush()
    answer = process.stdout.readline()
    if not answer:
        raise SystemExit("a version ended early; its message stands above")
    return answer


def child(folder: Path, side: str) -> None:
    """Say what is predicted, then time as many calls as each line of standard input asks for."""
    import automl

    if not folder.exists():
        make_bundle(folder)
    model = automl.load(folder).side(side)
    frame = churn(2048, seed=7).drop(columns=TARGET)
    some = frame.dropna()
    shares = model.predict_proba(frame, on_odd="ignore").to_numpy()
    print(json.dumps(hashlib.sha256(shares.tobytes()).hexdigest()), flush=True)
    for line in sys.stdin:
        n_rows, n_calls = map(int, line.split())
        own = some if n_rows == 1 else frame
        times = []
        for place in range(n_calls):
            rows = own.iloc[place : place + n_rows]
            begun = time.perf_counter()
            model.predict(rows, on_odd="ignore")
            times.append(1000 * (time.perf_counter() - begun))
        print(json.dumps(times), flush=True)


if __name__ == "__main__":
    main()
