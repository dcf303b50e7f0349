"""A result in a few lines of text: what to settle first, the verdict, and its notes."""

from __future__ import annotations

from automl.records import Outcome
from automl.report import sides, words
from automl.report.findings import interface_of
from automl.report.trust import trust_lines, trust_of
from automl.system.printable import printable

__all__ = ["summary", "verdict_lines"]


def summary(outcome: Outcome) -> list[str]:
    """The lines, printable: findings that must be settled come first."""
    first = trust_lines(trust_of(outcome.findings), interface_of(outcome.recipe))
    return [*map(printable, first), *verdict_lines(outcome)]


def verdict_lines(outcome: Outcome) -> list[str]:
    """The verdict, the recommended run, sentences, the champion, notes and repeats.

    The first line says how many seeds there are if they are few, and on what the recommendation depends.
    """
    comparison = outcome.comparison
    only_if = ", once the findings above are settled" if trust_of(outcome.findings).findings else ""
    seeds = words.few_seeds(comparison.seeds) if comparison.gain is not None else ""
    verdict = f"{comparison.verdict or 'none'} ({comparison.reason}{f'; {seeds}' if seeds else ''})"
    lines = [f"Verdict: {verdict}. Use {comparison.recommended}{only_if}."]
    champion = sides.champion(outcome)
    named = [f"Champion on validation rows: {champion}."] if champion else []
    repeats = [outcome.repeats.note] if outcome.repeats else []
    return [printable(line) for line in (*lines, *comparison.sentences, *named, *comparison.notes, *repeats)]
