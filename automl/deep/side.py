"""The deep side of a contest: searches templates trial by trial, and gives a finalist with its refits."""

from __future__ import annotations

import dataclasses
import math
import os
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl import metrics
from automl.deep import repeat as repeats
from automl.deep.archive import Archive, as_run, scores_of
from automl.deep.data import training_data_of
from automl.deep.executor import LocalPool, Pool
from automl.deep.family import Candidate, FamilySearch, PendingTrial
from automl.deep.finalist import Finalist
from automl.deep.lengths import Lengths
from automl.deep.messages import TrialResult, TrialSpec, plain
from automl.deep.proposals import Proposals
from automl.deep.pruner import at_milestones, milestones_for
from automl.deep.resume import ResumedTrials
from automl.deep.scheduling import next_search, round_ends
from automl.deep.searches import begun_searches, fingerprints_of_spaces
from automl.deep.training import device as devices
from automl.deep.training.trainer import Trainer
from automl.records import Run, SearchOptions
from automl.sides.finalist import NamesFinalist
from automl.sides.holdouts import MultiHoldoutPolicy
from automl.sides.ranking import order
from automl.system import processes

if TYPE_CHECKING:
    from automl.deep.ray.executor import RayPool
    from automl.deep.training.records import Snapshot
    from automl.records import (
        Dataset,
        Encoder,
        Facts,
        FixedSettings,
        Output,
        Side,
        Split,
        TargetCodec,
        Task,
        Template,
    )

__all__ = ["DeepSide"]

KEPT_FITS = 8
NEIGHBOURS = 2
COMPILE_SHARE = 0.15


class DeepSide(NamesFinalist[Finalist]):
    """Searches templates with KerasTuner's oracles; implements `records.Contender`.

    Args:
        dataset: the data, after detection.
        task: the task, after detection.
        split: its training, validation and test rows.
        encoder: encodes inputs; fitted on training rows.
        codec: encodes the target; fitted on training rows.
        facts: numbers about the training rows.
        templates: the templates that fit the task, by name.
        metric: name of the metric.
        seed: any integer.
        max_trials: largest number of trials, or None.
        options: oracle, workers, memory.
        folder: where the journal and the weights of the best trials are stored, or None.
        fingerprints: what a journal must match to be resumed.
        on_event: called with each event: start, epoch, run, note.
        stopping: returns whether the user wants to stop.
        early_stopping: prune trials that lag behind earlier ones.
        reuse_shapes: try neighbours of good settings whose network is compiled already before new shapes.
            `benchmarks/trials.py` measures both policies against none.
        remote: started Ray workers, which then run the trials; None to run them in this process.
        fixed: settings that are fitted as they are, each once and for its whole length; None to search.
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
        fixed: Sequence[FixedSettings] | None = None,
    ) -> None:
        self.is_fixed = fixed is not None
        self.options = options or SearchOptions()
        self.metric, self.seed, self.max_trials = metric, seed, max_trials
        self.on_event = on_event or (lambda event: None)
        self.folder = folder
        self.stopping = stopping
        self.early_stopping = early_stopping and fixed is None
        self.higher_is_better = metrics.named(metric).higher_is_better
        begun = time.monotonic()
        training_data = training_data_of(dataset, task, split, encoder, codec, metric)
        self.encode_seconds = time.monotonic() - begun
        self.trainer = Trainer(
            training_data,
            templates,
            devices.prepare(self.options.device, self.options.precision),
            self.options.memory_mib,
            stopping,
        )
        self.trainer.on_stuck = self._on_stuck
        self.pool: Pool = remote or LocalPool(self.trainer)
        if remote is not None:
            remote.supply(self.trainer.training_data, tuple(templates), self.options.memory_mib)
        self.left_out: dict[str, str] = {}
        self.searches = begun_searches(
            templates.values(), encoder.specs, facts, self.trainer, oracle=self.options.oracle, seed=seed,
            on_left_out=self._leave_out,
        )  # fmt: skip
        for search in self.searches if fixed is not None else ():
            search.oracle.only([one.settings for one in fixed or () if one.family == search.template.name])
        self.ranked: list[Candidate] = []
        self.proposals = Proposals(
            self.searches,
            self.ranked,
            self.trainer,
            self.pool,
            Lengths.of(self.trainer.data.n_train, task, encoder.specs),
            seed,
            self.note,
            reuse_shapes=reuse_shapes,
        )
        self.holdout_policy = MultiHoldoutPolicy(1 + len(self.trainer.training_data.others), self.higher_is_better)
        self.n_runs = 0
        self.failures: Counter[str] = Counter()
        self.archive = Archive(folder, {**(fingerprints or {}), **fingerprints_of_spaces(self.searches)}, self.note)
        self.finalist = Finalist(
            self.ranked, self.trainer, self.pool, dataset, split, encoder, metric, seed, self.on_event, self._on_epoch,
            self.archive.was_stuck, lambda candidate: self.proposals.lengths.longer_refit(candidate),
        )  # fmt: skip
        self.resumed = ResumedTrials(self.archive, self.trainer.training_data)
        self.resumed.replay(self)
        self._tell_what_was_found()

    # ------------------------------------------------------------------ search

    def step(self, seconds: float) -> tuple[Run, ...] | None:
        """Run one trial, or a round of trials if there are several workers.

        No trial is under way when this returns, so that the other side has the machine to itself.

        Args:
            seconds: time allotted; infinite without a time limit.

        Returns:
            The runs made; () if there was no time for one now; None if nothing is left to try or no worker is left.
        """
        if self.pool.n_workers == 0:
            return None
        begun = time.monotonic()
        last_start = begun + round_ends(
            seconds, self.pool.n_workers, [candidate.run.cost.fit_seconds for candidate in self.ranked]
        )
        under_way: dict[str, PendingTrial] = {}
        runs: list[Run] = []

        def ask() -> tuple[TrialSpec, Snapshot | None] | None:
            n_begun = len(runs) + len(under_way)
            late = n_begun >= self.pool.n_workers and time.monotonic() >= last_start
            if late or self.stopping() or (self.pool.n_workers == 1 and n_begun):
                return None
            pending = self._next(begun + seconds - time.monotonic(), [*under_way.values()])
            if pending is None:
                return None
            self._begin(pending)
            under_way[pending.spec.name] = pending
            return pending.spec, pending.snapshot

        for result in self.pool.run(ask, self._on_epoch, self._save, begun + seconds):
            runs.append(self.take_in(under_way.pop(result.spec.name), result))
        if not runs:
            return () if self._may_go_on(seconds) else None
        return tuple(runs)

    def _may_go_on(self, seconds: float) -> bool:
        """Whether a later call may find something to try, although this one did not."""
        if self.is_fixed:
            return any(search.oracle.n_waiting for search in self.searches)
        search = next_search(self.searches, self.higher_is_better, math.isfinite(seconds))
        bounded = self.max_trials is not None and self.n_runs >= self.max_trials
        return (
            search is not None
            and not bounded
            and (not seconds < self.proposals.least_seconds(search) or self.proposals.short_search(seconds) is not None)
        )

    def _next(self, seconds: float, under_way: Sequence[PendingTrial]) -> PendingTrial | None:
        """The next trial, or None if there is none for now.

        Trials that a killed process left come first. Then come the template's starting points, cheap neighbours of its
        best settings, and proposals of its oracle.

        Args:
            seconds: time allotted.
            under_way: trials that run now.
        """
        if self.resumed.in_flight:
            unfinished = self.resumed.in_flight.pop(0)
            spec = dataclasses.replace(
                unfinished.spec,
                seconds=seconds,
                promotion_score=self.holdout_policy.promotion_score(),
                promotion_share=self.holdout_policy.share,
            )
            return dataclasses.replace(unfinished, spec=spec)
        if self.is_fixed:
            return self._next_fixed(seconds)
        # The seconds of a trial are known only once it has ended. With several at once, shares are counted in trials.
        by_time = math.isfinite(seconds) and self.pool.n_workers == 1
        search = next_search(self.searches, self.higher_is_better, by_time)
        if search is None or (self.max_trials is not None and self.n_runs + len(under_way) >= self.max_trials):
            return None
        short = math.isfinite(seconds) and seconds < self.proposals.least_seconds(search)
        if short:
            search = self.proposals.short_search(seconds)
            if search is None:
                return None
        longer = self.proposals.longer(seconds, self.n_runs) if by_time and not short else None
        search, number = longer or (search, self.proposals.vary(search) if short else self.proposals.ask(search))
        if number is None:
            # With a trial of this search under way, the oracle may only be waiting for its score.
            search.exhausted = all(pending.search is not search for pending in under_way)
            return None
        return self._pending(
            search,
            number,
            seconds,
            soft_seconds=self.proposals.soft_seconds(seconds, self.n_runs),
            least_share=self.proposals.lengths.least_share(self.pool.n_workers),
            milestones=milestones_for(search.peers) if self.early_stopping else (),
        )

    def _next_fixed(self, seconds: float) -> PendingTrial | None:
        """The next trial of settings that are given, with its whole schedule; None after the last one."""
        search = next((one for one in self.searches if one.oracle.n_waiting), None)
        number = None if search is None else search.oracle.ask()
        if search is None or number is None:
            return None
        return self._pending(search, number, seconds)

    def _pending(self, search: FamilySearch, number: str, seconds: float, **lengths: Any) -> PendingTrial:
        """A trial of these settings of the search; `lengths` are fields of its spec that may shorten it."""
        spec = TrialSpec(
            f"{search.template.name}-{search.n_runs + 1}",
            search.template.name,
            plain(search.oracle.settings(number)),
            self.seed * 1000 + search.n_runs,
            seconds,
            promotion_score=self.holdout_policy.promotion_score(),
            promotion_share=self.holdout_policy.share,
            **lengths,
        )
        search.n_runs += 1
        return PendingTrial(search, number, spec)

    def _leave_out(self, name: str, why: str) -> None:
        self.left_out[name] = why
        self.note(f"template {name} is left out: {why}")

    def _begin(self, pending: PendingTrial) -> None:
        spec = pending.spec
        self.archive.begun(pending)
        self.on_event({"event": "start", "side": "deep", "name": spec.name, "settings": dict(spec.settings)})

    def _on_epoch(self, spec: TrialSpec, point: Mapping[str, float]) -> None:
        self.on_event({"event": "epoch", "side": "deep", "name": spec.name, **point})

    def take_in(self, pending: PendingTrial, result: TrialResult) -> Run:
        """Take in a trial's result: tell the oracle, keep the candidate, and write the journal."""
        search, fit, cheap = pending.search, result.fit, False
        run, scores = as_run(result), scores_of(result)
        self.n_runs += 1
        search.seconds += result.seconds
        settings = plain(result.settings)
        adjusted_score = self.holdout_policy.take_in(scores, result.skipped_for_time) if scores else None
        search.oracle.tell(pending.number, adjusted_score, settings)
        self.failures.update(failure.kind for failure in result.failures)
        if fit is None or adjusted_score is None:
            search.n_failed += 1
        else:
            search.compile_seconds = max(search.compile_seconds, fit.compile_seconds)
            search.peers.append(at_milestones(fit.curve, self.higher_is_better))
            cheap = math.isinf(result.spec.seconds) or fit.compile_seconds >= COMPILE_SHARE * fit.seconds
            self.lead(search, adjusted_score, settings, cheap)
            others = tuple(other.raw_valid for other in result.others)
            self._keep(Candidate(run, search.template, settings, fit, others, stored=pending.snapshot is not None))
        self.archive.ended(run, result, scores, search.peers[-1] if fit is not None else (), cheap)
        self.on_event(
            {"event": "run", "side": "deep", "name": run.name, "score": run.valid_score, "n_holdouts": run.n_holdouts,
             "status": run.status, "failure": run.failure,
             "failure_kind": result.failures[-1].kind if result.failures else None,
             "stopped_early": fit is not None and fit.stopped_early}
        )  # fmt: skip
        return run

    def lead(self, search: FamilySearch, score: float, settings: dict[str, Any], cheap: bool) -> None:
        """Take in a score: if it is the template's best, its neighbours may be tried next.

        Args:
            search: the template's search.
            score: the adjusted score of a trial.
            settings: its settings.
            cheap: neighbours that share the compiled network are much cheaper than others: compiling took a good part
                of the fit. Also True without a time limit, where no measured time may decide, so that the same seed
                gives the same trials.
        """
        if search.best is None or self._better(score, search.best):
            search.best, search.best_settings = score, settings
            search.neighbours = NEIGHBOURS if cheap else 0

    def _keep(self, candidate: Candidate) -> None:
        """Keep the best candidates in memory, and their weights on disk."""
        self.rank(candidate)
        dropped = candidate in self.ranked[KEPT_FITS:]
        del self.ranked[KEPT_FITS:]
        if not dropped:
            self.archive.keep(candidate, [kept.run.name for kept in self.ranked])

    def rank(self, candidate: Candidate) -> None:
        """Insert a candidate into the ranking."""
        size = float(candidate.run.cost.n_parameters or 0)
        candidate.standing = self.trainer.training_data.standing(candidate.raws, size)
        self.ranked.append(candidate)
        standings = [ranked.standing for ranked in self.ranked if ranked.standing is not None]
        self.ranked[:] = [self.ranked[place] for place in order(standings)]

    def _save(self, spec: TrialSpec, snapshot: Snapshot) -> None:
        """Store a snapshot, from which the trial can be resumed. Only one trial at a time is stored."""
        if self.pool.n_workers == 1:
            self.archive.snapshot(spec, snapshot)

    def note(self, text: str) -> None:
        """Pass a message on to the user."""
        self.on_event({"event": "note", "side": "deep", "text": text})

    def _on_stuck(self, spec: TrialSpec, why: str) -> None:
        self.archive.stuck(spec, why)
        if processes.possible() and self.folder is not None:
            self.note(f"{spec.name} does not answer: {why}; a fresh process goes on and skips it")
            processes.go_on(self.folder)
        self.note(
            f"{spec.name} does not answer: {why}, and nothing in this process can end it; end the process "
            f"(kill -9 {os.getpid()}) and go on with --resume, which skips it"
        )

    def _better(self, a: float, b: float) -> bool:
        return a > b if self.higher_is_better else a < b

    # ------------------------------------------------------------------ resuming

    def earlier_runs(self) -> tuple[Run, ...]:
        """The runs of earlier calls in this folder."""
        return tuple(self.resumed.runs)

    def _tell_what_was_found(self) -> None:
        found = self.resumed.in_words(len(self.ranked))
        if found:
            self.note(f"going on with {found}")

    # ------------------------------------------------------------------ finalist

    def seconds_a_refit(self, n_members: int | None = None) -> float:
        """The time that a refit of the finalist is expected to take; see `Finalist.seconds_a_refit`.

        While the best trial waits for a longer schedule, no time is kept back for refits where the steps that were left
        out bring more than the validation rows do.
        """
        waits = self.proposals.lengths.steps_first and self.pool.n_workers == 1 and self.proposals.waiting_for_longer()
        if waits and not self.finalist.composition.members:
            return 0.0
        return super().seconds_a_refit(n_members)

    def seconds_a_repeat(self, n_members: int = 1) -> float:
        """The time that a fit of the finalist on another split is expected to take; 0 without a candidate."""
        if not self.ranked:
            return 0.0
        compiling = {search.template.name: search.compile_seconds for search in self.searches}
        return repeats.seconds_of(self.finalist, n_members, self.encode_seconds, compiling)

    def repeat(self, task: Task, split: Split, number: int, seconds: float, dataset: Dataset | None = None) -> Output:
        """Fit the finalist on another split, and predict its test rows; see `records.Contender.repeat`."""
        self.trainer.close()  # its networks are of no more use, and take memory
        return repeats.repeat(self.finalist, task, split, number, seconds, dataset)

    def close(self) -> None:
        """Drop compiled networks and end worker processes."""
        self.pool.close()
        self.trainer.close()
