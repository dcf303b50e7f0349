"""Writes an export completely or not at all, after it was checked against the model."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from automl import goals
from automl.errors import DataError, FolderError
from automl.export import check, formats, graph
from automl.export.describe import as_json
from automl.export.preprocess import SCHEMA, opened_reader, write_reader
from automl.export.rows import MOST_ROWS, made_rows
from automl.export.script import write_script
from automl.goals.shared.rows import as_written
from automl.records import Task
from automl.sides.backend import check_backend
from automl.sides.predictors import BlendPredictor, DeepPredictor
from automl.storage import files
from automl.system.quiet import quiet_libraries

if TYPE_CHECKING:
    from automl.records import Dataset

__all__ = ["Exported", "export"]

MIB = 2**20
PART_ROWS = 128
ITEMS_COMPARED = 64
"""Items by which it is told whether networks and shallow models read the same array."""


@dataclass(frozen=True, slots=True, eq=False)
class Exported:
    """What was exported.

    Attributes:
        folder: where it lies.
        manifest: the content of ``export.json``.
        report_note: where else the figures were written, or why they were not, as a sentence; "" without a run folder.
    """

    folder: Path
    manifest: Mapping[str, Any]
    report_note: str = ""

    def __str__(self) -> str:
        head = f"{self.manifest['side']} model as {self.manifest['format']} in {self.folder}"
        if "difference" not in self.manifest:
            return head
        apart = ", ".join(f"{name} {gap:.2g}" for name, gap in self.manifest["difference"].items())
        ms, rows = self.manifest["latency_ms"], self.manifest["rows"]
        return "\n".join(
            [
                head,
                f"largest difference to the model on {rows['n']} {rows['from']} rows: {apart} "
                f"(tolerance {self.manifest['tolerance']:g})",
                f"size {self.manifest['size_mib']:.2f} MiB; one row takes {ms['file']:.3f} ms in the file, "
                f"{ms['reader']:.3f} ms in the reader, {ms['predict']:.3f} ms by predict",
                *([self.report_note] if self.report_note else []),
            ]
        )


def export(
    side: Any,
    out: str | os.PathLike[str],
    format: str,  # noqa: A002
    rows: Any = None,
    result: Mapping[str, Any] | None = None,
) -> Exported:
    """Export the model of a side, and check the file against it.

    Args:
        side: an `automl.predict.side_model.SideModel`.
        out: a folder that does not exist yet.
        format: one of `automl.export.formats.FORMATS`.
        rows: rows to check it on, in any form that `predict` takes, of which the first 1,000 are used; a history for a
            forecast. None for rows that are made up from what the model knows of its columns.
        result: the content of ``result.json``, whose settings a script reads.

    Raises:
        RecipeError: the format is unknown.
        DataError: the format cannot hold this side, a part of the model has no export, or the file predicts otherwise
            than the model; nothing is written.
        FolderError: `out` exists or cannot be written.
        MissingExtra: a library of the format is not installed.
    """
    task: Task = side.task
    target = new_folder(out)
    if format == "python":
        check_backend()
        return Exported(target, write_script(side, target, result or {}))
    found = formats.of_name(format, side.side)
    refuse_goal(task)
    formats.need(found)
    check_backend()
    with quiet_libraries():
        made = graph.of(side.predictor, task, found.inside, found.wide)
        given = "given" if rows is not None else "made-up"
        encoder = _encoder(side.predictor) or getattr(side, "encoder", None)
        raw = made_rows(task, encoder, described=made.inputs.described.values()) if rows is None else rows
        dataset, items = _items(side, raw, task)
        return _written(side, found, made, target, dataset, items, given)


def refuse_goal(task: Task) -> None:
    """Refuse goals whose models make rows.

    Raises:
        DataError: the model generates rows.
    """
    if goals.named(task).makes_rows:
        raise DataError("a model that generates rows has no export; make rows with automl sample MODEL")


def new_folder(out: str | os.PathLike[str]) -> Path:
    """The path of a folder to be written.

    Raises:
        FolderError: something is there.
    """
    target = Path(os.path.abspath(out))
    if os.path.lexists(target):
        raise FolderError(f"{target} exists; expected a new name for --out, since an export replaces nothing")
    return target


def _written(
    side: Any, found: formats.Format, made: graph.Graph, target: Path, dataset: Dataset, items: np.ndarray, given: str
) -> Exported:  # fmt: skip
    wanted = side.predictor.output(dataset, items).arrays
    with files.guard(target), errors_as_raised():
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = files.unfinished(target)
        draft.mkdir()
        try:
            manifest = _manifest(side, found, made, wanted)
            files.write_text(draft / "export.json", as_json(manifest))
            write_reader(draft, side.task, made.inputs, _sources(made, side, dataset, items))
            found.write(made, draft)
            run = found.run(made, draft)
            encode = _encoding(made, side, dataset, items, opened_reader(draft))
            is_sparse = any(spec.get("part") is not None for spec in made.inputs.made.values())
            outputs = _in_parts(run, encode, len(items), PART_ROWS if is_sparse else len(items))
            manifest |= {"rows": {"n": len(items), "from": given}, "tolerance": found.tolerance}
            manifest["difference"] = check.differences(outputs, wanted)
            check.refuse_far(manifest["difference"], found, len(items))
            one = encode(np.arange(1))
            calls: dict[str, Callable[[], Any]] = {
                "file": lambda: run(one),
                "reader": lambda: encode(np.arange(1)),
                "predict": lambda: side.predictor.output(dataset, items[:1]),
            }
            manifest["latency_ms"] = check.latencies(calls)
            manifest["files"] = _files(draft)
            manifest["size_mib"] = round(sum(manifest["files"].values()) / MIB, 3)
            files.write_text(draft / "export.json", as_json(manifest))
            for path in draft.rglob("*"):
                if path.is_file():
                    files.sync(path)
            os.rename(draft, target)
            files.sync(target.parent)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
    return Exported(target, manifest)


@contextmanager
def errors_as_raised() -> Iterator[None]:
    """Errors inside a network's call keep their words: Keras would put its own around them, with the inputs' types."""
    import keras

    was_on = keras.config.is_traceback_filtering_enabled()
    keras.config.disable_traceback_filtering()
    try:
        yield
    finally:
        if was_on:
            keras.config.enable_traceback_filtering()


def _encoder(predictor: Any) -> Any:
    if isinstance(predictor, BlendPredictor):
        return predictor.deep.encoder if isinstance(predictor.deep, DeepPredictor) else None
    return getattr(predictor, "encoder", None)


def _items(side: Any, raw: Any, task: Task) -> tuple[Dataset, np.ndarray]:
    """Rows as the model reads them, and the row numbers or windows to check."""
    if goals.named(task).in_windows:
        from automl.modalities.forecast import block_starts

        dataset = side.read(raw, "ignore")
        horizon = task.horizon or 1
        starts = block_starts(dataset)
        ends = np.arange(horizon, dataset.n_rows + 1)
        fits = ends[starts[ends - 1] == starts[np.maximum(ends - horizon, 0)]]
        first = fits[-MOST_ROWS:] - horizon
        if not len(first):
            raise DataError(f"rows: expected a history of more than {horizon} steps, got {dataset.n_rows} rows")
        return dataset, first[:, None] + np.arange(horizon)
    dataset = side.read(raw, "ignore")
    if not dataset.n_rows:
        raise DataError("rows: none of them can be read")
    return dataset, np.arange(min(dataset.n_rows, MOST_ROWS))


def _in_parts(
    run: check.Run, encode: Callable[[np.ndarray], dict[str, np.ndarray]], n_items: int, size: int
) -> dict[str, np.ndarray]:  # fmt: skip
    """What the file predicts for all items, so many at a time: of sparse features it gathers coefficients for each."""
    parts = [run(encode(np.arange(at, min(at + size, n_items)))) for at in range(0, n_items, size)]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _sources(made: graph.Graph, side: Any, dataset: Dataset, items: np.ndarray) -> dict[str, dict[str, Any]]:
    """What the caller gives to the makers of features: shapes, types and meaning by name.

    One that is also an input of the networks may be given under that name alone.
    """
    found: dict[str, dict[str, Any]] = {}
    for name, features in made.inputs.described.items():
        arrays = features.sources(dataset, items[:ITEMS_COMPARED])
        for source, meaning in made.inputs.features[name]["sources"].items():
            array = arrays[source]
            found[source] = {"shape": list(array.shape[1:]), "dtype": array.dtype.name, "meaning": meaning}
            found[source] |= _as_input(made, side, dataset, items[:ITEMS_COMPARED], array)
    return found


def _as_input(
    made: graph.Graph, side: Any, dataset: Dataset, items: np.ndarray, array: np.ndarray
) -> dict[str, str]:  # fmt: skip
    own = {name for name, spec in made.inputs.made.items() if spec["encoder"] == "array"}
    if not own:
        return {}
    given = _encoder(side.predictor).transform(dataset, items)
    same = [name for name in sorted(own) if given[name].dtype == array.dtype and np.array_equal(given[name], array)]
    return {"as": same[0]} if same else {}


def _encoding(
    made: graph.Graph, side: Any, dataset: Dataset, items: np.ndarray, export_read: Any
) -> Callable[[np.ndarray], dict[str, np.ndarray]]:
    """What makes the file's inputs of some of the items: the reader, and our encoder where the caller has to."""
    arrays = {name for name, spec in made.inputs.made.items() if spec["encoder"] == "array"}
    cells: dict[str, Any] = {}
    if hasattr(dataset.inputs, "columns") and not goals.named(side.task).in_windows:
        names = [column["name"] for column in export_read.preprocess["columns"]]
        cells = {name: dataset.inputs[name].to_numpy()[items] for name in names}

    def encode(places: np.ndarray) -> dict[str, np.ndarray]:
        some = {name: values[places] for name, values in cells.items()}
        for features in made.inputs.described.values():
            some |= features.sources(dataset, items[places])
        if arrays:
            own = _encoder(side.predictor).transform(dataset, items[places])
            some |= {name: own[name] for name in arrays}
        found: dict[str, np.ndarray] = export_read.encode(some)
        return found

    return encode


def _manifest(
    side: Any, found: formats.Format, made: graph.Graph, wanted: Mapping[str, np.ndarray]
) -> dict[str, Any]:  # fmt: skip
    task: Task = side.task
    inputs = [
        {"name": name, "shape": [None, *shape], "dtype": made.inputs.dtypes[name],
         "encoder": made.inputs.made[name]["encoder"]}
        for name, shape in made.inputs.shapes.items()
    ]  # fmt: skip
    outputs = [
        {"name": name, "shape": [None, *array.shape[1:]], "meaning": MEANINGS.get(name, name)}
        for name, array in wanted.items()
    ]
    manifest = {
        "schema": SCHEMA, "format": found.name, "side": side.side, "goal": task.goal, "modality": task.modality,
        "target": list(task.target), "labels": list(as_written(task)), "inputs": inputs, "outputs": outputs,
        "numbers_inside": made.inputs.numbers is not None, "versions": formats.versions(found),
    }  # fmt: skip
    if found.name == "keras":
        predictor = side.predictor
        manifest["after"] = {
            "codec": predictor.codec.state(), "weights": list(predictor.weights),
            "decision": None if predictor.decision is None else predictor.decision.state(),
            "several_labels": goals.named(task).is_multilabel,
        }  # fmt: skip
    return manifest


MEANINGS = {
    "probabilities": "calibrated, of each label in the order of `labels`, as predict_proba returns them",
    "labels": "the place of the label in `labels`, by calibrated probabilities and thresholds, as predict returns it; "
    "of several labels 0 or 1 for each",
    "values": "in the target's own units, as predict returns them",
    "quantiles": "of the task's levels, ascending, in the target's own units",
    "scores": "how unusual a row is, as score_rows returns it",
    "vectors": "as transform returns them",
}


def _files(draft: Path) -> dict[str, int]:
    """Bytes of each file of the model and its reader."""
    paths = (path for path in sorted(draft.rglob("*")) if path.is_file() and path.name != "export.json")
    return {path.relative_to(draft).as_posix(): path.stat().st_size for path in paths}
