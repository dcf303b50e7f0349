"""The ridge on long windows by the protocol of papers on long forecasts: ETTh1, standardised, horizon 96.

    python benchmarks/long_horizon.py [--data DIR] [--contexts 336,512] [--horizon 96]

Twelve months train, four validate, four test; each target is standardised by the training rows; windows of the test
part start at every row. Published on the same rows (mean squared and mean absolute error): PatchTST 0.370 and 0.400,
DLinear 0.375 and 0.399. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

import numpy as np
import pandas as pd

from automl.baselines.window_ridge import WINDOW_RIDGE
from automl.records import Dataset, FitContext, Task

ROOT = Path(__file__).resolve().parent.parent
MONTH = 30 * 24
PARTS = (0, 12 * MONTH, 16 * MONTH, 20 * MONTH)
PUBLISHED = {"PatchTST": (0.370, 0.400), "DLinear": (0.375, 0.399)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=os.environ.get("AUTOML_DATA", str(ROOT.parent / "shared" / "data")))
    parser.add_argument("--contexts", default="96,336,512")
    parser.add_argument("--horizon", type=int, default=96)
    parser.add_argument("--weigh", default="even,size,absolute")
    args = parser.parse_args()
    frame = pd.read_csv(Path(args.data) / "etth1.csv.gz")
    names = [name for name in frame.columns if name != "date"]
    values = frame[names][: PARTS[3]].to_numpy(float)
    values = (values - values[: PARTS[1]].mean(axis=0)) / values[: PARTS[1]].std(axis=0)
    times = pd.to_datetime(frame["date"][: PARTS[3]]).to_numpy().astype("datetime64[ns]")
    dataset = Dataset("etth1", pd.DataFrame(index=range(len(values))), pd.DataFrame(values, columns=names), times=times)
    task = Task("sequence", "forecast", tuple(names), "mase", horizon=args.horizon, season=24, frequency="h")
    train, valid, test = (
        np.arange(begin, end - args.horizon + 1)[:, None] + np.arange(args.horizon)
        for begin, end in zip((args.horizon, *PARTS[1:3]), PARTS[1:], strict=True)
    )
    found = []
    for context in map(int, args.contexts.split(",")):
        for weigh in args.weigh.split(","):
            begun = time.monotonic()
            settings = {"context": context, "transform": "none", "weigh": weigh, "calendar": False}
            model = WINDOW_RIDGE.make(task, settings, 0)
            later = valid[:: args.horizon // 4]
            model.fit(dataset, train, values[train], None, FitContext(valid_rows=later, valid_truth=values[later]))
            seconds = time.monotonic() - begun
            away = values[test] - model.predict(dataset, test).arrays["values"]
            line = {
                "context": context, "weigh": weigh, "mse": float((away**2).mean()), "mae": float(np.abs(away).mean()),
                "seconds": round(seconds, 1),
            }  # fmt: skip
            found.append(line)
            print(f"{context:>5} {weigh:<9} mse {line['mse']:.4f}  mae {line['mae']:.4f}  {seconds:.1f} s", flush=True)
    print(json.dumps({"found": found, "published": PUBLISHED}))


if __name__ == "__main__":
    main()
