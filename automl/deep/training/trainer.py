"""The trainer: runs one trial spec at a time with compiled networks, and tries a failed trial again."""

from __future__ import annotations

import dataclasses
import functools
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from automl import metrics
from automl.deep.messages import TrialResult, TrialSpec
from automl.deep.training.cost import needed_mib
from automl.deep.training.device_data import DeviceData
from automl.deep.training.failure import TRIES, TooLarge, explain, second_try
from automl.deep.training.networks import Networks, knobs_of
from automl.deep.training.precision import MIXED_BFLOAT16, can_pay, faster, is_worth_a_network, one_step
from automl.deep.training.pretraining import Pretraining, fine_tuning
from automl.deep.training.records import Fit, Snapshot
from automl.deep.training.trial import refit, train
from automl.deep.training.trial_state import TrialState, why_cut
from automl.deep.training.watchdog import NeverEnded, Watchdog, watching
from automl.errors import OutOfTime
from automl.records import DRAWN, PRETRAINED, START, Status
from automl.sides import holdouts
from automl.system import resources

if TYPE_CHECKING:
    from automl.deep.data import TrainingData
    from automl.deep.training.device import Device
    from automl.deep.training.network import Network
    from automl.records import Template

__all__ = ["Trainer"]

SEED_STEP = 100_000
LEAST_LENGTH = 0.9


class Trainer:
    """Runs trials one after another in this process.

    Args:
        training_data: the data that every trial reads.
        templates: templates by name.
        device: the device policy.
        memory_mib: memory that a trial may take, in MiB; None for most of what is free when it starts.
        stopping: returns whether the user wants to stop; called between dispatches.
        clock: times the trial of precisions.

    Attributes:
        on_stuck: called in another thread with a trial that cannot be ended, and why it should have ended.
    """

    def __init__(
        self,
        training_data: TrainingData,
        templates: Mapping[str, Template],
        device: Device,
        memory_mib: float | None = None,
        stopping: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.training_data, self.templates = training_data, templates
        self.memory_mib, self.stopping, self.clock = memory_mib, stopping, clock
        self.higher_is_better = metrics.named(training_data.metric).higher_is_better
        self.data = DeviceData.place(
            training_data.train,
            training_data.target,
            training_data.weight,
            training_data.valid,
            len(training_data.valid_truth),
            training_data.added,
            training_data.added_target,
            training_data.added_weight,
            [(one.train, one.valid) for one in training_data.others],
            training_data.unlabelled,
            training_data.head.shape[0] if training_data.head.activation == "softmax" else None,
        )
        self.pretraining = None if training_data.unlabelled is None else Pretraining(training_data, self.data)
        self.cache = Networks(training_data, self.data, device, self.pretraining is not None)
        self.on_stuck: Callable[[TrialSpec, str], None] = lambda spec, why: None

    @property
    def device(self) -> Device:
        """The device policy; `_choose_precision` may change what families compute in."""
        return self.cache.device

    @property
    def networks(self) -> OrderedDict[str, Network]:
        """Compiled networks by `shape_of`."""
        return self.cache.by_shape

    def run(
        self,
        spec: TrialSpec,
        on_epoch: Callable[[Mapping[str, float]], None] | None = None,
        on_snapshot: Callable[[Snapshot], None] | None = None,
        snapshot: Snapshot | None = None,
    ) -> TrialResult:
        """Run one trial. A failed one is tried again if other settings may help and time is left.

        Args:
            spec: what to run.
            on_epoch: called with each point of the learning curve.
            on_snapshot: called with snapshots from which the trial can be resumed.
            snapshot: the state to resume from, or None.
        """
        begun = time.monotonic()
        resources.reset_peak()
        state = TrialState(spec.settings)
        try:
            with watching(spec.seconds, self.stopping, lambda why: self.on_stuck(spec, why)) as watchdog:
                self._try(spec, watchdog, state, watchdog.unbroken(on_epoch), watchdog.unbroken(on_snapshot), snapshot)
                state.seconds = time.monotonic() - begun
                if state.fit is not None and not spec.is_refit:
                    state.others, state.skipped_for_time = self._examine(spec, state.settings, state.fit, watchdog)
        except NeverEnded as error:
            if state.status == "failed":  # otherwise the trial had already ended by itself
                state.ended_by(spec, str(error))
        if state.status == "stopped":
            self.networks.pop(self.shape_of(self.templates[spec.template], state.settings), None)
        fit, failures, ended = state.fit, state.failures, state.ended
        seconds = state.seconds or time.monotonic() - begun
        if fit is None and state.status == "failed":
            ended = failures[-1].words
        elif failures and ended != failures[0].words:
            ended = "; ".join(filter(None, [f"first tried: {failures[0].words}", ended]))
        status: Status = "cut" if state.status == "stopped" else state.status
        return TrialResult(
            spec, state.settings, status, fit, ended, tuple(failures), seconds, resources.peak_mib(),
            state.n_parameters, state.place or self.device.kind, state.others, state.skipped_for_time,
        )  # fmt: skip

    def _try(
        self,
        spec: TrialSpec,
        watchdog: Watchdog,
        state: TrialState,
        on_epoch: Callable[[Mapping[str, float]], None] | None,
        on_snapshot: Callable[[Snapshot], None] | None,
        snapshot: Snapshot | None,
    ) -> None:
        """Train with the spec's settings; after a failure, with changed settings that may help."""
        deadline = watchdog.begun + spec.seconds if math.isfinite(spec.seconds) else None
        while len(state.failures) < TRIES:
            try:
                with watchdog.cancellable():
                    traced_seconds = self._choose_precision(spec, state.settings)
                    network = self.network(self.templates[spec.template], state.settings, spec.seed, spec.seconds)
                    state.n_parameters = network.n_parameters
                    state.place = self._place(network)
                    self._check_memory(network)
                    is_fresh = snapshot is None
                    started = self._started(network, spec, state.settings, spec.seed, 0, is_fresh)
                    network, state.settings, compile_seconds = started
                    if spec.is_refit:
                        state.fit = self._refitted(network, spec, state.settings, deadline, watchdog)
                        state.status = "done"
                        return
                    fit = train(
                        network,
                        fine_tuning(state.settings),
                        seed=spec.seed,
                        deadline=deadline,
                        dispatch_seconds=self.device.dispatch_seconds,
                        standing=self.training_data.standing_of_epoch,
                        higher_is_better=self.higher_is_better,
                        stopping=watchdog.stopping,
                        n_steps=spec.n_steps,
                        soft_seconds=spec.soft_seconds,
                        least_share=spec.least_share,
                        milestones=spec.milestones,
                        on_epoch=on_epoch,
                        on_snapshot=on_snapshot,
                        snapshot=snapshot,
                        on_best=state.remember,
                    )
                    network.check_fit(fit.weights, fit.raw_valid)
                    state.fit = fit.with_compilation(traced_seconds + compile_seconds)
                state.status, state.ended = state.fit.status, why_cut(state.fit)
                return
            except OutOfTime as error:
                state.status, state.ended = "cut", str(error)
                return
            except (Exception, SystemExit) as error:  # a template's own fault must not end the contest
                if watchdog.over:  # raised by a cancelled graph, or by the template in response
                    state.ended_by(spec, watchdog.over)
                    return
                state.failures.append(explain(error))
            if spec.is_refit:  # with other settings it would be another model
                return
            changed = second_try(state.failures[-1].kind, state.settings)
            snapshot, state.best = None, None
            if changed is None or (deadline is not None and time.monotonic() >= deadline):
                return
            state.settings = changed

    def _started(
        self, network: Network, spec: TrialSpec, settings: Mapping[str, Any], seed: int, holdout: int,
        is_fresh: bool = True,
    ) -> tuple[Network, Mapping[str, Any], float]:  # fmt: skip
        """The network with pretrained weights if the settings say so.

        Args:
            network: reset for the seed.
            spec: what is run.
            settings: of the try.
            seed: of the initial weights.
            holdout: number of the hold-out that it trains on.
            is_fresh: whether it starts anew, and not from a snapshot.

        Returns:
            The network, the settings that hold in the end, and the seconds in which it was compiled here.

        Raises:
            OutOfTime: there was no time to pretrain for a refit.
        """
        if settings.get(START) != PRETRAINED or not is_fresh:
            return network, settings, 0.0
        template = self.templates[spec.template]
        shape = self.shape_of(template, settings)
        may = spec.is_refit or (self.pretraining and self.pretraining.has_time(spec.seconds, shape, holdout))
        started = None
        if self.pretraining is not None and may:
            started = self.pretraining.start(
                lambda: self.network(template, settings, seed, spec.seconds), settings, shape, holdout, spec.seconds,
                self.device.dispatch_seconds, self.stopping,
            )  # fmt: skip
        if started is not None:
            return started[0], settings, started[1]
        if spec.is_refit:  # from drawn weights it would be another model
            raise OutOfTime("the time offered ended before its weights were pretrained")
        drawn = {**settings, START: DRAWN}
        return self.network(template, drawn, seed, spec.seconds), drawn, 0.0

    def _place(self, network: Network) -> str:
        """What a network runs on, and what it computes in if that is not float32."""
        place = self.device.name if network.n_devices > 1 else self.device.kind
        return place if network.precision == "float32" else f"{place}, {network.precision}"

    def _choose_precision(self, spec: TrialSpec, settings: Mapping[str, Any]) -> float:
        """Choose the precision of a family by a trial on its first network, if that can pay.

        Returns:
            Seconds that building and tracing the trial's network took here; its training then finds it compiled.
        """
        template, instructions = self.templates[spec.template], self.device.instructions
        if template.family not in self.device.tried or not is_worth_a_network(spec.seconds, instructions):
            return 0.0
        plain = dataclasses.replace(self.device, tried=self.device.tried - {template.family})
        already = plain.mixed if plain.precision != "float32" else frozenset()
        mixed = dataclasses.replace(plain, precision=MIXED_BFLOAT16, mixed=already | {template.family})
        self.cache.device, begun = plain, self.clock()
        plain_one = self.network(template, settings, spec.seed)
        self._check_memory(plain_one)
        one_step(plain_one)
        traced_seconds = self.clock() - begun
        if not can_pay(traced_seconds, spec.seconds - traced_seconds, instructions):
            return traced_seconds
        self.cache.device = mixed
        try:
            mixed_one = self.cache.new(template, settings)
            mixed_one.reset(knobs_of(template, settings), int(settings["batch_size"]), spec.seed)
            pays = faster(mixed_one, plain_one, self.clock)
        except BaseException:
            self.cache.device = plain
            raise
        if pays:
            self.networks[self.shape_of(template, settings)] = mixed_one
            plain_one.release()
        else:
            self.cache.device = plain
            mixed_one.release()
        return traced_seconds

    def _refitted(
        self, network: Network, spec: TrialSpec, settings: Mapping[str, Any], deadline: float | None, watchdog: Watchdog
    ) -> Fit:
        """Train for the length that the spec names on training and validation rows."""
        assert spec.n_steps is not None
        network.take_all()
        return refit(
            network, fine_tuning(settings), seed=spec.seed, deadline=deadline,
            dispatch_seconds=self.device.dispatch_seconds, stopping=watchdog.stopping, n_steps=spec.n_steps,
            share=spec.share,
        )  # fmt: skip

    def _examine(
        self, spec: TrialSpec, settings: Mapping[str, Any], fit: Fit, watchdog: Watchdog
    ) -> tuple[tuple[Fit, ...], bool]:
        """Train the same settings for as many steps on the other hold-outs, if the score deserves it.

        Returns:
            A fit for each hold-out, or none at all, since a mean over some of them could not be compared; and whether
            lack of time was the reason for none.
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
        fits = []
        for number in range(1, len(others) + 1):
            seed = spec.seed + SEED_STEP * number  # so that the mean score does not depend on one draw of the weights
            network = self.network(self.templates[spec.template], settings, seed, spec.seconds)
            try:
                network, own, _ = self._started(network, spec, settings, seed, number)
                if own != settings:  # no time to pretrain on this hold-out as well
                    return (), True
                network.hold_out(number)
                other = train(
                    network, fine_tuning(settings), seed=seed, deadline=deadline,
                    dispatch_seconds=self.device.dispatch_seconds,
                    standing=functools.partial(self.training_data.standing_of_epoch, holdout=number),
                    higher_is_better=self.higher_is_better, stopping=watchdog.stopping, n_steps=fit.n_steps,
                )  # fmt: skip
            except OutOfTime:
                return (), True
            except Exception:  # settings that fail on other rows of the same data cannot be judged on all
                return (), False
            if other.status != "done" or other.n_steps < LEAST_LENGTH * fit.n_steps:
                return (), True
            fits.append(other)
        return tuple(fits), False

    def _check_memory(self, network: Network) -> None:
        needed = needed_mib(network.model, network.batch_size)
        limit = resources.available_mib() if self.memory_mib is None else self.memory_mib
        if needed > limit:
            raise TooLarge(
                f"training would take about {needed:,.0f} MiB and {limit:,.0f} may be used, so it was not started; "
                "`memory` under `search:` (or --memory) sets that limit"
            )

    def network(self, template: Template, settings: Mapping[str, Any], seed: int, seconds: float = math.inf) -> Network:
        """The network of these choices, reset for this seed; see `Networks.get`."""
        return self.cache.get(template, settings, seed, seconds)

    def is_ready(self, template: Template, settings: Mapping[str, Any]) -> bool:
        """Whether a network of these choices is already compiled."""
        return self.cache.is_ready(template, settings)

    def shape_of(self, template: Template, settings: Mapping[str, Any]) -> str:
        """The cache key of compiled networks: settings with the same key share a network."""
        return self.cache.shape_of(template, settings)

    def seconds_to_pretrain(self, candidate_seconds: float, template: Template, settings: Mapping[str, Any]) -> float:
        """Seconds until weights are there that a network of these settings starts from; 0 if they are, or are drawn.

        Args:
            candidate_seconds: what pretraining is taken to last that was done in another process.
            template: builds the network.
            settings: choices and knobs.
        """
        if self.pretraining is None or settings.get(START) != PRETRAINED:
            return 0.0
        shape = self.shape_of(template, settings)
        return 0.0 if self.pretraining.has(shape) else max(0.0, candidate_seconds)

    def close(self) -> None:
        """Drop compiled networks."""
        self.networks.clear()
