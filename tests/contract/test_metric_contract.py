"""What every metric in the catalog must hold."""

from __future__ import annotations

import numpy as np
import pytest

from automl import goals, metrics
from automl.records import GOALS, Metric, Output

N, K, HORIZON = 40, 3, 4
RNG = np.random.default_rng(0)


def example(goal: str, exact: bool):
    """Truth, an output (perfect or random) and a context for a goal."""
    goal = {"anomaly": "binary", "represent": "multiclass"}.get(goal, goal)  # what is scored of them
    context = {"classes": K, "scale": np.ones((N, 2)), "series": np.arange(N) % 5, "quantiles": (0.1, 0.9)}
    if goal in ("binary", "multiclass"):
        k = 2 if goal == "binary" else K
        truth = np.arange(N) % k
        p = np.eye(k)[truth] if exact else RNG.dirichlet(np.ones(k), N)
        return truth, Output("probabilities", {"probabilities": p, "labels": p.argmax(1)}), {**context, "classes": k}
    if goals.named(goal).in_pixels:
        of_pixels = goals.named(goal).example
        truth = of_pixels.truth(RNG.normal(size=N))
        return truth, of_pixels.output(truth, RNG, 0.0 if exact else 4.0), {**context, **of_pixels.context(N)}
    if goals.named(goal).makes_rows:
        generates = goals.named(goal).example
        truth = generates.truth(RNG.normal(size=N))
        return truth, generates.output(truth, RNG, 0.0 if exact else 2.0), context
    if goal == "multilabel":
        truth = (np.arange(N)[:, None] % (2 + np.arange(K)) == 0).astype(np.int8)
        p = truth.astype(float) if exact else RNG.random((N, K))
        return truth, Output("probabilities", {"probabilities": p, "labels": (p >= 0.5).astype(int)}), context
    shape = (N, 2) if goal == "regression" else (N, HORIZON, 2)
    truth = RNG.normal(size=shape)
    values = truth if exact else truth + RNG.normal(size=shape)
    arrays = {"values": values}
    if goal == "forecast":
        arrays["quantiles"] = np.stack([values, values], axis=-1)
    return truth, Output("values" if goal == "regression" else "windows", arrays), context


PAIRS = [(name, goal) for name, metric in metrics.METRICS.items() for goal in metric.goals]


@pytest.mark.parametrize("metric", metrics.METRICS.values(), ids=lambda metric: metric.name)
def test_a_metric_says_what_it_is(metric):
    assert isinstance(metric, Metric)
    assert set(metric.goals) <= set(GOALS) and metric.goals
    assert metric.reads in ("labels", "probabilities", "values", "quantiles", "samples", "masks", "pixel_probabilities")
    assert metric.words and metric.best in (0.0, 1.0) and metric.higher_is_better == (metric.best == 1.0)


@pytest.mark.parametrize(("name", "goal"), PAIRS)
def test_a_perfect_model_has_the_best_score_and_any_other_a_worse_one(name, goal):
    truth, output, context = example(goal, exact=True)
    assert metrics.METRICS[name].best == pytest.approx(metrics.score(name, truth, output, None, context), abs=1e-6)
    truth, output, context = example(goal, exact=False)
    assert metrics.better(name, metrics.METRICS[name].best, metrics.score(name, truth, output, None, context))


@pytest.mark.parametrize(("name", "goal"), PAIRS)
def test_the_scale_of_the_weights_does_not_matter(name, goal):
    truth, output, context = example(goal, exact=False)
    w = RNG.random(N)
    expected = metrics.score(name, truth, output, w, context)
    assert expected == pytest.approx(metrics.score(name, truth, output, 1000.0 * w, context))
    assert expected == pytest.approx(
        metrics.METRICS[name].fn(truth, output.arrays[metrics.METRICS[name].reads], w, context)
    )


@pytest.mark.parametrize(("name", "goal"), [pair for pair in PAIRS if not metrics.METRICS[pair[0]].fits_items])
def test_rows_without_weight_do_not_count(name, goal):
    truth, output, context = example(goal, exact=False)
    kept = np.arange(N) < N - 10
    part = Output(output.kind, {key: array[kept] for key, array in output.arrays.items()})
    context_part = {**context, "scale": context["scale"][kept], "series": context["series"][kept]}
    expected = metrics.score(name, truth[kept], part, None, context_part)
    assert expected == pytest.approx(metrics.score(name, truth, output, kept.astype(float), context))


@pytest.mark.parametrize(("name", "goal"), PAIRS)
def test_the_order_of_rows_does_not_matter(name, goal):
    truth, output, context = example(goal, exact=False)
    order = RNG.permutation(N)
    turned = Output(output.kind, {key: array[order] for key, array in output.arrays.items()})
    context_turned = {**context, "scale": context["scale"][order], "series": context["series"][order]}
    expected = metrics.score(name, truth, output, None, context)
    assert expected == pytest.approx(metrics.score(name, truth[order], turned, None, context_turned))
