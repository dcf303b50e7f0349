"""How right `automl watch` is: expected against real scores under covariate shift, false alarms, and planted drift.

    python benchmarks/watching.py [--data DIR] [--part expected,alarms] [--only NAME,...] [--budget 30s] [--out FILE]

DIR is the data folder of `contest.py`. Finalists are scikit-learn's boosted trees in the place of
ours, which takes no budget, or with `--budget` those of small contests. Nothing is tuned on new rows.

**expected**: rows of a table are thinned by the rank of one column (a row of rank u, from 0 to 1, stays with a chance
of 1 - 0.9 u) and models learn from these. New rows are others of the same kind ("none"), those that were thinned
out ("mild"), or the latter drawn in favour of high ranks by exp(4 u) ("strong"). The target depends on the inputs as
before, so the expected score is to be near the real one. Beside it stands the answer without it: the test score of the
contest. Printed: the mean absolute deviation of both from the real score (of errors in the target's units, relative to
it), and how often the interval holds the real score.

**alarms**: columns of a random part are remembered, five times; no model is fitted. New rows are random others, each
time 20 draws of 200 and of 1,000: how many draws had any column that drifted, or changed. In the first 20 of each,
drift is planted in one column of such rows: a
shift of numbers by 0.25, 0.5 or 1 standard deviations, a new level in a fifth of the rows, gaps in a tenth of the rows,
and twice the gaps that there are.

Forecasts are watched in ``watching_forecasts.py``.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import json
import os
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parent.parent
Row = dict[str, Any]
MOST_ROWS, N_NEW, N_DRAWS, N_REFERENCES = 6_000, 2_000, 20, 5
STRENGTHS = {"mild": 0.0, "strong": 4.0}
METRICS = {True: ("r2", "rmse", "mae"), False: ("accuracy", "log_loss", "roc_auc")}
"""Of numbers, and of classes."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=os.environ.get("AUTOML_DATA", str(ROOT.parent / "shared" / "data")))
    parser.add_argument("--part", default="expected,alarms")
    parser.add_argument("--only", default="")
    parser.add_argument("--budget", default="", help="of contests that give the finalists, such as 30s; default none")
    parser.add_argument("--out", default="")
    return parser.parse_args()


# --------------------------------------------------------------------------- sets


def table(folder: Path, name: str) -> pd.DataFrame:
    """A set, at most 25,000 rows of it, evenly taken."""
    frame = pd.read_csv(folder / f"{name}.csv.gz")
    if len(frame) <= 25_000:
        return frame
    return frame.iloc[np.linspace(0, len(frame) - 1, 25_000).astype(int)].reset_index(drop=True)


def housing_high(folder: Path) -> pd.DataFrame:
    frame = table(folder, "california_housing")
    high = np.where(frame.pop("median_house_value") > 180_000, "high", "low")
    return frame.assign(price=high)


def movies(folder: Path) -> pd.DataFrame:
    frame = table(folder, "movies").drop(columns=["writer", "cast_members", "production"])
    return frame.assign(year=pd.to_datetime(frame.pop("released"), errors="coerce").dt.year)


def movies_fresh(folder: Path) -> pd.DataFrame:
    frame = movies(folder)
    return frame.assign(fresh=np.where(frame.pop("tomatometer") >= 60, "fresh", "rotten"))


def oil_high(folder: Path) -> pd.DataFrame:
    frame = transformer(folder)
    oil = frame.pop("OT")
    return frame.assign(oil=np.where(oil > oil.median(), "hot", "cold"))


def transformer(folder: Path) -> pd.DataFrame:
    """Oil temperature by the loads of the same hour: no forecast."""
    return table(folder, "etth1").drop(columns="date").sample(frac=1, random_state=0).reset_index(drop=True)


SETS: dict[str, tuple[Callable[[Path], pd.DataFrame], str]] = {
    "housing": (lambda folder: table(folder, "california_housing"), "median_house_value"),
    "diamonds": (lambda folder: table(folder, "diamonds"), "price"),
    "movies": (movies, "tomatometer"),
    "age": (lambda folder: table(folder, "adult"), "age"),
    "transformer": (transformer, "OT"),
    "adult": (lambda folder: table(folder, "adult"), "income"),
    "letter": (lambda folder: table(folder, "letter"), "lettr"),
    "cut": (lambda folder: table(folder, "diamonds"), "cut"),
    "housing_high": (housing_high, "price"),
    "movies_fresh": (movies_fresh, "fresh"),
    "sex": (lambda folder: table(folder, "adult"), "sex"),
    "clarity": (lambda folder: table(folder, "diamonds"), "clarity"),
    "ocean": (lambda folder: table(folder, "california_housing"), "ocean_proximity"),
    "oil_high": (oil_high, "oil"),
}
SHIFTS: dict[str, tuple[str, ...]] = {
    "housing": ("median_income", "latitude"),
    "diamonds": ("carat", "depth"),
    "movies": ("year", "n_reviews"),
    "age": ("hours_per_week", "education_num"),
    "transformer": ("HUFL", "MULL"),
    "adult": ("age", "hours_per_week"),
    "letter": ("width", "x.bar"),
    "cut": ("carat", "depth"),
    "housing_high": ("median_income", "latitude"),
    "movies_fresh": ("year", "n_reviews"),
    "sex": ("age", "hours_per_week"),
    "clarity": ("carat", "price"),
    "ocean": ("median_income", "population"),
    "oil_high": ("HUFL", "MULL"),
}
"""Columns by which rows are thinned."""
TUNED_ON = ("adult", "sex", "cut", "letter", "oil_high")
"""Sets of classes on which the parts of the interval were set; the others judge."""
ALARM_SETS = ("housing", "diamonds", "movies", "adult", "letter", "cut")


# --------------------------------------------------------------------------- contests


def fitted(frame: pd.DataFrame, target: str, budget: str, folder: str) -> Any:
    """The result of a small contest."""
    import automl

    return automl.fit(frame, target, budget=budget, analysis=0, quiet=True, out=folder)


def ranks(frame: pd.DataFrame, column: str) -> np.ndarray:
    return frame[column].rank(pct=True).fillna(0.5).to_numpy()


def shifted(frame: pd.DataFrame, column: str) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Rows to learn from, and new rows by the strength of the shift."""
    rng = np.random.default_rng(0)
    u = ranks(frame, column)
    stays = rng.random(len(frame)) < 1 - 0.9 * u
    home, away = rng.permutation(np.flatnonzero(stays)), np.flatnonzero(~stays)
    n_home = min(MOST_ROWS, int(0.75 * len(home)))
    new = {"none": home[n_home : n_home + N_NEW]}
    for strength, power in STRENGTHS.items():
        weight = np.exp(power * u[away])
        new[strength] = rng.choice(away, min(N_NEW, len(away) // 2), replace=False, p=weight / weight.sum())
    return frame.iloc[home[:n_home]].reset_index(drop=True), {
        strength: frame.iloc[rows].reset_index(drop=True) for strength, rows in new.items()
    }


@dataclasses.dataclass(frozen=True, eq=False)
class Boosted:
    """A fixed finalist: scikit-learn's boosted trees on numbers and codes of levels, decided as those of contests."""

    task: Any
    levels: dict[str, dict[Any, int]]
    model: Any
    decision: Any = None

    def matrix(self, dataset: Any, rows: np.ndarray) -> np.ndarray:
        cells = dataset.inputs.iloc[rows]
        made = [
            cells[c].map(self.levels[c]).to_numpy(float) if c in self.levels else cells[c].to_numpy(float)
            for c in cells if c in self.levels or cells[c].dtype.kind in "iufb"
        ]  # fmt: skip
        return np.stack(made, axis=1)

    def undecided(self, dataset: Any, rows: np.ndarray) -> Any:
        from automl.records import Output

        matrix = self.matrix(dataset, rows)
        if not self.task.classes:
            return Output("values", {"values": self.model.predict(matrix)[:, None]})
        return Output("probabilities", {"probabilities": self.model.predict_proba(matrix)})

    def output(self, dataset: Any, rows: np.ndarray) -> Any:
        from automl import goals

        return goals.decided(self.decision, self.undecided(dataset, rows))


def boosted(prepared: Any) -> tuple[Any, Boosted]:
    """A contestant and its predictor: validation rows by a model of training rows, test rows by one of both."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    from automl import goals
    from automl.records import Contestant

    dataset, task, split = prepared.dataset, prepared.task, prepared.split
    levels = {}
    for name in dataset.inputs:
        if dataset.inputs[name].dtype.kind not in "iufb":
            frequent = dataset.inputs[name].iloc[split.train].value_counts().index[:100]
            levels[name] = {level: code for code, level in enumerate(frequent)}
    kind = HistGradientBoostingClassifier if task.classes else HistGradientBoostingRegressor

    def fit(rows: np.ndarray) -> Boosted:
        made = Boosted(task, levels, kind(max_iter=60, early_stopping=False, random_state=0))
        truth = goals.truth(dataset, task, rows)
        made.model.fit(made.matrix(dataset, rows), truth if task.classes else truth[:, 0])
        return made

    first = fit(split.train)
    undecided = first.undecided(dataset, split.valid)
    rule = goals.decide(goals.truth(dataset, task, split.valid), undecided, task, task.metric)
    last = dataclasses.replace(fit(np.concatenate([split.train, split.valid])), decision=rule)
    output = last.output(dataset, split.test)
    return Contestant("boosting", "shallow", output, (), goals.decided(rule, undecided)), last


def expected(folder: Path, name: str, budget: str) -> Iterator[Row]:
    """Finalists for each column that is shifted; one row for each side, metric and strength.

    Args:
        folder: of the data.
        name: of the set.
        budget: of a contest; "" for a fixed finalist in place of those of a contest.
    """
    from automl import goals, metrics
    from automl.flow.prepare import prepare
    from automl.predict.rows import read_rows
    from automl.predict.watching import reference_of, watch
    from automl.recipe import make

    read, target = SETS[name]
    frame = read(folder)
    frame = frame[frame[target].notna()].reset_index(drop=True)
    for column in SHIFTS[name]:
        own, new = shifted(frame, column)
        with tempfile.TemporaryDirectory() as place:
            started = time.monotonic()
            prepared = prepare(make(data=own, target=target))
            if budget:
                result = fitted(own, target, budget, f"{place}/run")
                assert np.array_equal(prepared.split.test, result.outcome.split.test)
                contestants, predictors = result.outcome.contestants, result.model.predictors
            else:
                contestant, predictor = boosted(prepared)
                contestants, predictors = (contestant,), {"shallow": predictor}
            seconds = round(time.monotonic() - started, 1)
            test = prepared.split.test
            truth = goals.truth(prepared.dataset, prepared.task, test)
            context = goals.scoring_context(prepared.dataset, prepared.task, prepared.split, test)
            datasets = {strength: read_rows(rows, prepared.task, on_odd="ignore") for strength, rows in new.items()}
            for metric in METRICS[goals.named(prepared.task).is_numeric]:
                task = dataclasses.replace(prepared.task, metric=metric)
                scores = {one.side: metrics.score(metric, truth, one.output, None, context) for one in contestants}
                reference = reference_of(prepared.dataset, task, prepared.split, contestants, scores)
                sides = [side for side in ("deep", "shallow") if side in predictors]
                for side, (strength, dataset) in itertools.product(sides, datasets.items()):
                    found = watch(dataset, task, predictors[side], side, reference)
                    yield {
                        "part": "expected", "set": name, "column": column, "metric": found.metric, "side": side,
                        "strength": strength, "real": found.score, "naive": found.contest_score,
                        **{
                            key: None if found.expected is None else getattr(found.expected, key)
                            for key in ("score", "low", "high")
                        },
                        "predictions_drifted": found.predictions_drifted,
                        "why_not": found.why_not, "seconds": seconds, "n_rows": found.n_rows,
                    }  # fmt: skip


# --------------------------------------------------------------------------- alarms


def planted(rows: pd.DataFrame, target: str, rng: np.random.Generator) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Kind, column and rows: each kind of drift in one column, drawn among those that can have it."""

    def one_of(names: Sequence[str]) -> str | None:
        return str(rng.choice(names)) if len(names) else None

    inputs = [name for name in rows.columns if name != target]
    numbers = [n for n in inputs if rows[n].dtype.kind in "iuf" and rows[n].nunique() > 10]
    levels = [n for n in inputs if rows[n].dtype.kind not in "iuf" and rows[n].nunique() <= 30]
    gaps = [n for n in inputs if 0.02 < rows[n].isna().mean() < 0.4]
    column = one_of(numbers)
    for size in (0.25, 0.5, 1.0):
        if column is not None:
            yield f"shift {size:g} sd", column, rows.assign(**{column: rows[column] + size * rows[column].std()})
    if (column := one_of(levels)) is not None:
        new = rows[column].where(rng.random(len(rows)) >= 0.2, "unheard of")
        yield "new level in 20 %", column, rows.assign(**{column: new})
    if (column := one_of([n for n in numbers if not rows[n].isna().any()])) is not None:
        yield "gaps in 10 %", column, rows.assign(**{column: rows[column].where(rng.random(len(rows)) >= 0.1)})
    if (column := one_of(gaps)) is not None:
        share = rows[column].isna().mean()
        more = rng.random(len(rows)) < share / (1 - share)
        yield "gaps doubled", column, rows.assign(**{column: rows[column].mask(more)})


def alarms(folder: Path, name: str, budget: str) -> Iterator[Row]:
    """False alarms on random rows, and what is found of planted drift; no model is fitted."""
    from automl.flow.prepare import prepare
    from automl.predict.rows import read_rows
    from automl.predict.watching import read_reference, reference_of
    from automl.predict.watching.drift import Drift, corrected, drift_of
    from automl.predict.watching.summaries import features_of
    from automl.recipe import make

    read, target = SETS[name]
    frame = read(folder)
    frame = frame[frame[target].notna()].reset_index(drop=True)
    for seed in range(N_REFERENCES):
        rng = np.random.default_rng(1 + seed)
        order = rng.permutation(len(frame))
        known = prepare(make(data=frame.iloc[order[:MOST_ROWS]], target=target))
        before = read_reference(reference_of(known.dataset, known.task, known.split, (), {})).columns

        def watched(rows: pd.DataFrame, known: Any = known, before: Any = before) -> tuple[Drift, ...]:
            new = read_rows(rows, known.task, on_odd="ignore")
            features = {one.name: one for one in features_of(new, known.task, np.arange(new.n_rows))}
            return corrected([drift_of(one, one.counted(features[one.name].values)) for one in before])

        rest = order[MOST_ROWS:]
        for n_rows in np.repeat((200, 1_000), N_DRAWS).tolist():
            rows = frame.iloc[rng.choice(rest, n_rows, replace=False)].reset_index(drop=True)
            states = [one.state for one in watched(rows)]
            yield {
                "part": "alarms", "set": name, "n_rows": n_rows, "kind": "none", "n_columns": len(states),
                "drifted": states.count("drifted"), "changed": sum(one != "same" for one in states),
            }  # fmt: skip
            for kind, column, moved in planted(rows, target, rng) if not seed else ():
                own = [one for one in watched(moved) if one.name == column or one.name.startswith(f"{column} (")]
                if own:
                    yield {
                        "part": "alarms", "set": name, "n_rows": n_rows, "kind": kind, "column": column,
                        "drifted": any(one.state == "drifted" for one in own),
                        "changed": any(one.state != "same" for one in own),
                    }  # fmt: skip


# --------------------------------------------------------------------------- tables


def deviations(rows: Sequence[Row]) -> str:
    """Mean deviations, coverage and width of intervals by goal and strength, and by set."""
    groups: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in rows:
        if row["score"] is None or row["real"] is None:
            continue
        goal = "numbers" if row["metric"] in ("r2", "rmse", "mae") else "classes"
        groups[goal, row["metric"], row["strength"]].append(row)
        groups[goal, f"{row['metric']}: {row['set']}", "all shifts"] += [row] if row["strength"] != "none" else []
        part = "sets tuned on" if row["set"] in TUNED_ON else "other sets"
        groups[goal, f"{row['metric']}, {part}", "none" if row["strength"] == "none" else "all shifts"].append(row)
    head = "| goal | metric | shift | n | naive off by | expected off by | interval holds | mean width |"
    lines = [head, "|---|---|---|---:|---:|---:|---:|---:|"]
    for (goal, metric, strength), own in sorted(groups.items()):
        if not own:
            continue
        scale = [abs(one["real"]) if metric.startswith(("rmse", "mae", "log_loss")) else 1.0 for one in own]

        def mean(of: Callable[[Row], float], own: list[Row] = own, scale: list[float] = scale) -> float:
            return statistics.mean(of(one) / size for one, size in zip(own, scale, strict=True))

        naive, told, width = (mean(of) for of in (
            lambda one: abs(one["naive"] - one["real"]), lambda one: abs(one["score"] - one["real"]),
            lambda one: one["high"] - one["low"],
        ))  # fmt: skip
        holds = sum(one["low"] <= one["real"] <= one["high"] for one in own)
        lines.append(
            f"| {goal} | {metric} | {strength} | {len(own)} | {naive:.4f} | {told:.4f} | {holds} of {len(own)} | "
            f"{width:.4f} |"
        )
    return "\n".join(lines)


def shares(rows: Sequence[Row]) -> str:
    """How often something drifted or changed, by kind of drift and number of rows."""
    lines = ["| planted | rows | n | drifted | changed at least |", "|---|---:|---:|---:|---:|"]
    for kind in dict.fromkeys(row["kind"] for row in rows):
        for n_rows in (200, 1_000):
            own = [row for row in rows if row["kind"] == kind and row["n_rows"] == n_rows]
            if own:
                shown = [statistics.mean(bool(one[key]) for one in own) for key in ("drifted", "changed")]
                lines.append(f"| {kind} | {n_rows:,} | {len(own)} | {shown[0]:.1%} | {shown[1]:.1%} |")
    lines.append(
        "\n| set | rows | draws of nothing | with a drifted column | changed at least |\n|---|---:|---:|---:|---:|"
    )
    for name, n_rows in itertools.product(dict.fromkeys(row["set"] for row in rows), (200, 1_000)):
        own = [row for row in rows if row["kind"] == "none" and row["n_rows"] == n_rows and row["set"] == name]
        drifted, changed = (statistics.mean(bool(one[key]) for one in own) for key in ("drifted", "changed"))
        lines.append(f"| {name} | {n_rows:,} | {len(own)} | {drifted:.1%} | {changed:.1%} |")
    for n_rows in (200, 1_000):
        own = [row for row in rows if row["kind"] == "none" and row["n_rows"] == n_rows]
        if own:
            drifted, changed = (
                sum(one[key] for one in own) / sum(one["n_columns"] for one in own) for key in ("drifted", "changed")
            )
            lines.append(f"{n_rows:,} random rows: {drifted:.2%} of columns drifted, {changed:.2%} changed or drifted")
    return "\n".join(lines)


def main() -> None:
    given = arguments()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    folder, only = Path(given.data), {name for name in given.only.split(",") if name}
    rows: list[Row] = []
    for part, names, make in (("expected", SHIFTS, expected), ("alarms", ALARM_SETS, alarms)):
        if part not in given.part.split(","):
            continue
        for name in names:
            if only and name not in only:
                continue
            started = time.monotonic()
            rows += make(folder, name, given.budget)
            print(f"{part} {name}: {time.monotonic() - started:.0f} s", flush=True)
            if given.out:
                Path(given.out).write_text(json.dumps(rows, indent=1), "utf-8")
    for part, tell in (("expected", deviations), ("alarms", shares)):
        own = [row for row in rows if row["part"] == part]
        if own:
            print(f"\n{part}\n{tell(own)}")


if __name__ == "__main__":
    main()
