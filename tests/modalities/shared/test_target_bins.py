from dataclasses import replace

import numpy as np

from automl import modalities
from automl.layers.numbers import bin_edges
from automl.modalities.shared.bins import splits_by_target

RNG = np.random.default_rng(0)


def test_the_first_split_is_where_a_step_lies_and_more_come_in_order_of_worth():
    x = RNG.uniform(0, 10, size=2000)
    target = (5.0 * (x > 7) + 1.0 * (x > 2)).astype("float32")[:, None]
    splits = splits_by_target(x[:, None].astype("float32"), target)[0]
    np.testing.assert_allclose([7, 2], splits[:2], atol=0.05)


def test_splits_part_classes_too():
    x = RNG.uniform(0, 10, size=(2000, 1)).astype("float32")
    codes = np.digitize(x[:, 0], [3.0, 6.0]).astype("int32")
    np.testing.assert_allclose([3, 6], sorted(splits_by_target(x, codes)[0][:2]), atol=0.05)


def test_a_column_of_two_values_or_without_use_gets_none():
    x = np.stack([RNG.integers(0, 2, 500), np.zeros(500)], axis=1).astype("float32")
    assert splits_by_target(x, x[:, :1].copy()) == [[], []]


def test_rows_of_no_weight_are_not_asked():
    x = np.linspace(0, 1, 1000)
    target = np.where(np.arange(1000) % 2 == 0, x > 0.3, x > 0.8).astype("float32")
    splits = splits_by_target(x[:, None].astype("float32"), target[:, None], (np.arange(1000) % 2).astype(float))
    np.testing.assert_allclose(0.8, splits[0][0], atol=0.02)


def test_edges_by_the_target_are_the_best_splits_between_the_outer_quantiles():
    assert bin_edges([0.0, 5.0, 10.0], 3, [7.0, 3.0, 1.0]) == [0.0, 3.0, 7.0, 10.0]
    assert bin_edges([0.0, 5.0, 10.0], 3, []) == [0.0, 5.0, 10.0]


def test_an_encoder_finds_them_in_training_rows_alone(table):
    dataset, task, split = table
    encoder, _ = modalities.fit(dataset, task, split)
    spec = next(spec for spec in encoder.specs if spec.name == "numbers")
    assert len(spec.stats["splits"]) == spec.shape[0]
    target = dataset.target.copy()
    hidden = np.concatenate([split.valid, split.test])
    target.iloc[hidden] = target.iloc[hidden[::-1]].to_numpy()
    again, _ = modalities.fit(replace(dataset, target=target), task, split)
    assert spec.stats["splits"] == next(one for one in again.specs if one.name == "numbers").stats["splits"]
    restored = modalities.restore(encoder.state())
    assert spec.stats["splits"] == restored.specs[0].stats["splits"]
