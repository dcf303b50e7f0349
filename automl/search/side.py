"""The deep side of the contest: templates, encoded arrays and time in; runs, a finalist and its seeds out."""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from automl import context as contexts
from automl import memory, metrics
from automl.errors import OutOfTime, TrialError
from automl.records import Cost, Run
from automl.search import device as devices
from automl.search.journal import Journal
from automl.search.network import DeviceData, Network
from automl.search.oracle import Adviser
from automl.search.trial import Fit, train

if TYPE_CHECKING:
    from automl.records import Dataset, Encoder, Facts, Head, Output, Side, Split, Status, TargetCodec, Task, Template

__all__ = ["DeepSide"]

KEPT_NETWORKS = 4
KEPT_FITS = 3
FIRST_SHARE = 0.4
FAILURES_ALLOWED = 3
LOOP_CHOICES = ("epochs",)


@dataclass(slots=True, eq=False)
class _Lane:
    """One template's search: its adviser and what it has cost and brought."""

    template: Template
    adviser: Adviser
    n_runs: int = 0
    n_failed: int = 0
    seconds: float = 0.0
    best: float | None = None
    exhausted: bool = False
    compile_seconds: float = 0.0


@dataclass(slots=True, eq=False)
class _Kept:
    """A run whose weights are still in memory."""

    run: Run
    template: Template
    settings: dict[str, Any]
    fits: list[Fit] = field(default_factory=list)


class DeepSide:
    """Searches templates with KerasTuner's oracles; implements `records.Contender`.

    Args:
        dataset, task, split: as the flow made them. encoder, codec: fitted on training rows. facts: of those.
        templates: by name, those that fit the task. metric: name. seed: any integer.
        max_trials: bound on the number of trials, or None. folder: where the journal goes, or None.
        on_event: told of each epoch and run. stopping: asked whether the user wants to stop.
        fingerprints: what a journal must match to be resumed.
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
        oracle: str = "bayesian",
        folder: Path | None = None,
        fingerprints: Mapping[str, str] | None = None,
        on_event: Callable[[dict[str, Any]], None] | None = None,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self.device = devices.prepare()
        self.task, self.split, self.codec, self.encoder, self.dataset = task, split, codec, encoder, dataset
        self.metric, self.seed, self.max_trials = metric, seed, max_trials
        self.on_event = on_event or (lambda event: None)
        self.stopping = stopping
        self.higher_is_better = metrics.named(metric).higher_is_better
        self.head: Head = codec.head
        train_items, valid_items = _items(split, "train"), _items(split, "valid")
        target = codec.encode(dataset, train_items)
        self.loss_scale, weight = _loss_weighting(dataset, task, split, train_items)
        self.data = DeviceData.place(
            encoder.transform(dataset, train_items),
            target,
            weight,
            encoder.transform(dataset, valid_items),
            len(valid_items),
        )
        self.valid_truth = codec.truth(dataset, valid_items)
        self.valid_weight = None if dataset.weight is None else dataset.weight[_first(valid_items)]
        self.valid_context = contexts.scoring_context(dataset, task, split, valid_items)
        self.lanes = [
            _Lane(t, Adviser(t, encoder.specs, facts, higher_is_better=self.higher_is_better, seed=seed, name=oracle))
            for t in templates.values()
        ]
        self.networks: OrderedDict[str, Network] = OrderedDict()
        self.kept: list[_Kept] = []
        self.finalist: _Kept | None = None
        self.n_runs = 0
        self.journal = Journal(folder / "trials.log" if folder else None, {**(fingerprints or {}), **self._spaces()})
        self._replay()

    # ------------------------------------------------------------------ search

    def step(self, seconds: float) -> tuple[Run, ...] | None:
        """Run one trial within these seconds (infinite: no clock); None when nothing is left to try."""
        lane = self._next_lane()
        if lane is None or (self.max_trials is not None and self.n_runs >= self.max_trials):
            return None
        if math.isfinite(seconds) and seconds < self._least_seconds(lane):
            return None
        asked = lane.adviser.ask()
        if asked is None:
            lane.exhausted = True
            return ()
        number, settings = asked
        soft = FIRST_SHARE * seconds if not self.kept and math.isfinite(seconds) else None
        run, fit = self._attempt(lane, settings, self._name(lane), seconds, self._trial_seed(lane), soft_seconds=soft)
        lane.adviser.tell(number, run.valid_score)
        lane.seconds += run.cost.fit_seconds
        self._record(lane, settings, run, fit)
        return (run,)

    def _trial_seed(self, lane: _Lane) -> int:
        return self.seed * 1000 + lane.n_runs

    def _name(self, lane: _Lane) -> str:
        return f"{lane.template.name}-{lane.n_runs + 1}"

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
        return lane.compile_seconds + 0.3 * typical

    def _attempt(
        self,
        lane: _Lane,
        settings: Mapping[str, Any],
        name: str,
        seconds: float,
        seed: int,
        n_steps: int | None = None,
        soft_seconds: float | None = None,
    ) -> tuple[Run, Fit | None]:
        begun = time.monotonic()
        deadline = begun + seconds if math.isfinite(seconds) else None
        memory.reset_peak()
        fit: Fit | None = None
        n_parameters: int | None = None
        failure: str | None = None
        status: Status = "failed"
        self.on_event({"event": "start", "side": "deep", "name": name, "settings": dict(settings)})
        try:
            network = self._network(lane.template, settings, seed)
            n_parameters = network.n_parameters
            fit = train(
                network,
                settings,
                seed=seed,
                deadline=deadline,
                dispatch_seconds=self.device.dispatch_seconds,
                judge=self._judge,
                higher_is_better=self.higher_is_better,
                stopping=self.stopping,
                n_steps=n_steps,
                soft_seconds=soft_seconds,
                on_epoch=lambda point: self.on_event({"event": "epoch", "side": "deep", "name": name, **point}),
            )
            status, failure = fit.status, ("the time offered was over" if fit.status == "cut" else None)
            lane.compile_seconds = max(lane.compile_seconds, fit.compile_seconds)
        except OutOfTime as error:
            status, failure = "cut", str(error)
        except TrialError as error:
            failure = str(error)
        except Exception as error:  # a template's own fault must not end the contest
            failure = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no message'}"
        used = time.monotonic() - begun
        size = None if n_parameters is None else n_parameters * 4 / 2**20
        cost = Cost(
            fit_seconds=used,
            offered_seconds=seconds if math.isfinite(seconds) else used,
            peak_mib=memory.peak_mib(),
            size_mib=size,
            n_parameters=n_parameters,
        )
        run = Run(
            name, "deep", status, lane.template.name, cost=cost, device=self.device.name, choices=_plain(settings),
            valid_score=None if fit is None else fit.score, curve=() if fit is None else fit.curve, failure=failure,
        )  # fmt: skip
        return run, fit

    def _network(self, template: Template, settings: Mapping[str, Any], seed: int) -> Network:
        """The network of these choices, fresh for this seed: from the cache, or built and traced anew."""
        knobs = {name: float(settings[name]) for name in template.knobs}
        choices = {k: v for k, v in settings.items() if k not in template.knobs}
        shape = {k: v for k, v in choices.items() if k not in LOOP_CHOICES}
        key = f"{template.name} {json.dumps(_plain(shape), sort_keys=True)}"
        network = self.networks.pop(key, None)
        if network is None:
            network = Network(
                template, choices, knobs, self.encoder.specs, self.head, self.data, self.device, seed, self.loss_scale
            )
        self.networks[key] = network
        while len(self.networks) > KEPT_NETWORKS:
            self.networks.popitem(last=False)
        network.reset(knobs, seed)
        return network

    def _judge(self, raw: np.ndarray) -> float:
        output = self.codec.decode(raw)
        return metrics.score(self.metric, self.valid_truth, output, self.valid_weight, self.valid_context)

    def _record(self, lane: _Lane, settings: dict[str, Any], run: Run, fit: Fit | None) -> None:
        lane.n_runs += 1
        self.n_runs += 1
        if fit is None:
            lane.n_failed += 1
        else:
            lane.best = fit.score if lane.best is None or self._better(fit.score, lane.best) else lane.best
            self.kept.append(_Kept(run, lane.template, settings, [fit]))
            self.kept.sort(key=lambda kept: kept.fits[0].score, reverse=self.higher_is_better)
            del self.kept[KEPT_FITS:]
        self.journal.write(
            {"template": lane.template.name, "settings": _plain(settings), "score": run.valid_score,
             "status": run.status, "seconds": run.cost.fit_seconds, "failure": run.failure}
        )  # fmt: skip
        self.on_event(
            {"event": "run", "side": "deep", "name": run.name, "score": run.valid_score, "status": run.status}
        )

    def _better(self, a: float, b: float) -> bool:
        return a > b if self.higher_is_better else a < b

    # ------------------------------------------------------------------ resuming

    def _spaces(self) -> dict[str, str]:
        """Fingerprint of each template's space."""
        texts = {lane.template.name: repr(lane.adviser.space.get_config()) for lane in self.lanes}
        return {
            f"space of {name}": hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
            for name, text in texts.items()
        }

    def _replay(self) -> None:
        """Tell the advisers what an earlier call tried; the best setting found then is fitted first."""
        lanes = {lane.template.name: lane for lane in self.lanes}
        scored: list[tuple[float, _Lane, dict[str, Any]]] = []
        for entry in self.journal.earlier:
            lane = lanes.get(str(entry.get("template")))
            if lane is None:
                continue
            lane.adviser.replay(entry["settings"], entry["score"])
            lane.n_runs += 1
            if entry["score"] is not None:
                scored.append((float(entry["score"]), lane, entry["settings"]))
        if scored:
            _, lane, settings = (max if self.higher_is_better else min)(scored, key=lambda item: item[0])
            lane.adviser.first(settings)

    # ------------------------------------------------------------------ finalist

    def choose(self, latency_ms: float | None) -> Run | None:
        """Name the finalist: the best by validation; within `latency_ms` for one row where that is asked for."""
        for kept in self.kept:
            if latency_ms is None or self._latency_ms(kept) <= latency_ms:
                self.finalist = kept
                return kept.run
        return None

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
        best = self.finalist or (self.kept[0] if self.kept else None)
        return best.fits[0].seconds * 1.1 if best else 0.0

    def add_seed(self, seconds: float) -> bool:
        """Fit the finalist once more with another seed within these seconds; whether it worked."""
        if self.finalist is None:
            return False
        kept = self.finalist
        lane = next(lane for lane in self.lanes if lane.template.name == kept.template.name)
        seed = self.seed * 1000 + 500 + len(kept.fits)
        name = f"{kept.run.name} seed {len(kept.fits) + 1}"
        _, fit = self._attempt(lane, kept.settings, name, seconds, seed, kept.fits[0].n_steps)
        if fit is None:
            return False
        kept.fits.append(fit)
        return True

    def outputs(self, part: Literal["valid", "test"], n_seeds: int) -> tuple[Output, ...]:
        """The finalist's undecided predictions, one for each of its first n seeds."""
        kept = self._chosen()
        if part == "valid":
            return tuple(self.codec.decode(fit.raw_valid) for fit in kept.fits[:n_seeds])
        arrays = self.encoder.transform(self.dataset, _items(self.split, "test"))
        return tuple(self.codec.decode(self._restored(kept, i).predict(arrays)) for i in range(n_seeds))

    def models(self, n_seeds: int) -> tuple[Any, ...]:
        """The finalist's Keras models, one for each of its first n seeds."""
        kept = self._chosen()
        return tuple(self._restored(kept, i).detached(kept.fits[i].weights) for i in range(n_seeds))

    def _restored(self, kept: _Kept, seed_number: int) -> Network:
        network = self._network(kept.template, kept.settings, self.seed)
        network.set_weights(kept.fits[seed_number].weights)
        return network

    def _chosen(self) -> _Kept:
        if self.finalist is None:
            raise RuntimeError("choose() names the finalist first")
        return self.finalist

    def close(self) -> None:
        """Drop compiled networks and device data."""
        self.networks.clear()


def _items(split: Split, part: Literal["train", "valid", "test"]) -> np.ndarray:
    """Rows of a part, or its windows when the task is a forecast."""
    windows = {"train": split.train_windows, "valid": split.valid_windows, "test": split.test_windows}[part]
    rows = {"train": split.train, "valid": split.valid, "test": split.test}[part]
    return rows if windows is None else windows


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


def _plain(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {k: (v.item() if isinstance(v, np.generic) else v) for k, v in settings.items()}
