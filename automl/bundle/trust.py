"""Checks which classes a saved model names, in its file, before any library builds anything from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from automl.errors import BundleError
from automl.records import Task
from automl.storage.trusted import (
    TRUSTED,
    Untrusted,
    check,
    loads,
    loads_plugged,
    names_in,
    networks,
    parts,
)

__all__ = ["SKOPS_TYPES", "check_keras", "check_skops", "load_shallow", "refused", "refused_network"]

# The closed list of all types that skops may build.
SKOPS_TYPES = frozenset(TRUSTED)

NEXT = "nothing was run; open only bundles that automl saved, or train again with `automl fit`"
NEXT_BUILT = "nothing was built; open only bundles that automl saved, or train again with `automl fit`"


def check_keras(path: Path) -> dict[str, bytes]:
    """Check that a ``.keras`` file names only classes of Keras and automl; returns the members of the file by name.

    Raises:
        BundleError: it is not such a file, holds other files, is too large, or names a class that is not allowed.
    """
    try:
        return networks.read_network(path.read_bytes())[1]
    except Untrusted as error:
        raise refused_network(path, error) from error


def refused_network(path: Path, error: Untrusted) -> BundleError:
    """The error for a file of a network that is not to be opened, or was not to be written."""
    text = str(error)
    step = NEXT if text.startswith(("it names", "it is not")) else NEXT_BUILT
    where = f"{path} {text.removeprefix('it ')}" if text.startswith("it ") else f"{path}: {text}"
    return BundleError(f"{where}; {step}")


def check_skops(path: Path, allowed: frozenset[str] = SKOPS_TYPES) -> None:
    """Check that a ``.skops`` file names only types, functions and words of the closed lists.

    Raises:
        BundleError: it is not such a file, is too large, or names something else.
    """
    try:
        check(path.read_bytes(), allowed)
    except Untrusted as error:
        raise refused(path, error) from error


def load_shallow(
    path: Path, content: bytes, allowed: frozenset[str], task: Task, plugged: frozenset[str] = frozenset()
) -> Any:
    """Build a shallow model from the content of its file.

    Args:
        path: path of the file, for messages.
        content: content of the file.
        allowed: the closed list of types.
        task: the task of the model.
        plugged: types of the plug-ins that the user has named.

    Raises:
        BundleError: see `check_skops`; or its arrays would make native code read outside them; or it is a model of
            another task.
    """
    try:
        is_plugged = bool(plugged) and not plugged.isdisjoint(names_in(content))
        model = loads_plugged(content, plugged) if is_plugged else loads(content, allowed)
        if not callable(getattr(model, "predict", None)):
            raise Untrusted(f"it holds a {type(model).__name__}, which cannot predict")
        _check_task(model, task)
    except Untrusted as error:
        raise refused(path, error) from error
    return model


def _check_task(model: Any, task: Task) -> None:
    """Check that a model has the task's numbers of classes and steps, because memory is allocated for them."""
    expected = {
        "n_classes": {0, len(task.classes)},
        "horizon": {task.horizon or 1},
        "season": {max(task.season or 1, 1)},
    }
    for part in parts(model):
        if type(part).__module__.startswith("automl."):
            for name, values in expected.items():
                if getattr(part, name, None) not in {None, *values}:
                    raise Untrusted(f"its {name} are not those of the task in bundle.json")


def refused(path: Path, error: Untrusted) -> BundleError:
    """The error for a file of a shallow model that is not to be opened, or was not to be written."""
    text = str(error)
    if text.startswith("it names"):
        return BundleError(f"{path} {text.removeprefix('it ')}; {NEXT}")
    return BundleError(f"{path} is not a skops file of automl ({text}); {NEXT}")
