"""Who else hears of trials: a stream of JSON lines, TensorBoard."""

from __future__ import annotations

import contextlib
import json
import math
import time
from pathlib import Path
from typing import Any, Protocol, TextIO

from automl.flow.budget.clock import Clock
from automl.storage import files
from automl.system.printable import json_printable
from automl.system.terminal import Lasting

__all__ = ["JsonLines", "Listener", "TensorBoard"]

EPOCH_SECONDS = 0.25


class Listener(Protocol):
    """Takes in the events of a run."""

    def event(self, event: dict[str, Any]) -> None:
        """Something happened."""
        ...

    def close(self) -> None:
        """The run is over."""
        ...


class JsonLines:
    """Events as one JSON object a line, for programs that watch a run; docs/progress.md lists the fields.

    Args:
        stream: where to; a reader that has gone away ends the writing and not the run.
        clock: of the run.
    """

    def __init__(self, stream: TextIO | Lasting, clock: Clock) -> None:
        self.stream, self.clock = stream, clock
        self.closed = False
        self._last_epoch = -math.inf

    def event(self, event: dict[str, Any]) -> None:
        """Write one line; epochs at most four times a second."""
        if self.closed:
            return
        now = time.monotonic()
        if event["event"] == "epoch":
            if now - self._last_epoch < EPOCH_SECONDS:
                return
            self._last_epoch = now
        left = self.clock.remaining
        times = {
            "elapsed_seconds": round(self.clock.elapsed, 3),
            "left_seconds": round(max(left, 0.0), 3) if math.isfinite(left) else None,
        }
        plain = not (getattr(self.stream, "encoding", None) or "utf-8").lower().startswith("utf")
        line = json_printable(json.dumps(_finite({**event, **times}), ensure_ascii=plain, default=str))
        try:
            self.stream.write(line + "\n")
            self.stream.flush()
        except Exception:  # of whatever stands in the place of standard error
            self.closed = True

    def close(self) -> None:
        """Say that this was all."""
        self.event({"event": "end"})


class TensorBoard:
    """Scalars of each trial under ``<folder>/<run>``: loss and validation score by epoch, then its settings.

    TensorBoard's writer loads TensorFlow, so events wait in memory until the deep side has loaded it anyway. A disk
    that is full ends the logging and not the run.

    Args:
        folder: for event files.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problem: str | None = None
        self._waiting: list[tuple[float, dict[str, Any]]] = []
        self._open: dict[str, Any] = {}

    def event(self, event: dict[str, Any]) -> None:
        """Note an event; write all once the deep side speaks."""
        if event["event"] not in ("start", "epoch", "run") or self.problem is not None:
            return
        self._waiting.append((time.time(), event))
        if event.get("side") == "deep":
            self._write()

    def close(self) -> None:
        """Write what waits and close the files."""
        self._write()
        for writer in self._open.values():
            with contextlib.suppress(Exception):
                writer.close()
        self._open.clear()

    def _write(self) -> None:
        try:
            for when, event in self._waiting:
                self._take(when, event)
        except Exception as error:  # TensorFlow's own errors for files; a log must not end a run
            self.problem = f"TensorBoard's files cannot be written ({error}); trials are not logged from here on"
        self._waiting.clear()

    def _take(self, when: float, event: dict[str, Any]) -> None:
        from tensorboard.compat.proto import event_pb2, summary_pb2
        from tensorboard.plugins.text import metadata
        from tensorboard.summary.writer.event_file_writer import EventFileWriter
        from tensorboard.util import tensor_util

        name = str(event["name"])
        if name not in self._open:
            files.refuse_link(self.folder)
            self._open[name] = EventFileWriter(str(files.refuse_link(self.folder / name)))
        values = []
        step = 0
        if event["event"] == "start":
            text = tensor_util.make_tensor_proto([json.dumps(event["settings"], default=str, sort_keys=True).encode()])
            about = metadata.create_summary_metadata("settings", "what this run was tried with")
            values.append(summary_pb2.Summary.Value(tag="settings", tensor=text, metadata=about))
        elif event["event"] == "epoch":
            step = round(1000 * event["epoch"])
            values = [summary_pb2.Summary.Value(tag=tag, simple_value=event[tag]) for tag in ("loss", "valid_score")]
        elif event.get("score") is not None:
            values = [summary_pb2.Summary.Value(tag=f"final/{event['side']}", simple_value=event["score"])]
        if values:
            found = event_pb2.Event(wall_time=when, step=step, summary=summary_pb2.Summary(value=values))
            self._open[name].add_event(found)
        if event["event"] == "run":
            self._open.pop(name).close()


def _finite(value: Any) -> Any:
    """The same with None for numbers that JSON has no word for."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
