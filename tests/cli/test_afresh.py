"""A trial that nothing in its process can end: the command line goes on in a fresh process and reaches a verdict."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from automl.system import processes

PLUGIN = '''
from automl.records import Template

def space(hp, specs, facts):
    hp.Float("learning_rate", 1e-3, 1e-1, sampling="log", default=1e-2)
    hp.Float("weight_decay", 1e-4, 1e-1, sampling="log", default=1e-3)
    hp.Choice("batch_size", [32, 64], default=32)
    hp.Int("epochs", 2, 6, default=4)

def build(choices, knobs, specs, head):
    import keras
    import tensorflow as tf

    @keras.saving.register_keras_serializable("test")
    class Endless(keras.layers.Layer):
        """A loop whose condition is a constant: TensorFlow does not ask whether it was cancelled."""

        def call(self, x):
            return tf.while_loop(lambda y: tf.constant(True), lambda y: (tf.sin(y),), (x,))[0]

    inputs = {spec.name: keras.Input(spec.shape, name=spec.name, dtype=spec.dtype) for spec in specs}
    return keras.Model(inputs, Endless()(keras.layers.Dense(head.shape[0])(inputs["numbers"])))

ENDLESS = Template(
    name="endless", family="mlp", goals=("binary",), accepts=("numbers",), space=space, build=build,
    knobs=("learning_rate", "weight_decay"), starts=lambda specs, facts: [{"batch_size": 32}],
    unfit=lambda task, specs: None, source="none",
)
'''
COMMAND = "import sys; from automl.cli.app import main; sys.exit(main())"


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    place = tmp_path / "installed"
    about = place / "endless_plugin-1.0.dist-info"
    about.mkdir(parents=True)
    (place / "endless_plugin.py").write_text(PLUGIN)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: endless-plugin\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[automl.plugins]\nendless = endless_plugin\n")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(place), str(Path(processes.__file__).parents[2])]))


@pytest.mark.slow
def test_a_run_with_a_trial_that_nothing_can_end_reaches_a_verdict(plugin, tmp_path):
    out = tmp_path / "run"
    arguments = [
        "fit", "sklearn:breast_cancer", "--budget", "60s", "--max-trials", "2", "--templates", "endless,mlp",
        "--plugins", "endless", "--out", str(out), "--json-lines",
    ]  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, *arguments], capture_output=True, text=True, timeout=1200, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "a fresh process goes on" in done.stderr
    result = json.loads((out / "result.json").read_text("utf-8"))
    assert any(run["finalist"] for run in result["runs"])
    stuck = [run for run in result["runs"] if run["name"].startswith("endless")]
    assert len(stuck) == 1 and "could not be stopped" in stuck[0]["failure"]


def test_only_a_command_that_can_be_extended_is_started_again(monkeypatch, tmp_path):
    called = []
    monkeypatch.setattr(os, "execv", lambda path, command: called.append((path, command)))
    monkeypatch.setattr(processes, "_command", [])
    processes.go_on(tmp_path)
    processes.allow(["python", "automl", "fit", "--", "-strange.csv"])
    processes.go_on(tmp_path)
    assert not called and not processes.possible()
    processes.allow(["python", "automl", "fit", "data.csv"])
    processes.go_on(tmp_path)
    wanted = [sys.executable, "automl", "fit", "data.csv", "--out", str(tmp_path), "--resume"]
    assert called == [(sys.executable, wanted)]
