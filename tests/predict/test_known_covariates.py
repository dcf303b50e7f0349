"""Covariates known beforehand: both sides read them, saved models ask for them, and what is missing is named."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tiny_network import PLUGIN, TINY_OPTIONS

import automl
from automl.errors import DataError, RecipeError

N, HORIZON, EFFECT = 300, 5, 30.0


def sales(n: int = N) -> pd.DataFrame:
    """Daily sales with a weekly season; on promoted days 30 more, and less where the price is higher."""
    rng = np.random.default_rng(0)
    days = pd.date_range("2022-01-03", periods=n, freq="D")
    promo, price = rng.random(n) < 0.25, 10 + rng.normal(size=n).round(2)
    values = 100 + 5 * np.sin(2 * np.pi * np.arange(n) / 7) + EFFECT * promo - 4 * (price - 10) + rng.normal(size=n)
    return pd.DataFrame({"day": days.strftime("%Y-%m-%d"), "sales": values.round(2), "promo": promo, "price": price})


def ahead(promo: object, n: int = HORIZON) -> pd.DataFrame:
    days = pd.date_range("2022-01-03", periods=N + n, freq="D")[N:]
    return pd.DataFrame({"day": days.strftime("%Y-%m-%d"), "promo": promo, "price": 10.0})


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    return automl.fit(
        sales(), "sales", known=["promo", "price"], horizon=HORIZON, max_trials=3, budget="none", quiet=True,
        templates=["mlp_forecast"], out=tmp_path_factory.mktemp("known") / "run",
    )  # fmt: skip


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    """A contest of the same that learns little."""
    return automl.fit(
        sales(), "sales", known=["promo", "price"], horizon=HORIZON, max_trials=1, budget="none", quiet=True,
        out=tmp_path_factory.mktemp("quick") / "run", **TINY_OPTIONS,
    )  # fmt: skip


@pytest.mark.thorough
@pytest.mark.parametrize("side", ["deep", "shallow"])
def test_both_sides_foresee_what_a_promotion_brings(result, side):
    with_, without = (
        result.predict(sales(), side=side, future=ahead(promo))["sales"].to_numpy() for promo in (True, False)
    )
    assert EFFECT / 2 < (with_ - without).mean() < 2 * EFFECT
    mixed = result.predict(sales(), side=side, future=ahead([True, False, False, True, False]))["sales"].to_numpy()
    promoted = np.array([0, 3])
    assert mixed[promoted].min() > mixed[[1, 2, 4]].max()


@pytest.mark.parametrize("side", ["deep", "shallow"])
def test_a_saved_model_asks_for_them_and_predicts_the_same(quick, tmp_path, side):
    model = automl.load(quick.save(tmp_path / "model"), plugins=[PLUGIN])
    pd.testing.assert_frame_equal(
        model.predict(sales(), side=side, future=ahead(True)), quick.predict(sales(), side=side, future=ahead(True))
    )
    assert len(model.predict_interval(sales(), 0.5, side=side, future=ahead(True))) == HORIZON
    with pytest.raises(DataError, match=r"reads promo, price of the 5 steps ahead.*--future FILE.*day, promo, price"):
        model.predict(sales(), side=side)


def test_the_future_may_be_longer_unsorted_and_a_file(quick, tmp_path):
    longer = ahead(True, 9).sample(frac=1.0, random_state=0)
    longer.to_csv(tmp_path / "future.csv", index=False)
    expected = quick.predict(sales(), side="deep", future=ahead(True))
    pd.testing.assert_frame_equal(quick.predict(sales(), side="deep", future=tmp_path / "future.csv"), expected)
    read = quick.model.read(sales(), future=longer)
    pd.testing.assert_frame_equal(quick.predict(read, side="deep"), expected)


@pytest.mark.parametrize(
    ("future", "message"),
    [
        (ahead(True).iloc[:3], "future: no row for 2022-11-02"),
        (ahead(True).drop(columns="price"), "future: no column 'price'"),
        (ahead(True).drop(columns="day"), "'day'"),
    ],
)
def test_what_the_future_lacks_is_named(quick, future, message):
    with pytest.raises(DataError, match=message):
        quick.predict(sales(), side="deep", future=future)


def test_each_series_of_a_panel_has_its_own_future(fitted):
    first, second = sales(120), sales(120)
    both = pd.concat([first.assign(shop="a"), second.assign(shop="b", sales=second["sales"] + 500)])
    model = fitted(both, "sales", "lagged_ridge", known=["promo"], drop=["price"], horizon=HORIZON)
    days = pd.date_range("2022-01-03", periods=125, freq="D")[120:].strftime("%Y-%m-%d")
    parts = [pd.DataFrame({"day": days, "shop": shop, "promo": shop == "b"}) for shop in "ab"]
    found = model.predict(both, future=pd.concat(parts)).set_index("shop")["sales"]
    usual = model.predict(both, future=pd.concat(parts).assign(promo=False)).set_index("shop")["sales"]
    np.testing.assert_allclose(found["a"], usual["a"], atol=1e-6)
    assert (found["b"] - usual["b"]).min() > EFFECT / 3
    with pytest.raises(DataError, match="of series 'b'"):
        model.predict(both, future=parts[0])


def test_a_model_without_them_takes_no_future(fitted):
    model = fitted(sales(), "sales", "lagged_ridge", horizon=HORIZON)
    with pytest.raises(DataError, match="reads no covariates that are known beforehand"):
        model.predict(sales(), future=ahead(True))


@pytest.mark.parametrize(
    ("known", "message"),
    [("discount", "known: no column 'discount'"), ("word", "known: 'word' holds categorical values"),
     ("sales", "known: 'sales' is the target as well")],
)  # fmt: skip
def test_only_columns_of_numbers_can_be_known(known, message):
    data = sales(60).assign(word=["sun", "rain", "snow"] * 20)
    with pytest.raises(RecipeError, match=message):
        automl.inspect(data, "sales", known=known)


def test_known_covariates_ask_for_a_forecast_and_are_no_targets():
    seen = automl.inspect(sales(), known=["promo", "price"])
    assert seen.task.goal == "forecast" and seen.task.target == ("sales",)
    assert seen.task.covariates_known == ("promo", "price")


@pytest.mark.parametrize(("season", "expected"), [(None, 7), (30, 30), (1, 1)])
def test_the_season_is_the_calendars_or_the_users(season, expected):
    seen = automl.inspect(sales(), "sales", horizon=HORIZON, season=season)
    assert seen.task.season == expected
    assert season is None or any(f"season {season}: set by you" in reason for reason in seen.task.evidence)


def test_a_season_that_no_series_has_twice_is_refused():
    with pytest.raises(RecipeError, match=r"season 200 is too long.*at most 147"):
        automl.inspect(sales(), "sales", horizon=HORIZON, season=200)
