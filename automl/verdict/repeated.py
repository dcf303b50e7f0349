"""Gains on several random splits of the same rows, and an interval that knows that these splits share rows.

Source: Nadeau and Bengio, "Inference for the generalization error", Machine Learning 52 (2003), the corrected resampled
t-test.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from automl import metrics
from automl.metrics.figures import signed
from automl.records import Repeats
from automl.system.counts import counted, noun
from automl.verdict.resample import LEVEL

__all__ = ["LEAST_REPEATS", "corrected_interval", "repeated"]

LEAST_REPEATS = 2
"""Fewer gains have no spread."""


def corrected_interval(gains: Sequence[float], test_ratio: float, level: float = LEVEL) -> tuple[float, float]:
    """The corrected resampled interval of a mean gain: ``mean ± t sqrt((1 / J + n_test / n_train) s²)``.

    Without the second part the variance would be that of independent tests. These splits share rows, so their gains are
    alike; the correction takes their correlation as ``n_test / (n_test + n_train)``.

    Args:
        gains: one for each of J splits.
        test_ratio: test items divided by the items that models learnt from.
        level: of confidence.

    Source: Nadeau and Bengio (2003), see above; ``s²`` is the variance of the gains with J - 1 degrees of freedom, and
        ``t`` Student's quantile with as many.
    """
    from scipy.stats import t

    n = len(gains)
    mean, variance = float(np.mean(gains)), float(np.var(gains, ddof=1))
    half = float(t.ppf((1 + level) / 2, n - 1)) * math.sqrt((1 / n + test_ratio) * variance)
    return mean - half, mean + half


def repeated(
    metric: str, asked: int, gains: Sequence[float], test_ratio: float, failures: Sequence[str], left_out: str
) -> Repeats:
    """What the repeats that were made say.

    Args:
        metric: name of the metric.
        asked: number of repeats that the user wants.
        gains: of deep over shallow, one for each repeat that was scored.
        test_ratio: test items of a repeat, divided by the items that its models learnt from.
        failures: why repeats failed, one entry for each.
        left_out: why the others were not made; "" if all were.
    """
    mean = float(np.mean(gains)) if gains else None
    interval = None
    if len(gains) >= LEAST_REPEATS:
        low, high = corrected_interval(gains, test_ratio)
        most = metrics.most_gain(metric)  # no two scores differ by more
        interval = max(low, -most), min(high, most)
    note = " ".join(filter(None, (
        _result_sentence(metric, asked, gains, mean, interval), _failure_sentence(failures),
        _left_out_sentence(asked - len(gains) - len(failures), left_out),
    )))  # fmt: skip
    return Repeats(asked, tuple(gains), mean, interval, LEVEL, tuple(failures), note)


def _result_sentence(
    metric: str, asked: int, gains: Sequence[float], mean: float | None, interval: tuple[float, float] | None
) -> str:
    of = f"{len(gains)} of {counted(asked, 'repeat')} {noun(len(gains), 'was', 'were')} made"
    if mean is None:
        return f"{of}."
    mean_text, *ends = signed(mean, *(interval or ()))
    gain = f"deep gains {mean_text} {metrics.named(metric).words}"
    start = (
        f"{of}: another split of the same rows by the same rule, on which both finalists were fitted anew, their "
        "settings as they are"
    )
    if interval is None:
        return f"{start}. There {gain}. An interval needs at least {LEAST_REPEATS}."
    return (
        f"{start}. In the mean {gain}. The {100 * LEVEL:g} % interval from {ends[0]} to {ends[1]} is for the mean gain "
        "of these two settings over such splits, corrected for the rows that splits share. So it holds what another "
        "split and another fit would change, not another search. It does not decide: the settings were chosen with "
        "rows that are test rows here, for both sides alike."
    )


def _failure_sentence(failures: Sequence[str]) -> str:
    return f"{counted(len(failures), 'repeat')} failed; the first: {failures[0]}." if failures else ""


def _left_out_sentence(n: int, why: str) -> str:
    return f"{counted(n, 'repeat')} {noun(n, 'was', 'were')} left out: {why}." if n > 0 and why else ""
