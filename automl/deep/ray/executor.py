"""Runs trials on Ray: as many at once as there are workers, each in its own process, on this machine or on others.

The oracles, the journal and the weights stay in this process. A worker gets a trial spec and returns a trial result.
The data lie once in Ray's object store. A worker that dies, or does not answer in time, costs one trial and is replaced
(docs/decisions/0006-more-machines.md).
"""

from __future__ import annotations

import contextlib
import dataclasses
import math
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.deep.ray.session import Place, Session
from automl.deep.ray.worker import TrialWorker, versions
from automl.errors import RecipeError
from automl.system.counts import counted

if TYPE_CHECKING:
    from automl.deep.data import TrainingData
    from automl.deep.executor import Ask, OnEpoch, OnSnapshot
    from automl.deep.messages import TrialResult, TrialSpec
    from automl.deep.training.failure import Failure, FailureKind
    from automl.deep.training.records import Snapshot
    from automl.records import SearchOptions, Template

__all__ = ["RayPool"]

POLL_SECONDS = 0.1
LOOK_SECONDS = 0.5
LOOKS_A_SECOND = 100.0  # for all workers together
GRACE_SECONDS = 3.0
START_SECONDS = 180.0
TRIES = 3
STARTS_THAT_MAY_FAIL = 3


@dataclass(slots=True, eq=False)
class _Job:
    """A trial that a worker runs or will run: settings of this try, earlier failures, and the deadline of all tries."""

    spec: TrialSpec
    snapshot: Snapshot | None
    settings: Mapping[str, Any]
    begun: float
    deadline: float
    failures: list[Failure] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class _Worker:
    """A Ray actor. It is starting until `ready` is None, and busy while it has a `job`."""

    actor: Any
    ready: Any
    job: _Job | None = None
    answer: Any = None
    reading: Any = None
    next_look: float = 0.0
    n_seen: int = 0


class RayPool:
    """Runs trial specs on Ray actors; implements `executor.Pool`.

    The constructor connects to a Ray of the user's, so that a wrong address is reported before any time is spent.
    `start` starts the workers, and `supply` gives them the data that every trial reads.

    Args:
        options: number of workers, and the address of Ray.
        templates: a function that any process can import; it returns the templates by name.
        stopping: returns whether the user wants to stop.
        note: called with a message when a worker is lost.

    Raises:
        MissingExtra: Ray is not installed.
        RecipeError: nothing answers at the address.
    """

    def __init__(
        self,
        options: SearchOptions,
        templates: Callable[[], Mapping[str, Template]],
        stopping: Callable[[], bool] = lambda: False,
        note: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.n_workers, self.precision = options.workers, options.precision
        self.templates, self.stopping, self.note = templates, stopping, note
        self.session = Session(options.ray_address)
        self._place: Place | None = None
        self._supplies: tuple[Any, ...] = ()
        self._workers: list[_Worker] = []
        self._again: deque[_Job] = deque()
        self._failed_starts = 0
        self._why = ""
        self._start_until = math.inf
        self._device = "unknown"
        self._stop_since: float | None = None

    # ------------------------------------------------------------------ workers

    def start(self, until: float = math.inf) -> None:
        """Start the workers. They load TensorFlow while this process goes on.

        Args:
            until: `time.monotonic` value after which waiting for the first worker is of no use.
        """
        self._start_until = min(until, time.monotonic() + START_SECONDS)
        self._place = self.session.start(self.n_workers)
        if self._place.n_workers < self.n_workers:
            self.note(f"there is room for {self._place.n_workers} of the {self.n_workers} workers asked for")
            self.n_workers = self._place.n_workers
        self._fill()

    def supply(self, training_data: TrainingData, names: Sequence[str], memory_mib: float | None) -> None:
        """Give every worker the data that trials read, and wait until one of them is ready.

        Args:
            training_data: the data.
            names: templates that trials will use.
            memory_mib: memory that a trial may take, in MiB, or None.

        Raises:
            RecipeError: no worker can be used: they have other versions, or lack a template.
        """
        import ray

        self._supplies = (ray.put(training_data), self.templates, tuple(names), memory_mib, versions())
        for worker in self._workers:
            worker.ready = worker.actor.supply.remote(*self._supplies)
        while not self._free() and not self.stopping() and time.monotonic() < self._start_until:
            self._wait()
            self._tend()
            if self.n_workers == 0:
                raise RecipeError(f"no Ray worker can be used: {self._why}")
        if not self._free() and not self.stopping():
            self.note("no Ray worker was ready in time, so nothing is trained; does Ray have free resources for one?")
            self.n_workers = 0

    def _fill(self) -> None:
        """Start as many workers as are missing."""
        import ray

        place = self._place
        assert place is not None
        asked = {"num_cpus": place.n_cpus, "num_gpus": place.n_gpus, "max_restarts": 0, "max_concurrency": 2}
        while len(self._workers) < self.n_workers:
            actor = ray.remote(TrialWorker).options(**asked).remote(place.n_threads, self.precision)
            ready = actor.supply.remote(*self._supplies) if self._supplies else None
            self._workers.append(_Worker(actor, ready))

    def _free(self) -> list[_Worker]:
        return [worker for worker in self._workers if worker.ready is None and worker.job is None and self._supplies]

    def _busy(self) -> list[_Worker]:
        return [worker for worker in self._workers if worker.job is not None]

    def _tend(self) -> None:
        """Update which workers are ready, and remove those that cannot be used."""
        import ray
        from ray.exceptions import RayTaskError

        arrived = _arrived(worker.ready for worker in self._workers)
        for worker in [worker for worker in self._workers if worker.ready in arrived]:
            try:
                ray.get(worker.ready)
                worker.ready = None
                self._failed_starts = 0
            except Exception as error:
                self._failed_starts += 1
                self._remove(worker)
                if isinstance(error, RayTaskError) or self._failed_starts >= STARTS_THAT_MAY_FAIL:
                    self._why = _words(error)
                    self.n_workers -= 1
                    self.note(f"a Ray worker cannot be used ({self._why}); {self.n_workers} are left")
                else:
                    self._fill()

    def _remove(self, worker: _Worker) -> None:
        """End a worker's process, if it has not ended yet."""
        import ray

        with contextlib.suppress(Exception):
            ray.kill(worker.actor)
        self._workers.remove(worker)

    def close(self) -> None:
        """End the workers and the session."""
        for worker in list(self._workers):
            self._remove(worker)
        self._again.clear()
        self.session.close()

    # ------------------------------------------------------------------ trials

    def run(
        self, ask: Ask, on_epoch: OnEpoch, on_snapshot: OnSnapshot, until: float = math.inf
    ) -> Iterator[TrialResult]:
        """Run trials; see `Pool.run`. Trials are resumed from given snapshots, but no new snapshots are taken."""
        more = True
        while True:
            self._tend()
            if (more or self._again) and not self.stopping():
                self._fill()
            for worker in self._free():
                job = self._next(ask) if more or self._again else None
                if job is None:
                    more = False
                    break
                self._send(worker, job)
            if not self._busy():
                over = self.stopping() or time.monotonic() >= until or self.n_workers == 0
                while over and self._again:
                    yield self._given_up(self._again.popleft(), "cut", "no worker was left or no time for it")
                if not self._again and (over or not more):
                    return
            self._wait()
            self._read_progress(on_epoch)
            for result in self._ended(on_epoch):
                yield result
                more = True

    def _next(self, ask: Ask) -> _Job | None:
        """The next trial: first those that lost their worker, then what `ask` returns."""
        if self._again:
            return self._again.popleft()
        work = None if self.stopping() else ask()
        if work is None:
            return None
        spec, snapshot = work
        now = time.monotonic()
        return _Job(spec, snapshot, spec.settings, now, now + spec.seconds)

    def _send(self, worker: _Worker, job: _Job) -> None:
        left = job.deadline - time.monotonic()
        spec = dataclasses.replace(job.spec, settings=job.settings, seconds=max(left, 0.0))
        worker.job, worker.n_seen = job, 0
        worker.next_look = time.monotonic() + LOOK_SECONDS
        worker.answer = worker.actor.run.remote(spec, job.snapshot)

    def _wait(self) -> None:
        """Wait `POLL_SECONDS`, or until a worker is ready or has answered."""
        import ray

        refs = [ref for worker in self._workers for ref in (worker.ready, worker.answer) if ref is not None]
        if refs:
            ray.wait(refs, timeout=POLL_SECONDS)
        else:
            time.sleep(POLL_SECONDS)

    def _read_progress(self, on_epoch: OnEpoch) -> None:
        """Read new points of the learning curves of busy workers, and stop the workers if the user wants to stop."""
        import ray

        now, stop = time.monotonic(), self.stopping()
        if stop and self._stop_since is None:
            self._stop_since = now
            for worker in self._workers:
                worker.next_look, worker.reading = 0.0, None
        arrived = _arrived(worker.reading for worker in self._workers)
        for worker in self._busy():
            if worker.reading in arrived:
                with contextlib.suppress(Exception):  # a lost worker is noticed by its answer
                    self._tell(worker, ray.get(worker.reading), on_epoch)
                worker.reading = None
            if worker.reading is None and now >= worker.next_look:
                worker.next_look = now + max(LOOK_SECONDS, len(self._workers) / LOOKS_A_SECOND)
                worker.reading = worker.actor.progress.remote(worker.n_seen, stop)

    def _tell(self, worker: _Worker, points: Sequence[Mapping[str, float]], on_epoch: OnEpoch) -> None:
        assert worker.job is not None
        worker.n_seen += len(points)
        for point in points:
            on_epoch(worker.job.spec, point)

    def _ended(self, on_epoch: OnEpoch) -> Iterator[TrialResult]:
        """Results of trials that have ended, and of overdue ones, whose workers are ended."""
        import ray
        from ray.exceptions import RayTaskError

        arrived = _arrived(worker.answer for worker in self._workers)
        for worker in self._busy():
            job = worker.job
            assert job is not None
            if worker.answer in arrived:
                try:
                    result: TrialResult = ray.get(worker.answer)
                except RayTaskError as error:  # automl's code in the worker raised; the worker itself can go on
                    worker.job = worker.answer = worker.reading = None
                    yield self._given_up(job, "failed", _words(error))
                    continue
                except Exception as error:
                    yield from self._lost(worker, job, _words(error))
                    continue
                if result.fit is not None:
                    self._tell(worker, result.fit.curve[worker.n_seen :], on_epoch)
                worker.job = worker.answer = worker.reading = None
                self._device = result.device
                yield _with(result, job)
            elif self._overdue(job):
                self._remove(worker)  # a new worker starts with the next trial, not during the other side's step
                yield self._given_up(job, "cut", f"its worker did not answer within {GRACE_SECONDS:.0f} s of the time "
                                                 "to end, so it was ended")  # fmt: skip

    def _overdue(self, job: _Job) -> bool:
        ends = job.deadline if self._stop_since is None else min(job.deadline, self._stop_since)
        return time.monotonic() > ends + GRACE_SECONDS

    def _lost(self, worker: _Worker, job: _Job, why: str) -> Iterator[TrialResult]:
        """A worker died while it ran a trial: queue the trial for another worker, or give it up.

        If memory ran out, the trial is tried again with a smaller batch.
        """
        from automl.deep.training.failure import MEMORY_WORDS, Failure, second_try

        self._remove(worker)
        kind: FailureKind = "memory" if MEMORY_WORDS.search(why) else "lost"
        job.failures.append(Failure(kind, f"its worker was lost ({why})"))
        changed = second_try(kind, job.settings)
        job.settings, job.snapshot = changed or job.settings, None if changed else job.snapshot
        if len(job.failures) >= TRIES:
            yield self._given_up(job, "failed", f"its worker was lost {counted(len(job.failures), 'time')} ({why})")
        elif self.stopping() or time.monotonic() >= job.deadline:
            yield self._given_up(job, "cut", f"its worker was lost ({why}), and no time was left for another")
        else:
            self.note(f"the worker of {job.spec.name} was lost ({why}); another one starts it again")
            self._again.append(job)

    def _given_up(self, job: _Job, status: Any, words: str) -> TrialResult:
        """The result of a trial that left no fit."""
        from automl.deep.messages import TrialResult
        from automl.deep.training.failure import Failure

        failures = tuple(job.failures)
        if status == "failed" and not failures:
            failures = (Failure("lost", words),)
        seconds = time.monotonic() - job.begun
        return TrialResult(job.spec, job.settings, status, None, words, failures, seconds, None, None, self._device)


def _arrived(refs: Iterable[Any]) -> set[Any]:
    """The references whose values are available; None is skipped."""
    import ray

    waiting = [ref for ref in refs if ref is not None]
    return set(ray.wait(waiting, num_returns=len(waiting), timeout=0)[0]) if waiting else set()


def _with(result: TrialResult, job: _Job) -> TrialResult:
    """A worker's result with the failures of earlier tries, and with copies of arrays in Ray's shared memory."""
    fit = result.fit
    if fit is not None:
        fit = dataclasses.replace(
            fit, weights=[np.array(one) for one in fit.weights], raw_valid=np.array(fit.raw_valid)
        )
        others = tuple(dataclasses.replace(one, weights=[], raw_valid=np.array(one.raw_valid)) for one in result.others)
        result = dataclasses.replace(result, fit=fit, others=others)
    if not job.failures:
        return dataclasses.replace(result, spec=job.spec)
    words = "; ".join(filter(None, [f"first tried: {job.failures[0].words}", result.failure]))
    return dataclasses.replace(
        result, spec=job.spec, failures=(*job.failures, *result.failures), failure=words,
        seconds=time.monotonic() - job.begun,
    )  # fmt: skip


def _words(error: Exception) -> str:
    """Ray's message in one line; the worker's own error if there is one."""
    from ray.exceptions import OutOfMemoryError, RayActorError, RayTaskError

    cause = error.cause if isinstance(error, RayTaskError) else error
    lines = [line.strip() for line in str(cause).splitlines() if line.strip()] or [type(cause).__name__]
    if isinstance(error, OutOfMemoryError) or "memory monitor" in str(error):
        return "the machine ran out of memory"
    if isinstance(error, RayActorError):
        return lines[-1][:300] if "creation task" in str(error) else "its process has ended"
    return lines[0][:300]
