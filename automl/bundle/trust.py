"""Which classes a saved model may name: checked in the file, before any library builds anything from it."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from automl.errors import BundleError
from automl.trusted import TRUSTED

__all__ = ["SKOPS_TYPES", "check_keras", "check_skops"]

KERAS_MODULES = re.compile(
    r"keras(\.(layers|models|initializers|regularizers|constraints|activations|dtype_policies|random))?"
    r"|keras\.src\.models\.(functional|sequential|model)"
)
# Operations that Keras stores where a network slices a tensor.
OPERATIONS = frozenset({("keras.src.ops.numpy", "GetItem")})
OWN_MODULES = re.compile(r"automl\.(layers|templates)(\.\w+)?")
OWN_NAMES = re.compile(r"automl>\w+")

# Layers of Keras that run code, a saved graph or another library, or read files that their configuration names.
REFUSED = frozenset({
    "Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer",
    "StringLookup", "IntegerLookup", "TextVectorization", "IndexLookup",
})  # fmt: skip

# What Keras writes for values rather than classes; they have no module.
VALUES = frozenset({"__keras_tensor__", "__tensor__", "__numpy__", "__bytes__", "__ellipsis__", "__slice__"})

MEMBERS = re.compile(r"metadata\.json|config\.json|model\.weights\.h5")

# The closed list of types that skops may build beside those of scikit-learn, SciPy and NumPy that it trusts itself.
SKOPS_TYPES = frozenset(TRUSTED)

NEXT = "nothing was run; open only bundles that automl saved, or train again with `automl fit`"


def check_keras(path: Path) -> None:
    """Check that a ``.keras`` file names classes of Keras and automl only.

    Raises:
        BundleError: it is no such file, holds other files, or names a class that is not ours.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            odd = [name for name in archive.namelist() if not MEMBERS.fullmatch(name)]
            if odd:
                raise BundleError(f"{path} holds {odd[0]!r}, which no network of ours has; {NEXT}")
            config = json.loads(archive.read("config.json"))
    except (zipfile.BadZipFile, KeyError, ValueError, RecursionError) as error:
        if isinstance(error, BundleError):
            raise
        raise BundleError(f"{path} is not a Keras model file ({error}); save the model again") from error
    if not isinstance(config, dict) or "class_name" not in config:
        raise BundleError(f"{path}: config.json describes no model; save the model again")
    config = {key: value for key, value in config.items() if key != "compile_config"}  # never read: compile=False
    for node in named(config):
        reason = refusal(node)
        if reason:
            raise BundleError(f"{path} names {reason}; {NEXT}")


def named(config: Any) -> Iterator[dict[str, Any]]:
    """Every mapping in a configuration, however deep, that names a class, module or registered name."""
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
    """Why what a mapping names may not be built, or None when it may."""
    name, module, registered = node.get("class_name"), node.get("module"), node.get("registered_name")
    if not isinstance(name, str):
        return f"a class {name!r} that is not a name"
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
    return f"the class {name!r} of module {module!r} (registered as {registered!r}), which is neither Keras's nor ours"


def check_skops(path: Path, allowed: frozenset[str] = SKOPS_TYPES) -> Sequence[str]:
    """Check that a ``.skops`` file names types of the closed list only.

    Returns:
        The types beyond skops's own list, all of them allowed, to be passed on when loading.

    Raises:
        BundleError: it is no such file or names another type.
    """
    import skops.io

    try:
        types: list[str] = skops.io.get_untrusted_types(file=path)
    except Exception as error:  # skops raises whatever its parser meets; all of it means an unreadable file
        raise BundleError(f"{path} is not a skops file that can be read ({error}); save the model again") from error
    odd = sorted(set(types) - allowed)
    if odd:
        raise BundleError(f"{path} names the type {odd[0]!r}, which is not on automl's list; {NEXT}")
    return types
