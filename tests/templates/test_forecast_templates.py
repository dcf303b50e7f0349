"""What all forecasting templates share: the context that they read, the scale they work on, what they know ahead."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import keras
import keras_tuner
import numpy as np
import pytest

from automl import catalog, testing
from automl.records import Facts, Template

TEMPLATES = {
    name: one for name, one in catalog.members(Template, "automl.templates").items() if "forecast" in one.goals
}
HEAD = testing.example_head("forecast")
SPECS = testing.example_specs(("series", "categories"), "forecast")
ARRAYS = testing.example_arrays(SPECS)


def built(name: str, seed: int = 0, specs=SPECS, **settings: Any) -> keras.Model:
    template = TEMPLATES[name]
    hp = keras_tuner.HyperParameters()
    template.space(hp, specs, Facts(2_000))
    point = {**hp.values, **settings}
    knobs = {name: keras.Variable(float(point[name]), trainable=False) for name in template.knobs if name in point}
    keras.utils.set_random_seed(seed)
    return template.build(point, knobs, specs, HEAD)


def predicted(model: keras.Model, arrays: dict[str, np.ndarray]) -> np.ndarray:
    return np.asarray(model(arrays, training=False))


def test_four_families_make_forecasts():
    assert {one.family for one in TEMPLATES.values()} == {"mlp", "rnn", "transformer"}
    assert {"mlp_forecast", "nhits", "patch_transformer", "rnn_forecast"} <= set(TEMPLATES)


@pytest.mark.parametrize("name", list(TEMPLATES))
def test_steps_before_the_context_are_not_read(name):
    earlier = {**ARRAYS, "series": ARRAYS["series"].copy()}
    earlier["series"][:, :6] += 3.0
    for context, is_read in ((6, False), (12, True)):
        model = built(name, context=context, skip="linear")
        weights = [w + 0.05 * np.random.default_rng(0).normal(size=w.shape) for w in model.get_weights()]
        model.set_weights(weights)  # a linear skip connection starts at zero
        assert (not np.allclose(predicted(model, ARRAYS), predicted(model, earlier))) == is_read


@pytest.mark.parametrize("transform", ["none", "sqrt", "log"])
@pytest.mark.parametrize("name", list(TEMPLATES))
def test_untrained_it_is_near_the_last_value_on_every_scale(name, transform):
    y = predicted(built(name, location="last", transform=transform, skip="linear"), ARRAYS)
    last, spread = ARRAYS["series"][:, -1:, :2], ARRAYS["series"][..., :2].std(axis=1, keepdims=True)
    assert (np.abs(y[..., 0] - last) / spread).mean() < 0.8
    assert (y[..., 1] < y[..., 2]).mean() > 0.9  # lower quantile below upper


@pytest.mark.parametrize("name", list(TEMPLATES))
def test_forecasts_stretch_with_a_series_whose_logarithm_is_taken(name):
    model = built(name, transform="log", channels="apart")
    stretched = {**ARRAYS, "series": ARRAYS["series"] * np.array([8, 8, 1], "float32")}
    np.testing.assert_allclose(8 * predicted(model, ARRAYS), predicted(model, stretched), rtol=2e-2)


@pytest.mark.parametrize("name", list(TEMPLATES))
def test_what_is_known_ahead_is_read(name):
    other = {**ARRAYS, "future": ARRAYS["future"] + 1}
    model = built(name)
    assert np.abs(predicted(model, ARRAYS) - predicted(model, other)).max() > 0


@pytest.mark.parametrize("name", list(TEMPLATES))
def test_a_forecast_without_a_choice_of_contexts_and_transforms_does_not_search_them(name):
    stats = {**SPECS[0].stats, "contexts": [12], "start": 12, "transforms": ["none"]}
    hp = keras_tuner.HyperParameters()
    TEMPLATES[name].space(hp, (replace(SPECS[0], stats=stats),), Facts(2_000))
    assert not {"context", "transform"} & {parameter.name for parameter in hp.space}


@pytest.mark.parametrize("name", list(TEMPLATES))
def test_the_first_start_reads_the_context_that_the_data_ask_for(name):
    stats = {**SPECS[0].stats, "start": 12}
    assert TEMPLATES[name].starts((replace(SPECS[0], stats=stats),), Facts(2_000))[0]["context"] == 12
