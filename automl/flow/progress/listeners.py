"""Listeners that get the events of a run: JSON lines for programs, and TensorBoard."""

from __future__ import annotations

import contextlib
import json
import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, TextIO

from automl.flow.budget.clock import Clock
from automl.storage import files
from automl.system.printable import json_printable
from automl.system.terminal import Lasting

__all__ = ["JsonLines", "Listener", "TensorBoard"]

EPOCH_SECONDS = 0.25


class Listener(Protocol):
    """Gets the events of a run."""

    def event(self, event: dict[str, Any]) -> None:
        """Take in an event."""
        ...

    def close(self) -> None:
        """Take in that the run is over."""
        ...


class JsonLines:
    """Writes each event as one line of JSON, for programs that watch a run; docs/progress.md lists the fields.

    Args:
        stream: where to write. If it cannot be written any more, writing ends, but not the run.
        clock: clock of the run.

    Attributes:
        ending: further fields of the end event.
    """

    def __init__(self, stream: TextIO | Lasting, clock: Clock) -> None:
        self.stream, self.clock = stream, clock
        self.closed = False
        self.ending: dict[str, Any] = {}
        self._last_epoch = -math.inf

    def event(self, event: dict[str, Any]) -> None:
        """Write one line; epochs are written at most four times a second."""
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
        except Exception:  # another object in place of standard error may raise anything
            self.closed = True

    def close(self) -> None:
        """Write the end event, with the fields of `ending`."""
        self.event({"event": "end", **self.ending})


class TensorBoard:
    """Writes event files for TensorBoard, each run's under ``<folder>/<run>``: settings, loss and validation score.

    The settings are hyperparameters of TensorBoard's HParams page, too, where runs are compared.

    TensorBoard's writer loads TensorFlow, so events wait in memory until the deep side has loaded it. If the disk is
    full, logging ends, but not the run.

    Args:
        folder: folder of the event files.

    Attributes:
        problem: why the logging ended early, or None.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problem: str | None = None
        self._waiting: list[tuple[float, dict[str, Any]]] = []
        self._open: dict[str, Any] = {}

    def event(self, event: dict[str, Any]) -> None:
        """Take in an event; all are written once there is an event of the deep side."""
        if event["event"] not in ("start", "epoch", "run") or self.problem is not None:
            return
        self._waiting.append((time.time(), event))
        if event.get("side") == "deep":
            self._write()

    def close(self) -> None:
        """Write the waiting events and close the files."""
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
            values += _hyperparameters(event["settings"], name)
        elif event["event"] == "epoch":
            step = round(1000 * event["epoch"])
            values = [summary_pb2.Summary.Value(tag=tag, simple_value=event[tag]) for tag in ("loss", "valid_score")]
        elif event.get("score") is not None:
            values = [summary_pb2.Summary.Value(tag=f"final/{event['side']}", simple_value=event["score"])]
        if values:
            record = event_pb2.Event(wall_time=when, step=step, summary=summary_pb2.Summary(value=values))
            self._open[name].add_event(record)
        if event["event"] == "run":
            self._open[name].add_event(event_pb2.Event(wall_time=when, summary=_ended(str(event.get("status")))))
            self._open.pop(name).close()


def _hyperparameters(settings: Mapping[str, Any], name: str) -> list[Any]:
    """Settings as the HParams page of TensorBoard reads them; what is neither number nor word is written as JSON."""
    from tensorboard.plugins.hparams import summary

    plain = {
        str(key): value if isinstance(value, str | bool | int | float) else json.dumps(value, default=str)
        for key, value in settings.items()
    }
    return list(_as_tensorboards(summary.session_start_pb(plain, group_name=name)).value)


def _ended(status: str) -> Any:
    """The end of a run for the HParams page."""
    from tensorboard.plugins.hparams import api_pb2, summary

    ended = api_pb2.STATUS_FAILURE if status == "failed" else api_pb2.STATUS_SUCCESS
    return _as_tensorboards(summary.session_end_pb(ended))


def _as_tensorboards(made: Any) -> Any:
    """A summary of TensorFlow's own type as one of TensorBoard's, in which event files are written here."""
    from tensorboard.compat.proto import summary_pb2

    return summary_pb2.Summary.FromString(made.SerializeToString())


def _finite(value: Any) -> Any:
    """The same value with None in place of NaN and infinity, which JSON cannot hold."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
