"""The shallow side of a contest: floors first, then fast and strong defaults, then tuning of what has paid."""

from __future__ import annotations

import dataclasses
import math
import pickle
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np

from automl import metrics
from automl.records import Baseline, Cost, Dataset, Facts, FitContext, Output, Run, Side, Split, Task
from automl.shallow.apart import Apart
from automl.shallow.archive import KEPT_MODELS, Archive, Proposals
from automl.shallow.data import Material
from automl.shallow.family import Kept, Lane
from automl.shallow.finalist import Candidates
from automl.shallow.in_process import Here
from automl.shallow.resume import Earlier
from automl.shallow.scheduling import Tuning, as_text, rows_a_second
from automl.shallow.worker import Fitted, Part, Payload, measure
from automl.sides.holdouts import Examination, has_time

__all__ = ["ShallowSide"]

MIB = 1024**2
STEP_SHARE = 0.4
EXAMINE_SECONDS = 0.1
SEED_STEP = 100_000


class ShallowSide:
    """`records.Contender` of shallow models.

    Args:
        dataset: as everywhere.
        task: as everywhere.
        split: as everywhere.
        facts: as everywhere.
        baselines: those of this modality, by name.
        metric: name.
        seed: any integer.
        weight: ``(n_rows,)`` or None.
        max_trials: bound on fits beside the floors, or None.
        on_event: told of starts and runs.
        stopping: asked whether the user wants to stop.
        folder: of the run, where fits and the best models are kept for another process; or None.
        fingerprints: what must be the same for that.
        elapsed: the run's clock, for the time of each fit.
        apart: fit in a process apart, which can be ended at a deadline; else in this one.

    Raises:
        FolderError: the folder holds a run of something else.
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
        weight: np.ndarray | None = None,
        max_trials: int | None = None,
        on_event: Callable[[dict[str, Any]], None] | None = None,
        stopping: Callable[[], bool] = lambda: False,
        folder: Path | None = None,
        fingerprints: Mapping[str, str] | None = None,
        elapsed: Callable[[], float] = lambda: 0.0,
        apart: bool = True,
    ) -> None:
        self.material = Material.of(dataset, task, split, metric, weight)
        self.seed, self.max_trials, self.stopping = seed, max_trials, stopping
        self.on_event = on_event or (lambda event: None)
        self.elapsed = elapsed
        order = {"floor": 0, "fast": 1, "strong": 2}
        fitting = [b for b in baselines.values() if task.goal in b.goals and b.unfit(task, facts) is None]
        lanes = [
            Lane(b, Proposals(b.settings(task, facts, seed + i)))
            for i, b in enumerate(sorted(fitting, key=lambda b: order[b.tier]))
        ]
        self.floor_lanes = [lane for lane in lanes if lane.baseline.tier == "floor"]
        others = [lane for lane in lanes if lane.baseline.tier != "floor"]
        n_items = len(self.material.items)
        self.tuning = Tuning(others, n_items, seed, self.material.rank, rows_a_second(task, n_items))
        self.floors: list[tuple[Run, Any]] = []
        self._too_little = 0.0
        self.archive = Archive(folder, fingerprints or {}, self._note)
        material = self.material
        payload = Payload(dataset, material.parts, _plugins(lanes))
        self.worker: Apart | Here = Apart(payload, self._note) if apart else Here(payload)
        self.examination = Examination(len(material.parts), metrics.named(metric).higher_is_better)
        self.candidates = Candidates(material, self.worker, seed, stopping)
        self.earlier = Earlier(self.archive, material, seed)
        self.earlier.replay(self.tuning, self.candidates, self.examination)  # while the worker loads its libraries
        self.n_fits = self.earlier.n_fits

    @property
    def not_apart(self) -> str | None:
        """Why fits are made in this process though they were to be made in another; None where they are not."""
        return self.worker.problem if isinstance(self.worker, Apart) else None

    @property
    def kept(self) -> list[Kept]:
        """Fits in memory, best first."""
        return self.candidates.kept

    # ------------------------------------------------------------------ one step

    def step(self, seconds: float) -> tuple[Run, ...] | None:
        """Floors at the first call, then one fit a call.

        Returns:
            The runs made; () if nothing could be fitted in the seconds; None when there is nothing left to try.
        """
        if not self.floors:
            return self._fit_floors()
        lost = self.earlier.next_lost(seconds, self.kept[0].run if self.kept else None)
        if lost is not None:
            run, lane, settings, rows = lost
            return self._fit(lane, settings, seconds, run, rows)
        if self.max_trials is not None and self.n_fits >= self.max_trials:
            return None
        # What cannot be judged on as many hold-outs as the best would stand behind it.
        proposal = self.tuning.propose(seconds / (self.kept[0].run.n_holdouts if self.kept else 1))
        if proposal is None:
            # Asked again with no more time than when nothing fitted in: nothing will.
            over = all(lane.exhausted for lane in self.tuning.lanes) or seconds <= self._too_little
            self._too_little = seconds
            return None if over else ()
        lane, settings = proposal
        return self._fit(lane, settings, seconds)

    def _fit_floors(self) -> tuple[Run, ...]:
        """Fit in this process: they take no time and no library that the parent lacks."""
        for lane in self.floor_lanes:
            settings = next(lane.fresh)
            name = lane.baseline.name
            self.on_event({"event": "start", "side": "floor", "name": name, "settings": dict(settings)})
            begun = time.monotonic()
            model, output = self._fit_floor(lane, settings, self.material.parts[0])
            fit_seconds = time.monotonic() - begun
            outputs = [output, *(self._fit_floor(lane, settings, part)[1] for part in self.material.parts[1:])]
            score = self.material.mean_score(outputs)
            predict_ms, rate = measure(model, self.material.dataset, self.material.valid, 0.2)
            size = len(pickle.dumps(model)) / MIB
            cost = Cost(fit_seconds, fit_seconds, predict_ms, rate, None, size)
            run = Run(name, "floor", "done", name, valid_score=score, cost=cost, choices=dict(settings),
                      n_holdouts=len(outputs))  # fmt: skip
            self.floors.append((run, model))
            self._announce(run)
        return tuple(run for run, _ in self.floors)

    def _fit_floor(self, lane: Lane, settings: Mapping[str, Any], part: Part) -> tuple[Any, Output]:
        model = lane.baseline.make(self.material.task, settings, self.seed)
        context = FitContext(None, None, part.valid, part.valid_truth)
        model.fit(self.material.dataset, part.items, part.truth, part.weight, context)
        return model, model.predict(self.material.dataset, part.valid)

    # ------------------------------------------------------------------ one fit

    def _fit(self, lane: Lane, settings: Mapping[str, Any], seconds: float, again: Run | None = None,
             rows: int | None = None) -> tuple[Run, ...]:  # fmt: skip
        """One more run of a family, or an earlier one `again` whose model is lost, on as many rows as then."""
        name = again.name if again else f"{lane.baseline.name}-{lane.n_runs + 1}"
        begun = time.monotonic()
        ends = begun + seconds
        failure = self.worker.wait(None if math.isinf(seconds) else ends, self.stopping)
        if failure is not None:
            if again is None:
                lane.fresh.again(settings)
            else:
                self.earlier.lost.insert(0, (again, lane, settings, rows or len(self.material.items)))
            return ()
        seconds -= time.monotonic() - begun
        rows = rows or self.tuning.rows_for(lane, seconds) or len(self.material.items)
        take = self.material.sample(rows, self.seed)
        offered = seconds
        if not math.isinf(seconds) and lane.strong and lane.seconds < STEP_SHARE * seconds:
            offered = max(STEP_SHARE * seconds, min(seconds, 5.0))
        deadline = None if math.isinf(offered) else time.monotonic() + offered
        self.on_event({"event": "start", "side": "shallow", "name": name, "settings": dict(settings)})
        model = pickle.dumps(lane.baseline.make(self.material.task, settings, self.seed))
        fitted = self.worker.fit(model, take, deadline, self.stopping)
        if again is None:
            lane.n += 1
            lane.n_runs += 1
            self.n_fits += 1
            lane.tried.add(as_text(settings))
            if not self.stopping():
                self.tuning.learn_time(lane, fitted, offered, rows)
        shown = dict(settings) if take is None else {**settings, "rows": rows}
        run, output = self._as_run(name, lane, shown, fitted, offered)
        kept, scores, passed_over = None, [], False
        if run.valid_score is not None and output is not None and fitted.model is not None:
            others, passed_over = self._examine(run, lane, settings, take, ends, again)
            outputs = (output, *others)
            scores = [self.material.score(one, part) for part, one in enumerate(outputs)]
            run = dataclasses.replace(run, valid_score=statistics.fmean(scores), n_holdouts=len(scores))
            if again is None:
                lane.lead(settings, self.examination.take_in(scores, passed_over), self.material.rank)
            kept = Kept(run, lane, settings, [fitted.model], outputs, take)
            self.candidates.keep(kept)
            if again is None and take is not None and lane.n == 1 and lane.capped is None:
                lane.n = 0
                lane.fresh.again(settings)  # once more, on all rows, where there is time
        elif again is None and lane.capped is not None and lane.n == 1 and run.status == "failed":
            lane.n = 0
            lane.fresh.again(settings)  # once more, on fewer rows
            lane.failures += 1
            if lane.failures > 2:
                lane.exhausted = True
        run = dataclasses.replace(run, at_seconds=self.elapsed())
        self._announce(run)
        if again is not None and kept is None:
            return ()  # the earlier run stands, without its model
        self.archive.write(run, scores, passed_over, settings, rows, self._state(lane))
        if kept is not None:
            self._store(kept, ends - time.monotonic())
        return (run,)

    def _examine(self, run: Run, lane: Lane, settings: Mapping[str, Any], take: np.ndarray | None, ends: float,
                 again: Run | None) -> tuple[tuple[Output, ...], bool]:  # fmt: skip
        """Fit the same settings on the other hold-outs, where the score deserves it and all of them fit in.

        Returns:
            Validation outputs of all of them or of none (a mean over some would not compare); whether time was the
            reason for none.
        """
        assert run.valid_score is not None
        others = self.material.parts[1:]
        judged_before = again is not None and again.n_holdouts > 1
        bar = self.examination.bar() if again is None else None
        if not others or not (judged_before or self.examination.deserves(run.valid_score, bar)):
            return (), False
        share = 1.0 if again else self.examination.share
        each = run.cost.fit_seconds + EXAMINE_SECONDS
        whole = run.status == "done" and take is None
        if not whole or not has_time(len(others), each, ends - time.monotonic(), share):
            return (), True
        found = []
        for number in range(1, len(others) + 1):
            seed = self.seed + SEED_STEP * number  # a score that is not of one random state
            model = pickle.dumps(lane.baseline.make(self.material.task, settings, seed))
            fitted = self.worker.fit(model, None, None if math.isinf(ends) else ends, self.stopping, number)
            if fitted.stopped or fitted.output is None:
                return (), bool(fitted.stopped)
            if not math.isfinite(self.material.score(fitted.output, number)):
                return (), False
            found.append(fitted.output)
        return tuple(found), False

    def _as_run(self, name: str, lane: Lane, shown: Mapping[str, Any], fitted: Fitted,
                offered: float) -> tuple[Run, Output | None]:  # fmt: skip
        """The record of a fit; a checkpoint's validation items are predicted here."""
        status: Literal["done", "cut", "failed"] = "cut" if fitted.stopped else "done"
        failure, output, score = fitted.stopped or None, fitted.output, None
        predict_ms, rate = fitted.predict_ms, fitted.rows_per_second
        if fitted.model is None or fitted.failure:
            return self._run(name, lane, "failed", shown, fitted, offered, fitted.failure), None
        if output is None:
            model = pickle.loads(fitted.model)  # from the pipe to our own child
            output = model.predict(self.material.dataset, self.material.valid)
            predict_ms, rate = measure(model, self.material.dataset, self.material.valid, 0.3)
            fitted = dataclasses.replace(fitted, predict_ms=predict_ms, rows_per_second=rate)
        score = self.material.score(output)
        if not math.isfinite(score):
            return self._run(name, lane, "failed", shown, fitted, offered, "its predictions are not finite"), None
        run = self._run(name, lane, status, shown, fitted, offered, failure)
        return dataclasses.replace(run, valid_score=score), output

    def _run(self, name: str, lane: Lane, status: Any, shown: Mapping[str, Any], fitted: Fitted, offered: float,
             failure: str | None) -> Run:  # fmt: skip
        cost = Cost(
            fitted.fit_seconds, offered if math.isfinite(offered) else 0.0, fitted.predict_ms, fitted.rows_per_second,
            fitted.peak_mib, None if fitted.model is None else len(fitted.model) / MIB,
        )  # fmt: skip
        return Run(name, "shallow", status, lane.baseline.name, cost=cost, choices=shown, failure=failure)

    def _announce(self, run: Run) -> None:
        self.on_event(
            {"event": "run", "side": run.side, "name": run.name, "score": run.valid_score,
             "n_holdouts": run.n_holdouts, "status": run.status}
        )  # fmt: skip

    # ------------------------------------------------------------------ another process

    def earlier_runs(self) -> tuple[Run, ...]:
        """What earlier calls have fitted in this folder; the floors are fitted anew."""
        return tuple(self.earlier.runs.values())

    def _state(self, lane: Lane) -> dict[str, Any]:
        return {"lane": lane.state(), "random": self.tuning.random.bit_generator.state, "n_fits": self.n_fits}

    def _store(self, kept: Kept, seconds: float) -> None:
        """Put a model that is among the best on disk, and take down those that no longer are."""
        best = self.kept[:KEPT_MODELS]
        if any(kept is one for one in best):
            self.archive.keep(kept.run, kept.models[0], kept.outputs, seconds)
            self.archive.retain([one.run.name for one in best])

    def _note(self, text: str) -> None:
        self.on_event({"event": "note", "side": "shallow", "text": text})

    # ------------------------------------------------------------------ the finalist

    def choose(self, latency_ms: float | None, ensemble: bool = False) -> Run | None:
        """The best run by validation, or an ensemble; among those quick enough where a latency is asked for."""
        return self.candidates.choose(latency_ms, ensemble)

    def weights(self) -> tuple[float, ...]:
        """Of the finalist's members, sum 1."""
        return self.candidates.weights()

    def seconds_a_seed(self) -> float:
        """As long as the finalist (before it is named: the best so far) took, and a little for predicting."""
        return self.candidates.seconds_a_seed()

    def add_seed(self, seconds: float) -> bool:
        """Fit each member's settings on the same rows with another random state, no longer than it was fitted."""
        return self.candidates.add_seed(seconds)

    def models(self, n_seeds: int) -> tuple[Any, ...]:
        """The members' fitted models for the first seed, then for the next, up to n seeds."""
        return self.candidates.models(n_seeds)

    def outputs(self, part: Literal["valid", "test"], n_seeds: int) -> tuple[Output, ...]:
        """The finalist's predictions on validation or test items, one for each of its first n seeds."""
        return self.candidates.outputs(part, n_seeds)

    def floor(self) -> tuple[Run, Output, Any]:
        """The best floor by validation: its run, its predictions on test items and its model."""
        if not self.floors:
            self._fit_floors()
        run, model = max(self.floors, key=lambda pair: self.material.rank(pair[0].valid_score))
        return run, model.predict(self.material.dataset, self.material.test), model

    def floor_on_valid(self) -> Output:
        """A floor's predictions for the validation items."""
        output: Output = self.floors[0][1].predict(self.material.dataset, self.material.valid)
        return output

    def close(self) -> None:
        """End the worker process, where there is one."""
        self.worker.close()


def _plugins(lanes: list[Lane]) -> tuple[tuple[str, str], ...]:
    """Modules of baselines that another process cannot import by name: files given as plug-ins."""
    found = {}
    for lane in lanes:
        name = lane.baseline.make.__module__
        module = sys.modules.get(name)
        file = getattr(module, "__file__", None)
        spec = getattr(module, "__spec__", None)
        if file and "." not in name and name != "__main__" and spec is not None and name.startswith("automl_plugin_"):
            found[name] = str(file)
    return tuple(found.items())
