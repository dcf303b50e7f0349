"""Checks of what the deep side stored: a line of ``trials.log``, a fit or a snapshot must be one of this run."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.deep.pruner import SHARES
from automl.deep.training.failure import KINDS, LEAST_BATCH, LOWER_RATE, TRIES
from automl.deep.training.records import Fit, Snapshot
from automl.records import Run
from automl.sides.entries import STATUSES, read_run
from automl.storage.values import (
    MOST_SECONDS,
    Misfit,
    flag,
    listed,
    mapping,
    number,
    one_of,
    optional_number,
    run_number,
    short,
    text,
    whole,
)

if TYPE_CHECKING:
    from automl.deep.family import FamilySearch

__all__ = ["Entries", "fit_of", "run_of", "snapshot_of"]

POINT = ("epoch", "share", "seconds", "loss", "valid_score")
MOST_POINTS = 100_000
MOST_NEIGHBOURS = 100
MOST_STEPS = 2**53
FINALIST_FIT = re.compile(r" (refit|repeat) [1-9][0-9]{0,5}\Z")
"""What follows a run's name in the names of its refits and repeats."""


class Entries:
    """Checks the entries of a journal, in their order.

    Args:
        searches: the family searches of this run.
        seed: seed of the search.
        n_holdouts: number of hold-outs.
        n_lines: lines of the journal. They bound every count in it, with some room for lines that a full disk kept out.
    """

    def __init__(self, searches: Sequence[FamilySearch], seed: int, n_holdouts: int, n_lines: int) -> None:
        self.searches = {search.template.name: search for search in searches}
        self.seed, self.n_holdouts = seed, n_holdouts
        self.most_trials = 1000 + 2 * n_lines
        self._seen: set[tuple[str, str]] = set()

    def read(self, entry: Mapping[str, Any]) -> Mapping[str, Any]:
        """Check an entry and return it.

        Raises:
            Misfit: this run cannot have written the entry.
        """
        template = text(entry, "template", 200)
        search = self.searches.get(template)
        if search is None:
            raise Misfit(f"template: this run has no {short(template)}")
        kind = next((key for key in ("begun", "again", "stuck") if key in entry), "name")
        name = entry.get(kind)
        if kind == "stuck" and isinstance(name, str):
            name = FINALIST_FIT.sub("", name)
        place = run_number(name, template, self.most_trials)
        if kind == "again":
            whole(entry, "step", 0, MOST_STEPS)
        elif kind == "stuck":
            text(entry, "why")
        else:
            if (kind, entry[kind]) in self._seen:
                raise Misfit(f"name: {entry[kind]} is there twice")
            if kind == "begun":
                self._begun(entry, search, place)
            else:
                self._ended(entry, search)
            self._seen.add((kind, entry[kind]))
        return entry

    def _begun(self, entry: Mapping[str, Any], search: FamilySearch, place: int) -> None:
        if whole(entry, "seed", 0, MOST_STEPS) != self.seed * 1000 + place - 1:
            raise Misfit(f"seed: {entry['seed']} is not that of trial {place}")
        _check_settings(mapping(entry, "settings"), search)
        search.oracle.check(mapping(entry, "values"))
        search.oracle.check_state(mapping(entry, "oracle"))
        whole(entry, "variants", 0, MOST_NEIGHBOURS)
        for milestone in listed(entry, "gates", len(SHARES)):
            if not isinstance(milestone, list) or len(milestone) != 2:
                raise Misfit(f"gates: expected pairs of share and score, got {short(milestone)}")
            number({"gates": milestone[0]}, "gates", 0.0, 1.0)
            number({"gates": milestone[1]}, "gates")

    def _ended(self, entry: Mapping[str, Any], search: FamilySearch) -> None:
        _check_settings(mapping(entry, "settings"), search)
        _, scores = run_of(entry, self.n_holdouts)
        for kind in listed(entry, "failures", 10):
            one_of({"failures": kind}, "failures", KINDS)
        flag(entry, "passed_over")
        flag(entry, "cheap")
        number(entry, "compile_seconds", 0.0, MOST_SECONDS)
        at_milestones = listed(entry, "at_gates", len(SHARES))
        if len(at_milestones) != len(SHARES) and (scores or at_milestones):
            raise Misfit(f"at_gates: expected {len(SHARES)} scores, got {len(at_milestones)}")
        for value in at_milestones:
            optional_number({"at_gates": value}, "at_gates")


def _check_settings(settings: Mapping[str, Any], search: FamilySearch) -> None:
    """Refuse settings outside of the template's space, apart from those that a failed trial is tried with next."""
    oracle = search.oracle
    if settings.keys() != oracle.defaults.keys():
        odd = sorted(settings.keys() ^ oracle.defaults.keys())
        raise Misfit(f"settings: {short(odd)} are unknown to {search.template.name}, or missing")
    changed = {"epochs": 1.0, "batch_size": float(LEAST_BATCH)}  # Hyperband shortens; lack of memory halves the batch
    if "learning_rate" in settings:
        changed["learning_rate"] = LOWER_RATE**TRIES * oracle.least("learning_rate")
    oracle.check(settings, changed)


def _curve(entry: Mapping[str, Any], least: int = 0) -> tuple[dict[str, float], ...]:
    points = listed(entry, "curve", MOST_POINTS)
    if len(points) < least or not all(isinstance(point, dict) for point in points):
        raise Misfit(f"curve: expected {least} validations or more, got {short(points)}")
    return tuple({name: number(point, name) for name in POINT} for point in points)


def run_of(entry: Mapping[str, Any], n_holdouts: int) -> tuple[Run, list[float]]:
    """The run in the entry of a trial that has ended, and its score on each hold-out.

    Raises:
        Misfit: this run cannot have written the entry.
    """
    device, curve = text(entry, "device", 200), _curve(entry)
    return read_run(entry, "deep", entry["template"], entry["settings"], n_holdouts, device=device, curve=curve)


def fit_of(arrays: Sequence[np.ndarray], meta: Mapping[str, Any]) -> tuple[Fit, tuple[np.ndarray, ...]]:
    """A stored fit, and its raw outputs on the other hold-outs.

    Args:
        arrays: raw validation outputs of each hold-out, then the weights.
        meta: the stored numbers that describe the fit.

    Raises:
        Misfit: `meta` does not describe a fit.
    """
    n = 1 + whole({"n_others": 0, **meta}, "n_others", 0, len(arrays) - 1)
    fit = Fit(
        weights=list(arrays[n:]), raw_valid=arrays[0], score=number(meta, "score"), curve=_curve(meta, 1),
        epochs=number(meta, "epochs", 0.0), seconds=number(meta, "seconds", 0.0, MOST_SECONDS),
        compile_seconds=number(meta, "compile_seconds", 0.0, MOST_SECONDS),
        status=one_of(meta, "status", STATUSES), n_steps=whole(meta, "n_steps", 1, MOST_STEPS),
        stopped_early=flag(meta, "stopped_early"),
        best_step=None if meta.get("best_step") is None else whole(meta, "best_step", 0, MOST_STEPS),
        step_seconds=None if meta.get("step_seconds") is None else number(meta, "step_seconds", 0.0, MOST_SECONDS),
    )  # fmt: skip
    return fit, tuple(arrays[1:n])


def snapshot_of(arrays: Sequence[np.ndarray], meta: Mapping[str, Any], most_steps: int) -> Snapshot:
    """A stored snapshot of a trial under way.

    Args:
        arrays: raw validation outputs, those of the epoch with the best score if it is another one, the best weights,
            then the state of network and optimiser.
        meta: the stored numbers that describe the snapshot.
        most_steps: the most steps that the trial's schedule can have.

    Raises:
        Misfit: `meta` does not describe a snapshot.
    """
    n_tops = whole({"n_tops": 0, **meta}, "n_tops", 0, 1)
    top_raw = arrays[1] if n_tops else None
    if top_raw is not None and (top_raw.shape != arrays[0].shape or not np.isfinite(top_raw).all()):
        raise Misfit(f"n_tops: expected finite outputs of the shape {arrays[0].shape}, got {top_raw.shape}")
    arrays = [arrays[0], *arrays[1 + n_tops :]]
    n = whole(meta, "n_weights", 0, len(arrays) - 1)
    planned = whole(meta, "planned", 1, most_steps)
    total = whole(meta, "total", 1, planned)
    step = whole(meta, "step", 0, total)
    best_step = whole(meta, "best_step", 0, step)
    risen_step = whole({"risen_step": best_step, **meta}, "risen_step", 0, step)  # earlier versions stored it alone
    return Snapshot(
        state=list(arrays[1 + n :]), weights=list(arrays[1 : 1 + n]), raw_valid=arrays[0],
        curve=_curve(meta, 1), score=number(meta, "score"), best_step=best_step, risen_step=risen_step, step=step,
        planned=planned, total=total, seconds=number(meta, "seconds", 0.0, MOST_SECONDS),
        next_check=number(meta, "next_check", 0.0), top_raw=top_raw,
    )  # fmt: skip
