"""Checks which classes a saved model names, in its file, before any library builds anything from it."""

from __future__ import annotations

import re
from collections.abc import Iterator
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
    parse_json,
    parts,
    read_members,
    unpacked_limit,
)

__all__ = ["SKOPS_TYPES", "check_keras", "check_network_file", "check_skops", "load_shallow", "refused"]

KERAS_MODULES = re.compile(
    r"keras(\.(layers|models|initializers|regularizers|constraints|activations|dtype_policies|random))?"
    r"|keras\.src\.models\.(functional|sequential|model)"
)
# Operations that Keras stores if a network slices a tensor.
OPERATIONS = frozenset({("keras.src.ops.numpy", "GetItem")})
OWN_MODULES = re.compile(r"automl\.(layers|templates)(\.\w+)?")
OWN_NAMES = re.compile(r"automl>\w+")

# Keras layers that run code, a saved graph or another library, or that read files named in their configuration.
REFUSED = frozenset({
    "Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer",
    "StringLookup", "IntegerLookup", "TextVectorization", "IndexLookup",
})  # fmt: skip

# Names that Keras writes for values, not for classes; they have no module.
VALUES = frozenset({"__keras_tensor__", "__tensor__", "__numpy__", "__bytes__", "__ellipsis__", "__slice__"})

MEMBERS = re.compile(r"metadata\.json|config\.json|model\.weights\.h5")

MOST_CONFIG_BYTES = 32 * 2**20

# The closed list of all types that skops may build.
SKOPS_TYPES = frozenset(TRUSTED)

NEXT = "nothing was run; open only bundles that automl saved, or train again with `automl fit`"


def check_keras(path: Path) -> dict[str, bytes]:
    """Check that a ``.keras`` file names only classes of Keras and automl; see `check_network_file`.

    Raises:
        BundleError: it is not such a file, holds other files, or names a class that is not allowed.
    """
    return check_network_file(path, path.read_bytes())[1]


def check_network_file(path: Path, content: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Check that the content of a ``.keras`` file names only classes of Keras and automl.

    Args:
        path: path of the file, for messages.
        content: content of the file.

    Returns:
        The network's configuration, and the members of the file by name.

    Raises:
        BundleError: it is not such a file, holds other files, is too large, or names a class that is not allowed.
    """
    limit = unpacked_limit(len(content))
    try:
        members = read_members(content, MEMBERS, limit)
        if members.keys() != {"metadata.json", "config.json", "model.weights.h5"}:
            raise Untrusted(f"it holds no more than {sorted(members)}")
        if len(members["config.json"]) > MOST_CONFIG_BYTES:
            raise Untrusted("its configuration is larger than any of automl's")
        config = parse_json(members["config.json"])
    except Untrusted as error:
        raise BundleError(f"{path} is not a Keras model file of automl ({error}); {NEXT}") from error
    if not isinstance(config, dict) or "class_name" not in config:
        raise BundleError(f"{path}: config.json describes no model; save the model again")
    config = {key: value for key, value in config.items() if key != "compile_config"}  # never read: compile=False
    for node in named(config):
        reason = refusal(node)
        if reason:
            raise BundleError(f"{path} names {reason}; {NEXT}")
    return config, members


def named(config: Any) -> Iterator[dict[str, Any]]:
    """All mappings in a configuration, at any depth, that name a class, a module or a registered name."""
    waiting = [config]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            waiting.extend(node.values())
            if "class_name" in node or "registered_name" in node or "module" in node:
                yield node
        elif isinstance(node, list):
            waiting.extend(node)


def refusal(node: dict[str, Any]) -> str | None:
    """Why the class that a mapping names may not be built; None if it may."""
    name, module, registered = node.get("class_name"), node.get("module"), node.get("registered_name")
    if not isinstance(name, str):
        return f"a class {name!r} that is not a name"
    if not all(value is None or isinstance(value, str) for value in (module, registered)):
        return f"the class {name!r} of a module {module!r} that is not a name"
    if name in VALUES:
        return None if not module and not registered else f"the value {name!r} in a module {module!r}"
    if any(part in REFUSED for part in (name, str(registered).split(">")[-1])):
        return f"the layer {name!r}, which may run code or read files"
    if not re.fullmatch(r"[A-Z]\w*", name):
        return f"{name!r}, which is not a class"
    if (module, name) in OPERATIONS and registered in (None, name):
        return None
    if isinstance(module, str) and KERAS_MODULES.fullmatch(module) and registered in (None, name):
        return None
    if isinstance(module, str) and OWN_MODULES.fullmatch(module) and OWN_NAMES.fullmatch(str(registered)):
        return None
    return f"the class {name!r} of module {module!r} (registered as {registered!r}), not one of Keras or automl"


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
