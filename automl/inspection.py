"""What `inspect` returns: the task, the columns and the findings of data, as text and as a card for notebooks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from automl.report.findings import LONGEST_NAME, column_text, finding_text, next_step_text, one_line
from automl.system.advice import Interface, advice, for_interface
from automl.system.counts import counted
from automl.system.printable import printable

if TYPE_CHECKING:
    from automl.records import Column, Finding, Task

__all__ = ["Inspection"]


@dataclass(frozen=True, slots=True)
class Inspection:
    """What `inspect` returns: the detected task, the columns and the findings.

    Attributes:
        name: name of the source.
        n_rows: number of rows of the source, which can be more than were read.
        task: modality, goal and metric, with evidence; None for a table without a named target.
        findings: most severe first.
        columns: what each column holds, with evidence.
        targets: if no target was named, a sentence for each column that may be the target.
        interface: where the user can follow the advice of findings: flags ("shell"), or arguments of Python.
        goals: if no target was named, flags of each goal that needs none, with what it is for.
    """

    name: str
    n_rows: int
    task: Task | None
    findings: tuple[Finding, ...] = ()
    columns: tuple[Column, ...] = ()
    targets: tuple[str, ...] = ()
    interface: Interface = "python"
    goals: tuple[str, ...] = ()

    @property
    def headline(self) -> str:
        """One line about the data and the task."""
        return ":".join(self.headline_text)

    @property
    def headline_text(self) -> tuple[str, str]:
        """The two parts of the headline: the name of the data, and the text after the colon."""
        rows = counted(self.n_rows, "row")
        if self.task is None:
            rest = f" {rows}, {counted(len(self.columns), 'column')}; no target was named"
        else:
            rest = f" {rows}, {self.task.modality}, {self.task.goal}, scored by {self.task.metric}"
        return printable(self.name), rest

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why the goal is unsure; empty if it is not."""
        unsure = (one for one in self.findings if one.check == "unsure_goal")
        return tuple(one_line(f"{one.message} {next_step_text(one, self.interface)}") for one in unsure)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why this task was chosen; without a task, the columns that may be the target, and goals without one."""
        if self.task is not None:
            return tuple(one_line(for_interface(sentence, (), self.interface)) for sentence in self.task.evidence)
        targets = [one_line(self._in_interface(sentence)) for sentence in self.targets]
        others = [one_line(for_interface(sentence, (), self.interface)) for sentence in self.goals]
        return (
            *(("Name the column to predict, such as", *targets) if targets else ()),
            *(("Or pass a goal that needs no target" if targets else "Pass a goal that needs no target", *others)
              if others else ()),
        )  # fmt: skip

    def _in_interface(self, sentence: str) -> str:
        """The sentence about a likely target, which begins with a flag, in the words of the user's interface."""
        flags = ((advice("target", [column.name]), column.name) for column in self.columns)
        flag, name = next((pair for pair in flags if sentence.startswith(f"{pair[0]}:")), ("", ""))
        if not flag or self.interface == "shell":
            return sentence
        short = name if len(name) <= LONGEST_NAME else column_text(name)
        return advice("target", [short], self.interface) + sentence[len(flag) :]

    def __repr__(self) -> str:
        from automl.report.card import severities

        name, rest = self.headline_text
        return f"<automl.Inspection {name!r}:{rest}; {severities(self.findings)}>"

    def _repr_html_(self) -> str:
        """A card for notebooks: the task, the findings and the columns."""
        from automl.report import card

        name, rest = self.headline_text
        others = [finding for finding in self.findings if finding.check != "unsure_goal"]
        return card.card(
            name, rest, card.lines(self.doubts), card.findings_list(others, self.interface),
            card.lines(self.reasons, "quiet"), card.columns_table(self.columns),
        )  # fmt: skip

    def __str__(self) -> str:
        lines = [self.headline, *(f"  {sentence}" for sentence in (*self.doubts, *self.reasons))]
        names = [column_text(column.name) for column in self.columns]
        width = max(map(len, names), default=0)
        lines += [
            f"  {name:<{width}}  {c.kind:<15} {c.confidence:4.0%}  {one_line(c.evidence)}"
            for name, c in zip(names, self.columns, strict=True)
        ]
        others = (finding for finding in self.findings if finding.check != "unsure_goal")
        lines += [f"  {finding_text(finding, self.interface)}" for finding in others]
        return "\n".join(lines)
