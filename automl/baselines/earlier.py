"""What an earlier process has tried in the same folder, and what of it must be fitted again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl.baselines.archive import Archive, run_of
from automl.baselines.candidates import Candidates
from automl.baselines.lane import Kept, Lane
from automl.baselines.material import Material
from automl.baselines.tuning import LEAST_SECONDS, Tuning, as_text
from automl.holdouts import Examination
from automl.records import Run

__all__ = ["Earlier", "Lost"]

Lost = tuple[Run, Lane, Mapping[str, Any], int]
"""A run whose model is not at hand: the run, its family, its settings and its number of training items."""


class Earlier:
    """Fits of earlier calls, read from the journal.

    Args:
        archive: journal and models. material: what fits read. seed: of the sampling of items.

    Attributes:
        runs: by name. lost: runs whose models could not be brought back, best first. n_fits: how many there were.
    """

    def __init__(self, archive: Archive, material: Material, seed: int) -> None:
        self.archive, self.material, self.seed = archive, material, seed
        self.runs: dict[str, Run] = {}
        self.lost: list[Lost] = []
        self.n_fits = 0

    def replay(self, tuning: Tuning, candidates: Candidates, examination: Examination) -> None:
        """Bring families to where they were; the best models return, or wait to be fitted again."""
        lanes = {lane.baseline.name: lane for lane in tuning.lanes}
        fits: dict[str, Lost] = {}
        for entry in self.archive.journal.earlier:
            lane = lanes.get(str(entry.get("family")))
            if lane is None:
                continue
            run = run_of(entry)
            lane.go_on(entry["state"]["lane"])
            lane.tried.add(as_text(entry["settings"]))
            tuning.random.bit_generator.state = entry["state"]["random"]
            self.n_fits = entry["state"]["n_fits"]
            self.runs[run.name] = run
            if entry["scores"] and run.name not in fits:
                believed = examination.take_in(entry["scores"], entry["passed_over"])
                lane.lead(entry["settings"], believed, self.material.rank)
            fits[run.name] = run, lane, entry["settings"], entry["rows"]
        scored = [fit for fit in fits.values() if fit[0].valid_score is not None]
        for fit in sorted(scored, key=lambda fit: self.material.standing(fit[0]), reverse=True):
            run, lane, settings, rows = fit
            found = self.archive.load(run)
            if found is None:
                self.lost.append(fit)
            else:
                model, outputs = found
                candidates.keep(Kept(run, lane, settings, [model], outputs, self.material.sample(rows, self.seed)))

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
