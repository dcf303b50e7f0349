"""The frozen record of what a recipe asks for."""

from __future__ import annotations

from typing import Any

from automl.recipe.inner_keys import COST_KEYS
from automl.recipe.schema import Keys
from automl.recipe.values import listed
from automl.records import Costs, Recipe, SearchOptions

__all__ = ["to_recipe"]


def to_recipe(keys: Keys, source: str, **objects: Any) -> Recipe:
    """Make the frozen record from checked keys; `objects` replace paths by loaded data."""
    return Recipe(**{
        "data": keys.data,
        "target": listed(keys.target),
        "goal": keys.goal,
        "label": keys.label,
        "normal": None if keys.normal is None else str(keys.normal),
        "contamination": None if keys.contamination is None else float(keys.contamination),
        "void": keys.void,
        "dims": keys.dims,
        "condition": keys.condition,
        "memorised_limit": float(keys.memorised_limit),
        "metric": keys.metric,
        "test": keys.test,
        "time_column": keys.time_column,
        "series": keys.series,
        "group": keys.group,
        "weight": keys.weight,
        "horizon": keys.horizon,
        "season": keys.season,
        "known": listed(keys.known),
        "columns": keys.columns,
        "drop": listed(keys.drop),
        "budget_seconds": float(keys.budget),
        "budget_given": "budget" in keys.model_fields_set,
        "max_trials": keys.max_trials,
        "templates": listed(keys.templates),
        "pretrained": keys.pretrained,
        "pretrain": keys.pretrain,
        "seed": keys.seed,
        "min_gain": float(keys.min_gain),
        "repeats": keys.repeats,
        "fold_pairs": keys.fold_pairs,
        "analysis": float(keys.analysis),
        "sensitive": listed(keys.sensitive),
        "latency_ms": None if keys.latency is None else float(keys.latency),
        "fail_on": keys.fail_on,
        "out": keys.out,
        "resume": keys.resume,
        "json": keys.json_,
        "quiet": keys.quiet,
        "plugins": listed(keys.plugins),
        "ensemble": keys.ensemble,
        "json_lines": keys.json_lines,
        "search": SearchOptions(
            oracle=keys.search.oracle,
            memory_mib=None if keys.search.memory is None else float(keys.search.memory),
            log=listed(keys.search.log),
            device=keys.search.device,
            precision=keys.search.precision,
            workers=keys.search.workers,
            ray_address=keys.search.ray_address,
        ),
        "costs": Costs(**{name: float(getattr(keys.costs, name)) for name in COST_KEYS}),
        "source": source,
        **objects,
    })  # fmt: skip
