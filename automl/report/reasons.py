"""What speaks for which model: the small table below the recommendation, and what would change the answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from automl import goals
from automl.records import Contestant, Outcome, Run
from automl.report import reliability, sides, words

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["installs", "reasons", "would_change"]

NEAR = 1.05
"""Two costs or errors whose ratio is below this speak for neither side."""
LIBRARIES = {"lightgbm": "LightGBM", "catboost": "CatBoost"}
ONLY_SHALLOW = "scikit-learn"
MOST_UNITS = 1_000_000
"""More test units than these are no advice."""
NEAR_LEAST = 0.9
"""Of the least gain that counts: a difference from this on, but below it, is near it."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One line of the table: a value of each finalist, the less the better; None where it is not known."""

    label: str
    text: Callable[[Any], str]
    values: tuple[Any, ...]
    by_chance: bool = False
    """Whether chance may explain how far the finalists are apart, so that the line speaks for neither."""


def reasons(outcome: Outcome) -> dict[str, Any] | None:
    """Score, errors, calibration, training, serving, memory and what has to be installed.

    A column for each finalist, and one for the blend where it is recommended.
    """
    pairs = sides.finalists(outcome)
    if not pairs:
        return None
    pairs = [*pairs, *_recommended_blend(outcome)]
    runs = [run for run, _ in pairs]
    both = len(pairs) > 1
    scores = words.scores(*(run.test_score for run in runs))
    winner = _winner(outcome, runs)
    rows: list[list[Any]] = [[f"score ({words.metric(outcome.task.metric)})", *scores, *([winner] if both else [])]]
    for one in (
        _errors(outcome, pairs),
        _calibration(outcome, pairs),
        Reason("training, all seeds", words.duration, _training(runs)),
        Reason("serving one row", _milliseconds, tuple(run.cost.predict_ms for run in runs)),
        Reason("memory while training", words.mebibytes, tuple(run.cost.peak_mib for run in runs)),
        Reason("size on disk", words.mebibytes, tuple(run.cost.size_mib for run in runs)),
    ):
        if one is not None and any(value is not None for value in one.values):
            texts = [words.NOTHING if value is None else one.text(value) for value in one.values]
            ahead = "neither" if one.by_chance else _speaks_for(runs, one.values)
            rows.append([one.label, *texts, *([ahead] if both else [])])
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


def _recommended_blend(outcome: Outcome) -> list[tuple[Run, Contestant]]:
    """The blend, where it is recommended and was scored."""
    runs = {run.name: run for run in outcome.runs}
    return [
        (runs[one.run], one)
        for one in outcome.contestants
        if one.side == "blend" and one.run in runs and one.run == outcome.comparison.recommended
    ]


def _winner(outcome: Outcome, runs: list[Run]) -> Any:
    """The side that the score speaks for: the verdict's, or a recommended blend that no finalist is ahead of."""
    verdict = outcome.comparison.verdict
    known = [run.test_score for run in runs if run.test_score is not None]
    if runs[-1].side == "blend" and runs[-1].test_score is not None:
        best = max(known) if outcome.higher_is_better else min(known)
        if runs[-1].test_score == best:
            return {"side": "blend"}
    return {"side": verdict} if verdict in ("deep", "shallow") else "neither"


def _training(runs: list[Run]) -> tuple[float, ...]:
    """Seconds that all seeds take; the blend is trained when both finalists are."""
    known = {run.side: run.cost.fit_seconds * run.n_seeds for run in runs}
    return tuple(known["deep"] + known["shallow"] if run.side == "blend" else known[run.side] for run in runs)


def _speaks_for(runs: list[Run], values: tuple[Any, ...]) -> Any:
    """The side whose value is clearly smaller; a dash where one of the finalists' is not known.

    Where two of three are about equally small, both are named.
    """
    if any(value is None for run, value in zip(runs, values, strict=True) if run.side != "blend"):
        return words.NOTHING
    known = {run.side: value for run, value in zip(runs, values, strict=True) if value is not None}
    least = min(known.values())
    ahead: list[str] = [side for side, value in known.items() if value <= NEAR * least]
    if len(ahead) == len(known):
        return "neither"
    return {"side": ahead[0]} if len(ahead) == 1 else " and ".join(ahead)


def _errors(outcome: Outcome, pairs: list[tuple[Run, Contestant]]) -> Reason | None:
    """Test items with a wrong label, or the mean absolute error."""
    truth, goal = np.asarray(outcome.truth), goals.named(outcome.task)
    if not len(truth):
        return None
    if goal.is_classification:
        n = len(truth)
        wrong = [(sides.labels(c) != truth).reshape(n, -1).any(axis=1) for _, c in pairs]
        counts = tuple(int(one.sum()) for one in wrong)
        chance = _is_chance(*wrong[:2])
        return Reason("wrong labels", lambda v: f"{v:,} of {n:,} ({words.percent(v / n)})", counts, chance)
    if not (goal.is_numeric or goal.in_windows):
        return None
    off = []
    for _, entrant in pairs:
        values = sides.predicted(entrant)
        off.append(np.abs(values - truth.astype(float).reshape(values.shape)))
    found = tuple(float(sides.known_mean(one)) for one in off)
    items = [sides.known_mean(one, tuple(range(1, one.ndim))) for one in off]
    return Reason("mean absolute error", words.number, found, _is_chance(*items[:2]))


def _is_chance(deep: NDArray[Any], shallow: NDArray[Any] | None = None) -> bool:
    """Whether the mean difference of two errors of each test item is within two of its standard errors."""
    if shallow is None:
        return False
    apart = deep.astype(float) - shallow
    apart = apart[np.isfinite(apart)]
    return len(apart) < 2 or abs(float(apart.mean())) <= 2 * float(apart.std(ddof=1)) / len(apart) ** 0.5


def _calibration(outcome: Outcome, pairs: list[tuple[Run, Contestant]]) -> Reason | None:
    """The calibration error of probabilities; else how far the coverage of intervals is from what was promised."""
    if goals.named(outcome.task).is_classification and all("probabilities" in c.output.arrays for _, c in pairs):
        found = [
            reliability.calibration_error(outcome.truth, c.output.arrays["probabilities"], weight=outcome.weight)
            for _, c in pairs
        ]
        parts = outcome.analyses.get("calibration") or {}
        known = [row for row in parts.get("rows", ()) if row.get("by_chance") is not None]
        chance = len(known) > 1 and all(row["miscalibration"] <= row["by_chance"] for row in known)
        return Reason("calibration error", words.percent, tuple(v if np.isfinite(v) else None for v in found), chance)
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


def installs(outcome: Outcome, run: Run) -> str:
    """The libraries without which a finalist or the blend cannot predict, besides automl itself."""
    if run.side == "blend":
        needed = [name for one, _ in sides.finalists(outcome) for name in installs(outcome, one).split(", ")]
        return ", ".join(dict.fromkeys(needed))
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
    if comparison.reason == "undecided":
        return _would_decide(outcome)
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
        return f"More {_units(outcome)} or more {sides.seed_word(outcome)}s, if there is a difference at all."
    if metrics_found:
        return "Nothing that was measured here: no metric says the opposite by more than chance; other rows might."
    return "Nothing that was measured here: other rows, another metric or other costs might."


def _would_decide(outcome: Outcome) -> str:
    """What would decide an undecided comparison."""
    comparison = outcome.comparison
    needed = comparison.would_decide
    if needed is None:
        return f"More {_units(outcome)} or more {sides.seed_word(outcome)}s, if there is a difference at all."
    assumed = "if the difference is the one measured here"
    units = _units(outcome)
    ways = []
    if needed.test_units is not None and needed.test_units <= MOST_UNITS:
        now = f" (now {comparison.n_units:,})" if comparison.n_units else ""
        ways.append(f"about {_two_digits(needed.test_units):,} {units} in all{now}")
    if needed.seeds is not None:
        ways.append(
            f"{needed.seeds} {sides.seed_word(outcome)}s a side"
            + (f" (now {comparison.seeds})" if comparison.seeds else "")
        )
    if ways:
        said = " or ".join(ways)
        return f"{said[0].upper()}{said[1:]}, {assumed}."
    gain, least = abs(comparison.gain or 0.0), comparison.least_gain or 0.0
    if NEAR_LEAST * least <= gain < least:
        return "Hardly more test data: the difference is near the least that counts."
    if needed.test_units is not None:
        return f"Not more data alone: fewer than {MOST_UNITS:,} {units} will not decide it, {assumed}."
    return f"More {units} together with more {sides.seed_word(outcome)}s; neither alone will decide it, {assumed}."


def _units(outcome: Outcome) -> str:
    """What is resampled, in the plural: "test rows", "series", "starting times of test windows"."""
    if outcome.split.windows_share_units:
        return "starting times of test windows"
    return {"series": "series", "block": "blocks"}.get(outcome.split.units, f"test {outcome.split.units}s")


def _two_digits(number: int) -> int:
    """A count upwards to two significant digits."""
    step = int(10 ** max(0, len(str(number)) - 2))
    return -(-number // step) * step
