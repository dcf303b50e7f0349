"""What the encoder of tables and the transform of targets bring, by cheap models on the encoder's own arrays.

    python benchmarks/encoders.py [--data DIR] [--only movies.tomatometer,diamonds.price] [--rows 5000] [--seed 0]

Each set is cut to so many of its training rows and split as a contest would; models learn from training rows and are
judged on validation rows; test rows are not read. Models: ridge on scaled columns (penalty by leave-one-out) and
scikit-learn's boosted trees with 120 rounds. Printed for each set: R² with and without each part of the encoding, then
R² and mean absolute error (over that of the median) with the target as it is, after log(1 + y), and after the
transform that `automl.goals.shared.target_transform` picks, predictions kept within bounds. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
SETS = (
    "movies.tomatometer", "movies.n_reviews", "movies.box_office", "diamonds.price", "diamonds.carat",
    "california_housing.median_house_value",
)  # fmt: skip
PARTS = {
    "numbers and categories": ("numbers", "categories"),
    "+ topics": ("numbers", "categories", "texts"),
    "+ clues": ("numbers", "categories", "clues"),
    "all": ("numbers", "categories", "texts", "clues"),
}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=os.environ.get("AUTOML_DATA", str(ROOT.parent / "shared" / "data")))
    parser.add_argument("--only", default=",".join(SETS))
    parser.add_argument("--rows", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def prepared(args: argparse.Namespace, name: str, target: str) -> Any:
    """Dataset, task and split of so many training rows that hold the target."""
    import pandas as pd

    from automl import split as splits
    from automl.detect.detection import detect
    from automl.records import Dataset, Recipe

    folder = Path(args.data)
    frame = pd.read_csv(folder / f"{name}.csv.gz", dtype=str, keep_default_na=False)
    frame = frame[~np.load(folder / "splits" / f"{name}.npy").astype(bool)]
    frame = frame[frame[target] != ""]
    frame = frame.sample(min(args.rows, len(frame)), random_state=args.seed).reset_index(drop=True)
    answers = pd.DataFrame({target: frame.pop(target)})
    recipe = Recipe(data=name, target=(target,), goal="regression")
    dataset, task = detect(Dataset(name, frame, answers), recipe)
    return dataset, task, splits.split(dataset, task, args.seed)


def models(seed: int) -> dict[str, Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]]:
    """Name → ``predict(X, y, new X)``."""
    from sklearn.ensemble import HistGradientBoostingRegressor
    from sklearn.linear_model import RidgeCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    def ridge(X: np.ndarray, y: np.ndarray, new: np.ndarray) -> np.ndarray:
        scale = StandardScaler().fit(X)
        model = make_pipeline(RidgeCV(np.geomspace(1, 1e4, 7))).fit(np.clip(scale.transform(X), -8, 8), y)
        return np.asarray(model.predict(np.clip(scale.transform(new), -8, 8)))

    def trees(X: np.ndarray, y: np.ndarray, new: np.ndarray) -> np.ndarray:
        return np.asarray(HistGradientBoostingRegressor(max_iter=120, random_state=seed).fit(X, y).predict(new))

    return {"ridge": ridge, "trees": trees}


def joined(arrays: dict[str, np.ndarray], names: tuple[str, ...]) -> np.ndarray:
    return np.concatenate([arrays[name].astype(np.float64) for name in names if name in arrays], axis=1)


def parts(encoder: Any, dataset: Any, split: Any, y: np.ndarray, seed: int) -> dict[str, Any]:
    """R² of each model on each choice of the encoder's arrays."""
    from sklearn.metrics import r2_score

    train, valid = encoder.transform(dataset, split.train), encoder.transform(dataset, split.valid)
    found: dict[str, Any] = {}
    for label, names in PARTS.items():
        if not set(names) <= {"numbers", "categories", *train} and label != "all":
            continue
        X, new = joined(train, names), joined(valid, names)
        found[label] = {"columns": X.shape[1]} | {
            name: r2_score(y[split.valid], predict(X, y[split.train], new)) for name, predict in models(seed).items()
        }
    return found


def transforms(encoder: Any, dataset: Any, split: Any, y: np.ndarray, seed: int) -> dict[str, Any]:
    """R² and relative error of each model after each transform of the target."""
    from sklearn.metrics import mean_absolute_error, r2_score

    from automl.goals.shared.target_transform import PLAIN, TargetTransform, bounds, transform_for

    train, valid = y[split.train], y[split.valid]
    floor = mean_absolute_error(valid, np.full_like(valid, np.median(train)))
    X = joined(encoder.transform(dataset, split.train), PARTS["all"])
    new = joined(encoder.transform(dataset, split.valid), PARTS["all"])
    chosen = transform_for(train)
    shapes = {
        "as it is": PLAIN,
        "log(1 + y)": TargetTransform(0.0, 0.0, 1.0),
        f"chosen (power {chosen.power:g})": chosen,
    }
    found: dict[str, Any] = {}
    for label, shape in shapes.items():
        inner = shape.forward(train)
        mean, std = inner.mean(), inner.std()
        found[label] = {}
        for name, predict in models(seed).items():
            low, high = bounds(shape, train)
            values = shape.back(np.clip(predict(X, (inner - mean) / std, new) * std + mean, low, high))
            error = mean_absolute_error(valid, values) / floor
            found[label][name] = {"r2": r2_score(valid, values), "mae": error}
    return found


def main() -> None:
    args = arguments()
    sys.path.insert(0, str(ROOT))
    from automl import modalities

    results: dict[str, Any] = {}
    for one in args.only.split(","):
        name, target = one.split(".")
        begun = time.process_time()
        dataset, task, split = prepared(args, name, target)
        y = dataset.target[target].to_numpy(np.float64)
        encoder, _ = modalities.fit(dataset, task, split)
        fit_seconds = time.process_time() - begun
        found = {"n_train": len(split.train), "n_valid": len(split.valid), "encode_cpu_seconds": fit_seconds}
        found |= {"parts": parts(encoder, dataset, split, y, args.seed)}
        found |= {"targets": transforms(encoder, dataset, split, y, args.seed)}
        print(f"{one}: {len(split.train)} rows train, {len(split.valid)} validate; encoder {fit_seconds:.1f} s of CPU")
        for label, row in found["parts"].items():
            print(f"  {label:<28}{row['columns']:>4} columns   ridge {row['ridge']:.4f}   trees {row['trees']:.4f}")
        for label, row in found["targets"].items():
            told = "   ".join(f"{model} R² {s['r2']:.4f} MAE {s['mae']:.3f}" for model, s in row.items())
            print(f"  target {label:<25}{told}", flush=True)
        results[one] = found
    print(json.dumps({"rows": args.rows, "seed": args.seed, "sets": results}))


if __name__ == "__main__":
    main()
