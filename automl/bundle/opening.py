"""Opens a bundle; everything is checked before any model is built."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from automl import goals
from automl.bundle.contents import BACKBONE, check_files, check_folder, found_in, read_listed
from automl.bundle.index import blend_of, read_index, weights_of
from automl.bundle.networks import LEAST_BATCH_BYTES, check_network, load_network
from automl.bundle.packing import unpack
from automl.bundle.plugged import resolve
from automl.bundle.tasks import task_from_dict
from automl.bundle.trust import SKOPS_TYPES, load_shallow
from automl.catalog import PlugIn
from automl.errors import BundleError, InputError, MissingExtra
from automl.pretrained import hold, reads_pictures
from automl.records import Encoder, TargetCodec, Task
from automl.sides.predictors import BATCH_SIZE, BlendPredictor, DeepPredictor, Predictor, ShallowPredictor
from automl.storage.npz import ArraysError, read_npz
from automl.storage.trusted import Untrusted, parse_json, spendable_bytes, unpacked_limit

__all__ = ["Opened", "open"]


class Sides(Mapping[str, Predictor]):
    """Predictors by side; each is loaded on first access."""

    def __init__(self, names: tuple[str, ...], load: Callable[[str], Predictor]) -> None:
        self.names = names
        self.load = load
        self.loaded: dict[str, Predictor] = {}

    def __getitem__(self, side: str) -> Predictor:
        """The predictor of a side; raises BundleError if its models cannot be loaded."""
        if side not in self.names:
            raise KeyError(side)
        if side not in self.loaded:
            self.loaded[side] = self.load(side)
        return self.loaded[side]

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """A bundle that was checked.

    Attributes:
        folder: its path.
        task: as saved.
        recommended: as saved.
        result: as saved.
        recipe: as saved.
        versions: versions of the libraries with which it was saved.
        keeps_rows: whether a fitted model holds training rows.
        predictors: by side; each is loaded on first access, so that a shallow model needs no TensorFlow.
        reference: counts with which new rows are compared, not checked yet; empty in bundles of before.
    """

    folder: Path
    task: Task
    recommended: str
    result: Mapping[str, Any]
    recipe: str
    versions: Mapping[str, str]
    keeps_rows: bool
    predictors: Mapping[str, Predictor]
    reference: Mapping[str, Any] = field(default_factory=dict)

    @property
    def report(self) -> Path | None:
        """The path of the saved report, or None."""
        path = self.folder / "report.html"
        return path if path.is_file() and not path.is_symlink() else None


def open(  # noqa: A001
    folder: str | os.PathLike[str],
    restore_encoder: Callable[[Any], Encoder] | None = None,
    restore_codec: Callable[[Any], TargetCodec] | None = None,
    skops_types: frozenset[str] = SKOPS_TYPES,
    plug_ins: Sequence[PlugIn] = (),
) -> Opened:
    """Open a saved contest; no code from the folder is run.

    Models are read later, on first access. Their files are then hashed again.

    Args:
        folder: a folder that `save` wrote, or a run folder, which has it as ``model/``.
        restore_encoder: makes an encoder from its state.
        restore_codec: makes a codec from its state.
        skops_types: the closed list of types that a shallow model may consist of.
        plug_ins: those that the user has named, of whose types it may consist, too.

    Raises:
        BundleError: it is not a bundle, is of another schema version, incomplete, changed, too large to be read here,
            holds other files, or names code that is not automl's, or that of a plug-in which the user has not named.
    """
    path = found_in(folder)
    content = read_index(path)
    check_folder(path, content)
    check_files(path, content)
    plugged = resolve(path, content, plug_ins)
    task = task_from_dict(content["task"])
    states = read_states(path, content)
    held = [name for name in content["files"] if name.startswith(BACKBONE)]
    if held and reads_pictures(task):
        hold(task, lambda: {name.removeprefix(BACKBONE): read_listed(path, content, name) for name in held})
    for names in content["sides"].values():
        for name in names:
            if name.endswith(".keras"):
                check_network(path / name, read_listed(path, content, name))

    def load(side: str) -> Predictor:
        decision = restored(path, "decision", states["decisions"].get(side), _restore_decision)
        scores = states.get("regions", {}).get(side)
        regions = restored(path, "held-out scores", scores, lambda state: _restore_regions(state, task))
        if side == "blend":
            assert share is not None
            return BlendPredictor(sides["deep"], sides["shallow"], share, decision, regions, source=str(path))
        names, weights = content["sides"][side], weights_of(path, content, side)
        files = ((path / name, read_listed(path, content, name)) for name in names)
        if names[0].endswith(".skops"):
            models = tuple(
                load_shallow(file, plugged.content(data), skops_types, task, plugged.types) for file, data in files
            )
            return ShallowPredictor(models, decision, weights, regions, source=str(path))
        if restore_encoder is None or restore_codec is None:
            raise TypeError("a deep model needs restore_encoder and restore_codec")
        encoder = restored(path, "encoder", states.get("encoder"), restore_encoder)
        check_rows(path, encoder)
        codec = restored(path, "codec", states.get("codec"), restore_codec)
        networks = tuple(load_network(file, data) for file, data in files)
        return DeepPredictor(networks, encoder, codec, decision, weights, regions, source=str(path))

    for side in content["sides"]:
        weights_of(path, content, side)
    share = blend_of(path, content)
    sides = Sides((*content["sides"], *(["blend"] if share is not None else [])), load)
    return Opened(
        folder=path,
        task=task,
        recommended=content["recommended"],
        result=content["result"],
        recipe=content["recipe"],
        versions=content["versions"],
        keeps_rows=content.get("keeps_rows", False),
        predictors=sides,
        reference=content.get("reference", {}),
    )


def read_states(path: Path, content: Mapping[str, Any]) -> dict[str, Any]:
    """Read the states of encoder, codec and decisions.

    Raises:
        BundleError: a file is damaged, too large, or does not hold states.
    """
    described, packed = (read_listed(path, content, name) for name in ("encoder.json", "encoder.npz"))
    try:
        arrays = read_npz(packed, unpacked_limit(len(packed)))
        states = unpack(parse_json(described), arrays)
    except (ArraysError, Untrusted) as error:
        name = "encoder.npz" if isinstance(error, ArraysError) else "encoder.json"
        raise BundleError(f"{path}: {name} cannot be read ({error}); save it again") from error
    read = states if isinstance(states, dict) else {}
    if not isinstance(read.get("decisions"), dict) or not isinstance(read.get("regions", {}), dict):
        raise BundleError(f"{path}: encoder.json holds no states; save the model again")
    return read


def restored(path: Path, what: str, state: Any, restore: Callable[[Any], Any]) -> Any:
    """Restore a part from its state with its own function; any error means that the state is wrong.

    Raises:
        BundleError: the state is not one of this part.
    """
    try:
        return restore(state)
    except (BundleError, MissingExtra):
        raise
    except Exception as error:
        reason = error if isinstance(error, InputError) else f"{type(error).__name__}: {error}"
        raise BundleError(f"{path}: the {what} in encoder.json cannot be restored ({reason}); save it again") from error


def check_rows(path: Path, encoder: Encoder) -> None:
    """Check that a batch of encoded rows fits into the free memory.

    Raises:
        BundleError: it does not fit.
    """
    for spec in encoder.specs:
        size = BATCH_SIZE * math.prod(spec.shape) * np.dtype(spec.dtype).itemsize
        if size > max(2 * spendable_bytes(), LEAST_BATCH_BYTES):
            raise BundleError(
                f"{path}: a batch of rows of {spec.name!r} takes {size / 2**20:,.0f} MiB, more than is free here; "
                "open the model where more memory is free, or use an unaltered copy"
            )


def _restore_decision(state: Any) -> Any:
    from automl.goals.shared.calibration import restore

    return None if state is None else restore(state)


def _restore_regions(state: Any, task: Task) -> Any:
    if state is None:
        return None
    regions = goals.named(task).regions
    if regions is None:
        raise ValueError(f"a {task.goal} has none")
    return regions.restore(state)
