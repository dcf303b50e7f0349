"""The total cost of a model in use: hours to fit it again and to predict, in a year at the user's rates."""

from __future__ import annotations

import dataclasses

from automl.records import Costs, Run

__all__ = ["SAME_COST", "cheaper", "crossing", "with_hours"]

SECONDS_AN_HOUR = 3600.0

SAME_COST = 1.25
"""Two total costs count as equal if their ratio is below this: measured times differ as much from run to run."""


def with_hours(run: Run, costs: Costs) -> Run:
    """The run with its total cost in CPU hours a year; unchanged if its throughput was not measured.

    Args:
        run: its fit was timed with one seed, its predictions in batches.
        costs: how much the model is used.
    """
    parts = _parts(run, costs)
    return run if parts is None else dataclasses.replace(run, hours_per_year=_hours(parts, costs.predictions_per_year))


def cheaper(one: Run | None, other: Run | None) -> bool:
    """Whether one run has the clearly smaller total cost; False where a cost is unknown."""
    hours = [None if run is None else run.hours_per_year for run in (one, other)]
    return hours[0] is not None and hours[1] is not None and hours[0] * SAME_COST <= hours[1] and hours[1] > 0


def crossing(one: Run | None, other: Run | None, costs: Costs) -> float | None:
    """Predictions a year at which two runs have the same total cost.

    Args:
        one: a run.
        other: another one.
        costs: how often they are fitted again.

    Returns:
        None if one of them is the cheaper at any number, or a cost is unknown.
    """
    a, b = (None if run is None else _parts(run, costs) for run in (one, other))
    if a is None or b is None or a[1] == b[1]:
        return None
    number = (a[0] - b[0]) / (b[1] - a[1])
    return number if number > 0 else None


def _parts(run: Run, costs: Costs) -> tuple[float, float] | None:
    """Seconds a year that fitting takes, and seconds for one prediction in a batch; None if not measured."""
    rate = run.cost.rows_per_second
    if not rate:
        return None
    return costs.retrains_per_year * run.cost.fit_seconds * max(1, run.n_seeds), 1.0 / rate


def _hours(parts: tuple[float, float], n_predictions: float) -> float:
    return (parts[0] + n_predictions * parts[1]) / SECONDS_AN_HOUR
