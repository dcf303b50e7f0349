"""CTGAN and the Gaussian copula of SDV on real tables: the same rows and seconds, scored as our generators are.

    python benchmarks/peers_generate.py --python /path/to/python [--data DIR] [--only adult] [--seconds 300] [--seed 0]
        [--peers gaussian_copula,ctgan] [--out FILE]

The Python named has `sdv` (2.0.0 was measured), which brings `ctgan` and `torch`, and needs nothing of ours. It learns
from the rows of a set that are not test rows. A network is first fitted for one and for eleven epochs, whose times
tell how many the seconds allow, and then for so many. As many rows are drawn as there are test rows that score
(2,000), three times. Printed for each peer: `told apart`, the ROC AUC of the contest's own classifier (mean of three
draws); the score of a boosted model that learnt the target from as many generated rows as there are rows to learn
from, at most 20,000, and `real`, that of one that learnt from these rows; the memorised share; seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
PEERS = ("gaussian_copula", "ctgan")
N_SCORED, N_DRAWS, MOST_LEARNT = 2_000, 3, 20_000
DROPPED = {"movies": ["title", "synopsis", "critics_consensus", "genre", "writer", "cast_members"]}

CHILD = """
import json, sys, time
import pandas as pd
from sdv.metadata import Metadata
from sdv import single_table
o = json.loads(sys.argv[1])
import torch
torch.set_num_threads(1)
torch.manual_seed(o["seed"])
frame = pd.read_csv(o["folder"] + "/train.csv", parse_dates=o["dates"])
metadata = Metadata.detect_from_dataframes({"rows": frame})
kinds = {"gaussian_copula": "GaussianCopulaSynthesizer", "ctgan": "CTGANSynthesizer"}
make = getattr(single_table, kinds[o["peer"]])
begin = time.perf_counter()
epochs = None
if o["peer"] == "gaussian_copula":
    model = make(metadata)
    model.fit({"rows": frame})
else:
    took = {}
    for n in (1, 11):
        begin = time.perf_counter()
        make(metadata, epochs=n).fit({"rows": frame})
        took[n] = time.perf_counter() - begin
    epoch = (took[11] - took[1]) / 10
    epochs = max(int((o["seconds"] - took[1]) / epoch), 1)
    model = make(metadata, epochs=epochs)
    begin = time.perf_counter()
    model.fit({"rows": frame})
seconds = time.perf_counter() - begin
begin = time.perf_counter()
made = model.sample(o["n"])
made = made["rows"] if isinstance(made, dict) else made
made.to_csv(o["folder"] + "/made.csv", index=False)
print(json.dumps({"fit_seconds": seconds, "sample_seconds": time.perf_counter() - begin, "epochs": epochs}))
"""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=os.environ.get("AUTOML_DATA", str(ROOT.parent / "shared" / "data")))
    parser.add_argument("--python", required=True, help="interpreter of an environment with sdv")
    parser.add_argument("--only", default="adult")
    parser.add_argument("--peers", default=",".join(PEERS))
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", default="")
    return parser.parse_args()


def rows_of(folder: Path, name: str) -> tuple[Any, Any, str]:
    """Training rows, test rows, and the target."""
    import pandas as pd

    entry = next(e for e in json.loads((folder / "catalog.json").read_text()) if e["name"] == name)
    frame = pd.read_csv(folder / entry["file"], parse_dates=[entry["date"]] if "date" in entry else False)
    frame = frame.drop(columns=[column for column in DROPPED.get(name, []) if column in frame])
    for column in frame.columns:
        if frame[column].dtype.kind not in "ifbM":
            frame[column] = frame[column].astype(object).where(frame[column].notna(), None)
    test = np.load(folder / "splits" / f"{name}.npy") == 1
    return frame[~test].reset_index(drop=True), frame[test].reset_index(drop=True), entry["target"]


def samples(frame: Any, like: Any) -> np.ndarray:
    """Rows in the form in which metrics read them."""
    from automl.goals.shared.samples import samples_of
    from automl.records import Column

    kinds = {"i": "numeric", "f": "numeric", "b": "numeric", "M": "datetime"}
    columns = [Column(c, kinds.get(like[c].dtype.kind, "categorical"), 1.0, "") for c in like.columns]  # type: ignore
    return samples_of(frame[list(like.columns)], columns)


def scores(made: np.ndarray, train: np.ndarray, test: np.ndarray, label: str) -> dict[str, Any]:
    from automl import metrics
    from automl.analyses.utility import _scored
    from automl.records import Output
    from automl.sides.row_space import Space, memorised_share

    scored = test[np.random.default_rng(0).permutation(len(test))[:N_SCORED]]
    draws = [made[k * len(scored) : (k + 1) * len(scored)] for k in range(N_DRAWS)]
    told = [1 - metrics.score("indistinct", scored, Output("samples", {"samples": one}), None, {}) / 2 for one in draws]
    is_number = test[label].dtype.kind == "f"
    _, score = _scored(made[: min(len(train), MOST_LEARNT)], scored, label, is_number)
    _, real = _scored(train[:MOST_LEARNT], scored, label, is_number)
    space = Space(train)
    share = memorised_share(space.points(draws[0]), space.points(train), space.points(scored))
    every = np.arange(len(scored))
    return {
        "told_apart": float(np.mean(told)), "learnt_from": None if score is None else score(every),
        "real": real(every), "memorised": share.share,
    }  # fmt: skip


def main() -> None:
    args = arguments()
    lines = []
    for name in args.only.split(","):
        train, test, label = rows_of(Path(args.data), name)
        for peer in args.peers.split(","):
            with tempfile.TemporaryDirectory() as folder:
                train.to_csv(f"{folder}/train.csv", index=False)
                dates = [column for column in train if train[column].dtype.kind == "M"]
                n = max(N_DRAWS * N_SCORED, min(len(train), MOST_LEARNT))
                asked = {"folder": folder, "peer": peer, "seconds": args.seconds, "seed": args.seed, "n": n,
                         "dates": dates}  # fmt: skip
                command = [args.python, "-c", CHILD, json.dumps(asked)]
                done = subprocess.run(command, capture_output=True, text=True, check=False)
                if done.returncode:
                    print(f"{name} {peer}: failed\n{done.stderr[-1500:]}", file=sys.stderr, flush=True)
                    continue
                import pandas as pd

                told = json.loads(done.stdout.splitlines()[-1])
                made = pd.read_csv(f"{folder}/made.csv", parse_dates=dates)
            found = scores(samples(made, train), samples(train, train), samples(test, train), label)
            lines.append({"set": name, "peer": peer, "seed": args.seed, **told, **found})
            print(json.dumps(lines[-1]), flush=True)
            if args.out:
                with Path(args.out).open("a") as file:
                    file.write(json.dumps(lines[-1]) + "\n")


if __name__ == "__main__":
    main()
