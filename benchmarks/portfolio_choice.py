"""Chooses ordered starts from the fits of `portfolio.py`, and judges them on tables that did not choose them.

The regret of a setting on a table is what it lacks to the best one there, as a share of what the median one lacks, at
most 1: a table where all settings are alike weighs as much as another one, and a failed fit is no worse than a poor one
(Salinas and Erickson, "TabRepo", AutoML 2024, normalised error). Starts are chosen greedily: the next one is that with
which the mean over tables of the least regret so far is smallest (Feurer et al., "Auto-sklearn 2.0", JMLR 2022, section
3.2). They are judged leaving one table out. Today's order is a family's own starts, then its draws in random orders.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Fits", "best_within", "chosen", "gathered", "left_out", "literal", "parsed", "regrets", "report", "todays"]

ORDERS = 100
BUDGETS = (30.0, 60.0)
FITS = (1, 2, 3, 4, 5)
EQUAL = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Fits:
    """The fits of a family, or of all families of a side.

    Attributes:
        tables: names of the tables.
        settings: (family, place) of each setting, today's starts first.
        scores: (n_tables, n_settings), higher is better; NaN where a fit failed or there is none.
        seconds: (n_tables, n_settings): processor time of each fit, compilation included; NaN where a family does not
            fit the table or has no such start there.
    """

    tables: tuple[str, ...]
    settings: tuple[tuple[str, str], ...]
    scores: np.ndarray
    seconds: np.ndarray


def gathered(lines: Sequence[Mapping[str, Any]]) -> Fits:
    """The fits of some families; means over seeds.

    A place that is not fitted yet on a table where the family's others are is left out of the choice.
    """
    fitted: dict[tuple[str, str], dict[str, list[Mapping[str, Any]]]] = {}
    own: dict[str, set[str]] = {}
    for line in lines:
        fitted.setdefault((line["family"], line["place"]), {}).setdefault(line["table"], []).append(line)
        own.setdefault(line["family"], set()).add(line["table"])
    settings = tuple(sorted((key for key, of in fitted.items() if set(of) == own[key[0]]), key=in_order))
    tables = tuple(sorted({line["table"] for line in lines}))
    shape = len(tables), len(settings)
    scores, seconds = np.full(shape, math.nan), np.full(shape, math.nan)
    for column, key in enumerate(settings):
        for table, of in fitted[key].items():
            values = [line["valid"] for line in of if line.get("valid") is not None]
            cost = [line["cpu_seconds"] + line.get("compile_seconds", 0.0) for line in of if not line.get("absent")]
            row = tables.index(table)
            scores[row, column] = statistics.fmean(values) if values else math.nan
            seconds[row, column] = statistics.fmean(cost) if cost else math.nan
    return Fits(tables, settings, scores, seconds)


def parsed(place: str) -> tuple[str, int]:
    """A place such as "draw3" as its kind and its number."""
    kind = place.rstrip("0123456789")
    return kind, int(place[len(kind) :])


def in_order(setting: tuple[str, str]) -> tuple[bool, int, str]:
    """Sort key: starts before draws, by number."""
    kind, number = parsed(setting[1])
    return kind == "draw", number, setting[0]


# --------------------------------------------------------------------------- choosing


def regrets(scores: np.ndarray) -> np.ndarray:
    """Normalised regrets, (n_tables, n_settings), 0 for the best on a table; 1 for NaN.

    Args:
        scores: (n_tables, n_settings), higher is better.
    """
    found = np.ones(scores.shape)
    for row, values in enumerate(scores):
        known = np.isfinite(values)
        if not known.any():
            continue
        best = values[known].max()
        spread = best - float(np.median(values[known]))
        lacking = best - values[known]
        shares = lacking / spread if spread > 0 else (lacking > 0).astype(float)
        found[row, known] = np.clip(shares, 0.0, 1.0)
    return found


def chosen(regret: np.ndarray, n_starts: int, seconds: np.ndarray | None = None) -> list[int]:
    """Settings in the order of a portfolio.

    Args:
        regret: (n_tables, n_settings).
        n_starts: how many to choose; all settings where there are fewer.
        seconds: (n_tables, n_settings); of equal settings the one with the lower mean comes first, then the earlier.
    """
    cost = np.zeros(regret.shape[1]) if seconds is None else np.nan_to_num(seconds).mean(axis=0)
    least = np.full(len(regret), np.inf)
    order: list[int] = []
    while len(order) < min(n_starts, regret.shape[1]):
        means = np.minimum(least[:, None], regret).mean(axis=0)
        rest = [place for place in range(regret.shape[1]) if place not in order]
        order.append(min(rest, key=lambda place: (round(float(means[place]), 12), cost[place], place)))
        least = np.minimum(least, regret[:, order[-1]])
    return order


def todays(fits: Fits, seed: int) -> list[int]:
    """Today's order: starts, then draws in an order drawn by the seed."""
    starts = [i for i, (_, place) in enumerate(fits.settings) if place.startswith("start")]
    draws = [i for i, (_, place) in enumerate(fits.settings) if not place.startswith("start")]
    return [*starts, *(draws[i] for i in np.random.default_rng(seed).permutation(len(draws)))]


def best_within(
    values: np.ndarray, order: Sequence[int], seconds: np.ndarray, budget: float = math.inf, n_fits: int | None = None
) -> float:
    """The least value of the fits that a search has ended; NaN if there is none.

    Args:
        values: (n_settings,) of one table, lower is better; NaN where a fit failed.
        order: settings in the order of the search.
        seconds: (n_settings,) of each fit; NaN where there is none, which the search then passes over.
        budget: seconds of the search.
        n_fits: fits of the search; None for as many as the budget allows.
    """
    ran = [place for place in order if not math.isnan(seconds[place])][:n_fits]
    ends = np.cumsum([seconds[place] for place in ran])
    scored = [values[place] for place, end in zip(ran, ends, strict=True) if end <= budget and values[place] < math.inf]
    return float(min(scored, default=math.nan))


def left_out(fits: Fits, n_starts: int, goals: Sequence[Mapping[str, float]]) -> np.ndarray:
    """What a search reaches on each table with starts that the other tables chose, and today.

    Args:
        fits: all fits.
        n_starts: starts in the portfolio; after them the search goes on in today's order.
        goals: keywords of `best_within`, each a place to look at.

    Returns:
        (n_tables, n_goals, 2, 2): portfolio and today; regret and score, means over orders of the draws. Where a search
        has ended no fit its regret is 1 and its score NaN.
    """
    regret = regrets(fits.scores)
    found = np.zeros((len(fits.tables), len(goals), 2, 2))
    for row in range(len(fits.tables)):
        others = np.arange(len(fits.tables)) != row
        starts = chosen(regret[others], n_starts, fits.seconds[others])
        now = [todays(fits, seed) for seed in range(ORDERS)]
        then = [[*starts, *(place for place in order if place not in starts)] for order in now]
        known = np.where(np.isfinite(fits.scores[row]), regret[row], math.nan)
        for column, goal in enumerate(goals):
            for side, orders in enumerate((then, now)):
                least = [best_within(known, order, fits.seconds[row], **goal) for order in orders]
                best = [-best_within(-fits.scores[row], order, fits.seconds[row], **goal) for order in orders]
                found[row, column, side] = np.mean(np.nan_to_num(least, nan=1.0)), np.mean(best)
    return found


# --------------------------------------------------------------------------- for people


def report(lines: Sequence[Mapping[str, Any]], n_starts: int) -> None:
    """Print the starts of each family and side, what they reach, and those of families as Python."""
    groups = {name: [line for line in lines if line["family"] == name] for name in unique(lines, "family")}
    groups |= {f"side {name}": [line for line in lines if line["side"] == name] for name in unique(lines, "side")}
    for name, own in groups.items():
        fits = gathered(own)
        if len(fits.tables) < 3 or len(fits.settings) < 2:
            print(f"\n{name}: {len(fits.tables)} tables, {len(fits.settings)} settings: too few to choose by")
            continue
        order = chosen(regrets(fits.scores), n_starts, fits.seconds)
        print(f"\n{name}: {len(fits.tables)} tables, {len(fits.settings)} settings")
        print("  chosen by all tables: " + ", ".join(" ".join(fits.settings[place]) for place in order))
        compare(fits, n_starts)
        if not name.startswith("side "):
            for place in order:
                print("  " + literal(own, fits.settings[place][1]))


def unique(lines: Sequence[Mapping[str, Any]], key: str) -> list[str]:
    """Values of a key in the order of their first line."""
    return list(dict.fromkeys(line[key] for line in lines))


def compare(fits: Fits, n_starts: int) -> None:
    """Print what the portfolio reaches and what today's order does, leaving each table out."""
    n_most = len(fits.settings)
    goals: list[dict[str, Any]] = [{"n_fits": n} for n in FITS if n <= n_most]
    goals += [{"budget": budget} for budget in BUDGETS]
    names = [f"{goal['n_fits']} fits" if "n_fits" in goal else f"{goal['budget']:.0f} s" for goal in goals]
    found = left_out(fits, n_starts, goals)
    print("  mean regret on the table left out, portfolio / today: "
          + ", ".join(f"{name} {found[:, i, 0, 0].mean():.3f} / {found[:, i, 1, 0].mean():.3f}"
                      for i, name in enumerate(names)))  # fmt: skip
    for i, name in enumerate(names):
        gain = found[:, i, 0, 1] - found[:, i, 1, 1]
        better, worse = int((gain > EQUAL).sum()), int((gain < -EQUAL).sum())
        print(f"    {name}: best validation score better on {better}, worse on {worse}")
    for row, table in enumerate(fits.tables):
        scores = "  ".join(f"{name} {found[row, i, 0, 1]:.4f} / {found[row, i, 1, 1]:.4f}"
                           for i, name in enumerate(names) if name.endswith(" s"))  # fmt: skip
        print(f"    {table:<24}{scores}")


def literal(lines: Sequence[Mapping[str, Any]], place: str) -> str:
    """A family's settings at a place as Python, with the values that differ between tables as a comment.

    A batch size is given by its place among those that fit the rows, and epochs are left to the default.
    """
    if parsed(place)[0] == "start":
        return f"# today's {place}"
    own = [line for line in lines if line["place"] == place and "settings" in line]
    values: dict[str, Counter[str]] = {}
    for line in own:
        for name, value in line["settings"].items():
            if name != "epochs":
                values.setdefault(name, Counter())[written(name, value, line)] += 1
    shown = ", ".join(f"{name!r}: {counts.most_common(1)[0][0]}" for name, counts in values.items())
    differ = [f"{name} {', '.join(counts)}" for name, counts in values.items() if len(counts) > 1]
    return f"{{{shown}}},  # {place}" + (f"; by table: {'; '.join(differ)}" if differ else "")


def written(name: str, value: Any, line: Mapping[str, Any]) -> str:
    """A value as Python, rates to three digits."""
    from automl.templates.shared.tables import batch_sizes

    if name == "batch_size":
        sizes = batch_sizes(line["n_train"])
        return f"sizes[{sizes.index(value)}]" if value in sizes else repr(value)
    return f"{value:.3g}" if isinstance(value, float) else repr(value)
