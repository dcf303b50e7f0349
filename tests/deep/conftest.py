"""A small task with an encoder that needs no fitting."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pytest

from automl.records import Dataset, Facts, Head, InputSpec, Output, Split, Task


@dataclass
class PlainEncoder:
    specs: tuple[InputSpec, ...] = (
        InputSpec("numbers", "numbers", (3,), "float32", 0, {"median": [0.0] * 3, "scale": [1.0] * 3}),
    )

    def transform(self, dataset, rows):
        return {"numbers": dataset.inputs.to_numpy("float32")[rows]}

    def state(self):
        return {}


@dataclass
class PlainCodec:
    head: Head = field(default_factory=lambda: Head("binary", (1,), "sigmoid", "binary_crossentropy", (), (0.5, 0.5)))

    def truth(self, dataset, rows):
        return (dataset.target["y"].to_numpy()[rows] == "yes").astype(np.int64)

    def encode(self, dataset, rows):
        return self.truth(dataset, rows).astype("float32")[:, None]

    def decode(self, raw):
        p = 1 / (1 + np.exp(-raw[:, 0].astype("float64")))
        return Output(
            "probabilities", {"probabilities": np.stack([1 - p, p], 1), "labels": (p >= 0.5).astype(np.int64)}
        )

    def state(self):
        return {}


@pytest.fixture
def task_parts():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(400, 3)), columns=["a", "b", "c"])
    y = np.where(frame["a"] + 0.5 * frame["b"] ** 2 + 0.1 * rng.normal(size=400) > 0.3, "yes", "no")
    dataset = Dataset("toy", frame, pd.DataFrame({"y": y}))
    rows = np.arange(400)
    split = Split(rows[:240], rows[240:320], rows[320:], "row", rows[320:], "in order", 0)
    task = Task("tabular", "binary", ("y",), "roc_auc", classes=("no", "yes"), positive="yes")
    return dataset, task, split, PlainEncoder(), PlainCodec(), Facts(240, 2, (0.5, 0.5))
