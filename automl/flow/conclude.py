"""Concludes a contest: decisions on validation rows, one scoring of the test rows, measured costs, the verdict."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from automl import goals, metrics, modalities, verdict
from automl._version import __version__
from automl.detect.series.clock import local
from automl.flow.blend import Blended, barred, blend, champion_of
from automl.flow.latency import measure, merged
from automl.flow.regions import coverage, with_regions
from automl.flow.reproduce import reproduce
from automl.goals.shared.outputs import combine
from automl.goals.shared.scoring import series_codes
from automl.goals.shared.truth import values_of
from automl.records import Contestant, Cost, Finding, Outcome, Output, Run
from automl.sides.ensemble import members_of
from automl.sides.items import refit_items
from automl.sides.predictors import BlendPredictor, DeepPredictor, ShallowPredictor
from automl.sides.probing import FLOOR_DRAWS, Probing
from automl.sides.redrawing import redrawn
from automl.sides.row_space import Space, memorised_share
from automl.system.counts import counted

if TYPE_CHECKING:
    from automl.flow.prepare import Prepared
    from automl.records import Champion, Contender, Dataset, Encoder, Recipe, SearchOptions, TargetCodec, Task

__all__ = ["Conclusion", "conclude", "examples_of", "finish", "history_of", "rows_of_test", "sources_of"]

N_EXAMPLES_BYTES = 200_000_000
MOST_LEARNT = 50_000
"""Rows that generated ones are held against."""
MOST_ITEMS = 5_000
"""Pictures, series or texts that generated ones are held against."""


@dataclass(frozen=True, slots=True, eq=False)
class Conclusion:
    """The conclusion of a contest.

    Attributes:
        outcome: the outcome, still without times.
        predictors: side ("deep", "shallow", "blend", "floor") → predictor.
        recommended: the side to use.
        scored: side → what predicts that which is scored: the predictors, or probes on what they predict.
    """

    outcome: Outcome
    predictors: dict[str, Any]
    recommended: str
    scored: dict[str, Any]


def conclude(
    recipe: Recipe,
    prepared: Prepared,
    deep: Contender | None,
    shallow: Any,
    encoder: Encoder | None,
    codec: TargetCodec | None,
    runs: list[Run],
    chosen: Mapping[str, Run],
    n_seeds: int,
    left_out: dict[str, str],
    pairs: Callable[[Mapping[str, Any], Contestant, Any], verdict.Pairs | None] = lambda predictors, floor, model: None,
) -> Conclusion:
    """Name the champion by validation rows, then score each finalist once on the test rows, and compare them.

    Args:
        recipe: what was asked for.
        prepared: the data.
        deep: the deep side, or None if it was left out.
        shallow: the shallow side.
        encoder: encoder of the deep side, or None.
        codec: codec of the deep side, or None.
        runs: all runs so far.
        chosen: side → the finalist's run.
        n_seeds: number of seeds of each finalist.
        left_out: template → why it was not searched.
        pairs: makes out-of-fold pairs, which then decide, from the predictors, the floor and the floor's model; called
            once the test rows are scored. It returns None if none are asked for.
    """
    dataset, task, split = prepared.dataset, prepared.task, prepared.split
    items = split.items("test")
    truth = goals.truth(dataset, task, items)
    context = goals.scoring_context(dataset, task, split, items)
    weight = dataset.weight_of(items)
    contestants: dict[str, Contestant] = {}
    predictors: dict[str, Any] = {}
    finalists: dict[str, Run] = {}
    sides = [side for side in (deep, shallow) if side is not None and side.side in chosen]
    finished = {side.side: finish(side, prepared, encoder, codec, n_seeds) for side in sides}
    validated = {side: output for side, (_, output) in finished.items()}
    probing = Probing.of(dataset, task, split)
    scored: dict[str, Any] = {}
    champion = champion_of(prepared, validated, split.items("valid"), recipe.seed)  # before any test row is scored
    for side in sides:
        own = chosen[side.side]
        contestant, predictor, cost = _stand(side, own, prepared, finished[side.side], items)
        if probing is not None:
            per_seed, output, scored[side.side] = probing.scored(predictor)
            contestant = dataclasses.replace(contestant, output=output, per_seed=per_seed)
        elif goals.named(task).makes_rows:
            output, per_seed = redrawn(predictor, dataset, items, contestant.output)
            contestant = dataclasses.replace(contestant, output=output, per_seed=per_seed)
        predictors[side.side] = with_regions(predictor, contestant.valid_output, prepared)
        contestants[side.side] = contestant
        score = metrics.score(task.metric, truth, contestant.output, weight, context)
        named = next((run for run in runs if run.name == own.name), own)
        finalists[side.side] = dataclasses.replace(
            named,
            finalist=True,
            test_score=score,
            n_seeds=n_seeds,
            cost=merged(named.cost, cost),
            refitted=own.refitted,
        )
    floor_run, floor_output, floor_model = shallow.floor()
    predictors["floor"] = ShallowPredictor((floor_model,), None)
    if probing is not None:
        _, floor_output, scored["floor"] = probing.scored(predictors["floor"], FLOOR_DRAWS)
    floor = Contestant(floor_run.name, "floor", floor_output)
    floor_score = metrics.score(task.metric, truth, floor_output, weight, context)
    by_name = {run.name: run for run in finalists.values()} | _singles(finalists, predictors, runs, prepared)
    floor_cost = merged(floor_run.cost, measure(predictors["floor"], "floor", prepared))
    by_name[floor_run.name] = dataclasses.replace(floor_run, test_score=floor_score, cost=floor_cost)
    final_runs = [by_name.get(run.name, run) for run in runs]
    final_runs += [run for name, run in by_name.items() if name not in {known.name for known in runs}]
    mixed = blend(contestants, finalists, champion, prepared, truth, weight, context)
    if mixed is not None:
        predictors["blend"] = _blend(mixed, predictors, prepared)
        cost = merged(mixed.run.cost, measure(predictors["blend"], "blend", prepared))
        mixed = dataclasses.replace(mixed, run=dataclasses.replace(mixed.run, cost=cost))
        final_runs.append(mixed.run)
    final_runs = _priced(final_runs, recipe)
    memorising = _memorising(contestants, prepared, truth, recipe)
    terms = dataclasses.replace(_terms(champion, mixed, predictors, recipe), memorising=memorising)
    comparison = verdict.compare(
        task, split, truth, weight, context, contestants.get("deep"), contestants.get("shallow"), floor,
        tuple(final_runs), recipe.min_gain, recipe.seed, terms,
    )  # fmt: skip
    made = pairs(predictors, floor, floor_model)
    if made is not None:
        comparison = verdict.by_pairs(comparison, made, task, tuple(final_runs), recipe.min_gain, recipe.seed, terms)
    shown = [*contestants.values(), *([mixed.contestant] if mixed is not None else []), floor]
    covered = [one for c in shown for one in coverage(predictors[c.side], c, truth, weight, context, prepared)]
    outcome = Outcome(
        recipe=recipe, name=dataset.name, task=task, split=split, runs=_as_scored(final_runs, task),
        comparison=comparison,
        findings=(*_findings(dataset, left_out, recipe.search), *_no_deep_model(runs, chosen)), truth=truth,
        contestants=tuple(shown),
        higher_is_better=metrics.named(task.metric).higher_is_better, weight=weight, context=context,
        examples=examples_of(prepared, items), sources=sources_of(dataset, items),
        test_rows=rows_of_test(dataset, items), history=history_of(prepared, items),
        coverage=tuple(covered),
        reproduce=reproduce(recipe, task), automl_version=__version__, fingerprint=dataset.fingerprint,
    )  # fmt: skip
    side_of = {run.name: run.side for run in final_runs}
    return Conclusion(outcome, predictors, side_of[comparison.recommended], scored or predictors)


def _as_scored(runs: Sequence[Run], task: Task) -> tuple[Run, ...]:
    """The runs; where validation rows cannot choose, they have no validation scores."""
    return tuple(runs if task.selects else (dataclasses.replace(run, valid_score=None) for run in runs))


def _terms(champion: Champion, mixed: Blended | None, predictors: Mapping[str, Any], recipe: Recipe) -> verdict.Terms:
    """What the recommendation rests on besides the test."""
    if mixed is None:
        return verdict.Terms(champion, costs=recipe.costs)
    return verdict.Terms(champion, mixed.run.name, barred(mixed.run, predictors, recipe), recipe.costs)


def _memorising(
    contestants: Mapping[str, Contestant], prepared: Prepared, truth: np.ndarray, recipe: Recipe
) -> frozenset[str]:
    """The finalists whose rows repeat more of those that they learnt from than may be recommended, beyond chance."""
    if not goals.named(prepared.task).makes_rows:
        return frozenset()
    learnt = refit_items(prepared.split)
    most = MOST_LEARNT if modalities.named(prepared.task).is_table else MOST_ITEMS
    some = learnt if len(learnt) <= most else np.random.default_rng(recipe.seed).permutation(learnt)[:most]
    rows = goals.truth(prepared.dataset, prepared.task, some)
    looked, space = len(some) / max(len(learnt), 1), Space(rows)
    near, held = space.points(rows), space.points(truth)
    found = set()
    for contestant in contestants.values():
        share = memorised_share(space.points(contestant.output.arrays["samples"].ravel()), near, held, looked)
        if share.low > recipe.memorised_limit:
            found.add(contestant.run)
    return frozenset(found)


def _priced(runs: list[Run], recipe: Recipe) -> list[Run]:
    """The runs, those of finalists, blend and floor with their total costs at the user's rates."""
    return [verdict.with_hours(run, recipe.costs) if run.test_score is not None else run for run in runs]


def _stand(
    side: Contender,
    chosen: Run,
    prepared: Prepared,
    finished: tuple[DeepPredictor | ShallowPredictor, Output],
    items: np.ndarray,
) -> tuple[Contestant, DeepPredictor | ShallowPredictor, Cost]:
    """The finalist of a side as a contestant (its test predictions), as a predictor, and its measured cost."""
    predictor, valid_output = finished
    rule = predictor.decision
    assert rule is not None
    each = predictor.each(prepared.dataset, items)
    per_seed = tuple(goals.decided(rule, output) for output in each)
    output = goals.decided(rule, combine(each))  # equals predictor.output, without predicting twice
    contestant = Contestant(chosen.name, side.side, output, per_seed, valid_output)
    return contestant, predictor, measure(predictor, side.side, prepared)


def finish(
    side: Contender, prepared: Prepared, encoder: Encoder | None, codec: TargetCodec | None, n_seeds: int
) -> tuple[DeepPredictor | ShallowPredictor, Output]:
    """Make the predictor of a side's finalist: seeds averaged, calibration and thresholds fitted on validation rows.

    Calibration and thresholds are fitted to what the searched models predict, since refits have learnt from these rows.

    Args:
        side: the side; its finalist is named.
        prepared: the data.
        encoder: encoder of the deep side, or None.
        codec: codec of the deep side, or None.
        n_seeds: number of seeds of the finalist.

    Returns:
        The predictor, and the decided predictions of the searched models for the validation rows.
    """
    dataset, task, split = prepared.dataset, prepared.task, prepared.split
    valid = split.items("valid")
    valid_truth = goals.truth(dataset, task, valid)
    valid_weight = dataset.weight_of(valid)
    (undecided,) = side.outputs("valid", n_seeds)
    rule = goals.decide(valid_truth, undecided, task, task.metric, valid_weight)
    models, weights = side.models(n_seeds), side.weights()
    predictor: DeepPredictor | ShallowPredictor
    predictor = (
        DeepPredictor(models, encoder, codec, rule, weights)
        if encoder is not None and codec is not None and side.side == "deep"
        else ShallowPredictor(models, rule, weights)
    )
    return predictor, goals.decided(rule, undecided)


def _blend(mixed: Blended, predictors: Mapping[str, Any], prepared: Prepared) -> BlendPredictor:
    """The predictor of the blend, with scores of the held-out items of both sides."""
    share = float(mixed.run.choices["weight_of_deep"])
    blended = BlendPredictor(predictors["deep"], predictors["shallow"], share, mixed.decision)
    made: BlendPredictor = with_regions(blended, mixed.contestant.valid_output, prepared)
    return made


def _singles(
    finalists: Mapping[str, Run],
    predictors: Mapping[str, Any],
    runs: list[Run],
    prepared: Prepared,
) -> dict[str, Run]:
    """The member of largest weight of each ensemble with its own measured latency, for comparison."""
    singles = {}
    for side, run in finalists.items():
        members = members_of(run)
        if not members:
            continue
        place, name = max(enumerate(members), key=lambda pair: members[pair[1]])
        predictor = predictors[side]
        alone = dataclasses.replace(predictor, models=(predictor.models[place],), weights=(1.0,), decision=None)
        single = next(run for run in runs if run.name == name)
        singles[name] = dataclasses.replace(single, cost=merged(single.cost, measure(alone, side, prepared)))
    return singles


def _findings(dataset: Dataset, left_out: dict[str, str], search: SearchOptions) -> tuple[Finding, ...]:
    extra = [
        Finding("template_left_out", "low", f"Template {name} was not searched: {reason}.", columns=())
        for name, reason in left_out.items()
        if not reason.startswith("it does not do") and not reason.startswith("it reads")
    ]
    if search.uses_ray:
        where = "of this machine" if search.ray_address in (None, "local") else f"of the Ray at {search.ray_address}"
        extra.append(Finding(
            "workers", "low",
            f"The deep side trained on up to {search.workers} workers {where}, the shallow side in one process; "
            "both had the same seconds.", columns=(),
        ))  # fmt: skip
    return (*dataset.findings, *extra)


def _no_deep_model(runs: list[Run], chosen: Mapping[str, Run]) -> tuple[Finding, ...]:
    """A finding on why there is no deep finalist although trials were run."""
    tried = [run for run in runs if run.side == "deep"]
    if "deep" in chosen or not tried:
        return ()
    reasons = Counter(run.failure or run.status for run in tried)
    common, n = reasons.most_common(1)[0]
    often = f" ({n} times)" if n > 1 else ""
    return (
        Finding(
            "no_deep_model", "high",
            f"None of {counted(len(tried), 'deep trial')} gave a model; the most frequent reason: {common}{often}.",
            "Depending on the reason, a longer budget, other templates or more memory may help.",
            quoted=common if any(run.failure == common for run in tried) else "",
        ),
    )  # fmt: skip


def examples_of(prepared: Prepared, items: np.ndarray) -> Any:
    """The test items in the user's own form; None if a second copy of them would be too large."""
    inputs = prepared.dataset.inputs
    if items.ndim == 2:
        return None
    if isinstance(inputs, np.ndarray):
        return inputs[items] if inputs[items].nbytes <= N_EXAMPLES_BYTES else None
    return inputs.iloc[items].reset_index(drop=True)


def sources_of(dataset: Dataset, items: np.ndarray) -> np.ndarray | None:
    """What the test items were made of, for players on the page; None where there is nothing to play."""
    return None if dataset.sources is None or items.ndim > 1 else dataset.sources[items]


def rows_of_test(dataset: Dataset, items: np.ndarray) -> np.ndarray:
    """Row numbers of the test items in the user's file; in the test file, if the user gave one."""
    first = items if items.ndim == 1 else items[:, 0]
    numbers = first if dataset.row_numbers is None else dataset.row_numbers[first]
    start = dataset.test_from
    return numbers if start is None else np.where(numbers >= start, numbers - start, numbers)


def history_of(prepared: Prepared, items: np.ndarray) -> dict[str, Any] | None:
    """The observed values before each forecast window, for the report's plot; None if the task is not a forecast."""
    dataset, task = prepared.dataset, prepared.task
    if items.ndim == 1 or dataset.target is None or dataset.times is None:
        return None
    values = values_of(dataset, list(dataset.target.columns), np.arange(dataset.n_rows))
    codes = series_codes(dataset)
    length = min(3 * (task.season or 1) + 2 * items.shape[1], 200)
    before = np.full((len(items), length, values.shape[1]), np.nan)
    for i, window in enumerate(items):
        start = max(int(window[0]) - length, int(np.searchsorted(codes, codes[window[0]])))
        past = values[start : window[0]]
        if len(past):
            before[i, -len(past) :] = past
    names = None if dataset.series is None else dataset.series[items[:, 0]]
    return {"values": before, "times": local(dataset.times[items], task, dataset.zone), "series": names}
