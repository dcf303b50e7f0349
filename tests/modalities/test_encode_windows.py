from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from automl import modalities
from automl.errors import DataError


def all_windows(split):
    return np.concatenate([split.train_windows, split.valid_windows, split.test_windows])


def naive_past(dataset, names, window, context, fill):
    """Row by row: the last `context` rows of the series before the window, gaps held, the earliest repeated."""
    start = window[0]
    while start > 0 and dataset.series[start - 1] == dataset.series[window[0]]:
        start -= 1
    lines = []
    held = list(fill)
    for row in range(start, window[0]):
        for place, name in enumerate(names):
            value = dataset.target[name][row] if name in dataset.target else dataset.inputs[name][row]
            held[place] = held[place] if np.isnan(value) else value
        lines.append(list(held))
    lines = lines[-context:]
    return np.array([lines[0]] * (context - len(lines)) + lines, np.float32)


def test_the_past_is_what_a_plain_loop_finds(panel):
    dataset, task, split = panel
    encoder, _ = modalities.fit(dataset, task, split)
    windows = all_windows(split)
    found = encoder.transform(dataset, windows)["series"]
    names = ["sales", "visits", "temperature", "holiday"]
    assert encoder.specs[0].stats["columns"] == names
    assert encoder.specs[0].shape == (16, 4)
    for window, past in zip(windows, found, strict=True):
        assert np.array_equal(naive_past(dataset, names, window, 16, encoder.fill), past)


def test_a_window_never_reads_its_own_targets_nor_later_ones(panel, same_arrays):
    dataset, task, split = panel
    encoder, _ = modalities.fit(dataset, task, split)
    for window in (split.test_windows[0], split.train_windows[5], split.valid_windows[-1]):
        target = dataset.target.copy()
        target.loc[window[0] :, :] = np.nan
        covariates = dataset.inputs.copy()
        covariates.loc[window[0] :, "temperature"] = np.nan
        blind = replace(dataset, target=target, inputs=covariates)
        assert same_arrays(encoder.transform(dataset, window[None]), encoder.transform(blind, window[None]))


def test_a_series_without_past_gets_the_training_means(panel):
    dataset, task, split = panel
    encoder, _ = modalities.fit(dataset, task, split)
    past = encoder.transform(dataset, np.array([[60, 61, 62]]))["series"][0]
    assert np.array_equal(np.tile(encoder.fill.astype(np.float32), (16, 1)), past)
    assert encoder.fill[0] == pytest.approx(dataset.target["sales"].to_numpy()[split.train].mean())


def test_the_future_holds_time_phases_and_known_covariates(panel):
    dataset, task, split = panel
    encoder, _ = modalities.fit(dataset, task, split)
    spec = encoder.specs[1]
    assert spec.stats["columns"] == ["ahead", "week_sin", "week_cos", "holiday"]
    window = split.test_windows[:1]
    future = encoder.transform(dataset, window)["future"][0]
    assert future[:, 0] == pytest.approx([1 / 3, 2 / 3, 1.0])
    assert future[:, 3].tolist() == dataset.inputs["holiday"][window[0]].tolist()
    weekday = pd.Series(dataset.times[window[0]]).dt.day_of_week.to_numpy()
    assert future[:, 2] == pytest.approx(np.cos(2 * np.pi * weekday / 7), abs=1e-6)


@pytest.mark.parametrize(
    ("step", "n_rows", "phases"),
    [
        ("h", 200, ["week_sin", "week_cos", "day_sin", "day_cos"]),
        ("MS", 200, ["year_sin", "year_cos"]),
        ("YS", 200, []),
        ("min", 200, []),
        ("W-MON", 200, ["year_sin", "year_cos"]),
    ],
)
def test_phases_are_those_that_training_goes_through(panel, step, n_rows, phases):
    _, task, split = panel
    times = pd.date_range("2000-01-03", periods=n_rows, freq=step).to_numpy().astype("datetime64[ns]")
    target = pd.DataFrame({"sales": np.arange(n_rows, dtype=float), "visits": np.ones(n_rows)})
    dataset = panel[0].__class__("one", pd.DataFrame(index=range(n_rows)), target, times=times)
    windows = np.arange(1, n_rows - 3)[:, None] + np.arange(3)
    empty = np.zeros(0, np.int64)
    split = replace(split, train=np.arange(n_rows), valid=empty, test=empty, train_windows=windows)
    task = replace(task, columns=(), covariates_known=(), series_column=None)
    encoder, _ = modalities.fit(dataset, task, split)
    assert ["ahead", *phases] == encoder.specs[1].stats["columns"]
    assert [spec.name for spec in encoder.specs] == ["series", "future"]
    arrays = encoder.transform(dataset, windows)
    assert np.ptp(arrays["future"], axis=(0, 1)).min() > 0.3


def test_series_are_named_by_code_and_a_new_one_is_zero(panel):
    dataset, task, split = panel
    encoder, _ = modalities.fit(dataset, task, split)
    assert encoder.specs[2].stats == {"columns": ["shop"], "sizes": [4]}
    assert encoder.transform(dataset, split.test_windows)["categories"][:, 0].tolist() == [1, 1, 1, 2, 2, 2, 3, 3, 3]
    renamed = dataset.series.copy()
    renamed[:60] = "new"
    found = encoder.transform(replace(dataset, series=renamed), split.test_windows)["categories"][:, 0]
    assert found.tolist() == [0, 0, 0, 2, 2, 2, 3, 3, 3]


def test_rows_after_training_leave_no_trace_even_without_being_validation_or_test(panel, changed, same_state):
    dataset, task, split = panel
    empty = np.zeros(0, np.int64)
    loose = replace(split, valid=empty, test=empty)
    other = changed(dataset, np.union1d(split.valid, split.test))
    one, two = modalities.fit(dataset, task, loose)[0], modalities.fit(other, task, loose)[0]
    assert same_state(one.state(), two.state())


def test_future_rows_without_target_can_be_forecast(panel):
    dataset, task, split = panel
    encoder, _ = modalities.fit(dataset, task, split)
    extra = 3
    rows = np.arange(60)
    inputs = pd.concat([dataset.inputs.iloc[rows], dataset.inputs.iloc[:extra]], ignore_index=True)
    inputs.loc[60:, ["temperature", "holiday"]] = np.nan
    target = pd.concat([dataset.target.iloc[rows], dataset.target.iloc[:extra] * np.nan], ignore_index=True)
    times = np.append(dataset.times[:60], dataset.times[59] + np.arange(1, 4).astype("timedelta64[D]"))
    future = replace(dataset, inputs=inputs, target=target, times=times, series=np.array(["a"] * 63, dtype=object))
    arrays = encoder.transform(future, np.array([[60, 61, 62]]))
    assert all(np.isfinite(array).all() for array in arrays.values())
    assert np.array_equal(arrays["series"][0, :, 0], dataset.target["sales"].to_numpy()[44:60].astype(np.float32))
    assert arrays["future"][0, :, 3] == pytest.approx(np.full(3, encoder.known_fill[0]))


@pytest.mark.parametrize(
    ("horizon", "season", "context"), [(3, 7, 16), (3, 12, 24), (10, 1, 20), (3, 400, 39), (30, 30, 12)]
)
def test_context_is_two_seasons_or_horizons_within_what_training_has(panel, horizon, season, context):
    dataset, task, split = panel
    windows = np.concatenate([np.arange(b + 1, b + 43 - horizon) for b in (0, 60, 120)])[:, None] + np.arange(horizon)
    split = replace(split, train_windows=windows)
    encoder, _ = modalities.fit(dataset, replace(task, horizon=horizon, season=season), split)
    assert encoder.specs[0].shape[0] == context
    stats = encoder.specs[0].stats
    assert (stats["n_targets"], stats["horizon"], stats["season"]) == (2, horizon, season)


def test_windows_of_another_length_are_refused(panel):
    dataset, task, split = panel
    encoder, _ = modalities.fit(dataset, task, split)
    with pytest.raises(DataError, match=r"\(n, 3\)"):
        encoder.transform(dataset, split.test_windows[:, :2])
    with pytest.raises(DataError, match="history"):
        encoder.transform(replace(dataset, target=None), split.test_windows)


@pytest.mark.parametrize(("window", "judged"), [(8, "last"), (None, None)])
def test_networks_are_told_that_an_item_is_its_last_step(window, judged):
    from dataclasses import replace

    from automl import modalities
    from automl.testing.examples import example_problem

    dataset, task, split, _ = example_problem("anomaly", "sequence")
    encoder = modalities.named("sequence").fit(dataset, replace(task, window=window), split, None)
    assert [spec.stats.get("judged") for spec in encoder.specs] == [judged]
