"""Data need: curves over the rows, where they cross, and what is refused."""

from __future__ import annotations

import dataclasses
import json
import time
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, Ridge

from automl.analyses.data_need import DATA_NEED, FIRST, FURTHER
from automl.analyses.label_noise import LABEL_NOISE
from automl.errors import TrialError
from automl.records import AnalysisContext
from automl.report.page import html
from automl.report.page import stored as stored_page
from automl.report.sections.data_need import DATA_NEED as SECTION
from automl.testing import check_section, fixed_context


def regressions(n_learn: int = 480, **more: Any) -> AnalysisContext:
    """Least squares on 20 columns (deep), and on the first 3 alone (shallow): these cross near 120 rows."""
    rng = np.random.default_rng(1)
    X = rng.normal(size=(n_learn + 2000, 20))
    y = X @ np.concatenate([np.ones(3), np.full(17, 0.1)]) + rng.normal(size=len(X))
    models = {"deep": lambda number: LinearRegression(), "shallow": lambda number: FirstColumns()}
    return fixed_context(X, y, models, metric="rmse", n_test=2000, **more)


class FirstColumns(LinearRegression):
    def fit(self, X, y):
        return super().fit(X[:, :3], y)

    def predict(self, X):
        return super().predict(X[:, :3])


def test_curves_of_both_sides_and_their_crossing_are_found_and_drawn() -> None:
    context = regressions()
    found = DATA_NEED.run(context)
    assert found is not None and json.loads(json.dumps(found)) == found
    rows = found["rows"]
    assert [row["n_learnt"] for row in rows if row["side"] == "deep"] == [30, 60, 120, 240, 480]
    assert [row["fits"] for row in rows if row["side"] == "shallow"] == [3, 3, 3, 2, 1]
    assert all(row["low"] <= row["score"] <= row["high"] for row in rows if row["share"] == 1)
    crossing = found["crossing"]
    assert crossing["leads_beyond"] == "deep" and 60 <= crossing["rows"] <= 240 and not crossing["extrapolated"]
    outcome = dataclasses.replace(context.outcome, analyses={"data_need": found})
    check_section(SECTION, outcome)
    page = html(stored_page(outcome, [SECTION]), [SECTION])
    assert "The deep side overtakes the shallow one at about" in page


def test_every_fit_learns_from_rows_that_do_not_test_and_the_smaller_parts_lie_in_the_larger() -> None:
    context = regressions()
    assert context.refit is not None
    parts: list[Any] = []

    def refit(part: Any, number: int, dataset: Any = None) -> Any:
        parts.append((number, np.union1d(part.train, part.valid)))
        assert not np.intersect1d(parts[-1][1], context.split.test).size
        return context.refit(part, number, dataset)  # type: ignore[misc]

    DATA_NEED.run(dataclasses.replace(context, refit=refit))
    assert [number for number, _ in parts] == list(range(1, 1 + len(FIRST) + len(FURTHER)))
    of_first_draw = sorted((rows for _, rows in parts[: len(FIRST)]), key=len)
    assert all(set(small) < set(large) for small, large in pairwise(of_first_draw))


def test_it_ends_with_the_points_it_has_when_the_time_is_over() -> None:
    found = DATA_NEED.run(regressions(most_refits=2))
    assert found is not None and found["left_out"] == "fewer sizes: no time"
    assert [row["share"] for row in found["rows"] if row["side"] == "deep"] == [1 / 16, 1 / 4, 1.0]
    assert [law["refused"] for law in found["laws"]] == ["fewer than 4 sizes were measured"] * 2
    found = DATA_NEED.run(regressions(most_refits=len(FIRST)))
    assert found is not None and found["left_out"] == "fewer draws: no time"
    assert DATA_NEED.run(regressions(most_refits=0)) is None


def test_a_fit_that_is_expected_to_take_longer_than_there_is_time_is_not_begun() -> None:
    context = dataclasses.replace(regressions(refit_seconds=1e6), deadline=time.monotonic() + 1e4)
    assert DATA_NEED.run(context) is None
    assert DATA_NEED.cost(context.facts) > 1e5


def test_a_part_that_cannot_be_learnt_from_is_left_out() -> None:
    context = regressions()

    def refit(part: Any, number: int, dataset: Any = None) -> Any:
        if len(part.train) + len(part.valid) < 50:
            raise TrialError("too few rows")
        return context.refit(part, number, dataset)  # type: ignore[misc]

    found = DATA_NEED.run(dataclasses.replace(context, refit=refit))
    assert found is not None and {row["n_learnt"] for row in found["rows"]} == {60, 120, 240, 480}


def test_two_copies_of_a_model_do_not_cross() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1480, 5))
    y = X.sum(axis=1) + rng.normal(size=len(X))
    models = {"deep": lambda number: Ridge(1.0), "shallow": lambda number: Ridge(1.001)}
    found = DATA_NEED.run(fixed_context(X, y, models, metric="rmse", n_test=1000))
    assert found is not None and found["crossing"] is None


@pytest.mark.parametrize(("n_learn", "fits"), [(100, False), (200, True)])
def test_few_rows_are_not_parted(n_learn: int, fits: bool) -> None:
    assert (DATA_NEED.unfit(regressions(n_learn)) is None) == fits


def test_why_no_part_could_be_learnt_from_is_said() -> None:
    def refit(part: Any, number: int, dataset: Any = None) -> Any:
        raise TrialError("no rows of a class")

    with pytest.raises(TrialError, match="no rows of a class"):
        DATA_NEED.run(dataclasses.replace(regressions(), refit=refit))


def test_a_finished_run_knows_the_mean_of_its_seeds_alone_so_that_one_seed_is_fitted_on_all_rows() -> None:
    context = regressions()
    runs = tuple(dataclasses.replace(run, n_seeds=3) for run in context.outcome.runs)
    of_run = dataclasses.replace(context, outcome=dataclasses.replace(context.outcome, runs=runs))
    assert context.refit is not None
    shares: list[int] = []

    def refit(part: Any, number: int, dataset: Any = None) -> Any:
        shares.append(len(part.train) + len(part.valid))
        return context.refit(part, number, dataset)  # type: ignore[misc]

    found = DATA_NEED.run(dataclasses.replace(of_run, refit=refit))
    assert shares[0] == 480 and shares.count(480) == 1
    assert found is not None and [row["fits"] for row in found["rows"] if row["n_learnt"] == 480] == [1, 1]
    noisy = LABEL_NOISE.run(of_run)
    assert noisy is not None and [row["fits"] for row in noisy["rows"] if row["share"] == 0] == [1, 1]
