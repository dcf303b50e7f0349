"""The deep side of the contest: templates, encoded arrays and time in; runs, a finalist and its seeds out."""

from __future__ import annotations

import dataclasses
import hashlib
import math
import os
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from automl import metrics
from automl.deep.archive import Archive, as_run, scores_of
from automl.deep.data import material_of
from automl.deep.entries import Entries, run_of
from automl.deep.executor import LocalPool, Pool
from automl.deep.family import Asked, Kept, Lane
from automl.deep.finalist import Finalist
from automl.deep.messages import Order, Report, plain
from automl.deep.oracle import Adviser, vary
from automl.deep.pruner import at_gates, gates_for
from automl.deep.scheduling import next_lane, round_ends
from automl.deep.training import device as devices
from automl.deep.training.failure import explain
from automl.deep.training.loss_knobs import LOSS_KNOBS, declare
from automl.deep.training.trainer import Trainer
from automl.records import Run, SearchOptions
from automl.sides.holdouts import Examination
from automl.system import processes

if TYPE_CHECKING:
    from automl.deep.ray.executor import RayPool
    from automl.deep.training.trial import Snapshot
    from automl.records import Dataset, Encoder, Facts, InputSpec, Output, Side, Split, TargetCodec, Task, Template

__all__ = ["DeepSide"]

KEPT_FITS = 8
FIRST_SHARE = 0.4
VARIANTS = 2
COMPILE_SHARE = 0.15
LEAST_SHARE = 0.3
LEAST_SHORT_SECONDS = 1.0


class DeepSide:
    """Searches templates with KerasTuner's oracles; implements `records.Contender`.

    Args:
        dataset: as the flow made them.
        task: as the flow made them.
        split: as the flow made them.
        encoder: fitted on training rows.
        codec: fitted on training rows.
        facts: of those.
        templates: by name, those that fit the task.
        metric: name.
        seed: any integer.
        max_trials: bound on the number of trials, or None.
        options: algorithm, workers, memory.
        folder: where the journal and the weights of the best go, or None.
        on_event: told of each epoch and run.
        stopping: asked whether the user wants to stop.
        fingerprints: what a journal must match to be resumed.
        early_stopping: stop trials that lag behind earlier ones.
        reuse_shapes: try cheap neighbours of a good setting before new shapes. Both are policies that
            `benchmarks/trials.py` measures against none.
        remote: started workers that run trials in place of this process.
    """

    side: Side = "deep"

    def __init__(
        self,
        dataset: Dataset,
        task: Task,
        split: Split,
        encoder: Encoder,
        codec: TargetCodec,
        facts: Facts,
        templates: Mapping[str, Template],
        *,
        metric: str,
        seed: int,
        max_trials: int | None = None,
        options: SearchOptions | None = None,
        folder: Path | None = None,
        fingerprints: Mapping[str, str] | None = None,
        on_event: Callable[[dict[str, Any]], None] | None = None,
        stopping: Callable[[], bool] = lambda: False,
        early_stopping: bool = True,
        reuse_shapes: bool = True,
        remote: RayPool | None = None,
    ) -> None:
        self.options = options or SearchOptions()
        self.metric, self.seed, self.max_trials = metric, seed, max_trials
        self.on_event = on_event or (lambda event: None)
        self.folder = folder
        self.stopping = stopping
        self.early_stopping, self.reuse_shapes = early_stopping, reuse_shapes
        self.higher_is_better = metrics.named(metric).higher_is_better
        self.trainer = Trainer(
            material_of(dataset, task, split, encoder, codec, metric), templates, devices.prepare(self.options.device),
            self.options.memory_mib, stopping,
        )  # fmt: skip
        self.trainer.on_stuck = self._on_stuck
        self.pool: Pool = remote or LocalPool(self.trainer)
        if remote is not None:
            remote.supply(self.trainer.material, tuple(templates), self.options.memory_mib)
        self.left_out: dict[str, str] = {}
        self.lanes = [lane for one in templates.values() if (lane := self._lane(one, encoder.specs, facts)) is not None]
        self.kept: list[Kept] = []
        self.finalist = Finalist(
            self.kept, self.trainer, self.pool, dataset, split, encoder, metric, seed, self.on_event, self._on_epoch
        )
        self.examination = Examination(1 + len(self.trainer.material.others), self.higher_is_better)
        self.n_runs = 0
        self.failures: Counter[str] = Counter()
        self._earlier: list[Run] = []
        self._in_flight: list[Asked] = []
        self.archive = Archive(folder, {**(fingerprints or {}), **self._spaces()}, self._note)
        self._replay()
        self._tell_what_was_found()

    # ------------------------------------------------------------------ search

    def step(self, seconds: float) -> tuple[Run, ...] | None:
        """Run a trial within these seconds (infinite: no clock), or a round of them where there are several workers.

        No trial is under way when this returns, so that the other side has the machine to itself.

        Returns:
            None when nothing is left to try, or nobody to try it.
        """
        if self.pool.n_workers == 0:
            return None
        begun = time.monotonic()
        last_start = begun + round_ends(seconds, self.pool.n_workers, [kept.run.cost.fit_seconds for kept in self.kept])
        under_way: dict[str, Asked] = {}
        runs: list[Run] = []

        def ask() -> tuple[Order, Snapshot | None] | None:
            n_begun = len(runs) + len(under_way)
            late = n_begun >= self.pool.n_workers and time.monotonic() >= last_start
            if late or self.stopping() or (self.pool.n_workers == 1 and n_begun):
                return None
            one = self._next(begun + seconds - time.monotonic(), [*under_way.values()])
            if one is None:
                return None
            self._begin(one)
            under_way[one.order.name] = one
            return one.order, one.snapshot

        for report in self.pool.run(ask, self._on_epoch, self._save, begun + seconds):
            runs.append(self._take_in(under_way.pop(report.order.name), report))
        if not runs:
            return () if self._may_go_on(seconds) else None
        return tuple(runs)

    def _may_go_on(self, seconds: float) -> bool:
        """Whether another call may find something to try, though this one did not."""
        lane = next_lane(self.lanes, self.higher_is_better, math.isfinite(seconds))
        bounded = self.max_trials is not None and self.n_runs >= self.max_trials
        return (
            lane is not None
            and not bounded
            and (not seconds < self._least_seconds(lane) or self._short_lane(seconds) is not None)
        )

    def _lane(self, template: Template, specs: Sequence[InputSpec], facts: Facts) -> Lane | None:
        """A template's search, or none where its space, its starts or its prior cannot be read."""
        try:
            adviser = Adviser(
                template, specs, facts, higher_is_better=self.higher_is_better, seed=self.seed,
                name=self.options.oracle, also=lambda space: declare(space, self.trainer.material.head, self.metric),
            )  # fmt: skip
            prior = 1.0 if template.prior is None else max(float(template.prior(specs, facts)), 1e-3)
        except Exception as error:  # a template's own fault must not end the contest
            self.left_out[template.name] = f"its space cannot be searched ({explain(error).words})"
            self._note(f"template {template.name} is left out: {self.left_out[template.name]}")
            return None
        return Lane(template, adviser, prior=prior)

    def _next(self, seconds: float, under_way: Sequence[Asked]) -> Asked | None:
        """The next trial: what a killed process left, a template's start, a cheap neighbour, or what the oracle says.

        Args:
            under_way: trials that run now.
        """
        if self._in_flight:
            left = self._in_flight.pop(0)
            order = dataclasses.replace(
                left.order, seconds=seconds, bar=self.examination.bar(), bar_share=self.examination.share
            )
            return dataclasses.replace(left, order=order)
        # Seconds are known only of trials that have ended, so several at once are counted.
        by_time = math.isfinite(seconds) and self.pool.n_workers == 1
        lane = next_lane(self.lanes, self.higher_is_better, by_time)
        if lane is None or (self.max_trials is not None and self.n_runs + len(under_way) >= self.max_trials):
            return None
        short = math.isfinite(seconds) and seconds < self._least_seconds(lane)
        if short:
            lane = self._short_lane(seconds)
            if lane is None:
                return None
        number = self._vary(lane) if short else self._ask(lane)
        if number is None:
            lane.exhausted = all(one.lane is not lane for one in under_way)  # else it may be waiting for a score
            return None
        order = Order(
            f"{lane.template.name}-{lane.n_runs + 1}", lane.template.name, plain(lane.adviser.settings(number)),
            self.seed * 1000 + lane.n_runs, seconds, soft_seconds=self._soft_seconds(seconds),
            gates=gates_for(lane.peers) if self.early_stopping else (), bar=self.examination.bar(),
            bar_share=self.examination.share,
        )  # fmt: skip
        lane.n_runs += 1
        return Asked(lane, number, order)

    def _soft_seconds(self, seconds: float) -> float | None:
        """A time to end in where little is lost by it: the first trial's, so that others follow, and each later one's
        once the best is judged on several hold-outs, so that it can be judged on as many.
        """
        share = 1 / self.kept[0].run.n_holdouts if self.kept else FIRST_SHARE
        return share * seconds if share < 1 and math.isfinite(seconds) else None

    def _ask(self, lane: Lane) -> str | None:
        """The adviser's number of the next setting."""
        cheap = self.reuse_shapes and lane.variants > 0 and lane.adviser.name in ("bayesian", "random")
        if cheap and lane.best_settings is not None and not lane.adviser.n_waiting:
            lane.variants -= 1
            return self._vary(lane)
        try:
            return lane.adviser.ask()
        except Exception as error:  # KerasTuner's own, from a state or scores that an earlier call has left
            self._note(f"{lane.template.name} is asked no more: its oracle cannot go on ({explain(error).words})")
            lane.exhausted = True
            return None

    def _vary(self, lane: Lane) -> str:
        """The adviser's number of a neighbour of the template's best setting, of the same shape."""
        rng = np.random.default_rng((self.seed, lane.n_runs))
        knobs = (*lane.template.knobs, *LOSS_KNOBS)
        return lane.adviser.enter(vary(lane.adviser.space, lane.best_settings or {}, knobs, rng))

    def _short_lane(self, seconds: float) -> Lane | None:
        """The best template, where its best shape is compiled and these seconds are enough for a short schedule of it.

        This is what the end of a budget is used for, once it is too short for another shape.
        """
        if not self.kept or self.pool.n_workers != 1 or not self.reuse_shapes:
            return None
        best = self.kept[0]
        lane = next((one for one in self.lanes if one.template is best.template), None)
        if lane is None or lane.best_settings is None or lane.adviser.name not in ("bayesian", "random"):
            return None
        fit = best.fits[0]
        least = LEAST_SHARE * (fit.seconds - fit.compile_seconds) * best.run.n_holdouts
        ready = self.trainer.is_ready(lane.template, lane.best_settings)
        return lane if ready and seconds >= max(LEAST_SHORT_SECONDS, least) else None

    def _least_seconds(self, lane: Lane) -> float:
        """Below this a trial is not started: compilation cannot be interrupted, and a sliver teaches nothing."""
        if not self.kept:
            return 1.0
        typical = float(np.median([kept.run.cost.fit_seconds for kept in self.kept]))
        n_fits = self.kept[0].run.n_holdouts  # a trial that cannot be judged as often as the best stands behind it
        return lane.compile_seconds + n_fits * LEAST_SHARE * typical

    def _begin(self, asked: Asked) -> None:
        order = asked.order
        self.archive.begun(asked)
        self.on_event({"event": "start", "side": "deep", "name": order.name, "settings": dict(order.settings)})

    def _on_epoch(self, order: Order, point: Mapping[str, float]) -> None:
        self.on_event({"event": "epoch", "side": "deep", "name": order.name, **point})

    def _take_in(self, asked: Asked, report: Report) -> Run:
        """Tell the adviser, keep the weights of the best, and write down what was learned."""
        lane, fit, cheap = asked.lane, report.fit, False
        run, scores = as_run(report), scores_of(report)
        self.n_runs += 1
        lane.seconds += report.seconds
        settings = plain(report.settings)
        believed = self.examination.take_in(scores, report.passed_over) if scores else None
        lane.adviser.tell(asked.number, believed, settings)
        self.failures.update(failure.kind for failure in report.failures)
        if fit is None or believed is None:
            lane.n_failed += 1
        else:
            lane.compile_seconds = max(lane.compile_seconds, fit.compile_seconds)
            lane.peers.append(at_gates(fit.curve, self.higher_is_better))
            cheap = math.isinf(report.order.seconds) or fit.compile_seconds >= COMPILE_SHARE * fit.seconds
            self._lead(lane, believed, settings, cheap)
            others = tuple(one.raw_valid for one in report.others)
            self._keep(Kept(run, lane.template, settings, [fit], others, stored=asked.snapshot is not None))
        self.archive.ended(run, report, scores, lane.peers[-1] if fit is not None else (), cheap)
        self.on_event(
            {"event": "run", "side": "deep", "name": run.name, "score": run.valid_score, "n_holdouts": run.n_holdouts,
             "status": run.status, "failure": run.failure,
             "failure_kind": report.failures[-1].kind if report.failures else None,
             "stopped_early": fit is not None and fit.stopped_early}
        )  # fmt: skip
        return run

    def _lead(self, lane: Lane, score: float, settings: dict[str, Any], cheap: bool) -> None:
        """Note a template's best; where compiling took much of its time, its neighbours come cheaper than others.

        Without a clock times decide nothing, so that the same seed gives the same trials.
        """
        if lane.best is None or self._better(score, lane.best):
            lane.best, lane.best_settings = score, settings
            lane.variants = VARIANTS if cheap else 0

    def _keep(self, kept: Kept) -> None:
        """Hold the best in memory, and their weights on disk."""
        self._rank(kept)
        dropped = kept in self.kept[KEPT_FITS:]
        del self.kept[KEPT_FITS:]
        if not dropped:
            self.archive.keep(kept, [one.run.name for one in self.kept])

    def _rank(self, kept: Kept) -> None:
        """Put a run among the kept ones, in their order."""
        self.kept.append(kept)
        self.kept.sort(key=lambda one: self._place(one.run))

    def _place(self, run: Run) -> tuple[int, float]:
        """What runs are sorted by: those judged on all hold-outs first, then the better score."""
        score = run.valid_score or 0.0
        return -run.n_holdouts, -score if self.higher_is_better else score

    def _save(self, order: Order, snapshot: Snapshot) -> None:
        """A trial's state on disk, from which it can go on: of one at a time."""
        if self.pool.n_workers == 1:
            self.archive.snapshot(order, snapshot)

    def _note(self, text: str) -> None:
        self.on_event({"event": "note", "side": "deep", "text": text})

    def _on_stuck(self, order: Order, why: str) -> None:
        self.archive.stuck(order, why)
        if processes.possible() and self.folder is not None:
            self._note(f"{order.name} does not answer: {why}; a fresh process goes on and passes this trial over")
            processes.go_on(self.folder)
        self._note(
            f"{order.name} does not answer: {why}, and nothing in this process can end it; end the process "
            f"(kill -9 {os.getpid()}) and go on with --resume, which passes this trial over"
        )

    def _better(self, a: float, b: float) -> bool:
        return a > b if self.higher_is_better else a < b

    # ------------------------------------------------------------------ resuming

    def earlier_runs(self) -> tuple[Run, ...]:
        """What earlier calls have run in this folder."""
        return tuple(self._earlier)

    def _spaces(self) -> dict[str, str]:
        """Fingerprint of each template's space."""
        texts = {lane.template.name: repr(lane.adviser.space.get_config()) for lane in self.lanes}
        return {
            f"space of {name}": hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
            for name, text in texts.items()
        }

    def _replay(self) -> None:
        """Take in what an earlier call tried: advisers, gates, kept weights, and trials that were under way."""
        lanes = {lane.template.name: lane for lane in self.lanes}
        open_ones: dict[str, tuple[Lane, str, Mapping[str, Any]]] = {}
        lost: list[tuple[Run, Lane]] = []
        journal = self.archive.journal
        entries = Entries(self.lanes, self.seed, self.examination.n_holdouts, journal.n_lines)
        for entry in journal.understood(entries.read):
            lane = lanes[entry["template"]]
            if "again" in entry or "stuck" in entry:
                continue  # read by Archive.given_up
            lane.n_runs = max(lane.n_runs, _place(entry.get("begun") or entry["name"]))
            if "begun" in entry:
                number = lane.adviser.enter(entry["values"])
                lane.adviser.set_state(entry["oracle"])
                lane.variants = int(entry["variants"])
                open_ones[entry["begun"]] = (lane, number, entry)
                continue
            run = run_of(entry)
            asked = open_ones.pop(run.name, None)  # None where that line is lost
            number = lane.adviser.enter(entry["settings"]) if asked is None else asked[1]
            self._earlier.append(run)
            self.n_runs += 1
            lane.seconds += run.cost.fit_seconds
            scores = entry["scores"]
            believed = self.examination.take_in(scores, bool(entry["passed_over"])) if scores else None
            lane.adviser.tell(number, believed, dict(run.choices))
            self.failures.update(entry.get("failures", ()))
            if believed is None:
                lane.n_failed += 1
                continue
            lane.peers.append(list(entry["at_gates"]))
            lane.compile_seconds = max(lane.compile_seconds, float(entry["compile_seconds"]))
            self._lead(lane, believed, dict(run.choices), bool(entry["cheap"]))
            if not self._restore(lane, run, scores):
                lost.append((run, lane))
        for lane, number, entry in open_ones.values():
            order, snapshot = self.archive.left(entry, len(self.trainer.material.target))
            if snapshot is not None and not self._gives((snapshot.raw_valid,), (snapshot.score,)):
                snapshot = None
            left = Asked(lane, number, order, snapshot, again=True)
            given_up = self.archive.given_up(order, snapshot)
            if given_up is None:
                self._in_flight.append(left)
            else:
                self._earlier.append(self._take_in(left, given_up))
                self._note(f"{order.name}: {given_up.failure}")
        if lost:  # the best one is fitted again if nothing that is left is as good
            run, lane = min(lost, key=lambda item: self._place(item[0]))
            if not self.kept or self._place(run) < self._place(self.kept[0].run):
                lane.adviser.first(dict(run.choices))
                self.n_runs -= 1  # so that a bound on trials leaves room for it

    def _tell_what_was_found(self) -> None:
        parts = []
        if self._earlier:
            parts.append(f"{len(self._earlier)} trials of an earlier call, the weights of {len(self.kept)} of them")
        for left in self._in_flight:
            where = "its last snapshot" if left.snapshot is not None else "its start"
            parts.append(f"{left.order.name}, which was under way, from {where}")
        parts += self.archive.damage()
        if parts:
            self._note(f"going on with {'; '.join(parts)}")

    def _gives(self, raws: Sequence[np.ndarray], scores: Sequence[float]) -> bool:
        """Whether stored outputs give a run's scores: a file under its name may be another's."""
        material = self.trainer.material
        sizes = [len(material.valid_truth), *(len(one.valid) for one in material.others)]
        shape = tuple(material.head.shape)
        if len(raws) != len(scores) or any(raw.shape != (n, *shape) for raw, n in zip(raws, sizes, strict=False)):
            return False
        if not all(np.issubdtype(raw.dtype, np.floating) and np.isfinite(raw).all() for raw in raws):
            return False
        try:
            own = [material.judge(raw, holdout) for holdout, raw in enumerate(raws)]
        except Exception:  # of arrays that hold no numbers, or odd ones
            return False
        return bool(np.allclose(own, scores, rtol=1e-4, atol=1e-6))

    def _restore(self, lane: Lane, run: Run, scores: Sequence[float]) -> bool:
        """Bring a run's weights back from disk, where what lies there is what this run has left."""
        found = self.archive.kept(run.name)
        if found is None or not self._gives((found[0].raw_valid, *found[1]), scores):
            return False
        fit, others = found
        self._rank(Kept(run, lane.template, dict(run.choices), [fit], others, stored=True))
        return True

    # ------------------------------------------------------------------ finalist

    def choose(self, latency_ms: float | None, ensemble: bool = False) -> Run | None:
        """Name the finalist: the best by validation, or an ensemble; within `latency_ms` for one row."""
        return self.finalist.choose(latency_ms, ensemble)

    def weights(self) -> tuple[float, ...]:
        """Of the finalist's members, sum 1."""
        return self.finalist.weights

    def seconds_a_seed(self) -> float:
        """What another seed of the finalist is expected to cost."""
        return self.finalist.seconds_a_seed()

    def add_seed(self, seconds: float) -> bool:
        """Fit each member of the finalist once more with another seed within these seconds; whether it worked."""
        return self.finalist.add_seed(seconds)

    def outputs(self, part: Literal["valid", "test"], n_seeds: int) -> tuple[Output, ...]:
        """The finalist's undecided predictions, one for each of its first n seeds."""
        return self.finalist.outputs(part, n_seeds)

    def models(self, n_seeds: int) -> tuple[Any, ...]:
        """The members' Keras models for the first seed, then for the next, up to n seeds."""
        return self.finalist.models(n_seeds)

    def close(self) -> None:
        """Drop compiled networks and end other processes."""
        self.pool.close()
        self.trainer.close()


def _place(name: str) -> int:
    """The number at the end of a run's name, counted by template."""
    return int(name.rpartition("-")[2])
