"""What the shallow side leaves in a run's folder: each fit in ``shallow.log``, the best models under ``shallow/``.

A model is stored by skops and opened with the closed list of types (`automl.storage.trusted`), so no pickle is ever
read from a file. Storing must stay cheap beside fitting (measured on 6,000 rows: 8 ms for linear models of tables and
texts, 0.07 s for boosted trees that took 8 s to fit, 0.36 s for a forest of 29 MiB that took 0.8 s): a model that would
take longer than a small share of its fit, or holds types that are not on the list, is left out, and a resumed run fits
it again first.
"""

from __future__ import annotations

import json
import pickle
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from automl.errors import FolderError
from automl.records import Output, Run
from automl.sides.entries import ended
from automl.storage.journal import Journal
from automl.storage.trusted import check, loads
from automl.storage.weights import WeightStore

__all__ = ["KEPT_MODELS", "Archive", "Proposals"]

KEPT_MODELS = 4
MIB = 1024**2
SHARE = 0.05
LEAST_SECONDS = 0.1
SECONDS_A_MIB = 0.03
ROUNDED = 0.01  # settings are kept to three digits


class Proposals(Iterator[Mapping[str, Any]]):
    """A family's settings, counted as they are drawn, so that another process can go on behind the last.

    Args:
        source: default first, then random ones; the same for the same seed.

    Attributes:
        drawn: how many were taken from the source.
        waiting: handed back, to be taken first.
    """

    def __init__(self, source: Iterator[Mapping[str, Any]]) -> None:
        self.source = source
        self.drawn = 0
        self.waiting: list[Mapping[str, Any]] = []
        self._ahead: deque[Mapping[str, Any]] = deque()  # drawn to look at, not yet taken
        self._values: dict[str, set[str]] = {}
        self._always: set[str] | None = None
        self._ranges: dict[str, tuple[float, float]] = {}

    def __next__(self) -> Mapping[str, Any]:
        if self.waiting:
            return self.waiting.pop(0)
        self.drawn += 1
        return self._ahead.popleft() if self._ahead else self._draw()

    def _draw(self) -> Mapping[str, Any]:
        """One more from the source, whose values are noted."""
        settings = next(self.source)
        self._always = set(settings) if self._always is None else self._always & set(settings)
        for name, value in settings.items():
            self._values.setdefault(name, set()).add(_as_json(value))
            if isinstance(value, float):
                low, high = self._ranges.get(name, (value, value))
                self._ranges[name] = min(low, value), max(high, value)
        return settings

    def again(self, settings: Mapping[str, Any]) -> None:
        """Hand settings back."""
        self.waiting.insert(0, settings)

    def gave(self, settings: Mapping[str, Any], drawn: int) -> bool:
        """Whether settings can have come from the first so many draws: each value drawn, or between two that were.

        Args:
            drawn: at most so many are drawn to know.
        """
        while self.drawn + len(self._ahead) < drawn:
            try:
                self._ahead.append(self._draw())
            except StopIteration:
                break
        named = (self._always or set()) <= settings.keys() <= self._values.keys()
        return named and all(self._knows(*pair) for pair in settings.items())

    def _knows(self, name: str, value: Any) -> bool:
        if isinstance(value, float) and name in self._ranges:
            low, high = self._ranges[name]
            return low - ROUNDED * abs(low) <= value <= high + ROUNDED * abs(high)
        return _as_json(value) in self._values[name]

    def go_on(self, drawn: int, waiting: list[Mapping[str, Any]]) -> None:
        """Draw as many as an earlier process had."""
        while self.drawn < drawn:
            if self._ahead:
                self._ahead.popleft()
            elif next(self.source, None) is None:
                break
            self.drawn += 1
        self.waiting = waiting


def _as_json(value: Any) -> str:
    """A setting as it stands in a journal; one that cannot stand there is like no other."""
    try:
        return json.dumps(value, sort_keys=True)
    except (TypeError, ValueError):
        return f"not JSON: {value!r}"


class Archive:
    """Journal and models of the shallow side in a run's folder.

    Args:
        folder: of the run; None keeps nothing.
        fingerprints: what the journal must match.
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
        self._reported: set[str] = set()

    def write(
        self, run: Run, scores: Sequence[float], skipped_for_time: bool, settings: Mapping[str, Any], rows: int,
        state: Mapping[str, Any],
    ) -> None:  # fmt: skip
        """Append a fit to the journal.

        Args:
            scores: one a hold-out.
            skipped_for_time: see `automl.sides.holdouts`.
            settings: of the fit, without what `run.choices` shows beside.
            rows: training items used.
            state: of the search after it, JSON types.
        """
        entry = ended(run, scores, skipped_for_time) | {
            "family": run.family, "settings": dict(settings), "choices": dict(run.choices), "rows": rows,
            "at_seconds": run.at_seconds, "state": dict(state),
        }  # fmt: skip
        try:
            self.journal.write(entry)
        except (FolderError, ValueError, TypeError) as error:  # a plug-in's settings need not be plain
            self._tell("journal", f"{run.name} is not in shallow.log: {error}; a killed run would not know of it")

    def keep(self, run: Run, model: bytes, outputs: Sequence[Output], seconds: float) -> bool:
        """Store a fitted model with its validation outputs, one a hold-out, if that is cheap and safe; whether it was.

        Args:
            model: pickled by our own child, in memory.
            seconds: left for this.
        """
        size = len(model) / MIB
        expected = 0.02 + size * self._seconds_a_mib.get(run.family, SECONDS_A_MIB)
        costly = expected > min(seconds, max(LEAST_SECONDS, SHARE * run.cost.fit_seconds))
        if self.store is None or run.family in self.unsafe or costly:
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
        try:  # another run may have had this name; the file may be of another version of a library, or altered
            (content, *arrays), meta = found
            if meta["score"] != run.valid_score or len(arrays) != run.n_holdouts * len(meta["arrays"]):
                return None
            model, names = loads(content.tobytes()), meta["arrays"]
            each = [arrays[i : i + len(names)] for i in range(0, len(arrays), len(names))]
            return pickle.dumps(model), tuple(Output(meta["kind"], dict(zip(names, one, strict=True))) for one in each)
        except Exception:  # what is refused, and whatever the objects raise that are made: the run is fitted again
            return None

    def retain(self, names: list[str]) -> None:
        """Remove the models of all runs but these, best first."""
        if self.store is not None:
            self.store.retain(names)

    def _tell(self, kind: str, text: str) -> None:
        if kind not in self._reported:
            self._reported.add(kind)
            self.note(text)
