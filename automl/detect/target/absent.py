"""What is told of target cells that hold no value: rows that are dropped, and rows that hold some targets only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd

from automl.detect.parse import MISSING_NUMBERS, MISSING_WORDS, word
from automl.detect.quoting import percent, quotable
from automl.records import Column, Finding, Recipe
from automl.system import shell
from automl.system.counts import counted, noun

__all__ = ["gaps_in_targets", "without_target"]

LONGEST_QUOTE = 40  # characters of a cell in a finding
SHOWN_ROWS = 20
PRETRAIN_ADVICE = "--pretrain"
GRAVE_SHARE, FEW_SHARE = 0.5, 0.05

Found = Sequence[tuple[Column, np.ndarray]]
"""Of each column of a target: what it holds, and ``(n,)`` bool, in which rows."""


def gaps_in_targets(target: pd.DataFrame, found: Found, recipe: Recipe, rows: np.ndarray) -> Finding:
    """Rows that hold some of the targets only: what they hold is learnt and scored.

    Args:
        target: as it was read.
        found: see `Found`.
        recipe: as asked.
        rows: the rows that hold at least one of the targets.
    """
    observed = np.column_stack([present for _, present in found])[rows]
    partial = ~observed.all(axis=1)
    lacking = [(c.name, 1.0 - float(observed[:, i].mean())) for i, (c, _) in enumerate(found)]
    lacking = [(name, share) for name, share in lacking if share > 0]
    shares = ", ".join(f"{name!r} {percent(share)}" for name, share in lacking)
    said, step = _unread(target, found, recipe)
    message = (
        f"{percent(float(partial.mean()))} of {len(observed):,} rows lack some of the targets (missing: {shares}"
        f"{f'; {said}' if said else ''}). They are used: what a row lacks is left out of the losses and scores."
    )
    names = tuple(name for name, _ in lacking)
    return Finding("gaps_in_targets", "low", message, step, names, (), int(partial.sum()))


def without_target(target: pd.DataFrame, found: Found, recipe: Recipe, lacking: np.ndarray) -> Finding:
    """Rows that hold no target: how many, what they hold instead, and what keeps them.

    Args:
        target: as it was read.
        found: see `Found`.
        recipe: as asked.
        lacking: ``(n,)`` bool: rows that are dropped.
    """
    lost = np.flatnonzero(lacking)
    share = len(lost) / len(target)
    said, step = _unread(target, found, recipe)
    if recipe.pretrain:
        return Finding(
            "rows_without_target",
            "low",
            f"{len(lost):,} of {counted(len(target), 'row')} {noun(len(lost), 'has', 'have')} no usable target"
            f"{f' ({said})' if said else ''}. Both sides may learn from their inputs; none of them is scored.",
            "Label some more of them if you can: the page shows what labels bring.",
            tuple(map(str, target.columns)),
            tuple(map(int, lost[:SHOWN_ROWS])),
            len(lost),
        )
    return Finding(
        "missing_target",
        "high" if share > GRAVE_SHARE else "medium" if share > FEW_SHARE else "low",
        f"{len(lost):,} of {counted(len(target), 'row')} {noun(len(lost), 'has', 'have')} no usable target"
        f"{f' ({said})' if said else ''} and {noun(len(lost), 'was', 'were')} dropped.",
        f"{step} Or pass {PRETRAIN_ADVICE}, so that both sides learn from their inputs." if share > FEW_SHARE else step,
        tuple(map(str, target.columns)),
        tuple(map(int, lost[:SHOWN_ROWS])),
        len(lost),
    )


def _unread(target: pd.DataFrame, found: Found, recipe: Recipe) -> tuple[str, str]:
    """What cells without a value hold, as "they hold 'unknown' (10)" or nothing, and the next step."""
    spelled: Counter[str] = Counter()
    step = "Fill the target or remove these rows."
    for (c, present), name in zip(found, target.columns, strict=True):
        cells = map(word, target[name].iloc[np.flatnonzero(~present)].tolist())
        held = Counter(text for text in cells if text is not None)
        safe = set(quotable(str(name), held))
        unread = Counter({text: n for text, n in held.items() if text in safe or text.lower() in MISSING_NUMBERS})
        spelled += unread
        answers = [text for text, _ in unread.most_common() if text.lower() not in MISSING_WORDS]
        if c.reading.get("missing"):
            gaps = " and ".join(f"{gap:g}" for gap in c.reading["missing"])
            step = f"If {gaps} are real values, pass {shell.columns_flag(c.name, c.kind)}."
        elif c.kind == "boolean" and answers and len(found) == 1 and recipe.goal is None:
            step = f"If {_cut(answers[0])!r} is an answer of its own, pass --goal multiclass; else fill the target."
    said = ", ".join(f"{_cut(text)!r} ({n:,})" for text, n in spelled.most_common(3))
    return f"they hold {said}" if said else "", step


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_QUOTE else f"{text[: LONGEST_QUOTE - 1]}…"
