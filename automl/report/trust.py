"""Trust: which findings must be settled before a result is believed, and the words for that."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from automl.records import Finding
from automl.report.findings import finding_text, gravest_first
from automl.system.advice import Interface

__all__ = ["CONDITION", "Level", "Trust", "trust_lines", "trust_of"]

Level = Literal["high", "medium", "low"]

DOUBTFUL = (
    "leaking_column", "crossing_groups", "ignored_time", "twin_rows", "near_twin_rows", "alike_images", "drifted_test",
    "audit_failed", "audit_cut", "unequal_processor",
)  # fmt: skip
"""Checks whose findings of medium severity put a score in doubt: leaks, groups, time, copied rows, other test rows, and
checks of these that have no answer; and sides that had unequal parts of the processors."""

CALLS = {
    "low": "Settle this before you rely on the result",
    "medium": "Check this before you rely on the result",
}
CONDITION = "This holds only once the findings at the top are settled."
MOST_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Trust:
    """How far a result can be believed.

    Attributes:
        level: high where nothing speaks against it.
        findings: what does, gravest first; empty where the level is high.
    """

    level: Level = "high"
    findings: tuple[Finding, ...] = ()

    @property
    def reasons(self) -> tuple[str, ...]:
        """What speaks against the result, a sentence or two each."""
        return tuple(finding.message for finding in self.findings)

    @property
    def call(self) -> str:
        """What the reader should do; empty where the level is high."""
        return CALLS.get(self.level, "")


def trust_of(findings: Iterable[Finding]) -> Trust:
    """How far the result of a run with these findings can be believed.

    Low: one of them has high severity. Medium: one of medium severity is of a check that is `DOUBTFUL`. Else high. The
    verdict plays no part: that a test decides nothing is an honest answer. Nor does the result change by its trust.

    Args:
        findings: all of the run.
    """
    grave = [one for one in findings if one.severity == "high" or _is_doubtful(one)]
    if not grave:
        return Trust()
    level: Level = "low" if any(one.severity == "high" for one in grave) else "medium"
    return Trust(level, gravest_first(grave))


def _is_doubtful(finding: Finding) -> bool:
    return finding.severity == "medium" and finding.check in DOUBTFUL


def trust_lines(trust: Trust, interface: Interface = "shell") -> list[str]:
    """What stands before the verdict in a text, one line for each finding; none where the level is high.

    Args:
        trust: of the result.
        interface: where the reader can follow the advice.
    """
    if not trust.findings:
        return []
    lines = [f"{trust.call} (trust: {trust.level}):"]
    lines += [f"  {finding_text(finding, interface)}" for finding in trust.findings[:MOST_SHOWN]]
    left = len(trust.findings) - MOST_SHOWN
    return [*lines, f"  and {left} more in the report"] if left > 0 else lines
