"""The contract of an analysis of both finalists."""

from __future__ import annotations

import dataclasses
import json
import pickle
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from automl import goals, modalities
from automl.records import (
    MODALITIES,
    Analysis,
    AnalysisContext,
    AnalysisFacts,
    Contestant,
    Dataset,
    Goal,
    Outcome,
    Output,
    Side,
    SidePredictor,
    Split,
)  # fmt: skip
from automl.report.words import plain
from automl.sides.probing import Probing
from automl.testing.examples import decoded_problem
from automl.testing.outcomes import example_outcome
from automl.testing.promise import promise

__all__ = ["check_analysis", "example_context"]

SIDES: tuple[tuple[str, Side, float], ...] = (("mlp-2", "deep", 0.3), ("boosting-1", "shallow", 0.4))
RUNS: dict[str, Side] = {name: side for name, side, _ in SIDES}


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class _Noisy:
    """Predicts the truth of each row with its own noise, whatever the inputs are."""

    outputs: Output

    def output(self, dataset: Dataset, rows: np.ndarray) -> Output:
        own = rows if dataset.row_numbers is None else dataset.row_numbers[rows]  # of a copy of some rows
        if self.outputs.kind == "samples":  # numbers beyond the data are those of new rows
            own = own % len(self.outputs.arrays["samples"])
        return Output(self.outputs.kind, {name: array[own] for name, array in self.outputs.arrays.items()})


def example_context(goal: str, modality: str = "tabular", *, dated: bool = False) -> AnalysisContext:
    """What an analysis works with, of a small made-up contest whose finalists predict the truth with noise.

    Args:
        goal: any whose items are rows.
        modality: any; for goals that make rows, one that has a generator.
        dated: whether the items are rows of one series, a day apart, each seen with those before it.
    """
    problem, task, split, truth = decoded_problem(goal, modality)
    if dated:
        days = np.datetime64("2024-01-01", "ns") + np.arange(problem.n_rows) * np.timedelta64(1, "D")
        problem = dataclasses.replace(problem, times=days)
        task = dataclasses.replace(task, window=problem.inputs.shape[2], time_column="time")
    example = goals.named(goal).example
    items, is_probed = split.test, goals.named(goal).probed
    noisy = {side: _Noisy(example.output(truth, np.random.default_rng(i), noise))
                  for i, (_, side, noise) in enumerate(SIDES)}  # fmt: skip
    predictors: dict[str, SidePredictor] = {str(side): one for side, one in noisy.items()}
    if is_probed:  # analyses see probes on representations, which tell classes
        probing = Probing.of(problem, dataclasses.replace(task, metric="accuracy"), split)
        assert probing is not None
        predictors = {side: probing.scored(one, 1)[2] for side, one in noisy.items()}
        task = dataclasses.replace(task, goal="binary", metric="accuracy")
    made = example_outcome(goal)
    outcome: Outcome = dataclasses.replace(
        made, task=task, split=split, truth=goals.truth(problem, task, items), analyses={},
        context=goals.scoring_context(problem, task, split, items),
        runs=tuple(run for run in made.runs if run.finalist or run.side == "floor"),
        contestants=tuple(
            Contestant(name, side, predictors[side].output(problem, items),
                       valid_output=predictors[side].output(problem, split.valid))
            for name, side in RUNS.items()
        ),
        examples=problem.inputs[items] if isinstance(problem.inputs, np.ndarray) else problem.inputs.iloc[items]
        .reset_index(drop=True), test_rows=items,
    )  # fmt: skip

    def refit(part: Split, number: int, dataset: Dataset | None = None) -> Mapping[Side, Output]:
        rows = part.items("test")
        return {side: predictors[side].output(problem, rows) for side in RUNS.values()}

    facts = AnalysisFacts(len(split.train) + len(split.valid), len(items), 1, {"deep": 0.01, "shallow": 0.01}, 0.1)
    return AnalysisContext(problem, task, split, outcome, predictors, facts, None if is_probed else refit)


def _contexts(analysis: Analysis) -> Iterator[AnalysisContext]:
    for name, goal in goals.known().items():
        if goal.in_windows or not (analysis.is_about(goal) or analysis.is_about(goal, is_scored=False)):
            continue
        yield from (example_context(name, modality) for modality in _modalities_of(goal))
        if "sequence" in _modalities_of(goal) and not goal.needs_target:
            yield example_context(name, "sequence", dated=True)


def _modalities_of(goal: Goal) -> tuple[str, ...]:
    if goal.makes_rows:
        return tuple(name for name in MODALITIES if modalities.named(name).generator is not None)
    if goal.in_pixels:
        return ("image",)
    return ("tabular",) if goal.probed else MODALITIES


def check_analysis(analysis: Analysis) -> None:
    """Check an analysis on small made-up contests of all goals that it is about and whose items are rows, and all
    modalities.

    It must give plain JSON or None, the same each time, change no row of the data, and find something in one of them.

    Args:
        analysis: to check.

    Raises:
        AssertionError: a promise is broken; says which.
    """
    promise(analysis.name.isidentifier(), f"{analysis.name!r}: its name is a key, so it must be an identifier")
    found = [_found(analysis, context) for context in _contexts(analysis)]
    promise(any(one is not None for one in found), f"{analysis.name}: it finds nothing in any contest")


def _found(analysis: Analysis, context: AnalysisContext) -> Any:
    why = analysis.unfit(context)
    promise(why is None or isinstance(why, str), f"{analysis.name}: unfit gives a reason or None, not {why!r}")
    if why is not None or (analysis.refits and context.refit is None):
        return None
    seconds = analysis.cost(context.facts)
    promise(seconds >= 0, f"{analysis.name}: its cost is {seconds!r}, not a number of seconds")
    before = pickle.dumps(context.dataset)
    one, other = (_text(analysis, context) for _ in range(2))
    where = f"of the goal {context.task.goal} and the modality {context.task.modality}"
    promise(one == other, f"{analysis.name}: it finds something else the second time in a contest {where}")
    promise(pickle.dumps(context.dataset) == before, f"{analysis.name}: it changes the data of a contest {where}")
    return json.loads(one)


def _text(analysis: Analysis, context: AnalysisContext) -> str:
    made = analysis.run(context)
    promise(made is None or isinstance(made, dict), f"{analysis.name}: run gives a dict or None, not {made!r:.100}")
    rows = (made or {}).get("rows", [])
    is_table = isinstance(rows, list) and all(isinstance(row, dict) and row.keys() == rows[0].keys() for row in rows)
    promise(is_table, f"{analysis.name}: rows is no list of dicts with the same keys each")
    return json.dumps(plain(made), allow_nan=False)
