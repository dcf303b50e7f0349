"""What programs and TensorBoard hear of a run."""

import io
import json
import math

import pytest
from hand_clock import HandClock

from automl.flow.budget.clock import Clock
from automl.flow.progress import listeners
from automl.flow.progress.console import Progress
from automl.flow.progress.listeners import JsonLines, TensorBoard

START = {"event": "start", "side": "deep", "name": "mlp-1", "settings": {"width": 8}}
EPOCH = {"event": "epoch", "side": "deep", "name": "mlp-1", "epoch": 1.5, "loss": 0.7, "valid_score": 0.6}
RUN = {"event": "run", "side": "deep", "name": "mlp-1", "score": 0.6, "status": "done"}


def lines(stream):
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_each_event_is_a_line_with_its_times_and_the_last_says_end():
    stream = io.StringIO()
    progress = Progress(Clock(60), quiet=True, stream=stream, json_lines=True)
    progress.say("reading")
    for event in (START, RUN, {"event": "note", "side": "deep", "text": "full"}):
        progress.event(event)
    progress.listeners[0].close()
    found = lines(stream)
    assert [line["event"] for line in found] == ["phase", "start", "run", "note", "end"]
    assert all(0 <= line["elapsed_seconds"] < 60 and line["left_seconds"] <= 60 for line in found)
    assert found[2]["score"] == 0.6 and found[1]["settings"] == {"width": 8}


def test_epochs_are_throttled_and_what_is_not_finite_is_null(monkeypatch):
    clock, stream = HandClock(), io.StringIO()
    monkeypatch.setattr(listeners, "time", clock)
    writer = JsonLines(stream, Clock(math.inf))
    for _ in range(10):
        writer.event({**EPOCH, "loss": math.nan})
        clock.sleep(listeners.EPOCH_SECONDS / 4)
    assert len(lines(stream)) == 3  # the first of every four
    assert lines(stream)[0]["loss"] is None and lines(stream)[0]["left_seconds"] is None


def test_a_reader_that_went_away_does_not_end_the_run():
    class Closed(io.StringIO):
        def write(self, text):
            raise BrokenPipeError

    writer = JsonLines(Closed(), Clock(1))
    writer.event(START)
    writer.event(RUN)
    assert writer.closed


def test_tensorboard_reads_back_what_was_written(tmp_path):
    loader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    board = TensorBoard(tmp_path)
    board.event({**RUN, "side": "shallow", "name": "ridge-1", "score": 0.5})
    assert not list(tmp_path.iterdir())  # nothing loads TensorFlow before the deep side does
    for event in (START, EPOCH, RUN):
        board.event(event)
    board.close()
    found = loader.EventAccumulator(str(tmp_path / "mlp-1"))
    found.Reload()
    (point,) = found.Scalars("valid_score")
    assert (point.step, point.value) == (1500, pytest.approx(0.6))
    assert found.Scalars("final/deep")[0].value == pytest.approx(0.6)
    assert b"width" in found.Tensors("settings")[0].tensor_proto.string_val[0]
    assert (tmp_path / "ridge-1").is_dir()


def test_a_full_disk_ends_the_logging_and_is_told(tmp_path):
    board = TensorBoard(tmp_path / "file")
    (tmp_path / "file").write_text("in the way")
    board.event(START)
    assert board.problem is not None
    board.event(EPOCH)
    board.close()


def test_the_panel_counts_what_is_running():
    progress = Progress(Clock(60), quiet=False, stream=io.StringIO())
    progress.event(START)
    assert progress.running == {"mlp-1": "deep"}
    progress.event(RUN)
    assert progress.running == {}
