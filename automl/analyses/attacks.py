"""Attacks: what each finalist scores when the inputs of test rows are changed on purpose, within bounds.

Both sides are attacked by the same random search, which asks for predictions only. Networks are also attacked by their
gradients (TensorFlow only); the rows made against them are given to the shallow side, too. Random changes of the same
size show how much of it is the attack, and how much is noise.

Source: Goodfellow, Shlens & Szegedy, Explaining and harnessing adversarial examples, ICLR 2015, section 4 (fast
    gradient sign); Madry et al., Towards deep learning models resistant to adversarial attacks, ICLR 2018, section 2.1
    (projected gradient descent from a random start); Andriushchenko et al., Square attack, ECCV 2020, algorithm 1
    (random search); Gao et al., Black-box generation of adversarial text sequences, 2018 (misspelt words).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from automl import goals, metrics
from automl.analyses.shared import scoring
from automl.analyses.shared.attack_spaces import ArraySpace, Space, space_of
from automl.analyses.shared.changed_rows import ChangedRows, changed_rows
from automl.analyses.shared.gradients import NetworkGradients
from automl.records import Analysis, AnalysisContext, AnalysisFacts, Dataset, Output, Side
from automl.sides.predictors import DeepPredictor

__all__ = ["ATTACKS", "loss_of_rows", "share_changed"]

MOST_ITEMS, LEAST_ITEMS = 300, 60
N_DRAWS = 200
SHARE_OF_TIME = 0.3
MOST_QUERIES, LEAST_QUERIES, UNTIMED_QUERIES = 200, 10, 30
SEARCH_SHARE = 0.6
PASSES_A_STRENGTH = 16
"""Of both sides: random changes, a short search, and gradients."""
N_STEPS = 10
STEP = 2.5
"""Of the strength, over the number of steps (Madry et al.): a little more than is needed to reach any bound."""
TRACE_SECONDS = 1.0
"""Of one network, before its first gradient."""
FIRST_SHARE = 0.8
SHARES = ((10, 1), (50, 2), (200, 4), (500, 8), (1000, 16), (2000, 32), (4000, 64), (6000, 128), (8000, 256))
"""Of 10,000 queries: until when the share of changed values is the first one over what."""
NO_TIME = "the budget left no time for it"


def unfit(context: AnalysisContext) -> str | None:
    """Forecasts share their history; a table may have neither numbers nor texts."""
    if context.split.test_windows is not None:
        return "windows share their history, so that an attack on one changes others"
    if not scoring.predictors(context):
        return "no side has a finalist"
    return None if space_of(context, changed_rows(context, 1)) is not None else "no numbers, pictures, series or texts"


def cost(facts: AnalysisFacts) -> float:
    """Random changes and a short search of one strength, on few items."""
    return 1.0 + (6 + 2 * LEAST_QUERIES) * facts.pass_seconds * min(1.0, LEAST_ITEMS / max(facts.n_test, 1))


def run(context: AnalysisContext) -> dict[str, Any] | None:
    """Scores of both sides by attack and strength, their loss of score, and the gain under the same search."""
    until = min(context.deadline, time.monotonic() + SHARE_OF_TIME * context.remaining_seconds)
    rows = changed_rows(context, _n_items(context, until - time.monotonic()))
    space = space_of(context, rows)
    if space is None:
        return None
    report = _Report(context, rows)
    strengths, pass_seconds = _random(context, rows, space, report, until)
    _searches(context, rows, space, strengths, report, until, pass_seconds)
    reason, network = _network(context, space, until, pass_seconds)
    begun = time.monotonic()
    direction = None if network is None else network(rows, rows.inputs.dataset)
    step_seconds = time.monotonic() - begun
    if network is not None and direction is None:
        reason = "the network reads these inputs in another form"
    if isinstance(space, ArraySpace) and direction is not None:
        _fast(context, rows, space, strengths, direction, report, until, pass_seconds)
    if isinstance(space, ArraySpace) and network is not None and direction is not None:
        _descents(context, rows, space, strengths, network, report, until, pass_seconds, step_seconds)
    return {
        "metric": context.task.metric, "level": scoring.LEVEL, "n_items": len(rows.at), "n_test": context.facts.n_test,
        "unit": space.unit, "percent": space.percent, "n_steps": N_STEPS,
        "clean": {side: score for side, (score, _, _) in report.clean.items()},
        "no_gradients": reason, "left_out": report.left_out, "gains": report.gains(), "rows": report.rows,
    }  # fmt: skip


def _n_items(context: AnalysisContext, seconds: float) -> int:
    facts = context.facts
    each = facts.pass_seconds / max(facts.n_test, 1)
    fit = seconds / (5 * 30 * each) if each > 0 else np.inf
    return int(np.clip(fit, LEAST_ITEMS, MOST_ITEMS))


def _rng(context: AnalysisContext, *places: int) -> np.random.Generator:
    return np.random.default_rng((context.seed, *places))


def _time_left(context: AnalysisContext, until: float, seconds: float) -> bool:
    return not context.stopping() and time.monotonic() + seconds < until


class _Report:
    """Scores of attacked rows, as they come."""

    def __init__(self, context: AnalysisContext, rows: ChangedRows) -> None:
        self.context, self.items, self.metric = context, rows, context.task.metric
        self.predictors = scoring.predictors(context)
        self.draws = scoring.drawn(rows.at, context.seed, N_DRAWS)
        self.clean: dict[Side, tuple[float, np.ndarray, Output]] = {}
        self.rows: list[dict[str, Any]] = []
        self.left_out: list[dict[str, Any]] = []
        self._drawn: dict[tuple[str, float, Side], np.ndarray] = {}
        for side in self.predictors:
            output = self.output(side, rows.inputs.dataset)
            self.clean[side] = (*self._scores(output), output)

    def output(self, side: Side, dataset: Dataset) -> Output:
        return self.items.output(self.predictors[side], dataset)

    def losses(self, side: Side, dataset: Dataset) -> np.ndarray:
        return loss_of_rows(self.context, self.items, self.output(side, dataset))

    def _scores(self, output: Output) -> tuple[float, np.ndarray]:
        at = self.items.at
        return scoring.score_of(self.metric, at, output), scoring.scores_of(self.metric, at, output, self.draws)

    def add(self, attack: str, strength: float, attacked: Side, side: Side, dataset: Dataset, n_queries: int) -> None:
        """Score one side on rows that were made against one of them."""
        score, drawn = self._scores(self.output(side, dataset))
        clean, clean_drawn, _ = self.clean[side]
        sign = 1.0 if metrics.named(self.metric).higher_is_better else -1.0
        low, high = scoring.ends(sign * (clean_drawn - drawn)) or (None, None)
        if attacked == side:
            self._drawn[attack, strength, side] = drawn
        self.rows.append(
            {
                "attack": attack, "strength": strength, "attacked": attacked, "side": side, "score": score,
                "loss": sign * (clean - score), "low": low, "high": high, "n_queries": n_queries,
            }
        )  # fmt: skip

    def miss(self, attack: str, strengths: Sequence[float]) -> None:
        """Note at which strengths there was no time for an attack."""
        if strengths:
            self.left_out.append({"attack": attack, "strengths": list(strengths), "reason": NO_TIME})

    def gains(self) -> list[dict[str, Any]]:
        """Of the deep side over the shallow one, each under its own attack of the same kind and strength."""
        sign = 1.0 if metrics.named(self.metric).higher_is_better else -1.0
        made = []
        for row in self.rows:
            key = row["attack"], row["strength"]
            if row["attacked"] != "deep" or row["side"] != "deep" or (*key, "shallow") not in self._drawn:
                continue
            other = next(r for r in self.rows if (r["attack"], r["strength"]) == key and r["attacked"] == "shallow")
            low, high = scoring.ends(sign * (self._drawn[*key, "deep"] - self._drawn[*key, "shallow"])) or (None, None)
            gain = sign * (row["score"] - other["score"])
            made.append({"attack": key[0], "strength": key[1], "gain": gain, "low": low, "high": high})
        return made


# --------------------------------------------------------------------------- by predictions alone


def _random(
    context: AnalysisContext, rows: ChangedRows, space: Space, report: _Report, until: float
) -> tuple[tuple[float, ...], float]:  # fmt: skip
    """Random changes; they tell what a pass takes, and so at how many strengths there is time to attack."""
    middle = len(space.strengths) // 2
    nearest = sorted(range(len(space.strengths)), key=lambda place: (abs(place - middle), place))
    pass_seconds, n_strengths, done = 0.0, 1, 0
    while done < n_strengths and (not done or _time_left(context, until, pass_seconds)):
        begun = time.monotonic()
        place = nearest[done]
        changed = rows.ready(space.dataset(space.random(space.strengths[place], _rng(context, 0, place))))
        for side in report.clean:
            report.add("random", space.strengths[place], side, side, changed, 1)
        done += 1
        pass_seconds = time.monotonic() - begun
        if done == 1:
            n_strengths = _n_strengths(len(nearest), pass_seconds, until)
    chosen = tuple(space.strengths[place] for place in sorted(nearest[:done]))
    report.miss("any", [one for one in space.strengths if one not in chosen])
    return chosen, pass_seconds


def _n_strengths(most: int, pass_seconds: float, until: float) -> int:
    """As many as there is time to search with `LEAST_QUERIES`, one at least."""
    passes = (until - time.monotonic()) / max(pass_seconds, 1e-6)
    return int(np.clip(passes / PASSES_A_STRENGTH, 1, most))


def _searches(
    context: AnalysisContext, rows: ChangedRows, space: Space, strengths: Sequence[float], report: _Report,
    until: float, pass_seconds: float,
) -> None:  # fmt: skip
    """The same random search against each side."""
    passes = SEARCH_SHARE * (until - time.monotonic()) / max(pass_seconds, 1e-6) / len(strengths)
    n_queries = int(np.clip(passes, LEAST_QUERIES, MOST_QUERIES)) if np.isfinite(passes) else UNTIMED_QUERIES
    for number, strength in enumerate(strengths):
        if not _time_left(context, until, LEAST_QUERIES * pass_seconds):
            report.miss("search", strengths[number:])
            return
        for place, side in enumerate(report.clean):
            found = _searched(
                lambda dataset, side=side: report.losses(side, rows.ready(dataset)), space, strength, n_queries,  # type: ignore[misc]
                _rng(context, 1, space.strengths.index(strength), place),
            )  # fmt: skip
            report.add("search", strength, side, side, rows.ready(space.dataset(found)), n_queries)


def _searched(
    losses: Callable[[Dataset], np.ndarray], space: Space, strength: float, n_queries: int, rng: np.random.Generator
) -> np.ndarray:  # fmt: skip
    """The state with the largest losses that was found.

    A proposal is taken where the row's loss does not fall: predictions of trees are the same over whole ranges, and a
    search that wanted a rise would stay where it begins.
    """
    state = space.random(strength, rng)
    best = losses(space.dataset(state))
    for query in range(1, n_queries):
        other = space.proposed(state, strength, share_changed(query, n_queries), rng)
        found = losses(space.dataset(other))
        accepted = found >= best
        state, best = space.merged(state, other, accepted), np.where(accepted, found, best)
    return state


def share_changed(query: int, n_queries: int) -> float:
    """The share of a row's values that a proposal changes: halved again and again, as in the published schedule."""
    place = 10_000 * query / n_queries
    return FIRST_SHARE / next((over for until, over in SHARES if place <= until), 512)


def loss_of_rows(context: AnalysisContext, rows: ChangedRows, output: Output) -> np.ndarray:
    """How wrong the predictions of each row are ``(n,)``: the same measure for both sides.

    Classes: minus the logarithm of the true class's probability; labels: the sum over labels; values: absolute errors,
    in spreads of each target.
    """
    goal, truth = goals.named(context.task), rows.at.truth
    if goal.is_numeric:
        values = np.asarray(output.arrays["values"], np.float64).reshape(len(truth), -1)
        known = np.asarray(truth, np.float64).reshape(len(truth), -1)
        spread = np.array(
            [column[np.isfinite(column)].std() if np.isfinite(column).any() else 0.0 for column in known.T]
        )
        return np.asarray(np.nansum(np.abs(values - known) / np.where(spread > 0, spread, 1.0), axis=1))
    probabilities = np.clip(np.asarray(output.arrays["probabilities"], np.float64), 1e-12, 1.0)
    if goal.is_one_class:
        return np.asarray(-np.log(probabilities[np.arange(len(truth)), truth]))
    right = np.where(truth == 1, probabilities, np.clip(1.0 - probabilities, 1e-12, 1.0))
    return np.asarray(-np.log(right).sum(axis=1))


# --------------------------------------------------------------------------- by gradients (TensorFlow only)

Directions = Callable[[ChangedRows, Dataset], np.ndarray | None]
"""Rows and a dataset of them → the gradient of each row's loss by the values of the space; None if it has none."""


def _network(
    context: AnalysisContext, space: Space, until: float, pass_seconds: float
) -> tuple[str, Directions | None]:  # fmt: skip
    """Why there are no gradients, or what computes them."""
    deep = context.predictors.get("deep")
    if not isinstance(space, ArraySpace):
        return "words have no gradient", None
    if not isinstance(deep, DeepPredictor):
        return "there is no network", None
    if not _time_left(context, until, TRACE_SECONDS * len(deep.models) + 4 * pass_seconds):
        return NO_TIME, None
    gradients = NetworkGradients(deep, space.names)
    if not gradients.names:
        return "the network reads these inputs in another form (as vectors of a backbone, say)", None
    return "", lambda rows, dataset: space.back(deep.encoder, gradients(dataset, rows.at.items))


def _fast(
    context: AnalysisContext, rows: ChangedRows, space: ArraySpace, strengths: Sequence[float], direction: np.ndarray,
    report: _Report, until: float, pass_seconds: float,
) -> None:  # fmt: skip
    """One step along the signs of the gradient, of each strength's whole size; the other side reads the same rows."""
    for place, strength in enumerate(strengths):
        if not _time_left(context, until, pass_seconds):
            report.miss("fgsm", strengths[place:])
            return
        changed = rows.ready(space.dataset(space.moved(space.values, direction, strength, strength)))
        for side in report.clean:
            report.add("fgsm", strength, "deep", side, changed, 1)


def _descents(
    context: AnalysisContext, rows: ChangedRows, space: ArraySpace, strengths: Sequence[float], network: Directions,
    report: _Report, until: float, pass_seconds: float, step_seconds: float,
) -> None:  # fmt: skip
    """Projected gradient descent from a random start; the other side reads the same rows."""
    for place, strength in enumerate(strengths):
        if not _time_left(context, until, N_STEPS * step_seconds + pass_seconds):
            report.miss("pgd", strengths[place:])
            return
        rng = _rng(context, 2, space.strengths.index(strength))
        state = space.moved(space.values, rng.normal(size=space.values.shape), strength * rng.random(), strength)
        begun = time.monotonic()
        for _ in range(N_STEPS):
            direction = network(rows, rows.ready(space.dataset(state)))
            assert direction is not None
            state = space.moved(state, direction, STEP * strength / N_STEPS, strength)
        step_seconds = (time.monotonic() - begun) / N_STEPS
        changed = rows.ready(space.dataset(state))
        for side in report.clean:
            report.add("pgd", strength, "deep", side, changed, N_STEPS)


EXAMPLE = {
    "metric": "roc_auc", "level": 0.95, "n_items": 40, "n_test": 40, "percent": False,
    "unit": "spreads of each column", "n_steps": 10, "no_gradients": "",
    "clean": {"deep": 0.9, "shallow": 0.88},
    "left_out": [{"attack": "pgd", "strengths": [0.25], "reason": NO_TIME}],
    "gains": [{"attack": "search", "strength": 0.25, "gain": 0.1, "low": 0.02, "high": 0.18},
              {"attack": "random", "strength": 0.25, "gain": 0.02, "low": -0.03, "high": 0.07}],
    "rows": [
        {"attack": attack, "strength": 0.25, "attacked": attacked, "side": side, "score": score, "loss": loss,
         "low": loss - 0.02, "high": loss + 0.02, "n_queries": n}
        for attack, attacked, side, score, loss, n in (
            ("random", "deep", "deep", 0.89, 0.01, 1), ("random", "shallow", "shallow", 0.87, 0.01, 1),
            ("fgsm", "deep", "deep", 0.6, 0.3, 1), ("fgsm", "deep", "shallow", 0.8, 0.08, 1),
            ("search", "deep", "deep", 0.7, 0.2, 60), ("search", "shallow", "shallow", 0.6, 0.28, 60),
        )
    ],
}  # fmt: skip

ATTACKS = Analysis(
    name="attacks",
    order=50,
    run=run,
    unfit=unfit,
    cost=cost,
    source="Goodfellow et al., ICLR 2015; Madry et al., ICLR 2018; Andriushchenko et al., ECCV 2020",
    example=EXAMPLE,
)
