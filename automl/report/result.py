"""`result.json`: the figures of a run for programs, exactly the fields of `automl.report.result_fields`."""

from __future__ import annotations

import dataclasses
from typing import Any

from automl import metrics
from automl.records import (
    Champion,
    Comparison,
    Coverage,
    Finding,
    FoldPairs,
    Inherited,
    Lead,
    Outcome,
    Repeats,
    Run,
)
from automl.report.fail_on import failing_conditions
from automl.report.result_fields import (
    SCHEMA,
    AncestorFields,
    ColumnFields,
    CostFields,
    CoverageFields,
    FailOnFields,
    FindingFields,
    FoldPairFields,
    LeadFields,
    LineageFields,
    RepeatFields,
    ResultFields,
    RunFields,
    SideFields,
    SplitFields,
    TaskFields,
    TrustFields,
    UncertaintyFields,
    ValidationFields,
    WouldDecideFields,
    as_dict,
)
from automl.report.trust import trust_of
from automl.report.words import plain

__all__ = ["result_dict"]


def result_dict(outcome: Outcome) -> dict[str, Any]:
    """The contract's dict, in JSON's own types: NaN and infinities are None.

    Args:
        outcome: of a finished run.

    Returns:
        The fields of `ResultFields`, in that order. ``gain`` is positive where deep is better.
    """
    safe: dict[str, Any] = plain(as_dict(fields_of(outcome)))
    for key in ("budget_seconds", "wall_seconds"):
        safe[key] = 0.0 if safe[key] is None else safe[key]
    asked = outcome.recipe.fail_on
    if asked is not None:
        safe["fail_on"] = as_dict(FailOnFields(asked=asked, failed=list(failing_conditions(asked, safe, outcome))))
    return safe


def fields_of(outcome: Outcome) -> ResultFields:
    """All figures of a run, not yet in JSON's own types."""
    comparison, clock, trust = outcome.comparison, outcome.clock, trust_of(outcome.findings)
    pairs = comparison.fold_pairs
    return ResultFields(
        schema=SCHEMA,
        automl_version=outcome.automl_version,
        task=task(outcome),
        columns=[
            ColumnFields(name=c.name, kind=c.kind, confidence=c.confidence, evidence=c.evidence)
            for c in outcome.task.columns
        ],
        findings=[finding(one) for one in outcome.findings],
        split=split(outcome),
        fingerprint=outcome.fingerprint,
        started=str(clock.get("started") or ""),
        recipe=str(outcome.reproduce.get("recipe", "")),
        versions=dict(outcome.reproduce.get("versions", {})),
        machine=dict(outcome.reproduce.get("machine", {})),
        budget_seconds=float(clock.get("budget_seconds", outcome.recipe.budget_seconds)),
        wall_seconds=float(clock.get("wall_seconds", 0.0)),
        sides={
            side: SideFields(offered_seconds=(clock.get("offered") or {}).get(side), spent_seconds=spent)
            for side, spent in (clock.get("spent") or {}).items()
        },
        stopped=outcome.stopped,
        verdict=comparison.verdict,
        reason=comparison.reason,
        champion=None if comparison.champion is None else comparison.champion.side,
        validation=validation(comparison.champion),
        recommended=comparison.recommended,
        why=comparison.why,
        costs=costs(outcome),
        gain=comparison.gain,
        interval=interval(comparison.interval),
        level=comparison.level,
        uncertainty=uncertainty(comparison),
        repeats=repeats(outcome.repeats),
        decided_by="fold_pairs" if pairs is not None and pairs.n_folds else "test",
        fold_pairs=fold_pairs(pairs),
        trust=TrustFields(level=trust.level, reasons=list(trust.reasons)),
        tradeoff=dict(outcome.analyses),
        tradeoff_left_out=dict(outcome.analyses_left_out),
        coverage=[covered(one) for one in outcome.coverage],
        fail_on=None,
        lineage=lineage(outcome.inherited),
        exports=[],
        runs=[row(run) for run in _without_scores(outcome)],
    )


def _without_scores(outcome: Outcome) -> tuple[Run, ...]:
    """The runs; without a label they have no scores."""
    if outcome.task.metric != metrics.UNSCORED:
        return outcome.runs
    return tuple(dataclasses.replace(run, valid_score=None, test_score=None) for run in outcome.runs)


def task(outcome: Outcome) -> TaskFields:
    """What was to be done."""
    asked = outcome.task
    return TaskFields(
        modality=asked.modality,
        goal=asked.goal,
        target=list(asked.target),
        metric=asked.metric,
        higher_is_better=bool(outcome.higher_is_better),
        evidence=list(asked.evidence),
    )


def finding(one: Finding) -> FindingFields:
    """A finding as programs read it."""
    return FindingFields(
        check=one.check,
        severity=one.severity,
        message=one.message,
        next_step=one.next_step,
        columns=list(one.columns),
        rows=list(one.rows),
        count=one.count,
        test_from=one.test_from,
    )


def split(outcome: Outcome) -> SplitFields:
    """How the rows were parted."""
    part = outcome.split
    return SplitFields(
        rule=part.rule,
        seed=int(part.seed),
        n_train=len(part.train),
        n_valid=len(part.valid),
        n_test=len(part.test),
        units=part.units,
        n_unlabelled=part.n_unlabelled,
    )


def costs(outcome: Outcome) -> CostFields:
    """The user's rates, and where both finalists cost the same."""
    rates = outcome.recipe.costs
    return CostFields(
        retrains_per_year=rates.retrains_per_year,
        predictions_per_year=rates.predictions_per_year,
        false_alarm=rates.false_alarm,
        miss=rates.miss,
        power_watts=rates.power_watts,
        price_per_kwh=rates.price_per_kwh,
        same_cost_at=outcome.comparison.crossing,
    )


def interval(ends: tuple[float, float] | None) -> list[float] | None:
    """Both ends, or None if either is not a finite number."""
    return list(ends) if ends is not None and None not in plain(ends) else None


def validation(champion: Champion | None) -> ValidationFields | None:
    """What validation rows said of the contestants; None if it was not asked."""
    if champion is None:
        return None
    return ValidationFields(
        n_items=champion.n_items,
        scores=dict(champion.scores),
        deep_lead=lead(champion.deep_lead),
        blend_lead=lead(champion.blend_lead),
    )


def lead(one: Lead | None) -> LeadFields | None:
    """By how much one contestant leads another; None where that was not measured."""
    return None if one is None else LeadFields(gain=one.gain, noise=one.noise)


def repeats(made: Repeats | None) -> RepeatFields | None:
    """What further splits say; None if none were asked for."""
    if made is None:
        return None
    return RepeatFields(
        asked=made.asked,
        n=len(made.gains),
        n_failed=len(made.failures),
        gains=list(made.gains),
        gain=made.gain,
        interval=interval(made.interval),
        level=made.level,
        note=made.note,
    )


def fold_pairs(made: FoldPairs | None) -> FoldPairFields | None:
    """What out-of-fold pairs say; None if none were asked for."""
    if made is None:
        return None
    return FoldPairFields(
        asked=made.asked,
        n=made.n_folds,
        n_items=made.n_items,
        n_chose=made.n_chose,
        verdict=made.verdict if made.n_folds else None,
        reason=made.reason if made.n_folds else None,
        scores=dict(made.scores),
        gain=made.gain,
        interval=interval(made.interval),
        level=made.level,
        p_value=made.p_value,
        test_verdict=made.test_verdict,
        test_reason=made.test_reason,
        note=made.note,
    )


def lineage(made: Inherited | None) -> LineageFields | None:
    """The contests before an update; None for a contest with a search."""
    if made is None or not made.lineage:
        return None
    return LineageFields(
        n_new=made.n_new,
        ancestors=[AncestorFields(**dataclasses.asdict(ancestor)) for ancestor in made.lineage],
    )


def covered(one: Coverage) -> CoverageFields:
    """How often intervals or sets of a level held the truth of the test items, with the contract's fields."""
    return CoverageFields(
        run=one.run,
        side=one.side,
        of=one.answer,
        level=one.level,
        coverage=one.share,
        lowest=one.low,
        size=one.size,
        n_items=one.n_items,
        n_held_out=one.n_held_out,
        unit=one.unit,
    )


def uncertainty(comparison: Comparison) -> UncertaintyFields | None:
    """What makes up the interval, its ends in percent of the shallow error, and what would decide; None without one."""
    if comparison.interval is None:
        return None
    needed, lacking = comparison.would_decide, comparison.lacking
    return UncertaintyFields(
        variances=dict(comparison.parts),
        interval_percent=None
        if lacking is None
        else interval((100.0 * comparison.interval[0] / lacking, 100.0 * comparison.interval[1] / lacking)),
        would_decide=None
        if needed is None
        else WouldDecideFields(test_units=needed.test_units, seeds=needed.seeds, minutes=needed.minutes),
    )


def row(run: Run) -> RunFields:
    """One run with the contract's fields."""
    cost = run.cost
    return RunFields(
        name=run.name,
        side=run.side,
        family=run.family,
        status=run.status,
        finalist=bool(run.finalist),
        valid_score=run.valid_score,
        test_score=run.test_score,
        fit_seconds=cost.fit_seconds,
        offered_seconds=cost.offered_seconds,
        predict_ms=cost.predict_ms,
        rows_per_second=cost.rows_per_second,
        hours_per_year=run.hours_per_year,
        peak_mib=cost.peak_mib,
        size_mib=cost.size_mib,
        n_parameters=cost.n_parameters,
        n_seeds=run.n_seeds,
        n_holdouts=run.n_holdouts,
        refitted=bool(run.refitted),
        device=run.device,
        choices=dict(run.choices),
        failure=run.failure,
    )
