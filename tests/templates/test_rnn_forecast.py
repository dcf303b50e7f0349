import dataclasses

import keras
import keras_tuner
import numpy as np
import pytest

from automl import testing
from automl.records import Facts
from automl.templates.rnn_forecast import RNN_FORECAST, patch_for

HEAD = testing.example_head("forecast")
SPECS = testing.example_specs(RNN_FORECAST.accepts, "forecast")


def built(**settings):
    hp = keras_tuner.HyperParameters()
    RNN_FORECAST.space(hp, SPECS, testing.example_facts("forecast"))
    point = {**hp.values, **settings}
    knobs = {name: keras.Variable(float(point[name]), trainable=False) for name in RNN_FORECAST.knobs if name in point}
    keras.utils.set_random_seed(0)
    return RNN_FORECAST.build(point, knobs, SPECS, HEAD)


@pytest.mark.parametrize("channels", ["apart", "joint"])
def test_untrained_it_is_near_the_last_value(channels):
    arrays = testing.example_arrays(SPECS)
    y = np.asarray(built(location="last", skip="linear", channels=channels)(arrays, training=False))
    last = arrays["series"][:, -1:, :2]
    spread = arrays["series"][..., :2].std(axis=1, keepdims=True)
    assert (np.abs(y[..., 0] - last) / spread).mean() < 0.5
    assert (y[..., 1] < y[..., 2]).mean() > 0.9  # lower quantile below upper


def test_with_the_seasonal_short_cut_it_starts_near_the_season_before():
    arrays = testing.example_arrays(SPECS)
    y = np.asarray(built(location="mean", skip="seasonal")(arrays, training=False))
    before = arrays["series"][:, [9, 10, 11, 9], :2]
    assert np.abs(y[..., 0] - before).mean() < 0.3


def test_forecasts_move_and_stretch_with_the_series():
    model, arrays = built(channels="apart"), testing.example_arrays(SPECS)
    y = np.asarray(model(arrays, training=False))
    moved = {**arrays, "series": arrays["series"] * np.array([100, 100, 1], "float32")}
    np.testing.assert_allclose(y * 100, model(moved, training=False), rtol=1e-3, atol=0.5)


def test_apart_each_target_is_forecast_from_its_own_past():
    model, arrays = built(channels="apart"), testing.example_arrays(SPECS)
    y = np.asarray(model(arrays, training=False))
    changed = {**arrays, "series": arrays["series"].copy()}
    changed["series"][:, :, 1] += np.arange(12)
    after = np.asarray(model(changed, training=False))
    np.testing.assert_allclose(y[:, :, 0], after[:, :, 0], rtol=1e-5)
    assert np.abs(y[:, :, 1] - after[:, :, 1]).max() > 1


def test_what_is_known_ahead_is_read():
    model, arrays = built(), testing.example_arrays(SPECS)
    other = {**arrays, "future": arrays["future"] + 1}
    assert np.abs(np.asarray(model(arrays)) - np.asarray(model(other))).max() > 0


def test_patches_leave_few_steps_and_fewer_where_targets_are_read_alone():
    (series, *_) = SPECS
    steps = {n: 48 / patch_for([dataclasses.replace(series, shape=(48, n), stats={"n_targets": n})]) for n in (1, 7)}
    assert steps == {1: 24, 7: 6}


def test_where_windows_are_few_it_starts_from_last_seasons_values():
    few, many = (RNN_FORECAST.starts(SPECS, Facts(n))[0] for n in (80, 5_000))
    assert few["skip"] == "seasonal" and many["skip"] == "linear"
    assert few["units"] < many["units"] and few["dropout"] > many["dropout"]
