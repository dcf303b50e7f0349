"""A result in a few lines of text: what to settle first, the verdict, and its notes."""

from __future__ import annotations

from automl.records import Outcome
from automl.report.findings import interface_of
from automl.report.trust import trust_lines, trust_of
from automl.system.printable import printable

__all__ = ["summary", "verdict_lines"]


def summary(outcome: Outcome) -> list[str]:
    """The lines, printable: findings that must be settled come first."""
    first = trust_lines(trust_of(outcome.findings), interface_of(outcome.recipe))
    return [*map(printable, first), *verdict_lines(outcome)]


def verdict_lines(outcome: Outcome) -> list[str]:
    """The verdict, the recommended run, sentences and notes; the recommendation says on what it depends."""
    comparison = outcome.comparison
    only_if = ", once the findings above are settled" if trust_of(outcome.findings).findings else ""
    lines = [f"Verdict: {comparison.verdict} ({comparison.reason}). Use {comparison.recommended}{only_if}."]
    return [printable(line) for line in (*lines, *comparison.sentences, *comparison.notes)]
