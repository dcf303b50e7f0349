"""Makes outcomes of finished runs from random numbers, one for each goal and for the odd endings."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd

from automl import goals, metrics
from automl.goals.shared.samples import samples_of
from automl.records import (
    Column,
    Comparison,
    Contestant,
    Cost,
    Coverage,
    Finding,
    Outcome,
    Output,
    Recipe,
    Repeats,
    Run,
    Split,
    Task,
)
from automl.testing.outcomes import example_outcome

NASTY = "<script>alert(1)</script>|`*x*`$a_b$\n# faked\n| a |\x1b]0;t\x07\x9b\u202e"
EVIDENCE = ("Columns beside the target hold numbers and categories, so this is a table.", "The target has few values.")


def probabilities(rng: np.random.Generator, truth: np.ndarray, n_classes: int, skill: float) -> Output:
    logits = rng.normal(size=(len(truth), n_classes))
    logits[np.arange(len(truth)), truth] += skill
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return Output("probabilities", {"probabilities": p, "labels": p.argmax(axis=1)})


def curve(rng: np.random.Generator, n: int, top: float, higher: bool) -> tuple[dict[str, float], ...]:
    sign = 1 if higher else -1
    return tuple(
        {
            "epoch": float(i + 1),
            "seconds": 0.7 * (i + 1),
            "loss": float(0.3 + np.exp(-i / 6) + 0.01 * rng.normal()),
            "valid_score": float(top - sign * 0.25 * abs(top) * np.exp(-i / 5) + 0.003 * rng.normal()),
        }
        for i in range(n)
    )


def runs_of(
    rng: np.random.Generator, metric: str, deep: float | None, shallow: float, floor: float, n: int = 9
) -> tuple[Run, ...]:
    """A leaderboard: `n` deep runs (one failed), five shallow ones, the floor; the finalists carry test scores."""
    higher = metrics.named(metric).higher_is_better
    worse = -1 if higher else 1
    made = []
    for i in range(n if deep is not None else 0):
        score = deep + worse * abs(deep) * 0.02 * abs(n // 2 - i) * rng.uniform(0.5, 1.5)
        last = i == n // 2
        made.append(
            Run(
                f"mlp-{i + 1}", "deep", "failed" if i == 1 else "done", "mlp",
                finalist=last, valid_score=None if i == 1 else score, test_score=deep if last else None,
                cost=Cost(4.2 + i, 30.0, 1.84, 21_000.0, 612.0, 1.9, 141_313), n_seeds=3 if last else 1,
                choices={"learning_rate": 0.00231, "layers": 3, "width": 256, "dropout": 0.12, "batch_size": 128,
                         "embedding": "piecewise", "schedule": {"name": "cosine", "warmup": 0.05}, "bad": float("nan")},
                curve=() if i == 1 else curve(rng, 24 - i, score, higher), at_seconds=9.0 + 4.9 * i,
                failure="loss became NaN at epoch 3" if i == 1 else None,
            )
        )  # fmt: skip
    for i in range(5):
        score = shallow + worse * abs(shallow) * 0.015 * (4 - i)
        made.append(
            Run(
                f"boosting-{i + 1}", "shallow", "cut" if i == 2 else "done", "boosting",
                finalist=i == 4, valid_score=score, test_score=shallow if i == 4 else None,
                cost=Cost(2.1 + i, 30.0, 0.42, 88_000.0, 240.0, 0.7, None), n_seeds=3 if i == 4 else 1,
                choices={"learning_rate": 0.1, "max_leaf_nodes": 31, "l2_regularization": 0.0},
                at_seconds=6.0 + 6.1 * i,
            )
        )  # fmt: skip
    made.append(
        Run("prior", "floor", "done", "prior", valid_score=floor, test_score=floor, cost=Cost(0.01, 30.0, 0.02))
    )
    return tuple(made)


def assemble(
    goal: str, task: Task, truth: np.ndarray, deep: Output | None, shallow: Output, floor: Output, **more: Any
) -> Outcome:
    """The outcome around three predictions: scores, gain, interval, split, clock."""
    rng = np.random.default_rng(5)
    context = more.pop("context", {"classes": len(task.classes)})
    name, higher = task.metric, metrics.named(task.metric).higher_is_better
    value = {k: metrics.score(name, truth, o, None, context) if o else None
             for k, o in (("deep", deep), ("shallow", shallow), ("floor", floor))}  # fmt: skip
    runs = more.pop("runs", None) or runs_of(rng, name, value["deep"], value["shallow"], value["floor"])
    gain = None if value["deep"] is None else (1 if higher else -1) * (value["deep"] - value["shallow"])
    least = 0.005 * abs(1.0 - value["floor"])
    width = 0.4 * abs(gain) if gain is not None else 0.0
    verdict = "tie" if gain is None else "deep" if gain > 0 else "shallow"
    chosen = {"deep": "mlp-5", "shallow": "boosting-5", "tie": "boosting-5"}[verdict]
    comparison = Comparison(
        verdict, "undecided" if verdict == "tie" else "better", chosen, gain,
        None if gain is None else (gain - width, gain + width), 0.95, least, len(truth), 3,
        sentences=(
            f"The {verdict} model is better on rows that neither had seen.",
            "The difference is larger than chance would explain, and large enough to count.",
        ) if verdict != "tie" else ("There is no deep finalist to compare with.", "The shallow model stands alone."),
        notes=("The interval covers test rows and seeds, not the search.",),
    )  # fmt: skip
    n = len(truth)
    contestants = [Contestant("boosting-5", "shallow", shallow), Contestant("prior", "floor", floor)]
    if deep is not None:
        contestants.insert(0, Contestant("mlp-5", "deep", deep))
    fields: dict[str, Any] = {
        "recipe": Recipe("data.csv", task.target, budget_seconds=60.0),
        "name": "made-up",
        "task": task,
        "split": Split(
            np.arange(3 * n), np.arange(3 * n, 4 * n), np.arange(4 * n, 5 * n), "row", np.arange(n),
            "Stratified by class: 60 % train, 20 % validation, 20 % test.", 0,
        ),
        "runs": runs,
        "comparison": comparison,
        "findings": (
            Finding("missing_target", "medium", "12 rows have no target and were left out.", "Fill them in.",
                    rows=(4, 8, 15), count=12),
            Finding("leak", "high", f"Column {NASTY} gives the target away.", "Leave it out if it is not known."),
            Finding("constant", "low", "Column 'k' never changes.", columns=("k",)),
        ),
        "truth": truth,
        "contestants": tuple(contestants),
        "higher_is_better": higher,
        "context": context,
        "test_rows": np.arange(4 * n, 5 * n),
        "coverage": covered(task, contestants, n),
        "clock": {"budget_seconds": 60.0, "wall_seconds": 58.3, "started": "2026-01-02T03:04:05+0000",
                  "phases": {"load": 0.8, "search": 44.0, "refits": 8.1}, "spent": {"deep": 26.0, "shallow": 24.1}},
        "reproduce": {
            "command": "automl fit data.csv --target y --budget 60s", "python": "automl.fit('data.csv', target='y')",
            "recipe": "data: data.csv\ntarget: y\nbudget: 60s\n", "versions": {"keras": "3.15.1", "numpy": "2.4.6"},
            "machine": {"python": "3.11", "cores": 2},
        },
        "automl_version": "0.1.0",
    }  # fmt: skip
    return Outcome(**(fields | more))


def covered(task: Task, contestants: list[Contestant], n: int) -> tuple[Coverage, ...]:
    """Three levels of each finalist; the highest needs more held-out rows than there are."""
    regions = goals.named(task).regions
    return tuple(
        Coverage(one.run, one.side, answer, level, None if level > 0.94 else level + 0.01,
                 None if level > 0.94 else level - 0.05, None if level > 0.94 else 1.7, n, 12, needed, "row")
        for one in contestants if one.side != "floor" and regions is not None
        for answer in regions.answers(task)
        for level, needed in ((0.8, 4), (0.9, 9), (0.95, 19))
    )  # fmt: skip


def columns(frame: pd.DataFrame) -> tuple[Column, ...]:
    kinds = {"float64": "numeric", "int64": "numeric"}
    return tuple(
        Column(str(c), kinds.get(str(frame[c].dtype), "categorical"), 0.93, f"{frame[c].nunique()} different values")
        for c in frame
    )


def table(rng: np.random.Generator, n: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "age": rng.integers(17, 90, n).astype(float),
            "income per year": rng.normal(40_000, 9_000, n).round(2),
            NASTY: rng.choice(["a", "b | c", "<b>bold</b>", "`d`"], n),
            "city": rng.choice(["Zürich", "São Paulo", "東京", None], n),
            "remark": rng.choice(["fine", "<img src=x onerror=alert(1)>", "a long remark that goes on and on " * 5], n),
        }
    )


def classes(goal: str, n_classes: int, n: int = 600, **more: Any) -> Outcome:
    rng = np.random.default_rng(n_classes)
    names = ("no", "yes") if goal == "binary" else tuple(
        [NASTY, "naïve & co", *(f"class {i}" for i in range(n_classes))][:n_classes]
    )  # fmt: skip
    truth = rng.integers(0, n_classes, n)
    frame = table(rng, n)
    task = Task("tabular", goal, ("income",), "roc_auc" if goal == "binary" else "accuracy", names,
                names[1] if goal == "binary" else None, columns=columns(frame), evidence=EVIDENCE)  # fmt: skip
    flat = np.full((n, n_classes), 1 / n_classes)
    floor = Output("probabilities", {"probabilities": flat, "labels": np.zeros(n, dtype=int)})
    return assemble(
        goal, dataclasses.replace(task, **more.pop("task", {})), truth, probabilities(rng, truth, n_classes, 2.6),
        probabilities(rng, truth, n_classes, 2.2), floor, **({"examples": frame} | more),
    )  # fmt: skip


def binary() -> Outcome:
    return classes("binary", 2)


def multiclass() -> Outcome:
    return classes("multiclass", 7)


def many_classes() -> Outcome:
    return classes("multiclass", 26, n=1200)


def text() -> Outcome:
    rng = np.random.default_rng(8)
    words = [
        "the",
        "film",
        "was",
        "rather",
        "good",
        "<script>alert(1)</script>|`*x*`$a_b$",
        "&",
        "😀",
        "`tick`",
        "|",
        "so",
    ]
    frame = pd.DataFrame({"review": [" ".join(rng.choice(words, rng.integers(5, 150))) for _ in range(600)]})
    kinds = (Column("review", "text", 0.99, "long texts of many words"),)
    return classes("multiclass", 4, examples=frame, task={"modality": "text", "columns": kinds})


def image() -> Outcome:
    images = np.random.default_rng(3).integers(0, 255, (600, 28, 28, 1)).astype(np.uint8)
    return classes("multiclass", 10, examples=images, task={"modality": "image", "columns": ()})


def sequence() -> Outcome:
    series = np.random.default_rng(3).normal(size=(600, 3, 200)).cumsum(axis=2).astype(np.float32)
    series[0, 0, :5] = np.nan
    return classes("multiclass", 5, examples=series, task={"modality": "sequence", "columns": ()})


def tiny() -> Outcome:
    repeats = Repeats(5, (0.1, -0.2, 0.05), -0.0167, (-0.4, 0.37), 0.95, ("no memory",), "3 of 5 repeats were made.")
    return classes("multiclass", 4, n=20, repeats=repeats)


def multilabel() -> Outcome:
    rng = np.random.default_rng(4)
    truth = (rng.random((500, 6)) < 0.3).astype(np.int8)
    frame = table(rng, 500)

    def guess(skill: float) -> Output:
        p = 1 / (1 + np.exp(-(rng.normal(size=truth.shape) + skill * (truth - 0.5))))
        return Output("probabilities", {"probabilities": p, "labels": (p > 0.5).astype(np.int64)})

    names = ("drama", NASTY, "comedy", "thriller", "noir", "war")
    task = Task("tabular", "multilabel", names, "f1", names, columns=columns(frame), evidence=EVIDENCE)
    zeros = np.zeros_like(truth, dtype=np.int64)
    floor = Output("probabilities", {"probabilities": zeros.astype(float), "labels": zeros})
    return assemble("multilabel", task, truth, guess(3.0), guess(3.4), floor, examples=frame)


def regression() -> Outcome:
    rng = np.random.default_rng(6)
    truth = np.column_stack([rng.gamma(3, 60_000, 800), rng.normal(0, 1, 800)])
    frame = table(rng, 800)

    def guess(noise: float) -> Output:
        return Output("values", {"values": truth + rng.normal(size=truth.shape) * truth.std(axis=0) * noise})

    task = Task("tabular", "regression", (f"price {NASTY}", "warmth"), "r2", columns=columns(frame), evidence=EVIDENCE)
    floor = Output("values", {"values": np.repeat(truth.mean(axis=0)[None], 800, axis=0)})
    return assemble("regression", task, truth, guess(0.42), guess(0.33), floor, examples=frame, context={})


def forecast() -> Outcome:
    rng = np.random.default_rng(7)
    n, horizon, before, levels = 24, 12, 48, (0.1, 0.25, 0.5, 0.75, 0.9)
    steps = np.arange(before + horizon)
    whole = (
        100
        + 20 * np.sin(steps / 12 * 2 * np.pi)[None]
        + rng.normal(0, 3, (n, before + horizon))
        + np.arange(n)[:, None]
    )
    truth = whole[:, before:, None]
    spread = np.linspace(2, 5, horizon)[None, :, None]

    def guess(noise: float) -> Output:
        values = truth + rng.normal(0, noise, truth.shape)
        quantiles = values[..., None] + spread[..., None] * np.array([-1.28, -0.67, 0, 0.67, 1.28])
        return Output("windows", {"values": values, "quantiles": quantiles})

    task = Task("sequence", "forecast", ("passengers",), "mase", horizon=horizon, season=12, frequency="MS",
                quantiles=levels, evidence=EVIDENCE, time_column="month", series_column="line")  # fmt: skip
    start = np.arange("2019-01", "2021-01", dtype="datetime64[M]").astype("datetime64[ns]")[:n]
    times = start[:, None] + np.arange(horizon)[None] * np.timedelta64(30, "D")
    floor = Output("windows", {"values": np.repeat(whole[:, before - 1 : before, None], horizon, axis=1)})
    history = {
        "values": whole[:, :before, None],
        "times": times,
        "series": np.array([f"line {i % 3}" for i in range(n)]),
    }
    context = {"scale": np.full((n, 1), 4.0), "series": np.arange(n) % 3, "quantiles": levels}
    rows = np.arange(n * horizon).reshape(n, horizon)
    split = Split(np.arange(600), np.arange(600, 900), np.arange(900, 1188), "window", np.arange(n),
                  "In time: the last windows of each series test.", 0, rows, rows[:12], rows)  # fmt: skip
    return assemble(
        "forecast", task, truth, guess(3.0), guess(4.0), floor, history=history, context=context, split=split
    )


def no_deep() -> Outcome:
    whole = binary()
    failed = Run("mlp-1", "deep", "failed", "mlp", failure="the budget ended before the first epoch")
    runs = (*(run for run in whole.runs if run.side != "deep"), failed)
    comparison = dataclasses.replace(
        whole.comparison, verdict="tie", reason="undecided", gain=None, interval=None, least_gain=None,
        recommended="boosting-5", sentences=("No deep model finished in time.", "A longer budget would tell."),
    )  # fmt: skip
    left = tuple(c for c in whole.contestants if c.side != "deep")
    return dataclasses.replace(whole, runs=runs, comparison=comparison, contestants=left)


def floor_only() -> Outcome:
    whole = no_deep()
    runs = tuple(
        dataclasses.replace(run, status="failed", finalist=False, valid_score=None, test_score=None, failure="late")
        if run.side != "floor" else run
        for run in whole.runs
    )  # fmt: skip
    comparison = dataclasses.replace(whole.comparison, recommended="prior", n_units=0, seeds=0)
    left = tuple(c for c in whole.contestants if c.side == "floor")
    return dataclasses.replace(whole, runs=runs, comparison=comparison, contestants=left, examples=None)


def interrupted() -> Outcome:
    whole = classes("binary", 2, examples=None)
    gain = 0.0004
    comparison = dataclasses.replace(
        whole.comparison, verdict="tie", reason="equivalent", gain=gain, interval=(gain - 0.001, gain + 0.001),
        recommended="boosting-5", seeds=1, p_value=0.41,
        sentences=("Both are equally good.", "The difference is too small to count, so the cheaper is recommended."),
    )  # fmt: skip
    return dataclasses.replace(
        whole, comparison=comparison, stopped="interrupt", test_rows=None,
        weight=np.ones(600), clock={"budget_seconds": 300.0, "wall_seconds": 31.0},
    )  # fmt: skip


def analysed():
    """A contest whose analyses are the examples that these show of themselves."""
    left_out = {"data_need": "the budget left no time for them"}
    return dataclasses.replace(example_outcome("binary"), analyses_left_out=left_out)


def generated() -> Outcome:
    """A contest of generators, whose columns have the names that make trouble, with dates, gaps and whole numbers."""
    rng = np.random.default_rng(9)
    n = 200
    frame = table(rng, n).drop(columns="remark")
    frame["when"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 300, n), unit="D")
    frame.loc[::7, "when"] = None
    frame["age"] = frame["age"].where(frame.index % 9 > 0)
    kinds = tuple(
        dataclasses.replace(column, kind="datetime") if column.name == "when" else
        dataclasses.replace(column, reading={"whole": True, "gaps": True}) if column.name == "age" else column
        for column in columns(frame)
    )  # fmt: skip
    task = Task("tabular", "generate", (), "indistinct", columns=kinds, evidence=EVIDENCE, label="city")
    truth, example = samples_of(frame, kinds), goals.named("generate").example
    deep, shallow, floor = (example.output(truth, rng, noise) for noise in (0.4, 0.1, 3.0))
    draws = {"deep": deep, "shallow": shallow}
    whole = assemble("generate", task, truth, deep, shallow, floor, examples=frame, context={})
    analyses = {name: one for name, one in example_outcome("binary").analyses.items()
                if name in ("fidelity", "utility", "memorisation", "compute")}  # fmt: skip
    contestants = tuple(
        dataclasses.replace(one, per_seed=(draws[one.side],) * 3) if one.side in draws else one
        for one in whole.contestants
    )
    return dataclasses.replace(whole, analyses=analyses, contestants=contestants)


def segmented() -> Outcome:
    """A contest of masks, some of whose pixels have no class."""
    rng = np.random.default_rng(11)
    example = goals.named("segment").example
    truth = example.truth(rng.normal(size=60))
    pictures = np.clip(60 * truth[..., None] + rng.normal(90, 20, (*truth.shape, 1)), 0, 255).astype("uint8")
    task = Task("image", "segment", ("mask",), "dice", example.classes, evidence=EVIDENCE)
    deep, shallow, floor = (example.output(truth, rng, noise) for noise in (1.2, 1.6, 4.0))
    whole = assemble("segment", task, truth, deep, shallow, floor, examples=pictures, context=example.context(60))
    analyses = {name: one for name, one in example_outcome("segment").analyses.items() if name in ("masks", "compute")}
    return dataclasses.replace(whole, analyses=analyses)


MAKERS = {
    maker.__name__: maker
    for maker in (binary, multiclass, many_classes, text, image, sequence, tiny, multilabel, regression, forecast,
                  generated, segmented, no_deep, floor_only, interrupted, analysed)
}  # fmt: skip
