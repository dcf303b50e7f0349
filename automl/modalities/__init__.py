"""What the inputs are: one file a modality, one record in it, and every other room asks the record.

`named` gives the record of a task or of a name. `fit` gives encoder and codec, fitted on training rows only; their
``state()`` is plain numbers, strings, lists and NumPy arrays, from which `restore` and `restore_codec` make them again,
transforming bit for bit alike. Adding a modality is described in ``docs/contributing/modality.md``.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from automl import goals
from automl.errors import RecipeError
from automl.modalities.audio import AUDIO
from automl.modalities.image import IMAGE
from automl.modalities.sequence import SEQUENCE
from automl.modalities.tabular import TABULAR
from automl.modalities.text import TEXT
from automl.records import Dataset, Encoder, Facts, Modality, ModalityName, Split, TargetCodec, Task

__all__ = ["facts", "fit", "known", "named", "plug_in", "restore", "restore_codec", "serves"]

_SHIPPED: dict[str, Modality] = {modality.name: modality for modality in (TEXT, IMAGE, AUDIO, SEQUENCE, TABULAR)}
"""In the order in which inputs are held against them: a table is what nothing else is."""
_PLUGGED: dict[str, Modality] = {}


def known() -> dict[str, Modality]:
    """Every modality by name, in the order in which detection asks them: those of plug-ins, then automl's own."""
    return _PLUGGED | _SHIPPED


def plug_in(others: Iterable[Modality]) -> None:
    """Make the modalities of plug-ins known by name, in place of those told of before.

    Args:
        others: all there are (`automl.catalog.extend` finds them).

    Raises:
        RecipeError: one has the name of a modality that automl has itself, a base that is none, or restores an encoder
            that another one restores otherwise.
    """
    found: dict[str, Modality] = {}
    restores: dict[str, Any] = {state: make for one in _SHIPPED.values() for state, make in one.restore.items()}
    for modality in others:
        if _SHIPPED.get(modality.name) is modality:
            continue
        if modality.name in _SHIPPED:
            raise RecipeError(
                f"a plug-in brings a modality named {modality.name!r}, which automl has itself; rename yours"
            )
        if modality.base not in _SHIPPED:
            raise RecipeError(
                f"modality {modality.name!r} of a plug-in has the base {modality.base!r}; expected one of "
                f"{', '.join(_SHIPPED)}, whose baselines and templates serve it"
            )
        for state, make in modality.restore.items():
            if restores.setdefault(state, make) is not make:
                raise RecipeError(
                    f"modality {modality.name!r} of a plug-in restores an encoder named {state!r}, which another "
                    "modality restores otherwise; give yours a name of its own"
                )
        found[modality.name] = modality
    _PLUGGED.clear()
    _PLUGGED.update(found)


def named(modality: Task | ModalityName) -> Modality:
    """The record of a task's modality, or of a name.

    Raises:
        RecipeError: no modality has the name; names the nearest.
    """
    name = modality.modality if isinstance(modality, Task) else modality
    record = _SHIPPED.get(name) or _PLUGGED.get(name)
    if record is not None:
        return record
    near = difflib.get_close_matches(str(name).lower(), known(), n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise RecipeError(f"modality {name!r} is unknown; {hint}modalities that are known: {', '.join(known())}")


def serves(declared: ModalityName, modality: Task | ModalityName) -> bool:
    """Whether what declares a modality (a baseline) serves this one."""
    return declared in named(modality).served_by


def fit(dataset: Dataset, task: Task, split: Split) -> tuple[Encoder, TargetCodec]:
    """Fit the encoder of the task's modality and the codec of its goal on training rows.

    Args:
        dataset: typed columns and clean target, as detection leaves them.
        task: what to do.
        split: who trains.

    Raises:
        DataError: nothing in the inputs can be used. RecipeError: the goal has no target.
    """
    dataset = goals.learnable(dataset, task)
    goal, make = goals.named(task), named(task).generator
    if goal.makes_rows and make is not None:
        return make(dataset, task, split)
    codec = goal.fit_codec(dataset, task, split)
    return named(task).fit(dataset, task, split, codec), codec


def restore(state: Mapping[str, Any]) -> Encoder:
    """The encoder that ``Encoder.state()`` described."""
    found: dict[str, Callable[[Mapping[str, Any]], Encoder]] = {}
    for modality in known().values():
        found.update(modality.restore)
    return found[state["encoder"]](state)


def restore_codec(state: Mapping[str, Any]) -> TargetCodec:
    """The codec that ``TargetCodec.state()`` described."""
    for modality in known().values():
        if state["codec"] in modality.restore_codec:
            return modality.restore_codec[state["codec"]](state)
    return goals.restore_codec(state)


def facts(task: Task, split: Split, codec: TargetCodec) -> Facts:
    """What a search space may know of the training rows.

    Returns:
        Counts: rows are windows for a forecast.
    """
    return Facts(len(split.items("train")), len(task.classes), codec.head.priors)
