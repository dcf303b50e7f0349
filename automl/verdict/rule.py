"""The rule of the verdict: which finalist is better on the test rows (the design's "A fair contest", points 3 to 6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from automl import goals, metrics
from automl.records import Comparison, Contestant, Run, Split, Task
from automl.verdict.exact import p_value
from automl.verdict.resample import ASSUMED_SEED_SHARE, LEVEL, N_REPLICATES, Replicates, gains, interval_of, units_of
from automl.verdict.words import Scores, both_sentences, count_of_units, lone_sentences

__all__ = ["ALPHA", "FEW_BLOCKS", "FEW_OF_A_CLASS", "FEW_UNITS", "compare", "decide"]

FEW_UNITS = 100
FEW_OF_A_CLASS = 20
FEW_BLOCKS = 10
ALPHA = 0.05

_TIME_UNITS = ("block", "window", "series")

Verdict = Literal["deep", "shallow", "tie"]
Reason = Literal["better", "equivalent", "undecided"]


def compare(
    task: Task,
    split: Split,
    truth: np.ndarray,
    weight: np.ndarray | None,
    context: Mapping[str, Any] | None,
    deep: Contestant | None,
    shallow: Contestant | None,
    floor: Contestant,
    runs: Sequence[Run],
    min_gain: float,
    seed: int,
) -> Comparison:
    """Say which side is better on the test rows, and how sure that is.

    Args:
        task: gives metric and classes.
        split: gives the test units.
        truth: truth of the scored test items, as `records` says.
        weight: ``(n_items,)`` or None.
        context: what else the metric reads (see `records.Metric`).
        deep: the deep finalist. If a side has none (None), the other side wins if it beats the floor.
        shallow: the shallow finalist, or None.
        floor: the model that learns nothing from the inputs.
        runs: all runs, for costs and names.
        min_gain: the least gain that counts, as a share of the distance from the floor's score to the best possible.
        seed: seed of the resampling.
    """
    context = dict(context or {})
    context.setdefault("classes", len(task.classes))
    weights = np.ones(len(truth)) if weight is None else np.asarray(weight, dtype=np.float64)
    contestants = [contestant for contestant in (deep, shallow, floor) if contestant is not None]
    scores = Scores(
        task.metric,
        {
            contestant.run: metrics.score(task.metric, truth, contestant.output, weights, context)
            for contestant in contestants
        },
        {run.name: run for run in runs},
    )
    if deep is None or shallow is None:
        return _one_side(task, split, deep or shallow, floor, scores, min_gain)
    return _both(task, split, truth, weights, context, deep, shallow, floor, scores, min_gain, seed)


def decide(
    gain: float, interval: tuple[float, float] | None, least_gain: float, few: bool, p: float | None
) -> tuple[Verdict, Reason]:
    """Decide from the gain and its interval (the design's "A fair contest", point 5).

    Args:
        gain: gain of deep over shallow, in the metric's units.
        interval: interval of the gain, or None if there is none.
        least_gain: the least gain that counts, in the metric's units.
        few: there are too few units to trust the interval alone.
        p: p-value of the exact paired test, if `few`.
    """
    if interval is None or not np.isfinite(gain) or (few and (p is None or p >= ALPHA)):
        return "tie", "undecided"
    low, high = interval
    if low > 0 and gain >= least_gain:
        return "deep", "better"
    if high < 0 and -gain >= least_gain:
        return "shallow", "better"
    if -least_gain <= low and high <= least_gain:
        return "tie", "equivalent"
    return "tie", "undecided"


def _both(
    task: Task,
    split: Split,
    truth: np.ndarray,
    weights: np.ndarray,
    context: Mapping[str, Any],
    deep: Contestant,
    shallow: Contestant,
    floor: Contestant,
    scores: Scores,
    min_gain: float,
    seed: int,
) -> Comparison:
    rng = np.random.default_rng([seed, 20_000])
    gain = metrics.gain(task.metric, scores.of[deep.run], scores.of[shallow.run])
    n_seeds = max(1, min(len(deep.per_seed), len(shallow.per_seed)))
    classes = truth if split.units == "row" and goals.named(task).is_one_class else None
    units = units_of(split.unit_ids, classes)
    notes = [_seed_note(n_seeds)]
    interval = None
    if np.isfinite(gain) and units.n_units > 1:
        replicates = gains(task.metric, truth, deep, shallow, units, weights, context, rng)
        interval, note = _interval(replicates, gain, units.n_units)
        notes += [note] if note else []
    few = _few(task, split, truth, units.n_units)
    p = None
    if few and np.isfinite(gain):
        p = p_value(task.metric, truth, deep.output, shallow.output, units.of_item, weights, context, rng)
        notes.append(f"{few}, so only an exact paired test could decide; it gives p = {p:.3g}.")
    least, least_note = _least_gain(task.metric, scores, floor, (deep, shallow), min_gain)
    notes += [least_note] if least_note else []
    verdict, reason = decide(gain, interval, least, bool(few), p)
    recommended = _recommended(task.metric, verdict, deep.run, shallow.run, floor.run, scores)
    notes += _floor_notes(task.metric, scores, floor, (deep, shallow))
    comparison = Comparison(
        verdict=verdict, reason=reason, recommended=recommended, gain=gain if np.isfinite(gain) else None,
        interval=interval, level=LEVEL, least_gain=least, n_units=units.n_units, seeds=n_seeds, p_value=p,
    )  # fmt: skip
    sentences = both_sentences(comparison, scores, deep.run, shallow.run, floor.run, split, few)
    return _with_words(comparison, sentences, notes)


def _one_side(
    task: Task, split: Split, only: Contestant | None, floor: Contestant, scores: Scores, min_gain: float
) -> Comparison:
    """The comparison if a side has no finalist: the other side wins if it beats the floor; otherwise it is a tie."""
    won = only is not None and metrics.better(task.metric, scores.of[only.run], scores.of[floor.run])
    verdict: Verdict = "tie"
    if won and only is not None:
        verdict = "deep" if only.side == "deep" else "shallow"
    least, note = _least_gain(task.metric, scores, floor, () if only is None else (only,), min_gain)
    lacking = "Neither side finished a model"
    if only is not None:
        lacking = f"The {'shallow' if only.side == 'deep' else 'deep'} side finished no model"
    notes = [f"{lacking} that could be compared, so there is no difference to measure."]
    notes += [note] if note else []
    notes += _floor_notes(task.metric, scores, floor, () if only is None else (only,))
    n_units = len(np.unique(split.unit_ids))
    comparison = Comparison(
        verdict=verdict, reason="better" if won else "undecided",
        recommended=only.run if won and only is not None else floor.run, gain=None, interval=None, level=LEVEL,
        least_gain=least, n_units=n_units, seeds=0 if only is None else max(1, len(only.per_seed)),
    )  # fmt: skip
    sentences = lone_sentences(comparison, scores, only, floor.run, split)
    return _with_words(comparison, sentences, notes)


def _with_words(comparison: Comparison, sentences: tuple[str, str], notes: Sequence[str]) -> Comparison:
    return replace(comparison, sentences=sentences, notes=tuple(notes))


def _seed_note(n_seeds: int) -> str:
    if n_seeds == 1:
        return (
            "A finalist was trained with one seed, so the result holds for this fitted pair only; the interval assumes "
            f"that another seed would move a score by {ASSUMED_SEED_SHARE:.0%} of its distance to the best possible."
        )
    return f"The interval covers the test rows and {n_seeds} seeds a side, not the search."


def _interval(replicates: Replicates, gain: float, n_units: int) -> tuple[tuple[float, float] | None, str | None]:
    """The percentile interval, extended if needed so that it contains the gain; and a note if it had to be."""
    if len(replicates.values) < 0.75 * N_REPLICATES:
        return None, "The metric was undefined in a quarter or more of the resampled tests, so there is no interval."
    low, high = interval_of(replicates, gain, n_units)
    slack = 1e-9 * (1.0 + abs(gain))
    note = None
    if not low - slack <= gain <= high + slack:
        note = "The interval of the resampled differences missed the measured one, so it was extended to contain it."
    return (min(low, gain), max(high, gain)), note


def _few(task: Task, split: Split, truth: np.ndarray, n_units: int) -> str:
    """Why the test is too small for the interval alone to decide; "" if it is not."""
    if split.units in _TIME_UNITS:
        if n_units < FEW_BLOCKS:
            return f"The test has only {count_of_units(n_units, split.units)} (fewer than {FEW_BLOCKS})"
    elif n_units < FEW_UNITS:
        return f"The test has only {count_of_units(n_units, split.units)} (fewer than {FEW_UNITS})"
    rarest = goals.named(task).rarest(truth, task)
    if rarest is None or rarest[0] >= FEW_OF_A_CLASS:
        return ""
    return f"The test has only {rarest[0]} rows of '{rarest[1]}' (fewer than {FEW_OF_A_CLASS})"


def _least_gain(
    metric: str, scores: Scores, floor: Contestant, finalists: Sequence[Contestant], min_gain: float
) -> tuple[float, str | None]:
    """The least gain that counts, and a note: a share of the distance from the floor's score to the best possible.

    If the floor has no score, the distance is counted from the worse finalist.
    """
    start, note = scores.of[floor.run], None
    if not np.isfinite(start):
        known = [scores.of[one.run] for one in finalists if np.isfinite(scores.of[one.run])]
        if not known:
            return 0.0, "Neither the floor nor a finalist has a score, so no least gain could be set."
        start = min(known, key=lambda score: metrics.gain(metric, score, metrics.named(metric).best))
        note = (
            "The floor has no score; the least gain that counts is a share of the worse finalist's distance to the "
            "best possible score."
        )
    return min_gain * abs(metrics.named(metric).best - start), note


def _floor_notes(metric: str, scores: Scores, floor: Contestant, finalists: Sequence[Contestant]) -> list[str]:
    return [
        f"{one.run} does not beat the floor {floor.run}, which learns nothing from the inputs."
        for one in finalists
        if not metrics.better(metric, scores.of[one.run], scores.of[floor.run])
    ]


def _recommended(metric: str, verdict: Verdict, deep: str, shallow: str, floor: str, scores: Scores) -> str:
    """The run to use: the winner, or in a tie the cheaper finalist; the floor if these do not beat it."""
    candidates = {"deep": [deep], "shallow": [shallow], "tie": [deep, shallow]}[verdict]
    useful = [name for name in candidates if metrics.better(metric, scores.of[name], scores.of[floor])]
    if not useful:
        return floor
    return useful[0] if len(useful) == 1 else cheaper(scores.runs.get(shallow), scores.runs.get(deep), shallow, deep)


def cheaper(a: Run | None, b: Run | None, name_a: str, name_b: str) -> str:
    """The name of the run that costs less in use; the first name if costs do not tell."""
    return name_b if a is not None and b is not None and b.cost.cheaper_than(a.cost) else name_a
