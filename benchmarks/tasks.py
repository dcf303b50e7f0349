"""Modality, goal and metric without hints: on real sets, on scikit-learn's own, and on traps.

    python benchmarks/tasks.py [--data DIR] [--only NAME]

Each case names its data and target and nothing else; right is what a person says who knows the data. Real sets are
those of DIR's ``catalog.json`` (an anomaly with a label is binary: nobody asked for the goal anomaly). Printed for each
case: what was said, how sure, and "?" where the user would be asked. A case that is wrong and not explained makes the
exit code 1. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parent.parent
SEQUENCES = {"time series", "multivariate time series", "panel time series", "time series (n,channels,length)"}
METRICS = {
    "binary": "roc_auc",
    "multiclass": "accuracy",
    "multilabel": "roc_auc",
    "regression": "r2",
    "forecast": "mase",
}


@dataclass(frozen=True)
class Case:
    """Data, target, and what a person says; `goal` "refused" where no contest is possible.

    `explained` says why another answer is stood by. `options` are no hints of the task: a test file, a time column.
    """

    name: str
    data: Any
    target: Any
    goal: str
    modality: str = "tabular"
    metric: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    explained: str = ""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=os.environ.get("AUTOML_DATA", str(ROOT.parent / "shared" / "data")))
    parser.add_argument("--only", default="")
    return parser.parse_args()


# --------------------------------------------------------------------------- real sets


def real(folder: Path) -> Iterator[Case]:
    """The sets of a catalog."""
    for entry in json.loads((folder / "catalog.json").read_text("utf-8")):
        spoken = str(entry["modality"])
        modality = "sequence" if spoken in SEQUENCES else spoken.split(" ")[0].split("+")[0]
        goal = "binary" if entry["task"] == "anomaly" else str(entry["task"])
        target = "y" if str(entry["file"]).endswith(".npz") else entry["target"]
        yield Case(str(entry["name"]), str(folder / str(entry["file"])), target, goal, modality, str(entry["metric"]))


def bundled() -> Iterator[Case]:
    """scikit-learn's own sets, as frames and as arrays."""
    from sklearn import datasets

    for name, goal in (("iris", "multiclass"), ("wine", "multiclass"), ("breast_cancer", "binary"),
                       ("diabetes", "regression"), ("digits", "multiclass")):  # fmt: skip
        made = getattr(datasets, f"load_{name}")(as_frame=True)
        yield Case(f"{name} (frame)", made.frame, "target", goal)
        yield Case(f"{name} (arrays)", (made.data.to_numpy(), made.target.to_numpy()), None, goal)
    digits = datasets.load_digits()
    yield Case("digits (images)", (digits.images, digits.target), None, "multiclass", "image")
    linnerud = datasets.load_linnerud(as_frame=True)
    names = list(linnerud.target.columns)
    yield Case("linnerud (three targets)", linnerud.frame, names, "regression")
    iris = datasets.load_iris(as_frame=True)
    words = iris.frame.assign(target=iris.target_names[iris.target])
    yield Case("iris (names of species)", words, "target", "multiclass")
    yield Case("iris (petal width)", iris.frame, "petal width (cm)", "regression")


# --------------------------------------------------------------------------- traps


def beside(target: dict[str, Any], seed: int = 0) -> pd.DataFrame:
    """Two plain columns beside a target."""
    drawn = np.random.default_rng(seed)
    n = len(next(iter(target.values())))
    return pd.DataFrame({"width_mm": drawn.normal(size=n), "shade": drawn.choice(["u", "v", "w"], n), **target})


def one(name: str, goal: str, column: str, values: Any, **more: Any) -> Case:
    """A case of one target."""
    return Case(name, beside({column: values}), column, goal, **more)


def numbers() -> Iterator[Case]:
    """Targets stored as numbers."""
    drawn = np.random.default_rng(1)
    n = 600
    yield one("ratings 1.0 to 5.0, whole steps", "multiclass", "rating", drawn.integers(1, 6, n).astype(float))
    yield one("ratings 1.0 to 5.0, half steps", "regression", "rating", drawn.integers(2, 11, n) / 2)
    yield one("mean ratings 1.00 to 5.00", "regression", "rating", np.round(drawn.uniform(1, 5, n), 2))
    yield one(
        "quality 3 to 9",
        "multiclass",
        "quality",
        drawn.choice([3, 4, 5, 6, 7, 8, 9], n, p=[0.02, 0.05, 0.3, 0.4, 0.15, 0.06, 0.02]),
    )
    yield one("years", "regression", "year", drawn.integers(1950, 2021, n))
    yield one("years, under another name", "regression", "y", drawn.integers(1999, 2012, n))
    yield one("postcodes of 40 places", "multiclass", "postcode", drawn.choice(drawn.integers(10_000, 99_999, 40), n))
    yield one(
        "zip codes as text, with zeros",
        "multiclass",
        "zip",
        [f"{v:05d}" for v in drawn.choice(range(100, 9000, 99), n)],
    )
    yield one("counts by name", "regression", "claims", drawn.poisson(0.6, n))
    yield one("counts without a telling name", "regression", "y", drawn.poisson(3, 3000))
    yield one("counts, many", "regression", "visits", drawn.poisson(60, n))
    yield one("number of children", "regression", "n_children", drawn.choice(6, n, p=[0.4, 0.25, 0.2, 0.1, 0.03, 0.02]))
    yield one("0/1 as whole numbers", "binary", "y", drawn.integers(0, 2, n))
    yield one("0/1 as floats", "binary", "y", drawn.integers(0, 2, n).astype(float))
    yield one("1/2", "binary", "outcome", drawn.integers(1, 3, n))
    yield one("-1/1", "binary", "y", drawn.choice([-1, 1], n))
    yield one("0/1 floats with gaps", "binary", "y", np.where(drawn.random(n) < 0.1, np.nan, drawn.integers(0, 2, n)))
    yield one("three classes in 30 rows", "multiclass", "y", np.repeat([0, 1, 2], 10))
    yield one("three classes in 12 rows", "multiclass", "y", np.repeat([0, 1, 2], 4))
    yield one("ten classes in 60 rows", "multiclass", "target", np.repeat(np.arange(10), 6))
    yield one("1,000 classes, coded", "multiclass", "class", np.tile(np.arange(1000), 12))
    yield one("1,000 classes, coded with gaps", "multiclass", "category_code", np.tile(np.arange(1000) * 7 + 100, 12))
    yield one("codes with gaps", "multiclass", "y", drawn.choice([1, 2, 3, 5, 6, 7], n))
    yield one("codes in tens", "multiclass", "cover_type", drawn.choice([10, 20, 30, 40, 90], n))
    yield one("deciles", "multiclass", "income_decile", drawn.integers(1, 11, n))
    yield one("ten quantile codes", "multiclass", "y", np.arange(n) % 10)
    yield one("age in whole years", "regression", "age", drawn.integers(18, 90, n))
    yield one("whole dollars", "regression", "price", drawn.integers(100, 500_000, n))
    yield one("whole numbers, few rows", "regression", "y", drawn.integers(25, 347, 442))
    yield one("percent 0 to 100", "regression", "score", drawn.integers(0, 101, 2000))
    yield one("temperature in whole degrees", "regression", "temperature", np.round(drawn.normal(12, 8, n)))
    yield one(
        "amounts with -999 for gaps",
        "regression",
        "height",
        np.where(drawn.random(n) < 0.05, -999, np.round(drawn.normal(170, 9, n), 1)),
    )
    yield one("constant number", "refused", "y", np.full(n, 3.5))
    yield one("row numbers as target", "refused", "customer_id", drawn.permutation(n) + 10_000)
    yield one(
        "seven classes, one with 90 %",
        "multiclass",
        "fault_class",
        drawn.choice(7, 6000, p=[0.9, 0.02, 0.02, 0.02, 0.02, 0.01, 0.01]),
        metric="balanced_accuracy",
    )
    yield one("three classes, one with 90 %, one rare", "multiclass", "fault_class", np.repeat([0, 1, 2], [900, 95, 5]))
    yield one("epoch seconds", "refused", "created_at", 1_600_000_000 + drawn.integers(0, 10**7, n))
    yield one("two other numbers", "binary", "dose", drawn.choice([0.5, 2.0], n))
    yield one("numbers of clusters", "multiclass", "cluster", drawn.integers(0, 8, n))
    yield one("digits 0 to 9", "multiclass", "digit", drawn.integers(0, 10, 2000))
    yield one("two classes, one with 97 %", "binary", "fraud", (drawn.random(2000) < 0.03).astype(int))


def texts() -> Iterator[Case]:
    """Targets stored as words."""
    drawn = np.random.default_rng(2)
    n = 600
    yield one("yes/no", "binary", "churn", drawn.choice(["yes", "no"], n))
    yield one("Yes/no/Y/N", "binary", "churn", drawn.choice(["Yes", "no", "Y", "N"], n))
    yield one("True/False", "binary", "y", drawn.choice([True, False], n))
    yield one("True/False as text with gaps", "binary", "y", drawn.choice(["True", "False", ""], n))
    yield one("ja/nein", "binary", "gekauft", drawn.choice(["ja", "nein"], n))
    yield one("money as text", "regression", "price", [f"${v:,.2f}" for v in drawn.uniform(1, 1e5, n)])
    yield one(
        "euros with decimal commas",
        "regression",
        "preis",
        [f"{v:.2f} €".replace(".", ",") for v in drawn.uniform(1, 999, n)],
    )
    yield one("percentages as text", "regression", "share", [f"{v:.1f} %" for v in drawn.uniform(0, 100, n)])
    yield one("numbers as text", "regression", "y", [f"{v:.3f}" for v in drawn.normal(size=n)])
    yield one(
        "kg and g in one column",
        "regression",
        "mass",
        [f"{v:.1f} kg" if v > 1 else f"{v * 1000:.0f} g" for v in drawn.uniform(0.1, 9, n)],
    )
    yield one(
        "stars as text", "multiclass", "stars", [f"{v} star{'s' if v > 1 else ''}" for v in drawn.integers(1, 6, n)]
    )
    yield one("grades A to F", "multiclass", "grade", drawn.choice(list("ABCDF"), n))
    yield one("low/medium/high", "multiclass", "risk", drawn.choice(["low", "medium", "high"], n))
    yield one("1st/2nd/3rd", "multiclass", "class", drawn.choice(["1st", "2nd", "3rd"], n))
    yield one("age bands", "multiclass", "age group", drawn.choice(["<18", "18-25", "26-35", "36-50", "51+"], n))
    yield one("education", "multiclass", "education", drawn.choice(["high school", "bachelor", "master", "phd"], n))
    yield one("1,000 classes as text", "multiclass", "y", [f"class {i % 1000}" for i in range(12_000)])
    yield one("sizes", "multiclass", "size", drawn.choice(["S", "M", "L", "XL"], n))
    yield one(
        "ordered categories",
        "multiclass",
        "y",
        pd.Series(pd.Categorical(drawn.choice(["b", "a", "c"], n), ["c", "a", "b"], ordered=True)),
    )
    yield one("0 and 1 as text", "binary", "y", drawn.choice(["0", "1"], n))
    yield one("years as text", "regression", "year", [str(v) for v in drawn.integers(1950, 2021, n)])
    yield one(
        "followers such as 1.2k",
        "regression",
        "followers",
        [f"{v / 1000:.1f}k" for v in drawn.integers(500, 90_000, n)],
    )
    yield one(
        "a few gaps spelled tbd",
        "regression",
        "cost",
        ["tbd" if i % 40 == 0 else f"{v:.2f}" for i, v in enumerate(drawn.uniform(1, 9, n))],
    )
    yield one(
        "names of places", "multiclass", "city", drawn.choice([f"town {chr(97 + i % 26)}{i}" for i in range(60)], 3000)
    )
    yield one("three words in 30 rows", "multiclass", "y", ["red", "green", "blue"] * 10)
    yield one("classes with a rare one", "multiclass", "y", ["a"] * 400 + ["b"] * 199 + ["c"])
    yield one(
        "words of which one has 85 %",
        "multiclass",
        "y",
        ["a"] * 850 + ["b"] * 90 + ["c"] * 60,
        metric="balanced_accuracy",
    )
    yield one("names of rows", "refused", "y", [f"C-{i:05d}" for i in range(n)])
    yield one("sentences", "refused", "y", [f"a whole sentence about thing {i} and others" for i in range(n)])
    yield one("dates", "refused", "y", pd.date_range("2020-01-01", periods=n).strftime("%d/%m/%Y"))
    yield one("timestamps", "refused", "y", pd.date_range("2020-01-01", periods=n))
    yield one("constant word", "refused", "y", ["same"] * n)
    yield one("nothing but gaps", "refused", "y", ["n/a"] * n)


def several() -> Iterator[Case]:
    """Lists, and several targets."""
    drawn = np.random.default_rng(3)
    n = 400
    yield one("lists by commas", "multilabel", "genre", drawn.choice(["a, b", "b", "b, c", "a, c, d"], n))
    yield one("lists by bars", "multilabel", "tags", drawn.choice(["red|blue", "blue", "green|red"], n))
    yield one("lists by slashes", "multilabel", "genre", drawn.choice(["Drama/Crime", "Crime", "Drama/Comedy"], n))
    yield one("Python lists", "multilabel", "tags", [[["x", "y"], ["y"], ["x", "z"]][i % 3] for i in range(n)])
    labels = {name: drawn.integers(0, 2, n) for name in ("p", "q", "r")}
    yield Case("0/1 columns", beside(labels), ["p", "q", "r"], "multilabel")
    flags = {name: drawn.choice(["yes", "no"], n) for name in ("p", "q")}
    yield Case("yes/no columns", beside(flags), ["p", "q"], "multilabel")
    which = drawn.integers(0, 3, n)
    hot = {name: (which == i).astype(int) for i, name in enumerate(("p", "q", "r"))}
    yield Case("classes as 0/1 columns", beside(hot), ["p", "q", "r"], "multilabel")
    values = {name: drawn.normal(size=n) for name in ("p", "q")}
    yield Case("several numbers", beside(values), ["p", "q"], "regression")
    mixed = {"p": drawn.normal(size=n), "q": drawn.choice(["s", "t", "u"], n)}
    yield Case("numbers and words", beside(mixed), ["p", "q"], "refused")


def dated() -> Iterator[Case]:
    """Tables with times."""
    drawn = np.random.default_rng(4)
    months = pd.date_range("2005-01-01", periods=144, freq="MS")
    season = 10 + np.sin(np.arange(144) * np.pi / 6) + np.arange(144) / 50
    single = pd.DataFrame({"month": months.strftime("%Y-%m"), "sales": season})
    yield Case("one series, by month", single, "sales", "forecast", "sequence")
    yield Case("one series, no target named", single, None, "forecast", "sequence")
    panel = pd.concat([single.assign(shop=f"s{i}") for i in range(5)], ignore_index=True)
    yield Case("panel of five series", panel, "sales", "forecast", "sequence")
    weeks = pd.DataFrame({"week": [f"2021-W{w:02d}" for w in range(1, 53)], "cases": drawn.poisson(80, 52)})
    yield Case("series by ISO week", weeks, "cases", "forecast", "sequence")
    quarters = pd.DataFrame(
        {
            "quarter": [f"Q{q} {y}" for y in range(2000, 2020) for q in (1, 2, 3, 4)],
            "gdp": drawn.normal(1, 0.1, 80).cumsum(),
        }
    )
    yield Case("series by quarter", quarters, "gdp", "forecast", "sequence")
    named = single.assign(month=[f"{d:%b} {d.year}" for d in months])
    yield Case("series by named month", named, "sales", "forecast", "sequence")
    weather = panel.assign(weather=drawn.normal(size=len(panel)), promo=drawn.choice(["a", "b"], len(panel)))
    yield Case("dated table with other columns", weather, "sales", "regression")
    yield Case("the same, split in time", weather, "sales", "regression", options={"time_column": "month"})
    stores = panel.assign(promo=drawn.choice(["a", "b"], len(panel)))
    yield Case("the same, a forecast asked for", stores, "sales", "forecast", "sequence", options={"goal": "forecast"})
    event = pd.DataFrame(
        {
            "when": pd.Timestamp("2020") + pd.to_timedelta(drawn.integers(1, 10**6, 300).cumsum(), "s"),
            "amount": drawn.normal(size=300),
        }
    )
    yield Case("irregular events", event, "amount", "regression")
    clock = pd.DataFrame(
        {"opens": [f"{h:02d}:30" for h in drawn.integers(6, 22, 300)], "amount": drawn.normal(size=300)}
    )
    yield Case("times of day are no time axis", clock, "amount", "regression")
    falls = pd.DataFrame({"date": months, "rain": drawn.choice(["yes", "no"], 144)})
    yield Case("dated yes/no", falls, "rain", "binary")
    notes = pd.DataFrame(
        {
            "note": [f"the {i} dog ran over hill {i * 7} and came back home" for i in range(200)],
            "stars": drawn.integers(1, 6, 200).astype(float),
        }
    )
    yield Case("texts with whole stars", notes, "stars", "multiclass", "text")


# --------------------------------------------------------------------------- judging


def said(case: Case) -> tuple[tuple[str, str, str], float, bool, str]:
    """(modality, goal, metric), confidence, whether the user is asked, and a refusal in words."""
    import automl
    from automl.errors import InputError

    try:
        seen = automl.inspect(case.data, target=case.target, **case.options)
    except InputError as error:
        return ("", "refused", ""), 1.0, False, str(error)
    task = seen.task
    asked = any(f.check == "unsure_goal" for f in seen.findings)
    return (task.modality, task.goal, task.metric), task.confidence, asked, ""


def wanted(case: Case) -> tuple[str, str, str]:
    """What a person says: modality, goal and metric."""
    if case.goal == "refused":
        return "", "refused", ""
    return case.modality, case.goal, case.metric or METRICS[case.goal]


def answered(case: Case) -> tuple[str, str, str]:
    """What the detector says."""
    return said(case)[0]


def main() -> int:
    args = arguments()
    cases = [*real(Path(args.data)), *bundled(), *numbers(), *texts(), *several(), *dated()]
    right, unexplained, asked_wrong, asked_all = 0, 0, 0, 0
    cases = [case for case in cases if args.only in case.name]
    for case in cases:
        found, sure, asked, why = said(case)
        good = found == wanted(case)
        right, asked_all = right + good, asked_all + asked
        unexplained += not good and not case.explained
        asked_wrong += asked and not good
        mark = "right" if good else "WRONG"
        print(f"{mark} {'?' if asked else ' '} {case.name:<42} {' '.join(found).strip():<34} {sure:4.0%}", flush=True)
        if not good:
            why = "; ".join(part for part in (case.explained, why) if part)
            print(f"        a person says {' '.join(wanted(case)).strip()}. {why}")
    print(f"asked for a hint in {asked_all} of {len(cases)}, of which {asked_wrong} would have been wrong")
    print(json.dumps({"right": right, "of": len(cases), "share": round(right / max(len(cases), 1), 4)}))
    return 1 if unexplained else 0


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.exit(main())
