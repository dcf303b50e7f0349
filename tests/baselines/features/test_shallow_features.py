from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.linear_model import Ridge

from automl.baselines.features.columns import TableFeatures
from automl.baselines.features.convolutions import TRIPLES, ConvolutionFeatures, filled, lengths_of
from automl.baselines.features.gradients import PictureFeatures, oriented_gradients, resized
from automl.baselines.features.intervals import IntervalFeatures, intervals, stretched
from automl.baselines.features.levels import find, parts
from automl.baselines.features.plain.convolutions import kernel_parts
from automl.baselines.features.plain.intervals import interval_quantiles
from automl.baselines.features.series_values import SeriesValues
from automl.baselines.features.summaries import SequenceFeatures, summary
from automl.baselines.features.windows import past
from automl.baselines.features.words import TextFeatures
from automl.baselines.learners.linear import Linear
from automl.baselines.learners.ridge import _dual, _primal, ridge_path
from automl.baselines.model import Model, draws
from automl.errors import DataError
from automl.records import Column, Dataset, FitContext, Task


@pytest.mark.parametrize("shape", [(80, 6), (30, 90)])
@pytest.mark.parametrize("kind", ["dense", "sparse"])
def test_ridge_agrees_with_scikit_learn_in_both_forms_and_with_weights(shape, kind):
    rng = np.random.default_rng(0)
    X, w = rng.normal(size=shape), rng.uniform(0.5, 2, shape[0])
    Y = rng.normal(size=(shape[0], 2))
    coef, intercept, strength = ridge_path(sparse.csr_matrix(X) if kind == "sparse" else X, Y, w, [0.3], None)
    v = w * len(w) / w.sum()
    Z = (X - (v @ X) / len(w)) * np.sqrt(v)[:, None]
    eigenvalues = np.linalg.eigvalsh(Z.T @ Z if shape[1] <= shape[0] else Z @ Z.T)
    expected = Ridge(alpha=0.3 * max(eigenvalues.mean(), 0)).fit(X, Y, sample_weight=v)
    assert strength == 0.3
    np.testing.assert_allclose(coef.T, expected.coef_, atol=1e-7)
    np.testing.assert_allclose(intercept, expected.intercept_, atol=1e-7)


@pytest.mark.parametrize("shape", [(40, 6), (25, 60)])
def test_leave_one_out_residuals_are_those_of_fits_without_the_row(shape):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=shape), rng.normal(size=(shape[0], 1))
    w = np.ones(shape[0])
    solve = _primal if shape[1] <= shape[0] else _dual
    centred = X - X.mean(axis=0)
    ((_, _, left_out),) = solve(X, w, X.mean(axis=0), y - y.mean(), [0.2])
    eigenvalues = np.linalg.eigvalsh(centred.T @ centred if shape[1] <= shape[0] else centred @ centred.T)
    for i in range(0, shape[0], 7):
        rest = np.arange(shape[0]) != i
        one = Ridge(alpha=0.2 * eigenvalues.mean()).fit(X[rest], y[rest, 0])
        assert left_out[i, 0] == pytest.approx(y[i, 0] - one.predict(X[i : i + 1])[0], rel=1e-3)


def test_leave_one_out_prefers_a_strong_penalty_on_noise_and_a_weak_one_on_signal():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 20))
    noise, signal = rng.normal(size=(60, 1)), X[:, :1]
    assert ridge_path(X, noise, None, [1e-3, 100.0], None)[2] == 100.0
    assert ridge_path(X, signal, None, [1e-3, 100.0], None)[2] == 1e-3


def test_temperature_recovers_the_scale_of_the_scores():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(20_000, 3)) * 2
    truth = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
    assert Linear("multiclass", 3).best_temperature(logits / 5, truth) == pytest.approx(5.0, rel=0.2)


def test_a_label_that_never_occurs_is_predicted_never():
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(50, 3)), np.zeros((50, 2), dtype=np.int8)
    Y[:, 0] = X[:, 0] > 0
    learner = Linear("multilabel", 2)
    learner.fit(X, Y, None, X, Y, FitContext(), lambda: None)
    assert learner.predict(X)[:, 1].max() < 1e-6


def test_target_means_of_training_rows_never_see_their_own_target():
    rng = np.random.default_rng(0)
    n = 2000
    frame = pd.DataFrame({"town": pd.Series([f"t{k}" for k in rng.integers(0, 400, n)], dtype=object)})
    y = rng.normal(size=(n, 1))  # nothing to learn
    task = Task("tabular", "regression", ("y",), "r2", columns=(Column("town", "categorical", 1.0, ""),))
    features = TableFeatures(task, "trees")
    X = features.fit(Dataset("d", frame), np.arange(n), y, None)
    assert abs(np.corrcoef(X[:, -1], y[:, 0])[0, 1]) < 0.08
    again = features.transform(Dataset("d", frame), np.arange(n))
    assert np.corrcoef(again[:, -1], y[:, 0])[0, 1] > 0.3  # in sample they do, so the test can fail


@pytest.mark.parametrize("style", ["trees", "linear"])
def test_numbers_that_come_back_tell_their_own_mean_and_smooth_ones_do_not(style):
    rng = np.random.default_rng(0)
    rates, worth = np.round(rng.uniform(100, 9_000, 40)), rng.normal(size=40)
    which, has = rng.integers(0, 40, 2_000), rng.random(2_000) < 0.4
    years = np.round(rng.uniform(18, 80, 2_000))
    frame = pd.DataFrame({"amount": np.where(has, rates[which], 0.0), "years": years})
    frame.loc[:20, "amount"] = np.nan
    y = (np.where(has, worth[which], 0.0) + years / 60 + 0.5 * rng.normal(size=2_000))[:, None]
    columns = (Column("amount", "numeric", 1.0, ""), Column("years", "numeric", 1.0, ""))
    features = TableFeatures(Task("tabular", "regression", ("y",), "r2", columns=columns), style)
    X = features.fit(Dataset("d", frame.iloc[:1_500]), np.arange(1_500), y[:1_500], None)
    assert [("levels" in step) for step in features.plan.values()] == [True, False]
    place = 1 if style == "trees" else 2  # a linear model has the flag of missing values before it
    assert np.corrcoef(X[:, place], y[:1_500, 0] - years[:1_500] / 60)[0, 1] > 0.6
    new = features.transform(Dataset("d", frame), np.arange(1_500, 2_000))
    assert np.corrcoef(new[:, place], y[1_500:, 0] - years[1_500:] / 60)[0, 1] > 0.6


@pytest.mark.parametrize("kind", ["numeric", "boolean", "datetime", "categorical", "text", "list"])
@pytest.mark.parametrize("style", ["trees", "linear"])
def test_a_column_without_a_value_in_training_rows_that_count_is_left_out(style, kind):
    rng = np.random.default_rng(0)
    x, weight = rng.normal(size=40), np.repeat([1.0, 0.0, 1.0], [20, 5, 15])
    later = {"datetime": pd.Timestamp("2020"), "numeric": 1.0, "boolean": 1.0}.get(kind, "word")
    lone = pd.Series([None] * 40, dtype="datetime64[ns]" if kind == "datetime" else object)
    lone.iloc[20:25] = later
    lone.iloc[30:] = later
    inputs = pd.DataFrame({"x": x, "lone": lone.astype(float) if later == 1.0 else lone})
    columns = (Column("x", "numeric", 1.0, ""), Column("lone", kind, 1.0, ""))
    task = Task("tabular", "regression", ("y",), "rmse", columns=columns)
    rows, dataset = np.arange(30), Dataset("d", inputs, pd.DataFrame({"y": x}))
    features = TableFeatures(task, style)
    matrix = features.fit(dataset, rows, x[:30, None], weight[:30])
    assert list(features.plan) == ["x"] and matrix.shape[0] == 30
    assert features.transform(dataset, np.arange(30, 40)).shape == (10, matrix.shape[1])
    all_count = TableFeatures(task, style)
    all_count.fit(dataset, rows, x[:30, None], None)
    assert list(all_count.plan) == ["x", "lone"]


def test_a_skewed_target_is_learnt_drawn_in_and_predicted_in_its_own_units_and_range():
    rng = np.random.default_rng(0)
    x = rng.normal(size=400)
    frame, y = pd.DataFrame({"x": x}), np.exp(2 * x + 0.1 * rng.normal(size=400))[:, None]
    frame.loc[399, "x"] = 1e9
    task = Task("tabular", "regression", ("y",), "r2", columns=(Column("x", "numeric", 1.0, ""),))
    dataset, rows, errors = Dataset("d", frame), np.arange(300), {}
    for unskew in (True, False):
        model = Model(task, TableFeatures(task, "linear"), Linear("regression", 0), unskew)
        model.fit(dataset, rows, y[rows], None, FitContext(None, None, rows[:50], y[:50]))
        found = model.predict(dataset, np.arange(400)).arrays["values"]
        errors[unskew] = np.median(np.abs(found[:300] - y[:300]) / y[:300])
        assert found.min() >= 0 and found.max() < 3 * y[rows].max()
        assert (model.curves[0][0] < 1) == unskew
    assert errors[True] < errors[False] / 2


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("a, b, a", ["a", "b"]),
        ("['x'; 'y']", ["x", "y"]),
        ("one|two, three", ["one", "two, three"]),
        (None, []),
        ("", []),
    ],
)
def test_list_cells_are_split(cell, expected):
    assert parts(cell) == expected


def test_finding_levels():
    assert find(np.array(["a", "c"]), np.array(["c", "b", "a", "z"])).tolist() == [1, -1, 0, -1]
    assert find(np.array([], dtype=str), np.array(["c"])).tolist() == [-1]


def test_words_of_test_rows_are_weighed_as_training_rows_are_and_new_words_ignored():
    texts = [*["red apple", "red pear", "green pear"] * 5, *["fig"] * 4]
    frame = pd.DataFrame({"t": [*texts, "brand new fig"]})
    task = Task("text", "regression", ("y",), "r2", columns=(Column("t", "text", 1.0, ""),))
    features = TextFeatures(task, 1, 0, min_rows=1)
    rows = np.arange(len(texts))
    X = features.fit(Dataset("d", frame), rows, np.zeros((len(texts), 1)), None)
    assert X.shape == (len(texts), 4)  # a word of four rows has no entry, whatever was asked for
    np.testing.assert_allclose(np.sqrt(X[:15].multiply(X[:15]).sum(axis=1)), 1.0)
    np.testing.assert_allclose(features.transform(Dataset("d", frame), rows).toarray(), X.toarray())
    assert features.transform(Dataset("d", frame), np.array([len(texts)])).nnz == 0


def test_gradients_do_not_see_brightness_and_tell_angles():
    x = np.arange(24, dtype=np.float32)
    across, down = np.tile(np.sin(x / 2), (24, 1)), np.tile(np.sin(x / 2)[:, None], (1, 24))
    images = np.stack([across, across + 3, down])[..., None]
    found = oriented_gradients(images, 6)
    assert found.shape == (3, 3 * 3 * 4 * 9)
    np.testing.assert_allclose(found[0], found[1], atol=1e-4)
    angles = found.reshape(3, -1, 9).sum(axis=1)
    assert set(angles[0].argsort()[-2:]) == {0, 8}  # gradients along x: 0 degrees, between the first and last
    assert angles[2].argmax() == 4  # along y: 90 degrees


def test_resizing_takes_means_over_areas_and_keeps_the_shape_of_the_picture():
    images = np.arange(2 * 8 * 4, dtype=np.float32).reshape(2, 8, 4, 1)
    small = resized(images, 4)
    assert small.shape == (2, 4, 2, 1)
    np.testing.assert_allclose(small[0, 0, 0, 0], images[0, :2, :2, 0].mean())
    assert resized(images, 100) is images
    assert resized(np.ones((1, 7, 5, 3), np.float32), 3).shape == (1, 3, 2, 3)
    np.testing.assert_allclose(resized(np.ones((1, 7, 5, 3), np.float32), 3), 1.0, rtol=1e-5)


def test_random_convolutions_are_shares_and_do_not_depend_on_the_batch():
    X = np.random.default_rng(0).normal(size=(20, 3, 50)).astype(np.float32)
    kernels = ConvolutionFeatures(1000, seed=3).fit(X)
    found = kernels.transform(X)
    assert found.min() >= 0
    assert found.max() <= 1
    assert 800 < found.shape[1] < 1300
    np.testing.assert_allclose(kernels.transform(X[4:5])[0], found[4], atol=1e-6)


@pytest.mark.parametrize("length", [1, 2, 4, 30])
def test_short_and_empty_sequences_have_features(length):
    X = np.random.default_rng(0).normal(size=(6, 2, length)).astype(np.float32)
    X[0] = np.nan
    assert np.isfinite(summary(X)).all()
    for pools in ("share", "four"):
        for normalise in (True, False):
            kernels = ConvolutionFeatures(700, pools=pools, normalise=normalise).fit(X)
            assert np.isfinite(kernels.transform(X)).all()
    assert np.isfinite(IntervalFeatures().transform(Dataset("d", X), np.arange(6))).all()


@pytest.mark.parametrize(
    "make",
    [lambda: SequenceFeatures(True, 500), lambda: IntervalFeatures(), lambda: SeriesValues(20)],
    ids=["summaries", "intervals", "values"],
)
def test_new_series_are_brought_to_the_form_of_training(make):
    """As networks' encoders do: shorter ones end in gaps, longer ones are cut, other channels are refused."""
    rng = np.random.default_rng(0)
    X, rows = rng.normal(size=(30, 2, 24)).astype(np.float32), np.arange(30)
    features = make()
    features.fit(Dataset("d", X), rows, np.zeros(30), None)
    as_trained = features.transform(Dataset("d", X), rows)
    longer = np.concatenate([X, X], axis=2)
    assert np.array_equal(features.transform(Dataset("d", longer), rows), as_trained)
    ended = X.copy()
    ended[:, :, 17:] = np.nan
    found = features.transform(Dataset("d", X[:, :, :17]), rows)
    assert np.array_equal(found, features.transform(Dataset("d", ended), rows))
    with pytest.raises(DataError, match=r"2 channels as in training; d has 3"):
        features.transform(Dataset("d", np.concatenate([X, X[:, :1]], axis=1)), rows)
    features.form = (2, 24_000)
    with pytest.raises(DataError, match=r"about 24,?000 steps as in training; d has 24 steps"):
        features.transform(Dataset("d", X), rows)


def test_pools_are_those_of_a_plain_loop():
    X = np.random.default_rng(0).normal(size=(3, 1, 41)).astype(np.float32)
    kernels = ConvolutionFeatures(4 * 84 * 4, differences=False, normalise=False, pools="four", seed=1).fit(X)
    (plan,), expected = kernels.plans, []
    plan["biases"] = [biases + np.float32(0.01) for biases in plan["biases"]]  # else they are outputs themselves
    found = kernels.transform(X)
    scaled = (X[:, 0] - X.mean()) / X.std()
    for number, (dilation, biases) in enumerate(zip(plan["dilations"], plan["biases"], strict=True)):
        for padded in (True, False):
            own = [k for k in range(84) if (k % 2 == number % 2) == padded]
            for place in range(biases.shape[1]):
                columns = [
                    [pools_of(row, k, int(dilation), float(biases[k, place]), padded) for k in own] for row in scaled
                ]
                expected += [np.array(columns)[:, :, pool] for pool in range(4)]
    np.testing.assert_allclose(found, np.concatenate(expected, axis=1), atol=2e-3)


def pools_of(row, kernel, dilation, bias, padded):
    """Share, mean excess, mean place and longest run of one kernel's outputs over its bias."""
    taps = np.where(np.isin(np.arange(9), TRIPLES[kernel]), 2.0, -1.0)
    wide = np.pad(row, 4 * dilation)
    output = np.array([taps @ wide[t : t + 8 * dilation + 1 : dilation] for t in range(len(row))])
    output = output if padded else output[4 * dilation : len(row) - 4 * dilation]
    over = output > bias
    runs = [len(run) for run in "".join("x" if one else " " for one in over).split()]
    places = np.flatnonzero(over) + 1
    n = len(output)
    if not len(places):
        return 0.0, 0.0, 0.0, 0.0
    return over.mean(), (output - bias)[over].mean(), places.mean() / n, max(runs) / n


@pytest.mark.parametrize("pools", ["share", "four"])
def test_a_sequence_that_ends_early_has_the_features_of_its_own_steps(pools):
    """What stands for missing steps plays no part; the network of the other side holds the last value."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20, 2, 60)).astype(np.float32)
    X[:10, :, 40:] = np.nan
    kernels = ConvolutionFeatures(2_000, pools=pools).fit(X)
    found = kernels.transform(X[:10])
    shorter = kernels.transform(X[:10, :, :40])
    assert (np.abs(found - shorter) < 1e-4).mean() > 0.8  # but for kernels that reach beyond half of it
    np.testing.assert_array_equal(lengths_of(X), [40] * 10 + [60] * 10)


def test_sequences_that_end_early_are_stretched_for_intervals():
    X = np.full((1, 1, 9), np.nan, np.float32)
    X[0, 0, :5] = [0, 1, 2, 3, 4]
    np.testing.assert_allclose(stretched(X)[0, 0], np.linspace(0, 4, 9))


def test_convolutions_of_before_predict_as_they_did():
    """A version before padded all convolutions, and stored neither pools nor moments."""
    X = np.random.default_rng(0).normal(size=(8, 1, 40)).astype(np.float32)
    kernels = ConvolutionFeatures(300).fit(X)
    for name in ("alternates", "pools", "moments"):
        delattr(kernels, name)
    alternates = kernels.settings()["alternates"]
    parts = [kernel_parts(np.zeros((1, 84, 40)), number, 2, np.array([40]), alternates) for number in (0, 1)]
    assert [len(one) for one in parts] == [1, 1]
    assert kernels.transform(X).max() <= 1


def test_channels_that_are_not_standardised_by_themselves_keep_their_level_and_count_alike():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2, 40)).astype(np.float32) * np.float32([[[1.0], [1e4]]])
    level = rng.normal(size=60).astype(np.float32)
    X[:, 0] += 3 * level[:, None]
    for normalise, told in ((False, True), (True, False)):
        Z = ConvolutionFeatures(2000, normalise=normalise).fit(X[:40]).transform(X)
        coef, intercept, _ = ridge_path(Z[:40], level[:40, None], None, np.geomspace(1e-4, 1e2, 9), None)
        corr = np.corrcoef((Z[40:] @ coef + intercept)[:, 0], level[40:])[0, 1]
        assert (corr > 0.5) == told


@pytest.mark.parametrize("length", [2, 7, 64, 100])
def test_intervals_cover_the_sequence_at_each_depth(length):
    found = intervals(length, 6)
    assert found[0] == (0, length) and all(0 <= begin < end <= length for begin, end in found)
    assert len(found) == len(set(found))


def test_quantiles_of_intervals_are_those_of_numpy_and_odd_ones_lose_the_mean():
    X = np.random.default_rng(0).normal(size=(4, 2, 33)).astype(np.float32)
    found = interval_quantiles(X, 1, 4)  # the whole alone
    expected = np.quantile(X, np.linspace(0, 1, 9), axis=2).transpose(1, 2, 0)
    expected[..., 1::2] -= X.mean(axis=2, keepdims=True)
    np.testing.assert_allclose(found, expected.reshape(4, -1), atol=1e-5)


def test_gaps_are_bridged():
    X = np.array([[[1.0, np.nan, 3.0, np.nan], [np.nan] * 4]], dtype=np.float32)
    np.testing.assert_allclose(filled(X)[0], [[1, 2, 3, 3], [0, 0, 0, 0]])


def test_the_past_of_a_window_stays_within_its_series():
    target = pd.DataFrame({"y": np.r_[np.arange(10.0), np.arange(100.0, 110.0)]})
    series = np.repeat(["a", "b"], 10)
    dataset = Dataset("d", pd.DataFrame(index=range(20)), target, series=series)
    found = past(dataset, np.array([[12, 13], [10, 11], [5, 6]]), 4)[..., 0]
    np.testing.assert_array_equal(found, [[100, 100, 100, 101], [0, 0, 0, 0], [1, 2, 3, 4]])


def test_draws_repeat_by_seed_and_stay_in_their_ranges():
    def some(seed):
        stream = draws({"a": 1, "b": 0.5, "c": 3}, {"a": [1, 2], "b": (0.1, 1.0), "c": (2, 9)}, seed)
        return [next(stream) for _ in range(20)]

    assert some(1) == some(1) != some(2)
    assert some(1)[0] == {"a": 1, "b": 0.5, "c": 3}
    assert all(0.1 <= s["b"] <= 1.0 and 2 <= s["c"] <= 9 and isinstance(s["c"], int) for s in some(1))
    assert list(draws({"a": 1}, {}, 0)) == [{"a": 1}]


def test_an_image_column_is_components_and_a_mark_where_training_rows_lack_pictures():
    rng = np.random.default_rng(0)
    bright = rng.uniform(0, 255, 40)
    images = np.clip(bright[:, None, None, None] + rng.normal(0, 5, (40, 16, 16, 1)), 0, 255).astype(np.uint8)
    paths = pd.Series([f"{i}.png" for i in range(40)], dtype=object)
    frame = pd.DataFrame({"x": rng.normal(size=40), "photo": paths.where(np.arange(40) % 5 != 0, None)})
    columns = (Column("x", "numeric", 1.0, ""), Column("photo", "image_path", 1.0, ""))
    task = Task("tabular", "regression", ("y",), "r2", columns=columns)
    dataset = Dataset("shop", frame, pictures={"photo": images})
    rows = np.arange(30)
    features = TableFeatures(task, "trees", components=3)
    X = features.fit(dataset, rows, bright[rows, None], None)
    assert X.shape == (30, 1 + 3 + 1) and X[:, -1].tolist() == [float(i % 5 == 0) for i in rows]
    assert not X[rows % 5 == 0, 1:4].any()
    there = rows[rows % 5 != 0]
    assert abs(np.corrcoef(X[there, 1], bright[there])[0, 1]) > 0.9
    np.testing.assert_allclose(features.transform(dataset, rows), X, atol=1e-5)
    assert features.transform(dataset, np.array([35])).shape == (1, 5)  # a row without a picture alone
    undecoded = replace(dataset, pictures={})
    assert TableFeatures(task, "trees").fit(undecoded, rows, bright[rows, None], None).shape == (30, 1)


def test_gradients_at_two_scales_stand_beside_one_another_and_are_worth_the_same():
    images = np.random.default_rng(0).integers(0, 256, (20, 28, 28), dtype=np.uint8)
    rows = np.arange(20)
    both = PictureFeatures(28, [7, 4], False)
    X = both.fit(Dataset("pictures", images), rows, np.zeros(20), None)
    fine = PictureFeatures(28, [7], False).fit(Dataset("pictures", images), rows, np.zeros(20), None)
    assert X.shape[1] - fine.shape[1] == 3 * 3 * 4 * 9 and fine.shape[1] == 6 * 6 * 4 * 9
    spread = X.var(axis=0)
    np.testing.assert_allclose(spread[: fine.shape[1]].sum(), spread[fine.shape[1] :].sum(), rtol=1e-4)
    np.testing.assert_allclose(both.transform(Dataset("pictures", images), rows[:3]), X[:3], atol=1e-4)


def test_a_stored_model_of_one_scale_reads_cells_of_its_pixels():
    features = PictureFeatures(28, [7], False)
    images = np.random.default_rng(0).integers(0, 256, (20, 28, 28), dtype=np.uint8)
    X = features.fit(Dataset("pictures", images), np.arange(20), np.zeros(20), None)
    del features.cells
    features.cell = 4
    np.testing.assert_allclose(features.transform(Dataset("pictures", images), np.arange(20)), X, atol=1e-4)
