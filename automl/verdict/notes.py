"""What the interval says in plain sentences: what it rests on, what it bounds, and what would decide."""

from __future__ import annotations

import math
from collections.abc import Sequence

from automl.metrics.figures import signed
from automl.records import Comparison, Split
from automl.system.counts import counted
from automl.verdict.floor import ALPHA
from automl.verdict.words import count_of_units

__all__ = ["bound_sentence", "few_sentence", "missing_sentence", "need_sentence", "seed_sentence"]

MOST_UNITS = 1_000_000
NEAR = 0.9
"""Of the least gain that counts: a difference from this on, but below it, is near it."""


def seed_sentence(n_seeds: int, shares: Sequence[float], drawn: str = "") -> str:
    """What is taken of other seeds, from the seeds at hand and from both families' shares (`shares.seed_shares`).

    Args:
        n_seeds: of each finalist.
        shares: of both families.
        drawn: what is drawn in place of seeds (`Goal.drawn`); empty where seeds are seeds.
    """
    deep, shallow = (_percent(100.0 * share) for share in shares)
    assumed = f"{deep} of what the deep score lacks to the best, {shallow} of what the shallow one lacks"
    if drawn and n_seeds > 1:
        return (
            f"The interval covers the test rows and {n_seeds} draws of {drawn}, not the search. Each side is one "
            "fitted model."
        )
    if n_seeds == 1:
        return (
            "A finalist was trained with one seed, so the result is that of this fitted pair only; the interval "
            f"assumes that another seed would change scores by {assumed} (measured for these families where known)."
        )
    return (
        f"The interval covers the test rows and {n_seeds} seeds a side, not the search. What these seeds show is mixed "
        f"with what other data sets showed: {assumed}."
    )


def few_sentence(
    few: str,
    p: float,
    gain: float,
    least_gain: float,
    interval: tuple[float, float] | None = None,
    in_time: bool = False,
) -> str:
    """Why an exact test decides, its result, and the condition that failed where it did not.

    Args:
        few: why the test is too small for the interval, see `rule`.
        p: of the exact paired test.
        gain: of deep over shallow.
        least_gain: least gain that counts.
        interval: of the gain; None where there is none.
        in_time: whether units follow each other in time, so that the interval must exclude zero as well.
    """
    gap, least = (text.lstrip("+") for text in signed(abs(gain), least_gain))
    start = f"{few}, so an exact paired test decides and the interval is context"
    if in_time:
        start = f"{few}, so an exact paired test must agree with the interval, since neighbours in time may be alike"
    if p >= ALPHA:
        return f"{start}; it gives p = {p:.3g}, which is not below {ALPHA:g}."
    if abs(gain) < least_gain:
        return (
            f"{start}; it gives p = {p:.3g}, which excludes chance, but the difference of {gap} is less than "
            f"the least that counts ({least})."
        )
    if in_time and interval is None:
        return f"{start}; it gives p = {p:.3g}, below {ALPHA:g}, but there is no interval to agree with it."
    if in_time and interval is not None and interval[0] <= 0 <= interval[1]:
        return f"{start}; it gives p = {p:.3g}, below {ALPHA:g}, but the interval does not exclude zero."
    return f"{start}; it gives p = {p:.3g}, below {ALPHA:g}."


def bound_sentence(comparison: Comparison) -> str:
    """How much better either side can be at most, where neither is shown to be; empty elsewhere."""
    if comparison.verdict != "tie" or comparison.interval is None or comparison.lacking is None:
        return ""
    ends = [100.0 * end / comparison.lacking for end in comparison.interval]
    if not all(math.isfinite(end) for end in ends):
        return ""
    if ends[0] <= 0.0 <= ends[1]:
        said = f"deep is at most {_percent(ends[1])} better and at most {_percent(-ends[0])} worse than shallow"
    else:
        low, high = sorted(abs(end) for end in ends)
        said = f"deep is {_percent(low)} to {_percent(high)} {'better' if ends[0] > 0 else 'worse'} than shallow"
    return f"What the test does show: {said}, in percent of the shallow error (what its score lacks to the best)."


def need_sentence(comparison: Comparison, split: Split, drawn: str = "") -> str:
    """How many more test units, or seeds and minutes, would decide an undecided comparison; empty elsewhere.

    Args:
        comparison: of both sides.
        split: of the rows.
        drawn: what is drawn in place of seeds (`Goal.drawn`); empty where seeds are seeds.
    """
    seed = "draw" if drawn else "seed"
    needed, gain = comparison.would_decide, comparison.gain
    if comparison.reason != "undecided" or needed is None or gain is None:
        return ""
    size = abs(gain)
    is_small = size < (comparison.least_gain or 0.0)  # then it is decided by showing that it stays so
    looks = "as small as it looks" if is_small else "as large as it looks"
    ways = []
    if needed.test_units is not None and needed.test_units <= MOST_UNITS:
        now = f"now {comparison.n_units:,}"
        ways.append(f"some {count_of_units(_rounded(needed.test_units), split)} in all ({now})")
    if needed.seeds is not None:
        time = "" if drawn or needed.minutes is None else f", about {_minutes(needed.minutes)} more of training"
        ways.append(f"{counted(needed.seeds, seed)} a side (now {comparison.seeds}{time})")
    if ways:
        return f"If the difference is {looks}, {' or '.join(ways)} would decide it."
    if is_small and size >= NEAR * (comparison.least_gain or 0.0):
        return "The difference is near the least that counts, so more test data will hardly decide it."
    if needed.test_units is not None:
        return f"If the difference is {looks}, fewer than {MOST_UNITS:,} test units will not decide it."
    return f"More test units alone will not decide it; more of them together with more {seed}s might."


def missing_sentence(comparison: Comparison, split: Split, enough: int) -> str:
    """Why nothing is bounded, and what is lacking, where two finalists have no gain or no interval; empty elsewhere.

    Args:
        comparison: of two finalists.
        split: its test units.
        enough: number of test units from which on an interval decides alone.
    """
    if comparison.gain is None:
        return "A finalist has no score on the test rows, so there is no difference to measure."
    if comparison.interval is None and comparison.reason == "undecided" and comparison.n_units < enough:
        return f"Without an interval nothing is bounded; it takes some {count_of_units(enough, split)} to decide."
    return ""


def _rounded(n: int) -> int:
    """Two figures, upwards."""
    step = int(10 ** max(0, len(str(n)) - 2))
    return -(-n // step) * step


def _percent(value: float) -> str:
    """Two figures."""
    return f"{value:.2g} %" if abs(value) < 100 else f"{value:,.0f} %"


def _minutes(minutes: float) -> str:
    return f"{minutes * 60:.0f} s" if minutes < 1.5 else f"{minutes:,.0f} minutes"
