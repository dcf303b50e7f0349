"""What do refits on training and validation rows bring, and what bagging over folds? Both sides, fixed settings.

    python benchmarks/refits.py [--only letter,diabetes] [--sides shallow,deep] [--families boosting,mlp]
                                [--rows 1000,4000] [--epochs 30] [--seconds 300] [--out FILE]

Each set is cut to so many rows for training and validation (or those that it has); all others test, so that test errors
are precise. Nothing is searched: shallow families have their default settings, networks the first start of a template
with `--epochs` at most. What is compared, with the number of fits that it takes:

- *searched* (1): trained on the training rows, stopped by the validation rows;
- *seeds* (3): the mean of three of these with other seeds;
- *refit* (1 + 1) and *refits* (1 + 3): the searched model, and the mean of one or three fits of all rows for the length
  that the searched one took. The searched model predicts nothing;
- *bag3*, *bag5* (3, 5): the mean of models of three or five folds, each stopped by its own fold. Not for forecasts.

Printed for each set and model: the error of *searched* (1 - score; of a forecast its MASE) and the others' errors as
multiples of it; at the end geometric means for each side and number of rows, with the processor seconds of all fits as
multiples of the searched fit's (of networks without compilation). Finished lines are in `--out`, and not computed
again; no model is begun after `--seconds`. The last line is JSON.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
OWN = ("breast_cancer", "diabetes", "digits", "wine")
TABLES = ("letter", "california_housing", "adult", "diamonds", "movies", *OWN)
OTHERS = {
    "amazon_sentiment": "text_cnn", "sms_spam": "text_cnn", "sign_digits": "cnn", "fashion_rotation": "cnn",
    "osu_leaf": "resnet1d", "airline": "rnn_forecast", "sunspots": "rnn_forecast", "co2_emissions": "rnn_forecast",
    "etth1": "rnn_forecast",
}  # fmt: skip
MODES = ("searched", "seeds", "refit", "refits", "bag3", "bag5")
FOLDS = (3, 5)
N_SEEDS = 3


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=os.environ.get("AUTOML_DATA", str(ROOT.parent / "shared" / "data")))
    parser.add_argument("--only", default=",".join((*TABLES, *OTHERS)))
    parser.add_argument("--sides", default="shallow,deep")
    parser.add_argument("--families", default="", help="shallow families and templates (default: all that fit)")
    parser.add_argument("--rows", default="1000,4000")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=math.inf)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", default="", help="a file of finished lines")
    return parser.parse_args()


# --------------------------------------------------------------------------- data


def prepared(args: argparse.Namespace, name: str, n_rows: int) -> Any:
    """The set with few rows to learn from and the rest for test, split as a contest would; no further hold-outs."""
    from automl import recipe as recipes
    from automl.flow.prepare import prepare

    options, metric = _own(name) if name in OWN else _of_catalog(Path(args.data), name)
    rng = np.random.default_rng(args.seed)
    if options.get("goal") != "forecast":
        options = _cut(options, n_rows, rng)
    made = prepare(recipes.make(**options, metric=metric, seed=args.seed))
    return dataclasses.replace(made, split=dataclasses.replace(made.split, folds=()))


def _own(name: str) -> tuple[dict[str, Any], str]:
    """One of scikit-learn's sets; half of its rows test."""
    from sklearn import datasets

    frame = getattr(datasets, f"load_{name}")(as_frame=True).frame
    frame = frame.iloc[np.random.default_rng(0).permutation(len(frame))]
    half = len(frame) // 2
    metric = {"diabetes": "r2", "breast_cancer": "roc_auc"}.get(name, "log_loss")
    return {"data": frame.iloc[:half], "test": frame.iloc[half:], "target": "target"}, metric


def _of_catalog(folder: Path, name: str) -> tuple[dict[str, Any], str]:
    sys.path.insert(0, str(ROOT / "benchmarks"))
    from contest import entry_data

    entry = next(e for e in json.loads((folder / "catalog.json").read_text()) if e["name"] == name)
    return entry_data(folder, entry), entry["metric"]


def _cut(options: dict[str, Any], n_rows: int, rng: np.random.Generator) -> dict[str, Any]:
    """`n_rows` rows to learn from; the others follow the test rows."""
    import pandas as pd

    if isinstance(options["data"], tuple):
        (X, y), (X_test, y_test) = options["data"], options["test"]
        order = rng.permutation(len(y))
        few, rest = order[:n_rows], order[n_rows:]
        test = np.concatenate([X_test, X[rest]]), np.concatenate([y_test, y[rest]])
        return {**options, "data": (X[few], y[few]), "test": test}
    frame, test = (
        pd.read_csv(part, dtype=str, keep_default_na=False) if isinstance(part, str) else part
        for part in (options["data"], options["test"])
    )
    frame = frame.iloc[rng.permutation(len(frame))]
    return {**options, "data": frame.iloc[:n_rows], "test": pd.concat([test, frame.iloc[n_rows:]])}


def folds(made: Any, n_folds: int) -> Iterator[Any]:
    """The split with another of so many folds for validation each time; classes spread evenly."""
    from automl.split.draw import strata_of

    split = made.split
    rows = np.union1d(split.train, split.valid)
    rng = np.random.default_rng(1)
    order = np.lexsort((rng.random(len(rows)), strata_of(made.dataset, made.task, rows)))
    fold = np.empty(len(rows), np.int64)
    fold[order] = np.arange(len(rows)) % n_folds
    for number in range(n_folds):
        yield dataclasses.replace(split, train=rows[fold != number], valid=rows[fold == number])


# --------------------------------------------------------------------------- sides


def shallow(made: Any, family: str, epochs: int) -> dict[str, list[Any]]:
    """Of each way its predictions of the test rows, and the processor seconds of its fits."""
    first, seconds = shallow_side(made, made.split, family, 0)
    found: dict[str, list[Any]] = {"searched": [first.outputs("test", 1), seconds]}
    spent = seconds + refitted(first)
    found["refit"] = [first.outputs("test", 1), spent]
    spent += sum(refitted(first) for _ in range(1, N_SEEDS))
    found["refits"] = [first.outputs("test", N_SEEDS), spent]
    others = [shallow_side(made, made.split, family, seed) for seed in range(1, N_SEEDS)]
    found["seeds"] = [
        (*found["searched"][0], *(output for one, _ in others for output in one.outputs("test", 1))),
        seconds + sum(spent for _, spent in others),
    ]
    for n_folds in FOLDS if made.split.train_windows is None else ():
        bag = [shallow_side(made, split, family, number) for number, split in enumerate(folds(made, n_folds))]
        outputs = tuple(output for one, _ in bag for output in one.outputs("test", 1))
        found[f"bag{n_folds}"] = [outputs, sum(spent for _, spent in bag)]
    return found


def shallow_side(made: Any, split: Any, family: str, seed: int) -> tuple[Any, float]:
    """A shallow side whose finalist is the family's default, and the processor seconds of its fit."""
    from automl.flow.selection import baselines_for
    from automl.records import Facts
    from automl.shallow import ShallowSide

    facts = Facts(len(split.items("train")), len(made.task.classes))
    known = {n: b for n, b in baselines_for(made.task).items() if n == family or b.tier == "floor"}
    side = ShallowSide(made.dataset, made.task, split, facts, known, made.task.metric, seed, 1, apart=False)
    side.step(math.inf)
    begun = time.process_time()
    (run,) = side.step(math.inf) or (None,)
    seconds = time.process_time() - begun
    if run is None or side.choose(None) is None:
        raise RuntimeError(f"{family} cannot be fitted: {run and run.failure}")
    return side, seconds


def refitted(side: Any) -> float:
    """Refit the finalist once more; the processor seconds of that."""
    begun = time.process_time()
    if not side.refit(math.inf):
        raise RuntimeError("it cannot be refitted")
    return time.process_time() - begun


def deep(made: Any, family: str, epochs: int) -> dict[str, list[Any]]:
    """Of each way its predictions of the test rows, and the processor seconds of its fits.

    One compiled network serves all fits: folds are further hold-outs, whose inputs are encoded as those of the first.
    The seconds of a fit are those of a step, as refits show them, times its steps.
    """
    from automl.deep.archive import as_run
    from automl.deep.family import Candidate
    from automl.deep.messages import TrialSpec

    n_folds = FOLDS if made.split.train_windows is None else ()
    parts = [(split.train, split.valid) for n in n_folds for split in folds(made, n)]
    whole = ((made.split.train, made.split.valid), *parts) if parts else ()
    made = dataclasses.replace(made, split=dataclasses.replace(made.split, folds=whole))
    side, template, settings = deep_side(made, family, epochs)
    always = -math.inf if side.higher_is_better else math.inf
    results = [
        side.trainer.run(TrialSpec(f"{family}-{i + 1}", family, settings, i, math.inf,
                                   promotion_score=None if i else always))
        for i in range(N_SEEDS)
    ]  # fmt: skip
    fits = [result.fit for result in results]
    if None in fits or len(results[0].others) < len(parts):
        raise RuntimeError(f"{family} cannot be fitted: {results[0].failure}")
    candidate = Candidate(as_run(results[0]), template, dict(results[0].settings), fits[0])
    side.ranked.append(candidate)
    side.choose(None)
    spent = sum(refitted(side) for _ in range(N_SEEDS)) / N_SEEDS
    step = spent / candidate.refits[0].best_step
    arrays = side.finalist.encoder.transform(made.dataset, made.split.items("test"))

    def predicted(some: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(
            side.finalist.codec.decode(side.finalist._restored(candidate, fit).predict(arrays)) for fit in some
        )

    def seconds(some: Sequence[Any]) -> float:
        per_epoch = max(1, len(made.split.items("train")) // int(settings["batch_size"]))
        return step * per_epoch * sum(fit.epochs for fit in some)

    first = seconds(fits[:1])
    found = {"searched": [predicted(fits[:1]), first], "seeds": [predicted(fits), seconds(fits)]}
    for n in (1, N_SEEDS):
        found["refit" if n == 1 else "refits"] = [predicted(candidate.refits[:n]), first + n * spent]
    begin = 0
    for n in n_folds:
        own = results[0].others[begin : begin + n]
        found[f"bag{n}"], begin = [predicted(own), seconds(own)], begin + n
    side.close()
    return found


def deep_side(made: Any, family: str, epochs: int) -> tuple[Any, Any, dict[str, Any]]:
    """A deep side of one template, the template, and the settings of its first start."""
    import keras_tuner

    from automl import catalog, modalities
    from automl.deep.side import DeepSide
    from automl.records import Template

    encoder, codec = modalities.fit(made.dataset, made.task, made.split)
    facts = modalities.facts(made.task, made.split, codec)
    template: Any = catalog.members(Template, "automl.templates")[family]
    metric = made.task.metric
    side = DeepSide(
        made.dataset, made.task, made.split, encoder, codec, facts, {family: template}, metric=metric, seed=0
    )
    space = keras_tuner.HyperParameters()
    template.space(space, encoder.specs, facts)
    settings = {**space.values, **template.starts(encoder.specs, facts)[0]}
    settings["epochs"] = min(int(settings["epochs"]), epochs)
    return side, template, settings


SIDES: dict[str, Callable[..., dict[str, list[Any]]]] = {"shallow": shallow, "deep": deep}


def families(side: str, name: str, made: Any, asked: Sequence[str]) -> list[str]:
    """The families of a side that are compared on a set."""
    from automl.flow.selection import baselines_for

    if side == "shallow":
        wanted = [n for n, b in baselines_for(made.task).items() if b.tier != "floor"]
    else:
        wanted = ["mlp"] if name in TABLES else [OTHERS[name]]
    return [one for one in wanted if not asked or one in asked]


# --------------------------------------------------------------------------- comparison


def compare(made: Any, side: str, family: str, epochs: int) -> dict[str, list[float]]:
    """Of each way its test error, and the processor seconds of all of its fits."""
    error = error_of(made)
    return {mode: [error(outputs), seconds] for mode, (outputs, seconds) in SIDES[side](made, family, epochs).items()}


def error_of(made: Any) -> Callable[[Sequence[Any]], float]:
    """The test error of the mean of outputs."""
    from automl import goals, metrics
    from automl.goals.shared.outputs import combine

    dataset, task, split = made.dataset, made.task, made.split
    items = split.items("test")
    truth, context = goals.truth(dataset, task, items), goals.scoring_context(dataset, task, split, items)

    def error(outputs: Sequence[Any]) -> float:
        score = metrics.score(task.metric, truth, combine(list(outputs)), None, context)
        return 1.0 - score if metrics.named(task.metric).higher_is_better else score

    return error


def summary(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Geometric means of error and seconds over *searched*, for each side and size, and how often errors fell."""
    found = []
    for key in [*sorted({(line["side"], line["n_rows"]) for line in lines}), ("shallow", 0), ("deep", 0)]:
        own = [line for line in lines if line["side"] == key[0] and key[1] in (0, line["n_rows"])]
        for mode in MODES[1:]:
            pairs = [(line["found"][mode], line["found"]["searched"]) for line in own if mode in line["found"]]
            pairs = [(a, b) for a, b in pairs if a[0] > 0 and b[0] > 0]
            if not pairs:
                continue
            ratio, seconds = (float(np.exp(np.mean([np.log(a[i] / b[i]) for a, b in pairs]))) for i in (0, 1))
            better = sum(a[0] < b[0] for a, b in pairs)
            found.append({"side": key[0], "n_rows": key[1], "mode": mode, "error": round(ratio, 3),
                          "seconds": round(seconds, 2), "better": better, "n": len(pairs)})  # fmt: skip
    return found


def main() -> None:
    args = arguments()
    begun = time.monotonic()
    out = Path(args.out) if args.out else Path(tempfile.mkdtemp()) / "refits.jsonl"
    lines = [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []
    known = {(line["name"], line["n_rows"], line["side"], line["family"]) for line in lines}
    asked = [one for one in args.families.split(",") if one]
    for n_rows in map(int, args.rows.split(",")):
        for name in args.only.split(","):
            if (name in OWN or name.startswith(("airline", "sunspots", "co2", "etth1"))) and n_rows != 1000:
                continue  # has no other size
            if time.monotonic() - begun > args.seconds:
                break
            made = prepared(args, name, n_rows)
            for side in args.sides.split(","):
                for family in families(side, name, made, asked):
                    key = (name, n_rows, side, family)
                    if key in known or time.monotonic() - begun > args.seconds:
                        continue
                    try:
                        found = compare(made, side, family, args.epochs)
                    except Exception as error:
                        print(f"{name} {family}: {type(error).__name__}: {error}", file=sys.stderr)
                        continue
                    line = {"name": name, "n_rows": n_rows, "side": side, "family": family,
                            "metric": made.task.metric, "found": found}  # fmt: skip
                    lines.append(line)
                    with out.open("a") as file:
                        file.write(json.dumps(line) + "\n")
                    ratios = "  ".join(f"{m} {found[m][0] / found['searched'][0]:.3f}" for m in MODES[1:] if m in found)
                    print(f"{name:<20}{n_rows:>6} {family:<18}{found['searched'][0]:>9.4f}  {ratios}", flush=True)
    rows = summary(lines)
    for row in rows:
        print(f"{row['side']:<8}{row['n_rows'] or 'all':>6}  {row['mode']:<8}error {row['error']:.3f}  "
              f"seconds {row['seconds']:>6.2f}  better {row['better']} of {row['n']}")  # fmt: skip
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
