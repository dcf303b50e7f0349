"""Does one hold-out of few rows pick noise, and do several pick better? Both sides, on small sets with many test rows.

    python benchmarks/holdouts.py [--only letter,adult] [--sides deep,shallow] [--settings 16] [--parts 4] [--epochs 30]
                                  [--set-seconds 60] [--out FILE]

Each set is cut to 1,000 rows for training and validation (or the rows that it has); all others test, so that test
scores are precise. Settings are drawn with a fixed seed. Shallow: the families' own proposals in turn. Deep: the first
start of the template and draws from its shipped space, with `--epochs` at most; four settings at a time share a shape
and differ in their knobs, since compiling takes most of a small trial. Each is fitted on every hold-out, and its model
of the first is scored on the test rows, which a contest never does before its end.

Printed for each set: *rank*, Spearman's correlation over settings of test score and validation score, on one hold-out
and on the mean of K; *pick*, the regret where all settings are judged so; then regrets of a search (mean over 200
orders of the settings) with time for as many fits as there are settings (*1*) or twice as many (*2*): judged on one
hold-out (*one*), or on three if the score on the first is at or above the upper quartile (*quart*) of the settings
before it, or the best three of all at the end (*late*). JSON has more: other K, each setting on all K (*all*), from the
median on (*half*), from the best on (*best*).
Regret is the best setting's test score less the picked one's, as a share of the spread of test scores (upper quartile
less lower). The last line printed is JSON.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
SETS = {
    "adult": "mlp", "letter": "mlp", "california_housing": "mlp", "movies": "mlp", "amazon_sentiment": "text_cnn",
    "fashion_rotation": "cnn", "sign_digits": "cnn", "osu_leaf": "resnet1d",
}  # fmt: skip
N_ROWS = 1000
ORDERS = 200
SAME_SHAPE = 4
BUDGETS = (1, 2)
LATE = 3
RULES = {"all": 0.0, "half": 0.5, "quart": 0.75, "best": 1.0}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=os.environ.get("AUTOML_DATA", str(ROOT.parent / "shared" / "data")))
    parser.add_argument("--only", default=",".join(SETS))
    parser.add_argument("--sides", default="shallow,deep")
    parser.add_argument("--settings", type=int, default=16)
    parser.add_argument("--parts", type=int, default=4, help="hold-outs drawn, three at least; K runs from 1 to this")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--set-seconds", type=float, default=60.0, help="a set and side begins no setting after this")
    parser.add_argument("--fit-seconds", type=float, default=3.0, help="a shallow fit stops growing after this")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", default="", help="a file of finished sets, which are not run again")
    parser.add_argument("--one", default="", help=argparse.SUPPRESS)
    return parser.parse_args()


# --------------------------------------------------------------------------- one set


def prepared(args: argparse.Namespace, name: str) -> Any:
    """The set with few rows to learn from and the rest for test, split as a contest would."""
    sys.path.insert(0, str(ROOT / "benchmarks"))
    import pandas as pd
    from contest import entry_data

    from automl import recipe as recipes
    from automl import split as splits
    from automl.flow.prepare import prepare

    splits.HOLD_OUTS = args.parts
    folder = Path(args.data)
    entry = next(e for e in json.loads((folder / "catalog.json").read_text()) if e["name"] == name)
    options = entry_data(folder, entry)
    rng = np.random.default_rng(args.seed)
    if isinstance(options["data"], tuple):
        (X, y), (X_test, y_test) = options["data"], options["test"]
        order = rng.permutation(len(y))
        few, rest = order[:N_ROWS], order[N_ROWS:]
        options["data"] = X[few], y[few]
        options["test"] = np.concatenate([X_test, X[rest]]), np.concatenate([y_test, y[rest]])
    else:
        frame, test = (pd.read_csv(options[key], dtype=str, keep_default_na=False) for key in ("data", "test"))
        frame = frame.iloc[rng.permutation(len(frame))]
        options["data"] = frame.iloc[:N_ROWS]
        options["test"] = pd.concat([test, frame.iloc[N_ROWS:]])
    return prepare(recipes.make(**options, metric=entry["metric"], seed=args.seed))


def shallow(made: Any, args: argparse.Namespace) -> list[list[float]]:
    """For each setting its score on every hold-out and on test rows."""
    from automl.flow.selection import baselines_for
    from automl.goals import scoring_context, truth
    from automl.metrics import score
    from automl.records import Facts, FitContext
    from automl.shallow.data import TrainingData

    dataset, task, split = made.dataset, made.task, made.split
    training_data = TrainingData.of(dataset, task, split, task.metric)
    facts = Facts(len(training_data.items), len(task.classes))
    families = [b for b in baselines_for(task).values() if b.tier != "floor" and b.unfit(task, facts) is None]
    streams = [b.settings(task, facts, args.seed + i) for i, b in enumerate(families)]
    test_truth, scaled = truth(dataset, task, split.test), scoring_context(dataset, task, split, split.test)
    rows: list[list[float]] = []
    begun = time.monotonic()
    for i in range(args.settings):
        if time.monotonic() - begun > args.set_seconds:
            break
        place = i % len(families)
        settings = next(streams[place], None)
        if settings is None:
            continue
        found, tested = [], math.nan
        for number, part in enumerate(training_data.parts):
            model = families[place].make(task, settings, args.seed + 100_000 * number)
            context = FitContext(time.monotonic() + args.fit_seconds, None, part.valid, part.valid_truth)
            model.fit(dataset, part.items, part.truth, part.weight, context)
            found.append(training_data.score(model.predict(dataset, part.valid), number))
            if number == 0:
                tested = score(task.metric, test_truth, model.predict(dataset, split.test), None, scaled)
        rows.append([*found, tested])
    return rows


def deep(made: Any, args: argparse.Namespace, template_name: str) -> list[list[float]]:
    """For each setting its score on every hold-out and on test rows."""
    import keras_tuner

    from automl import catalog, modalities
    from automl.deep.archive import scores_of
    from automl.deep.messages import TrialSpec
    from automl.deep.side import DeepSide
    from automl.goals import scoring_context, truth
    from automl.metrics import score
    from automl.records import Template

    dataset, task, split = made.dataset, made.task, made.split
    encoder, codec = modalities.fit(dataset, task, split)
    facts = modalities.facts(task, split, codec)
    template: Any = catalog.members(Template, "automl.templates")[template_name]
    side = DeepSide(dataset, task, split, encoder, codec, facts, {template.name: template}, metric=task.metric, seed=0)
    space = keras_tuner.HyperParameters()
    template.space(space, encoder.specs, facts)
    start = {**space.values, **template.starts(encoder.specs, facts)[0]}
    drawn = [
        {hp.name: hp.random_sample(1000 * i + j) for j, hp in enumerate(space.space)} for i in range(args.settings)
    ]
    shapes = [start, *drawn[SAME_SHAPE::SAME_SHAPE]]
    knobs = [{name: one[name] for name in template.knobs} for one in drawn]
    chosen = [start, *({**shapes[i // SAME_SHAPE], **knobs[i]} for i in range(1, args.settings))]
    arrays = encoder.transform(dataset, split.test)
    test_truth, context = truth(dataset, task, split.test), scoring_context(dataset, task, split, split.test)
    always = -math.inf if side.higher_is_better else math.inf
    rows: list[list[float]] = []
    begun = time.monotonic()
    for i, settings in enumerate(chosen):
        if time.monotonic() - begun > args.set_seconds:
            break
        asked = {**settings, "epochs": min(int(settings["epochs"]), args.epochs)}
        report = side.trainer.run(TrialSpec(f"t{i}", template.name, asked, i, math.inf, promotion_score=always))
        if report.fit is None or len(report.others) + 1 < len(split.folds):
            continue
        network = side.trainer.network(template, report.settings, i)
        network.set_weights(report.fit.weights)
        tested = score(task.metric, test_truth, codec.decode(network.predict(arrays)), None, context)
        rows.append([*scores_of(report), tested])
    return rows


# --------------------------------------------------------------------------- what they say


def spearman(a: np.ndarray, b: np.ndarray) -> float:
    """Rank correlation with mean ranks for ties; NaN where one of them does not vary."""
    from scipy.stats import rankdata

    a, b = rankdata(a), rankdata(b)
    return float(np.corrcoef(a, b)[0, 1]) if a.std() > 0 and b.std() > 0 else math.nan


def picked(table: np.ndarray, k: int, quantile: float, order: np.ndarray, n_fits: int) -> int:
    """The setting that a search names which sees them in this order and has time for so many fits.

    Args:
        table: (n_settings, n_holdouts + 1), the test score last, turned so that more is better. k: hold-outs.
        quantile: of the scores before it on the first hold-out, from which on a setting is judged on all k.
    """
    left = n_fits
    seen: list[int] = []
    examined: list[int] = []
    for place in map(int, order):
        if left < 1:
            break
        left -= 1
        promising = not seen or table[place, 0] >= np.quantile(table[seen, 0], quantile)
        seen.append(place)
        if promising and left >= k - 1:
            left -= k - 1
            examined.append(place)
    if not examined:
        return max(seen, key=lambda place: float(table[place, 0]))
    return max(examined, key=lambda place: float(table[place, :k].mean()))


def picked_late(table: np.ndarray, k: int, order: np.ndarray, n_fits: int) -> int:
    """The same where all are seen on the first hold-out, and the best `LATE` of them on the others at the end."""
    seen = order[: max(1, n_fits - LATE * (k - 1))]
    best = sorted(map(int, seen), key=lambda place: -float(table[place, 0]))[:LATE]
    return max(best, key=lambda place: float(table[place, :k].mean()))


def judged(rows: list[list[float]], higher_is_better: bool) -> dict[str, Any]:
    """Correlations and regrets of a set."""
    table = np.array(rows, dtype=np.float64) * (1.0 if higher_is_better else -1.0)
    test, n_parts = table[:, -1], table.shape[1] - 1
    # Each hold-out may be the first of K: the figures are means over them.
    turns = [np.roll(np.arange(n_parts), -i) for i in range(n_parts)]
    spread = float(np.subtract(*np.quantile(test, [0.75, 0.25]))) or 1.0
    found: dict[str, Any] = {"settings": len(table), "parts": n_parts, "best": float(test.max()), "spread": spread}
    rng = np.random.default_rng(0)
    orders = [rng.permutation(len(table)) for _ in range(ORDERS)]
    for k in range(1, n_parts + 1):
        means = [table[:, turn[:k]].mean(axis=1) for turn in turns]
        found[f"rank_{k}"] = float(np.nanmean([spearman(mean, test) for mean in means]))
        found[f"pick_{k}"] = float(np.mean([test.max() - test[mean.argmax()] for mean in means])) / spread
        for times in BUDGETS:
            tried: dict[str, list[float]] = {name: [] for name in (*RULES, "late")}
            for order, turn in zip(orders, itertools.cycle(turns), strict=False):
                turned = np.column_stack([table[:, turn], test])
                for name, quantile in RULES.items():
                    tried[name].append(test[picked(turned, k, quantile, order, times * len(table))])
                tried["late"].append(test[picked_late(turned, k, order, times * len(table))])
            for name, tests in tried.items():
                found[f"{name}_{k}_{times}"] = float(test.max() - np.mean(tests)) / spread
    return found


def one(args: argparse.Namespace) -> None:
    name, side = args.one.split(":")
    from automl import metrics

    made = prepared(args, name)
    begun = time.monotonic()
    rows = shallow(made, args) if side == "shallow" else deep(made, args, SETS[name])
    line = {
        "set": name, "side": side, "metric": made.task.metric, "n_rows": len(made.split.train) + len(made.split.valid),
        "n_test": len(made.split.test), "seconds": round(time.monotonic() - begun, 1),
        "higher_is_better": metrics.named(made.task.metric).higher_is_better,
        **judged(rows, metrics.named(made.task.metric).higher_is_better), "scores": rows,
    }  # fmt: skip
    print(json.dumps(line), flush=True)


def columns(n_parts: int) -> list[str]:
    """What is printed of a set."""
    means = [f"{name}_{k}" for name in ("rank", "pick") for k in range(1, n_parts + 1)]
    return means + [f"{name}_{times}" for times in BUDGETS for name in ("all_1", "quart_3", "late_3")]


def show(line: dict[str, Any]) -> str:
    return (
        f"{line['set']:<20}{line['side']:<9}{line['metric']:<9}{line['n_rows']:>5}{line['n_test']:>7}"
        f"{line['settings']:>4} " + "".join(f"{line[key]:10.3f}" for key in columns(line["parts"]))
    )


def main() -> None:
    args = arguments()
    if args.one:
        one(args)
        return
    done: dict[str, dict[str, Any]] = {}
    if args.out and Path(args.out).exists():
        for text in Path(args.out).read_text().splitlines():
            line = json.loads(text)
            done[f"{line['set']}:{line['side']}"] = line
    shown = columns(args.parts)
    print(f"{'set':<20}{'side':<9}{'metric':<9}{'rows':>5}{'test':>7}{'n':>4} "
          + "".join(f"{key.replace('all_1', 'one'):>10}" for key in shown), flush=True)  # fmt: skip
    lines = []
    for side in args.sides.split(","):
        for name in args.only.split(","):
            line = done.get(f"{name}:{side}")
            if line is not None:  # its scores hold; the figures may be others by now
                line |= judged(line["scores"], line["higher_is_better"])
            else:
                ran = subprocess.run(
                    [sys.executable, __file__, *sys.argv[1:], "--one", f"{name}:{side}"],
                    capture_output=True, text=True, check=False,
                    env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
                )  # fmt: skip
                if ran.returncode:
                    print(f"{name:<20}{side:<9}FAILED\n{ran.stderr[-2000:]}", flush=True)
                    continue
                text = ran.stdout.strip().splitlines()[-1]
                line = json.loads(text)
                if args.out:
                    with open(args.out, "a") as file:
                        file.write(text + "\n")
            lines.append(line)
            print(show(line), flush=True)
    ks = range(1, args.parts + 1)
    keys = [f"{name}_{k}" for name in ("rank", "pick") for k in ks]
    keys += [f"{name}_{k}_{times}" for times in BUDGETS for name in (*RULES, "late") for k in ks]
    medians: dict[str, Any] = {}
    for side in (*args.sides.split(","), "both"):
        own = [line for line in lines if side in ("both", line["side"])]
        if own:
            medians[side] = {key: round(statistics.median(line[key] for line in own), 4) for key in keys}
            medians[side] |= {f"mean {key}": round(statistics.fmean(line[key] for line in own), 4) for key in keys}
    print(json.dumps({"sets": len(lines), "medians": medians}))


if __name__ == "__main__":
    main()
