"""In a notebook a run shows one panel that changes in its place, with findings as text that wraps."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from automl.flow.budget.clock import Clock
from automl.flow.progress.console import Progress
from automl.flow.progress.notebook import UPDATE_SECONDS, Panel, notebook_display
from automl.records import Finding
from automl.report.trust import trust_of

LEAK = Finding(
    "leaking_column", "high", "'paid' <explains> all.", "Leave it out: --drop paid.", options=(("drop", ("paid",)),)
)


class Page:
    """Stands for the page of a notebook: what was displayed, and what each was replaced by."""

    def __init__(self) -> None:
        self.shown: list[list[str]] = []

    def display(self, panel: Any, *, display_id: bool) -> Any:
        assert display_id
        states = [panel._repr_html_()]
        self.shown.append(states)
        return SimpleNamespace(update=lambda again: states.append(again._repr_html_()))


def loaded(monkeypatch: pytest.MonkeyPatch, display: Any, shell: Any) -> None:
    ipython, part = ModuleType("IPython"), ModuleType("IPython.display")
    ipython.get_ipython = lambda: shell  # type: ignore[attr-defined]
    part.display = display  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", part)


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Page:
    made = Page()
    loaded(monkeypatch, made.display, SimpleNamespace(kernel=object()))
    return made


def test_a_run_shows_one_panel_and_no_lines(page: Page, capfd: pytest.CaptureFixture[str]) -> None:
    with Progress(Clock(60), quiet=False) as progress:
        progress.say("reading")
        progress.findings([LEAK, Finding("b", "low", "Small.")], "python")
        progress.note("a note")
        progress.event({"event": "start", "side": "deep", "name": "mlp-1"})
        progress.event({"event": "run", "side": "deep", "name": "mlp-1", "status": "done", "score": 0.5})
        progress.conclude(trust_of([LEAK]), "python")
    (states,) = page.shown
    assert capfd.readouterr().err == ""
    assert "reading the data" in states[0] and "stop the cell" in states[0]
    last = states[-1]
    assert last.index("Settle this") < last.index("mlp-1") < last.index("a note")
    assert last.count("explains") == 1  # not among the findings as well
    assert "&lt;explains&gt;" in last and "drop=[&quot;paid&quot;]" in last and "finished" in last


def test_a_run_that_fails_leaves_no_panel_that_looks_alive(page: Page) -> None:
    with pytest.raises(ZeroDivisionError), Progress(Clock(60), quiet=False):
        raise ZeroDivisionError
    assert "stopped" in page.shown[0][-1]


def test_a_quiet_run_or_another_stream_shows_no_panel(page: Page) -> None:
    with Progress(Clock(60), quiet=True) as progress:
        progress.say("reading")
    assert page.shown == []


def test_the_panel_changes_at_most_so_often(page: Page) -> None:
    times = iter([0.0, 0.0, 0.1, UPDATE_SECONDS, UPDATE_SECONDS, UPDATE_SECONDS])
    panel = Panel(page.display, lambda: next(times))
    panel.show()
    panel.show()
    panel.show()
    panel.show(now=True)
    assert len(page.shown[0]) == 3


def test_a_page_that_is_gone_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: Any, **__: Any) -> None:
        raise OSError

    loaded(monkeypatch, gone, SimpleNamespace(kernel=object()))
    with Progress(Clock(60), quiet=False) as progress:
        progress.say("reading")


@pytest.mark.parametrize("shell", [None, SimpleNamespace(), SimpleNamespace(kernel=None)])
def test_ipython_on_a_terminal_is_no_notebook(monkeypatch: pytest.MonkeyPatch, shell: Any) -> None:
    loaded(monkeypatch, print, shell)
    assert notebook_display() is None


def test_nothing_is_imported_to_find_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    assert notebook_display() is None and "IPython" not in sys.modules
    monkeypatch.setitem(sys.modules, "IPython", ModuleType("IPython"))
    assert notebook_display() is None


def test_without_html_the_panel_is_a_few_lines() -> None:
    panel = Panel(print, lambda: 0.0)
    panel.title, panel.lead, panel.rows = "deep: mlp-1", "9 s left", [["deep", "mlp-1", "0.5"]]
    panel.note("a note")
    assert repr(panel).splitlines() == ["deep: mlp-1 (9 s left)", "deep mlp-1 0.5", "a note"]
