"""Series that went on: alarms at the right rate though values depend on each other, real scores, what is not told."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest
from fixed_finalists import Fixed
from typer.testing import CliRunner

from automl import goals, metrics
from automl.cli.app import app
from automl.errors import BundleError, DataError
from automl.flow.prepare import prepare
from automl.predict.model import Model
from automl.predict.rows import read_rows
from automl.predict.watching import read_reference, reference_of, watch
from automl.predict.watching.backtest import compared, interval_of
from automl.predict.watching.blocks import block_length, blocks_of
from automl.predict.watching.instability import Shift, adjusted, differences, jump, p_value_of, taken_blocks
from automl.recipe import make
from automl.records import Contestant

N, NEW = 420, 84
DAYS = pd.date_range("2022-01-03", periods=N + NEW, freq="D")


def walk(n, seed, keep=0.8):
    rng = np.random.default_rng(seed)
    values = np.zeros(n + 50)
    for place in range(1, n + 50):
        values[place] = keep * values[place - 1] + rng.normal()
    return values[50:]


def one_series(seed=0):
    n = N + NEW
    return pd.DataFrame({"day": DAYS, "y": 20 + walk(n, seed) + 3 * np.sin(np.arange(n) * 2 * np.pi / 7)})


def many_series(names="abc"):
    return pd.concat([one_series(place).assign(shop=name) for place, name in enumerate(names)], ignore_index=True)


def last_season(dataset, windows):
    """The values of a week before, which were measured when the window starts."""
    values = dataset.target.ffill().to_numpy(np.float64)
    rows = windows[:, :1] - 7 + np.arange(windows.shape[1]) % 7
    return values[np.maximum(rows, 0)]


class Quantiled(Fixed):
    """The same with quantiles of a fixed width."""

    def output(self, dataset, rows):
        found = super().output(dataset, rows)
        values = found.arrays["values"]
        return dataclasses.replace(
            found, arrays={"values": values, "quantiles": np.stack([values - 2, values + 2], -1)}
        )


def contest(frame, metric="mase", **more):
    """What a contest on the rows up to N leaves: its task, a model and what it remembers of its series."""
    known = frame[frame["day"] < DAYS[N]].reset_index(drop=True) if "day" in frame else frame.head(N)
    keys = {"target": "y", "goal": "forecast", "horizon": 7, "metric": metric, **more}
    made = prepare(make(data=known, **keys))
    model = Quantiled("forecast", last_season)
    output, valid = (model.output(made.dataset, items) for items in (made.split.test_windows, made.split.valid_windows))
    truth = goals.truth(made.dataset, made.task, made.split.test_windows)
    context = goals.scoring_context(made.dataset, made.task, made.split, made.split.test_windows)
    score = metrics.score(metric, truth, output, None, context)
    contestant = Contestant("naive", "shallow", output, (), valid)
    reference = reference_of(made.dataset, made.task, made.split, (contestant,), {"shallow": score})
    assert json.loads(json.dumps(reference)) == reference
    return made.task, model, reference, score


def watched(rows, task, model, reference, fail_on=None):
    return watch(read_rows(rows, task, on_odd="ignore"), task, model, "shallow", reference, fail_on)


@pytest.fixture(scope="module")
def one():
    return contest(one_series(), time_column="day")


@pytest.fixture(scope="module")
def many():
    return contest(many_series(), time_column="day", series="shop")


# --------------------------------------------------------------------------- blocks


def test_blocks_tell_level_spread_season_trend_and_gaps_apart():
    wave = np.tile(np.sin(np.arange(7) * 2 * np.pi / 7), 12)
    line, seen = np.arange(84.0), np.ones(84, bool)
    found = blocks_of(10 + wave + 0.5 * line, seen, 0.5, 14, 7, None)
    assert len(found["level"]) == 6 and found["trend"] == pytest.approx(np.full(6, 14.0), abs=2)
    assert (found["season"] > 1.5).all() and (np.diff(found["level"]) == pytest.approx(np.full(5, 14.0)))
    seen[:14:2] = False
    holed = blocks_of(np.where(seen, 5.0, np.nan), seen, 1.0, 14, 7, None)
    assert holed["gaps"].tolist() == [0.5, 0, 0, 0, 0, 0] and holed["level"] == pytest.approx(np.full(6, 5.0))
    steps = blocks_of(line, np.ones(84, bool), 1.0, 12, 1, np.cumsum(np.repeat([60.0, 120.0], 42)))["step"]
    assert np.exp(steps[[0, -1]]) == pytest.approx([60, 120])


@pytest.mark.parametrize(
    ("horizon", "season", "n_rows", "expected"), [(7, 7, 1_000, 14), (7, 7, 100, 7), (6, 1, 45, 6), (6, 1, 500, 8)]
)
def test_a_block_has_two_seasons_where_the_history_is_long_enough(horizon, season, n_rows, expected):
    assert block_length(horizon, season, n_rows) == expected


def alarm(keep, seed, shift=0.0):
    """Whether anything of a series is called changed after 40 blocks of 12, of which the last 4 are new."""
    values = walk(480, seed, keep)
    values[432:] += shift * values.std()
    found = blocks_of(values, np.ones(480, bool), 1.0, 12, 1, None)
    made = []
    for key in ("level", "spread", "trend"):
        history, new = found[key][None, :36], found[key][None, 36:]
        taken = taken_blocks(36, 4)
        moved = float(new[0, -taken:].mean() - history[0, -4:].mean())
        p = min(1.0, 2 * min(p_value_of(moved, differences(history, taken, 4 - taken), taken), jump(history, new)))
        made.append(Shift(key, "target", "same", 1.0, p, 0.0, 0.0, 1, ""))
    return any(one.state != "same" for one in adjusted(made))


@pytest.mark.parametrize("keep", [0.0, 0.8, 1.0])
def test_series_whose_values_depend_on_each_other_alarm_as_seldom_as_others(keep):
    assert sum(alarm(keep, seed) for seed in range(100)) <= 10  # 5 by right


def test_a_level_that_jumps_is_found():
    assert sum(alarm(0.5, seed, 4.0) for seed in range(20)) >= 18


def test_means_of_neighbouring_units_are_less_sure_than_those_of_as_many_others():
    rng = np.random.default_rng(0)
    apart, alike = rng.normal(size=60), walk(60, 0, 0.9)
    widths = [np.ptp(interval_of(one / one.std(), 5.0, 60, 60, None)) for one in (apart, alike)]
    assert widths[1] > 1.5 * widths[0]
    assert interval_of(apart[:3], 5.0, 3, 3, None) is None and interval_of(5 * apart, 1.0, 9, 9, 0.0)[0] == 0
    misses = sum(compared(one[:40], one[40:])[2] < 0.05 for one in (walk(60, seed, 0.7) for seed in range(100)))
    assert misses <= 12


# --------------------------------------------------------------------------- watching


def test_a_series_that_goes_on_passes_and_its_real_score_is_told(one):
    task, model, reference, score = one
    found = watched(one_series(), task, model, reference)
    assert {one.state for one in found.columns} == {"same"}
    assert not found.drifted and not found.predictions_drifted and not found.failed_on
    assert (found.n_rows, found.n_before, found.n_scored, found.unit) == (NEW, N, NEW // 7, "window")
    assert found.contest_score == score and found.expected.by == "backtest"
    assert found.expected.low <= found.score <= found.expected.high
    assert found.contest_interval[0] < score < found.contest_interval[1]
    truth = one_series()["y"].to_numpy()
    errors = [np.abs(truth[at : at + 7] - truth[at - 7 : at]).mean() for at in range(N, N + NEW, 7)]
    assert found.score == pytest.approx(np.mean(errors) / found.usual_change["y"], rel=1e-4)
    assert [one["step"] for one in found.steps] == [1, 2, 3, 4, 5, 6, 7] and all(one["now"] > 0 for one in found.steps)


def test_rows_after_training_alone_are_forecast_from_their_own_first_ones(one):
    task, model, reference, _ = one
    found = watched(one_series().iloc[N:], task, model, reference)
    assert (found.n_rows, found.n_scored) == (NEW, NEW // 7 - 1)
    assert any("see 7 rows of history" in said for said in found.findings) and not found.failed_on


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (lambda y, new: y + 12 * new, "y (level)"),
        (lambda y, new: np.where(new, 20 + 4 * (y - 20), y), "y (spread)"),
        (lambda y, new: np.where(new & (np.arange(len(y)) % 3 == 0), np.nan, y), "y (gaps)"),
    ],
)
def test_a_series_that_changes_drifts_and_fails(one, change, name):
    task, model, reference, _ = one
    rows = one_series()
    new = np.arange(len(rows)) >= N
    found = watched(rows.assign(y=change(rows["y"].to_numpy(), new)), task, model, reference)
    assert name in found.drifted and found.failed_on[0].startswith("drift>0")


def off_by(part):
    """A model whose errors are so many times those of the naive one, where the truth is known."""

    def predict(dataset, windows):
        naive, truth = last_season(dataset, windows), dataset.target.to_numpy()[windows]
        return np.where(np.isfinite(truth), truth + part * (naive - truth), naive)

    return Quantiled("forecast", predict)


def test_forecasts_that_got_worse_drift_and_better_ones_do_not(one):
    task, _, reference, _ = one
    worse, better = (watched(one_series(), task, off_by(part), reference) for part in (4.0, 0.1))
    assert worse.predictions_drifted and worse.score > worse.expected.high and worse.failed_on
    assert not better.predictions_drifted and {one.state for one in better.predictions} == {"same", "changed"}


def test_many_series_are_compared_together_and_unseen_names_are_told(many):
    task, model, reference, score = many
    found = watched(many_series(), task, model, reference)
    assert not found.failed_on and found.n_rows == 3 * NEW and found.n_scored == 3 * NEW // 7
    assert found.contest_score == score and found.usual_change == {}
    other = many_series("abd")
    unseen = watched(other[other["shop"] != "a"], task, model, reference)
    assert unseen.drifted[0] == "names of series" and unseen.columns[0].where == "new: d"
    said = " ".join(unseen.findings)
    assert "1 series the contest did not have: 'd'" in said and "2 series of the contest without a new row" in said


def test_covariates_are_columns_of_their_own():
    rows = one_series().assign(heat=walk(N + NEW, 9))
    task, model, reference, _ = contest(rows, time_column="day")
    new = rows["day"] >= DAYS[N]
    found = watched(rows.assign(heat=rows["heat"] + 15 * new), task, model, reference)
    assert found.drifted == ("heat (level)",) and found.columns[0].kind == "covariate"


def test_rows_without_times_are_told_from_those_of_the_contest_by_their_values():
    rows = one_series().drop(columns="day").assign(heat=walk(N + NEW, 9))
    task, model, reference, _ = contest(rows)
    assert task.time_column is None
    assert watched(rows, task, model, reference).n_rows == NEW
    assert watched(rows.iloc[N:].reset_index(drop=True), task, model, reference).n_rows == NEW


def test_another_step_between_times_and_a_stretch_without_rows_drift(one):
    task, model, reference, _ = one
    known = one_series().head(N)
    hours = pd.DataFrame({"day": pd.date_range(DAYS[N], periods=100, freq="h"), "y": 20 + walk(100, 5)})
    assert "step between times" in watched(pd.concat([known, hours]), task, model, reference).drifted
    away = one_series().iloc[N:].assign(day=lambda rows: rows["day"] + pd.Timedelta(days=60))
    assert "y (gaps)" in watched(pd.concat([known, away]), task, model, reference).drifted


def test_missing_steps_between_training_and_new_rows_are_told(one):
    task, model, reference, _ = one
    found = watched(one_series().iloc[N + 5 :], task, model, reference)
    assert any("5 steps between the last one of the contest" in said for said in found.findings)


def test_too_few_new_rows_say_what_is_needed(one):
    task, model, reference, _ = one
    with pytest.raises(DataError, match=r"no row after those of the contest \(2023-02-26"):
        watched(one_series().head(N), task, model, reference)
    with pytest.raises(DataError, match="goes on for 3 rows; expected 14 to compare the series"):
        watched(one_series().iloc[N : N + 3], task, model, reference)


@pytest.mark.parametrize("metric", ["mase", "rmse", "r2", "pinball", "smape"])
def test_every_metric_of_forecasts_has_an_expected_score(metric):
    task, model, reference, score = contest(one_series(), metric, time_column="day")
    found = watched(one_series(), task, model, reference)
    assert found.expected.low < score < found.expected.high and np.isfinite(found.score)


def test_what_is_remembered_is_checked(one):
    reference = one[2]
    past = reference["past"]
    for change in ({"block": 0}, {"series": []}, {"series": [past["series"][0]] * 2}, {"complete": 1}):
        with pytest.raises(BundleError, match="no valid reference"):
            read_reference({**reference, "past": {**past, **change}})
    side = reference["sides"]["shallow"]
    for change in ({"n_test": 0}, {"scores": [1.0]}, {"measures": {"luck": []}}, {"by_step": ["a"]}):
        broken = {**side, "backtest": {**side["backtest"], **change}}
        with pytest.raises(BundleError, match="no valid reference"):
            read_reference({**reference, "sides": {"shallow": broken}})
    with pytest.raises(DataError, match="remembers no series"):
        watched(one_series(), one[0], one[1], {**reference, "past": None})


def test_the_command_ends_with_three_where_forecasts_drifted(one, tmp_path, monkeypatch):
    task, model, reference, _ = one
    held = Model(task, {"shallow": model}, "shallow", reference=reference)
    monkeypatch.setattr("automl.api.load", lambda *_: held)
    rows = one_series()
    rows.to_csv(tmp_path / "same.csv", index=False)
    rows.assign(y=rows["y"] + 12 * (rows["day"] >= DAYS[N])).to_csv(tmp_path / "moved.csv", index=False)
    run = CliRunner().invoke
    same = run(app, ["watch", "model", str(tmp_path / "same.csv"), "--out", str(tmp_path / "w.html")])
    assert same.exit_code == 0 and "within that interval" in same.output
    page = (tmp_path / "w.html").read_text()
    assert "Errors by step of the horizon" in page and "strength of the season" in page
    moved = run(app, ["watch", "model", str(tmp_path / "moved.csv"), "--json"])
    assert moved.exit_code == 3 and "y (level)" in json.loads(moved.output)["drifted"]
    assert run(app, ["watch", "model", str(tmp_path / "same.csv"), "--fail-on", "score>0.01"]).exit_code == 3
    text = held.watch(rows).report(tmp_path / "w.md").read_text()
    assert "| step | contest | new windows |" in text.replace("  ", " ")


def test_a_forecaster_that_reads_known_covariates_is_watched_without_those_of_the_steps_ahead():
    rows = one_series().assign(heat=walk(N + NEW, 9))
    task, model, reference, _ = contest(rows, time_column="day", known=["heat"])
    assert task.covariates_known == ("heat",)
    found = watched(rows, task, model, reference)
    assert found.n_scored == NEW // 7 and found.score is not None
    assert {one.kind for one in found.predictions} == {"errors"}
