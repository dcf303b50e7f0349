"""What the shallow side stores in a run's folder: each fit in ``shallow.log``, the best models under ``shallow/``.

Models are stored by skops and opened with a closed list of types (`automl.storage.trusted`; beside them those of the
plug-ins of this run), so no pickle is ever read from a file. Storing must stay cheap beside fitting. Measured on 6,000
rows: 8 ms for linear models of tables and texts, 0.07 s for boosted trees that took 8 s to fit, 0.36 s for a forest of
29 MiB that took 0.8 s. A model is not stored if that would take longer than a small share of its fit, or if it holds
types that are not on the list. A resumed run fits such a model again first.
"""

from __future__ import annotations

import json
import math
import pickle
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from automl.catalog import plug_ins
from automl.errors import FolderError
from automl.records import Output, Run
from automl.sides.entries import ended
from automl.storage.journal import Journal
from automl.storage.trusted import TRUSTED, check, check_plugged, loads, loads_plugged, names_in
from automl.storage.weights import WeightStore

__all__ = ["KEPT_MODELS", "Archive", "Proposals"]

KEPT_MODELS = 4
MIB = 1024**2
SHARE = 0.05
LEAST_SECONDS = 0.1
SECONDS_A_MIB = 0.03
LOOKED_AHEAD = 64
"""Draws by which settings of another contest are judged."""
SLACK = 1.0
"""Of a range's end: a number of another contest may lie so far beyond it."""
ROUNDED = 0.01  # settings are rounded to three digits


class Proposals(Iterator[Mapping[str, Any]]):
    """The proposed settings of a family. Draws are counted, so that another process can resume after the last one.

    Args:
        source: the default settings first, then random ones; the same for the same seed.

    Attributes:
        drawn: number of settings taken from the source.
        waiting: settings that were handed back; they are proposed first.
    """

    def __init__(self, source: Iterator[Mapping[str, Any]]) -> None:
        self.source = source
        self.drawn = 0
        self.waiting: list[Mapping[str, Any]] = []
        self._ahead: deque[Mapping[str, Any]] = deque()  # drawn by `gave`, not yet proposed
        self._values: dict[str, set[str]] = {}
        self._always: set[str] | None = None
        self._ranges: dict[str, tuple[float, float]] = {}

    def __next__(self) -> Mapping[str, Any]:
        if self.waiting:
            return self.waiting.pop(0)
        self.drawn += 1
        return self._ahead.popleft() if self._ahead else self._draw()

    def _draw(self) -> Mapping[str, Any]:
        """Draw the next settings from the source, and record their values."""
        settings = next(self.source)
        self._always = set(settings) if self._always is None else self._always & set(settings)
        for name, value in settings.items():
            self._values.setdefault(name, set()).add(_as_json(value))
            if isinstance(value, float):
                low, high = self._ranges.get(name, (value, value))
                self._ranges[name] = min(low, value), max(high, value)
        return settings

    def again(self, settings: Mapping[str, Any]) -> None:
        """Hand settings back, to be proposed next."""
        self.waiting.insert(0, settings)

    def gave(self, settings: Mapping[str, Any], drawn: int) -> bool:
        """Whether settings can have come from the first draws: each value was drawn, or lies between two drawn ones.

        Args:
            settings: the settings to check.
            drawn: number of draws to look at.
        """
        while self.drawn + len(self._ahead) < drawn:
            try:
                self._ahead.append(self._draw())
            except StopIteration:
                break
        named = (self._always or set()) <= settings.keys() <= self._values.keys()
        return named and all(self._knows(*pair) for pair in settings.items())

    def near(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Settings of another contest, with the default in place of a value that this family would hardly draw here.

        Ranges depend on the data, which have changed, so a number may lie somewhat outside of them. Nothing else may:
        settings can come from a file that anybody wrote.

        Args:
            settings: by name.
        """
        while self.drawn + len(self._ahead) < LOOKED_AHEAD:
            try:
                self._ahead.append(self._draw())
            except StopIteration:
                break
        default = dict(self._ahead[0]) if self._ahead else {}
        return default | {name: value for name, value in settings.items() if self._is_near(name, value)}

    def _is_near(self, name: str, value: Any) -> bool:
        known = self._values.get(name, set())
        if _as_json(value) in known:
            return True
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            return False
        drawn = [json.loads(text) for text in known if not text.startswith("not JSON")]
        numbers = [one for one in drawn if type(one) is type(value)]
        if not numbers:
            return False
        low, high = min(numbers), max(numbers)
        return bool(low - SLACK * abs(low) <= value <= high + SLACK * abs(high))

    def _knows(self, name: str, value: Any) -> bool:
        if isinstance(value, float) and name in self._ranges:
            low, high = self._ranges[name]
            return low - ROUNDED * abs(low) <= value <= high + ROUNDED * abs(high)
        return _as_json(value) in self._values[name]

    def go_on(self, drawn: int, waiting: list[Mapping[str, Any]]) -> None:
        """Move to where an earlier process was.

        Args:
            drawn: number of settings that it had drawn.
            waiting: settings that were handed back to it.
        """
        while self.drawn < drawn:
            if self._ahead:
                self._ahead.popleft()
            elif next(self.source, None) is None:
                break
            self.drawn += 1
        self.waiting = waiting


def _own_types(content: bytes) -> frozenset[str]:
    """Types and functions of plug-ins of this run that a stored model names."""
    others = names_in(content) - frozenset(TRUSTED)
    known = plug_ins() if others else ()
    return frozenset(name for name in others if any(one.owns(name) for one in known))


def _as_json(value: Any) -> str:
    """A value of a setting as JSON. A value that JSON cannot hold gets a text that equals none from a journal."""
    try:
        return json.dumps(value, sort_keys=True)
    except (TypeError, ValueError):
        return f"not JSON: {value!r}"


class Archive:
    """The journal and the stored models of the shallow side in a run's folder.

    Args:
        folder: the run's folder, or None to store nothing.
        fingerprints: what the journal must match.
        note: called once for each kind of write that failed; the search goes on.

    Attributes:
        unsafe: families whose models are not stored, since they hold types that are not on the closed list.

    Raises:
        FolderError: the folder holds a run of other data, another split or another recipe.
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
            run: the record of the fit.
            scores: one for each hold-out.
            skipped_for_time: see `automl.sides.holdouts`.
            settings: settings of the fit; `run.choices` may show more.
            rows: training items used.
            state: state of the search after the fit, as JSON types.
        """
        entry = ended(run, scores, skipped_for_time) | {
            "family": run.family, "settings": dict(settings), "choices": dict(run.choices), "rows": rows,
            "at_seconds": run.at_seconds, "state": dict(state),
        }  # fmt: skip
        try:
            self.journal.write(entry)
        except (FolderError, ValueError, TypeError) as error:  # a plug-in's settings need not be plain
            self._tell(
                "journal",
                f"{run.name} is not in shallow.log: {error}; if the run is killed, --resume will not know of it",
            )

    def keep(self, run: Run, model: bytes, outputs: Sequence[Output], seconds: float) -> bool:
        """Store a fitted model with its validation outputs if that is cheap and safe; return whether it was stored.

        Args:
            run: the run of the model.
            model: the model, pickled by this process's own child.
            outputs: predictions for the validation items of each hold-out.
            seconds: time left for this.
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
            own = _own_types(content)
            if own:
                check_plugged(content, own)
            else:
                check(content)
        except Exception:  # skops passes on whatever the objects in the model raise
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
        """A run's model (pickled in memory, as from a worker) and its validation outputs; None if they are unusable."""
        stored = None if self.store is None else self.store.load(run.name)
        if stored is None:
            return None
        try:  # the file may be of another run of this name, of another version of a library, or altered
            (content, *arrays), meta = stored
            if meta["score"] != run.valid_score or len(arrays) != run.n_holdouts * len(meta["arrays"]):
                return None
            own, names = _own_types(content.tobytes()), meta["arrays"]
            model = loads_plugged(content.tobytes(), own) if own else loads(content.tobytes())
            each = [arrays[i : i + len(names)] for i in range(0, len(arrays), len(names))]
            outputs = tuple(Output(meta["kind"], dict(zip(names, own, strict=True))) for own in each)
            return pickle.dumps(model), outputs
        except Exception:  # the file is refused, or its objects raise an error: the run is fitted again
            return None

    def retain(self, names: list[str]) -> None:
        """Remove the stored models of all runs but these.

        Args:
            names: runs whose models stay, best first.
        """
        if self.store is not None:
            self.store.retain(names)

    def _tell(self, kind: str, text: str) -> None:
        if kind not in self._reported:
            self._reported.add(kind)
            self.note(text)
