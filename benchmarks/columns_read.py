"""What it is worth to read words among numbers, and bins, as people mean them: plain models on held-out rows.

    python benchmarks/columns_read.py [--seeds 5]

Tables are drawn by a seed: weather with a wind of "Calm" and a rain of "no" and "trace", a laboratory's "<0.3" and
"<LOD", a survey in bands. A linear model and boosted trees read the shallow side's features of the training rows and
are scored on the test rows of the split, once as detected and once with every such column set to levels alone. The last
line is JSON.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Callable

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import r2_score, roc_auc_score

from automl import split
from automl.baselines.features.columns import TableFeatures
from automl.detect import detect
from automl.records import Dataset, Recipe

Table = tuple[pd.DataFrame, pd.Series]


def with_words(numbers: list[str], words: dict[str, np.ndarray]) -> np.ndarray:
    """Numbers as text, and words where these are said to stand."""
    cells = np.array(numbers, dtype=object)
    for word, at in words.items():
        cells[at] = word
    return cells


def weather(rng: np.random.Generator, n: int = 3000) -> Table:
    """Whether to fly: the wind may be calm, the rain none or a trace."""
    wind = rng.gamma(2, 4, n)
    rain = np.where(rng.random(n) < 0.55, 0, rng.gamma(0.6, 4, n))
    humidity, warmth = rng.uniform(20, 100, n), rng.normal(15, 8, n)
    score = 0.12 * wind - 0.25 * rain + 0.02 * (warmth - 15) - 0.01 * (humidity - 60) + 1.2 * (wind < 2)
    score += rng.normal(0, 1, n)
    frame = pd.DataFrame(
        {
            "wind": with_words([f"{x:.1f}" for x in wind], {"Calm": wind < 2}),
            "rain": with_words([f"{x:.1f}" for x in rain], {"trace": (rain > 0) & (rain < 0.3), "no": rain == 0}),
            "humidity": humidity.round(),
            "temperature": warmth.round(1),
        }
    )
    return frame, pd.Series(np.where(score > np.median(score), "fly", "stay"))


def laboratory(rng: np.random.Generator, n: int = 2000) -> Table:
    """Whether somebody is ill, by values some of which lie below what can be measured."""
    crp, ferritin, ldh = (rng.lognormal(0, 1, n) for _ in range(3))
    score = np.log(crp + 0.05) + 0.6 * np.log(ferritin + 0.05) - 0.3 * np.log(ldh) + rng.normal(0, 1.2, n)
    few = {"<LOD": ferritin < 0.25, "haemolytic": rng.random(n) < 0.04}
    frame = pd.DataFrame(
        {
            "crp": with_words([f"{x:.2f}" for x in crp], {"<0.3": crp < 0.3}),
            "ferritin": with_words([f"{x:.1f}" for x in ferritin * 40], few),
            "ldh": with_words([f"{x * 100:.0f}" for x in ldh], {"n/a": rng.random(n) < 0.05}),
            "age": rng.integers(18, 90, n),
        }
    )
    return frame, pd.Series(np.where(score > np.median(score), "ill", "well"))


def _banded(values: np.ndarray, ends: list[float], levels: list[str]) -> np.ndarray:
    return np.array(levels, dtype=object)[np.digitize(values, ends)]


def survey(rng: np.random.Generator, n: int = 2500) -> Table:
    """A score by bands of income, age, size of the company and a share."""
    income, age, size = rng.lognormal(10.6, 0.6, n), rng.uniform(16, 85, n), rng.lognormal(3, 1.6, n)
    score = 0.8 * np.log(income) - 0.0012 * (age - 45) ** 2 + 0.15 * np.log(size) + rng.normal(0, 0.8, n)
    share = rng.uniform(0, 100, n) + 4 * (score - score.mean())
    money = ["Less than $15,000", "$15,000 - $24,999", "$25,000 - $34,999", "$35,000 - $49,999", "$50,000 - $74,999",
             "$75,000 - $99,999", "$100,000 or more"]  # fmt: skip
    years = ["under 18", "18-24", "25-34", "35-44", "45-54", "55-64", "65-74", "75 and over"]
    shares = ["0 - 10 %", "11 - 23 %", "24 - 40 %", "41 - 60 %", "61 - 80 %", "> 80 %"]
    frame = pd.DataFrame(
        {
            "income": _banded(income, [15e3, 25e3, 35e3, 50e3, 75e3, 100e3], money),
            "age": _banded(age, [18, 25, 35, 45, 55, 65, 75], years),
            "employees": _banded(size, [10, 50, 100, 500], ["a 1-9", "b 10-49", "c 50-99", "d 100-499", "e 500+"]),
            "share": _banded(share, [11, 24, 41, 61, 81], shares),
        }
    )
    return frame, pd.Series(score.round(3))


TABLES: dict[str, Callable[[np.random.Generator], Table]] = {
    "weather": weather, "laboratory": laboratory, "survey": survey, "survey, 300 rows": lambda rng: survey(rng, 300),
}  # fmt: skip


def scores(frame: pd.DataFrame, target: pd.Series, as_levels: bool, seed: int) -> dict[str, float]:
    """ROC AUC or R² of both models on the test rows."""
    dataset, task = _detected(frame, target, {})
    if as_levels:
        kinds = {c.name: "categorical" for c in task.columns if c.level_column is not None}
        dataset, task = _detected(frame, target, kinds)
    parts = split.split(dataset, task, seed)
    known, is_class = np.union1d(parts.train, parts.valid), task.goal == "binary"
    values = dataset.target["y"].to_numpy()
    truth = (values == task.positive).astype(float) if is_class else values.astype(float)
    found = {}
    for style in ("linear", "trees"):
        linear, trees = (
            (LogisticRegression(max_iter=2000), HistGradientBoostingClassifier(random_state=0))
            if is_class
            else (Ridge(), HistGradientBoostingRegressor(random_state=0))
        )
        features = TableFeatures(task, style=style)
        model = (linear if style == "linear" else trees).fit(
            features.fit(dataset, known, truth[known], None), truth[known]
        )
        inputs = features.transform(dataset, parts.test)
        told = model.predict_proba(inputs)[:, 1] if is_class else model.predict(inputs)
        found[style] = float((roc_auc_score if is_class else r2_score)(truth[parts.test], told))
    return found


def _detected(frame: pd.DataFrame, target: pd.Series, kinds: dict[str, str]) -> tuple[Dataset, object]:
    return detect(Dataset("d", frame, pd.DataFrame({"y": target})), Recipe(data=None, target=("y",), columns=kinds))


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    seeds = parser.parse_args().seeds
    result = {}
    for name, make in TABLES.items():
        found = defaultdict(list)
        for seed in range(seeds):
            frame, target = make(np.random.default_rng(seed))
            for how, as_levels in (("levels", True), ("read", False)):
                for style, score in scores(frame, target, as_levels, seed).items():
                    found[f"{style}, {how}"].append(score)
        result[name] = {how: round(float(np.mean(some)), 4) for how, some in found.items()}
        print(f"{name:<18}" + "  ".join(f"{how} {mean:.4f}" for how, mean in result[name].items()))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
