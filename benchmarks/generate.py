"""How near do the deep generators come to a table's rows, each with its first settings and so many processor seconds?

    python benchmarks/generate.py [--set adult] [--only table_ar,table_vae] [--seconds 75] [--held] [--setting bins=32]

Trains each template on the rows of a set that are not test rows, by the search's own training step, and generates as
many rows. Prints a JSON line for each:

- *told apart*: ROC AUC by which boosted trees, cross-fitted in five folds, tell test rows from as many generated ones;
- *learnt from*: ROC AUC on test rows of boosted trees that learnt a class of two from generated rows, or `real` ones;
- seconds of training, steps, and the seconds that 2,000 rows take.

With `--held` a quarter of the rows that are not test rows takes the place of the test rows: for choices.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
FAMILIES = ("table_ar", "table_diffusion", "table_vae", "table_gan")
STEPS_AT_ONCE, TIMED_ROWS, N_FOLDS = 10, 2_000, 5


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=os.environ.get("AUTOML_DATA", str(ROOT.parent / "shared" / "data")))
    parser.add_argument("--set", default="adult")
    parser.add_argument("--only", default=",".join(FAMILIES))
    parser.add_argument("--seconds", type=float, default=75.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--held", action="store_true")
    parser.add_argument("--setting", action="append", default=[], metavar="NAME=JSON")
    return parser.parse_args()


def rows_of(folder: Path, entry: dict[str, Any], is_held: bool) -> tuple[Any, Any]:
    """Training rows, and rows that only score."""
    import pandas as pd

    frame = pd.read_csv(folder / entry["file"])
    for name in frame.columns:
        if frame[name].dtype.kind not in "ifb":
            frame[name] = frame[name].astype(object).fillna("missing")
    part = np.load(folder / "splits" / f"{entry['name']}.npy")
    train, test = frame[part == 0].reset_index(drop=True), frame[part == 1].reset_index(drop=True)
    if is_held:
        held, rest = np.split(np.random.default_rng(0).permutation(len(train)), [len(train) // 4])
        train, test = train.iloc[rest].reset_index(drop=True), train.iloc[held].reset_index(drop=True)
    return train, test


def fitted(name: str, codec: Any, train: Any, options: argparse.Namespace) -> tuple[Any, dict[str, Any]]:
    """A network of the template's first settings, trained for so many seconds, and what it took."""
    from automl import catalog
    from automl.deep.training import device
    from automl.deep.training.network import DeviceData, Network
    from automl.deep.training.schedule import learning_rate_at
    from automl.modalities.shared.generated import LATENT_NUMBERS, NOISE, noise_of
    from automl.records import Facts, Head, InputSpec, Template

    template = catalog.members(Template, "automl.templates")[name]
    size = LATENT_NUMBERS + 2 * (codec.n_numbers + codec.n_categories)
    specs = (*codec.specs, InputSpec(NOISE, "noise", (size,), "float32"))
    settings = dict(setting.split("=", 1) for setting in options.setting)
    point = {**template.starts(specs, Facts(len(train)))[0], **{key: json.loads(own) for key, own in settings.items()}}
    choices = {key: value for key, value in point.items() if key not in template.knobs}
    knobs = {key: float(point[key]) for key in template.knobs}
    numbers, categories = codec.encode(train, options.seed)
    arrays = {
        "numbers": numbers,
        "categories": categories,
        "noise": noise_of(np.arange(len(train)), specs[-1].shape[0]),
    }
    arrays = {spec.name: arrays[spec.name] for spec in specs}
    head = Head("generate", (codec.n_numbers + codec.n_categories,), "linear", "own")
    valid = {key: array[:1] for key, array in arrays.items()}
    data = DeviceData.place(arrays, np.zeros((len(train), 1), np.float32), None, valid, 1)
    network = Network(template, choices, knobs, specs, head, data, device.prepare("cpu"))
    network.reset(knobs, point["batch_size"], options.seed)
    rng, n_steps, loss = np.random.default_rng(options.seed), 0, 0.0
    network.train(np.zeros((1, network.batch_size), np.int64), np.zeros(1))
    begin = time.process_time()
    while (share := (time.process_time() - begin) / options.seconds) < 1.0:
        rates = learning_rate_at(np.full(STEPS_AT_ONCE, share), point["learning_rate"])
        loss = network.train(rng.integers(0, len(train), (STEPS_AT_ONCE, network.batch_size)), rates)
        n_steps += STEPS_AT_ONCE
    return network, {"template": name, "steps": n_steps, "seconds": time.process_time() - begin, "loss": loss}


def generated(network: Any, codec: Any, n: int) -> tuple[Any, float]:
    """Rows, and the processor seconds that `TIMED_ROWS` of them take, without the way back to the user's columns."""
    from automl.modalities.shared.generated import noise_of

    size = network.specs[-1].shape[0]

    def made(rows: np.ndarray) -> np.ndarray:
        blank = {s.name: np.zeros((len(rows), *s.shape), s.dtype) for s in network.specs}
        return np.asarray(network.predict({**blank, network.specs[-1].name: noise_of(rows, size)}))

    made(np.arange(TIMED_ROWS))
    begin = time.process_time()
    made(np.arange(TIMED_ROWS))
    seconds = time.process_time() - begin
    raw = made(10_000_000 + np.arange(n))
    return codec.decode(raw[:, : codec.n_numbers], np.round(raw[:, codec.n_numbers :]).astype(np.int32)), seconds


def matrix(frame: Any, levels: dict[str, list[str]]) -> np.ndarray:
    """Numbers, and levels as codes."""
    columns = [
        frame[c].map({level: code for code, level in enumerate(levels[c])}) if c in levels else frame[c] for c in frame
    ]
    return np.column_stack([np.asarray(column, np.float64) for column in columns])


def trees(levels: dict[str, list[str]], names: Sequence[str], n_trees: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    places = [place for place, name in enumerate(names) if name in levels]
    return HistGradientBoostingClassifier(max_iter=n_trees, categorical_features=places, random_state=0)


def told_apart(real: np.ndarray, made: np.ndarray, levels: dict[str, list[str]], names: Sequence[str]) -> float:
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    x, y = np.concatenate([real, made]), np.repeat([0, 1], [len(real), len(made)])
    folds = StratifiedKFold(N_FOLDS, shuffle=True, random_state=0)
    scores = cross_val_predict(trees(levels, names, 100), x, y, cv=folds, method="predict_proba")[:, 1]
    return float(roc_auc_score(y, scores))


def learnt_from(rows: Any, test: Any, levels: dict[str, list[str]], target: str) -> float:
    from sklearn.metrics import roc_auc_score

    names = [name for name in test.columns if name != target]
    y = (rows[target] == levels[target][-1]).to_numpy()
    if y.all() or not y.any():
        return 0.5
    model = trees(levels, names, 100).fit(matrix(rows[names], levels), y)
    scores = model.predict_proba(matrix(test[names], levels))[:, 1]
    return float(roc_auc_score(test[target] == levels[target][-1], scores))


def main() -> None:
    options = arguments()
    from automl.goals.shared.rowcodec import fit_rowcodec
    from automl.records import Column

    folder = Path(options.data)
    entry = next(e for e in json.loads((folder / "catalog.json").read_text()) if e["name"] == options.set)
    train, test = rows_of(folder, entry, options.held)
    levels = {c: sorted(train[c].unique()) for c in train if train[c].dtype.kind not in "ifb"}
    columns = [Column(c, "categorical" if c in levels else "numeric", 1.0, "") for c in train]
    codec = fit_rowcodec(train, columns, options.seed)
    target = entry.get("target")
    has_class = target in levels and len(levels[target]) == 2
    for name in options.only.split(","):
        network, found = fitted(name, codec, train, options)
        rows, found["sample_seconds"] = generated(network, codec, len(train))
        names = list(train.columns)
        made = matrix(rows[names].iloc[: len(test)], levels)
        found["told_apart"] = told_apart(matrix(test, levels), made, levels, names)
        if has_class:
            found["learnt_from"] = learnt_from(rows, test, levels, target)
            found["real"] = learnt_from(train, test, levels, target)
        print(json.dumps({key: round(v, 4) if isinstance(v, float) else v for key, v in found.items()}), flush=True)


if __name__ == "__main__":
    main()
