"""What a generator of pictures or series reads, and what becomes of its output."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from automl.errors import DataError
from automl.goals.shared.heads import head_state, restore_head
from automl.goals.shared.samples import PICTURE, items_of, labels_of, samples_of_items
from automl.modalities.shared.generated import NOISE, noise_of
from automl.modalities.shared.specs import check_equal, evenly, restore_spec, spec_state
from automl.records import MIN_LEVEL_ROWS, Dataset, Head, InputSpec, Output, Split, Task
from automl.system.counts import counted

__all__ = [
    "NOISE_NUMBERS", "ItemCodec", "ItemEncoder", "fit_generator", "fit_items", "restore_item_codec", "restore_items",
]  # fmt: skip

NOISE_NUMBERS = 1 + 512
"""The first draws the class of an item."""
MOST_COMPONENTS = 256
ROWS_A_COMPONENT = 5
COMPONENT_CELLS = 20_000_000
"""Numbers of the rows that principal components are found in, at most."""
LEAST_ROWS = 50
PIXEL_SCALE = 127.5
MOST_CLASSES = 200
ALIKE = 1e-3
"""Standard deviations by which means (or deviations) of series differ that count as one."""


@dataclass(eq=False)
class ItemCodec:
    """Between items, scaled numbers, and generated items.

    Attributes:
        head: the numbers of an item, and one for its class where there are some.
        form: name of the field of an item, "picture" or "series".
        shape: of an item in arrays of a network: ``(h, w, c)``, or ``(steps, channels)``.
        shift: of each channel.
        scale: of each channel.
        low: of each channel: the least value; nothing below is generated.
        high: of each channel.
        level: of each channel of series that all have the same mean: that mean; NaN of others; empty for none.
        deviation: of each channel of series that all have the same standard deviation, likewise.
        label: name of the column of classes; empty without one.
        levels: names of the classes of codes 1, 2 and so on.
        priors: share of each code among training rows, code 0 included, which is none; empty without classes.
    """

    head: Head
    form: str
    shape: tuple[int, ...]
    shift: tuple[float, ...]
    scale: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    level: tuple[float, ...] = ()
    deviation: tuple[float, ...] = ()
    label: str = ""
    levels: tuple[str, ...] = ()
    priors: tuple[float, ...] = ()

    @property
    def n_numbers(self) -> int:
        """Numbers of an item."""
        return math.prod(self.shape)

    def encode(self, dataset: Dataset, rows: np.ndarray) -> np.ndarray:
        """Zeros ``(n, 1)`` float32: the network's layers add their own losses."""
        return np.zeros((len(rows), 1), np.float32)

    def truth(self, dataset: Dataset, rows: np.ndarray) -> np.ndarray:
        """The items themselves, see `automl.goals.shared.samples.samples_of_items`."""
        return samples_of_items(dataset, self.label, rows)

    def arrays(self, dataset: Dataset, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Scaled items ``(n, numbers)`` float32 in C order of `shape`, and codes of classes ``(n,)`` int32.

        Codes are 0 where there are no classes, or an item has none of those that can be generated.
        """
        items = network_items(dataset, rows).astype(np.float32)
        scaled = (items - np.array(self.shift, "f4")) / np.array(self.scale, "f4")
        return scaled.reshape(len(rows), -1), self.codes(dataset, rows)

    def codes(self, dataset: Dataset, rows: np.ndarray) -> np.ndarray:
        """Codes of classes ``(n,)`` int32; see `arrays`."""
        if not self.levels:
            return np.zeros(len(rows), np.int32)
        at = {level: code for code, level in enumerate(self.levels, 1)}
        return np.array([at.get(cell, 0) for cell in labels_of(dataset, rows).tolist()], np.int32)

    def decode(self, raw: np.ndarray) -> Output:
        """A network's rows ``(n, numbers [+ 1])`` as "samples" ``(n,)``."""
        flat = np.asarray(raw).reshape(len(raw), -1)
        codes = flat[:, self.n_numbers] if self.levels else np.zeros(len(flat))
        return self.made(flat[:, : self.n_numbers], np.rint(codes).astype(np.int64))

    def made(self, items: np.ndarray, classes: np.ndarray) -> Output:
        """Items from scaled numbers ``(n, numbers)`` in C order of `shape` and codes ``(n,)``."""
        values = np.asarray(items, np.float64).reshape(len(items), *self.shape)
        values = values * np.array(self.scale) + np.array(self.shift)
        if self.level:
            values = self._normalised(values)
        values = np.clip(values, self.low, self.high)
        if self.form == PICTURE:
            shown: np.ndarray = np.rint(np.nan_to_num(values)).astype(np.uint8)
        else:
            shown = values.transpose(0, 2, 1).astype(np.float32)
        fields: list[tuple[Any, ...]] = [(self.form, shown.dtype, shown.shape[1:])]
        names = np.array(["", *self.levels], np.str_)
        if self.levels:
            fields.append((self.label, names.dtype))
        made = np.empty(len(items), fields)
        made[self.form] = shown
        if self.levels:
            made[self.label] = names[np.clip(classes, 0, len(self.levels))]
        return Output("samples", {"samples": made})

    def _normalised(self, values: np.ndarray) -> np.ndarray:
        """Series ``(n, steps, channels)`` with the mean and the deviation that all series of training rows have."""
        mean, spread = values.mean(axis=1, keepdims=True), values.std(axis=1, keepdims=True)
        level, deviation = np.array(self.level), np.array(self.deviation)
        ratio = np.where(np.isnan(deviation), 1.0, deviation / np.maximum(spread, 1e-12))
        return np.asarray((values - mean) * ratio + np.where(np.isnan(level), mean, level))

    def state(self) -> dict[str, Any]:
        """Plain numbers, strings, lists and arrays."""
        own = {
            "form": self.form, "shape": list(self.shape), "shift": list(self.shift), "scale": list(self.scale),
            "low": list(self.low), "high": list(self.high), "level": np.array(self.level),
            "deviation": np.array(self.deviation), "label": self.label, "levels": list(self.levels),
            "priors": list(self.priors),
        }  # fmt: skip
        return {"codec": "items", "head": head_state(self.head), **own}


def restore_item_codec(state: Mapping[str, Any]) -> ItemCodec:
    """The codec that `ItemCodec.state` described.

    Raises:
        ValueError: its parts are of other sizes than each other.
    """
    head, shape = restore_head(state["head"]), tuple(int(size) for size in state["shape"])
    scaling = {name: tuple(float(v) for v in state[name]) for name in ("shift", "scale", "low", "high")}
    for name, values in scaling.items():
        check_equal(f"the number of channels in {name}", len(values), shape[-1])
    levels = tuple(str(level) for level in state["levels"])
    check_equal("the size of an item", head.shape, (math.prod(shape) + bool(levels),))
    for name in ("level", "deviation") if len(state["level"]) else ():
        scaling[name] = tuple(float(v) for v in state[name])
        check_equal(f"the number of channels in {name}", len(scaling[name]), shape[-1])
    return ItemCodec(
        head, str(state["form"]), shape, **scaling, label=str(state["label"]), levels=levels,
        priors=tuple(float(share) for share in state["priors"]),
    )  # fmt: skip


@dataclass(eq=False)
class ItemEncoder:
    """Items as "image" or "series", their classes as "categories", and "noise".

    The noise of an item depends on its row number alone. Row numbers beyond the data are those of new items: they have
    noise and nothing else, which prediction does not read.

    Attributes:
        specs: of the parts.
        codec: what tells classes.
    """

    specs: tuple[InputSpec, ...]
    codec: ItemCodec

    def transform(self, dataset: Dataset, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Arrays by spec name for these row numbers ``(n,)``."""
        spec = self.specs[0]
        items = np.zeros((len(rows), *spec.shape), spec.dtype)
        classes = np.zeros((len(rows), 1), np.int32)
        there = np.flatnonzero(rows < dataset.n_rows)
        if len(there):
            items[there] = network_items(dataset, rows[there])
            classes[there, 0] = self.codec.codes(dataset, rows[there])
        arrays = {spec.name: items, NOISE: noise_of(rows, NOISE_NUMBERS)}
        return arrays | {"categories": classes} if self.codec.levels else arrays

    def state(self) -> dict[str, Any]:
        """Plain numbers, strings, lists and arrays."""
        return {"encoder": "items", "specs": [spec_state(spec) for spec in self.specs], "codec": self.codec.state()}


def restore_items(state: Mapping[str, Any]) -> ItemEncoder:
    """The encoder that `ItemEncoder.state` described."""
    specs = tuple(restore_spec(spec) for spec in state["specs"])
    codec = restore_item_codec(state["codec"])
    check_equal("the shape of an item", codec.shape, specs[0].shape)
    return ItemEncoder(specs, codec)


def network_items(dataset: Dataset, rows: np.ndarray) -> np.ndarray:
    """Items as networks read them: pictures ``(n, h, w, c)`` uint8, series ``(n, steps, channels)`` float32."""
    form, items = items_of(dataset, rows)
    return items if form == PICTURE else items.transpose(0, 2, 1)


def fit_items(dataset: Dataset, task: Task, rows: np.ndarray, seed: int = 0) -> ItemCodec:
    """Measure scaling and classes on these rows, which are training rows.

    Raises:
        DataError: there are too few rows or classes, or all items are alike.
    """
    if len(rows) < LEAST_ROWS:
        raise DataError(
            f"goal {task.goal!r} expects at least {LEAST_ROWS} training items; {dataset.name} has {len(rows)}. "
            "Add items"
        )
    form, _ = items_of(dataset, rows[:1])
    moments = [_moments(network_items(dataset, some)) for some in np.array_split(rows, max(1, len(rows) // 512))]
    low, high = (np.stack([m[k] for m in moments]) for k in (2, 3))
    counts = np.array([m[4] for m in moments])[:, None]
    mean = (np.stack([m[0] for m in moments]) * counts).sum(0) / counts.sum()
    square = (np.stack([m[1] for m in moments]) * counts).sum(0) / counts.sum()
    std = np.sqrt(np.maximum(square - mean**2, 0.0))
    if not (std > 1e-9 * np.maximum(np.abs(mean), 1.0)).any():
        raise DataError(f"all training items of {dataset.name} are alike: there is nothing to generate. Check the data")
    shape = network_items(dataset, rows[:1]).shape[1:]
    n_channels = shape[-1]
    if form == PICTURE:
        mean, std = np.full(n_channels, PIXEL_SCALE), np.full(n_channels, PIXEL_SCALE)
        ends = (np.zeros(n_channels), np.full(n_channels, 255.0))
    else:
        std = np.where(std > 1e-9 * np.maximum(np.abs(mean), 1.0), std, 1.0)
        reach = high.max(0) - low.min(0)
        ends = (low.min(0) - 0.1 * reach, high.max(0) + 0.1 * reach)
    level, deviation = ((), ()) if form == PICTURE else _alike(network_items(dataset, rows), std)
    label, levels, priors = _classes(dataset, task, rows)
    head = Head(task.goal, (math.prod(shape) + bool(levels),), "linear", "own")
    return ItemCodec(
        head, form, tuple(int(size) for size in shape), _plain(mean), _plain(std), _plain(ends[0]), _plain(ends[1]),
        level, deviation, label, levels, priors,
    )  # fmt: skip


def fit_generator(dataset: Dataset, task: Task, split: Split) -> tuple[ItemEncoder, ItemCodec]:
    """Encoder and codec of a deep generator, fitted on training rows.

    Raises:
        DataError: as of `fit_items`.
    """
    codec = fit_items(dataset, task, split.train, split.seed)
    stats = {"mean": list(codec.shift), "std": list(codec.scale), **_components(dataset, codec, split.train)}
    kind, dtype = ("image", "uint8") if codec.form == PICTURE else ("series", "float32")
    specs = [InputSpec(kind, kind, codec.shape, dtype, stats=stats)]  # type: ignore[arg-type]
    if codec.levels:
        sizes = {"columns": [codec.label], "sizes": [len(codec.priors)], "priors": [list(codec.priors)]}
        specs.append(InputSpec("categories", "categories", (1,), "int32", len(codec.priors), sizes))
    specs.append(InputSpec(NOISE, "noise", (NOISE_NUMBERS,), "float32"))
    return ItemEncoder(tuple(specs), codec), replace(codec)


def _moments(items: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, int]:
    """Mean, mean square, least and largest value of each channel, and how many items."""
    flat = items.reshape(-1, items.shape[-1]).astype(np.float64)
    return flat.mean(0), (flat**2).mean(0), flat.min(0), flat.max(0), len(items)


def _alike(series: np.ndarray, std: np.ndarray) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and deviation of each channel where all series ``(n, steps, channels)`` share them, as normalised ones do.

    Returns:
        Both with NaN where series differ; both empty where all differ.
    """
    values = series.astype(np.float64)
    found = []
    for each in (values.mean(axis=1), values.std(axis=1)):
        shared = each.std(axis=0) < ALIKE * std
        found.append(np.where(shared, each.mean(axis=0), np.nan))
    return (_plain(found[0]), _plain(found[1])) if np.isfinite(found).any() else ((), ())


def _components(dataset: Dataset, codec: ItemCodec, rows: np.ndarray) -> dict[str, Any]:
    """Mean, principal components and deviations along them of scaled training items."""
    from sklearn.decomposition import PCA

    some = evenly(rows, max(COMPONENT_CELLS // codec.n_numbers, LEAST_ROWS))
    items, _ = codec.arrays(dataset, some)
    n = min(MOST_COMPONENTS, len(some) // ROWS_A_COMPONENT, codec.n_numbers)
    found = PCA(n, svd_solver="randomized", random_state=0).fit(items)
    kept = max(int((found.explained_variance_ > 1e-8 * found.explained_variance_[0]).sum()), 1)
    return {
        "center": found.mean_.astype(np.float32),
        "components": found.components_[:kept].astype(np.float32),
        "deviations": np.sqrt(found.explained_variance_[:kept]).astype(np.float32),
    }


def _classes(dataset: Dataset, task: Task, rows: np.ndarray) -> tuple[str, tuple[str, ...], tuple[float, ...]]:
    """Name of the label, its levels of enough rows, and the share of each code."""
    if task.label is None:
        return "", (), ()
    found, counts = np.unique(labels_of(dataset, rows), return_counts=True)
    kept = [(level, n) for level, n in zip(found.tolist(), counts.tolist(), strict=True) if level]
    kept = [(level, n) for level, n in kept if n >= MIN_LEVEL_ROWS]
    if len(kept) < 2 or len(kept) > MOST_CLASSES:
        raise DataError(
            f"label {task.label!r} of {dataset.name} has {counted(len(kept), 'class', 'classes')} of at least "
            f"{MIN_LEVEL_ROWS} training items; expected 2 to {MOST_CLASSES}. Name a column of classes, "
            "or leave label out"
        )
    total = sum(n for _, n in kept)
    return task.label, tuple(level for level, _ in kept), (0.0, *(n / total for _, n in kept))


def _plain(values: np.ndarray) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
