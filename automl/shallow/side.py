"""The shallow side of a contest: fits floors, then fast and strong defaults, then tunes the families that do best."""

from __future__ import annotations

import dataclasses
import math
import pickle
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from automl import goals, metrics
from automl.baselines.unlabelled import made, settings_with
from automl.records import Baseline, Cost, Dataset, Facts, FitContext, FixedSettings, Output, Run, Side, Split, Task
from automl.shallow.apart import FallbackWorker
from automl.shallow.archive import KEPT_MODELS, Archive, Proposals
from automl.shallow.child import measure
from automl.shallow.data import TrainingData
from automl.shallow.family import Candidate, FamilySearch
from automl.shallow.finalist import Candidates
from automl.shallow.in_process import InProcessWorker
from automl.shallow.messages import Fitted, Part, Payload
from automl.shallow.resume import ResumedFits
from automl.shallow.scheduling import Tuning, as_text, rows_a_second
from automl.shallow.worker import Child
from automl.sides.finalist import NamesFinalist
from automl.sides.holdouts import MultiHoldoutPolicy, has_time

__all__ = ["ShallowSide"]

MIB = 1024**2
STEP_SHARE = 0.4
EXAMINE_SECONDS = 0.1
SEED_STEP = 100_000


class ShallowSide(NamesFinalist[Candidates]):
    """Searches shallow models; implements `records.Contender`.

    Args:
        dataset: the data, after detection.
        task: the task, after detection.
        split: its training, validation and test rows.
        facts: numbers about the training rows.
        baselines: the baselines of this modality, by name.
        metric: name of the metric.
        seed: any integer.
        max_trials: largest number of fits, without the floors, or None.
        on_event: called with each event: start, run, note.
        stopping: returns whether the user wants to stop.
        folder: the run's folder, where fits and the best models are stored, so that a later call can resume; or None.
        fingerprints: what a journal must match to be resumed.
        elapsed: returns the seconds of the run so far, for the time of each fit.
        apart: fit in a worker process, which can be ended at a deadline; otherwise in this process.
        child: a worker process that was started before the data were read, or None.
        fixed: settings that are fitted as they are, each once; None to search.

    Raises:
        FolderError: the folder holds a run of other data, another split or another recipe.
    """

    side: Side = "shallow"

    def __init__(
        self,
        dataset: Dataset,
        task: Task,
        split: Split,
        facts: Facts,
        baselines: Mapping[str, Baseline],
        metric: str,
        seed: int = 0,
        max_trials: int | None = None,
        on_event: Callable[[dict[str, Any]], None] | None = None,
        stopping: Callable[[], bool] = lambda: False,
        folder: Path | None = None,
        fingerprints: Mapping[str, str] | None = None,
        elapsed: Callable[[], float] = lambda: 0.0,
        apart: bool = True,
        child: Child | None = None,
        fixed: Sequence[FixedSettings] | None = None,
    ) -> None:
        self.training_data = TrainingData.of(dataset, task, split, metric)
        self.seed, self.max_trials, self.stopping = seed, max_trials, stopping
        self.on_event = on_event or (lambda event: None)
        self.elapsed = elapsed
        rank_of_tier = {"floor": 0, "fast": 1, "strong": 2}
        fitting = [b for b in baselines.values() if goals.serves(b.goals, task) and b.unfit(task, facts) is None]
        searches = [
            FamilySearch(b, Proposals(self._settings(b, facts, seed + i)))
            for i, b in enumerate(sorted(fitting, key=lambda b: (rank_of_tier[b.tier], b.turn)))
        ]
        self.floor_searches = [search for search in searches if search.baseline.tier == "floor"]
        others = [search for search in searches if search.baseline.tier != "floor"]
        self.fixed = None if fixed is None else _fixed(fixed, others)
        n_items = len(self.training_data.items)
        pace, sizes_each = rows_a_second(task, n_items), bool(task.image_shape)
        self.tuning = Tuning(others, n_items, seed, self.training_data.rank, pace, sizes_each)
        self.floors: list[tuple[Run, Any]] = []
        self._too_little = 0.0
        self.archive = Archive(folder, fingerprints or {}, self._note)
        training_data = self.training_data
        payload = Payload(training_data.dataset, training_data.sent, _plugins(searches), training_data.refit)
        self.worker: FallbackWorker | InProcessWorker = (
            FallbackWorker(payload, self._note, child) if apart else InProcessWorker(payload)
        )
        self.holdout_policy = MultiHoldoutPolicy(len(training_data.parts), metrics.named(metric).higher_is_better)
        self.finalist = self.candidates = Candidates(training_data, self.worker, seed, stopping)
        self.resumed = ResumedFits(self.archive, training_data, seed)
        self.resumed.replay(self.tuning, self.candidates, self.holdout_policy)  # while the worker loads its libraries
        self.n_fits = self.resumed.n_fits

    def _settings(self, baseline: Baseline, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
        """The settings of a family; where rows without a label may be used, with how it uses them."""
        data = self.training_data
        if data.dataset.unlabelled is None or not data.dataset.unlabelled.n_rows or baseline.tier == "floor":
            return baseline.settings(data.task, facts, seed)
        return settings_with(baseline, data.task, facts, seed)

    @property
    def not_apart(self) -> str | None:
        """Why fits run in this process although a worker process was asked for; None if they do not."""
        return self.worker.problem if isinstance(self.worker, FallbackWorker) else None

    @property
    def ranked(self) -> list[Candidate]:
        """Fits in memory, best first."""
        return self.candidates.ranked

    # ------------------------------------------------------------------ one step

    def step(self, seconds: float) -> tuple[Run, ...] | None:
        """Fit all floors at the first call, then one model at each call.

        Args:
            seconds: time allotted; infinite without a time limit.

        Returns:
            The runs made; () if nothing could be fitted in this time; None if nothing is left to try.
        """
        if not self.floors:
            return self._fit_floors()
        lost = self.resumed.next_lost(seconds, self.ranked[0].run if self.ranked else None)
        if lost is not None:
            run, search, settings, rows = lost
            return self._fit(search, settings, seconds, run, rows)
        if self.max_trials is not None and self.n_fits >= self.max_trials:
            return None
        if self.fixed is not None:
            return self._step_fixed(seconds)
        # A fit that cannot be judged on as many hold-outs as the best one would rank behind it.
        proposal = self.tuning.propose(seconds / (self.ranked[0].run.n_holdouts if self.ranked else 1))
        if proposal is None:
            # Nothing fitted in before, and there is no more time now: the search is over.
            over = all(search.exhausted for search in self.tuning.searches) or seconds <= self._too_little
            self._too_little = seconds
            return None if over else ()
        search, settings = proposal
        return self._fit(search, settings, seconds)

    def _step_fixed(self, seconds: float) -> tuple[Run, ...] | None:
        """Fit the next settings that are given; None after the last ones."""
        if not self.fixed:
            return None
        search, settings = self.fixed.pop(0)
        made = self._fit(search, settings, seconds)
        if not made and seconds > self._too_little:  # the worker was not ready
            self._too_little = seconds
            self.fixed.insert(0, (search, settings))
        return made

    def _fit_floors(self) -> tuple[Run, ...]:
        """Fit all floors in this process: they take hardly any time, and only libraries that are loaded already."""
        for search in self.floor_searches:
            settings = next(search.fresh)
            name = search.baseline.name
            self.on_event({"event": "start", "side": "floor", "name": name, "settings": dict(settings)})
            begun = time.monotonic()
            model, output = self._fit_floor(search, settings, self.training_data.parts[0])
            fit_seconds = time.monotonic() - begun
            outputs = [output, *(self._fit_floor(search, settings, part)[1] for part in self.training_data.parts[1:])]
            score = self.training_data.mean_score(outputs)
            predict_ms, rate = measure(model, self.training_data.dataset, self.training_data.valid, 0.2)
            size = len(pickle.dumps(model)) / MIB
            cost = Cost(fit_seconds, fit_seconds, predict_ms, rate, None, size)
            run = Run(name, "floor", "done", name, valid_score=score, cost=cost, choices=dict(settings),
                      n_holdouts=len(outputs))  # fmt: skip
            self.floors.append((run, model))
            self._announce(run)
        return tuple(run for run, _ in self.floors)

    def _fit_floor(self, search: FamilySearch, settings: Mapping[str, Any], part: Part) -> tuple[Any, Output]:
        model = made(search.baseline, self.training_data.task, settings, self.seed)
        context = FitContext(None, None, part.valid, part.valid_truth)
        model.fit(self.training_data.dataset, part.items, part.truth, part.weight, context)
        return model, model.predict(self.training_data.dataset, part.valid)

    # ------------------------------------------------------------------ one fit

    def _fit(self, search: FamilySearch, settings: Mapping[str, Any], seconds: float, again: Run | None = None,
             rows: int | None = None) -> tuple[Run, ...]:  # fmt: skip
        """Fit a new run of a family, or fit again an earlier run whose model is lost.

        Args:
            search: the family search.
            settings: what to fit with.
            seconds: time allotted.
            again: the earlier run, or None for a new one.
            rows: training items of the earlier run.
        """
        name = again.name if again else f"{search.baseline.name}-{search.n_runs + 1}"
        begun = time.monotonic()
        ends = begun + seconds
        failure = self.worker.wait(None if math.isinf(seconds) else ends, self.stopping)
        if failure is not None:
            if again is None:
                search.fresh.again(settings)
            else:
                self.resumed.lost.insert(0, (again, search, settings, rows or len(self.training_data.items)))
            return ()
        seconds -= time.monotonic() - begun
        rows = rows or self.tuning.rows_for(search, seconds) or len(self.training_data.items)
        take = self.training_data.sample(rows, self.seed)
        offered = seconds
        if not math.isinf(seconds) and search.strong and search.seconds < STEP_SHARE * seconds:
            offered = max(STEP_SHARE * seconds, min(seconds, 5.0))
        deadline = None if math.isinf(offered) else time.monotonic() + offered
        self.on_event({"event": "start", "side": "shallow", "name": name, "settings": dict(settings)})
        model = pickle.dumps(made(search.baseline, self.training_data.task, settings, self.seed))
        fitted = self.worker.fit(model, take, deadline, self.stopping)
        if again is None:
            search.n += 1
            search.n_runs += 1
            self.n_fits += 1
            search.tried.add(as_text(settings))
            if not self.stopping():
                self.tuning.learn_time(search, fitted, offered, rows)
        shown = dict(settings) if take is None else {**settings, "rows": rows}
        run, output = self._as_run(name, search, shown, fitted, offered)
        candidate, scores, skipped_for_time = None, [], False
        if run.valid_score is not None and output is not None and fitted.model is not None:
            others, skipped_for_time = self._examine(run, search, settings, take, ends, again)
            outputs = (output, *others)
            scores = [self.training_data.score(one, part) for part, one in enumerate(outputs)]
            run = dataclasses.replace(run, valid_score=statistics.fmean(scores), n_holdouts=len(scores))
            if again is None:
                search.lead(settings, self.holdout_policy.take_in(scores, skipped_for_time), self.training_data.rank)
            candidate = Candidate(run, search, settings, fitted.model, outputs, take)
            self.candidates.keep(candidate)
            if again is None and take is not None and search.n == 1 and search.capped is None:
                search.n = 0
                search.fresh.again(settings)  # once more on all rows, if there is time
        elif again is None and search.capped is not None and search.n == 1 and run.status == "failed":
            search.n = 0
            search.fresh.again(settings)  # once more on fewer rows
            search.failures += 1
            if search.failures > 2:
                search.exhausted = True
        run = dataclasses.replace(run, at_seconds=self.elapsed())
        self._announce(run)
        if again is not None and candidate is None:
            return ()  # the earlier run stands, without its model
        self.archive.write(run, scores, skipped_for_time, settings, rows, self._state(search))
        if candidate is not None:
            self._store(candidate, ends - time.monotonic())
        return (run,)

    def _examine(
        self,
        run: Run,
        search: FamilySearch,
        settings: Mapping[str, Any],
        take: np.ndarray | None,
        ends: float,
        again: Run | None,
    ) -> tuple[tuple[Output, ...], bool]:
        """Fit the same settings on the other hold-outs, if the score deserves it and there is time for all of them.

        Args:
            run: the run on the first hold-out.
            search: its family search.
            settings: its settings.
            take: positions of the training items it was fitted on; None for all.
            ends: `time.monotonic` value to end by.
            again: the earlier run that is fitted again, or None.

        Returns:
            Validation outputs of each hold-out, or none at all, since a mean over some of them could not be compared;
            and whether lack of time was the reason for none.
        """
        assert run.valid_score is not None
        others = self.training_data.parts[1:]
        judged_before = again is not None and again.n_holdouts > 1
        promotion_score = self.holdout_policy.promotion_score() if again is None else None
        if not others or not (judged_before or self.holdout_policy.deserves(run.valid_score, promotion_score)):
            return (), False
        share = 1.0 if again else self.holdout_policy.share
        each = run.cost.fit_seconds + EXAMINE_SECONDS
        whole = run.status == "done" and take is None
        if not whole or not has_time(len(others), each, ends - time.monotonic(), share):
            return (), True
        outputs = []
        for number in range(1, len(others) + 1):
            seed = self.seed + SEED_STEP * number  # so that the mean score does not depend on one random state
            model = pickle.dumps(made(search.baseline, self.training_data.task, settings, seed))
            fitted = self.worker.fit(model, None, None if math.isinf(ends) else ends, self.stopping, number)
            if fitted.stopped or fitted.output is None:
                return (), bool(fitted.stopped)
            if not math.isfinite(self.training_data.score(fitted.output, number)):
                return (), False
            outputs.append(fitted.output)
        return tuple(outputs), False

    def _as_run(self, name: str, search: FamilySearch, shown: Mapping[str, Any], fitted: Fitted,
                offered: float) -> tuple[Run, Output | None]:  # fmt: skip
        """The run of a fit and its validation output. For a checkpoint, validation items are predicted here."""
        status: Literal["done", "cut", "failed"] = "cut" if fitted.stopped else "done"
        failure, output, score = fitted.stopped or None, fitted.output, None
        predict_ms, rate = fitted.predict_ms, fitted.rows_per_second
        if fitted.model is None or fitted.failure:
            return self._run(name, search, "failed", shown, fitted, offered, fitted.failure), None
        if output is None:
            model = pickle.loads(fitted.model)  # safe: bytes from the pipe to this process's own child
            output = model.predict(self.training_data.dataset, self.training_data.valid)
            predict_ms, rate = measure(model, self.training_data.dataset, self.training_data.valid, 0.3)
            n_learnt = int(getattr(model, "n_learnt", 0))
            fitted = dataclasses.replace(fitted, predict_ms=predict_ms, rows_per_second=rate, n_learnt=n_learnt)
        n_given = shown.get("rows", len(self.training_data.items))
        if 0 < fitted.n_learnt < n_given:
            shown = {**shown, "rows": fitted.n_learnt}
        score = self.training_data.score(output)
        if not math.isfinite(score):
            return self._run(name, search, "failed", shown, fitted, offered, self._no_score(output)), None
        run = self._run(name, search, status, shown, fitted, offered, failure)
        return dataclasses.replace(run, valid_score=score), output

    def _no_score(self, output: Output) -> str:
        """Why predictions have no score."""
        floats = (array for array in output.arrays.values() if np.issubdtype(array.dtype, np.floating))
        if all(np.isfinite(array).all() for array in floats):
            return f"the metric {self.training_data.metric} is not defined for its predictions of the validation rows"
        return "its predictions are not finite"

    def _run(
        self,
        name: str,
        search: FamilySearch,
        status: Any,
        shown: Mapping[str, Any],
        fitted: Fitted,
        offered: float,
        failure: str | None,
    ) -> Run:
        cost = Cost(
            fitted.fit_seconds, offered if math.isfinite(offered) else 0.0, fitted.predict_ms, fitted.rows_per_second,
            fitted.peak_mib, None if fitted.model is None else len(fitted.model) / MIB,
        )  # fmt: skip
        return Run(name, "shallow", status, search.baseline.name, cost=cost, choices=shown, failure=failure)

    def _announce(self, run: Run) -> None:
        self.on_event(
            {"event": "run", "side": run.side, "name": run.name, "score": run.valid_score,
             "n_holdouts": run.n_holdouts, "status": run.status}
        )  # fmt: skip

    # ------------------------------------------------------------------ another process

    def earlier_runs(self) -> tuple[Run, ...]:
        """The runs of earlier calls in this folder, without floors, which each call fits again."""
        return tuple(self.resumed.runs.values())

    def _state(self, search: FamilySearch) -> dict[str, Any]:
        return {"lane": search.state(), "random": self.tuning.random.bit_generator.state, "n_fits": self.n_fits}

    def _store(self, candidate: Candidate, seconds: float) -> None:
        """Store a model if it is among the best, and remove stored models that no longer are."""
        best = self.ranked[:KEPT_MODELS]
        if any(candidate is leader for leader in best):
            self.archive.keep(candidate.run, candidate.model, candidate.outputs, seconds)
            self.archive.retain([leader.run.name for leader in best])

    def _note(self, text: str) -> None:
        self.on_event({"event": "note", "side": "shallow", "text": text})

    # ------------------------------------------------------------------ the finalist

    def seconds_a_repeat(self, n_members: int = 1) -> float:
        """The time that a fit of the finalist on another split is expected to take: that of a refit."""
        return self.candidates.seconds_a_repeat(n_members)

    def repeat(self, task: Task, split: Split, number: int, seconds: float, dataset: Dataset | None = None) -> Output:
        """Fit the finalist on another split, and predict its test items; see `Candidates.repeat`."""
        return self.candidates.repeat(task, split, number, seconds, dataset)

    def floor(self) -> tuple[Run, Output, Any]:
        """The best floor by validation score: its run, its predictions for the test items, its model."""
        if not self.floors:
            self._fit_floors()
        run, model = max(self.floors, key=lambda pair: self.training_data.rank(pair[0].valid_score))
        return run, model.predict(self.training_data.dataset, self.training_data.test), model

    def floor_on_valid(self) -> Output:
        """The first floor's predictions for the validation items."""
        output: Output = self.floors[0][1].predict(self.training_data.dataset, self.training_data.valid)
        return output

    def close(self) -> None:
        """End the worker process, if there is one."""
        self.worker.close()


def _fixed(
    settings: Sequence[FixedSettings], searches: Sequence[FamilySearch]
) -> list[tuple[FamilySearch, Mapping[str, Any]]]:
    """Each of the settings with the search of its family; those of families that are not there are left out."""
    of_name = {search.baseline.name: search for search in searches}
    return [
        (of_name[one.family], of_name[one.family].fresh.near(one.settings)) for one in settings if one.family in of_name
    ]


def _plugins(searches: list[FamilySearch]) -> tuple[tuple[str, str], ...]:
    """Name and file of the modules of baselines that the worker cannot import by name: plug-in files."""
    files = {}
    for search in searches:
        name = search.baseline.make.__module__
        module = sys.modules.get(name)
        file = getattr(module, "__file__", None)
        spec = getattr(module, "__spec__", None)
        if file and "." not in name and name != "__main__" and spec is not None and name.startswith("automl_plugin_"):
            files[name] = str(file)
    return tuple(files.items())
