"""What the conclusion is expected to cost, so that neither it runs over the budget nor time is kept back in vain."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from automl import goals, metrics
from automl.sides.ensemble import members_of
from automl.verdict.resample import N_REPLICATES

if TYPE_CHECKING:
    from automl.flow.prepare import Prepared
    from automl.records import Output, Run

__all__ = ["Reserve"]

BASE_SECONDS = 0.6
SLACK = 1.4
BUILD_SECONDS = 0.3
UNKNOWN_SECONDS = {"deep": 1.0, "shallow": 0.5}
TRACE_SHARE = 0.08
MOST_TRACE_SECONDS = 1.0
FORWARD_SHARE = 0.35
CROSSED_SHARE = 0.5
TIMED_ROWS = 1024
TIMED_CALLS = 6
SELECT_SCORES = 200
PROBE_CELLS = 400_000
DRAW_SECONDS = 1.5e-8
MOST_NAMING_SHARE = 0.05


class Reserve:
    """Seconds to keep back for scoring, measuring and comparing the finalists.

    Learned from what has been run: predicting the test rows with each finalist's members and seeds, building its
    networks anew, and the bootstrap, whose cost a cell is measured once. Of a side without a model it is a guess.

    Args:
        prepared: data and split.
        budget_seconds: of the run.
        runs: those made so far, in a list that grows.
    """

    def __init__(self, prepared: Prepared, budget_seconds: float, runs: list[Run]) -> None:
        split = prepared.split
        self.prepared, self.budget_seconds, self.runs = prepared, budget_seconds, runs
        self.n_train = len(split.items("train"))
        self.n_test = len(split.items("test"))
        self.bootstrap_seconds = 0.0
        self.mixture_seconds = 0.0
        self.naming_seconds = 0.0

    def probe(self, output: Output) -> None:
        """Measure what scoring costs, on a floor's predictions for the validation rows."""
        dataset, task, split = self.prepared.dataset, self.prepared.task, self.prepared.split
        items = split.items("valid")
        truth = goals.truth(dataset, task, items)
        context = goals.scoring_context(dataset, task, split, items)
        n = max(1, len(items))
        n_weightings = max(1, min(50, PROBE_CELLS // n))
        drawn = np.random.default_rng(0).poisson(1.0, (n_weightings, n)).astype(np.float64)
        metrics.evaluator(task.metric, truth, output, context)(drawn)  # what is loaded and made ready at the first call
        begun = time.monotonic()
        evaluate = metrics.evaluator(task.metric, truth, output, context)
        ready = time.monotonic()
        evaluate(drawn)
        each = (time.monotonic() - ready) / (n_weightings * n) + DRAW_SECONDS
        self.mixture_seconds = (ready - begun) * self.n_test / n
        self.bootstrap_seconds = 2 * each * N_REPLICATES * self.n_test
        begun = time.monotonic()
        metrics.score(task.metric, truth, output, None, context)
        self.naming_seconds = 2 * SELECT_SCORES * (time.monotonic() - begun)

    def searching(self, n_seeds: int = 1) -> float:
        """While the search goes on: for the best run of each side so far, with as many seeds as it may be given."""
        if math.isinf(self.budget_seconds):
            return 0.0
        higher = metrics.named(self.prepared.task.metric).higher_is_better
        best = {}
        for side in ("deep", "shallow"):
            own = [run for run in self.runs if run.side == side and run.valid_score is not None]
            if own:
                best[side] = (max if higher else min)(own, key=lambda run: run.valid_score or 0.0)
        unknown = sum(seconds for side, seconds in UNKNOWN_SECONDS.items() if side not in best)
        naming = min(self.naming_seconds, MOST_NAMING_SHARE * self.budget_seconds)
        return self.seconds(best, n_seeds) + SLACK * unknown + naming

    def seconds(self, chosen: Mapping[str, Run], n_seeds: int = 1) -> float:
        """For these finalists.

        Args:
            chosen: side → its run.
            n_seeds: that each is to have.
        """
        if math.isinf(self.budget_seconds):
            return 0.0
        found = BASE_SECONDS + self.bootstrap_seconds
        if n_seeds > 1:  # each mixture of seeds that can be drawn is scored too, a step towards it and one away
            n_mixtures = math.comb(2 * n_seeds - 1, n_seeds)
            found += CROSSED_SHARE * self.bootstrap_seconds + 4 * n_mixtures * self.mixture_seconds
        for side, run in chosen.items():
            names = members_of(run) or {run.name: 1.0}
            members = [one for one in self.runs if one.name in names] or [run]
            found += n_seeds * sum(self._deep(one) if side == "deep" else self._shallow(one) for one in members)
        return SLACK * found

    def _shallow(self, run: Run) -> float:
        n_rows = self.n_test + min(self.n_test, TIMED_ROWS)
        a_row = 0.0 if not run.cost.rows_per_second else 1.0 / run.cost.rows_per_second
        return n_rows * a_row + TIMED_CALLS * (run.cost.predict_ms or 0.0) / 1000

    def _deep(self, run: Run) -> float:
        """Building and tracing a network anew, and a forward pass as a share of a training step."""
        fit_seconds = run.cost.fit_seconds
        n_epochs = max(float(run.choices.get("epochs", 10) or 10), 1.0)
        n_rows = self.n_test + min(self.n_test, TIMED_ROWS)
        trace = min(TRACE_SHARE * fit_seconds, MOST_TRACE_SECONDS)
        return BUILD_SECONDS + trace + n_rows * FORWARD_SHARE * fit_seconds / (n_epochs * max(self.n_train, 1))
