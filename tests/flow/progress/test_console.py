"""What the user sees while it runs."""

import io
import json
from types import SimpleNamespace

import pytest

from automl.flow.budget.clock import Clock
from automl.flow.progress.console import Progress
from automl.records import Finding, Run
from automl.report.trust import trust_of


def said(events, **options):
    stream = io.StringIO()
    progress = Progress(Clock(60), quiet=options.pop("quiet", False), stream=stream)
    progress.metric, progress.higher_is_better = "r2", options.pop("higher_is_better", True)
    for event in events:
        progress.event(event)
    return stream.getvalue(), progress


def ran(side, name, score, status="done"):
    return {"event": "run", "side": side, "name": name, "score": score, "status": status}


def test_each_new_best_is_a_line_with_the_time_left():
    text, _ = said([ran("deep", "mlp-1", 0.5), ran("deep", "mlp-2", 0.4), ran("shallow", "ridge-1", 0.6)])
    assert "mlp-1: r2 0.5000" in text and "ridge-1: r2 0.6000" in text and "s left" in text
    assert "mlp-2" not in text


def test_lower_is_better_where_the_metric_says_so():
    text, _ = said([ran("deep", "a", 2.0), ran("deep", "b", 1.0), ran("deep", "c", 3.0)], higher_is_better=False)
    assert " b:" in text and " c:" not in text


def test_findings_are_lines_gravest_first_and_small_ones_are_counted():
    low, medium = Finding("a", "low", "A."), Finding("b", "medium", "B [x].", "Do b.")
    high = Finding("c", "high", "C.", "Do c.", rows=(3,), count=1)
    stream = io.StringIO()

    Progress(Clock(60), quiet=False, stream=stream).findings([low, medium, low, high])

    lines = [line.split("] ", 1)[1] for line in stream.getvalue().splitlines()]
    assert lines == ["high: C. (Row 3.) Do c.", "medium: B [x]. Do b.", "2 more notes on the data in the report"]


def test_findings_are_not_for_programs():
    stream = io.StringIO()

    Progress(Clock(60), quiet=True, stream=stream, json_lines=True).findings([Finding("c", "high", "C.")])

    assert stream.getvalue() == ""


LEAK = Finding(
    "leaking_column", "high", "'paid' explains all.", "Leave it out: --drop paid.", options=(("drop", ("paid",)),)
)


def test_at_the_end_what_must_be_settled_is_shown_in_the_users_words():
    for interface, words in (("shell", "--drop paid"), ("python", 'drop=["paid"]')):
        stream = io.StringIO()
        Progress(Clock(60), quiet=False, stream=stream).conclude(trust_of([LEAK, Finding("a", "low", "A.")]), interface)
        assert stream.getvalue().splitlines() == [
            "Settle this before you rely on the result (trust: low):",
            f"  high: 'paid' explains all. Leave it out: {words}.",
        ]


def test_a_sound_or_quiet_run_ends_without_such_lines():
    for quiet, findings in ((True, [LEAK]), (False, [Finding("a", "low", "A.")])):
        stream = io.StringIO()
        Progress(Clock(60), quiet=quiet, stream=stream).conclude(trust_of(findings), "shell")
        assert stream.getvalue() == ""


def test_the_end_event_holds_the_trust_and_comes_last():
    stream = io.StringIO()
    with Progress(Clock(60), quiet=True, stream=stream, json_lines=True) as progress:
        progress.listeners.append(SimpleNamespace(event=lambda event: None, close=lambda: None, problem="disk full"))
        progress.conclude(trust_of([LEAK]), "shell")
    note, end = map(json.loads, stream.getvalue().splitlines())
    assert (note["event"], end["event"]) == ("note", "end")
    assert end["trust"] == {"level": "low", "reasons": ["'paid' explains all."]}


def test_a_run_that_fails_ends_without_trust():
    stream = io.StringIO()
    with pytest.raises(ZeroDivisionError), Progress(Clock(60), quiet=True, stream=stream, json_lines=True):
        raise ZeroDivisionError
    assert "trust" not in json.loads(stream.getvalue())


def test_quiet_shows_nothing():
    assert said([ran("deep", "a", 2.0)], quiet=True)[0] == ""


def test_the_panel_shows_both_sides_and_what_failed():
    _, progress = said(
        [ran("deep", "mlp-1", 0.5), ran("deep", "mlp-2", None, "failed"), ran("shallow", "ridge-1", 0.6)]
    )
    with progress.console.capture() as shown:
        progress.console.print(progress._panel())
    text = shown.get()
    assert "mlp-1" in text and "ridge-1" in text and "Ctrl-C" in text
    assert progress.counts["deep"] == {"done": 1, "failed": 1}


HOSTILE = "\x1b]0;x\x07[red]a[/]\nerror: b\u202e"


def test_names_take_one_line_and_act_on_nothing():
    text, progress = said([ran("deep", HOSTILE, 0.5)])
    stream = io.StringIO()
    shown = Progress(Clock(60), quiet=False, stream=stream)
    shown.say(HOSTILE)
    shown.note(HOSTILE)
    shown.findings([Finding("c", "high", f"C {HOSTILE}.")])
    text += stream.getvalue()
    assert not [c for c in text if c != "\n" and not c.isprintable()]
    assert not any(line.startswith("error:") for line in text.splitlines())
    assert text.count("[red]a[/]") == 4
    with progress.console.capture() as panel:
        progress.doing = HOSTILE
        progress.console.print(progress._panel())
    assert not [c for c in panel.get() if c != "\n" and not c.isprintable()]


def test_json_lines_are_whole_whatever_the_names_and_the_encoding():
    class Ascii(io.StringIO):
        encoding = "ascii"

    for stream in (io.StringIO(), Ascii()):
        with Progress(Clock(60), quiet=True, stream=stream, json_lines=True) as progress:
            progress.event(ran("deep", HOSTILE + "\udce9ö", 0.5))
        lines = stream.getvalue().split("\n")
        assert json.loads(lines[0])["name"] == HOSTILE + "\udce9ö"
        assert json.loads(lines[1])["event"] == "end" and lines[2:] == [""]
        assert not [c for c in lines[0] if not c.isprintable()]
    assert lines[0].isascii()


class Gone(io.StringIO):
    def __init__(self, error):
        super().__init__()
        self.error, self.tries = error, 0

    def write(self, text):
        self.tries += 1
        raise self.error


@pytest.mark.parametrize("error", [BrokenPipeError(), OSError(5, "EIO"), ValueError("closed file"), KeyError("own")])
@pytest.mark.parametrize("json_lines", [False, True])
def test_a_reader_that_goes_away_ends_nothing(error, json_lines):
    stream = Gone(error)
    with Progress(Clock(60), quiet=json_lines, stream=stream, json_lines=json_lines) as progress:
        progress.say("a")
        progress.note("b")
        progress.findings([Finding("c", "high", "C.")])
        progress.event(ran("deep", "mlp-1", 0.5))
    assert stream.tries > 0 and progress.counts["deep"] == {"done": 1}


def test_a_terminal_that_is_closed_under_the_panel_ends_nothing():
    class Terminal(Gone):
        def isatty(self):
            return True

    stream = Terminal(OSError(5, "EIO"))
    with Progress(Clock(60), quiet=False, stream=stream) as progress:
        assert progress._live.is_started
        progress.event(ran("deep", "mlp-1", 0.5))
        progress._live.refresh()
    assert stream.tries > 0 and not progress._live.is_started


def test_a_panel_whose_thread_may_not_start_gives_way_to_lines(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    def refuse(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("threading.Thread.start", refuse)
    stream = Terminal()
    with Progress(Clock(60), quiet=False, stream=stream) as progress:
        assert not progress._live.is_started
        progress.say("reading")
    assert "reading" in stream.getvalue()


@pytest.mark.parametrize("stream", [None, Gone(OSError(9, "EBADF"))])
def test_a_process_without_standard_error_has_no_progress_and_no_trouble(monkeypatch, stream):
    monkeypatch.setattr("sys.stderr", stream)
    with Progress(Clock(60), quiet=False) as progress:
        progress.say("a")
        progress.event(ran("deep", "mlp-1", 0.5))
    assert progress.best["deep"][0] == "mlp-1"


@pytest.mark.parametrize("width", [60, 79, 80, 99, 100, 101, 140])
@pytest.mark.parametrize("name", ["mlp-1", "histogram_gradient_boosting_ensemble_" * 3])
@pytest.mark.parametrize("metric", ["r2", "mean_absolute_percentage_error"])
def test_the_panel_keeps_its_counts_on_terminals_of_any_width(width, name, metric):
    _, progress = said([ran("deep", name, 0.5), ran("deep", "b", None, "failed"), ran("shallow", "ridge-1", 0.6)])
    progress.metric, progress.doing = metric, f"deep: {name}, epoch 3"
    progress.console.width = width
    with progress.console.capture() as shown:
        progress.console.print(progress._panel())
    lines = shown.get().splitlines()
    assert max(map(len, lines)) <= width
    assert lines[-4].split()[-4:] == ["running", "done", "cut", "failed"]
    assert lines[-1].split()[-4:] == ["0", "1", "0", "1"] and "0.5000" in lines[-1]
    assert "Ctrl-C" in lines[0]


def test_a_resumed_run_counts_the_runs_of_all_calls():
    earlier = [Run("ridge-1", "shallow", "done", "ridge", valid_score=0.9), Run("mlp-1", "deep", "failed", "mlp"),
               Run("ridge-2", "shallow", "cut", "ridge", valid_score=0.1)]  # fmt: skip
    stream = io.StringIO()
    with Progress(Clock(60), quiet=False, stream=stream) as progress:
        progress.resumed(earlier)
        progress.event(ran("shallow", "ridge-3", 0.5))
        progress.event(ran("shallow", "ridge-1", 0.9))  # fitted again, since its model was lost
    last = stream.getvalue().splitlines()[-1]
    assert "shallow 2 done, 1 cut, 0 failed, best 0.9000; deep 0 done, 0 cut, 1 failed" in last
