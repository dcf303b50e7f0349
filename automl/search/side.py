"""The deep side of the contest: templates, encoded arrays and time in; runs, a finalist and its seeds out."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import math
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from automl import context as contexts
from automl import metrics
from automl.ensemble import combine, ensemble_run, select
from automl.errors import FolderError
from automl.journal import Journal
from automl.records import Cost, Run, SearchOptions
from automl.search import device as devices
from automl.search.gates import at_gates, gates_for
from automl.search.oracle import Adviser
from automl.search.pool import LocalPool, Pool
from automl.search.trainer import Material, Order, Report, Trainer, plain
from automl.search.trial import Fit, Gate, Snapshot
from automl.search.variants import vary
from automl.store import WeightStore

if TYPE_CHECKING:
    from automl.records import Dataset, Encoder, Facts, Output, Side, Split, TargetCodec, Task, Template
    from automl.search.network import Network

__all__ = ["DeepSide"]

KEPT_FITS = 8
FIRST_SHARE = 0.4
FAILURES_ALLOWED = 3
VARIANTS = 2
COMPILE_SHARE = 0.15
LEAST_SHARE = 0.3
CURVE_POINTS = 50
SNAPSHOT_NUMBERS = ("score", "best_step", "step", "planned", "total", "seconds", "next_check")


@dataclass(slots=True, eq=False)
class _Lane:
    """One template's search: its adviser and what it has cost and brought.

    Attributes:
        peers: scores of its trials at the gates. variants: cheap neighbours of the best setting still to try.
        best: the best score, with its settings and seconds spent on compiling and in all.
    """

    template: Template
    adviser: Adviser
    n_runs: int = 0
    n_failed: int = 0
    seconds: float = 0.0
    best: float | None = None
    best_settings: dict[str, Any] | None = None
    exhausted: bool = False
    compile_seconds: float = 0.0
    variants: int = 0
    peers: list[list[float | None]] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class _Kept:
    """A run whose weights are still in memory."""

    run: Run
    template: Template
    settings: dict[str, Any]
    fits: list[Fit] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is under way: its lane, the adviser's number, where the setting came from, and a snapshot to go on from."""

    lane: _Lane
    number: str
    order: Order
    snapshot: Snapshot | None = None


class DeepSide:
    """Searches templates with KerasTuner's oracles; implements `records.Contender`.

    Args:
        dataset, task, split: as the flow made them. encoder, codec: fitted on training rows. facts: of those.
        templates: by name, those that fit the task. metric: name. seed: any integer.
        max_trials: bound on the number of trials, or None. options: algorithm, workers, memory.
        folder: where the journal and the weights of the best go, or None.
        on_event: told of each epoch and run. stopping: asked whether the user wants to stop.
        fingerprints: what a journal must match to be resumed.
        early_stopping: stop trials that lag behind earlier ones. reuse_shapes: try cheap neighbours of a good setting
            before new shapes. Both are policies that `benchmarks/trials.py` measures against none.
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
    ) -> None:
        self.options = options or SearchOptions()
        self.task, self.split, self.codec, self.encoder, self.dataset = task, split, codec, encoder, dataset
        self.metric, self.seed, self.max_trials = metric, seed, max_trials
        self.on_event = on_event or (lambda event: None)
        self.stopping = stopping
        self.early_stopping, self.reuse_shapes = early_stopping, reuse_shapes
        self.higher_is_better = metrics.named(metric).higher_is_better
        self.trainer = Trainer(
            _material(dataset, task, split, encoder, codec, metric), templates, devices.prepare(),
            self.options.memory_mib, stopping,
        )  # fmt: skip
        self.pool: Pool = LocalPool(self.trainer)
        self.lanes = [
            _Lane(t, Adviser(t, encoder.specs, facts, higher_is_better=self.higher_is_better, seed=seed,
                             name=self.options.oracle))
            for t in templates.values()
        ]  # fmt: skip
        self.kept: list[_Kept] = []
        self.members: list[_Kept] = []
        self._weights: tuple[float, ...] = (1.0,)
        self.n_runs = 0
        self.failures: Counter[str] = Counter()
        self._earlier: list[Run] = []
        self._in_flight: _Asked | None = None
        self.store = WeightStore(folder / "weights") if folder else None
        self.journal = Journal(folder / "trials.log" if folder else None, {**(fingerprints or {}), **self._spaces()})
        self._replay()
        self._tell_what_was_found()

    # ------------------------------------------------------------------ search

    def step(self, seconds: float) -> tuple[Run, ...] | None:
        """Run one trial a worker within these seconds (infinite: no clock); None when nothing is left to try."""
        asked: dict[str, _Asked] = {}
        for place in range(self.pool.n_workers):
            one = self._next(seconds, place)
            if one is None:
                break
            asked[one.order.name] = one
        if not asked:
            return () if self._may_go_on(seconds) else None
        for one in asked.values():
            self._begin(one)
        runs = []
        for report in self.pool.run([(one.order, one.snapshot) for one in asked.values()], self._on_epoch, self._save):
            runs.append(self._take_in(asked[report.order.name], report))
        return tuple(runs)

    def _may_go_on(self, seconds: float) -> bool:
        """Whether another call may find something to try, though this one did not."""
        lane = self._next_lane()
        bounded = self.max_trials is not None and self.n_runs >= self.max_trials
        return lane is not None and not bounded and not seconds < self._least_seconds(lane)

    def _next(self, seconds: float, place: int) -> _Asked | None:
        """The next trial: what a killed process left, a template's start, a cheap neighbour, or what the oracle says.

        Args:
            place: how many were asked for in this step already.
        """
        if self._in_flight is not None:
            left, self._in_flight = self._in_flight, None
            return dataclasses.replace(left, order=dataclasses.replace(left.order, seconds=seconds))
        lane = self._next_lane()
        if lane is None or (self.max_trials is not None and self.n_runs + place >= self.max_trials):
            return None
        if math.isfinite(seconds) and seconds < self._least_seconds(lane):
            return None
        number = self._ask(lane)
        if number is None:
            lane.exhausted = True
            return None
        soft = FIRST_SHARE * seconds if not self.kept and math.isfinite(seconds) else None
        order = Order(
            f"{lane.template.name}-{lane.n_runs + 1}", lane.template.name, plain(lane.adviser.settings(number)),
            self.seed * 1000 + lane.n_runs, seconds, soft_seconds=soft,
            gates=gates_for(lane.peers) if self.early_stopping else (),
        )  # fmt: skip
        lane.n_runs += 1
        return _Asked(lane, number, order)

    def _ask(self, lane: _Lane) -> str | None:
        """The adviser's number of the next setting."""
        cheap = self.reuse_shapes and lane.variants > 0 and lane.adviser.name in ("bayesian", "random")
        if cheap and lane.best_settings is not None and not lane.adviser.n_waiting:
            lane.variants -= 1
            rng = np.random.default_rng((self.seed, lane.n_runs))
            return lane.adviser.enter(vary(lane.adviser.space, lane.best_settings, lane.template.knobs, rng))
        return lane.adviser.ask()

    def _next_lane(self) -> _Lane | None:
        """Each template once, in order; then time goes by what has paid (a rank-r template gets a share of 1 / r)."""
        open_lanes = [
            lane
            for lane in self.lanes
            if not lane.exhausted and not (lane.best is None and lane.n_failed >= FAILURES_ALLOWED)
        ]
        untried = [lane for lane in open_lanes if lane.n_runs == 0]
        if untried or not open_lanes:
            return untried[0] if untried else None
        sign = -1.0 if self.higher_is_better else 1.0
        ranked = sorted(open_lanes, key=lambda lane: math.inf if lane.best is None else sign * lane.best)
        return min(enumerate(ranked, start=1), key=lambda pair: pair[1].n_runs * pair[0])[1]

    def _least_seconds(self, lane: _Lane) -> float:
        """Below this a trial is not started: compilation cannot be interrupted, and a sliver teaches nothing."""
        if not self.kept:
            return 1.0
        typical = float(np.median([kept.run.cost.fit_seconds for kept in self.kept]))
        return lane.compile_seconds + LEAST_SHARE * typical

    def _begin(self, asked: _Asked) -> None:
        order = asked.order
        if asked.snapshot is None:
            adviser = asked.lane.adviser
            self._write(
                {"begun": order.name, "template": order.template, "settings": dict(order.settings), "seed": order.seed,
                 "values": adviser.values(asked.number), "oracle": adviser.state(), "variants": asked.lane.variants,
                 "gates": [[gate.share, gate.score] for gate in order.gates]}
            )  # fmt: skip
        self.on_event({"event": "start", "side": "deep", "name": order.name, "settings": dict(order.settings)})

    def _on_epoch(self, order: Order, point: Mapping[str, float]) -> None:
        self.on_event({"event": "epoch", "side": "deep", "name": order.name, **point})

    def _take_in(self, asked: _Asked, report: Report) -> Run:
        """Tell the adviser, keep the weights of the best, and write down what was learned."""
        lane, fit, cheap = asked.lane, report.fit, False
        run = _as_run(report)
        self.n_runs += 1
        lane.seconds += report.seconds
        settings = plain(report.settings)
        lane.adviser.tell(asked.number, run.valid_score, settings)
        self.failures.update(failure.kind for failure in report.failures)
        if fit is None:
            lane.n_failed += 1
        else:
            lane.compile_seconds = max(lane.compile_seconds, fit.compile_seconds)
            lane.peers.append(at_gates(fit.curve, self.higher_is_better))
            cheap = math.isinf(report.order.seconds) or fit.compile_seconds >= COMPILE_SHARE * fit.seconds
            self._lead(lane, fit.score, settings, cheap)
            self._keep(_Kept(run, lane.template, settings, [fit]))
        entry = _entry(run, report, settings, lane.peers[-1] if fit is not None else [])
        self._write({**entry, "cheap": cheap})
        if self.store is not None and self.pool.n_workers == 1:
            self.store.drop_checkpoint()
        self.on_event(
            {"event": "run", "side": "deep", "name": run.name, "score": run.valid_score, "status": run.status,
             "failure": run.failure, "failure_kind": report.failures[-1].kind if report.failures else None,
             "stopped_early": fit is not None and fit.stopped_early}
        )  # fmt: skip
        return run

    def _lead(self, lane: _Lane, score: float, settings: dict[str, Any], cheap: bool) -> None:
        """Note a template's best; where compiling took much of its time, its neighbours come cheaper than others.

        Without a clock times decide nothing, so that the same seed gives the same trials.
        """
        if lane.best is None or self._better(score, lane.best):
            lane.best, lane.best_settings = score, settings
            lane.variants = VARIANTS if cheap else 0

    def _keep(self, kept: _Kept) -> None:
        """Hold the best in memory, and their weights on disk."""
        self.kept.append(kept)
        self.kept.sort(key=lambda kept: kept.fits[0].score, reverse=self.higher_is_better)
        dropped = kept in self.kept[KEPT_FITS:]
        del self.kept[KEPT_FITS:]
        if self.store is not None and not dropped:
            fit = kept.fits[0]
            meta = {"score": fit.score, "curve": list(fit.curve), "epochs": fit.epochs, "seconds": fit.seconds,
                    "compile_seconds": fit.compile_seconds, "status": fit.status, "n_steps": fit.n_steps,
                    "stopped_early": fit.stopped_early}  # fmt: skip
            self._said(self.store.save(kept.run.name, [fit.raw_valid, *fit.weights], meta))
            self.store.retain([one.run.name for one in self.kept])

    def _save(self, order: Order, snapshot: Snapshot) -> None:
        """A trial's state on disk, from which it can go on."""
        if self.store is None or self.pool.n_workers > 1:
            return
        arrays = [snapshot.raw_valid, *snapshot.weights, *snapshot.state]
        meta = {name: getattr(snapshot, name) for name in SNAPSHOT_NUMBERS}
        meta |= {"name": order.name, "n_weights": len(snapshot.weights), "curve": list(snapshot.curve)}
        self._said(self.store.checkpoint(arrays, meta))

    def _write(self, entry: Mapping[str, Any]) -> None:
        """Write to the journal; where that fails the search goes on, and only a resumed run would miss the entry."""
        try:
            self.journal.write(entry)
        except FolderError as error:
            self._said(f"{error}; the search goes on")

    def _said(self, problem: str | None) -> None:
        """Tell of a write that failed: the search goes on without it."""
        if problem is not None:
            self.on_event({"event": "note", "side": "deep", "text": problem})

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
        """Take in what an earlier call tried: advisers, gates, kept weights, and the trial that was under way."""
        lanes = {lane.template.name: lane for lane in self.lanes}
        open_ones: dict[str, tuple[_Lane, str, dict[str, Any]]] = {}
        lost: list[tuple[float, _Lane, dict[str, Any]]] = []
        for entry in self.journal.earlier:
            lane = lanes.get(str(entry.get("template")))
            if lane is None:
                continue
            if "begun" in entry:
                number = lane.adviser.enter(entry["values"])
                lane.adviser.set_state(entry["oracle"])
                lane.n_runs += 1
                lane.variants = int(entry["variants"])
                open_ones[entry["begun"]] = (lane, number, entry)
                continue
            run = _run_of(entry)
            asked = open_ones.pop(run.name, None)
            if asked is None:
                continue
            self._earlier.append(run)
            self.n_runs += 1
            lane.adviser.tell(asked[1], run.valid_score, dict(run.choices))
            self.failures.update(entry.get("failures", ()))
            if run.valid_score is None:
                lane.n_failed += 1
                continue
            lane.peers.append(list(entry["at_gates"]))
            lane.compile_seconds = max(lane.compile_seconds, float(entry["compile_seconds"]))
            self._lead(lane, run.valid_score, dict(run.choices), bool(entry["cheap"]))
            if not self._restore(lane, run):
                lost.append((run.valid_score, lane, dict(run.choices)))
        for lane, number, entry in open_ones.values():
            self._go_on_with(lane, number, entry)
        if lost:  # the best one is fitted again if nothing that is left is as good
            score, lane, settings = (max if self.higher_is_better else min)(lost, key=lambda item: item[0])
            if not self.kept or self._better(score, self.kept[0].fits[0].score):
                lane.adviser.first(settings)

    def _tell_what_was_found(self) -> None:
        parts = []
        if self._earlier:
            parts.append(f"{len(self._earlier)} trials of an earlier call, the weights of {len(self.kept)} of them")
        if self._in_flight is not None:
            where = "its last snapshot" if self._in_flight.snapshot is not None else "its start"
            parts.append(f"{self._in_flight.order.name}, which was under way, from {where}")
        if self.journal.unreadable:
            parts.append(f"{self.journal.unreadable} lines of trials.log that cannot be read and are passed over")
        if self.store is not None and self.store.unreadable:
            parts.append(f"damaged files, put aside: {', '.join(self.store.unreadable)}")
        if parts:
            self._said(f"going on with {'; '.join(parts)}")

    def _restore(self, lane: _Lane, run: Run) -> bool:
        """Bring a run's weights back from disk."""
        found = None if self.store is None else self.store.load(run.name)
        if found is None:
            return False
        arrays, meta = found
        fit = Fit(weights=list(arrays[1:]), raw_valid=arrays[0], **{**meta, "curve": tuple(meta["curve"])})
        self.kept.append(_Kept(run, lane.template, dict(run.choices), [fit]))
        self.kept.sort(key=lambda kept: kept.fits[0].score, reverse=self.higher_is_better)
        return True

    def _go_on_with(self, lane: _Lane, number: str, entry: Mapping[str, Any]) -> None:
        """The trial that a killed process left: from its last snapshot, or from its start."""
        order = Order(
            str(entry["begun"]), lane.template.name, dict(entry["settings"]), int(entry["seed"]), math.inf,
            gates=tuple(Gate(*gate) for gate in entry["gates"]),
        )  # fmt: skip
        found = None if self.store is None else self.store.load_checkpoint()
        snapshot = None
        if found is not None and found[1].get("name") == order.name:
            arrays, meta = found
            n = int(meta["n_weights"])
            snapshot = Snapshot(
                state=list(arrays[1 + n :]), weights=list(arrays[1 : 1 + n]), raw_valid=arrays[0],
                curve=tuple(meta["curve"]), **{name: meta[name] for name in SNAPSHOT_NUMBERS},
            )  # fmt: skip
        self._in_flight = _Asked(lane, number, order, snapshot)

    # ------------------------------------------------------------------ finalist

    def choose(self, latency_ms: float | None, ensemble: bool = False) -> Run | None:
        """Name the finalist: the best by validation, or an ensemble; within `latency_ms` for one row."""
        self.members, self._weights = [], (1.0,)
        if ensemble and self._choose_ensemble(latency_ms):
            return self._ensemble_run()
        for kept in self.kept:
            if latency_ms is None or self._latency_ms(kept) <= latency_ms:
                self.members = [kept]
                return kept.run
        return None

    def _choose_ensemble(self, latency_ms: float | None) -> bool:
        outputs = [self.codec.decode(kept.fits[0].raw_valid) for kept in self.kept]
        material = self.trainer.material
        found = select(outputs, self.metric, material.valid_truth, material.valid_weight, material.valid_context)
        if found is None:
            return False
        pairs = [(kept, weight) for kept, weight in zip(self.kept, found, strict=True) if weight > 0]
        if latency_ms is not None and sum(self._latency_ms(kept) for kept, _ in pairs) > latency_ms:
            return False
        self.members, self._weights = [kept for kept, _ in pairs], tuple(weight for _, weight in pairs)
        return True

    def _ensemble_run(self) -> Run:
        output = combine([self.codec.decode(kept.fits[0].raw_valid) for kept in self.members], self._weights)
        material = self.trainer.material
        context = dict(material.valid_context)
        score = metrics.score(self.metric, material.valid_truth, output, material.valid_weight, context)
        return ensemble_run("deep", [kept.run for kept in self.members], self._weights, score)

    def weights(self) -> tuple[float, ...]:
        """Of the finalist's members, sum 1."""
        return self._weights

    def _latency_ms(self, kept: _Kept) -> float:
        network = self._restored(kept, 0)
        one = self.encoder.transform(self.dataset, _items(self.split, "valid")[:1])
        network.predict(one)
        times = []
        for _ in range(5):
            begun = time.perf_counter()
            network.predict(self.encoder.transform(self.dataset, _items(self.split, "valid")[:1]))
            times.append(time.perf_counter() - begun)
        return float(np.median(times)) * 1000

    def seconds_a_seed(self) -> float:
        """What another seed of the finalist is expected to cost."""
        return sum(kept.fits[0].seconds * 1.1 for kept in self.members or self.kept[:1])

    def add_seed(self, seconds: float) -> bool:
        """Fit each member of the finalist once more with another seed within these seconds; whether it worked."""
        ends = time.monotonic() + seconds
        fits = []
        for kept in self.members:
            name = f"{kept.run.name} seed {len(kept.fits) + 1}"
            seed = self.seed * 1000 + 500 + len(kept.fits)
            left = ends - time.monotonic() if math.isfinite(seconds) else math.inf
            order = Order(name, kept.template.name, kept.settings, seed, left, kept.fits[0].n_steps)
            self.on_event(
                {"event": "start", "side": "deep", "name": name, "seed": True, "settings": dict(kept.settings)}
            )
            fits.append(self.trainer.run(order, functools.partial(self._on_epoch, order)).fit)
            if fits[-1] is None:
                return False
        for kept, fit in zip(self.members, fits, strict=True):
            if fit is not None:
                kept.fits.append(fit)
        return bool(fits)

    def outputs(self, part: Literal["valid", "test"], n_seeds: int) -> tuple[Output, ...]:
        """The finalist's undecided predictions, one for each of its first n seeds."""
        if part == "valid":
            raws = [[kept.fits[i].raw_valid for kept in self._chosen()] for i in range(n_seeds)]
        else:
            arrays = self.encoder.transform(self.dataset, _items(self.split, "test"))
            raws = [[self._restored(kept, i).predict(arrays) for kept in self._chosen()] for i in range(n_seeds)]
        return tuple(combine([self.codec.decode(raw) for raw in one], self._weights) for one in raws)

    def models(self, n_seeds: int) -> tuple[Any, ...]:
        """The members' Keras models for the first seed, then for the next, up to n seeds."""
        return tuple(
            self._restored(kept, i).detached(kept.fits[i].weights) for i in range(n_seeds) for kept in self._chosen()
        )

    def _restored(self, kept: _Kept, seed_number: int) -> Network:
        network = self.trainer.network(kept.template, kept.settings, self.seed)
        network.set_weights(kept.fits[seed_number].weights)
        return network

    def _chosen(self) -> list[_Kept]:
        if not self.members:
            raise RuntimeError("choose() names the finalist first")
        return self.members

    def close(self) -> None:
        """Drop compiled networks and end other processes."""
        self.pool.close()
        self.trainer.close()


def _items(split: Split, part: Literal["train", "valid", "test"]) -> np.ndarray:
    """Rows of a part, or its windows when the task is a forecast."""
    windows = {"train": split.train_windows, "valid": split.valid_windows, "test": split.test_windows}[part]
    rows = {"train": split.train, "valid": split.valid, "test": split.test}[part]
    return rows if windows is None else windows


def _material(
    dataset: Dataset, task: Task, split: Split, encoder: Encoder, codec: TargetCodec, metric: str
) -> Material:
    """Encoded training and validation rows, and how predictions for the latter are scored."""
    train_items, valid_items = _items(split, "train"), _items(split, "valid")
    target = codec.encode(dataset, train_items)
    loss_scale, weight = _loss_weighting(dataset, task, split, train_items)
    return Material(
        train=encoder.transform(dataset, train_items),
        target=target,
        weight=weight,
        valid=encoder.transform(dataset, valid_items),
        valid_truth=codec.truth(dataset, valid_items),
        valid_weight=None if dataset.weight is None else dataset.weight[_first(valid_items)],
        valid_context=contexts.scoring_context(dataset, task, split, valid_items),
        specs=tuple(encoder.specs),
        codec=codec,
        metric=metric,
        loss_scale=loss_scale,
    )


def _as_run(report: Report) -> Run:
    order, fit = report.order, report.fit
    cost = Cost(
        fit_seconds=report.seconds,
        offered_seconds=order.seconds if math.isfinite(order.seconds) else report.seconds,
        peak_mib=report.peak_mib,
        size_mib=None if report.n_parameters is None else report.n_parameters * 4 / 2**20,
        n_parameters=report.n_parameters,
    )
    return Run(
        order.name, "deep", report.status, order.template, cost=cost, device=report.device,
        choices=plain(report.settings), valid_score=None if fit is None else fit.score,
        curve=() if fit is None else fit.curve, failure=report.failure,
    )  # fmt: skip


def _entry(run: Run, report: Report, settings: Mapping[str, Any], at: list[float | None]) -> dict[str, Any]:
    """A run as the journal holds it."""
    fit = report.fit
    return {
        "name": run.name, "template": run.family, "settings": dict(settings), "score": run.valid_score,
        "status": run.status, "failure": run.failure, "failures": [failure.kind for failure in report.failures],
        "cost": dataclasses.asdict(run.cost), "device": run.device, "at_gates": at,
        "compile_seconds": 0.0 if fit is None else fit.compile_seconds,
        "curve": [] if fit is None else list(fit.curve[:: max(1, len(fit.curve) // CURVE_POINTS)]),
    }  # fmt: skip


def _run_of(entry: Mapping[str, Any]) -> Run:
    """A run from its journal entry."""
    return Run(
        entry["name"], "deep", entry["status"], entry["template"], valid_score=entry["score"],
        cost=Cost(**entry["cost"]), device=entry["device"], choices=dict(entry["settings"]),
        curve=tuple(entry["curve"]), failure=entry["failure"],
    )  # fmt: skip


def _first(items: np.ndarray) -> np.ndarray:
    return items if items.ndim == 1 else np.asarray(items[:, 0])


def _loss_weighting(
    dataset: Dataset, task: Task, split: Split, items: np.ndarray
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """The scale that divides a forecast's errors, and each training item's weight."""
    own = None if dataset.weight is None else dataset.weight[_first(items)]
    if task.goal != "forecast":
        return None, own
    scale = contexts.seasonal_scale(dataset, task.season or 1, split.train)
    typical = np.exp(np.log(scale).mean(axis=0))
    of_item = (scale / typical).mean(axis=1)[contexts.series_codes(dataset)[items[:, 0]]]
    weight = 1.0 / np.maximum(of_item, 1e-6)
    return typical, weight if own is None else weight * own
