"""Whether rows are in the order of time, and whether a target depends on it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl.detect.series.dependence import depends_on_time, is_in_order

N = 400


def times(n: int = N) -> np.ndarray:
    return np.datetime64("2020-01-01", "ns") + np.arange(n) * np.timedelta64(86_400_000_000_000, "ns")


def target(kind: str, rng: np.random.Generator, n: int = N) -> pd.DataFrame:
    noise = rng.normal(size=n)
    made = {
        "walk": noise.cumsum(),
        "trend": np.arange(n) * 4 / n + noise,
        "season": 2 * np.sin(np.arange(n) / 60) + noise,
        "week": 2 * np.sin(np.arange(n) * 2 * np.pi / 7) + noise,
        "classes": np.where(noise.cumsum() > np.median(noise.cumsum()), "up", "down"),
        "noise": noise,
        "drawn classes": rng.choice(list("abc"), n),
        "counts": rng.poisson(3, n).astype(float),
        "nothing": np.full(n, 2.0),
    }
    return pd.DataFrame({"y": made[kind]})


@pytest.mark.parametrize("kind", ["walk", "trend", "season", "week", "classes"])
def test_neighbours_in_time_that_are_alike_depend_on_it(kind: str) -> None:
    assert all(depends_on_time(times(), target(kind, np.random.default_rng(seed))) for seed in range(5))


@pytest.mark.parametrize("kind", ["noise", "drawn classes", "counts", "nothing"])
def test_independent_rows_do_not_depend_on_time(kind: str) -> None:
    assert not any(depends_on_time(times(), target(kind, np.random.default_rng(seed))) for seed in range(20))


def test_levels_of_series_are_no_dependence_and_their_changes_are() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat([f"s{i}" for i in range(8)], 50)
    level = np.repeat(rng.normal(0, 20, 8), 50)
    at = np.tile(times(50), 8)

    still = pd.DataFrame({"y": level + rng.normal(size=N)})
    moving = pd.DataFrame({"y": level + rng.normal(size=(8, 50)).cumsum(axis=1).ravel()})

    assert not depends_on_time(at, still, labels)
    assert depends_on_time(at, moving, labels)


def test_too_few_rows_tell_nothing() -> None:
    assert not depends_on_time(times(10), pd.DataFrame({"y": np.arange(10.0)}))
    assert not depends_on_time(np.full(N, np.datetime64("NaT"), "M8[ns]"), pd.DataFrame({"y": np.arange(float(N))}))


def test_rows_may_be_in_order_forwards_backwards_or_within_series() -> None:
    labels = np.repeat(["a", "b"], N)
    both = np.tile(times(), 2)

    assert is_in_order(times()) and is_in_order(times()[::-1])
    assert is_in_order(np.repeat(times(), 2))
    assert is_in_order(both, labels)
    shuffled = np.random.default_rng(0).permutation(both)
    assert not is_in_order(shuffled) and not is_in_order(shuffled, labels)
    assert not is_in_order(np.full(5, times()[0]))
