"""What the user sees while it runs."""

import io

from automl.clock import Clock
from automl.flow.progress import Progress
from automl.records import Finding


def told(events, **options):
    stream = io.StringIO()
    progress = Progress(Clock(60), quiet=options.pop("quiet", False), stream=stream)
    progress.metric, progress.higher_is_better = "r2", options.pop("higher_is_better", True)
    for event in events:
        progress.event(event)
    return stream.getvalue(), progress


def ran(side, name, score, status="done"):
    return {"event": "run", "side": side, "name": name, "score": score, "status": status}


def test_each_new_best_is_a_line_with_the_time_left():
    text, _ = told([ran("deep", "mlp-1", 0.5), ran("deep", "mlp-2", 0.4), ran("shallow", "ridge-1", 0.6)])
    assert "mlp-1: r2 0.5000" in text and "ridge-1: r2 0.6000" in text and "s left" in text
    assert "mlp-2" not in text


def test_lower_is_better_where_the_metric_says_so():
    text, _ = told([ran("deep", "a", 2.0), ran("deep", "b", 1.0), ran("deep", "c", 3.0)], higher_is_better=False)
    assert " b:" in text and " c:" not in text


def test_findings_are_lines_gravest_first_and_small_ones_are_counted():
    low, medium = Finding("a", "low", "A."), Finding("b", "medium", "B [x].", "Do b.")
    high = Finding("c", "high", "C.", "Do c.", rows=(3,), count=1)
    stream = io.StringIO()

    Progress(Clock(60), quiet=False, stream=stream).findings([low, medium, low, high])

    lines = [line.split("] ", 1)[1] for line in stream.getvalue().splitlines()]
    assert lines == ["high: C. (Row 3.) Do c.", "medium: B [x]. Do b.", "2 notes more on the data in the report"]


def test_findings_are_not_for_programs():
    stream = io.StringIO()

    Progress(Clock(60), quiet=True, stream=stream, json_lines=True).findings([Finding("c", "high", "C.")])

    assert stream.getvalue() == ""


def test_quiet_shows_nothing():
    assert told([ran("deep", "a", 2.0)], quiet=True)[0] == ""


def test_the_panel_shows_both_sides_and_what_failed():
    _, progress = told(
        [ran("deep", "mlp-1", 0.5), ran("deep", "mlp-2", None, "failed"), ran("shallow", "ridge-1", 0.6)]
    )
    with progress.console.capture() as shown:
        progress.console.print(progress._panel())
    text = shown.get()
    assert "mlp-1" in text and "ridge-1" in text and "Ctrl-C" in text
    assert progress.counts["deep"] == {"done": 1, "failed": 1}
