"""The Fréchet distance of features: its formula, its weights, and which generated items it puts first."""

import numpy as np
import pytest
from scipy.linalg import sqrtm

from automl import metrics
from automl.metrics.contents.rows import RowFeatures
from automl.metrics.feature_distance import frechet, row_features
from automl.records import Output
from automl.testing import check_metric


def rows(n, seed, tied=True):
    rng = np.random.default_rng(seed)
    made = np.empty(n, [("x", "f8"), ("y", "f8"), ("c", "U4")])
    made["x"] = rng.normal(size=n)
    made["y"] = made["x"] + 0.1 * rng.normal(size=n) if tied else rng.permutation(made["x"])
    made["c"] = np.where(made["x"] > 0, "up", "down")
    made["x"][::20] = np.nan
    return made


def items(n, seed, *, split=True):
    """Pictures with their class, of which the class tells the half that is lit."""
    rng = np.random.default_rng(seed)
    made = np.empty(n, [("picture", "u1", (8, 8, 1)), ("kind", "U5")])
    lit = rng.random(n) < 0.5
    made["picture"] = rng.integers(0, 40, (n, 8, 8, 1))
    made["picture"][lit, :4] += 150
    made["picture"][~lit, 4:] += 150
    made["kind"] = np.where(lit if split else rng.permutation(lit), "upper", "lower")
    return made


def score(real, made, reference=None, weight=None):
    context = {} if reference is None else {"reference": reference}
    return metrics.score("feature_distance", real, Output("samples", {"samples": made}), weight, context)


def weighted_moments(points, weight):
    mean = np.average(points, axis=0, weights=weight)
    return mean, (weight[:, None] * (points - mean)).T @ (points - mean) / weight.sum()


def test_the_metric_keeps_the_contract():
    check_metric(metrics.METRICS["feature_distance"])


def test_the_distance_is_that_of_the_formula_for_each_weighting():
    rng = np.random.default_rng(0)
    real, made = rng.normal(size=(60, 4)), rng.normal(0.3, 1.4, (60, 4)) @ rng.normal(size=(4, 4))
    weights = np.concatenate([rng.poisson(1.0, (3, 60)).astype(float), np.zeros((1, 60)), 2.5 * np.ones((1, 60))])
    found = frechet(real, made, weights)
    assert np.isnan(found[3])
    for k in (0, 1, 2, 4):
        (mean, spread), (other, other_spread) = (weighted_moments(points, weights[k]) for points in (real, made))
        root = sqrtm(spread @ other_spread).real
        expected = ((mean - other) ** 2).sum() + np.trace(spread + other_spread - 2 * root)
        assert found[k] == pytest.approx(expected, rel=1e-6)


def test_rows_with_a_weight_of_zero_are_left_out_once_a_reference_is_given():
    real, made, reference = rows(200, 0), rows(200, 1, tied=False), rows(300, 2)
    weight = (np.arange(200) < 120).astype(float)
    assert score(real, made, reference, weight) == pytest.approx(score(real[:120], made[:120], reference), rel=1e-9)


def test_few_rows_and_dimensions_that_do_not_vary_have_a_distance():
    real = np.zeros((3, 5))
    assert frechet(real, real, np.ones((1, 3)))[0] == pytest.approx(0.0, abs=1e-8)
    assert frechet(real, real + 2.0, np.ones((1, 3)))[0] == pytest.approx(20.0)
    assert np.isfinite(score(rows(2, 0), rows(2, 1)))


def test_tables_of_one_source_are_nearer_than_those_whose_columns_were_shuffled():
    real, reference = rows(400, 0), rows(400, 3)
    assert score(real, real, reference) == pytest.approx(0.0, abs=1e-7)
    assert score(real, rows(400, 1), reference) < 0.2 * score(real, rows(400, 2, tied=False), reference)


def test_pictures_with_the_classes_of_others_are_farther():
    real, reference = items(300, 0), items(300, 3)
    assert score(real, items(300, 1), reference) < 0.2 * score(real, items(300, 2, split=False), reference)


def test_several_draws_score_their_mean():
    real, reference = items(100, 0), items(100, 3)
    draws = [items(100, seed) for seed in (1, 2)]
    expected = np.mean([score(real, draw, reference) for draw in draws])
    assert score(real, np.stack(draws, axis=1), reference) == pytest.approx(expected)


def test_a_reference_may_stand_in_a_tuple():
    real, made, reference = rows(50, 0), rows(50, 1), rows(50, 2)
    assert score(real, made, (reference,)) == score(real, made, reference)


def test_features_are_remembered_by_what_the_rows_hold():
    real, reference = items(50, 0), items(60, 3)
    first = row_features(real, reference)
    assert row_features(real.copy(), reference.copy()) is first
    real["picture"][0] += 1
    assert row_features(real, reference) is not first


def test_rows_have_at_most_48_dimensions_of_total_variance_one():
    rng = np.random.default_rng(0)
    wide = np.empty(200, [(f"c{k}", "U2") for k in range(10)])
    for name in wide.dtype.names:
        wide[name] = rng.integers(10, 30, 200).astype(str)
    found = RowFeatures(wide).transform(wide)
    assert found.shape == (200, 48)
    assert found.var(axis=0).sum() == pytest.approx(1.0)
