"""What the shallow side leaves in a run's folder: each fit in ``shallow.log``, the best models under ``shallow/``.

A model is stored by skops and opened with the closed list of types (`automl.trusted`), so no pickle is ever read from
a file. Storing must stay cheap beside fitting (measured on 6,000 rows: 8 ms for linear models of tables and texts,
0.07 s for boosted trees that took 8 s to fit, 0.36 s for a forest of 29 MiB that took 0.8 s): a model that would take
longer than a small share of its fit, or holds types that are not on the list, is left out, and a resumed run fits it
again first.
"""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from automl.errors import FolderError
from automl.journal import Journal
from automl.records import Cost, Output, Run
from automl.store import WeightStore
from automl.trusted import Untrusted, check, loads

__all__ = ["KEPT_MODELS", "Archive", "Proposals", "run_of"]

KEPT_MODELS = 4
MIB = 1024**2
SHARE = 0.05
LEAST_SECONDS = 0.1
SECONDS_A_MIB = 0.03


class Proposals(Iterator[Mapping[str, Any]]):
    """A family's settings, counted as they are drawn, so that another process can go on behind the last.

    Args:
        source: default first, then random ones; the same for the same seed.

    Attributes:
        drawn: how many were taken from the source. waiting: handed back, to be taken first.
    """

    def __init__(self, source: Iterator[Mapping[str, Any]]) -> None:
        self.source = source
        self.drawn = 0
        self.waiting: list[Mapping[str, Any]] = []

    def __next__(self) -> Mapping[str, Any]:
        if self.waiting:
            return self.waiting.pop(0)
        self.drawn += 1
        return next(self.source)

    def again(self, settings: Mapping[str, Any]) -> None:
        """Hand settings back."""
        self.waiting.insert(0, settings)

    def go_on(self, drawn: int, waiting: list[Mapping[str, Any]]) -> None:
        """Draw as many as an earlier process had."""
        while self.drawn < drawn and next(self.source, None) is not None:
            self.drawn += 1
        self.waiting = waiting


class Archive:
    """Journal and models of the shallow side in a run's folder.

    Args:
        folder: of the run; None keeps nothing. fingerprints: what the journal must match.
        note: told once of each kind of write that failed; the search goes on.

    Raises:
        FolderError: the folder holds a run of something else.
    """

    def __init__(self, folder: Path | None, fingerprints: Mapping[str, str], note: Callable[[str], None]) -> None:
        self.journal = Journal(None if folder is None else folder / "shallow.log", fingerprints)
        self.store = None if folder is None else WeightStore(folder / "shallow", keep=KEPT_MODELS)
        self.note = note
        self.unsafe: set[str] = set()
        self._seconds_a_mib: dict[str, float] = {}
        self._told: set[str] = set()

    def write(
        self, run: Run, scores: Sequence[float], passed_over: bool, settings: Mapping[str, Any], rows: int,
        state: Mapping[str, Any],
    ) -> None:  # fmt: skip
        """Append a fit to the journal.

        Args:
            scores: one a hold-out. passed_over: see `automl.holdouts`.
            settings: of the fit, without what `run.choices` shows beside. rows: training items used.
            state: of the search after it, JSON types.
        """
        entry = {
            "name": run.name, "family": run.family, "settings": dict(settings), "choices": dict(run.choices),
            "rows": rows, "status": run.status, "score": run.valid_score, "scores": list(scores),
            "passed_over": passed_over, "failure": run.failure,
            "at_seconds": run.at_seconds, "cost": asdict(run.cost), "state": dict(state),
        }  # fmt: skip
        try:
            self.journal.write(entry)
        except (FolderError, ValueError, TypeError) as error:  # a plug-in's settings need not be plain
            self._tell("journal", f"{run.name} is not in shallow.log: {error}; a killed run would not know of it")

    def keep(self, run: Run, model: bytes, outputs: Sequence[Output], seconds: float) -> bool:
        """Store a fitted model with its validation outputs, one a hold-out, if that is cheap and safe; whether it was.

        Args:
            model: pickled by our own child, in memory. seconds: left for this.
        """
        size = len(model) / MIB
        expected = 0.02 + size * self._seconds_a_mib.get(run.family, SECONDS_A_MIB)
        dear = expected > min(seconds, max(LEAST_SECONDS, SHARE * run.cost.fit_seconds))
        if self.store is None or run.family in self.unsafe or dear:
            return False
        import skops.io

        begun = time.monotonic()
        try:
            content = skops.io.dumps(pickle.loads(model))
            check(content)
        except Exception:  # skops raises whatever the objects that it walks through raise
            self.unsafe.add(run.family)
            return False
        predicted = [array for output in outputs for array in output.arrays.values()]
        arrays = [np.frombuffer(content, dtype=np.uint8), *predicted]
        meta = {"score": run.valid_score, "kind": outputs[0].kind, "arrays": list(outputs[0].arrays)}
        problem = self.store.save(run.name, arrays, meta)
        if problem is not None:
            self._tell("model", problem)
            return False
        self._seconds_a_mib[run.family] = (time.monotonic() - begun) / max(size, 0.1)
        return True

    def load(self, run: Run) -> tuple[bytes, tuple[Output, ...]] | None:
        """A run's model (pickled in memory, as a worker's would be) and validation outputs, if all are whole."""
        found = None if self.store is None else self.store.load(run.name)
        if found is None:
            return None
        try:
            (content, *arrays), meta = found
            if meta["score"] != run.valid_score:  # another run had this name, and its journal line was lost
                return None
            model, names = loads(content.tobytes()), meta["arrays"]
            each = [arrays[i : i + len(names)] for i in range(0, len(arrays), len(names))]
            outputs = tuple(Output(meta["kind"], dict(zip(names, one, strict=True))) for one in each)
        except (Untrusted, ValueError, KeyError, TypeError):  # of another version of a library, or altered
            return None  # and fitted again
        return pickle.dumps(model), outputs

    def retain(self, names: list[str]) -> None:
        """Remove the models of all runs but these, best first."""
        if self.store is not None:
            self.store.retain(names)

    def _tell(self, kind: str, text: str) -> None:
        if kind not in self._told:
            self._told.add(kind)
            self.note(text)


def run_of(entry: Mapping[str, Any]) -> Run:
    """A run from its journal entry."""
    return Run(
        entry["name"], "shallow", entry["status"], entry["family"], valid_score=entry["score"],
        cost=Cost(**entry["cost"]), choices=dict(entry["choices"]), at_seconds=entry["at_seconds"],
        failure=entry["failure"], n_holdouts=max(1, len(entry["scores"])),
    )  # fmt: skip
