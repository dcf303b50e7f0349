"""Shows the progress of a run on the terminal: what is being fitted, the best of both sides, the time left."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from rich.cells import cell_len
from rich.console import Group, JustifyMethod
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from automl.flow.budget.clock import Clock
from automl.flow.progress.listeners import JsonLines, Listener
from automl.flow.progress.mlflow_runs import MLflow
from automl.flow.progress.notebook import HEADINGS, Panel, notebook_display
from automl.metrics.figures import figure
from automl.records import Finding, Run
from automl.report.findings import COLOURS, finding_text, gravest_first
from automl.report.trust import Trust, trust_lines
from automl.system import terminal
from automl.system.advice import Interface
from automl.system.printable import printable

__all__ = ["Progress"]

COUNT_SECONDS = 30.0
WIDE = 100
"""The width in characters of a terminal from which on the columns of the panel stand apart."""
NAME, SCORE = HEADINGS.index("best so far"), HEADINGS.index("score")
LEAST_NAME, LONGEST_METRIC = 5, 14


class Progress:
    """Takes events of both sides and shows them on standard error.

    On a terminal it shows a live panel, in a notebook a panel that changes in its place. Elsewhere it writes one line
    for each new best score, and a line with the counts of trials every 30 s and at the end. If quiet it shows nothing.

    Args:
        clock: clock of the run.
        quiet: show nothing.
        stream: where to write; None for standard error, or the notebook whose kernel this process is.
        json_lines: write each event to the stream as JSON, for programs.

    Attributes:
        metric: name of the metric; set once it is known.
        higher_is_better: direction of the metric; set once it is known.
        best: for each side, name, score and number of hold-outs of its best run.
        counts: for each side, number of runs by status.
        running: names of the fits under way, with their side.
        doing: what is being done now.
    """

    def __init__(self, clock: Clock, *, quiet: bool, stream: TextIO | None = None, json_lines: bool = False) -> None:
        self.clock, self.quiet = clock, quiet
        self._stream = terminal.own_stderr() if stream is None else terminal.Lasting(stream)
        self.listeners: list[Listener] = [JsonLines(self._stream, clock)] if json_lines else []
        self.console = terminal.console(self._stream)
        self.metric, self.higher_is_better = "", True
        self.best: dict[str, tuple[str, float, int]] = {}
        self.counts: dict[str, dict[str, int]] = {"deep": {}, "shallow": {}, "floor": {}}
        self.running: dict[str, str] = {}
        self._resumed: dict[str, str] = {}
        self.doing = "reading the data"
        self._live = Live(console=self.console, refresh_per_second=4, get_renderable=self._panel, transient=True)
        self._counted = 0.0
        display = None if quiet or stream is not None else notebook_display()
        self._notebook = None if display is None else Panel(display, lambda: clock.elapsed)

    def __enter__(self) -> Progress:
        if self._notebook is not None:
            self._show_notebook()
        elif not self.quiet and self.console.is_terminal:
            try:
                self._live.start()
            except RuntimeError:  # no further thread can start (`ulimit -u`): plain lines are written instead
                with contextlib.suppress(RuntimeError):
                    self._live.stop()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live.is_started:
            self._live.stop()
        self._count(last=True)
        self.running.clear()
        self.doing = "finished" if kind is None else "stopped"
        for listener in reversed(
            self.listeners
        ):  # the end event of JSON lines, whose listener is the first, comes last
            listener.close()
            problem = getattr(listener, "problem", None)
            if problem is not None:
                self.note(problem)
        self._show_notebook(last=True)
        self._stream.flush()
        self._stream.close()

    def resumed(self, runs: Sequence[Run]) -> None:
        """Take in the runs of earlier calls, so that counts and best scores are those of the whole run."""
        for run in runs:
            counts = self.counts.setdefault(run.side, {})
            counts[run.status] = counts.get(run.status, 0) + 1
            self._resumed[run.name] = run.status
            if run.valid_score is not None:
                self._take_best(run.side, run.name, run.valid_score, run.n_holdouts)

    def _show_notebook(self, *, last: bool = False) -> None:
        """Show the present state in the notebook; `last`: in any case, and without the time left."""
        panel = self._notebook
        if panel is None:
            return
        left = f"{self._left()}; stop the cell to conclude with the best so far"
        panel.title, panel.lead = self.doing, f"after {self.clock.elapsed:.0f} s" if last else left
        panel.share = self.clock.elapsed / max(self.clock.budget_seconds, 1e-9)
        panel.rows = self._rows()
        panel.show(now=last)

    def _left(self) -> str:
        """The time left, in words."""
        left = self.clock.remaining
        return f"{max(0.0, left):.0f} s left" if math.isfinite(left) else "no bound on time"

    def _line(self, text: str, *, soft_wrap: bool = False) -> None:
        self.console.print(printable(f"[{self.clock.elapsed:6.1f} s] {text}"), soft_wrap=soft_wrap)

    def say(self, text: str) -> None:
        """Show what is done next; on plain output as a line, on a terminal in the panel."""
        self.doing = text
        self._pass_on({"event": "phase", "text": text})
        if self._is_plain:
            self._line(text)
        self._show_notebook()

    @property
    def _is_plain(self) -> bool:
        """Whether progress is written as lines, since there is no panel."""
        return not self.quiet and not self._live.is_started and self._notebook is None

    def note(self, text: str) -> None:
        """Show a note as a line; on a terminal it stays above the live panel."""
        self._pass_on({"event": "note", "text": text})
        if self._notebook is not None:
            self._notebook.note(text)
            self._show_notebook()
        elif not self.quiet:
            self._line(f"note: {text}")

    def findings(self, findings: Sequence[Finding], interface: Interface = "shell") -> None:
        """Show the findings about the data, gravest first, one line each; those of low severity are only counted.

        They are not written as JSON lines.

        Args:
            findings: about the data.
            interface: where the user can follow the advice.
        """
        if self.quiet:
            return
        if self._notebook is not None:
            self._notebook.findings([one for one in findings if one.severity != "low"], "python")
            self._show_notebook()
            return
        for finding in gravest_first(findings):
            if finding.severity != "low":
                severity, rest = finding_text(finding, interface).split(":", 1)
                line = Text.assemble(f"[{self.clock.elapsed:6.1f} s] ", (f"{severity}:", COLOURS[severity]), rest)
                self.console.print(line, soft_wrap=not self.console.is_terminal)
        n_low = sum(finding.severity == "low" for finding in findings)
        if n_low:
            notes = "one more note" if n_low == 1 else f"{n_low} more notes"
            self._line(f"{notes} on the data in the report")

    def conclude(self, trust: Trust, interface: Interface) -> None:
        """Show what must be settled before the result is believed, and hand it to the end event of JSON lines.

        Args:
            trust: of the result.
            interface: where the user can follow the advice.
        """
        for listener in self.listeners:
            if isinstance(listener, JsonLines):
                listener.ending["trust"] = {"level": trust.level, "reasons": list(trust.reasons)}
        if self._notebook is not None:
            self._notebook.conclude(trust, "python")
        elif not self.quiet:
            for line in map(printable, trust_lines(trust, interface)):
                style = COLOURS["high" if trust.level == "low" else "medium"]
                self.console.print(Text(line, style), soft_wrap=not self.console.is_terminal)

    def finished(self, folder: Path, result: Mapping[str, Any]) -> None:
        """Hand the finished run to the logs that keep it.

        Args:
            folder: of the run, with report and model.
            result: content of ``result.json``.
        """
        for listener in self.listeners:
            if isinstance(listener, MLflow):
                listener.finished(folder, result)

    def event(self, event: dict[str, Any]) -> None:
        """Take in an event of a side: a start, an epoch, a finished run or a note."""
        side = str(event.get("side", "shallow"))
        if event["event"] != "note":
            self._pass_on(event)
        if event["event"] == "start":
            self.doing = f"{side}: {event['name']}"
            if not event.get("refit"):  # a refit of a finalist is not a run of its own
                self.running[event["name"]] = side
        elif event["event"] == "epoch":
            self.doing = f"{side}: {event['name']}, epoch {event['epoch']:g}, valid {figure(event['valid_score'])}"
        elif event["event"] == "run":
            self._ran(side, event)
        elif event["event"] == "note":
            self.note(str(event["text"]))
        self._show_notebook()

    def _pass_on(self, event: dict[str, Any]) -> None:
        for listener in self.listeners:
            listener.event(event)

    def _count(self, *, last: bool = False) -> None:
        """On plain output, write the counts of done, cut and failed runs, every `COUNT_SECONDS` and at the end."""
        if not self._is_plain or not (last or self.clock.elapsed - self._counted >= COUNT_SECONDS):
            return
        self._counted = self.clock.elapsed
        parts = []
        for side in ("shallow", "deep"):
            counts = self.counts.get(side, {})
            if counts:
                numbers = ", ".join(f"{counts.get(status, 0)} {status}" for status in ("done", "cut", "failed"))
                best = f", best {figure(self.best[side][1])}" if side in self.best else ""
                parts.append(f"{side} {numbers}{best}")
        if parts:
            left = f" ({max(0.0, self.clock.remaining):.0f} s left)" if math.isfinite(self.clock.remaining) else ""
            self._line(f"trials: {'; '.join(parts)}{left}", soft_wrap=True)

    def _ran(self, side: str, event: dict[str, Any]) -> None:
        self.running.pop(event["name"], None)
        counts = self.counts.setdefault(side, {})
        if before := self._resumed.pop(event["name"], None):  # its model was lost, so it was fitted again
            counts[before] -= 1
        counts[event["status"]] = counts.get(event["status"], 0) + 1
        score = event.get("score")
        if score is not None:
            self._better(side, event["name"], score, int(event.get("n_holdouts", 1)))
        self._count()

    def _better(self, side: str, name: str, score: float, n_holdouts: int) -> None:
        """Take in a score, and write a line if it is a new best."""
        if self._take_best(side, name, score, n_holdouts) and self._is_plain:
            self._line(f"{side} {name}: {self.metric} {figure(score)} on validation rows ({self._left()})")

    def _take_best(self, side: str, name: str, score: float, n_holdouts: int) -> bool:
        """Take in a score; whether it is a new best. A score on more hold-outs replaces one on fewer."""
        best = self.best.get(side)
        better = best is None or (score > best[1] if self.higher_is_better else score < best[1])
        if best is None or n_holdouts > best[2] or (n_holdouts == best[2] and better):
            self.best[side] = (name, score, n_holdouts)
            return True
        return False

    def _rows(self) -> list[list[str]]:
        """For each side: its name, best run, best score, and number of runs by status, as in `HEADINGS`."""
        made = []
        for side in ("floor", "shallow", "deep"):
            name, score, _ = self.best.get(side, ("", float("nan"), 1))
            counts = self.counts.get(side, {})
            numbers = [sum(own == side for own in list(self.running.values()))]
            numbers += [counts.get(status, 0) for status in ("done", "cut", "failed")]
            made.append([side, printable(name) or "-", figure(score) if name else "-", *map(str, numbers)])
        return made

    def _panel(self) -> Group:
        gap, rows = 2 if self.console.width >= WIDE else 1, self._rows()
        headings = [self.metric or one if one == "score" else one for one in HEADINGS]
        texts = [[heading, *column] for heading, column in zip(headings, zip(*rows, strict=True), strict=True)]
        widths = [max(map(cell_len, column)) for column in texts]
        widths[SCORE] = max(min(widths[SCORE], LONGEST_METRIC), *map(cell_len, texts[SCORE][1:]))
        others = sum(width for place, width in enumerate(widths) if place != NAME) + 2 * gap * len(widths)
        widths[NAME] = max(LEAST_NAME, min(widths[NAME], self.console.width - others))  # names give way to the counts
        table = Table(box=None, padding=(0, gap), show_header=True)
        for place, (heading, width) in enumerate(zip(headings, widths, strict=True)):
            justify: JustifyMethod = "left" if place <= NAME else "right"
            table.add_column(heading, justify=justify, no_wrap=True, overflow="ellipsis", width=width)
        for row in rows:
            table.add_row(*row)
        share = min(1.0, self.clock.elapsed / max(self.clock.budget_seconds, 1e-9))
        words = f"   {self._left()} (Ctrl-C concludes with the best so far)"
        doing = Text(printable(self.doing), no_wrap=True, overflow="ellipsis")
        doing.truncate(max(8, self.console.width - len(words)), overflow="ellipsis")
        return Group(
            doing.append(words),
            ProgressBar(total=1.0, completed=share, width=min(60, self.console.width)),
            table,
        )
