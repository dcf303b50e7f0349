"""Shows the progress of a run in a notebook: one panel that changes in its place, with findings as wrapped text."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from automl.records import Finding
from automl.report import card
from automl.report.findings import finding_text
from automl.report.trust import Trust
from automl.system.advice import Interface

__all__ = ["Display", "Panel", "notebook_display"]

Display = Callable[..., Any]
"""`IPython.display.display`: with ``display_id=True`` it returns a handle whose `update` replaces what was shown."""

HEADINGS = ("side", "best so far", "score", "running", "done", "cut", "failed")
UPDATE_SECONDS = 0.5
MOST_NOTES = 20


def notebook_display() -> Display | None:
    """The function that shows objects in a notebook, if this process is the kernel of one; else None.

    IPython is not imported unless it is loaded already.
    """
    ipython: Any = sys.modules.get("IPython")
    try:
        shell = None if ipython is None else ipython.get_ipython()
        if shell is None or getattr(shell, "kernel", None) is None:  # plain Python, or IPython on a terminal
            return None
        display: Display = import_module("IPython.display").display
    except Exception:  # another module of that name, or one that is half loaded
        return None
    return display


class Panel:
    """One panel of a notebook that changes in its place. It never raises: a run does not end for want of a display.

    Args:
        display: shows objects, see `Display`.
        now: returns the seconds since the call.

    Attributes:
        title: what is being done.
        lead: a line below it.
        share: of the budget that is used, 0 to 1.
        rows: one for each side, as in `HEADINGS`.
    """

    def __init__(self, display: Display, now: Callable[[], float]) -> None:
        self.title, self.lead, self.share = "", "", 0.0
        self.rows: Sequence[Sequence[str]] = ()
        self._notes: list[str] = []
        self._findings: tuple[Finding, ...] = ()
        self._interface: Interface = "python"
        self._alarm: str = ""
        self._words: list[str] = []
        self._display: Display | None = display
        self._now, self._shown_at = now, -UPDATE_SECONDS
        self._handle: Any = None

    def note(self, text: str) -> None:
        """Add a note."""
        self._notes.append(text)
        self._words.append(text)

    def findings(self, findings: Sequence[Finding], interface: Interface) -> None:
        """Show findings, gravest first, as a list."""
        self._findings, self._interface = tuple(findings), interface
        self._words += [finding_text(finding, interface) for finding in findings]

    def conclude(self, trust: Trust, interface: Interface) -> None:
        """Show first what must be settled before the result is believed."""
        self._alarm = card.alarm(trust.level, [finding_text(one, interface) for one in trust.findings])
        self._findings = tuple(one for one in self._findings if one not in trust.findings)

    def show(self, *, now: bool = False) -> None:
        """Show the panel, or change it if it was not changed just now.

        Args:
            now: change it in any case.
        """
        if self._display is None or not (now or self._now() - self._shown_at >= UPDATE_SECONDS):
            return
        self._shown_at = self._now()
        try:
            if self._handle is None:
                self._handle = self._display(self, display_id=True)
            else:
                self._handle.update(self)
        except Exception:  # the page was closed, or shows nothing
            self._display = None

    def __repr__(self) -> str:
        rows = [" ".join(row) for row in self.rows if any(row[1:])]
        return "\n".join([f"{self.title} ({self.lead})", *rows, *self._words[-MOST_NOTES:]])

    def _repr_html_(self) -> str:
        table = card.table(HEADINGS, self.rows, tuple(range(2, len(HEADINGS))))
        notes = card.lines(self._notes[-MOST_NOTES:], "quiet")
        findings = card.findings_list(self._findings, self._interface)
        return card.card(self.title, self.lead, card.bar(self.share), table, findings, notes, first=self._alarm)
