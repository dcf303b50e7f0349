"""Which of several models is chosen by validation rows: by the metric alone, or by log loss within its noise.

    python benchmarks/ranking.py [--only breast,adult] [--data FOLDER]

For each set and seed, 20 settings (the last six are dense networks) and the epochs of three networks predict the same
validation rows and held-back rows. Test rows of the shared sets are not read. A rule chooses by the validation rows,
and the held-back rows judge.

Printed are error (1 − score) and log loss of what each rule chooses, as geometric means over sets relative to the
metric alone; below 1 is better. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from automl.records import Output
from automl.sides import ranking

ROOT = Path(__file__).resolve().parent.parent
SIZES = {  # rows that train, rows that validate, seeds
    "breast": (300, 91, 6), "wine": (70, 30, 6), "digits": (500, 125, 4), "adult": (1000, 250, 4),
    "sms_spam": (1200, 300, 4), "diamonds": (1500, 375, 3), "letter": (1500, 375, 3),
}  # fmt: skip
TARGETS = {"adult": "income", "diamonds": "cut", "letter": "lettr", "sms_spam": "label"}
SHIPPED = {"breast": load_breast_cancer, "wine": load_wine, "digits": load_digits}
HELD_BACK, EPOCHS = 6000, 40
NETWORKS = (
    (1e-4, (64,), 1e-3), (1e-2, (64,), 3e-3), (1, (64, 64), 1e-3), (3, (128,), 3e-3), (1e-4, (128, 64), 1e-2),
    (0.3, (32,), 1e-2),
)  # fmt: skip
RULES = {  # standard errors that count as noise, and by how many the loss must be better
    "metric alone": None, "exact ties": (0.0, 0.0), "0.5 SE": (0.5, 0.0), "1 SE": (1.0, 0.0),
    "1 SE, sure loss": (1.0, 1.0), "loss alone": (math.inf, 0.0),
}  # fmt: skip


def table(folder: Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and codes of classes, without the test rows of shared sets."""
    if name in SHIPPED:
        x, y = SHIPPED[name](return_X_y=True)
        return np.asarray(x), np.asarray(y)
    frame = pd.read_csv(folder / f"{name}.csv.gz")
    frame = frame[np.load(folder / "splits" / f"{name}.npy") == 0].reset_index(drop=True)
    y = pd.factorize(frame[TARGETS[name]])[0]
    frame = frame.drop(columns=[TARGETS[name]])
    if name == "sms_spam":
        return TfidfVectorizer(max_features=300).fit_transform(frame.iloc[:, 0].astype(str)).toarray(), y
    return pd.get_dummies(frame, drop_first=True).fillna(-1).to_numpy(float), y


def settings(seed: int) -> list[Any]:
    """Models as a search would try them."""
    boosted = [
        HistGradientBoostingClassifier(learning_rate=rate, max_leaf_nodes=leaves, max_iter=60, random_state=seed)
        for rate, leaves in ((0.03, 15), (0.1, 31), (0.1, 7), (0.3, 15))
    ]
    forests = [RandomForestClassifier(n, min_samples_leaf=leaf, random_state=seed) for n, leaf in
               ((100, 1), (100, 5), (30, 1))]  # fmt: skip
    plain = [LogisticRegression(C=c, max_iter=300) for c in (0.01, 0.1, 1, 10)]
    near = [KNeighborsClassifier(k) for k in (5, 25)]
    networks = [
        MLPClassifier(hidden, alpha=alpha, learning_rate_init=rate, max_iter=EPOCHS, random_state=seed)
        for alpha, hidden, rate in NETWORKS
    ]
    scaled = [make_pipeline(StandardScaler(), model) for model in (*plain, *near, *networks)]
    return [*boosted, *forests, ExtraTreesClassifier(100, random_state=seed), *scaled]


def predictions(
    x: np.ndarray, y: np.ndarray, name: str, seed: int
) -> Iterator[tuple[str, list[np.ndarray], list[np.ndarray], np.ndarray, np.ndarray]]:
    """Kind of the choice, predictions of the validation and the held-back rows of each candidate, and both truths."""
    n_train, n_valid, _ = SIZES[name]
    order = np.random.default_rng(seed).permutation(len(y))
    train, valid = order[:n_train], order[n_train : n_train + n_valid]
    rest = order[n_train + n_valid :][:HELD_BACK]

    def of(model: Any, rows: np.ndarray, inputs: np.ndarray) -> np.ndarray:
        p = np.zeros((len(rows), int(y.max()) + 1))
        p[:, model.classes_] = model.predict_proba(inputs[rows])
        return p

    models = [model.fit(x[train], y[train]) for model in settings(seed)]
    on_valid, on_rest = [of(m, valid, x) for m in models], [of(m, rest, x) for m in models]
    yield "settings", on_valid, on_rest, y[valid], y[rest]
    yield "networks", on_valid[-len(NETWORKS) :], on_rest[-len(NETWORKS) :], y[valid], y[rest]
    scaled = StandardScaler().fit(x[train]).transform(x)
    for alpha, hidden, rate in ((1e-4, (64,), 3e-3), (1e-2, (128, 64), 3e-3), (1, (64, 64), 1e-2)):
        model = MLPClassifier(hidden, alpha=alpha, learning_rate_init=rate, random_state=seed, batch_size=64)
        on_valid, on_rest = [], []
        for _ in range(EPOCHS):
            model.partial_fit(scaled[train], y[train], classes=np.arange(int(y.max()) + 1))
            on_valid.append(of(model, valid, scaled))
            on_rest.append(of(model, rest, scaled))
        yield "epochs", on_valid, on_rest, y[valid], y[rest]


def chosen(rule: tuple[float, float] | None, standings: list[ranking.Standing]) -> int:
    """The position of the model that a rule chooses."""
    if rule is None:
        return int(np.argmax([one.score for one in standings]))
    if math.isinf(rule[0]):
        return int(np.argmin([one.loss for one in standings]))
    ranking.NOISE_ERRORS, ranking.SURE_ERRORS = rule
    return ranking.order(standings)[0]


def judge(metric: str) -> Callable[[np.ndarray, np.ndarray], ranking.Standing]:
    def standing(truth: np.ndarray, p: np.ndarray) -> ranking.Standing:
        output = Output("probabilities", {"probabilities": p, "labels": p.argmax(axis=1)})
        return ranking.standing_of([ranking.Judged(truth, None, output)], metric, {"classes": p.shape[1]})

    return standing


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=os.environ.get("AUTOML_DATA", str(ROOT.parent / "shared" / "data")))
    parser.add_argument("--only", default=",".join(SIZES))
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    found: dict[tuple[str, str], dict[str, dict[str, list[tuple[float, float]]]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(list))
    )
    for name in args.only.split(","):
        x, y = table(Path(args.data), name)
        for seed in range(SIZES[name][2]):
            for kind, on_valid, on_rest, truth, rest in predictions(x, y, name, seed):
                for metric in ("roc_auc", "accuracy") if y.max() == 1 else ("accuracy",):
                    standing = judge(metric)
                    standings = [standing(truth, p) for p in on_valid]
                    for rule, errors in RULES.items():
                        one = standing(rest, on_rest[chosen(errors, standings)])
                        found[kind, metric][rule][name].append((1 - one.score, one.loss))
        print(f"{name} done", flush=True)
    last: dict[str, Any] = {}
    for (kind, metric), rules in sorted(found.items()):
        print(f"\n{kind}, {metric}: error and log loss relative to the metric alone")
        means = {rule: {name: np.mean(pairs, axis=0) for name, pairs in sets.items()} for rule, sets in rules.items()}
        for rule, sets in means.items():
            ratios = [np.log(np.maximum(pair, 1e-6) / np.maximum(means["metric alone"][name], 1e-6))
                      for name, pair in sets.items()]  # fmt: skip
            error, loss = np.exp(np.mean(ratios, axis=0))
            print(f"  {rule:<18}{error:6.3f}{loss:7.3f}")
            last[f"{kind} {metric} {rule}"] = [round(float(error), 4), round(float(loss), 4)]
    print(json.dumps(last))


if __name__ == "__main__":
    main()
