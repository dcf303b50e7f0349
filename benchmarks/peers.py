"""Other toolkits on the same rows, each in a Python of its own: the scripts they run, and how one is started.

A script is passed with -c to that Python, which needs the toolkit and pandas and nothing of ours. It gets one argument
of JSON (train, test: CSV files; target, goal, metric, seconds, seed, folder: to write in) and writes the test rows'
predictions to `folder/predictions.csv`: column "p" holds the second class's probability (classes in sorted order),
column "y" labels or values.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np

START = """
import json, sys
import numpy as np, pandas as pd
o = json.loads(sys.argv[1])
train, test = pd.read_csv(o["train"]), pd.read_csv(o["test"])
for frame in (train, test):
    for name in o["dates"]:
        frame[name] = pd.to_datetime(frame[name], errors="coerce")
y = train[o["target"]]
labelled = o["goal"] != "regression"
if labelled:
    y = y.astype(str)
X, T = train.drop(columns=[o["target"]]), test.drop(columns=[o["target"]])
def answer(labels, probability=None):
    frame = pd.DataFrame({"y": np.asarray(labels).ravel()})
    if probability is not None:
        frame["p"] = np.asarray(probability, dtype=float).ravel()
    frame.to_csv(o["folder"] + "/predictions.csv", index=False)
"""

AUTOGLUON = """
from autogluon.tabular import TabularPredictor
predictor = TabularPredictor(
    o["target"], problem_type=o["goal"], eval_metric=o["metric"], path=o["folder"] + "/models", verbosity=0
)
predictor.fit(X.assign(**{o["target"]: y}), time_limit=o["seconds"])
if o["goal"] == "binary":
    answer(predictor.predict(T), predictor.predict_proba(T)[sorted(y.unique())[1]])
else:
    answer(predictor.predict(T))
"""

FLAML = """
from flaml import AutoML
model = AutoML()
task = "classification" if labelled else "regression"
model.fit(X_train=X, y_train=y, task=task, metric=o["metric"], time_budget=o["seconds"], seed=o["seed"], verbose=0)
answer(model.predict(T), model.predict_proba(T)[:, 1] if o["goal"] == "binary" else None)
"""

# AutoKeras has no bound on time: the search is broken off when the time is over, and the best network of the trials
# that had ended predicts (no final fit, as AutoKeras does itself where validation rows are given). Its tables (gone in
# 2.0, back in 3.0) are arrays, with categories as one number each: columns are encoded here, each level in a column of
# its own. AutoKeras 3.0.0 runs with Keras 3.12; Keras 3.15 refuses the NumPy integers that it passes as units.
AUTOKERAS = """
import time
begun = time.time()
import autokeras as ak, keras
from keras_tuner.errors import FatalError
def encoded(frame):
    parts = []
    for name in X:
        known, column = X[name], frame[name]
        if known.dtype.kind in "Mifb":
            known, column = ((c.astype("int64") if c.dtype.kind == "M" else c).astype(float) for c in (known, column))
            parts.append(((column - known.mean()) / (known.std() or 1.0)).fillna(0.0).to_numpy()[:, None])
        else:
            levels = known.astype(str).value_counts().index[:50].to_numpy()
            parts.append(column.astype(str).to_numpy()[:, None] == levels)
    return np.concatenate(parts, axis=1).astype("float32")
class Stop(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        if time.time() > begun + 0.95 * o["seconds"]:
            raise FatalError("the time is over")
names, codes = np.unique(y, return_inverse=True)
goals = codes if labelled else (y.to_numpy(dtype=float) - y.mean()) / y.std()
held = np.random.default_rng(o["seed"]).random(len(y)) < 0.2
inputs, matrix = ak.Input(), encoded(X)
head = ak.ClassificationHead() if labelled else ak.RegressionHead()
model = ak.AutoModel(inputs, head(ak.DenseBlock()(inputs)), max_trials=1000, directory=o["folder"], seed=o["seed"])
try:
    model.fit(matrix[~held], goals[~held], validation_data=(matrix[held], goals[held]), callbacks=[Stop()], verbose=0)
except FatalError:
    pass
try:
    best = model.tuner.get_best_models()[0]
except (OSError, IndexError):
    sys.exit("no trial had ended when the time was over")
found = best.predict(encoded(T), verbose=0)
if not labelled:
    answer(found.ravel() * y.std() + y.mean())
elif len(names) == 2:
    answer(names[(found.ravel() > 0.5).astype(int)], found)
else:
    answer(names[found.argmax(axis=1)])
"""

SCRIPTS = {"autogluon": AUTOGLUON, "flaml": FLAML, "autokeras": AUTOKERAS}
GRACE_SECONDS = 300


def run(name: str, python: str, options: dict[str, Any], truth: np.ndarray) -> dict[str, Any]:
    """One toolkit on one set.

    Args:
        name: one of `SCRIPTS`. python: path of its Python. options: see above. truth: of the test rows, labels as str.

    Returns:
        Its test score and wall seconds (its imports and predictions included), or why it failed.
    """
    begun = time.monotonic()
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL_ENV"))}
    try:
        done = subprocess.run(
            [python, "-c", START + SCRIPTS[name], json.dumps(options)], capture_output=True, text=True, check=False,
            env=clean, cwd=options["folder"], timeout=options["seconds"] + GRACE_SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return {"failed": f"not done {GRACE_SECONDS} s after its time"}
    seconds = time.monotonic() - begun
    path = Path(options["folder"]) / "predictions.csv"
    if done.returncode or not path.exists():
        return {"failed": done.stderr.strip()[-1000:] or f"exit code {done.returncode}", "wall_seconds": seconds}
    return {"score": score(options["metric"], truth, path), "wall_seconds": seconds}


def score(metric: str, truth: np.ndarray, path: Path) -> float:
    """The metric of predictions in a file."""
    import pandas as pd
    from sklearn.metrics import accuracy_score, r2_score, roc_auc_score

    found = pd.read_csv(path, dtype={"y": str} if truth.dtype.kind not in "if" else None, keep_default_na=False)
    if metric == "roc_auc":
        return float(roc_auc_score(truth == np.unique(truth)[1], found["p"]))
    return float(accuracy_score(truth, found["y"]) if metric == "accuracy" else r2_score(truth, found["y"]))
