"""Intervals and sets hold the truth as often as they say, by counts over drawn data, and say when they cannot."""

import json
import warnings
from itertools import pairwise

import numpy as np
import pytest

from automl import goals
from automl.bundle.packing import pack, unpack
from automl.errors import DataError, RecipeError
from automl.goals.shared.conformal import fit_thresholds, items_needed, restore_thresholds
from automl.records import HeldOut, Output, Task

LEVELS = (0.5, 0.8, 0.9, 0.95)
VALUES = goals.named("regression").regions
CLASSES = goals.named("multiclass").regions
LABELS = goals.named("multilabel").regions
WINDOWS = goals.named("forecast").regions
ONE = Task("tabular", "regression", ("y",), "r2")
THREE = Task("tabular", "multiclass", ("y",), "accuracy", ("a", "b", "c"))


def values(array):
    return Output("values", {"values": np.asarray(array, float).reshape(len(array), -1)})


def shares(p):
    return Output("probabilities", {"probabilities": p, "labels": p.argmax(axis=1)})


def part(scores, weight=None, groups=None):
    return fit_thresholds([np.asarray(scores, float)], [weight], [groups], [""], "row" if groups is None else "group")


# --------------------------------------------------------------------------- thresholds


@pytest.mark.parametrize(("level", "expected"), [(0.9, 9), (0.8, 8), (0.5, 5), (0.05, 1)])
def test_the_threshold_is_the_smallest_score_with_the_finite_sample_rank(level, expected):
    """Of nine scores, ceil(10 level)-th smallest."""
    assert part([5, 1, 9, 3, 7, 2, 8, 4, 6]).at(level).tolist() == [expected]


@pytest.mark.parametrize(("level", "n"), [(0.5, 1), (0.8, 4), (0.9, 9), (0.95, 19), (0.99, 99)])
def test_the_items_that_a_level_needs(level, n):
    assert items_needed(level) == n
    assert part(range(n)).at(level).tolist() == [n - 1]
    if n > 1:
        with pytest.raises(DataError, match=rf"level {level:g} needs {n} held-out rows, and there are {n - 1}: ask"):
            part(range(n - 1)).at(level)


def test_the_possible_level_that_is_named_is_possible():
    made = part(range(12))
    with pytest.raises(DataError, match=r"at most 0\.923, or fit on more data"):
        made.at(0.95)
    assert made.at(made.most).tolist() == [11]


@pytest.mark.parametrize("level", [0, 1, 1.5, 90, -0.1, True, "0.9", None, float("nan")])
def test_what_is_no_level_is_refused(level):
    with pytest.raises(RecipeError, match=r"expected a number between 0 and 1, such as 0\.9"):
        part(range(30)).at(level)


def test_equal_weights_change_nothing_and_rows_without_weight_take_no_part():
    scores = np.random.default_rng(0).gamma(1.0, size=50)
    for level in LEVELS:
        assert part(scores).at(level) == part(scores, np.full(50, 3.5)).at(level)
        padded = np.concatenate([scores, np.full(20, 1e9)])
        assert part(scores).at(level) == part(padded, np.r_[np.ones(50), np.zeros(20)]).at(level)


def test_a_row_of_weight_two_counts_as_two():
    scores, weight = np.arange(40.0), np.ones(40)
    weight[30:] = 2.0
    shares_up_to = np.cumsum(weight) / (weight.sum() + weight.mean())
    assert part(scores, weight).at(0.8).tolist() == [float(np.flatnonzero(shares_up_to >= 0.8)[0])]


def test_a_group_counts_as_one_however_many_rows_it_has():
    groups = np.repeat(np.arange(12), 10)
    with pytest.raises(DataError, match=r"level 0\.95 needs 19 held-out groups, and there are 12"):
        part(np.arange(120.0), None, groups).at(0.95)
    assert part(np.arange(120.0), None, groups).at(0.9).tolist() == [116]


def test_scores_that_are_stored_are_few_round_and_never_too_small():
    scores = np.random.default_rng(1).lognormal(size=30_000)
    made = part(scores)
    assert len(made.scores) <= 2_000 and all(float(f"{s:.2e}") == pytest.approx(s, rel=1e-12) for s in made.scores)
    for level in (0.3, 0.9, 0.99, 0.999):
        exact = np.sort(scores)[int(np.ceil(30_001 * level)) - 1]
        assert exact <= made.at(level)[0] <= 1.02 * exact
    many = fit_thresholds([scores[:5000]] * 500, [None] * 500, [None] * 500, [""] * 500, "row")
    assert len(many.scores) <= 65_536


def test_thresholds_come_back_exactly_and_faulty_ones_are_refused():
    state = part(np.random.default_rng(2).gamma(1.0, size=60)).state()
    arrays = {}
    again = restore_thresholds(unpack(json.loads(json.dumps(pack(state, arrays))), arrays))
    assert [again.at(level) for level in LEVELS] == [restore_thresholds(state).at(level) for level in LEVELS]
    spoilt = {
        "scores": state["scores"][::-1], "levels": state["levels"] * 2, "ends": np.array([10**9]), "names": [1],
        "counts": np.array([1, 2]), "unit": 7,
    }  # fmt: skip
    for name, value in spoilt.items():
        with pytest.raises(ValueError, match="no sorted scores"):
            restore_thresholds({**state, name: value})


# --------------------------------------------------------------------------- intervals


def held(n, level, seed, spread):
    """Share of 500 new rows whose interval holds them, made from n held-out ones, and its width by halves of x."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(1, 10, n + 500)
    y = 3 * x + rng.standard_t(4, n + 500) * spread(x)
    scores = VALUES.fit(y[:n, None], values(3 * x[:n]), ONE, HeldOut())
    found = VALUES.apply(scores, values(3 * x[n:]), level, {})
    inside, width = VALUES.covers(found, y[n:, None])[:, 0], VALUES.size(found)[:, 0]
    return inside.mean(), width[x[n:] < 5].mean(), width[x[n:] >= 5].mean()


@pytest.mark.parametrize("n", [19, 60, 450])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_intervals_hold_new_rows_as_often_as_the_level_says(n, level):
    counted = np.mean([held(n, level, seed, lambda x: 1.0)[0] for seed in range(120)])
    assert level - 0.012 <= counted <= level + 1 / n + 0.012


def test_intervals_are_wider_where_errors_are_larger():
    drawn = np.array([held(800, 0.9, seed, lambda x: 0.1 * x) for seed in range(40)])
    share, narrow, wide = drawn.mean(axis=0)
    assert 0.885 <= share <= 0.915 and wide > 1.7 * narrow


def test_a_higher_level_never_gives_a_narrower_interval():
    rng = np.random.default_rng(5)
    scores = VALUES.fit(rng.normal(size=(900, 2)), values(rng.normal(size=(900, 2))), two(), HeldOut())
    same = values(rng.normal(size=(7, 2)))
    nested = [VALUES.apply(scores, same, level, {}) for level in np.linspace(0.05, 0.99, 40)]
    for smaller, larger in pairwise(nested):
        assert (larger["lower"] <= smaller["lower"]).all() and (larger["upper"] >= smaller["upper"]).all()


def two():
    return Task("tabular", "regression", ("price", "rent"), "r2")


def test_each_target_has_intervals_of_its_own():
    rng = np.random.default_rng(6)
    truth = rng.normal(size=(300, 2)) * [1.0, 50.0]
    scores = VALUES.fit(truth, values(np.zeros((300, 2))), two(), HeldOut())
    output = values(np.zeros((4, 2)))
    found = VALUES.apply(scores, output, 0.9, {})
    frame = VALUES.to_frame(found, output, two())
    assert list(frame) == ["price", "price_lower", "price_upper", "rent", "rent_lower", "rent_upper"]
    assert (frame["rent_upper"] > 30 * frame["price_upper"]).all()


def test_an_end_whose_name_a_target_has_gets_another_one():
    task = Task("tabular", "regression", ("price", "price_lower", "price_lower_"), "r2")
    rng = np.random.default_rng(6)
    scores = VALUES.fit(rng.normal(size=(300, 3)), values(np.zeros((300, 3))), task, HeldOut())
    output = values(np.tile([1.0, 2.0, 3.0], (4, 1)))
    frame = VALUES.to_frame(VALUES.apply(scores, output, 0.9, {}), output, task)
    assert frame.columns.is_unique and len(frame.columns) == 9
    assert [frame[name].iloc[0] for name in task.target] == [1.0, 2.0, 3.0]
    assert frame["price_lower__"].iloc[0] < 1.0 < frame["price_upper"].iloc[0]


def test_groups_hold_rows_of_new_groups():
    def drawn(seed, grouped):
        rng = np.random.default_rng(seed)
        sizes = rng.integers(1, 30, 60)
        codes = np.repeat(np.arange(60), sizes)
        y = rng.normal(size=60)[codes] + 0.3 * rng.normal(size=len(codes))
        here = codes < 19
        scores = VALUES.fit(
            y[here, None], values(np.zeros(here.sum())), ONE, HeldOut(groups=codes[here] if grouped else None)
        )
        found = VALUES.apply(scores, values(np.zeros((~here).sum())), 0.9, {})
        inside = VALUES.covers(found, y[~here, None])[:, 0]
        return np.mean([inside[codes[~here] == code].mean() for code in range(19, 60)])

    shares = {grouped: np.mean([drawn(seed, grouped) for seed in range(150)]) for grouped in (True, False)}
    assert shares[True] >= 0.9 > shares[False]


def test_forecasts_are_relative_to_the_quantiles_that_they_predict():
    rng = np.random.default_rng(7)
    task = Task("sequence", "forecast", ("y",), "mase", horizon=4, quantiles=(0.1, 0.9))
    spread = np.array([1.0, 2.0, 3.0, 4.0])[None, :, None]

    def drawn(n):
        truth = rng.normal(size=(n, 4, 1)) * spread
        middle = np.zeros((n, 4, 1))
        wide = np.broadcast_to(spread, truth.shape)
        return truth, Output("windows", {"values": middle, "quantiles": np.stack([middle - wide, middle + wide], -1)})

    truth, output = drawn(30)
    scores = WINDOWS.fit(truth, output, task, HeldOut(context={"scale": np.ones((30, 1))}))
    assert not scores.by_step and scores.by == "quantiles" and scores.thresholds.unit == "step"
    new_truth, new = drawn(400)
    found = WINDOWS.apply(scores, new, 0.9, {"scale": np.ones((400, 1))})
    inside = WINDOWS.covers(found, new_truth)[..., 0].mean(axis=0)
    assert (inside > 0.8).all() and 2.5 < WINDOWS.size(found)[0, 3, 0] / WINDOWS.size(found)[0, 0, 0] < 4.5
    truth, output = drawn(60)
    assert WINDOWS.fit(truth, output, task, HeldOut(context={"scale": np.ones((60, 1))})).by_step
    frame = WINDOWS.to_frame(found, new, task)
    assert len(frame) == 1600 and list(frame) == ["y", "y_lower", "y_upper"]
    with pytest.raises(DataError, match="no quantiles"):
        WINDOWS.apply(scores, Output("windows", {"values": new.arrays["values"]}), 0.9, {"scale": np.ones((400, 1))})


def test_values_that_are_not_known_take_no_part():
    truth = np.random.default_rng(8).normal(size=(40, 5, 1))
    truth[:, 3] = np.nan
    output = Output("windows", {"values": np.zeros((40, 5, 1))})
    task = Task("sequence", "forecast", ("y",), "mase", horizon=5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scores = WINDOWS.fit(truth[:30], Output("windows", {"values": np.zeros((30, 5, 1))}), task, HeldOut())
        assert scores.thresholds.counts.tolist() == [120]
        found = WINDOWS.apply(scores, output, 0.9, {})
        assert np.isnan(WINDOWS.covers(found, truth)[:, 3]).all() and np.isfinite(WINDOWS.size(found)).all()


# --------------------------------------------------------------------------- sets


def classes(n, seed, priors):
    rng = np.random.default_rng(seed)
    truth = rng.choice(3, n, p=priors)
    z = rng.normal(size=(n, 3))
    z[np.arange(n), truth] += 1.2
    p = np.exp(1.2 * z) * priors
    return truth, p / p.sum(axis=1, keepdims=True)


def sets_of(seed, priors, n, level):
    truth, p = classes(n + 800, seed, np.asarray(priors))
    scores = CLASSES.fit(truth[:n], shares(p[:n]), THREE, HeldOut())
    found = CLASSES.apply(scores, shares(p[n:]), level, {})
    inside = CLASSES.covers(found, truth[n:])[:, 0]
    return scores.by_class[0], [inside.mean(), *(inside[truth[n:] == k].mean() for k in range(3))]


def test_sets_hold_each_class_where_each_has_enough_rows():
    drawn = [sets_of(seed, [0.85, 0.1, 0.05], 900, 0.9) for seed in range(60)]
    assert all(by_class for by_class, _ in drawn)
    assert (np.mean([counted for _, counted in drawn], axis=0) >= 0.885).all()


def test_sets_hold_all_rows_together_where_a_class_has_few():
    drawn = [sets_of(seed, [0.6, 0.37, 0.03], 120, 0.9) for seed in range(60)]
    assert not any(by_class for by_class, _ in drawn)
    assert 0.885 <= np.nanmean([counted[0] for _, counted in drawn]) <= 0.95


def test_a_set_is_never_empty_grows_with_the_level_and_begins_with_the_most_probable():
    truth, p = classes(400, 3, np.full(3, 1 / 3))
    scores = CLASSES.fit(truth, shares(p), THREE, HeldOut())
    nested = [CLASSES.apply(scores, shares(p), level, {})["members"][:, 0] for level in (0.05, 0.5, 0.9, 0.98)]
    assert (nested[0].sum(axis=1) == 1).all()
    assert all((smaller <= larger).all() for smaller, larger in pairwise(nested))
    found = CLASSES.apply(scores, shares(p), 0.9, {})
    series = CLASSES.to_frame(found, shares(p), THREE)
    assert series.name == "y" and [cell[0] for cell in series] == [THREE.classes[k] for k in p.argmax(axis=1)]
    assert series.map(len).tolist() == found["members"][:, 0].sum(axis=1).tolist()


def test_too_few_rows_of_a_class_are_named():
    truth, p = classes(200, 4, np.array([0.5, 0.3, 0.2]))
    scores = CLASSES.fit(truth, shares(p), THREE, HeldOut())
    with pytest.raises(DataError, match=r"level 0\.999 needs 999 held-out rows of class 'a'"):
        CLASSES.apply(scores, shares(p), 0.999, {})


def test_each_label_of_several_has_sets_of_its_own():
    rng = np.random.default_rng(9)
    task = Task("tabular", "multilabel", ("red", "blue"), "f1", ("red", "blue"))
    p = rng.uniform(size=(3000, 2))
    p[:, 1] = np.where(p[:, 1] > 0.5, 0.999, 0.001)
    truth = (rng.uniform(size=p.shape) < p).astype(np.int8)
    output = Output("probabilities", {"probabilities": p, "labels": (p > 0.5).astype(int)})
    scores = LABELS.fit(truth[:1500], Output("probabilities", {"probabilities": p[:1500]}), task, HeldOut())
    assert scores.by_class == (True, True)
    found = LABELS.apply(scores, output, 0.9, {})
    assert (LABELS.covers(found, truth)[1500:].mean(axis=0) > 0.88).all()
    frame = LABELS.to_frame(found, output, task)
    assert list(frame) == ["red", "blue"] and {(1, 0), (0, 1)} & set(frame["red"]) and not {(1, 0)} & set(frame["blue"])


def test_probabilities_that_are_no_numbers_score_worst_and_break_nothing():
    truth, p = classes(100, 5, np.full(3, 1 / 3))
    p[:5] = np.nan
    scores = CLASSES.fit(truth, shares(p), THREE, HeldOut())
    assert CLASSES.apply(scores, shares(p), 0.8, {})["members"].any(axis=-1).all()
