"""Converts a `Task` to JSON and back without loss."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np

from automl import goals, modalities
from automl.bundle.packing import pack, unpack
from automl.detect.series.calendars import is_alias
from automl.detect.series.timing import PART_NAMES
from automl.errors import BundleError
from automl.intake.spectrograms import is_sound_form
from automl.records import Column, Task

__all__ = ["task_from_dict", "task_to_dict"]

COLUMNS = ("columns", "target_columns")
MOST = 1_000_000
MOST_HORIZON = 100_000
MOST_STEPS = 10_000_000
MOST_PIXELS = 2**26
FREQUENCY = re.compile(r"[\w -]{1,60}")
READINGS: Mapping[str, type | tuple[type, ...]] = {
    "day_first": bool, "decimal": str, "mark": str, "brackets": str, "true": str, "false": str, "empty": str,
    "unit": (str, type(None)), "units": dict, "missing": (list, tuple), "separator": str, "numbers": str, "form": str,
    "shape": (list, tuple), "range": (list, tuple), "wall": bool, "parts": dict, "keys": (list, tuple),
    "words": (list, tuple), "bins": (list, tuple), "beside": str, "whole": bool, "gaps": bool, "few": bool,
    "sound": dict,
}  # fmt: skip
"""Types of the entries of a column's reading, by name."""
NUMBER = (int, float)
SEEN: Mapping[str, type | tuple[type, ...]] = {
    "missing": NUMBER, "rare": NUMBER, "low": NUMBER, "high": NUMBER, "usual": list, "levels": list,
}  # fmt: skip
"""Types of the entries of what a column's training rows held, by name."""


def task_to_dict(task: Task) -> dict[str, Any]:
    """A task as JSON types."""
    content = {field.name: plain(getattr(task, field.name)) for field in fields(Task) if field.name not in COLUMNS}
    arrays: dict[str, Any] = {}
    for part in COLUMNS:
        content[part] = [
            {
                "name": column.name,
                "kind": column.kind,
                "confidence": float(column.confidence),
                "evidence": column.evidence,
                "reading": pack(dict(column.reading), arrays, f"{part}/{column.name}/reading"),
                "seen": pack(dict(column.seen), arrays, f"{part}/{column.name}/seen"),
            }
            for column in getattr(task, part)
        ]
    if arrays:
        raise BundleError("a column's reading holds an array or NumPy number; write it as a plain number or list")
    return content


def plain(value: Any) -> Any:
    """Convert tuples to lists and NumPy scalars to Python numbers."""
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    return value.item() if isinstance(value, np.generic) else value


def task_from_dict(content: Any) -> Task:
    """The task that `task_to_dict` wrote.

    Raises:
        BundleError: a field is missing, unknown or of a wrong type, or contradicts another field.
    """
    if not isinstance(content, dict):
        raise BundleError(f"bundle.json: the task is a {type(content).__name__}; save the model again")
    known = {field.name: field for field in fields(Task)}
    required = {name for name, field in known.items() if field.default is MISSING and field.default_factory is MISSING}
    if not required <= set(content) <= set(known):
        odd = sorted((required - set(content)) | (set(content) - set(known)))
        raise BundleError(f"bundle.json: the task has missing or unknown fields {odd}; open it with its own version")
    try:
        values = {name: tuple(value) if isinstance(value, list) else value for name, value in content.items()}
        for part in COLUMNS:
            values[part] = tuple(
                _typed(
                    Column,
                    {**column, "reading": unpack(column["reading"], {}), "seen": unpack(column.get("seen", {}), {})},
                )
                for column in content.get(part, [])
            )
    except (TypeError, KeyError) as error:
        raise BundleError(f"bundle.json: a column cannot be read ({error}); save the model again") from error
    task: Task = _typed(Task, values)
    refuse_unknown("goal", task.goal, goals.known())
    refuse_unknown("modality", task.modality, modalities.known())
    fault = fault_of(task)
    if fault:
        raise BundleError(f"bundle.json: the task {fault}; save the model again")
    return task


def _typed(kind: type, values: Mapping[str, Any]) -> Any:
    """Make a record after checking that its fields have the types that its class declares."""
    hints = get_type_hints(kind)
    for name, value in values.items():
        if name in hints and not _is(value, hints[name]):
            raise BundleError(
                f"bundle.json: {name!r} of a {kind.__name__.lower()} cannot be {value!r:.60}; save the model again"
            )
    return kind(**values)


def _is(value: Any, hint: Any) -> bool:
    """Whether a value has a type; knows only the types that records use."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Literal:
        return isinstance(value, str) and value in inner
    if origin in (Union, UnionType):
        return any(_is(value, member) for member in inner)
    if origin is tuple:
        if not isinstance(value, tuple):
            return False
        kinds = inner[:1] * len(value) if inner[-1] is Ellipsis else inner
        return len(kinds) == len(value) and all(map(_is, value, kinds))
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if hint is int:
        return type(value) is int
    return isinstance(value, origin or hint)


def refuse_unknown(what: str, name: str, known: Mapping[str, Any]) -> None:
    """Refuse a goal or a modality that no record describes: a plug-in's, which is not known here.

    Raises:
        BundleError: names what is missing.
    """
    if name not in known:
        raise BundleError(
            f"bundle.json: the model has the {what} {name!r:.60}, which is none of {', '.join(known)}; if a plug-in "
            "brings it, name its file or its entry point: automl.load(path, plugins=[...])"
        )


def fault_of(task: Task) -> str:
    """What is wrong with a task, to complete "the task ..."; empty if nothing is.

    Numbers of steps and pixels are bounded, because memory will be allocated for them.
    """
    n_classes, n_targets = len(task.classes), len(task.target)
    goal = goals.named(task)
    least, most = goal.n_classes
    faults = {
        "names no target": goal.needs_target and not n_targets,
        f"has {n_classes} classes, which no goal {task.goal!r} has": not least <= n_classes <= most,
        "names a class twice": len(set(task.classes)) < n_classes,
        "has a positive class that is not among its classes": task.positive not in (None, *task.classes),
        "names a target twice": len(set(task.target)) < n_targets,
        "has an invalid name of a metric": not re.fullmatch(r"\w{1,40}", task.metric),
        "has an invalid horizon": task.horizon is not None and not 1 <= task.horizon <= MOST_HORIZON,
        "has an invalid season": task.season is not None and not 1 <= task.season <= MOST_STEPS,
        "has quantiles that are not between 0 and 1": not all(0 < level < 1 for level in task.quantiles),
        "has images of an invalid shape": bool(task.image_shape) and not _is_shape(task.image_shape),
        "reads sounds in an invalid form": bool(task.sound) and not is_sound_form(task.sound),
        "has an invalid pixel range": task.pixel_range is not None and not all(map(math.isfinite, task.pixel_range)),
        "scales pictures oddly": not 0 < task.scale <= 1,
        "says odd things of its backbone": not _is_backbone(task.backbone),
        "has an invalid frequency": task.frequency is not None and not _is_frequency(task.frequency),
    }
    own = next((fault for fault, holds in faults.items() if holds), "") or goal.fault(task)
    return own or next(filter(None, (_fault_of(column) for column in (*task.columns, *task.target_columns))), "")


def _fault_of(column: Column) -> str:
    """What is wrong with the reading of a column; empty if nothing is."""
    reading = column.reading
    for name, kind in READINGS.items():
        if name in reading and not isinstance(reading[name], kind):
            return f"reads {column.name!r} with {name!r} of a {type(reading[name]).__name__}"
    if not all(isinstance(v, int | float) and not isinstance(v, bool) for v in reading.get("missing", [])):
        return f"reads {column.name!r} with gaps that are not numbers"
    units = reading.get("units", {})
    if not all(isinstance(k, str) and isinstance(v, int | float) for k, v in units.items()):
        return f"reads {column.name!r} with invalid units"
    parts = reading.get("parts", {})
    if not all(isinstance(name, str) for name in (*reading.get("keys", ()), *parts, *parts.values())):
        return f"reads {column.name!r} with columns that are not named"
    if not set(parts) <= PART_NAMES:
        return f"reads {column.name!r} with unknown parts of a time"
    if not all(isinstance(word, str) for word in reading.get("words", ())):
        return f"reads {column.name!r} with words that are no texts"
    if "bins" in reading and not _is_range(reading["bins"]):
        return f"reads {column.name!r} with invalid ends of bins"
    if "range" in reading and not _is_range(reading["range"]):
        return f"has images of an invalid range in {column.name!r}"
    if "sound" in reading and not is_sound_form(reading["sound"]):
        return f"reads the sounds of {column.name!r} in an invalid form"
    if "shape" in reading and not _is_shape(reading["shape"]):
        return f"has images of an invalid shape in {column.name!r}"
    return "" if _is_seen(column.seen) else f"notes of {column.name!r} what no training rows held"


def _is_backbone(said: Mapping[str, Any]) -> bool:
    """Whether this is what a task notes of its backbone, or nothing."""
    if not said:
        return True
    words = all(isinstance(said.get(name), str) for name in ("folder", "name", "kind", "digest"))
    return words and set(said) == {"folder", "name", "kind", "digest", "dim"} and type(said["dim"]) is int


def _is_seen(seen: Mapping[str, Any]) -> bool:
    """Whether these are facts of training rows as `automl.detect.columns.seen` notes them."""
    known = all(name in SEEN and isinstance(value, SEEN[name]) for name, value in seen.items())
    if not known or ("low" in seen) != ("high" in seen) or ("levels" in seen) != ("rare" in seen):
        return False
    numbers = [
        *(seen[name] for name in ("missing", "rare", "low", "high") if name in seen),
        *seen.get("usual", ()),
    ]
    finite = all(isinstance(v, NUMBER) and not isinstance(v, bool) and math.isfinite(v) for v in numbers)
    shares = finite and all(0 <= seen.get(name, 0) <= 1 for name in ("missing", "rare"))
    sizes = len(seen.get("usual", (1, 1))) == 2 and all(isinstance(level, str) for level in seen.get("levels", ()))
    return shares and sizes and seen.get("low", 0) <= seen.get("high", 0)


def _is_range(limits: Sequence[Any]) -> bool:
    return len(limits) == 2 and all(type(end) in (int, float) and math.isfinite(end) for end in limits)


def _is_shape(shape: Sequence[Any]) -> bool:
    whole = all(type(size) is int and size >= 1 for size in shape)
    return len(shape) in (2, 3) and whole and math.prod(shape) <= MOST_PIXELS


def _is_frequency(text: str) -> bool:
    return FREQUENCY.fullmatch(text) is not None and is_alias(text)
