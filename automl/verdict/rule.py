"""The rule of the verdict: scores, interval, least gain, and which model is recommended."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from automl import goals, metrics
from automl.records import Comparison, Contestant, Run, Split, Task
from automl.system.counts import counted
from automl.verdict.dependence import LEAST_TIMES
from automl.verdict.exact import p_value
from automl.verdict.floor import ALPHA, beats_floor, is_told_from_noise
from automl.verdict.needs import would_decide
from automl.verdict.notes import bound_sentence, few_sentence, missing_sentence, need_sentence, seed_sentence
from automl.verdict.recommend import Choice, Reason, Terms, Verdict, recommend
from automl.verdict.resample import LEVEL, Replicates, Units, gains, interval_of, units_of
from automl.verdict.shares import seed_shares
from automl.verdict.total_cost import crossing
from automl.verdict.unlabelled import unlabelled
from automl.verdict.words import (
    NOTHING_TRAINED,
    Scores,
    both_sentences,
    champion_notes,
    count_of_units,
    lone_sentences,
    says_why,
    why_sentence,
)

__all__ = ["ALPHA", "FEW_BLOCKS", "FEW_OF_A_CLASS", "FEW_UNITS", "compare", "decide"]

FEW_UNITS = 100
FEW_OF_A_CLASS = 20
FEW_BLOCKS = 10

_TIME_UNITS = ("block", "window", "series")


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
    terms: Terms | None = None,
) -> Comparison:
    """Decide which side is better on the test rows, and how sure that is, and recommend a run.

    Args:
        task: its metric and classes.
        split: its test units.
        truth: of the scored test items, as `records` says.
        weight: ``(n_items,)`` or None.
        context: further inputs of the metric, see `records.Metric`.
        deep: finalist of the deep side. None where it has none: nothing is then decided, for want of an opponent.
        shallow: finalist of the shallow side, likewise.
        floor: the model that learns nothing from the inputs.
        runs: all runs, for their costs and families; those of the finalists and the blend with their total costs.
        min_gain: least gain that counts, as a share of the distance from the floor's score to the best possible one.
        seed: of the resampling.
        terms: what validation says, whether the blend can be used, and how much a model is used. They play a part in
            the recommendation alone.
    """
    context, terms = dict(context or {}), terms or Terms()
    if task.metric == metrics.UNSCORED or (not goals.named(task).needs_target and len(np.unique(truth)) < 2):
        return unlabelled(task, split, truth, deep, shallow, floor)
    context.setdefault("classes", len(task.classes))
    weights = np.ones(len(truth)) if weight is None else np.asarray(weight, dtype=np.float64)
    contestants = [one for one in (deep, shallow, floor) if one is not None]
    scores = Scores(
        task.metric,
        {one.run: metrics.score(task.metric, truth, one.output, weights, context) for one in contestants},
        {run.name: run for run in runs},
    )
    scores = replace(
        scores, useful=_useful(task, split, truth, weights, context, deep, shallow, floor, scores, seed),
        tells_floor=is_told_from_noise(*_units_and_rarest(task, split, truth)),
    )  # fmt: skip
    if deep is None or shallow is None:
        return _one_side(task, split, deep or shallow, floor, scores, min_gain, terms)
    return _both(task, split, truth, weights, context, deep, shallow, floor, scores, min_gain, seed, terms)


def _useful(
    task: Task,
    split: Split,
    truth: np.ndarray,
    weights: np.ndarray,
    context: Mapping[str, Any],
    deep: Contestant | None,
    shallow: Contestant | None,
    floor: Contestant,
    scores: Scores,
    seed: int,
) -> frozenset[str]:
    """The finalists that beat the floor by more than noise."""
    units = _units(task, split, truth)
    few = bool(_few(task, split, truth, units.n_units))
    _, rarest = _units_and_rarest(task, split, truth)
    rng = np.random.default_rng([seed, 30_000])
    return frozenset(
        one.run
        for one in (deep, shallow)
        if one is not None
        and beats_floor(
            task.metric, truth, one, floor, scores.runs, units, weights, context, rng, few=few, rarest=rarest
        )
    )


def _units_and_rarest(task: Task, split: Split, truth: np.ndarray) -> tuple[int, int]:
    """Test units, and test items of the rarest class; without classes, test units again."""
    n_units, counted = _units(task, split, truth).n_units, goals.named(task).rarest(truth, task)
    return n_units, n_units if counted is None else counted[0]


def _units(task: Task, split: Split, truth: np.ndarray) -> Units:
    """The units of the test; rows of a class are redrawn among themselves."""
    classes = truth if split.units == "row" and goals.named(task).has_classes else None
    return units_of(split.unit_ids, classes, in_time=split.in_time, time_ids=split.time_ids)


def decide(
    gain: float,
    interval: tuple[float, float] | None,
    least_gain: float,
    few: bool,
    p: float | None,
    in_time: bool = False,
    unseen: float = 0.0,
) -> tuple[Verdict, Reason]:
    """The rule alone: a side wins if chance is excluded and the gain is large enough to count.

    Chance is excluded by the interval, if it lies on one side of zero; with few units by the exact test alone, and the
    interval is context. The exact test takes units as independent, so the interval must agree where they follow each
    other in time.

    Args:
        gain: of deep over shallow.
        interval: of the gain; None where there is none.
        least_gain: least gain that counts, in the metric's units.
        few: whether there are too few units to trust the interval.
        p: of the exact paired test, where `few`.
        in_time: whether units follow each other in time.
        unseen: gain that kinds of units may bring which none of the test units is; a test that cannot exclude it from
            counting does not show that both sides do equally well.
    """
    exact_alone = few and not in_time
    if not np.isfinite(gain) or (interval is None and not exact_alone):
        return "tie", "undecided"
    low, high = (gain, gain) if interval is None else interval
    sure = (not few or (p is not None and p < ALPHA)) and (exact_alone or low > 0 or high < 0)
    if sure and abs(gain) >= least_gain:
        return ("deep" if gain > 0 else "shallow"), "better"
    if not few and -least_gain <= low and high <= least_gain and unseen <= least_gain:
        return "tie", "equivalent"
    return "tie", "undecided"


def _unseen(metric: str, n_units: int) -> float:
    """The gain that unseen kinds of units may bring, at 95 %: the rule of three, where predictions are labels.

    Where both sides have the same rows right and wrong, redrawn rows never differ, however few they are. Nothing was
    seen in n units, so it may happen in 3 / n of them.

    Source: Hanley and Lippman-Hand, "If Nothing Goes Wrong, Is Everything All Right?", JAMA 249 (1983).
    """
    return 3.0 / n_units if metrics.named(metric).reads == "labels" and n_units else 0.0


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
    terms: Terms,
) -> Comparison:
    rng = np.random.default_rng([seed, 20_000])
    gain = metrics.gain(task.metric, scores.of[deep.run], scores.of[shallow.run])
    n_seeds = max(1, min(len(deep.per_seed), len(shallow.per_seed)))
    units = _units(task, split, truth)
    shares = seed_shares((deep.run, shallow.run), scores.runs)
    drawn = goals.named(task).drawn
    notes: list[str | None] = [seed_sentence(n_seeds, shares, drawn)]
    interval, replicates = None, None
    if np.isfinite(gain) and units.n_units > 1:
        replicates = gains(task.metric, truth, deep, shallow, units, weights, context, rng, shares)
        interval, note = _interval(replicates, gain)
        interval = _in_range(task.metric, interval)
        notes += [note, _times_note(units)]
    few = _few(task, split, truth, units.n_units)
    least, least_note = _least_gain(task.metric, scores, floor, (deep, shallow), min_gain)
    p = None
    if few and goals.named(task).makes_rows:  # rows of one side among those of the other are no generator's
        notes.append(f"{few}, so nothing is decided; the interval is context.")
    elif few and np.isfinite(gain):
        p = p_value(task.metric, truth, deep.output, shallow.output, units.of_item, weights, context, rng)
        notes.append(few_sentence(few, p, gain, least, interval, units.in_time))
    notes.append(least_note)
    verdict, reason = decide(gain, interval, least, bool(few), p, units.in_time, _unseen(task.metric, units.n_units))
    choice = recommend(verdict, reason, deep.run, shallow.run, floor.run, scores.useful, scores.runs, terms)
    comparison = Comparison(
        verdict=verdict, reason=reason, recommended=choice.run, gain=gain if np.isfinite(gain) else None,
        interval=interval, level=LEVEL, least_gain=least, n_units=units.n_units, seeds=n_seeds, p_value=p,
        champion=terms.champion, why=why_sentence(choice, scores, terms), says_why=says_why(choice),
        crossing=crossing(scores.runs.get(deep.run), scores.runs.get(shallow.run), terms.costs),
        lacking=_lacking(task.metric, scores.of[shallow.run]), **_of_interval(replicates if interval else None),
    )  # fmt: skip
    enough = _enough(task, split, truth, units.n_units)
    if reason == "undecided":
        comparison = replace(comparison, would_decide=would_decide(comparison, scores.runs, (deep, shallow), enough))
    notes += [
        bound_sentence(comparison),
        need_sentence(comparison, split, drawn),
        missing_sentence(comparison, split, enough),
    ]
    notes += champion_notes(scores, terms, choice, verdict, deep.run, shallow.run)
    notes += _floor_notes(task.metric, scores, floor, (deep, shallow))
    too_few = few if p is None or p >= ALPHA else ""
    said = both_sentences(comparison, scores, deep.run, shallow.run, floor.run, split, too_few, choice)
    return _with_words(comparison, said, [note for note in notes if note])


def _lacking(metric: str, score: float) -> float | None:
    """What a score lacks to the best possible one; None where it has none, or lacks nothing."""
    lacking = abs(metrics.named(metric).best - score)
    return lacking if np.isfinite(lacking) and lacking > 0 else None


def _of_interval(replicates: Replicates | None) -> dict[str, Any]:
    """The parts of an interval and its quantile, as fields of a comparison."""
    if replicates is None:
        return {}
    return {
        "parts": {name: part.variance for name, part in replicates.parts.items()},
        "quantile": replicates.quantile,
    }


def _times_note(units: Units) -> str | None:
    """A note where series share so few times that a shock to all of them is hardly seen."""
    n_times = 0 if units.times is None else int(units.times.max()) + 1
    if not 0 < n_times < LEAST_TIMES:
        return None
    return (
        f"All series are tested at the same {counted(n_times, 'time')}; what happened to all of them then is "
        f"{'not' if n_times == 1 else 'hardly'} in the interval."
    )


def _in_range(metric: str, interval: tuple[float, float] | None) -> tuple[float, float] | None:
    """The interval of a gain without what no two scores of the metric can differ by."""
    most = metrics.most_gain(metric)
    return None if interval is None else (max(interval[0], -most), min(interval[1], most))


def _one_side(
    task: Task,
    split: Split,
    only: Contestant | None,
    floor: Contestant,
    scores: Scores,
    min_gain: float,
    terms: Terms,
) -> Comparison:
    """One side alone decides nothing; its finalist is recommended if it beats the floor."""
    useful = only is not None and only.run in scores.useful
    least, note = _least_gain(task.metric, scores, floor, () if only is None else (only,), min_gain)
    lacking = "Neither side finished a model"
    if only is not None:
        lacking = f"The {'shallow' if only.side == 'deep' else 'deep'} side finished no model"
    notes = [f"{lacking} that could be compared, so there is no difference to measure."]
    notes += [note] if note else []
    notes += _floor_notes(task.metric, scores, floor, () if only is None else (only,))
    n_units = len(np.unique(split.unit_ids))
    choice = Choice(only.run, "lone") if useful and only is not None else Choice(floor.run, "floor")
    comparison = Comparison(
        verdict="tie", reason="undecided" if only is None else "one_sided", recommended=choice.run, gain=None,
        interval=None, level=LEVEL, least_gain=least, n_units=n_units,
        seeds=0 if only is None else max(1, len(only.per_seed)), champion=terms.champion,
        why=why_sentence(choice, scores, terms) if only is not None else NOTHING_TRAINED,
    )  # fmt: skip
    said = lone_sentences(comparison, scores, only, floor.run, split)
    return _with_words(comparison, said, notes)


def _with_words(comparison: Comparison, sentences: tuple[str, str], notes: Sequence[str]) -> Comparison:
    return replace(comparison, sentences=sentences, notes=tuple(notes))


def _interval(replicates: Replicates, gain: float) -> tuple[tuple[float, float] | None, str | None]:
    """The percentile interval, extended to hold the gain, and a note where it was extended or is missing."""
    if len(replicates.values) < 0.75 * replicates.n_asked:
        return None, "The metric was undefined in a quarter or more of the resampled tests, so there is no interval."
    low, high = interval_of(replicates, gain)
    slack = 1e-9 * (1.0 + abs(gain))
    note = None
    if not low - slack <= gain <= high + slack:
        note = "The resampled gains lie on one side of the measured one; the interval was extended to hold it."
    return (min(low, gain), max(high, gain)), note


def _rarest(task: Task, truth: np.ndarray) -> tuple[int, str] | None:
    """Rows and name of the rarest class, where the metric weighs classes."""
    return goals.named(task).rarest(truth, task) if metrics.named(task.metric).weighs_classes else None


def _enough(task: Task, split: Split, truth: np.ndarray, n_units: int) -> int:
    """Number of units from which on the interval alone decides."""
    least, rarest = FEW_BLOCKS if split.units in _TIME_UNITS else FEW_UNITS, _rarest(task, truth)
    if rarest is None or rarest[0] >= FEW_OF_A_CLASS:
        return least
    return max(least, math.ceil(n_units * FEW_OF_A_CLASS / max(rarest[0], 1)))


def _few(task: Task, split: Split, truth: np.ndarray, n_units: int) -> str:
    """Why the test is too small for the interval alone to decide, or an empty text."""
    if split.units in _TIME_UNITS:
        if n_units < FEW_BLOCKS:
            return f"The test has only {count_of_units(n_units, split)} (fewer than {FEW_BLOCKS})"
    elif n_units < FEW_UNITS:
        return f"The test has only {count_of_units(n_units, split)} (fewer than {FEW_UNITS})"
    rarest = _rarest(task, truth)
    if rarest is None or rarest[0] >= FEW_OF_A_CLASS:
        return ""
    return f"The test has only {counted(rarest[0], 'row')} of '{rarest[1]}' (fewer than {FEW_OF_A_CLASS})"


def _least_gain(
    metric: str, scores: Scores, floor: Contestant, finalists: Sequence[Contestant], min_gain: float
) -> tuple[float, str | None]:
    """The least gain that counts: a share of the way from the floor (or the worse finalist) to the best score."""
    start, note = scores.of[floor.run], None
    if not np.isfinite(start):
        known = [scores.of[one.run] for one in finalists if np.isfinite(scores.of[one.run])]
        if not known:
            return 0.0, "Neither the floor nor a finalist has a score, so no least gain could be set."
        start = min(known, key=lambda score: metrics.gain(metric, score, metrics.named(metric).best))
        note = "The floor has no score; the least gain is a share of the worse finalist's distance to the best score."
    return min_gain * abs(metrics.named(metric).best - start), note


def _floor_notes(metric: str, scores: Scores, floor: Contestant, finalists: Sequence[Contestant]) -> list[str]:
    """Which finalists do not beat the floor by more than noise, or that the test cannot tell."""
    unsure = [one.run for one in finalists if one.run in scores.useful and not scores.tells_floor]
    untold = [
        f"{name} scores better than the floor {floor.run}, which learns nothing from the inputs, but the test is too "
        "small to tell that from noise."
        for name in unsure
    ]
    return untold + [
        f"{one.run} does not beat the floor {floor.run}, which learns nothing from the inputs"
        f"{', by more than noise' if metrics.better(metric, scores.of[one.run], scores.of[floor.run]) else ''}."
        for one in finalists
        if one.run not in scores.useful
    ]
