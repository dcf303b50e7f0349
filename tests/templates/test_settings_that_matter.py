"""What cannot matter for the inputs is not searched."""

import keras_tuner
import numpy as np
import pytest

from automl import catalog
from automl.records import Facts, InputSpec, Template

TEMPLATES = catalog.members(Template, "automl.templates")
TABLES = ("ft_transformer", "mlp", "retrieval", "tabm")
FACTS = Facts(200, 2, (0.5, 0.5))
MANY, FEW = list(np.linspace(0, 1, 40)), [0.0, 1.0]


def numbers(*columns, splits=()):
    stats = {"median": [0.0] * len(columns), "scale": [1.0] * len(columns), "quantiles": list(columns)}
    return InputSpec("numbers", "numbers", (len(columns),), "float32", stats={**stats, "splits": list(splits)})


def categories(*sizes):
    return InputSpec("categories", "categories", (len(sizes),), "int32", max(sizes), {"sizes": list(sizes)})


def declared(name, specs):
    hp = keras_tuner.HyperParameters()
    TEMPLATES[name].space(hp, specs, FACTS)
    return {parameter.name: parameter for parameter in hp.space}


@pytest.mark.parametrize("name", TABLES)
def test_numbers_alone_have_no_settings_of_categories(name):
    space = declared(name, [numbers(MANY, FEW)])
    assert not {"category_dim", "hide_rate", "bins_by", "text_stem", "image_stem"} & set(space)
    assert {"numeric", "bins"} <= set(space)
    assert "bins_by" in declared(name, [numbers(MANY, splits=[[0.3, 0.6]])])


@pytest.mark.parametrize("name", TABLES)
def test_numbers_of_few_values_need_no_number_of_bins(name):
    assert "bins" not in declared(name, [numbers(FEW, FEW)])


@pytest.mark.parametrize("name", TABLES)
def test_categories_alone_have_no_settings_of_numbers(name):
    space = declared(name, [categories(30)])
    assert not {"numeric", "numeric_dim", "bins", "bins_by"} & set(space) and "hide_rate" in space
    assert ("category_dim" in space) == (name != "ft_transformer")
    assert "category_dim" not in declared(name, [categories(3, 5)])


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("specs", [[numbers(FEW)], [categories(3)], [numbers(MANY), categories(3)]])
def test_starts_name_only_what_is_declared_and_none_is_given_twice(name, specs):
    starts = TEMPLATES[name].starts(specs, FACTS)
    assert all(set(start) <= set(declared(name, specs)) for start in starts)
    assert all(start not in starts[:place] for place, start in enumerate(starts))


def test_a_forecast_of_one_series_has_no_groups_and_no_labels_to_hide():
    def series(n_targets):
        stats = {"mean": [0.0] * n_targets, "std": [1.0] * n_targets, "n_targets": n_targets, "horizon": 2}
        return InputSpec("series", "series", (6, n_targets), "float32", stats=stats)

    one = declared("rnn_forecast", [series(1)])
    assert not {"channels", "hide_rate"} & set(one) and list(one["patch"].values) == [1, 2, 4]
    assert all(set(start) <= set(one) for start in TEMPLATES["rnn_forecast"].starts([series(1)], FACTS))
    assert {"channels", "hide_rate"} <= set(declared("rnn_forecast", [series(2), categories(4)]))


def test_a_short_series_has_no_stride_that_leaves_one_step():
    spec = InputSpec("series", "series", (9, 1), "float32", stats={"mean": [0.0], "std": [1.0]})
    assert list(declared("series_rnn", [spec])["stride"].values) == [1, 2, 4]
