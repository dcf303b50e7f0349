"""A contest on series with gaps, and that nothing in it depends on what happens later."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tiny_network import TINY_OPTIONS

import automl
from automl import goals, modalities
from automl.flow.prepare import prepare
from automl.recipe import make

DAYS = pd.date_range("2021-01-01", periods=300, freq="D")


def holed(seed: int = 0) -> pd.DataFrame:
    """Two targets of different units; days without a row, and values of either that are missing."""
    rng = np.random.default_rng(seed)
    wave = 50 + 5 * np.sin(np.arange(300) * 2 * np.pi / 7) + 0.1 * np.arange(300)
    frame = pd.DataFrame({"day": DAYS, "a": wave + rng.normal(size=300), "b": 1000 * (wave + rng.normal(size=300))})
    frame = frame.assign(heat=rng.normal(size=300), w=rng.uniform(0.5, 2.0, 300))
    for name in ("a", "b", "heat"):
        frame.loc[rng.random(300) < 0.15, name] = np.nan
    return frame[rng.random(300) < 0.9].reset_index(drop=True)


OPTIONS = {"target": ["a", "b"], "goal": "forecast", "time_column": "day", "horizon": 7}


def test_a_contest_on_series_with_gaps_scores_what_was_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("automl.flow.budget.allocation.MOST_REFITS", 1)
    frame = holed()

    result = automl.fit(
        frame, budget="20m", max_trials=1, weight="w", out=str(tmp_path / "run"), quiet=True, **OPTIONS, **TINY_OPTIONS
    )

    outcome = result.outcome
    measured = frame.set_index("day").loc[:, ["a", "b"]]
    days = pd.DatetimeIndex(np.asarray(outcome.history["times"]).ravel())
    expected = measured.reindex(days).to_numpy().reshape(outcome.truth.shape)
    np.testing.assert_array_equal(expected, outcome.truth)
    assert np.isnan(outcome.truth).any()
    assert {run.status for run in outcome.runs} == {"done"}
    assert all(np.isfinite(run.test_score) for run in outcome.runs if run.finalist)
    again = automl.load(result.save(tmp_path / "model")).predict(frame.drop(columns=["w"]))
    assert len(again) == 7 and np.isfinite(again.drop(columns="day").to_numpy()).all()
    assert again["day"].iloc[0] == frame["day"].iloc[-1] + pd.Timedelta(days=1)
    later = pd.concat([frame, frame.assign(day=frame["day"] + pd.Timedelta(days=300))])
    for side in result.model.predictors:
        found = result.model.watch(later, side)
        assert found.n_rows > 290 and found.n_scored >= 40 and np.isfinite(found.score)
        assert len(found.steps) == 7 and {"a (level)", "b (gaps)", "heat (level)"} <= {c.name for c in found.columns}
        assert not any("weights" in said for said in found.findings)
        saved = automl.load(tmp_path / "model").watch(later, side)
        assert (saved.columns, saved.failed_on) == (found.columns, found.failed_on)
        assert saved.score == pytest.approx(found.score)
    text = (result.folder / "report.md").read_text()
    assert "Error of a by distance" in text and "Error of b by distance" in text


@pytest.mark.parametrize("seed", [0, 1])
def test_nothing_before_a_part_depends_on_the_values_in_it(seed: int) -> None:
    frame = holed(seed)
    first = prepare(make(data=frame, **OPTIONS))
    for part in ("valid", "test"):
        start = first.dataset.times[getattr(first.split, part).min()]
        later = frame["day"].to_numpy() >= start
        changed = frame.assign(**{name: frame[name] + 1e4 * later for name in ("a", "b", "heat")})
        other = prepare(make(data=changed, **OPTIONS))
        before = first.dataset.times < start

        np.testing.assert_array_equal(first.split.train_windows, other.split.train_windows)
        np.testing.assert_array_equal(first.split.test_windows, other.split.test_windows)
        for one, two in ((first.dataset.target, other.dataset.target), (first.dataset.inputs, other.dataset.inputs)):
            np.testing.assert_array_equal(one.to_numpy()[before], two.to_numpy()[before])
        if part == "test":  # validation rows may be spoken of, never decide
            assert dataclasses.astuple(first.task) == dataclasses.astuple(other.task)
        known = [goals.truth(p.dataset, p.task, p.split.items("train")) for p in (first, other)]
        np.testing.assert_array_equal(*known)
        states = [modalities.fit(p.dataset, p.task, p.split)[0] for p in (first, other)]
        arrays = [e.transform(p.dataset, p.split.items("train")) for e, p in zip(states, (first, other), strict=True)]
        for name in arrays[0]:
            np.testing.assert_array_equal(arrays[0][name], arrays[1][name])
        assert str(states[0].state()) == str(states[1].state())
