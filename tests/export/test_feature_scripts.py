"""Scripts of shallow finalists on texts, pictures, series and sounds: features by the reader, then scikit-learn."""

import ast
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from test_shallow_modalities import DATA, fitted, rows_of

from automl import recipe
from automl.errors import DataError
from automl.flow.prepare import prepare
from automl.predict.model import SideModel

CASES = [
    ("text", "margin", {"char_ngrams": 3}, None),
    ("image", "hog_kernel", {"n_features": 100, "components": 8}, "pictures"),
    ("sequence", "convolutions", {"convolutions": 300}, "series"),
    ("audio", "mfcc_vectors", {}, "spectrograms"),
]


def result_of(prepared, family, changes):
    run = {"name": family, "side": "shallow", "finalist": True, "choices": changes, "test_score": 0.5}
    split = {"seed": 1, "n_train": 84, "n_valid": 28, "n_test": 28}
    return {"runs": [run], "split": split}


def export_script(modality, family, changes, target):
    from automl.export import export
    from automl.flow.selection import baselines_for
    from automl.records import Facts

    prepared = prepare(recipe.make(seed=1, **DATA[modality]()))
    task = prepared.task
    first = next(iter(baselines_for(task)[family].settings(task, Facts(84, 2), 0)))
    side = SideModel("shallow", task, fitted(prepared, family, changes))
    return prepared, export(side, target, "python", None, result_of(prepared, family, {**first, **changes}))


@pytest.mark.parametrize(("modality", "family", "changes", "source"), CASES, ids=lambda one: str(one)[:12])
def test_a_script_fits_the_finalist_anew_without_automl(tmp_path, modality, family, changes, source):
    prepared, made = export_script(modality, family, changes, tmp_path / "script")
    text = (made.folder / "train.py").read_text("utf-8")
    for file in ("train.py", "reader.py"):
        tree = ast.parse((made.folder / file).read_text("utf-8"))
        imported = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
        imported |= {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
        assert not any(name.startswith("automl") for name in imported)
    if source is None:
        data = tmp_path / "data.csv"
        DATA[modality]()["data"].to_csv(data, index=False)
    else:
        data = tmp_path / "data.npz"
        features = made.folder and prepared.dataset
        y = prepared.dataset.target["y"].to_numpy().astype(str)
        np.savez(data, **{source: np.asarray(features.inputs)}, y=y)
    env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    ran = subprocess.run(
        [sys.executable, "-W", "error", "train.py", str(data)], cwd=made.folder, capture_output=True, text=True, env=env
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    told = json.loads(ran.stdout.splitlines()[-1])
    assert told["n_test"] == 28 and told["score"] > 0.9, told
    assert f"def make_{family}(seed)" in text


def test_forecasts_have_no_script(tmp_path):
    from test_shallow_modalities import FORECAST, days

    history = prepare(recipe.make(seed=1, data=days(), **FORECAST))
    side = SideModel("shallow", history.task, fitted(history, "seasonal_naive", {}))
    from automl.export import export

    with pytest.raises(DataError, match="use another format"):
        export(side, tmp_path / "x", "python", None, {"runs": [{}]})
    assert rows_of("text").columns.tolist() == ["t"]
