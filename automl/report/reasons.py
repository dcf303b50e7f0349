"""What speaks for which model: the small table below the recommendation, and what would change the answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from automl import goals
from automl.records import Contestant, Outcome, Run
from automl.report import reliability, sides, words

__all__ = ["installs", "reasons", "would_change"]

NEAR = 1.05
"""Two costs or errors whose ratio is below this speak for neither side."""
LIBRARIES = {"lightgbm": "LightGBM", "catboost": "CatBoost"}
ONLY_SHALLOW = "scikit-learn"


@dataclass(frozen=True, slots=True)
class Reason:
    """One line of the table: a value of each finalist, the less the better; None where it is not known."""

    label: str
    text: Callable[[Any], str]
    values: tuple[Any, ...]


def reasons(outcome: Outcome) -> dict[str, Any] | None:
    """Score, errors, calibration, training, serving, memory and what has to be installed, of each finalist."""
    pairs = sides.finalists(outcome)
    if not pairs:
        return None
    runs = [run for run, _ in pairs]
    both = len(pairs) == 2
    scores = words.scores(*(run.test_score for run in runs))
    winner: Any = (
        {"side": outcome.comparison.verdict} if outcome.comparison.verdict in ("deep", "shallow") else "neither"
    )
    rows: list[list[Any]] = [[f"score ({words.metric(outcome.task.metric)})", *scores, *([winner] if both else [])]]
    for one in (
        _errors(outcome, pairs),
        _calibration(outcome, pairs),
        Reason("training, all seeds", words.duration, tuple(run.cost.fit_seconds * run.n_seeds for run in runs)),
        Reason("serving one row", _milliseconds, tuple(run.cost.predict_ms for run in runs)),
        Reason("memory while training", _mib, tuple(run.cost.peak_mib for run in runs)),
        Reason("size on disk", _mib, tuple(run.cost.size_mib for run in runs)),
    ):
        if one is not None and any(value is not None for value in one.values):
            texts = [words.NOTHING if value is None else one.text(value) for value in one.values]
            rows.append([one.label, *texts, *([_speaks_for(one.values)] if both else [])])
    needs = [installs(outcome, run) for run in runs]
    fewer = {"side": "shallow"} if both and len(set(needs)) > 1 else "neither"
    rows.append(["to be installed", *needs, *([fewer] if both else [])])
    return {
        "label": "What speaks for which model",
        "columns": ["", *(run.side for run in runs),
                    *(["speaks for"] if both else [])],
        "rows": rows,
        "models": [{"side": run.side, "title": words.title(run), "run": run.name} for run in runs],
    }  # fmt: skip


def _speaks_for(values: tuple[Any, ...]) -> Any:
    """The side whose value is clearly smaller; a dash where one of them is not known."""
    deep, shallow = values
    if deep is None or shallow is None:
        return words.NOTHING
    if max(deep, shallow) <= NEAR * min(deep, shallow):
        return "neither"
    return {"side": "deep" if deep < shallow else "shallow"}


def _errors(outcome: Outcome, pairs: list[tuple[Run, Contestant]]) -> Reason | None:
    """Test items with a wrong label, or the mean absolute error."""
    truth, goal = np.asarray(outcome.truth), goals.named(outcome.task)
    if not len(truth):
        return None
    if goal.is_classification:
        n = len(truth)
        wrong = [(sides.labels(c) != truth).reshape(n, -1).any(axis=1).sum() for _, c in pairs]
        return Reason(
            "wrong labels", lambda v: f"{v:,} of {n:,} ({words.percent(v / n)})", tuple(int(one) for one in wrong)
        )
    if not (goal.is_numeric or goal.in_windows):
        return None
    found = []
    for _, entrant in pairs:
        values = sides.predicted(entrant)
        found.append(float(sides.known_mean(np.abs(values - truth.astype(float).reshape(values.shape)))))
    return Reason("mean absolute error", words.number, tuple(found))


def _calibration(outcome: Outcome, pairs: list[tuple[Run, Contestant]]) -> Reason | None:
    """The calibration error of probabilities; else how far the coverage of intervals is from what was promised."""
    if goals.named(outcome.task).is_classification and all("probabilities" in c.output.arrays for _, c in pairs):
        found = [
            reliability.calibration_error(outcome.truth, c.output.arrays["probabilities"], weight=outcome.weight)
            for _, c in pairs
        ]
        return Reason("calibration error", words.percent, tuple(v if np.isfinite(v) else None for v in found))
    shares: dict[str, list[float]] = {}
    for one in outcome.coverage:
        if one.share is not None and one.level == 0.9:
            shares.setdefault(one.run, []).append(abs(one.share - one.level))
    if not shares:
        return None
    values = tuple(float(np.mean(shares[run.name])) if run.name in shares else None for run, _ in pairs)
    return Reason("90\u00a0% intervals are off by", words.percent, values)


def _milliseconds(value: float) -> str:
    return f"{words.rough(value)} ms"


def _mib(value: float) -> str:
    return f"{words.rough(value)} MiB" if value >= 0.1 else f"{words.rough(1024 * value)} KiB"


def installs(outcome: Outcome, run: Run) -> str:
    """The libraries without which a finalist cannot predict, besides automl itself."""
    versions = {str(name).lower() for name in (outcome.reproduce.get("versions") or {})}
    if run.side == "deep":
        backend = next((name for name in ("tensorflow", "torch", "jax") if name in versions), "tensorflow")
        return f"Keras, {'TensorFlow' if backend == 'tensorflow' else backend}"
    members = run.choices.get("ensemble") if run.family == "ensemble" else None
    by_name = {one.name: one.family for one in outcome.runs}
    families = {by_name.get(str(name), "") for name in members} if members else {run.family}
    return ", ".join([ONLY_SHALLOW, *(label for name, label in LIBRARIES.items() if name in families)])


def would_change(outcome: Outcome, is_doubtful: bool) -> str:
    """What would change the answer, in one sentence: the first of what the run knows of."""
    comparison = outcome.comparison
    if comparison.gain is None:
        return "A finalist on each side: a longer budget, or a fix of what failed."
    if is_doubtful:
        return "Settling the findings above: they may change both scores."
    needed = comparison.would_decide
    if needed is not None and (needed.test_units is not None or needed.seeds is not None):
        parts = [] if needed.test_units is None else [f"about {needed.test_units:,} test units in all"]
        if needed.seeds is not None:
            parts.append(f"{needed.seeds} seeds a side")
        return f"{' or '.join(parts).capitalize()}, if the difference is the one measured here."
    metrics_found = outcome.analyses.get("metrics") or {}
    other = "the shallow model" if comparison.gain > 0 else "the deep model"
    if metrics_found.get("disagree"):
        names = ", ".join(words.metric(name) for name in metrics_found["disagree"][:3])
        return f"Another metric: by {names} {other} is ahead by more than chance."
    saved = ((outcome.analyses.get("thresholds") or {}).get("costs") or {}).get("saved_by_deep") or {}
    if saved.get("low") is not None and (saved["low"] > 0 > comparison.gain or saved["high"] < 0 < comparison.gain):
        return f"The costs of errors: at yours, {other} is the cheaper by more than chance."
    if comparison.crossing is not None and comparison.verdict == "tie":
        return f"How much it is used: beyond {words.rough(comparison.crossing, 2)} predictions a year costs turn round."
    if comparison.verdict == "tie":
        return "More test rows or more seeds, if there is a difference at all."
    if metrics_found:
        return "Nothing that was measured here: no metric says the opposite by more than chance; other rows might."
    return "Nothing that was measured here: other rows, another metric or other costs might."
