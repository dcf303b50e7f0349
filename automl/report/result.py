"""`result.json`: the figures of a run for programs, exactly the fields of ``docs/result.schema.json``."""

from __future__ import annotations

import dataclasses
from typing import Any

from automl import metrics
from automl.records import Champion, Comparison, Coverage, FoldPairs, Outcome, Repeats, Run
from automl.report.trust import trust_of
from automl.report.words import plain

__all__ = ["SCHEMA", "result_dict"]

SCHEMA = 1
"""Version of the contract: raised when a field changes its meaning, not when one is added."""


def result_dict(outcome: Outcome) -> dict[str, Any]:
    """The contract's dict, in JSON's own types: NaN and infinities are None.

    Args:
        outcome: of a finished run.

    Returns:
        The fields of ``docs/result.schema.json``, in that order. ``gain`` is positive where deep is better.
    """
    task, split, comparison = outcome.task, outcome.split, outcome.comparison
    trust = trust_of(outcome.findings)
    result = {
        "schema": SCHEMA,
        "automl_version": outcome.automl_version,
        "task": {
            "modality": task.modality,
            "goal": task.goal,
            "target": list(task.target),
            "metric": task.metric,
            "higher_is_better": bool(outcome.higher_is_better),
            "evidence": list(task.evidence),
        },
        "columns": [
            {"name": c.name, "kind": c.kind, "confidence": c.confidence, "evidence": c.evidence} for c in task.columns
        ],
        "findings": [
            {
                "check": f.check,
                "severity": f.severity,
                "message": f.message,
                "next_step": f.next_step,
                "columns": f.columns,
                "rows": f.rows,
                "count": f.count,
                "test_from": f.test_from,
            }
            for f in outcome.findings
        ],
        "split": {
            "rule": split.rule,
            "seed": int(split.seed),
            "n_train": len(split.train),
            "n_valid": len(split.valid),
            "n_test": len(split.test),
            "units": split.units,
        },
        "fingerprint": outcome.fingerprint,
        "started": str(outcome.clock.get("started") or ""),
        "recipe": str(outcome.reproduce.get("recipe", "")),
        "versions": dict(outcome.reproduce.get("versions", {})),
        "machine": dict(outcome.reproduce.get("machine", {})),
        "budget_seconds": float(outcome.clock.get("budget_seconds", outcome.recipe.budget_seconds)),
        "wall_seconds": float(outcome.clock.get("wall_seconds", 0.0)),
        "sides": {
            side: {"offered_seconds": (outcome.clock.get("offered") or {}).get(side), "spent_seconds": spent}
            for side, spent in (outcome.clock.get("spent") or {}).items()
        },
        "stopped": outcome.stopped,
        "verdict": comparison.verdict,
        "reason": comparison.reason,
        "champion": None if comparison.champion is None else comparison.champion.side,
        "validation": validation(comparison.champion),
        "recommended": comparison.recommended,
        "why": comparison.why,
        "costs": {
            "retrains_per_year": outcome.recipe.costs.retrains_per_year,
            "predictions_per_year": outcome.recipe.costs.predictions_per_year,
            "false_alarm": outcome.recipe.costs.false_alarm,
            "miss": outcome.recipe.costs.miss,
            "power_watts": outcome.recipe.costs.power_watts,
            "price_per_kwh": outcome.recipe.costs.price_per_kwh,
            "same_cost_at": comparison.crossing,
        },
        "gain": comparison.gain,
        "interval": interval(comparison.interval),
        "level": comparison.level,
        "uncertainty": uncertainty(comparison),
        "trust": {"level": trust.level, "reasons": trust.reasons},
        "repeats": repeats(outcome.repeats),
        "decided_by": "fold_pairs" if comparison.fold_pairs is not None and comparison.fold_pairs.n_folds else "test",
        "fold_pairs": fold_pairs(comparison.fold_pairs),
        "coverage": [covered(one) for one in outcome.coverage],
        "tradeoff": dict(outcome.analyses),
        "tradeoff_left_out": dict(outcome.analyses_left_out),
        "runs": [row(run) for run in _without_scores(outcome)],
    }
    safe: dict[str, Any] = plain(result)
    for key in ("budget_seconds", "wall_seconds"):
        safe[key] = 0.0 if safe[key] is None else safe[key]
    return safe


def _without_scores(outcome: Outcome) -> tuple[Run, ...]:
    """The runs; without a label they have no scores."""
    if outcome.task.metric != metrics.UNSCORED:
        return outcome.runs
    return tuple(dataclasses.replace(run, valid_score=None, test_score=None) for run in outcome.runs)


def interval(ends: tuple[float, float] | None) -> list[float] | None:
    """Both ends, or None if either is not a finite number."""
    return list(ends) if ends is not None and None not in plain(ends) else None


def validation(champion: Champion | None) -> dict[str, Any] | None:
    """What validation rows said of the contestants; None if it was not asked."""
    if champion is None:
        return None
    leads = {"deep_lead": champion.deep_lead, "blend_lead": champion.blend_lead}
    return {
        "n_items": champion.n_items,
        "scores": dict(champion.scores),
        **{name: lead and {"gain": lead.gain, "noise": lead.noise} for name, lead in leads.items()},
    }


def repeats(made: Repeats | None) -> dict[str, Any] | None:
    """What further splits say; None if none were asked for."""
    if made is None:
        return None
    return {
        "asked": made.asked,
        "n": len(made.gains),
        "n_failed": len(made.failures),
        "gains": list(made.gains),
        "gain": made.gain,
        "interval": interval(made.interval),
        "level": made.level,
        "note": made.note,
    }


def fold_pairs(made: FoldPairs | None) -> dict[str, Any] | None:
    """What out-of-fold pairs say; None if none were asked for."""
    if made is None:
        return None
    return {
        "asked": made.asked,
        "n": made.n_folds,
        "n_items": made.n_items,
        "n_chose": made.n_chose,
        "verdict": made.verdict if made.n_folds else None,
        "reason": made.reason if made.n_folds else None,
        "scores": dict(made.scores),
        "gain": made.gain,
        "interval": interval(made.interval),
        "level": made.level,
        "p_value": made.p_value,
        "test_verdict": made.test_verdict,
        "test_reason": made.test_reason,
        "note": made.note,
    }


def covered(one: Coverage) -> dict[str, Any]:
    """How often intervals or sets of a level held the truth of the test items, with the contract's fields."""
    return {
        "run": one.run,
        "side": one.side,
        "of": one.answer,
        "level": one.level,
        "coverage": one.share,
        "lowest": one.low,
        "size": one.size,
        "n_items": one.n_items,
        "n_held_out": one.n_held_out,
        "unit": one.unit,
    }


def uncertainty(comparison: Comparison) -> dict[str, Any] | None:
    """What makes up the interval, its ends in percent of the shallow error, and what would decide; None without one."""
    if comparison.interval is None:
        return None
    needed, lacking = comparison.would_decide, comparison.lacking
    percents = [None if lacking is None else 100.0 * end / lacking for end in comparison.interval]
    return {
        "variances": dict(comparison.parts),
        "interval_percent": None if None in plain(percents) else percents,
        "would_decide": None
        if needed is None
        else {"test_units": needed.test_units, "seeds": needed.seeds, "minutes": needed.minutes},
    }


def row(run: Run) -> dict[str, Any]:
    """One run with the contract's fields."""
    cost = run.cost
    return {
        "name": run.name,
        "side": run.side,
        "family": run.family,
        "status": run.status,
        "finalist": bool(run.finalist),
        "valid_score": run.valid_score,
        "test_score": run.test_score,
        "fit_seconds": cost.fit_seconds,
        "offered_seconds": cost.offered_seconds,
        "predict_ms": cost.predict_ms,
        "rows_per_second": cost.rows_per_second,
        "hours_per_year": run.hours_per_year,
        "peak_mib": cost.peak_mib,
        "size_mib": cost.size_mib,
        "n_parameters": cost.n_parameters,
        "n_seeds": run.n_seeds,
        "n_holdouts": run.n_holdouts,
        "refitted": bool(run.refitted),
        "device": run.device,
        "choices": dict(run.choices),
        "failure": run.failure,
    }
