"""Contests of goals without a target: who sees a label, what is said without one, and what comes back from a folder."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import automl
from automl import split
from automl.analyses.ranges import RANGES
from automl.errors import DataError
from automl.modalities import tabular
from automl.report.result_fields import result_schema
from automl.templates.shared import reconstruction

N = 400
SEARCH = {"precision": "float32", "device": "cpu"}
FAST: dict[str, Any] = {
    "budget": "none",
    "max_trials": 1,
    "search": SEARCH,
    "quiet": True,
    "templates": ["autoencoder"],
}


def _frame(seed: int = 0) -> pd.DataFrame:
    """Two numbers that depend on each other, a level, and anomalies that break the dependence."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=N)
    y = x + 0.1 * rng.normal(size=N)
    is_odd = rng.random(N) < 0.1
    y[is_odd] = -y[is_odd] + np.sign(y[is_odd])
    level = np.where(x > 0, "up", "down").astype(object)
    return pd.DataFrame({"x": x, "y": y, "z": rng.normal(size=N), "level": level, "odd": is_odd.astype(int)})


def _fit(frame: pd.DataFrame, out: Path, **keys: Any) -> automl.Result:
    return automl.fit(frame, out=str(out), **{**FAST, "goal": "anomaly", "label": "odd", **keys})


@pytest.fixture(autouse=True, scope="module")
def few_steps() -> Iterator[None]:
    """Networks learn as long as these tests ask for."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("STEPS_OF_TABLES", "STEPS_OF_ARRAYS"):
            patch.setattr(reconstruction, name, 150)
        yield


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[automl.Result, Path, list[bool]]:
    """A contest, its folder, and whether each who learns was given no label."""
    from automl.shallow import side

    out = tmp_path_factory.mktemp("anomaly") / "run"
    unseen: list[bool] = []
    fit, made = tabular.fit, side.Payload

    def watched(dataset: Any, task: Any, split: Any) -> Any:
        unseen.append(dataset.target is None)
        return fit(dataset, task, split)

    def payload(dataset: Any, parts: Any, *others: Any) -> Any:
        unseen.append(dataset.target is None)
        unseen.append(all(not part.truth.any() and not part.valid_truth.any() for part in parts))
        return made(dataset, parts, *others)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tabular, "fit", watched)
        patch.setattr(side, "Payload", payload)
        return _fit(_frame(), out), out, unseen


def test_training_labels_change_nothing(
    run: tuple[automl.Result, Path, list[bool]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows are drawn by strata of the label, so the split of the first contest is given to the second."""
    result = run[0]
    frame, parted = _frame(), result.outcome.split
    train = parted.train
    monkeypatch.setattr(split, "split", lambda *args, **keys: parted)
    labels = frame["odd"].to_numpy().copy()
    labels[train] = np.random.default_rng(1).permutation(labels[train])
    assert (labels != frame["odd"]).any()
    other = _fit(frame.assign(odd=labels), tmp_path / "run")
    for side in ("deep", "shallow"):
        mine, theirs = (one.score_rows(frame, side=side).to_numpy() for one in (result, other))
        np.testing.assert_array_equal(mine, theirs)


def test_nobody_who_learns_is_given_the_label(run: tuple[automl.Result, Path, list[bool]]) -> None:
    unseen = run[2]
    assert len(unseen) >= 3 and all(unseen)


def test_rows_are_scored_and_called(run: tuple[automl.Result, Path, list[bool]]) -> None:
    result, out, _ = run
    frame = _frame(7)
    said = result.predict(frame.drop(columns="odd"))
    assert list(said.columns) == ["anomaly", "score"] and len(said) == N
    scores = result.score_rows(frame)
    assert scores.name == "score" and scores.between(-1, 2).all()
    assert said["score"].equals(scores)
    assert scores[frame["odd"] == 1].mean() > scores[frame["odd"] == 0].mean()
    opened = automl.load(str(out / "model"))
    for side in ("deep", "shallow"):
        np.testing.assert_array_equal(
            opened.score_rows(frame, side=side).to_numpy(), result.score_rows(frame, side=side).to_numpy()
        )
    with pytest.raises(DataError, match="goal 'represent'"):
        result.transform(frame)


def test_without_a_label_nothing_is_decided(tmp_path: Path) -> None:
    result = _fit(_frame().drop(columns="odd"), tmp_path / "run", label=None)
    told = json.loads((tmp_path / "run" / "result.json").read_text("utf-8"))
    assert told["verdict"] is None and told["reason"] == "no_label"
    assert {run["valid_score"] for run in told["runs"]} == {None}
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.validate(told, result_schema())
    text = str(result)
    assert "No verdict without labels" in text and "have the correlation" in text
    assert "No verdict without labels" in (tmp_path / "run" / "report.html").read_text("utf-8")
    opened = automl.load(str(tmp_path / "run" / "model"))
    others = _frame(1).drop(columns="odd")
    np.testing.assert_array_equal(opened.score_rows(others).to_numpy(), result.score_rows(others).to_numpy())


@pytest.mark.thorough
def test_contamination_says_how_many_alarms(tmp_path: Path) -> None:
    result = _fit(_frame(), tmp_path / "run", contamination=0.25)
    share = result.predict(_frame(3))["anomaly"].mean()
    assert 0.1 < share < 0.4


@pytest.mark.thorough
def test_normal_rows_alone_are_learnt_from(tmp_path: Path) -> None:
    result = _fit(_frame(), tmp_path / "run", normal="0")
    labels = _frame()["odd"].to_numpy()
    assert not labels[result.outcome.split.train].any()
    assert result.outcome.split.refit_rows is not None and not labels[result.outcome.split.refit_rows].any()


def test_representations_are_probed(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 3, N)
    frame = pd.DataFrame(rng.normal(size=(N, 6)) + 2.0 * np.eye(3)[codes] @ rng.normal(size=(3, 6)))
    frame.columns = [f"x{i}" for i in range(6)]
    kinds = np.array(["a", "b", "c"], object)[codes]
    result = automl.fit(
        frame.assign(kind=kinds), out=str(tmp_path / "run"), **{**FAST, "goal": "represent", "label": "kind", "dims": 3}
    )
    assert result.verdict in ("deep", "shallow", "tie")
    vectors = result.transform(frame)
    assert list(vectors.columns) == ["v1", "v2", "v3"] and len(vectors) == N
    assert "20 draws of the labelled rows" in str(result)
    for contestant in result.outcome.contestants:
        assert set(contestant.output.arrays) == {"probabilities", "labels"}
    opened = automl.load(str(tmp_path / "run" / "model"))
    np.testing.assert_array_equal(opened.transform(frame).to_numpy(), vectors.to_numpy())
    with pytest.raises(DataError, match="goal 'anomaly'"):
        result.score_rows(frame)


@pytest.mark.thorough
def test_a_series_is_read_in_windows(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    n = 600
    wave = np.sin(np.arange(n) * 2 * np.pi / 24) + 0.05 * rng.normal(size=n)
    odd = np.zeros(n, int)
    for start in (60, 150, 250, 330, 420, 480, 520, 570):
        odd[start : start + 10] = 1
        wave[start : start + 10] = wave[start]
    stamps = pd.date_range("2024-01-01", periods=n, freq="h")
    frame = pd.DataFrame({"time": stamps, "wave": wave, "odd": odd})
    shuffled = frame.sample(frac=1.0, random_state=0).reset_index(drop=True)
    result = _fit(shuffled, tmp_path / "run", time_column="time")
    assert result.outcome.task.modality == "sequence" and result.outcome.task.window == 24
    times = shuffled["time"].to_numpy()
    assert times[result.outcome.split.train].max() < times[result.outcome.split.test].min()
    scores = result.score_rows(frame)
    np.testing.assert_allclose(scores.to_numpy(), result.score_rows(shuffled.sort_values("time")).to_numpy())


@pytest.mark.thorough
def test_series_stay_apart_in_what_is_said_of_stretches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of three series, whose rows stand among each other, the last anomalies of one end where the next begins."""
    monkeypatch.setattr(importlib.import_module("automl.flow.analyses"), "in_order", lambda: (RANGES,))
    rng = np.random.default_rng(0)
    n = 240
    odd = np.zeros(n, int)
    for start in (40, 90, 140, 170, 200, 230):
        odd[start : start + 10] = 1
    parts = [
        pd.DataFrame({
            "time": pd.date_range("2024-01-01", periods=n, freq="D"), "machine": name,
            "wave": np.sin(np.arange(n) * 2 * np.pi / 7) + 0.1 * rng.normal(size=n) + 2 * odd, "odd": odd,
        })
        for name in "abc"
    ]  # fmt: skip
    frame = pd.concat(parts).sort_values(["time", "machine"], ignore_index=True)
    result = _fit(frame, tmp_path / "run", time_column="time", series="machine")
    ranges = result.outcome.analyses["ranges"]
    first = n - ranges["n"] // 3
    assert ranges["n_series"] == 3
    assert ranges["n_stretches"] == 3 * int((np.diff(odd[first:], prepend=0) == 1).sum())
    assert "Anomalies that last" in (tmp_path / "run" / "report.html").read_text("utf-8")
