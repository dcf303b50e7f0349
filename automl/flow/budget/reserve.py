"""The reserve: estimates the time of the conclusion, so that it fits the budget and no time is kept back in vain."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from automl import goals, metrics
from automl.flow.latency import seconds_to_measure, wide_reading_seconds
from automl.sides.ensemble import members_of
from automl.sides.probing import seconds_to_probe
from automl.sides.redrawing import FURTHER_DRAWS
from automl.verdict.resample import n_replicates_for

if TYPE_CHECKING:
    from automl.flow.prepare import Prepared
    from automl.records import Output, Run

__all__ = ["Reserve"]

BASE_SECONDS = 0.9
CONCLUDED, WRITTEN = 0.5, 2.0
"""What the conclusion does for each column of a wide table, and what the report and the model take, as multiples of the
time to read a few of its rows, which is measured before."""
SLACK = 1.4
BUILD_SECONDS = 0.3
UNKNOWN_SECONDS = {"deep": 1.0, "shallow": 0.5}
PARAMETER_SECONDS = 5e-8
"""Of a network of 65 million weights the conclusion took 4 to 5 s; small ones have none to speak of."""
TRACE_SHARE = 0.08
MOST_TRACE_SECONDS = 1.0
FORWARD_SHARE = 0.35
CROSSED_SHARE = 0.5
SELECT_SCORES = 200
PROBE_CELLS = 400_000
DRAW_SECONDS = 1.5e-8
MOST_NAMING_SHARE = 0.05


class Reserve:
    """Estimates the seconds to keep back for scoring, measuring and comparing the finalists.

    The estimate adds four parts: predicting the test rows with the members and seeds of each finalist, building its
    networks again, measuring its latency, and the bootstrap. The first three are derived from the runs so far; the cost
    of the bootstrap is measured once. For a side without a model a constant is used.

    Args:
        prepared: data and split.
        budget_seconds: budget of the run.
        runs: the runs so far, in a list that grows.
        slowness: what is not measured here takes so many times as long as on a quiet machine.

    Attributes:
        sides: those that take part.
        reading_seconds: time to read a few rows of a wide table: what else is done once for each column takes as long.
        bootstrap_seconds: time to score the replicates of both finalists.
        mixture_seconds: time to prepare a metric for one mixture of seeds.
        naming_seconds: time to select the ensembles of both sides.
        probing_seconds: time of the probes that score finalists, or of telling the rows of generators apart; 0 where
            predictions are scored themselves.
        n_draws: how often each finalist predicts as many items as there are test items.
        repeating: returns the time to keep back for fits of the finalists on other splits.
    """

    def __init__(self, prepared: Prepared, budget_seconds: float, runs: list[Run], slowness: float = 1.0) -> None:
        split = prepared.split
        self.slowness, self.reading_seconds = slowness, 0.0
        self.sides: tuple[str, ...] = tuple(UNKNOWN_SECONDS)
        self.prepared, self.budget_seconds, self.runs = prepared, budget_seconds, runs
        self.n_train = len(split.items("train"))
        self.n_test = len(split.items("test"))
        self.bootstrap_seconds = 0.0
        self.mixture_seconds = 0.0
        self.naming_seconds = 0.0
        self.probing_seconds, self.n_draws = 0.0, 1
        self.repeating: Callable[[], float] = lambda: 0.0

    def probe(self, output: Output) -> None:
        """Measure the time of scoring, on a floor's predictions for the validation rows."""
        dataset, task, split = self.prepared.dataset, self.prepared.task, self.prepared.split
        items, metric = split.items("valid"), goals.search_metric(task)
        truth = goals.truth(dataset, task, items)
        context = goals.scoring_context(dataset, task, split, items)
        n = max(1, len(items))
        n_weightings = max(1, min(50, PROBE_CELLS // n))
        drawn = np.random.default_rng(0).poisson(1.0, (n_weightings, n)).astype(np.float64)
        begun = time.monotonic()
        metrics.evaluator(metric, truth, output, context)(drawn)  # warm-up: the first call loads libraries
        first_seconds, begun = time.monotonic() - begun, time.monotonic()
        evaluate = metrics.evaluator(metric, truth, output, context)
        ready = time.monotonic()
        evaluate(drawn)
        each = (time.monotonic() - ready) / (n_weightings * n) + DRAW_SECONDS
        self.mixture_seconds = (ready - begun) * self.n_test / n
        self.bootstrap_seconds = 2 * each * n_replicates_for(self.n_test) * self.n_test
        self.reading_seconds = wide_reading_seconds(self.prepared)
        begun = time.monotonic()
        metrics.score(metric, truth, output, None, context)
        self.naming_seconds = 2 * SELECT_SCORES * (time.monotonic() - begun)
        if goals.named(task).probed and metric != metrics.UNSCORED:
            self.probing_seconds = seconds_to_probe(output.arrays["vectors"], truth, len(task.classes))
        if goals.named(task).makes_rows:  # what tells rows apart is remembered, so that only the first call takes time
            self.n_draws = 1 + FURTHER_DRAWS
            self.bootstrap_seconds *= self.n_draws
            self.probing_seconds = (2 * self.n_draws + 1) * first_seconds * self.n_test / n

    def searching(self, n_seeds: int = 1) -> float:
        """Seconds to keep back during the search, for the best run of each side so far.

        Args:
            n_seeds: the most seeds that each finalist may get.
        """
        if math.isinf(self.budget_seconds):
            return 0.0
        higher = metrics.named(self.prepared.task.metric).higher_is_better
        best = {}
        for side in ("deep", "shallow"):
            own = [run for run in self.runs if run.side == side and run.valid_score is not None]
            if own:
                best[side] = (max if higher else min)(own, key=lambda run: run.valid_score or 0.0)
        unknown = sum(UNKNOWN_SECONDS[side] for side in self.sides if side not in best)
        naming = min(self.naming_seconds, MOST_NAMING_SHARE * self.budget_seconds)
        return self.seconds(best, n_seeds) + SLACK * self.slowness * unknown + naming

    def seconds(self, chosen: Mapping[str, Run], n_seeds: int = 1) -> float:
        """Seconds to keep back for these finalists.

        Args:
            chosen: side → the finalist's run.
            n_seeds: number of seeds of each finalist.
        """
        return self.concluding_seconds(chosen, n_seeds) + self.repeating()

    def concluding_seconds(self, chosen: Mapping[str, Run], n_seeds: int = 1) -> float:
        """Of `seconds`, those for the conclusion, without fits on other splits.

        The first refit is made before these, which are fits of its kind.

        Args:
            chosen: side → the finalist's run.
            n_seeds: number of seeds of each finalist.
        """
        if math.isinf(self.budget_seconds):
            return 0.0
        total = BASE_SECONDS * self.slowness + CONCLUDED * self.reading_seconds
        total += self.bootstrap_seconds + self.probing_seconds
        if n_seeds > 1:  # for each mixture of seeds that can be drawn, a step towards it and a step away are scored
            n_mixtures = math.comb(2 * n_seeds - 1, n_seeds)
            total += CROSSED_SHARE * self.bootstrap_seconds + 4 * n_mixtures * self.mixture_seconds
        for side, run in chosen.items():
            names = members_of(run) or {run.name: 1.0}
            members = [known for known in self.runs if known.name in names] or [run]
            row_seconds = n_seeds * sum(self._row_seconds(member) for member in members)
            one_seconds = n_seeds * sum((member.cost.predict_ms or 0.0) / 1000 for member in members)
            total += self.n_draws * self.n_test * row_seconds + seconds_to_measure(
                one_seconds, row_seconds, self.n_test
            )
            if side == "deep":
                total += n_seeds * self.slowness * sum(_build_seconds(member) for member in members)
        return SLACK * total

    @property
    def writing_seconds(self) -> float:
        """Seconds to keep back for what follows the comparison: the report and the model."""
        return SLACK * (BASE_SECONDS * self.slowness + WRITTEN * self.reading_seconds)

    def judging_seconds(self, n_items: int) -> float:
        """Seconds to judge the pairs of both finalists' predictions for so many rows."""
        if not self.n_test:
            return 0.0
        n_scored = n_items * n_replicates_for(n_items) / (self.n_test * n_replicates_for(self.n_test))
        return SLACK * self.bootstrap_seconds * n_scored

    def _row_seconds(self, run: Run) -> float:
        """Seconds to predict a row. Of a network that was not timed, a forward pass is a share of a training step."""
        if run.side != "deep":
            return 0.0 if not run.cost.rows_per_second else 1.0 / run.cost.rows_per_second
        n_epochs = max(float(run.choices.get("epochs", 10) or 10), 1.0)
        return FORWARD_SHARE * run.cost.fit_seconds / (n_epochs * max(self.n_train, 1))


def _build_seconds(run: Run) -> float:
    """Seconds to build and trace a network, and to fill its weights."""
    traced = min(TRACE_SHARE * run.cost.fit_seconds, MOST_TRACE_SECONDS)
    return BUILD_SECONDS + traced + PARAMETER_SECONDS * (run.cost.n_parameters or 0)
