"""Scripts train a finalist anew without automl, and score near it on the same test rows."""

import ast
import json
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from tiny_network import TINY_OPTIONS

import automl
from automl.errors import DataError
from automl.export.network_code import layers_code, network_code

NEAR = 0.1
"""Seeds, the order of rows and other validation rows move the score of so small a contest by some hundredths."""


def rows(n, seed):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {"a": rng.normal(size=n), "b": rng.normal(size=n), "c": rng.choice(["Red", "blue", "green"], n)}
    )
    frame["day"] = pd.date_range("2020-01-01", periods=n, freq="31h").strftime("%Y-%m-%d %H:%M")
    frame.loc[::9, "b"], frame.loc[::13, "c"] = np.nan, None
    signal = frame.a + 0.7 * frame.b.fillna(0) + (frame.c == "Red")
    frame["y"] = np.where(signal + 0.4 * rng.normal(size=n) > 0.3, "yes", "no")
    return frame


@pytest.fixture(scope="module")
def contest(tmp_path_factory):
    place = tmp_path_factory.mktemp("contest")
    train, test = rows(500, 0), rows(300, 1)
    train.to_csv(place / "train.csv", index=False)
    test.to_csv(place / "test.csv", index=False)
    result = automl.fit(
        place / "train.csv", target="y", test=place / "test.csv", max_trials=1, seed=1, out=place / "run", quiet=True,
        **TINY_OPTIONS,
    )  # fmt: skip
    return place, result


@pytest.mark.parametrize("side", ["deep", "shallow"])
def test_a_script_scores_near_the_finalist_without_automl(contest, side):
    place, result = contest
    made = result.export(place / f"script-{side}", "python", side)
    text = (made.folder / "train.py").read_text("utf-8")
    imported = {a.name for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Import) for a in n.names}
    imported |= {n.module for n in ast.walk(ast.parse(text)) if isinstance(n, ast.ImportFrom)}
    assert not any(name.startswith("automl") for name in imported)
    env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "train.py", str(place / "train.csv"), "--test", str(place / "test.csv")]
    ran = subprocess.run(command, cwd=made.folder, capture_output=True, text=True, env=env)
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout.splitlines()[-1])
    assert told["metric"] == "roc_auc" and told["n_test"] == 300
    assert abs(told["score"] - made.manifest["contest_score"]) < NEAR


def test_a_script_says_the_settings_that_were_found(contest):
    place, result = contest
    run = next(r for r in result.result["runs"] if r["side"] == "deep" and r["finalist"])
    made = result.export(place / "said", "python", "deep")
    text = (made.folder / "train.py").read_text("utf-8")
    for name in ("learning_rate", "weight_decay", "batch_size", "epochs"):
        assert f'"{name}": {run["choices"][name]!r}' in text


def test_a_network_that_is_built_from_its_code_computes_the_same(prepared, deep):
    import keras  # noqa: F401

    made = prepared("binary", ("note", "page", "tags"))
    network = deep(made, "tabm", n_models=1).models[0]
    code, own = network_code(network)
    space: dict = {}
    head = "from __future__ import annotations\nimport math\nfrom collections.abc import *\nfrom typing import Any\n"
    exec(head + "import keras\nimport numpy as np\n" + layers_code(own) + "\n\n" + code, space)
    other = space["build_network"]()
    other.set_weights(network.get_weights())
    rng = np.random.default_rng(0)
    arrays = {t.name: rng.integers(0, 2, (5, *t.shape[1:])).astype(t.dtype) for t in network.inputs}
    wanted = network(arrays, training=False)
    found = other([arrays[t.name] for t in other.inputs], training=False)
    np.testing.assert_array_equal(found, wanted)


def test_what_has_no_script_is_refused_in_words(binary, tmp_path):
    with pytest.raises(DataError, match="reads the settings that a contest found"):
        binary.deep.export(tmp_path / "x", "python")
    assert not list(tmp_path.iterdir())
