"""The shallow side of a contest: floors first, then fast and strong defaults, then tuning of what has paid."""

from __future__ import annotations

import dataclasses
import math
import pickle
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np

from automl import metrics
from automl.baselines.archive import KEPT_MODELS, Archive, Proposals, run_of
from automl.baselines.lane import Kept, Lane
from automl.baselines.worker import Fitted, Payload, Worker, measure
from automl.context import scoring_context, truth
from automl.ensemble import combine, ensemble_run, select
from automl.records import Baseline, Cost, Dataset, Facts, FitContext, Output, Run, Side, Split, Task

__all__ = ["ShallowSide"]

MIB = 1024**2
LEAST_SECONDS = 0.3
LEAST_ROWS = 500
RANDOM_FIRST = 4
EXPLORE = 0.25
MUTATE = 0.35
STEP_SHARE = 0.4
CUT_SHARE = 0.3
CANDIDATES = 8


class ShallowSide:
    """`records.Contender` of shallow models.

    Args:
        dataset, task, split, facts: as everywhere. baselines: those of this modality, by name.
        metric: name. seed: any integer. weight: ``(n_rows,)`` or None.
        max_trials: bound on fits beside the floors, or None. on_event: told of starts and runs.
        stopping: asked whether the user wants to stop.
        folder: of the run, where fits and the best models are kept for another process; or None.
        fingerprints: what must be the same for that. elapsed: the run's clock, for the time of each fit.

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
    ) -> None:
        self.dataset, self.task, self.split, self.metric, self.seed = dataset, task, split, metric, seed
        self.max_trials, self.stopping = max_trials, stopping
        self.on_event = on_event or (lambda event: None)
        self.items, self.valid, self.test = _items(split, "train"), _items(split, "valid"), _items(split, "test")
        self.truth, self.valid_truth = truth(dataset, task, self.items), truth(dataset, task, self.valid)
        self.weight = _item_weight(weight, self.items)
        self.valid_weight = _item_weight(weight, self.valid)
        self.context = scoring_context(dataset, task, split, self.valid)
        self.random = np.random.default_rng(seed)
        fitting = [b for b in baselines.values() if task.goal in b.goals and b.unfit(task, facts) is None]
        order = {"floor": 0, "fast": 1, "strong": 2}
        self.lanes = [
            Lane(b, Proposals(b.settings(task, facts, seed + i)))
            for i, b in enumerate(sorted(fitting, key=lambda b: order[b.tier]))
        ]
        self.floors: list[tuple[Run, Any]] = []
        self.kept: list[Kept] = []
        self.n_fits = 0
        self._too_little = 0.0
        self.members: list[Kept] = []
        self._weights: tuple[float, ...] = (1.0,)
        self._outputs: dict[tuple[str, str, int], Output] = {}
        self.elapsed = elapsed
        self._earlier: dict[str, Run] = {}
        self._lost: list[tuple[Run, Lane, Mapping[str, Any], int]] = []
        self.archive = Archive(folder, fingerprints or {}, self._note)
        payload = Payload(
            dataset, self.items, self.truth, self.weight, self.valid, self.valid_truth, _plugins(self.lanes)
        )
        self.worker = Worker(payload)
        self._replay()  # while the worker loads its libraries

    # ------------------------------------------------------------------ one step

    def step(self, seconds: float) -> tuple[Run, ...] | None:
        """Floors at the first call, then one fit a call.

        Returns:
            The runs made; () if nothing could be fitted in the seconds; None when there is nothing left to try.
        """
        if not self.floors:
            return self._fit_floors(seconds)
        lost = self._next_lost(seconds)
        if lost is not None:
            run, lane, settings, rows = lost
            return self._fit(lane, settings, seconds, run.name, rows)
        if self.max_trials is not None and self.n_fits >= self.max_trials:
            return None
        proposal = self._propose(seconds)
        if proposal is None:
            # Asked again with no more time than when nothing fitted in: nothing will.
            over = all(lane.exhausted for lane in self._open()) or seconds <= self._too_little
            self._too_little = seconds
            return None if over else ()
        lane, settings = proposal
        return self._fit(lane, settings, seconds)

    def _fit_floors(self, seconds: float) -> tuple[Run, ...]:
        """Fit in this process: they take no time and no library that the parent lacks."""
        for lane in self.lanes:
            if lane.baseline.tier != "floor":
                continue
            settings = next(lane.fresh)
            name = lane.baseline.name
            self.on_event({"event": "start", "side": "floor", "name": name, "settings": dict(settings)})
            model = lane.baseline.make(self.task, settings, self.seed)
            begun = time.monotonic()
            context = FitContext(None, None, self.valid, self.valid_truth)
            model.fit(self.dataset, self.items, self.truth, self.weight, context)
            fit_seconds = time.monotonic() - begun
            score = self._score(model.predict(self.dataset, self.valid))
            predict_ms, rate = measure(model, self.dataset, self.valid, 0.2)
            size = len(pickle.dumps(model)) / MIB
            cost = Cost(fit_seconds, fit_seconds, predict_ms, rate, None, size)
            run = Run(name, "floor", "done", name, valid_score=score, cost=cost, choices=dict(settings))
            self.floors.append((run, model))
            self._announce(run)
        return tuple(run for run, _ in self.floors)

    def _open(self) -> list[Lane]:
        return [lane for lane in self.lanes if lane.baseline.tier != "floor"]

    def _propose(self, seconds: float) -> tuple[Lane, Mapping[str, Any]] | None:
        """The next family and its settings: every default once, then what has paid, now and then another."""
        if seconds < LEAST_SECONDS:
            return None
        able = [lane for lane in self._open() if not lane.exhausted and self._rows_for(lane, seconds) is not None]
        for lane in able:
            if lane.n == 0:
                settings = next(lane.fresh, None)
                if settings is not None:
                    return lane, settings
                lane.exhausted = True
        able = [lane for lane in able if lane.best is not None and not lane.exhausted]
        while able:
            lane = self._lane_that_pays(able)
            settings = self._vary(lane)
            if settings is not None:
                return lane, settings
            lane.exhausted = True
            able.remove(lane)
        for lane in self._open():  # a family whose default failed is not tried again
            lane.exhausted = lane.exhausted or (lane.n > 0 and lane.best is None)
        return None

    def _lane_that_pays(self, able: list[Lane]) -> Lane:
        """Mostly the family with the best score so far, else the one fitted least (strong ones first)."""
        strong = [lane for lane in able if lane.baseline.tier == "strong"]
        strong = strong if len(strong) > 1 else able
        if self.random.random() < EXPLORE:
            return min(strong, key=lambda lane: lane.n)
        ranked = sorted(strong, key=lambda lane: self._rank(lane.best_score), reverse=True)
        best = max(able, key=lambda lane: self._rank(lane.best_score))
        # A runner-up close behind may overtake it with better settings: one turn in three.
        if len(ranked) > 1 and self.random.random() < 1 / 3:
            return ranked[1] if ranked[0] is best else ranked[0]
        return best

    def _vary(self, lane: Lane) -> Mapping[str, Any] | None:
        """Random settings at first; then the best ones with some replaced by a fresh draw or moved half-way to it."""
        for _ in range(30):
            fresh = next(lane.fresh, None)
            if fresh is None:
                return None
            settings = dict(fresh)
            if lane.n > RANDOM_FIRST and lane.best is not None and self.random.random() < 0.8:
                for name, value in lane.best.items():
                    if self.random.random() > MUTATE:
                        settings[name] = value
                    elif isinstance(value, float) and isinstance(settings.get(name), float):
                        settings[name] = _between(value, settings[name])
            if _text(settings) not in lane.tried:
                return settings
        return None

    # ------------------------------------------------------------------ time

    def _rows_for(self, lane: Lane, seconds: float) -> int | None:
        """Training items that fit into the seconds (all if it seems so); None if too few would."""
        n = len(self.items) if lane.capped is None else min(lane.capped, len(self.items))
        if math.isinf(seconds):
            return n
        if lane.seconds == 0.0:  # never seen to its end: not again in far less time than it used
            return n if seconds >= CUT_SHARE * lane.used else None
        expected = lane.seconds * n / len(self.items)
        if expected <= 0.9 * seconds:
            return n
        if lane.best is not None:
            return None  # fewer rows would hardly beat what all of them have given
        rows = int(n * 0.7 * seconds / expected)
        return rows if rows >= max(LEAST_ROWS, 0.2 * len(self.items)) else None

    def _take(self, rows: int) -> np.ndarray | None:
        """A sample of the training items: the last windows of a forecast count as much as the first."""
        n = len(self.items)
        if rows >= n:
            return None
        return np.sort(np.random.default_rng(self.seed).choice(n, rows, replace=False))

    def _learn_time(self, lane: Lane, fitted: Fitted, seconds: float, rows: int) -> None:
        share = rows / len(self.items)
        lane.used = max(lane.used, fitted.fit_seconds)
        if fitted.model is not None and not fitted.stopped:
            lane.seconds = max(lane.seconds * 0.8, fitted.fit_seconds / share)
        elif fitted.model is None and fitted.stopped:
            lane.seconds = max(lane.seconds, (1.0 if lane.best is not None else 2.0) * seconds / share)
            if lane.best is None:
                lane.capped = max(LEAST_ROWS, rows // 3)

    # ------------------------------------------------------------------ one fit

    def _fit(self, lane: Lane, settings: Mapping[str, Any], seconds: float, again: str | None = None,
             rows: int | None = None) -> tuple[Run, ...]:  # fmt: skip
        """One more run of a family, or an earlier one `again` whose model is lost, on as many rows as then."""
        rows = rows or self._rows_for(lane, seconds) or len(self.items)
        take = self._take(rows)
        name = again or f"{lane.baseline.name}-{lane.n_runs + 1}"
        begun = time.monotonic()
        ends = begun + seconds
        failure = self.worker.wait(None if math.isinf(seconds) else ends, self.stopping)
        if failure is not None:
            if again is None:
                lane.fresh.again(settings)
            else:
                self._lost.insert(0, (self._earlier[again], lane, settings, rows))
            return ()
        seconds -= time.monotonic() - begun
        offered = seconds
        if not math.isinf(seconds) and lane.baseline.tier == "strong" and lane.seconds < STEP_SHARE * seconds:
            offered = max(STEP_SHARE * seconds, min(seconds, 5.0))
        deadline = None if math.isinf(offered) else time.monotonic() + offered
        self.on_event({"event": "start", "side": "shallow", "name": name, "settings": dict(settings)})
        model = pickle.dumps(lane.baseline.make(self.task, settings, self.seed))
        fitted = self.worker.fit(model, take, deadline, self.stopping)
        if again is None:
            lane.n += 1
            lane.n_runs += 1
            self.n_fits += 1
            lane.tried.add(_text(settings))
            if not self.stopping():
                self._learn_time(lane, fitted, offered, rows)
        shown = dict(settings) if take is None else {**settings, "rows": rows}
        run, output = self._as_run(name, lane, shown, fitted, offered)
        run = dataclasses.replace(run, at_seconds=self.elapsed())
        kept = None
        if run.valid_score is not None and output is not None and fitted.model is not None:
            kept = Kept(run, lane, settings, [fitted.model], output, take)
            self._keep(kept)
        elif again is None and lane.capped is not None and lane.n == 1 and run.status == "failed":
            lane.n = 0
            lane.fresh.again(settings)  # once more, on fewer rows
            lane.failures += 1
            if lane.failures > 2:
                lane.exhausted = True
        self._announce(run)
        if again is not None and kept is None:
            return ()  # the earlier run stands, without its model
        self.archive.write(run, settings, rows, self._state(lane))
        if kept is not None:
            self._store(kept, ends - time.monotonic())
        return (run,)

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
            output = model.predict(self.dataset, self.valid)
            predict_ms, rate = measure(model, self.dataset, self.valid, 0.3)
            fitted = dataclasses.replace(fitted, predict_ms=predict_ms, rows_per_second=rate)
        score = self._score(output)
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
            {"event": "run", "side": run.side, "name": run.name, "score": run.valid_score, "status": run.status}
        )

    def _score(self, output: Output) -> float:
        return metrics.score(self.metric, self.valid_truth, output, self.valid_weight, self.context)

    def _rank(self, score: float | None) -> float:
        """A score turned so that more is better."""
        if score is None or not math.isfinite(score):
            return -math.inf
        return score if metrics.named(self.metric).higher_is_better else -score

    def _keep(self, kept: Kept) -> None:
        """Remember the family's best; drop models that neither lead nor are their family's best or fastest."""
        lane = kept.lane
        if lane.best is None or self._rank(kept.run.valid_score) > self._rank(lane.best_score):
            lane.best, lane.best_score = kept.settings, kept.run.valid_score
        self.kept.append(kept)
        self.kept.sort(key=lambda k: self._rank(k.run.valid_score), reverse=True)
        quickest = min(self.kept, key=lambda k: k.run.cost.predict_ms or math.inf)
        seen: set[str] = set()
        left = []
        for place, one in enumerate(self.kept):
            if place < CANDIDATES or one.lane.baseline.name not in seen or one is quickest:
                left.append(one)
            seen.add(one.lane.baseline.name)
        self.kept = left

    # ------------------------------------------------------------------ another process

    def earlier_runs(self) -> tuple[Run, ...]:
        """What earlier calls have fitted in this folder; the floors are fitted anew."""
        return tuple(self._earlier.values())

    def _state(self, lane: Lane) -> dict[str, Any]:
        return {"lane": lane.state(), "random": self.random.bit_generator.state, "n_fits": self.n_fits}

    def _store(self, kept: Kept, seconds: float) -> None:
        """Put a model that is among the best on disk, and take down those that no longer are."""
        best = self.kept[:KEPT_MODELS]
        if any(kept is one for one in best):
            self.archive.keep(kept.run, kept.models[0], kept.output, seconds)
            self.archive.retain([one.run.name for one in best])

    def _replay(self) -> None:
        """Take in what an earlier process tried; its best models return, or wait to be fitted again."""
        lanes = {lane.baseline.name: lane for lane in self._open()}
        fits: dict[str, tuple[Run, Lane, Mapping[str, Any], int]] = {}
        for entry in self.archive.journal.earlier:
            lane = lanes.get(str(entry.get("family")))
            if lane is None:
                continue
            run = run_of(entry)
            lane.go_on(entry["state"]["lane"])
            lane.tried.add(_text(entry["settings"]))
            self.random.bit_generator.state = entry["state"]["random"]
            self.n_fits = entry["state"]["n_fits"]
            self._earlier[run.name] = run
            fits[run.name] = run, lane, entry["settings"], entry["rows"]
        scored = [fit for fit in fits.values() if fit[0].valid_score is not None]
        for fit in sorted(scored, key=lambda fit: self._rank(fit[0].valid_score), reverse=True):
            run, lane, settings, rows = fit
            if lane.best is None:
                lane.best, lane.best_score = settings, run.valid_score
            found = self.archive.load(run)
            if found is None:
                self._lost.append(fit)
            else:
                model, output = found
                self._keep(Kept(run, lane, settings, [model], output, self._take(rows)))

    def _next_lost(self, seconds: float) -> tuple[Run, Lane, Mapping[str, Any], int] | None:
        """The best earlier run whose model is lost, if nothing that is left is as good and there is time for it."""
        for place, lost in enumerate(self._lost):  # best first
            run = lost[0]
            if self.kept and self._rank(self.kept[0].run.valid_score) >= self._rank(run.valid_score):
                del self._lost[place:]
                break
            if max(1.1 * run.cost.fit_seconds, LEAST_SECONDS) <= seconds:
                return self._lost.pop(place)
        return None

    def _note(self, text: str) -> None:
        self.on_event({"event": "note", "side": "shallow", "text": text})

    # ------------------------------------------------------------------ the finalist

    def choose(self, latency_ms: float | None, ensemble: bool = False) -> Run | None:
        """The best run by validation, or an ensemble; among those quick enough where a latency is asked for."""
        self.members, self._weights = [], (1.0,)
        if ensemble and self._choose_ensemble(latency_ms):
            output = combine([kept.output for kept in self.members], self._weights)
            return ensemble_run("shallow", [kept.run for kept in self.members], self._weights, self._score(output))
        best = self._best(latency_ms)
        if best is None:
            return None
        self.members = [best]
        return dataclasses.replace(best.run, finalist=True, n_seeds=len(best.models))

    def _choose_ensemble(self, latency_ms: float | None) -> bool:
        candidates = self.kept[:CANDIDATES]
        outputs = [kept.output for kept in candidates]
        found = select(outputs, self.metric, self.valid_truth, self.valid_weight, self.context)
        if found is None:
            return False
        pairs = [(kept, weight) for kept, weight in zip(candidates, found, strict=True) if weight > 0]
        times = [kept.run.cost.predict_ms or math.inf for kept, _ in pairs]
        if latency_ms is not None and sum(times) > latency_ms:
            return False
        self.members, self._weights = [kept for kept, _ in pairs], tuple(weight for _, weight in pairs)
        return True

    def _best(self, latency_ms: float | None) -> Kept | None:
        for kept in self.kept:  # best first
            ms = kept.run.cost.predict_ms
            if latency_ms is None or (ms is not None and ms <= latency_ms):
                return kept
        return None

    def weights(self) -> tuple[float, ...]:
        """Of the finalist's members, sum 1."""
        return self._weights

    def seconds_a_seed(self) -> float:
        """As long as the finalist (before it is named: the best so far) took, and a little for predicting."""
        best = self._best(None)
        members = self.members or ([] if best is None else [best])
        return sum(1.2 * kept.run.cost.fit_seconds + 0.5 for kept in members)

    def add_seed(self, seconds: float) -> bool:
        """Fit each member's settings on the same rows with another random state, no longer than it was fitted."""
        ends = time.monotonic() + seconds
        models = []
        for kept in self.members:
            left = ends - time.monotonic() if math.isfinite(seconds) else math.inf
            model = self._another(kept, left)
            if model is None:
                return False
            models.append(model)
        for kept, model in zip(self.members, models, strict=True):
            kept.models.append(model)
        return bool(models)

    def _another(self, kept: Kept, seconds: float) -> bytes | None:
        if seconds < LEAST_SECONDS:
            return None
        was_cut = kept.run.status == "cut"
        if was_cut:
            seconds = min(seconds, 1.1 * kept.run.cost.fit_seconds + 0.5)
        seed = self.seed + 1000 * len(kept.models)
        model = pickle.dumps(kept.lane.baseline.make(self.task, kept.settings, seed))
        deadline = None if math.isinf(seconds) else time.monotonic() + seconds
        fitted = self.worker.fit(model, kept.take, deadline, self.stopping)
        failed = fitted.model is None or fitted.failure or (fitted.stopped and not was_cut)
        return None if failed else fitted.model

    def models(self, n_seeds: int) -> tuple[Any, ...]:
        """The members' fitted models for the first seed, then for the next, up to n seeds."""
        return tuple(pickle.loads(kept.models[i]) for i in range(n_seeds) for kept in self.members)

    def outputs(self, part: Literal["valid", "test"], n_seeds: int) -> tuple[Output, ...]:
        """The finalist's predictions on validation or test items, one for each of its first n seeds."""
        if not self.members:
            return ()
        items = self.valid if part == "valid" else self.test
        found = []
        for i in range(n_seeds):
            for kept in self.members:
                key = (kept.run.name, part, i)
                if key not in self._outputs:
                    self._outputs[key] = pickle.loads(kept.models[i]).predict(self.dataset, items)
            found.append(combine([self._outputs[kept.run.name, part, i] for kept in self.members], self._weights))
        return tuple(found)

    def floor(self) -> tuple[Run, Output, Any]:
        """The best floor by validation: its run, its predictions on test items and its model."""
        if not self.floors:
            self._fit_floors(math.inf)
        run, model = max(self.floors, key=lambda pair: self._rank(pair[0].valid_score))
        return run, model.predict(self.dataset, self.test), model

    def close(self) -> None:
        """End the worker process."""
        self.worker.close()


def _items(split: Split, part: str) -> np.ndarray:
    """Windows of a forecast, else rows."""
    windows = getattr(split, f"{part}_windows")
    return np.asarray(getattr(split, part) if windows is None else windows)


def _item_weight(weight: np.ndarray | None, items: np.ndarray) -> np.ndarray | None:
    if weight is None:
        return None
    own = np.asarray(weight, dtype=np.float64)[items]
    return own if own.ndim == 1 else np.asarray(own.mean(axis=1))


def _between(a: float, b: float) -> float:
    """The geometric mean of two positive numbers, else the second."""
    return float(f"{math.sqrt(a * b):.3g}") if a > 0 and b > 0 else b


def _text(settings: Mapping[str, Any]) -> str:
    return repr(sorted(settings.items()))


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
