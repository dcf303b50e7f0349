"""What the user's options say for or against a forecast."""

from __future__ import annotations

import numpy as np
import pandas as pd

from automl import catalog, goals, metrics
from automl.goals.forecast import FORECAST
from automl.records import Recipe, Template

__all__ = ["is_asked", "not_later", "spoken_against"]


def is_asked(recipe: Recipe) -> bool:
    """Whether a forecast is asked for: by its goal, or by an option that no other goal has."""
    if recipe.goal is not None:
        return goals.named(recipe.goal).in_windows
    asked = recipe.horizon is not None or recipe.season is not None or recipe.series is not None or bool(recipe.known)
    return asked or _scores_forecasts_alone(recipe)


def _scores_forecasts_alone(recipe: Recipe) -> bool:
    if recipe.metric is None:
        return False
    served = [name for name in goals.known() if goals.serves(metrics.named(recipe.metric).goals, name)]
    return bool(served) and all(goals.named(name).in_windows for name in served)


def spoken_against(recipe: Recipe) -> str:
    """The option that a forecast does not have; empty if there is none."""
    if recipe.group is not None:
        return f"group {recipe.group!r} keeps rows together, which a forecast does not know"
    if recipe.metric is not None and not goals.serves(metrics.named(recipe.metric).goals, FORECAST.name):
        return f"metric {recipe.metric!r} does not score forecasts"
    if recipe.templates:
        known = catalog.members(Template, "automl.templates")
        if not any(goals.serves(known[name].goals, FORECAST.name) for name in recipe.templates if name in known):
            return f"none of the templates {', '.join(recipe.templates)} makes forecasts"
    return ""


def not_later(stamps: np.ndarray | None, labels: np.ndarray | None, given: np.ndarray | None) -> str:
    """That the user's own test rows do not follow the training rows of their series; empty if they do."""
    if stamps is None or given is None or not given.any() or given.all():
        return ""
    rows = pd.DataFrame({"s": "" if labels is None else labels, "t": stamps, "given": given}).dropna()
    ends, begins = (rows[rows["given"] == part].groupby("s")["t"] for part in (False, True))
    both = pd.DataFrame({"end": ends.max(), "begin": begins.min()}).dropna()
    if not len(both):
        return "the test rows are of series that the training rows do not have"
    if not (both["begin"] > both["end"]).all():
        return "the test rows are not later than the training rows, so they test rows in any order"
    return ""
