"""What `trials.py` measures, each on one set: our search, KerasTuner's own, a bare loop, memory over many trials."""

from __future__ import annotations

import contextlib
import gc
import json
import math
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = {"adult": "mlp", "sign_digits": "cnn"}
EPOCHS = 3


class Set:
    """A set, split and encoded as a contest would, with its template."""

    def __init__(self, folder: Path, name: str) -> None:
        sys.path.insert(0, str(ROOT / "benchmarks"))
        from contest import entry_data

        from automl import catalog, modalities
        from automl import recipe as recipes
        from automl.flow.prepare import prepare
        from automl.records import Template

        entry = next(e for e in json.loads((folder / "catalog.json").read_text()) if e["name"] == name)
        options = entry_data(folder, entry)
        if name == "adult":
            import pandas as pd

            options["data"] = pd.read_csv(options["data"], dtype=str, keep_default_na=False).sample(
                10_000, random_state=0
            )
        prepared = prepare(recipes.make(**options, metric=entry["metric"]))
        self.dataset, self.task, self.split = prepared.dataset, prepared.task, prepared.split
        self.encoder, self.codec = modalities.fit(self.dataset, self.task, self.split)
        self.facts = modalities.facts(self.task, self.split, self.codec)
        self.template: Any = catalog.members(Template, "automl.templates")[TEMPLATES[name]]

    def side(self, seed: int, **options: Any) -> Any:
        """Our search."""
        from automl.deep.side import DeepSide

        return DeepSide(
            self.dataset, self.task, self.split, self.encoder, self.codec, self.facts,
            {self.template.name: self.template}, metric=self.task.metric, seed=seed, **options,
        )  # fmt: skip

    def space(self) -> Any:
        """The template's hyperparameters."""
        import keras_tuner

        space = keras_tuner.HyperParameters()
        self.template.space(space, self.encoder.specs, self.facts)
        return space

    def drawn(self, n: int, one_shape: bool) -> list[dict[str, Any]]:
        """Settings drawn with a fixed seed."""
        space = self.space()
        start = {**space.values, **self.template.starts(self.encoder.specs, self.facts)[0]}
        found = []
        for i in range(n):
            drawn = {hp.name: hp.random_sample(1000 * i + j) for j, hp in enumerate(space.space)}
            if one_shape:
                drawn = {name: drawn[name] if name in self.template.knobs else start[name] for name in drawn}
            found.append({**drawn, "epochs": EPOCHS})
        return found

    def arrays(self) -> tuple[dict[str, np.ndarray], np.ndarray, dict[str, np.ndarray], np.ndarray]:
        """Encoded training and validation rows."""
        parts = [self.split.train, self.split.valid]
        x = [self.encoder.transform(self.dataset, rows) for rows in parts]
        y = [self.codec.encode(self.dataset, rows) for rows in parts]
        return x[0], y[0], x[1], y[1]

    def score(self, raw: np.ndarray, rows: np.ndarray) -> float:
        """The task's metric."""
        from automl import goals, metrics

        truth = goals.truth(self.dataset, self.task, rows)
        return float(metrics.score(self.task.metric, truth, self.codec.decode(raw), None,
                                   goals.scoring_context(self.dataset, self.task, self.split, rows)))  # fmt: skip

    def compiled(self, settings: dict[str, Any]) -> Any:
        """The template's network as a user of Keras would compile it."""
        import keras

        from automl.layers.losses import loss_for

        knobs = {name: keras.Variable(float(settings[name]), trainable=False) for name in self.template.knobs}
        choices = {k: v for k, v in settings.items() if k not in self.template.knobs}
        model = self.template.build(choices, knobs, self.encoder.specs, self.codec.head)
        rate, decay = float(settings["learning_rate"]), float(settings["weight_decay"])
        model.compile(keras.optimizers.AdamW(rate, weight_decay=decay), loss=loss_for(self.codec.head))
        return model


# --------------------------------------------------------------------------- speed


def speed(data: Set, method: str, n: int, one_shape: bool) -> dict[str, Any]:
    """Milliseconds of each of n trials, and what they scored."""
    settings = data.drawn(n, one_shape)
    run = {"ours": speed_of_ours, "bare": speed_of_bare_loop, "random": speed_of_random_search}[method]
    seconds, scores = run(data, settings)
    return {
        "ms_mean": 1000 * statistics.mean(seconds), "ms_median": 1000 * statistics.median(seconds),
        "ms": [round(1000 * s) for s in seconds], "score_mean": statistics.mean(scores), "n": len(seconds),
    }  # fmt: skip


def speed_of_ours(data: Set, settings: list[dict[str, Any]]) -> tuple[list[float], list[float]]:
    from automl.deep.messages import TrialSpec

    trainer = data.side(0).trainer
    seconds, scores = [], []
    for i, one in enumerate(settings):
        begun = time.perf_counter()
        report = trainer.run(TrialSpec(f"t{i}", data.template.name, one, i, math.inf))
        seconds.append(time.perf_counter() - begun)
        assert report.fit is not None and report.fit.epochs == EPOCHS, report.failure
        scores.append(report.fit.score)
    return seconds, scores


def speed_of_bare_loop(data: Set, settings: list[dict[str, Any]]) -> tuple[list[float], list[float]]:
    x, y, x_valid, y_valid = data.arrays()
    seconds, scores = [], []
    for one in settings:
        begun = time.perf_counter()
        model = data.compiled(one)
        model.fit(x, y, batch_size=int(one["batch_size"]), epochs=EPOCHS, validation_data=(x_valid, y_valid), verbose=0)
        seconds.append(time.perf_counter() - begun)
        scores.append(data.score(model.predict(x_valid, verbose=0, batch_size=1024), data.split.valid))
    return seconds, scores


def speed_of_random_search(data: Set, settings: list[dict[str, Any]]) -> tuple[list[float], list[float]]:
    import keras_tuner

    x, y, x_valid, y_valid = data.arrays()
    waiting = list(settings)
    ends: list[float] = []
    scores: list[float] = []
    spared = 0.0

    class Given(keras_tuner.oracles.RandomSearchOracle):
        def populate_space(self, trial_id: str) -> dict[str, Any]:
            if not waiting:
                return {"status": keras_tuner.engine.trial.TrialStatus.STOPPED, "values": None}
            return {"status": keras_tuner.engine.trial.TrialStatus.RUNNING, "values": waiting.pop(0)}

    class Model(keras_tuner.HyperModel):
        def build(self, hp: Any) -> Any:
            return data.compiled(dict(hp.values))

        def fit(self, hp: Any, model: Any, **options: Any) -> Any:
            nonlocal spared
            valid = (x_valid, y_valid)
            history = model.fit(x, y, batch_size=int(hp["batch_size"]), epochs=EPOCHS, validation_data=valid, **options)
            begun = time.perf_counter()
            scores.append(data.score(model.predict(x_valid, verbose=0, batch_size=1024), data.split.valid))
            spared += time.perf_counter() - begun
            return history

    class Tuner(keras_tuner.RandomSearch):
        def on_trial_end(self, trial: Any) -> None:
            super().on_trial_end(trial)
            ends.append(time.perf_counter() - spared)

    with tempfile.TemporaryDirectory() as folder:
        tuner = Tuner(Model(), hyperparameters=data.space(), directory=folder, objective="val_loss", max_trials=1)
        oracle = Given(objective="val_loss", max_trials=len(settings), hyperparameters=data.space(), seed=1)
        oracle._set_project_dir(folder, "given")
        tuner.oracle = oracle
        begun = time.perf_counter()
        tuner.search(verbose=0)
    return list(np.diff([begun, *ends])), scores


# --------------------------------------------------------------------------- quality


def quality_of_ours(data: Set, seconds: list[float], seed: int, **policy: Any) -> list[dict[str, Any]]:
    """One search of its own for each time: a schedule is planned by the budget."""
    found = []
    for limit in seconds:
        begun = time.monotonic()
        side = data.side(seed, **policy)
        n = n_shapes = 0
        shapes = set()
        while True:
            made = side.step(begun + limit - time.monotonic())
            if made is None:
                break
            n += len(made)
            shapes |= {side.trainer.shape_of(data.template, run.choices) for run in made}
        n_shapes = len(shapes)
        used = time.monotonic() - begun
        best = side.choose(None, ensemble=True)
        raw = side.outputs("test", 1)[0]
        found.append({"seconds": limit, "used": used, "valid": best.valid_score, "test": test_score(data, raw),
                      "trials": n, "shapes": n_shapes})  # fmt: skip
        side.close()
        del side
        gc.collect()
    return found


def test_score(data: Set, output: Any) -> float:
    from automl import goals, metrics

    rows = data.split.test
    truth = goals.truth(data.dataset, data.task, rows)
    return float(metrics.score(data.task.metric, truth, output, None,
                               goals.scoring_context(data.dataset, data.task, data.split, rows)))  # fmt: skip


def quality_of_keras_tuner(data: Set, method: str, seconds: list[float], seed: int) -> list[dict[str, Any]]:
    """One search up to the longest time, read at each."""
    import keras
    import keras_tuner

    x, y, x_valid, y_valid = data.arrays()
    x_test = data.encoder.transform(data.dataset, data.split.test)
    from automl import metrics

    sign = 1 if metrics.named(data.task.metric).higher_is_better else -1
    best: list[tuple[float, float, float]] = []  # when, validation score, test score
    spared = 0.0
    begun = time.monotonic()
    limit = max(seconds)
    n_trials: list[float] = []

    class Over(keras_tuner.errors.FatalError):
        pass

    class Judge(keras.callbacks.Callback):
        def __deepcopy__(self, memo: Any) -> Judge:
            return self

        def used(self) -> float:
            return time.monotonic() - begun - spared

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if self.used() > limit:
                raise Over

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            nonlocal spared
            score = data.score(self.model.predict(x_valid, verbose=0, batch_size=1024), data.split.valid)
            logs["val_score"] = score if math.isfinite(score) else -sign * 1e9
            when = self.used()
            if math.isfinite(score) and (not best or sign * score > sign * best[-1][1]) and when <= limit:
                started = time.monotonic()
                test = data.score(self.model.predict(x_test, verbose=0, batch_size=1024), data.split.test)
                best.append((when, score, test))
                spared += time.monotonic() - started

    class Model(keras_tuner.HyperModel):
        def build(self, hp: Any) -> Any:
            data.template.space(hp, data.encoder.specs, data.facts)
            return data.compiled(dict(hp.values))

        def fit(self, hp: Any, model: Any, callbacks: Any = (), **options: Any) -> Any:
            n_trials.append(time.monotonic() - begun - spared)
            patience = keras.callbacks.EarlyStopping(
                "val_score", patience=5, mode="max" if sign > 0 else "min", restore_best_weights=True
            )
            return model.fit(
                x, y, batch_size=int(hp.get("batch_size")), epochs=int(hp.get("epochs")),
                validation_data=(x_valid, y_valid), callbacks=[Judge(), patience, *callbacks], **options,
            )  # fmt: skip

    kind = {"random": keras_tuner.RandomSearch, "bayesian": keras_tuner.BayesianOptimization}[method]
    with tempfile.TemporaryDirectory() as folder:
        tuner = kind(
            Model(), objective=keras_tuner.Objective("val_score", "max" if sign > 0 else "min"), max_trials=100_000,
            seed=seed + 1, directory=folder,
        )  # fmt: skip
        with contextlib.suppress(Over):
            tuner.search(verbose=0)
    found = []
    for one in seconds:
        before = [entry for entry in best if entry[0] <= one]
        found.append({"seconds": one, "valid": before[-1][1] if before else None,
                      "test": before[-1][2] if before else None, "trials": sum(t < one for t in n_trials)})  # fmt: skip
    return found


def memory_growth(data: Set, n: int) -> dict[str, Any]:
    """Resident memory after the 20th and the last of n drawn trials."""
    import psutil

    from automl.deep.messages import TrialSpec

    trainer = data.side(0).trainer
    process = psutil.Process()
    marks = {}
    for i, settings in enumerate(data.drawn(n, False), start=1):
        trainer.run(TrialSpec(f"t{i}", data.template.name, {**settings, "epochs": 1}, i, math.inf))
        if i in (20, n // 2, n):
            marks[i] = process.memory_info().rss / 2**20
    return {"mib": marks, "growth_mib": marks[n] - marks[20], "n": n}
