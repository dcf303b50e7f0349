"""What a resumed run needs of the shallow side: settings tried in a journal, the best models beside it.

Models are ``.skops`` files of the closed list of types that a bundle opens too; no pickle is read from a file.
"""

from __future__ import annotations

import os
import pickle
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from automl import folder as files
from automl.errors import FolderError
from automl.journal import Journal
from automl.records import Cost, Run
from automl.trusted import TRUSTED

__all__ = ["Keeping", "run_of"]

MOST_MIB = 64
FREE_FACTOR = 3


class Keeping:
    """A journal ``shallow.log`` and a folder ``shallow/`` of models.

    Args:
        folder: of the run. fingerprints: what must be the same for a run to be gone on with.
    """

    def __init__(self, folder: Path, fingerprints: Mapping[str, str]) -> None:
        self.folder = folder / "shallow"
        self.journal = Journal(folder / "shallow.log", fingerprints)
        self.unreadable: list[str] = []

    def write(self, run: Run, settings: Mapping[str, Any], rows: int | None, seconds: float) -> str | None:
        """Write a run down; why that could not be done, or None.

        Args:
            settings: its own, without what `Run.choices` adds. rows: of a sample, None for all.
            seconds: what its family is expected to take on all rows, 0.0 where that is not known.
        """
        cost = {name: getattr(run.cost, name) for name in Cost.__dataclass_fields__}
        try:
            self.journal.write(
                {"name": run.name, "family": run.family, "status": run.status, "score": run.valid_score, "cost": cost,
                 "choices": dict(run.choices), "settings": dict(settings), "rows": rows, "failure": run.failure,
                 "seconds": seconds}
            )  # fmt: skip
        except (FolderError, TypeError, ValueError) as error:
            return f"{error}; the search goes on"
        return None

    def save(self, name: str, pickled: bytes) -> str | None:
        """Keep a model that our own worker sent; why it could not be kept, or None.

        Large models are not kept (a resumed run fits them again), and none when the disk is nearly full.
        """
        if len(pickled) > MOST_MIB * 2**20:
            return None
        import skops.io

        try:
            content = skops.io.dumps(pickle.loads(pickled))
            if set(skops.io.get_untrusted_types(data=content)) - set(TRUSTED):
                return None  # a plug-in's own types: nothing that we could open again
            self.folder.mkdir(parents=True, exist_ok=True)
            if shutil.disk_usage(self.folder).free < FREE_FACTOR * len(content):
                return f"{name} was not kept: the disk is nearly full; the search goes on"
            files.write_bytes(self._path(name), content)
        except (OSError, FolderError) as error:
            return f"{name} was not kept: {error}; the search goes on"
        return None

    def load(self, name: str) -> Any:
        """A kept model, None where there is none; a damaged or foreign file is put aside."""
        import skops.io

        path = self._path(name)
        if not path.is_file():
            return None
        try:
            types = skops.io.get_untrusted_types(file=path)
            if set(types) - set(TRUSTED):
                raise ValueError("types that are not ours")
            return skops.io.load(path, trusted=list(types))
        except Exception:  # skops raises whatever its parser meets
            target = path.with_suffix(".unreadable")
            os.replace(path, target)
            self.unreadable.append(target.name)
            return None

    def retain(self, names: Sequence[str]) -> None:
        """Remove all models but these."""
        kept = {self._path(name) for name in names}
        for path in self.folder.glob("*.skops") if self.folder.is_dir() else ():
            if path not in kept:
                path.unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self.folder / f"{re.sub(r'[^A-Za-z0-9._-]+', '-', name)}.skops"


def run_of(entry: Mapping[str, Any]) -> Run:
    """A run from its journal entry."""
    return Run(
        entry["name"], "shallow", entry["status"], entry["family"], valid_score=entry["score"],
        cost=Cost(**entry["cost"]), choices=dict(entry["choices"]), failure=entry["failure"],
    )  # fmt: skip
