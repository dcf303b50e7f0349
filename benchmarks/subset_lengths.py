"""How long should a fit on few rows be, if its length was chosen on all rows? Both sides, fixed settings.

    python benchmarks/subset_lengths.py [--only adult,california_housing,letter] [--rows 8000] [--draws 2]
                                        [--shares 16,4] [--powers 0,0.5,1] [--sides deep,shallow]

Nothing of a test part is read: the rows to learn from and 4,000 rows that judge are both drawn from the training part
of each set. The reference is a fit whose length was chosen on the fraction itself: early stopping by its own validation
rows, then a refit on all of the fraction. Against it stand fits of the length that validation chose on all rows, times
the power p of the share of rows: p = 1 keeps the epochs, p = 0 the steps. Printed is the error (1 - score) as a
multiple of the reference's; at the end geometric means. The last line is JSON.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import refits

N_JUDGES = 4000
FAMILIES = {"deep": ("mlp",), "shallow": ("boosting",)}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=os.environ.get("AUTOML_DATA", str(refits.ROOT.parent / "shared" / "data")))
    parser.add_argument("--only", default="adult,california_housing,letter")
    parser.add_argument("--rows", type=int, default=8000)
    parser.add_argument("--draws", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--shares", default="16,4", help="parts: one over these")
    parser.add_argument("--powers", default="0,0.5,1")
    parser.add_argument("--sides", default="deep,shallow")
    return parser.parse_args()


def prepared(folder: Path, name: str, n_rows: int) -> Any:
    """The set with rows to learn from and rows that judge, none of them of its test part."""
    import pandas as pd

    from automl import recipe as recipes
    from automl.flow.prepare import prepare

    options, metric = refits._of_catalog(folder, name)
    frame = options["data"]
    frame = pd.read_csv(frame, dtype=str, keep_default_na=False) if isinstance(frame, str) else frame
    frame = frame.iloc[np.random.default_rng(0).permutation(len(frame))]
    options = {**options, "data": frame.iloc[:n_rows], "test": frame.iloc[n_rows : n_rows + N_JUDGES]}
    made = prepare(recipes.make(**options, metric=metric, seed=0))
    return dataclasses.replace(made, split=dataclasses.replace(made.split, folds=()))


def fraction(made: Any, share: float, draw: int) -> Any:
    """The split with a random share of its training and of its validation rows."""
    rng = np.random.default_rng((draw, 7))

    def some(rows: np.ndarray) -> np.ndarray:
        return np.sort(rng.permutation(rows)[: max(20, round(share * len(rows)))])

    return dataclasses.replace(made.split, train=some(made.split.train), valid=some(made.split.valid))


def searched(made: Any, split: Any, side: str, family: str, epochs: int, seed: int) -> Any:
    """A side whose finalist was fitted on the training rows of a split, and stopped by its validation rows."""
    made = dataclasses.replace(made, split=split)
    if side == "shallow":
        return refits.shallow_side(made, split, family, seed)[0]
    from automl.deep.archive import as_run
    from automl.deep.family import Candidate
    from automl.deep.messages import TrialSpec

    one, template, settings = refits.deep_side(made, family, epochs)
    result = one.trainer.run(TrialSpec(f"{family}-1", family, settings, seed, math.inf))
    if result.fit is None:
        raise RuntimeError(f"{family} cannot be fitted: {result.failure}")
    one.ranked.append(Candidate(as_run(result), template, dict(result.settings), result.fit))
    one.choose(None)
    return one


def main() -> None:
    args = arguments()
    from automl.sides import items

    shares = [1 / int(one) for one in args.shares.split(",")]
    powers = [float(one) for one in args.powers.split(",")]
    sides = {side: FAMILIES[side] for side in args.sides.split(",")}
    lines: list[dict[str, Any]] = []
    for name in args.only.split(","):
        made = prepared(Path(args.data), name, args.rows)
        error = refits.error_of(made)
        for side, family in ((side, family) for side, own in sides.items() for family in own):
            whole = searched(made, made.split, side, family, args.epochs, 0)
            for share in shares:
                for draw in range(args.draws):
                    begun, split = time.monotonic(), fraction(made, share, draw)
                    few = searched(made, split, side, family, args.epochs, draw)
                    few.refit(math.inf)
                    reference = error(few.outputs("test", 1))
                    ratios = {}
                    for power in powers:
                        items.FEWER_POWER = power
                        output = whole.repeat(made.task, split, 1 + draw, math.inf)
                        ratios[f"{power:g}"] = round(error([output]) / reference, 3)
                    lines.append({"name": name, "side": side, "family": family, "share": share, "draw": draw,
                                  "reference": round(reference, 4), "ratios": ratios})  # fmt: skip
                    print(f"{name:20}{family:10}1/{1 / share:<4.0f}{reference:8.4f}  {ratios}  "
                          f"{time.monotonic() - begun:.0f} s", flush=True)  # fmt: skip
    means = {
        f"{side} 1/{1 / share:.0f}": {
            f"{power:g}": round(float(np.exp(np.mean([np.log(one["ratios"][f"{power:g}"]) for one in own]))), 3)
            for power in powers
        }
        for side in sides
        for share in shares
        for own in ([one for one in lines if one["side"] == side and one["share"] == share],)
        if own
    }
    for key, found in means.items():
        print(f"{key:16}{found}")
    print(json.dumps({"lines": lines, "means": means}))


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    main()
