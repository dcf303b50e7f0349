"""Chooses the deep side's finalist (one candidate or an ensemble), refits it, and predicts with it."""

from __future__ import annotations

import dataclasses
import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from automl.deep.messages import TrialSpec
from automl.deep.training.trainer import Trainer
from automl.goals.shared.outputs import combine, joined
from automl.sides.composition import Composition
from automl.sides.ensemble import ensemble_run, select

if TYPE_CHECKING:
    from automl.deep.executor import Pool
    from automl.deep.family import Candidate
    from automl.deep.training.network import Network
    from automl.deep.training.records import Fit
    from automl.records import Dataset, Encoder, Output, Run, Split

__all__ = ["Finalist", "seconds_of_refit"]

TIMED_CALLS = 5
LEAST_SHARE = 0.7
"""Of the expected time, what must be left for a refit to begin."""
FEW_ROWS = 10_000
"""Training rows below which a refit brings more than further search does (decision 29)."""
EXPECTED_LONGER, COMPARED, SHORTER = 1.6, 3, 0.85
"""How many times as long as the search's a refit is reckoned with before a finalist is named, if it may be longer; the
trials that come first, since settings are to be compared; and how long it is reckoned with until then."""
LEAST_LENGTH = 0.9
"""Of the steps of the searched fit, what a refit must have if the clock shortens it."""


class _Unfit(Exception):
    """Stored weights do not fit the network of their run."""

    def __init__(self, candidate: Candidate) -> None:
        super().__init__(candidate.run.name)
        self.candidate = candidate


class Finalist:
    """The finalist of the deep side.

    Args:
        ranked: candidates, best first; the search goes on changing this list.
        trainer: rebuilds networks.
        pool: refits the finalist.
        dataset: the data.
        split: its validation and test rows are predicted.
        encoder: encodes the inputs.
        metric: name of the metric.
        seed: any integer.
        on_event: called at each start of a fit.
        on_epoch: called after each validation.
        was_stuck: name of a refit or repeat → why it could not be ended in an earlier process; "" otherwise.
        longer: see `Lengths.longer_refit`.
    """

    def __init__(
        self,
        ranked: list[Candidate],
        trainer: Trainer,
        pool: Pool,
        dataset: Dataset,
        split: Split,
        encoder: Encoder,
        metric: str,
        seed: int,
        on_event: Callable[[dict[str, Any]], None],
        on_epoch: Callable[[TrialSpec, Mapping[str, float]], None],
        was_stuck: Callable[[str], str] = lambda name: "",
        longer: Callable[[Candidate], float] = lambda candidate: 1.0,
    ) -> None:
        self.ranked, self.trainer, self.pool = ranked, trainer, pool
        self.dataset, self.split, self.encoder = dataset, split, encoder
        self.codec = trainer.training_data.codec
        self.metric, self.seed, self.on_event, self.on_epoch = metric, seed, on_event, on_epoch
        self.was_stuck, self.longer = was_stuck, longer
        self.composition: Composition[Candidate] = Composition()

    def choose(self, latency_ms: float | None, ensemble: bool) -> Run | None:
        """Name the finalist: the best candidate by validation score, or an ensemble.

        Stored weights of an earlier process that do not fit the network of their run are dropped.

        Args:
            latency_ms: the longest time that predicting one row may take, in milliseconds; None for no limit.
            ensemble: whether an ensemble may be named.

        Returns:
            The finalist's run; None if no candidate is fast enough, or there is none.
        """
        while True:
            try:
                run = self._choose(latency_ms, ensemble)
                self._check_weights(self.composition.members)
            except _Unfit as error:
                self.ranked.remove(error.candidate)
            else:
                return run

    def stand_as(self, members: Mapping[str, float]) -> bool:
        """Name the finalist by its members; see `records.Contender.stand_as`."""
        of_name = {one.run.name: one for one in self.ranked}
        try:
            self._check_weights([of_name[name] for name in members if name in of_name])
        except _Unfit:
            return False
        return self.composition.stand_as(of_name, members)

    def _check_weights(self, members: Sequence[Candidate]) -> None:
        for candidate in members:
            if not candidate.stored:
                continue
            try:
                network = self.trainer.network(candidate.template, candidate.settings, self.seed)
            except Exception as error:  # settings that the template cannot build
                raise _Unfit(candidate) from error
            expected = [(tuple(array.shape), np.dtype(array.dtype)) for array in network.weights()]
            stored = [(array.shape, array.dtype) for array in candidate.fit.weights]
            if stored != expected or not all(np.isfinite(array).all() for array in candidate.fit.weights):
                raise _Unfit(candidate)
            candidate.stored = False

    def _choose(self, latency_ms: float | None, ensemble: bool) -> Run | None:
        self.composition.set(())
        if ensemble and self._choose_ensemble(latency_ms):
            return self.run()
        for candidate in self.ranked:
            if latency_ms is None or self._latency_ms(candidate) <= latency_ms:
                self.composition.set([candidate])
                return self.run()
        return None

    def _choose_ensemble(self, latency_ms: float | None) -> bool:
        candidates = [candidate for candidate in self.ranked if candidate.others] or self.ranked
        training_data = self.trainer.training_data
        outputs = [joined([training_data.judged(raw) for raw in candidate.raws]) for candidate in candidates]
        truth, weight = training_data.evidence(len(candidates[0].raws) if candidates else 1)
        selected = select(outputs, self.metric, truth, weight, training_data.valid_context)
        if selected is None:
            return False
        pairs = [(candidate, weight) for candidate, weight in zip(candidates, selected, strict=True) if weight > 0]
        if latency_ms is not None and sum(self._latency_ms(candidate) for candidate, _ in pairs) > latency_ms:
            return False
        self.composition.set([candidate for candidate, _ in pairs], [weight for _, weight in pairs])
        return True

    def run(self) -> Run:
        """The run of the finalist as it stands."""
        members, weights, training_data = self._members(), self.composition.weights, self.trainer.training_data
        refitted = self.composition.n_refits > 0
        if len(members) == 1:
            return dataclasses.replace(members[0].run, finalist=True, refitted=refitted)
        scores = [
            training_data.score(combine([training_data.judged(raw) for raw in raws], weights), holdout)
            for holdout, raws in enumerate(zip(*(candidate.raws for candidate in members), strict=True))
        ]
        searched = [candidate.run.name for candidate in self.composition.as_searched]
        run = ensemble_run("deep", [one.run for one in members], weights, statistics.fmean(scores), searched)
        return dataclasses.replace(run, refitted=refitted)

    def _latency_ms(self, candidate: Candidate) -> float:
        """Median milliseconds for one row, encoding included."""
        self._check_weights([candidate])
        network = self._restored(candidate, candidate.fit)
        row = self.split.items("valid")[:1]
        network.predict(self.encoder.transform(self.dataset, row))
        times = []
        for _ in range(TIMED_CALLS):
            begun = time.perf_counter()
            network.predict(self.encoder.transform(self.dataset, row))
            times.append(time.perf_counter() - begun)
        return float(np.median(times)) * 1000

    def seconds_a_refit(self, n_members: int | None = None) -> float:
        """The time that the next refit of the finalist is expected to take; 0 if all members have it already.

        Args:
            n_members: so many members are reckoned with, those of largest weight; before the finalist is named, so
                many of the best candidates. None for all members, or for one candidate.
        """
        named = bool(self.composition.members)
        members = self.composition.without_refit(n_members) if named else self.ranked[: n_members or 1]
        if named and not self.composition.is_whole:
            return math.inf
        longer = 1.0 if named else EXPECTED_LONGER if len(self.ranked) >= COMPARED else SHORTER
        each = [1.1 * self._refit_seconds(candidate, longer) + 0.2 for candidate in members]
        return max(max(each, default=0.0), sum(each) / max(self.pool.n_workers, 1))

    def _refit_seconds(self, candidate: Candidate, most_longer: float = 1.0) -> float:
        """The time of a refit, without compilation if the compiled network is still in memory.

        With few rows a refit brings more than further search does. So it is reckoned with the steps of the searched
        fit, although it takes more of them, in proportion to the rows, if there is time.

        Args:
            candidate: what is refitted.
            most_longer: how many times as long a schedule that the clock shortened is reckoned with at most.
        """
        fit, data = candidate.fit, self.trainer.training_data
        ready = self.trainer.is_ready(candidate.template, candidate.settings)
        compile_seconds = 0.0 if ready else fit.compile_seconds
        compile_seconds += self.trainer.seconds_to_pretrain(
            candidate.run.cost.fit_seconds - fit.seconds, candidate.template, candidate.settings
        )
        if candidate.refits:
            last = candidate.refits[-1]
            return last.seconds - last.compile_seconds + compile_seconds
        growth = 1.0 if len(data.target) < FEW_ROWS else data.growth
        may_be_longer = self.longer(candidate)
        longer = 1.0 if may_be_longer == 1.0 else min(most_longer, may_be_longer)
        return longer * growth * seconds_of_refit(fit) + compile_seconds

    def refit(self, seconds: float) -> bool:
        """Refit each member within these seconds; return whether it worked.

        A refit that a member has from an earlier time at which it was named counts at once. Members of largest weight
        are trained first, since in the first refit those for which there is no time stay as they were searched, and
        those that cannot be trained leave (see `Composition.count_refit`).

        Args:
            seconds: time allotted; infinite without a time limit.
        """
        ends = time.monotonic() + seconds
        waiting, late = self.composition.without_refit(), []
        of_name = {self._refit_name(candidate): candidate for candidate in waiting}

        def ask() -> tuple[TrialSpec, None] | None:
            while waiting and not self.trainer.stopping():
                candidate = waiting.pop(0)
                if self.was_stuck(self._refit_name(candidate)):
                    continue
                left = ends - time.monotonic() if math.isfinite(seconds) else math.inf
                needed = self._refit_seconds(candidate)
                if left >= LEAST_SHARE * needed:
                    others = sum(map(self._refit_seconds, waiting)) if self.pool.n_workers == 1 else 0.0
                    return self._refit_spec(candidate, left - others if left - others >= needed else left), None
                late.append(candidate)
            late.extend(waiting)
            return None

        for result in self.pool.run(ask, self.on_epoch, lambda spec, snapshot: None, ends):
            candidate = of_name[result.spec.name]
            if result.fit is not None and result.fit.n_steps >= LEAST_LENGTH * candidate.fit.n_steps:
                candidate.refits.append(result.fit)
                continue
            if not result.failures:
                late.append(candidate)
            if self.composition.n_refits:
                waiting.clear()
        return self.composition.count_refit(late)

    def _refit_name(self, candidate: Candidate) -> str:
        return f"{candidate.run.name} refit {len(candidate.refits) + 1}"

    def _refit_spec(self, candidate: Candidate, seconds: float) -> TrialSpec:
        """The candidate's settings on training and validation rows, for as many epochs as were best.

        Where the clock shortened the search's schedule, that of the refit is as long as the time allows; see
        `Lengths.longer_refit`.
        """
        seed, growth = self.seed * 1000 + 500 + len(candidate.refits), self.trainer.training_data.growth
        longer = self.longer(candidate) if math.isfinite(seconds) else 1.0
        return self.spec_of(candidate, self._refit_name(candidate), seed, seconds, longer * growth)

    def spec_of(self, candidate: Candidate, name: str, seed: int, seconds: float, growth: float) -> TrialSpec:
        """A fit of the candidate's settings that no row judges, for as many epochs as were best.

        Args:
            candidate: a member.
            name: of the fit.
            seed: of the fit.
            seconds: time allotted.
            growth: its steps, as a multiple of those that validation chose (`length_growth`).
        """
        settings = candidate.settings
        self.on_event({"event": "start", "side": "deep", "name": name, "refit": True, "settings": dict(settings)})
        n_steps = round(candidate.fit.n_steps * growth)
        return TrialSpec(
            name, candidate.template.name, settings, seed, seconds, n_steps=n_steps, is_refit=True,
            share=candidate.fit.best_share,
        )  # fmt: skip

    def outputs(self, part: Literal["valid", "test"], n_seeds: int) -> tuple[Output, ...]:
        """Predictions before calibration and thresholds.

        Returns:
            Of the searched networks for validation rows, a single output; for test rows one for each of n seeds.
        """
        members = self._members()
        if part == "valid":
            raws = [[candidate.fit.raw_valid for candidate in members]]
        else:
            arrays = self.encoder.transform(self.dataset, self.split.items("test"))
            each = [self._restored(candidate, fit).predict(arrays) for candidate, fit in self._fits(n_seeds)]
            raws = [each[start : start + len(members)] for start in range(0, len(each), len(members))]
        return tuple(combine([self.codec.decode(raw) for raw in own], self.composition.weights) for own in raws)

    def models(self, n_seeds: int) -> tuple[Any, ...]:
        """The Keras models of all members for the first seed, then for the next, up to n seeds."""
        return tuple(self._restored(candidate, fit).detached(fit.weights) for candidate, fit in self._fits(n_seeds))

    def _fits(self, n_seeds: int) -> list[tuple[Candidate, Fit]]:
        """Members with their fits of each seed; as they were searched where they are not refitted."""
        numbers = range(n_seeds if self.composition.n_refits else 1)
        return [(one, self.composition.refit_of(one, i) or one.fit) for i in numbers for one in self._members()]

    def _restored(self, candidate: Candidate, fit: Fit) -> Network:
        network = self.trainer.network(candidate.template, candidate.settings, self.seed)
        network.set_weights(fit.weights)
        return network

    def _members(self) -> tuple[Candidate, ...]:
        if not self.composition.members:
            raise RuntimeError("choose() names the finalist first")
        return self.composition.members


def seconds_of_refit(fit: Fit) -> float:
    """The time of as many steps as a refit of a searched fit takes, without compilation.

    A refit ends at the best epoch, beyond which the search went on, and validates nothing.
    """
    if fit.step_seconds is not None and fit.best_step is not None:
        return fit.step_seconds * fit.best_step
    trained = fit.curve[-1]["share"] if fit.curve else 1.0
    return (fit.seconds - fit.compile_seconds) * min(1.0, fit.best_share / max(trained, 1e-9))
