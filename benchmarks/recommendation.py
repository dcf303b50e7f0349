"""The rule of the recommendation, on tables whose many other rows tell what was right.

    python benchmarks/recommendation.py [--data DIR] [--sizes 300,1000,3000] [--draws 10] [--only adult] [--out FILE]

From each table a few rows are drawn and parted as a contest parts them (64 % train, 16 % validate, 20 % test). A
network (scikit-learn's MLPClassifier or MLPRegressor) stands for the deep side, HistGradientBoosting for the shallow
one, both in skrub's `tabular_pipeline`. The champion and the verdict are those of automl, on these validation and
test rows. The rows that were not drawn (at most 20,000) then tell which of the two, or their blend, is better.

Rules: `shallow` and `deep` take one side always. `fast deep` and `fast shallow` are the former rule (the winner of
the test, in a tie the faster answer) where that is the network or the trees. `valid k` is the winner of the test,
else the deep side if it leads on validation rows by more than k standard errors. `blend k` takes besides that the
blend if it leads by more than k standard errors, with weights chosen on other rows; `blend fitted` if its weight is
not 0 or 1. The rule in use is `blend 1`. `--simulated N` draws known models in place of tables, whose test decides
nothing. An error is 1 - score (ROC AUC, accuracy, R²) on the rows that were not drawn. Printed for each rule: the
geometric mean of its error over that of the better side, the largest such ratio, and the share of pairs of draws of a
table that recommend the same. What `--out` holds is not run again. The last line is JSON.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import os
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "benchmarks"))

SETS = ("adult", "letter", "california_housing", "diamonds")
MOST_OTHERS = 20_000
FACTORS = (0.0, 1.0, 2.0)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=os.environ.get("AUTOML_DATA", str(ROOT.parent / "shared" / "data")))
    parser.add_argument("--sizes", default="300,1000,3000")
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--only", default=",".join(SETS))
    parser.add_argument("--simulated", type=int, default=0, help="draws of known models instead, for each case")
    parser.add_argument("--out", default="", help="file of JSON lines, one a draw")
    return parser.parse_args()


def outputs_of(entry: dict[str, Any], train: Any, parts: Sequence[Any], seed: int) -> dict[str, list[Any]]:
    """Predictions of both models for each part, fitted on the training rows."""
    import warnings

    from sklearn.compose import TransformedTargetRegressor
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.preprocessing import StandardScaler
    from skrub import tabular_pipeline
    from tables import goal_of, truth_of

    from automl.records import Output

    numbers = goal_of(entry) == "regression"
    network = (MLPRegressor if numbers else MLPClassifier)(hidden_layer_sizes=(64,), max_iter=100, random_state=seed)
    trees = (HistGradientBoostingRegressor if numbers else HistGradientBoostingClassifier)(random_state=seed)
    if numbers:
        network = TransformedTargetRegressor(network, transformer=StandardScaler())
    found: dict[str, list[Any]] = {}
    for side, learner in (("deep", network), ("shallow", trees)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = tabular_pipeline(learner).fit(train.drop(columns=entry["target"]), truth_of(train, entry))
            made = []
            for part in parts:
                X = part.drop(columns=entry["target"])
                if numbers:
                    made.append(Output("values", {"values": np.asarray(model.predict(X))[:, None]}))
                    continue
                p = model.predict_proba(X)
                made.append(Output("probabilities", {"probabilities": p, "labels": p.argmax(axis=1)}))
        found[side] = made
    return found


def truths(entry: dict[str, Any], train: Any, parts: Sequence[Any]) -> tuple[list[np.ndarray], tuple[str, ...]]:
    """What is true of each part, as metrics read it, and the classes."""
    from tables import goal_of, truth_of

    if goal_of(entry) == "regression":
        return [truth_of(part, entry)[:, None] for part in parts], ()
    classes = np.unique(truth_of(train, entry))
    return [np.searchsorted(classes, truth_of(part, entry)) for part in parts], tuple(classes)


def drawn(frame: Any, entry: dict[str, Any], size: int, seed: int) -> dict[str, Any]:
    """One draw: what validation and test say, and the errors on all other rows."""
    from sklearn.model_selection import train_test_split
    from tables import goal_of, truth_of

    from automl import metrics, verdict
    from automl.goals.shared.outputs import combine
    from automl.records import Contestant, Output, Run, Split, Task

    numbers = goal_of(entry) == "regression"
    few, others = train_test_split(frame, train_size=size, random_state=seed)
    if not numbers:  # a class of fewer than five rows cannot be in every part
        common = few[entry["target"]].value_counts()
        few = few[few[entry["target"]].isin(common.index[common >= 5])]
    labels = None if numbers else few[entry["target"]]
    rest, test = train_test_split(few, test_size=0.2, random_state=seed, stratify=labels)
    train, valid = train_test_split(
        rest, test_size=0.2, random_state=seed, stratify=None if numbers else rest[entry["target"]]
    )
    if not numbers:
        others = others[others[entry["target"]].isin(train[entry["target"]].unique())]
    others = others.head(MOST_OTHERS)
    parts = [valid, test, others]
    outputs = outputs_of(entry, train, parts, seed)
    (of_valid, of_test, of_others), classes = truths(entry, train, parts)
    codes = None if numbers else of_valid
    champion = verdict.name_champion(
        verdict.Validated(
            entry["metric"], of_valid, {side: o[0] for side, o in outputs.items()}, np.arange(len(valid)), codes,
            context={"classes": len(classes)},
        ), seed,
    )  # fmt: skip
    task = Task("tabular", goal_of(entry), (entry["target"],), entry["metric"], classes)
    rows = np.arange(len(test))
    split = Split(rows[:0], rows[:0], rows, "row", rows, "drawn", seed)
    sides = {s: Contestant(s, s, o[1], (o[1],)) for s, o in outputs.items()}
    mean = truth_of(train, entry).mean() if numbers else np.bincount(of_valid, minlength=len(classes)) / len(of_valid)
    flat = (
        Output("values", {"values": np.full((len(test), 1), mean)})
        if numbers
        else Output("probabilities", {"probabilities": np.tile(mean, (len(test), 1)),
                                      "labels": np.full(len(test), int(np.argmax(mean)))})
    )  # fmt: skip
    runs = tuple(Run(name, name, "done", name) for name in ("deep", "shallow", "floor"))
    found = verdict.compare(
        task, split, of_test, None, {}, sides["deep"], sides["shallow"], Contestant("floor", "floor", flat), runs,
        0.005, seed, verdict.Terms(champion),
    )  # fmt: skip
    share = champion.weight_of_deep or 0.0
    last = {side: o[2] for side, o in outputs.items()}
    last["blend"] = combine((last["deep"], last["shallow"]), (share, 1.0 - share))
    context = {"classes": len(classes)}
    leads = {"deep": champion.deep_lead, "blend": champion.blend_lead}
    return {
        "verdict": found.verdict, "reason": found.reason, "better": champion.better, "weight_of_deep": share,
        **{f"{name}_lead": None if lead is None else [lead.gain, lead.noise] for name, lead in leads.items()},
        "errors": {s: 1.0 - metrics.score(entry["metric"], of_others, o, None, context) for s, o in last.items()},
    }  # fmt: skip


def simulated(n_valid: int, own: float, seed: int) -> dict[str, Any]:
    """One draw with known models: both read a signal of nearly the same strength, each with noise of its own.

    Args:
        n_valid: validation rows, half of them of each class.
        own: standard deviation of the noise that the models do not share; what they share has 1.
        seed: of the draw. The strength of each model's signal is drawn around 2 with a deviation of 0.15.
    """
    from automl import metrics, verdict
    from automl.goals.shared.outputs import combine
    from automl.records import Output

    rng = np.random.default_rng([seed, n_valid, int(1000 * own)])
    strengths = dict(zip(("deep", "shallow"), 2.0 + 0.15 * rng.normal(size=2), strict=True))

    def predicted(n: int) -> tuple[np.ndarray, dict[str, Any]]:
        truth, shared, outputs = np.arange(n) % 2, rng.normal(size=n), {}
        for side, strength in strengths.items():
            p = 1.0 / (1.0 + np.exp(-strength * (truth - 0.5) - shared - own * rng.normal(size=n)))
            outputs[side] = Output("probabilities", {"probabilities": np.column_stack([1.0 - p, p])})
        return truth, outputs

    truth, outputs = predicted(n_valid)
    champion = verdict.name_champion(verdict.Validated("roc_auc", truth, outputs, np.arange(n_valid), truth), seed)
    truth, last = predicted(MOST_OTHERS)
    share = champion.weight_of_deep or 0.0
    last["blend"] = combine((last["deep"], last["shallow"]), (share, 1.0 - share))
    leads = {"deep": champion.deep_lead, "blend": champion.blend_lead}
    return {
        "set": f"own noise {own:g}", "size": n_valid, "seed": seed, "verdict": "tie", "better": champion.better,
        "weight_of_deep": share,
        **{f"{name}_lead": None if lead is None else [lead.gain, lead.noise] for name, lead in leads.items()},
        "errors": {side: 1.0 - metrics.score("roc_auc", truth, output) for side, output in last.items()},
    }  # fmt: skip


def beyond(lead: Sequence[float | None] | None, factor: float) -> bool:
    """Whether a lead is larger than so many standard errors."""
    return lead is not None and lead[0] is not None and lead[1] is not None and lead[0] > factor * lead[1]


def choices(line: dict[str, Any]) -> dict[str, str]:
    """What each rule recommends."""
    winner = line["verdict"] if line["verdict"] != "tie" else None
    found = {"shallow": "shallow", "deep": "deep", "fast deep": winner or "deep", "fast shallow": winner or "shallow"}
    for factor in FACTORS:
        found[f"valid {factor:.0f}"] = winner or ("deep" if beyond(line["deep_lead"], factor) else "shallow")
    may_blend = 0.0 < line["weight_of_deep"] < 1.0 and winner in (None, line["better"])
    for factor in FACTORS:
        takes = may_blend and beyond(line["blend_lead"], factor)
        found[f"blend {factor:.0f}"] = "blend" if takes else found["valid 1"]
    found["blend fitted"] = "blend" if may_blend else found["valid 1"]
    return found


def summary(lines: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Errors, largest errors and agreement of each rule, over all sizes and for each."""
    found: dict[str, Any] = {}
    for size in (None, *sorted({line["size"] for line in lines})):
        these = [line for line in lines if size in (None, line["size"])]
        rules: dict[str, Any] = {}
        for rule in choices(these[0]):
            taken = [choices(line)[rule] for line in these]
            ratios = [
                line["errors"][which] / min(line["errors"]["deep"], line["errors"]["shallow"])
                for line, which in zip(these, taken, strict=True)
            ]
            tables: dict[tuple[str, int], list[str]] = {}
            for line, which in zip(these, taken, strict=True):
                tables.setdefault((line["set"], line["size"]), []).append(which)
            pairs = [a == b for same in tables.values() for a, b in itertools.combinations(same, 2)]
            rules[rule] = {
                "error": math.exp(statistics.fmean(map(math.log, ratios))), "largest": max(ratios),
                "same": statistics.fmean(pairs) if pairs else None,
                "blends": statistics.fmean(which == "blend" for which in taken),
            }  # fmt: skip
        decided = statistics.fmean(line["verdict"] != "tie" for line in these)
        found["all" if size is None else str(size)] = {"draws": len(these), "decided": decided, "rules": rules}
    return found


def report(found: dict[str, Any]) -> None:
    """The figures for people, and a last line of JSON."""
    for size, part in found.items():
        print(f"\n{size} rows: {part['draws']} draws, {part['decided']:.0%} decided by the test")
        for rule, one in part["rules"].items():
            print(f"  {rule:<14}error {one['error']:.3f}  largest {one['largest']:.2f}  same {one['same'] or 0:.2f}  "
                  f"blends {one['blends']:.2f}")  # fmt: skip
    print(json.dumps(found))


def main() -> None:
    args = arguments()
    if args.simulated:
        for own in (0.3, 1.0):
            print(f"\nsimulated, noise of its own {own:g}", end="")
            lines = [simulated(n, own, seed) for n in (60, 200, 800) for seed in range(args.simulated)]
            report(summary(lines))
        return
    import pandas as pd
    from tables import entry_of, frames

    folder, path = Path(args.data), Path(args.out) if args.out else None
    known = [json.loads(text) for text in path.read_text().splitlines()] if path and path.exists() else []
    done = {(line["set"], line["size"], line["seed"]): line for line in known}
    lines = []
    for name in args.only.split(","):
        entry = entry_of(folder, name)
        frame = pd.concat(frames(folder, entry), ignore_index=True)
        for size, seed in itertools.product(map(int, args.sizes.split(",")), range(args.draws)):
            line = done.get((name, size, seed))
            if line is None:
                line = {"set": name, "size": size, "seed": seed, **drawn(frame, entry, size, seed)}
                if path:
                    with path.open("a") as file:
                        file.write(json.dumps(line) + "\n")
            lines.append(line)
    found = summary(lines)
    report(found)


if __name__ == "__main__":
    main()
