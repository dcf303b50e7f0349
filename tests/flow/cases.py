"""Cases for end-to-end tests, on small data that scikit-learn or the package ships."""

from __future__ import annotations

import numpy as np
import pandas as pd


def multiclass():
    from sklearn.datasets import load_wine

    return {"data": load_wine(as_frame=True).frame, "target": "target"}


def regression_of_two():
    from sklearn.datasets import load_diabetes

    frame = load_diabetes(as_frame=True).frame
    frame["half"] = frame["target"] / 2 + np.random.default_rng(0).normal(size=len(frame))
    return {"data": frame, "target": ["target", "half"]}


def multilabel():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(400, 5)), columns=list("abcde"))
    for i, name in enumerate(("red", "green", "blue")):
        frame[name] = (frame.iloc[:, i] + 0.3 * rng.normal(size=400) > 0.4).astype(int)
    return {"data": frame, "target": ["red", "green", "blue"], "goal": "multilabel"}


def sequence_regression():
    rng = np.random.default_rng(0)
    speed = rng.uniform(1, 6, size=200)
    x = np.sin(speed[:, None] * np.linspace(0, 6, 60)) + 0.1 * rng.normal(size=(200, 60))
    return {"data": (x[:, None, :].astype("float32"), speed)}


def forecast_of_many():
    rng = np.random.default_rng(0)
    parts = []
    for name, level in (("north", 100.0), ("south", 5.0), ("east", 30.0)):
        t = np.arange(96)
        y = level * (1 + 0.3 * np.sin(2 * np.pi * t / 12) + 0.004 * t + 0.03 * rng.normal(size=96))
        months = pd.date_range("2015-01-01", periods=96, freq="MS")
        parts.append(pd.DataFrame({"shop": name, "month": months, "sales": y}))
    return {"data": pd.concat(parts, ignore_index=True), "target": "sales", "horizon": 6}


CASES = {
    "multiclass": multiclass,
    "regression_of_two": regression_of_two,
    "multilabel": multilabel,
    "sequence_regression": sequence_regression,
    "forecast_of_many": forecast_of_many,
}
RECIPES = {
    "binary": "tabular",
    "texts": "text",
    "images": "image",
    "sequences": "sequence",
    "forecast_of_one": "forecast",
}
