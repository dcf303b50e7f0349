"""Other toolkits on series, each in a Python of its own: the same rows and origins, scored by our metrics.

A script is passed with -c to that Python, which needs the toolkit and nothing of ours. It gets one argument of JSON
(folder, season, goal, seconds, seed) and reads `folder/problem.npz`:

- forecasts (`statsforecast`): values (n_rows, n_targets), series (n_rows,) as codes, known (n_rows,) 1 for rows that
  are not test, windows (n_windows, horizon) of row numbers. A method is fitted once for each series and target, on the
  latest `MOST_ROWS` rows that are not test, and then applied to the rows before each window without another fit, as
  ours are.
- whole series (`aeon`): X (n, channels, length), y, T (n_test, channels, length).

It writes an array for each method to `folder/<method>.npy`, and its seconds to `folder/seconds.json`. A method that is
not ready when the time is over counts as failed; those that are ready are scored.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["PEERS", "compare"]

MOST_ROWS = 1_000
"""Of a series that a statistical model is fitted on: its search over orders takes minutes on longer seasonal ones."""
GRACE_SECONDS = 30

START = """
import json, os, sys, time
import numpy as np
o = json.loads(sys.argv[1])
p = dict(np.load(o["folder"] + "/problem.npz", allow_pickle=False))
seconds = {}
def run(name, make):
    begun = time.monotonic()
    try:
        found = make()
    except Exception as error:
        seconds[name] = f"{type(error).__name__}: {error}"[:300]
    else:
        seconds[name] = time.monotonic() - begun
        np.save(o["folder"] + "/" + name + ".npy", np.asarray(found))
    with open(o["folder"] + "/seconds.json", "w") as file:
        json.dump(seconds, file)
"""

STATSFORECAST = """
import warnings
warnings.simplefilter("ignore")
from statsforecast.models import AutoARIMA, AutoETS, AutoTheta, SeasonalNaive
values, series, known, windows = p["values"], p["series"], p["known"].astype(bool), p["windows"]
season, horizon, most = max(int(o["season"]), 1), windows.shape[1], int(o["most_rows"])
def forecasts(make, applied):
    found = np.full((len(windows), horizon, values.shape[1]), np.nan)
    for code in np.unique(series[windows[:, 0]]):
        rows = np.flatnonzero(series == code)
        own = np.flatnonzero(series[windows[:, 0]] == code)
        for target in range(values.shape[1]):
            y = values[rows, target]
            learnt = y[known[rows]][-most:]
            learnt = learnt[np.argmax(np.isfinite(learnt)):]
            model = make().fit(y=learnt)
            for window in own:
                past = values[rows[rows < windows[window, 0]], target][-max(most, len(learnt)):]
                found[window, :, target] = applied(model, past)
    return found
def forward(model, past):
    return model.forward(y=past, h=horizon)["mean"]
def again(model, past):
    return model.forecast(y=past, h=horizon)["mean"]
run("seasonal_naive", lambda: forecasts(lambda: SeasonalNaive(season), again))
run("auto_ets", lambda: forecasts(lambda: AutoETS(season_length=season), forward))
run("auto_theta", lambda: forecasts(lambda: AutoTheta(season_length=season), forward))
run("auto_arima", lambda: forecasts(lambda: AutoARIMA(season_length=season), forward))
"""

AEON = """
classified = o["goal"] != "regression"
if classified:
    from aeon.classification.convolution_based import MiniRocketClassifier as Mini, MultiRocketClassifier as Multi
else:
    from aeon.regression.convolution_based import MiniRocketRegressor as Mini, MultiRocketRegressor as Multi
X, y, T = p["X"].astype(float), p["y"], p["T"].astype(float)
def found(make):
    return lambda: make().fit(X, y).predict(T)
run("mini_rocket", found(lambda: Mini(random_state=o["seed"])))
run("multi_rocket", found(lambda: Multi(random_state=o["seed"])))
def inception():
    # Five networks of 1,500 epochs take hours on a processor: one network, as many epochs as the time left allows.
    if classified:
        from aeon.classification.deep_learning import IndividualInceptionClassifier as Network
    else:
        from aeon.regression.deep_learning import IndividualInceptionRegressor as Network
    import keras
    ends = time.monotonic() + o["seconds"]
    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if time.monotonic() > ends:
                self.model.stop_training = True
    return Network(n_epochs=1500, batch_size=16, callbacks=[Stop()], random_state=o["seed"]).fit(X, y).predict(T)
run("inception", inception)
"""

PEERS = {"statsforecast": (STATSFORECAST, "forecast"), "aeon": (AEON, "whole series")}


def compare(peer: str, python: str, options: dict[str, Any], metric: str, seconds: float, seed: int) -> dict[str, Any]:
    """One toolkit on one set.

    Args:
        peer: one of `PEERS`.
        python: path of its Python.
        options: arguments of `automl.fit` for the set, with its test rows.
        metric: name of our metric.
        seconds: bound on the training of networks; of all methods together ten times as long.
        seed: any integer.

    Returns:
        By method, its score on the test rows and its seconds, or why it failed; {} if the toolkit is not for the data.
    """
    from automl import goals, metrics
    from automl import recipe as recipes
    from automl.flow.prepare import prepare

    folder = Path(tempfile.mkdtemp())
    recipe = recipes.make(**options, metric=metric, seed=seed, quiet=True, out=str(folder / "run"), source="automl.fit")
    prepared = prepare(recipe)
    dataset, task, split = prepared.dataset, prepared.task, prepared.split
    script, wanted = PEERS[peer]
    if (wanted == "forecast") != (task.goal == "forecast") or task.modality != "sequence":
        return {}
    items = split.items("test")
    truth, context = goals.truth(dataset, task, items), goals.scoring_context(dataset, task, split, items)
    if wanted == "forecast":
        problem = _windows(dataset, items, split)
    else:
        fitted_on = np.concatenate([split.items("train"), split.items("valid")])
        inputs, labels = np.asarray(dataset.inputs, np.float32), goals.truth(dataset, task, fitted_on)
        problem = {"X": inputs[fitted_on], "y": np.asarray(labels).ravel(), "T": inputs[items]}
    np.savez(folder / "problem.npz", **problem)
    given = {"folder": str(folder), "season": task.season or 1, "goal": task.goal, "seconds": seconds, "seed": seed,
             "most_rows": MOST_ROWS}  # fmt: skip
    failure = _run(python, START + script, given, 10 * seconds + GRACE_SECONDS)
    path = folder / "seconds.json"
    found: dict[str, Any] = {}
    for method, took in (json.loads(path.read_text()) if path.exists() else {}).items():
        if isinstance(took, str):
            found[method] = {"failed": took}
            continue
        output = _output(np.load(folder / f"{method}.npy"), task, wanted)
        found[method] = {"score": float(metrics.score(metric, truth, output, None, context)), "seconds": took}
    return found if failure is None else {**found, "rest": {"failed": failure}}


def _windows(dataset: Any, windows: np.ndarray, split: Any) -> dict[str, np.ndarray]:
    """Values, series, rows that are not test, and test windows."""
    from automl.goals.shared.scoring import series_codes

    known = np.ones(dataset.n_rows, np.int8)
    known[split.test] = 0
    values = dataset.target.to_numpy(np.float64)
    return {"values": values, "series": series_codes(dataset), "known": known, "windows": windows}


def _output(found: np.ndarray, task: Any, wanted: str) -> Any:
    """Predictions in our form."""
    from automl.records import Output

    if wanted == "forecast":
        return Output("windows", {"values": found})
    if task.goal == "regression":
        return Output("values", {"values": found.reshape(len(found), -1)})
    labels = found.astype(np.int64)
    return Output("probabilities", {"probabilities": np.eye(len(task.classes))[labels], "labels": labels})


def _run(python: str, script: str, given: dict[str, Any], seconds: float) -> str | None:
    """Run a script; None, or why it did not end well."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL_ENV", "KERAS"))}
    begun = time.monotonic()
    try:
        done = subprocess.run(
            [python, "-c", script, json.dumps(given)], capture_output=True, text=True, check=False, env=clean,
            cwd=given["folder"], timeout=seconds,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"not done after {time.monotonic() - begun:.0f} s"
    return None if not done.returncode else done.stderr.strip()[-500:] or f"exit code {done.returncode}"


def pythons(given: list[str]) -> dict[str, str]:
    """Peer → path of its Python, from ``NAME=PATH``.

    Raises:
        SystemExit: a name is unknown or a path missing.
    """
    found = dict(text.partition("=")[::2] for text in given)
    for name, path in found.items():
        if name not in PEERS or not path:
            sys.exit(f"--peer-python takes NAME=PATH with one of {', '.join(PEERS)}, not {name!r}")
    return found
