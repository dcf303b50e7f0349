"""Logs trials as MLflow runs, nested under one run of the contest."""

from __future__ import annotations

import math
import os
import queue
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from automl.flow.progress.mlflow_contest import log_contest
from automl.storage.files import refuse_link

__all__ = ["MLflow"]

EXPERIMENT = "automl"
PARENT_TAG = "mlflow.parentRunId"
NAME_TAG = "mlflow.runName"
LONGEST_PARAM = 500
CLOSING_SECONDS = 10.0
FINISHED_SECONDS = 70.0
"""With the report and the model of the contest."""


class MLflow:
    """Logs each trial as one MLflow run: settings as parameters, scores by epoch as metrics, a failure as a tag.

    The run of the contest, their parent, gets what was asked for, the verdict, figures, the report, and the model.

    A separate thread writes, so that a slow server takes no time from the trials. If something cannot be written,
    logging ends, but not the run. Logs go to ``MLFLOW_TRACKING_URI``, or else into files in the run's folder.

    Args:
        folder: folder of the files, if no server is named.
        title: name of the contest's run.

    Attributes:
        problem: why the logging ended early, or None.
    """

    def __init__(self, folder: Path, title: str) -> None:
        self.folder, self.title = folder, title
        self.problem: str | None = None
        self._waiting: queue.Queue[tuple[int, dict[str, Any]] | None] = queue.Queue()
        self._client: Any = None
        self._experiment = self._parent = ""
        self._open: dict[str, str] = {}
        self._closing_seconds = CLOSING_SECONDS
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def event(self, event: dict[str, Any]) -> None:
        """Queue an event for the thread that writes."""
        if event["event"] in ("start", "epoch", "run") and self.problem is None:
            self._waiting.put((round(1000 * time.time()), event))

    def finished(self, folder: Path, result: Mapping[str, Any]) -> None:
        """Queue the result, the report and the model of the contest."""
        if self.problem is None:
            self._closing_seconds = FINISHED_SECONDS
            self._waiting.put((round(1000 * time.time()), {"event": "finished", "folder": folder, "result": result}))

    def close(self) -> None:
        """Write the waiting events, for ten seconds at most (a minute more with a model), and end all runs."""
        self._waiting.put(None)
        self._thread.join(self._closing_seconds)
        if self._thread.is_alive() and self.problem is None:
            self.problem = "MLflow's server is too slow; not all trials are logged"

    def _work(self) -> None:
        try:
            self._connect()
            while (item := self._waiting.get()) is not None:
                self._take(*item)
            self._end()
        except Exception as error:  # files, networks and MLflow's own; a log must not end a run
            self.problem = f"MLflow cannot be written to ({error}); trials are not logged from here on"

    def _connect(self) -> None:
        address = os.environ.get("MLFLOW_TRACKING_URI") or ""
        if not address:
            os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")  # MLflow 3 asks for this before it writes files
            address = refuse_link(self.folder).resolve().as_uri()
        from mlflow.tracking import MlflowClient

        self._client = MlflowClient(tracking_uri=address)
        name = os.environ.get("MLFLOW_EXPERIMENT_NAME") or EXPERIMENT
        known = self._client.get_experiment_by_name(name)
        self._experiment = known.experiment_id if known is not None else self._client.create_experiment(name)
        self._parent = self._client.create_run(self._experiment, tags={NAME_TAG: self.title}).info.run_id

    def _take(self, when: int, event: dict[str, Any]) -> None:
        if event["event"] == "finished":
            log_contest(self._client, self._parent, event["folder"], event["result"])
            return
        name = str(event["name"])
        if event.get("refit") or (event["event"] == "epoch" and name not in self._open):
            return  # a refit of a finalist is no run of its own
        if name not in self._open:
            tags = {NAME_TAG: name, PARENT_TAG: self._parent, "side": str(event.get("side"))}
            run = self._client.create_run(self._experiment, start_time=when, tags=tags)
            self._open[name] = run.info.run_id
        run_id = self._open[name]
        if event["event"] == "start":
            for key, value in dict(event["settings"]).items():
                self._client.log_param(run_id, key, str(value)[:LONGEST_PARAM])
        elif event["event"] == "epoch":
            step = round(1000 * event["epoch"])
            for key in ("loss", "valid_score"):
                self._metric(run_id, key, event[key], when, step)
        else:
            self._ran(run_id, when, event)
            del self._open[name]

    def _ran(self, run_id: str, when: int, event: dict[str, Any]) -> None:
        score, side = event.get("score"), str(event.get("side"))
        if score is not None:
            self._metric(run_id, "score", score, when, 0)
            self._metric(self._parent, f"score/{side}", score, when, 0)
        self._client.set_tag(run_id, "status", event["status"])
        if event.get("failure"):
            self._client.set_tag(run_id, "failure", event["failure"])
        ended = "FAILED" if event["status"] == "failed" else "FINISHED"
        self._client.set_terminated(run_id, status=ended, end_time=when)

    def _metric(self, run_id: str, key: str, value: float, when: int, step: int) -> None:
        if math.isfinite(value):
            self._client.log_metric(run_id, key, float(value), timestamp=when, step=step)

    def _end(self) -> None:
        for run_id in self._open.values():
            self._client.set_terminated(run_id, status="KILLED")
        self._client.set_terminated(self._parent)
