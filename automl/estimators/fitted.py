"""The content of a fitted estimator: its models in memory, which are pickled as the files of a bundle."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from automl import bundle, catalog, modalities
from automl.predict.on_odd import warn
from automl.predict.rows import read_rows
from automl.sides.predictors import with_parts
from automl.storage import files as folders

if TYPE_CHECKING:
    from automl.records import OnOdd, Output, Task
    from automl.sides.predictors import Predictor

__all__ = ["ContestResult", "FittedModel"]


class FittedModel:
    """A finalist with the task it was fitted for.

    Its pickle holds the files of a bundle (networks as ``.keras``, scikit-learn models as ``.skops``). So unpickling
    checks it like any saved model, and does not depend on a folder that may no longer exist; but a plug-in file of
    whose types the model is must be where it was.

    Args:
        task: the detected task.
        predictor: predictor of the finalist.
        side: "deep", "shallow" or "floor".
        keeps_rows: whether a fitted model holds training rows.
    """

    def __init__(self, task: Task, predictor: Predictor, side: str, *, keeps_rows: bool) -> None:
        self.task, self.predictor, self.side, self.keeps_rows = task, predictor, side, keeps_rows

    def output(self, inputs: Any, on_odd: OnOdd | None = None) -> tuple[Output, np.ndarray]:
        """Predict rows that were checked by `checking.rows`.

        Args:
            inputs: the rows.
            on_odd: what is done where they differ from the training rows, see `automl.SideModel.predict`.

        Returns:
            The output of the rows that could be read, and ``(n,)`` bool, which of all rows these are.
        """
        dataset = read_rows(inputs, self.task, on_odd=on_odd)
        warn(dataset.findings, on_odd)
        read = np.zeros(len(inputs), bool)
        read[dataset.row_numbers] = True
        return self.predictor.output(dataset, np.arange(dataset.n_rows)), read

    def files(self) -> dict[str, bytes]:
        """The bundle's files by name."""
        with tempfile.TemporaryDirectory() as scratch:
            path = bundle.save(
                Path(scratch) / "model", self.task, with_parts(self.side, self.predictor), self.side, {}, "",
                keeps_rows=self.keeps_rows,
            )  # fmt: skip
            return {file.name: file.read_bytes() for file in sorted(path.iterdir())}

    def __getstate__(self) -> dict[str, Any]:
        files = self.files()
        return {"files": files, "plugins": _places(files)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        plugins = state.get("plugins", ())
        catalog.extend(plugins)
        with tempfile.TemporaryDirectory() as scratch:
            for name, content in state["files"].items():
                (Path(scratch) / Path(name).name).write_bytes(content)
            opened = bundle.open(
                scratch, modalities.restore, modalities.restore_codec, plug_ins=catalog.plug_ins(plugins)
            )
            side = opened.recommended
            self.task, self.side, self.keeps_rows = opened.task, side, opened.keeps_rows
            self.predictor = opened.predictors[side]


def _places(files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Where the plug-ins are that a bundle needs: paths of files, and names of entry points."""
    needed = {entry["module"] for entry in json.loads(files["bundle.json"])["plugins"]}
    return tuple(one.place for one in catalog.plug_ins() if one.stored_as in needed)


@dataclass(frozen=True, slots=True, eq=False)
class ContestResult:
    """The result of a contest, held in memory: it needs no run folder and is pickled with its estimator.

    Attributes:
        verdict: "deep", "shallow" or "tie"; None without a label.
        reason: "better", "equivalent", "undecided" or "one_sided".
        recommended: the side that predicts: "deep", "shallow" or "floor".
        words: what to settle first, and the verdict in sentences, which `str` returns.
        result: the content of ``result.json``.
        pages: the report by suffix: ".html", ".md" and ".json".
    """

    verdict: str | None
    reason: str
    recommended: str
    words: str
    result: Mapping[str, Any]
    pages: Mapping[str, bytes]

    def __str__(self) -> str:
        return self.words

    def __repr__(self) -> str:
        trust = self.result.get("trust", {}).get("level", "high")
        return f"<automl.ContestResult: {self.verdict} ({self.reason}), trust {trust}>"

    def _repr_html_(self) -> str:
        """A card for notebooks: what to settle first, the verdict and the leaderboard."""
        from automl.report import card

        said = self.words.splitlines()
        at = next((i for i, line in enumerate(said) if line.startswith("Verdict: ")), 0)
        alarm = card.alarm_of(self.result)
        return card.card(said[at], "", card.lines(said[at + 1 :]), card.board(self.result), first=alarm)

    def report(self, path: str | Path) -> Path:
        """Write the report to `path` (``.html``, ``.md`` or ``.json``); returns the path.

        Raises:
            FolderError: `path` has another ending, or cannot be written.
        """
        from automl.report import kind_of

        target = Path(path)
        return folders.write_bytes(target, self.pages[kind_of(target)])
