"""An outcome without the words of exceptions, for what is saved beside a model.

An exception may quote a cell of the data or a path. A saved model may go to others; a run folder stays with the user.
"""

from __future__ import annotations

import dataclasses

from automl.records import Finding, Outcome, Repeats, Run

__all__ = ["ELSEWHERE", "without_exceptions"]

ELSEWHERE = "told in the run folder's result.json"
"""What stands in place of an exception's words."""


def without_exceptions(outcome: Outcome) -> Outcome:
    """The outcome with `ELSEWHERE` in place of what exceptions said of runs, repeats and models.

    Args:
        outcome: of a finished run.

    Returns:
        A copy, without what analyses found as well: they may quote levels and rows of the data.
    """
    quoting = [
        *(run.failure for run in outcome.runs), *(one.quoted for one in outcome.findings),
        *(() if outcome.repeats is None else outcome.repeats.failures),
    ]  # fmt: skip
    if not any(quoting):
        return dataclasses.replace(outcome, analyses={}, analyses_left_out={})
    return dataclasses.replace(
        outcome,
        analyses={},
        analyses_left_out={},
        runs=tuple(_run(run) for run in outcome.runs),
        findings=tuple(_finding(one) for one in outcome.findings),
        repeats=None if outcome.repeats is None else _repeats(outcome.repeats),
    )


def _run(run: Run) -> Run:
    return dataclasses.replace(run, failure=ELSEWHERE) if run.failure else run


def _finding(one: Finding) -> Finding:
    return dataclasses.replace(one, message=_without(one.message, one.quoted), quoted="") if one.quoted else one


def _repeats(made: Repeats) -> Repeats:
    note = made.note
    for said in made.failures:
        note = _without(note, said)
    return dataclasses.replace(made, failures=tuple(ELSEWHERE for _ in made.failures), note=note)


def _without(text: str, said: str) -> str:
    return text.replace(said, ELSEWHERE) if said else text
