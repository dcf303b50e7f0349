"""Where a trial runs: data on the device, compiled networks, second tries; asked by orders, answering with reports."""

from __future__ import annotations

import functools
import json
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from automl import metrics
from automl.deep.messages import TrialResult, TrialSpec, plain
from automl.deep.training.cost import TrialCost, needed_mib, products_a_row, replicas_for
from automl.deep.training.data_parallel import ParallelNetwork, Replicas
from automl.deep.training.failure import TRIES, Failure, TooLarge, explain, never_ended, second_try
from automl.deep.training.loss_knobs import LOSS_KNOBS, loss_knobs
from automl.deep.training.network import DeviceData, Network
from automl.deep.training.retrieval import RetrievalNetwork
from automl.deep.training.trial import Fit, Snapshot, train
from automl.deep.training.watchdog import NeverEnded, Watchdog, watching
from automl.errors import OutOfTime
from automl.sides import holdouts
from automl.system import resources

if TYPE_CHECKING:
    from automl.deep.data import TrainingData
    from automl.deep.training.device import Device
    from automl.records import Status, Template

__all__ = ["Trainer"]

KEPT_NETWORKS = 4
LOOP_CHOICES = ("epochs", "batch_size")
SEED_STEP = 100_000
LEAST_LENGTH = 0.9


@dataclass(slots=True, eq=False)
class _Course:
    """How a trial goes: its tries so far, and what it would leave behind if it were ended now.

    Attributes:
        status: of the run; "stopped" when it did not end by itself.
        place: the device or devices.
        seconds: of all tries.
        others: as in `TrialResult`.
        passed_over: as in `TrialResult`.
    """

    settings: Mapping[str, Any]
    status: Literal["done", "cut", "failed", "stopped"] = "failed"
    ended: str | None = None
    fit: Fit | None = None
    best: Fit | None = None
    failures: list[Failure] = field(default_factory=list)
    n_parameters: int | None = None
    place: str = ""
    seconds: float = 0.0
    others: tuple[Fit, ...] = ()
    skipped_for_time: bool = False

    def remember(self, best: Fit) -> None:
        """Take in a better epoch."""
        self.best = best

    def ended_by(self, spec: TrialSpec, why: str) -> None:
        """It was ended from outside; its best epoch stands, if it came to one."""
        failure = never_ended(spec.template, why)
        self.failures.append(failure)
        self.status, self.ended, self.fit = "stopped", failure.words, self.best


class Trainer:
    """Trains orders one after another in this process.

    Args:
        material: what every trial reads.
        templates: by name.
        device: the policy.
        memory_mib: what a trial may take; None for most of what is free when it starts.
        stopping: asked between dispatches whether the user wants to stop.

    Attributes:
        on_stuck: told, from another thread, of an order that cannot be ended, and why it should have been.
    """

    def __init__(
        self,
        training_data: TrainingData,
        templates: Mapping[str, Template],
        device: Device,
        memory_mib: float | None = None,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self.training_data, self.templates, self.device = training_data, templates, device
        self.memory_mib, self.stopping = memory_mib, stopping
        self.higher_is_better = metrics.named(training_data.metric).higher_is_better
        self.data = DeviceData.place(
            training_data.train,
            training_data.target,
            training_data.weight,
            training_data.valid,
            len(training_data.valid_truth),
            training_data.valid_target,
            training_data.valid_weight,
            [(one.train, one.valid) for one in training_data.others],
        )
        self.networks: OrderedDict[str, Network] = OrderedDict()
        self.replicas: Replicas | None = None
        self.on_stuck: Callable[[TrialSpec, str], None] = lambda spec, why: None

    def run(
        self,
        spec: TrialSpec,
        on_epoch: Callable[[Mapping[str, float]], None] | None = None,
        on_snapshot: Callable[[Snapshot], None] | None = None,
        snapshot: Snapshot | None = None,
    ) -> TrialResult:
        """Run one trial; a failed one is tried again where other settings may help and time is left."""
        begun = time.monotonic()
        resources.reset_peak()
        went = _Course(spec.settings)
        try:
            with watching(spec.seconds, self.stopping, lambda why: self.on_stuck(spec, why)) as watchdog:
                self._try(spec, watchdog, went, watchdog.unbroken(on_epoch), watchdog.unbroken(on_snapshot), snapshot)
                went.seconds = time.monotonic() - begun
                if went.fit is not None:
                    went.others, went.skipped_for_time = self._examine(spec, went.settings, went.fit, watchdog)
        except NeverEnded as error:
            if went.status == "failed":  # else it had ended all the same
                went.ended_by(spec, str(error))
        if went.status == "stopped":
            self.networks.pop(self.shape_of(self.templates[spec.template], went.settings), None)
        fit, failures, ended = went.fit, went.failures, went.ended
        seconds = went.seconds or time.monotonic() - begun
        if fit is None and went.status == "failed":
            ended = failures[-1].words
        elif failures and ended != failures[0].words:
            ended = "; ".join(filter(None, [f"first tried: {failures[0].words}", ended]))
        status: Status = "cut" if went.status == "stopped" else went.status
        return TrialResult(
            spec, went.settings, status, fit, ended, tuple(failures), seconds, resources.peak_mib(), went.n_parameters,
            went.place or self.device.kind, went.others, went.skipped_for_time,
        )  # fmt: skip

    def _try(
        self,
        spec: TrialSpec,
        watchdog: Watchdog,
        went: _Course,
        on_epoch: Callable[[Mapping[str, float]], None] | None,
        on_snapshot: Callable[[Snapshot], None] | None,
        snapshot: Snapshot | None,
    ) -> None:
        """Try the settings, then others that may help."""
        deadline = watchdog.begun + spec.seconds if math.isfinite(spec.seconds) else None
        while len(went.failures) < TRIES:
            try:
                with watchdog.cancellable():
                    network = self.network(self.templates[spec.template], went.settings, spec.seed, spec.seconds)
                    went.n_parameters = network.n_parameters
                    went.place = self.device.name if network.n_devices > 1 else self.device.kind
                    self._check_memory(network)
                    went.fit = train(
                        network,
                        went.settings,
                        seed=spec.seed,
                        deadline=deadline,
                        dispatch_seconds=self.device.dispatch_seconds,
                        judge=self.training_data.judge,
                        higher_is_better=self.higher_is_better,
                        stopping=watchdog.stopping,
                        n_steps=spec.n_steps,
                        soft_seconds=spec.soft_seconds,
                        milestones=spec.milestones,
                        on_epoch=on_epoch,
                        on_snapshot=on_snapshot,
                        snapshot=snapshot,
                        on_best=went.remember,
                        tie_break_loss=self.training_data.tie_break_loss,
                    )
                went.status, went.ended = went.fit.status, _why_cut(went.fit)
                return
            except OutOfTime as error:
                went.status, went.ended = "cut", str(error)
                return
            except (Exception, SystemExit) as error:  # a template's own fault must not end the contest
                if watchdog.over:  # what a cancelled graph raises, or what the template made of it
                    went.ended_by(spec, watchdog.over)
                    return
                went.failures.append(explain(error))
            again = second_try(went.failures[-1].kind, went.settings)
            snapshot, went.best = None, None
            if again is None or (deadline is not None and time.monotonic() >= deadline):
                return
            went.settings = again

    def _examine(
        self, spec: TrialSpec, settings: Mapping[str, Any], fit: Fit, watchdog: Watchdog
    ) -> tuple[tuple[Fit, ...], bool]:
        """Train the same setting as long on the other hold-outs, where its score deserves it.

        Returns:
            A fit for each of them or none at all (a mean over some would not compare), and whether time was the reason.
        """
        sign = 1.0 if self.higher_is_better else -1.0
        others, promotion_score = self.training_data.others, spec.promotion_score
        if not others or promotion_score is None or fit.stopped_early or sign * fit.score < sign * promotion_score:
            return (), False
        deadline = watchdog.begun + spec.seconds if math.isfinite(spec.seconds) else None
        left = math.inf if deadline is None else deadline - time.monotonic()
        each = fit.seconds - fit.compile_seconds
        if fit.status != "done" or not holdouts.has_time(len(others), each, left, spec.promotion_share):
            return (), True
        found = []
        for number in range(1, len(others) + 1):
            seed = spec.seed + SEED_STEP * number  # a score that is not of one draw of the weights
            network = self.network(self.templates[spec.template], settings, seed, spec.seconds)
            network.hold_out(number)
            try:
                one = train(
                    network, settings, seed=seed, deadline=deadline, dispatch_seconds=self.device.dispatch_seconds,
                    judge=functools.partial(self.training_data.judge, holdout=number),
                    higher_is_better=self.higher_is_better, stopping=watchdog.stopping, n_steps=fit.n_steps,
                    tie_break_loss=functools.partial(self.training_data.tie_break_loss, holdout=number),
                )  # fmt: skip
            except OutOfTime:
                return (), True
            except Exception:  # what fails on other rows of the same data is no candidate
                return (), False
            if one.status != "done" or one.n_steps < LEAST_LENGTH * fit.n_steps:
                return (), True
            found.append(one)
        return tuple(found), False

    def _check_memory(self, network: Network) -> None:
        needed = needed_mib(network.model, network.batch_size)
        limit = resources.available_mib() if self.memory_mib is None else self.memory_mib
        if needed > limit:
            raise TooLarge(
                f"training would take about {needed:,.0f} MiB and {limit:,.0f} may be used, so it was not started; "
                "`memory` under `search:` (or --memory) sets that limit"
            )

    def network(self, template: Template, settings: Mapping[str, Any], seed: int, seconds: float = math.inf) -> Network:
        """The network of these choices, fresh for this seed: from the cache, or built and traced anew.

        Args:
            seconds: offered, which decide with other things whether the trial is spread over several devices.
        """
        key = self.shape_of(template, settings)
        network = self.networks.pop(key, None) or self._new(template, settings)
        spread = self._spread(network, settings, seconds)
        if bool(spread) != (network.n_devices > 1):
            network = self._new(template, settings, spread)
        self.networks[key] = network
        while len(self.networks) > KEPT_NETWORKS:
            self.networks.popitem(last=False)[1].release()
        network.reset(_knobs(template, settings), int(settings["batch_size"]), seed)
        return network

    def _new(self, template: Template, settings: Mapping[str, Any], spread: tuple[str, ...] = ()) -> Network:
        choices = {k: v for k, v in settings.items() if k not in {*template.knobs, *LOSS_KNOBS}}
        parts = (template, choices, _knobs(template, settings), self.training_data.specs, self.training_data.head)
        if template.keeps_rows:
            return RetrievalNetwork(*parts, self.data, self.device, self.training_data.loss_scale)
        if not spread:
            return Network(*parts, self.data, self.device, self.training_data.loss_scale)
        self.replicas = self.replicas or Replicas(spread, self.data)
        return ParallelNetwork(*parts, self.replicas, self.device, self.training_data.loss_scale)

    def _spread(self, network: Network, settings: Mapping[str, Any], seconds: float) -> tuple[str, ...]:
        """The devices that share this trial; empty for one."""
        if len(self.device.replicas) < 2 or network.template.keeps_rows:
            return ()
        batch_size = min(int(settings["batch_size"]), self.data.n_train)
        n_steps = int(settings["epochs"]) * max(1, self.data.n_train // batch_size)
        work = TrialCost(network.n_parameters, products_a_row(network.model), batch_size, n_steps, seconds)
        return replicas_for(self.device, work)

    def is_ready(self, template: Template, settings: Mapping[str, Any]) -> bool:
        """Whether a network of these choices is compiled already."""
        return self.shape_of(template, settings) in self.networks

    def shape_of(self, template: Template, settings: Mapping[str, Any]) -> str:
        """What two settings must share to share a compiled network."""
        free = {*template.knobs, *LOSS_KNOBS, *LOOP_CHOICES}
        shape = {k: v for k, v in settings.items() if k not in free}
        return f"{template.name} {json.dumps(plain(shape), sort_keys=True)}"

    def close(self) -> None:
        """Drop compiled networks."""
        self.networks.clear()


def _knobs(template: Template, settings: Mapping[str, Any]) -> dict[str, float]:
    return {name: float(settings[name]) for name in (*template.knobs, *loss_knobs(settings))}


def _why_cut(fit: Fit) -> str | None:
    if fit.stopped_early:
        return f"stopped after {fit.epochs:.3g} epochs: earlier trials were better at this point"
    return "the time offered was over" if fit.status == "cut" else None
