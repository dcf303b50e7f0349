"""What the user sees while it runs: what is being fitted, the best of both sides, the time left."""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any, TextIO

from rich.console import Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from automl.flow.budget.clock import Clock
from automl.flow.progress.listeners import JsonLines, Listener
from automl.records import Finding
from automl.report.findings import COLOURS, finding_text, gravest_first
from automl.system import terminal
from automl.system.printable import printable

__all__ = ["Progress", "quiet_libraries"]

COUNT_SECONDS = 30.0


@contextlib.contextmanager
def quiet_libraries() -> Iterator[None]:
    """Keep what native libraries write to standard error off the terminal; our own `Progress` is not touched."""
    try:
        kept = os.dup(2)
    except OSError:  # no standard error at all
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


class Progress:
    """Listens to events of both sides and shows them on standard error.

    On a terminal a live panel; elsewhere one line for each new best, and every 30 s and at the end one with the counts
    of trials; nothing when quiet.

    Args:
        clock: of the run.
        quiet: show nothing.
        higher_is_better: set when known.
        metric: set when known.
        json_lines: write each event to the stream as JSON, for programs.
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
        self.doing = "reading the data"
        self._live = Live(console=self.console, refresh_per_second=4, get_renderable=self._panel, transient=True)
        self._counted = 0.0

    def __enter__(self) -> Progress:
        if not self.quiet and self.console.is_terminal:
            try:
                self._live.start()
            except RuntimeError:  # no further thread may start (`ulimit -u`): plain lines will do
                with contextlib.suppress(RuntimeError):
                    self._live.stop()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live.is_started:
            self._live.stop()
        self._count(last=True)
        for listener in self.listeners:
            listener.close()
            problem = getattr(listener, "problem", None)
            if problem is not None:
                self.note(problem)
        self._stream.flush()
        self._stream.close()

    def _line(self, text: str, *, soft_wrap: bool = False) -> None:
        self.console.print(printable(f"[{self.clock.elapsed:6.1f} s] {text}"), soft_wrap=soft_wrap)

    def say(self, text: str) -> None:
        """A line that stays."""
        self.doing = text
        self._pass_on({"event": "phase", "text": text})
        if not self.quiet and not self._live.is_started:
            self._line(text)

    def note(self, text: str) -> None:
        """A line that stays, above the live panel too."""
        self._pass_on({"event": "note", "text": text})
        if not self.quiet:
            self._line(f"note: {text}")

    def findings(self, findings: Sequence[Finding]) -> None:
        """What is odd about the data, gravest first, one line each; low ones are counted. Not for programs."""
        if self.quiet:
            return
        for finding in gravest_first(findings):
            if finding.severity != "low":
                severity, rest = finding_text(finding).split(":", 1)
                line = Text.assemble(f"[{self.clock.elapsed:6.1f} s] ", (f"{severity}:", COLOURS[severity]), rest)
                self.console.print(line, soft_wrap=not self.console.is_terminal)
        n_low = sum(finding.severity == "low" for finding in findings)
        if n_low:
            notes = "one note" if n_low == 1 else f"{n_low} notes"
            self._line(f"{notes} more on the data in the report")

    def event(self, event: dict[str, Any]) -> None:
        """Take in what a side reports: a start, an epoch or a finished run."""
        side = str(event.get("side", "shallow"))
        if event["event"] != "note":
            self._pass_on(event)
        if event["event"] == "start":
            self.doing = f"{side}: {event['name']}"
            if not event.get("seed"):  # another seed of a finalist is no run of its own
                self.running[event["name"]] = side
        elif event["event"] == "epoch":
            self.doing = f"{side}: {event['name']}, epoch {event['epoch']:g}, valid {event['valid_score']:.4g}"
        elif event["event"] == "run":
            self._ran(side, event)
        elif event["event"] == "note":
            self.note(str(event["text"]))

    def _pass_on(self, event: dict[str, Any]) -> None:
        for listener in self.listeners:
            listener.event(event)

    def _count(self, *, last: bool = False) -> None:
        """On plain lines, now and then and at the end: what was done, cut and failed on both sides."""
        if self.quiet or self._live.is_started or not (last or self.clock.elapsed - self._counted >= COUNT_SECONDS):
            return
        self._counted = self.clock.elapsed
        parts = []
        for side in ("shallow", "deep"):
            counts = self.counts.get(side, {})
            if counts:
                said = ", ".join(f"{counts.get(status, 0)} {status}" for status in ("done", "cut", "failed"))
                best = f", best {self.best[side][1]:.4f}" if side in self.best else ""
                parts.append(f"{side} {said}{best}")
        if parts:
            left = f" ({max(0.0, self.clock.remaining):.0f} s left)" if math.isfinite(self.clock.remaining) else ""
            self._line(f"trials: {'; '.join(parts)}{left}", soft_wrap=True)

    def _ran(self, side: str, event: dict[str, Any]) -> None:
        self.running.pop(event["name"], None)
        counts = self.counts.setdefault(side, {})
        counts[event["status"]] = counts.get(event["status"], 0) + 1
        score = event.get("score")
        if score is not None:
            self._better(side, event["name"], score, int(event.get("n_holdouts", 1)))
        self._count()

    def _better(self, side: str, name: str, score: float, n_holdouts: int) -> None:
        """Take in a score; a new best is a line. A mean of several hold-outs counts for more than a score on one."""
        best = self.best.get(side)
        better = best is None or (score > best[1] if self.higher_is_better else score < best[1])
        if best is None or n_holdouts > best[2] or (n_holdouts == best[2] and better):
            self.best[side] = (name, score, n_holdouts)
            if not self.quiet and not self._live.is_started:
                left = max(0.0, self.clock.remaining)
                self._line(f"{side} {name}: {self.metric} {score:.4f} on validation rows ({left:.0f} s left)")

    def _panel(self) -> Group:
        table = Table(box=None, padding=(0, 2), show_header=True)
        for heading in ("side", "best so far", self.metric or "score", "running", "done", "cut", "failed"):
            table.add_column(heading, justify="left" if heading in ("side", "best so far") else "right")
        for side in ("floor", "shallow", "deep"):
            name, score, _ = self.best.get(side, ("", float("nan"), 1))
            counts = self.counts.get(side, {})
            table.add_row(
                side,
                printable(name) or "-",
                f"{score:.4f}" if name else "-",
                str(sum(own == side for own in self.running.values())),
                *(str(counts.get(s, 0)) for s in ("done", "cut", "failed")),
            )
        share = min(1.0, self.clock.elapsed / max(self.clock.budget_seconds, 1e-9))
        left = max(0.0, self.clock.remaining)
        return Group(
            Text(f"{printable(self.doing)}   {left:.0f} s left (Ctrl-C concludes with the best so far)"),
            ProgressBar(total=1.0, completed=share, width=60),
            table,
        )
