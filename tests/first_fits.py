"""Models that are fitted in a moment: one shallow family, its first settings, no search."""

from __future__ import annotations

from typing import Any

from automl import goals, recipe
from automl.flow.prepare import prepare
from automl.flow.selection import baselines_for
from automl.predict.side_model import SideModel
from automl.records import Facts, FitContext
from automl.sides.predictors import ShallowPredictor


def first_fit(data: Any, target: str | None = None, family: str | None = None, **options: Any) -> SideModel:
    """A model of a family, by default of the first one."""
    prepared = prepare(recipe.make(data=data, target=target, **options))
    dataset, task, split = prepared.dataset, prepared.task, prepared.split
    known = [one for one in baselines_for(task).values() if one.tier != "floor"]
    chosen = next(one for one in known if family in (None, one.name))
    facts = Facts(len(split.train), len(task.classes))
    model = chosen.make(task, next(iter(chosen.settings(task, facts, 0))), 0)
    train, valid = (split.items(part) for part in ("train", "valid"))
    truths = [goals.truth(dataset, task, items) for items in (train, valid)]
    model.fit(dataset, train, truths[0], None, FitContext(None, None, valid, truths[1]))
    return SideModel("shallow", task, ShallowPredictor((model,)))
