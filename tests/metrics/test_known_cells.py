"""NaN in a truth is a value that is not known: it is never scored, whatever is predicted there."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as reference

from automl import metrics
from automl.errors import RecipeError
from automl.records import Metric, Output
from automl.testing import check_metric

N, HORIZON, TARGETS = 60, 5, 2
FORECASTS = [name for name, metric in metrics.METRICS.items() if "forecast" in metric.goals]


def windows(targets: int = TARGETS, seed: int = 0) -> tuple[np.ndarray, Output, dict[str, object]]:
    """Windows with gaps, one of them without any known value."""
    rng = np.random.default_rng(seed)
    truth = 20 + rng.normal(size=(N, HORIZON, targets)) * [3.0, 50.0][:targets]
    values = truth + rng.normal(size=truth.shape)
    arrays = {"values": values, "quantiles": np.stack([values - 1, values + 1], axis=-1)}
    truth[rng.random(truth.shape) < 0.2] = np.nan
    truth[7] = np.nan
    scale = np.tile([2.0, 30.0][:targets], (N, 1))
    return truth, Output("windows", arrays), {"scale": scale, "series": np.arange(N) % 4, "quantiles": (0.1, 0.9)}


def elsewhere(truth: np.ndarray, output: Output) -> Output:
    """Other predictions, but only where the truth is not known."""
    arrays = {}
    for name, array in output.arrays.items():
        gap = np.isnan(truth) if array.ndim == truth.ndim else np.isnan(truth)[..., None]
        arrays[name] = np.where(gap, array + 1e6, array)
    return Output(output.kind, arrays)


@pytest.mark.parametrize("name", FORECASTS)
def test_what_is_predicted_for_unknown_cells_does_not_matter(name: str) -> None:
    truth, output, context = windows()

    score = metrics.score(name, truth, output, None, context)

    assert np.isfinite(score)
    assert score == metrics.score(name, truth, elsewhere(truth, output), None, context)


@pytest.mark.parametrize("name", FORECASTS)
def test_a_window_without_known_values_counts_as_absent(name: str) -> None:
    truth, output, context = windows()
    kept = np.flatnonzero(~np.isnan(truth).all(axis=(1, 2)))
    fewer = Output("windows", {key: array[kept] for key, array in output.arrays.items()})
    own = {**context, "scale": context["scale"][kept], "series": context["series"][kept]}  # type: ignore[index]

    assert len(kept) == N - 1
    assert metrics.score(name, truth[kept], fewer, None, own) == pytest.approx(
        metrics.score(name, truth, output, None, context)
    )


@pytest.mark.parametrize(
    ("name", "of_cells"),
    [
        ("mae", reference.mean_absolute_error),
        ("rmse", reference.root_mean_squared_error),
        ("r2", reference.r2_score),
    ],
)
def test_each_known_step_of_one_target_counts_alike(name: str, of_cells) -> None:
    truth, output, context = windows(targets=1)
    known = ~np.isnan(truth)

    assert of_cells(truth[known], output.arrays["values"][known]) == pytest.approx(
        metrics.score(name, truth, output, None, context)
    )


@pytest.mark.parametrize(
    ("name", "of_rows"),
    [
        ("mae", reference.mean_absolute_error),
        ("rmse", reference.root_mean_squared_error),
        ("r2", reference.r2_score),
    ],
)
def test_targets_of_rows_count_alike_whichever_is_known_more_often(name: str, of_rows) -> None:
    rng = np.random.default_rng(0)
    truth = rng.normal(50, 10, (N, 2))
    output = Output("values", {"values": truth + rng.normal(0, 4, truth.shape)})
    truth[rng.random(N) < 0.7, 1] = np.nan
    expected = []
    for column, predicted in zip(truth.T, output.arrays["values"].T, strict=True):
        known = ~np.isnan(column)
        expected.append(of_rows(column[known], predicted[known]))

    assert np.mean(expected) == pytest.approx(metrics.score(name, truth, output))


def test_mase_counts_series_alike_and_within_them_known_steps() -> None:
    truth = np.array([[[1.0], [2.0]], [[3.0], [np.nan]], [[5.0], [np.nan]]])
    output = Output("windows", {"values": np.nan_to_num(truth) + np.array([[[1.0]], [[2.0]], [[4.0]]])})
    context = {"scale": np.array([[1.0], [1.0], [2.0]]), "series": np.array([0, 0, 1])}

    of_first, of_second = (1.0 + 1.0 + 2.0) / 3, 4.0 / 2.0

    assert (of_first + of_second) / 2 == pytest.approx(metrics.score("mase", truth, output, None, context))


@pytest.mark.parametrize("name", ["mae", "smape", "mase", "pinball"])
def test_losses_of_items_and_their_shares_give_the_score(name: str) -> None:
    truth, output, context = windows()

    losses, shares = metrics.item_losses(name, truth, output, context) or (np.zeros(0), np.zeros(0))

    assert (losses[7], shares[7]) == (0.0, 0.0)
    assert metrics.score(name, truth, output, None, context) == pytest.approx((losses * shares).sum() / shares.sum())


def test_a_metric_of_a_plug_in_that_reads_gaps_as_numbers_is_refused() -> None:
    def plain(truth, array, sample_weight, context):
        weight = np.ones(len(truth)) if sample_weight is None else sample_weight
        return float((np.abs(truth - array).mean(axis=(1, 2)) * weight).sum() / weight.sum())

    metric = Metric("plain", ("forecast",), "values", plain, False, 0.0)
    truth, output, context = windows()
    with pytest.raises(AssertionError, match="leave these cells out"):
        check_metric(metric)
    metrics.plug_in([metric])
    try:
        with pytest.raises(RecipeError, match="gaps in the target"):
            metrics.score("plain", truth, output, None, context)
        whole = np.nan_to_num(truth)
        assert metrics.score("plain", whole, output, None, context) > 0
    finally:
        metrics.plug_in([])
