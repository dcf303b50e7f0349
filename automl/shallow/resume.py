"""What an earlier process has tried in the same folder, and what of it must be fitted again."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from typing import Any

import numpy as np

from automl.records import Output, Run
from automl.shallow.archive import Archive
from automl.shallow.data import Material
from automl.shallow.entries import Entries, Entry
from automl.shallow.family import Kept, Lane
from automl.shallow.finalist import Candidates
from automl.shallow.scheduling import LEAST_SECONDS, Tuning, as_text
from automl.sides.holdouts import Examination

__all__ = ["Earlier", "Lost"]

Lost = tuple[Run, Lane, Mapping[str, Any], int]
"""A run whose model is not at hand: the run, its family, its settings and its number of training items."""

LOOKED_ITEMS = 5


class Earlier:
    """Fits of earlier calls, read from the journal.

    Args:
        archive: journal and models.
        material: what fits read.
        seed: of the sampling of items.

    Attributes:
        runs: by name.
        lost: runs whose models could not be brought back, best first.
        n_fits: how many there were.
    """

    def __init__(self, archive: Archive, material: Material, seed: int) -> None:
        self.archive, self.material, self.seed = archive, material, seed
        self.runs: dict[str, Run] = {}
        self.lost: list[Lost] = []
        self.n_fits = 0

    def replay(self, tuning: Tuning, candidates: Candidates, examination: Examination) -> None:
        """Bring families to where they were; the best models return, or wait to be fitted again."""
        journal, material = self.archive.journal, self.material
        entries = Entries(tuning.lanes, len(material.items), len(material.parts), journal.n_lines)
        fits: dict[str, Entry] = {}
        for entry in journal.understood(entries.read):
            run, lane = entry.run, entry.lane
            lane.go_on(entry.lane_state)
            lane.tried.add(as_text(entry.settings))
            tuning.random.bit_generator.state = entry.random
            self.n_fits = entry.n_fits
            self.runs[run.name] = run
            if entry.scores and run.name not in fits:
                believed = examination.take_in(entry.scores, entry.passed_over)
                lane.lead(entry.settings, believed, material.rank)
            fits[run.name] = entry
        scored = [entry for entry in fits.values() if entry.run.valid_score is not None]
        for entry in sorted(scored, key=lambda one: material.standing(one.run), reverse=True):
            run, lane = entry.run, entry.lane
            found = self.archive.load(run)
            if found is None or not self._stands(entry, *found):
                self.lost.append((run, lane, entry.settings, entry.rows))
            else:
                model, outputs = found
                take = material.sample(entry.rows, self.seed)
                candidates.keep(Kept(run, lane, entry.settings, [model], outputs, take))

    def _stands(self, entry: Entry, model: bytes, outputs: tuple[Output, ...]) -> bool:
        """Whether a stored model is its run's: of its type, with outputs that it gives and that give its scores."""
        material = self.material
        try:
            own = pickle.loads(model)  # made in this process, from a closed list of types
            made = entry.lane.baseline.make(material.task, entry.settings, self.seed)
            again = own.predict(material.dataset, material.valid[:LOOKED_ITEMS])
            return (
                type(own) is type(made)
                and len(outputs) == len(entry.scores)
                and all(_alike(one, again, len(part.valid)) for one, part in zip(outputs, material.parts, strict=False))
                and all(
                    np.allclose(again.arrays[name], array[: len(again.arrays[name])], rtol=1e-5, atol=1e-8)
                    for name, array in outputs[0].arrays.items()
                )
                and np.allclose([material.score(one, part) for part, one in enumerate(outputs)], entry.scores)
            )
        except Exception:  # whatever an altered model raises: it is fitted again
            return False

    def next_lost(self, seconds: float, best: Run | None) -> Lost | None:
        """The best earlier run whose model is lost, if `best` is not as good and there is time for it."""
        standing = self.material.standing
        for place, lost in enumerate(self.lost):  # best first
            run = lost[0]
            if best is not None and standing(best) >= standing(run):
                del self.lost[place:]
                break
            if max(1.1 * run.n_holdouts * run.cost.fit_seconds, LEAST_SECONDS) <= seconds:
                return self.lost.pop(place)
        return None


def _alike(stored: Output, given: Output, n_items: int) -> bool:
    """Whether stored predictions have the form of those that the model gives, for so many items."""
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
