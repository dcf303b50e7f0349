"""Restores the fits of an earlier process from the run's folder, and lists those that must be fitted again."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from typing import Any

import numpy as np

from automl.baselines.unlabelled import plain_settings
from automl.records import Output, Run
from automl.shallow.archive import Archive
from automl.shallow.data import TrainingData
from automl.shallow.entries import Entries, Entry
from automl.shallow.family import Candidate, FamilySearch
from automl.shallow.finalist import Candidates
from automl.shallow.scheduling import LEAST_SECONDS, Tuning, as_text
from automl.sides.holdouts import MultiHoldoutPolicy

__all__ = ["Lost", "ResumedFits"]

Lost = tuple[Run, FamilySearch, Mapping[str, Any], int]
"""A run whose model is lost: the run, its family search, its settings and its number of training items."""

LOOKED_ITEMS = 5


class ResumedFits:
    """The fits of earlier calls, read from the journal.

    Args:
        archive: the journal and the stored models.
        training_data: the data that fits read.
        seed: seed of the sampling of items.

    Attributes:
        runs: the runs by name.
        lost: runs whose models could not be restored, best first.
        n_fits: number of fits.
    """

    def __init__(self, archive: Archive, training_data: TrainingData, seed: int) -> None:
        self.archive, self.training_data, self.seed = archive, training_data, seed
        self.runs: dict[str, Run] = {}
        self.lost: list[Lost] = []
        self.n_fits = 0

    def replay(self, tuning: Tuning, candidates: Candidates, holdout_policy: MultiHoldoutPolicy) -> None:
        """Restore the family searches and the best models; models that cannot be restored go to `lost`."""
        journal, training_data = self.archive.journal, self.training_data
        entries = Entries(tuning.searches, len(training_data.items), len(training_data.parts), journal.n_lines)
        fits: dict[str, Entry] = {}
        for entry in journal.understood(entries.read):
            run, search = entry.run, entry.search
            search.go_on(entry.search_state)
            search.tried.add(as_text(entry.settings))
            tuning.random.bit_generator.state = entry.random
            self.n_fits = entry.n_fits
            self.runs[run.name] = run
            if entry.scores and run.name not in fits:
                adjusted_score = holdout_policy.take_in(entry.scores, entry.skipped_for_time)
                search.lead(entry.settings, adjusted_score, training_data.rank)
            fits[run.name] = entry
        scored = [entry for entry in fits.values() if entry.run.valid_score is not None]
        for entry in sorted(scored, key=lambda one: training_data.standing(one.run), reverse=True):
            run, search = entry.run, entry.search
            stored = self.archive.load(run)
            if stored is None or not self._stands(entry, *stored):
                self.lost.append((run, search, entry.settings, entry.rows))
            else:
                model, outputs = stored
                take = training_data.sample(entry.rows, self.seed)
                candidates.keep(Candidate(run, search, entry.settings, model, outputs, take))

    def _stands(self, entry: Entry, model: bytes, outputs: tuple[Output, ...]) -> bool:
        """Whether a stored model belongs to its run.

        It must have the type of the run's model, its predictions must agree with the stored outputs, and these must
        give the run's scores.
        """
        training_data = self.training_data
        try:
            stored = pickle.loads(model)  # safe: pickled in this process, from a closed list of types
            made = entry.search.baseline.make(training_data.task, plain_settings(entry.settings), self.seed)
            given = stored.predict(training_data.dataset, training_data.valid[:LOOKED_ITEMS])
            return (
                type(stored) is type(made)
                and len(outputs) == len(entry.scores)
                and all(
                    _alike(output, given, len(part.valid))
                    for output, part in zip(outputs, training_data.parts, strict=False)
                )
                and all(
                    np.allclose(given.arrays[name], array[: len(given.arrays[name])], rtol=1e-5, atol=1e-8)
                    for name, array in outputs[0].arrays.items()
                )
                and np.allclose(
                    [training_data.score(output, part) for part, output in enumerate(outputs)], entry.scores
                )
            )
        except Exception:  # an altered model may raise anything; it is fitted again
            return False

    def next_lost(self, seconds: float, best: Run | None) -> Lost | None:
        """The best earlier run whose model is lost, if it is better than `best` and there is time to fit it again."""
        standing = self.training_data.standing
        for place, lost in enumerate(self.lost):  # best first
            run = lost[0]
            if best is not None and standing(best) >= standing(run):
                del self.lost[place:]
                break
            if max(1.1 * run.n_holdouts * run.cost.fit_seconds, LEAST_SECONDS) <= seconds:
                return self.lost.pop(place)
        return None


def _alike(stored: Output, given: Output, n_items: int) -> bool:
    """Whether stored predictions for `n_items` items have the kind, shapes and types of those the model gives."""
    return (
        stored.kind == given.kind
        and stored.arrays.keys() == given.arrays.keys()
        and all(
            array.shape == (n_items, *given.arrays[name].shape[1:])
            and array.dtype == given.arrays[name].dtype
            and bool(np.isfinite(array).all())
            for name, array in stored.arrays.items()
        )
    )
