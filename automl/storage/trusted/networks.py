"""Opening a stored network that may come from elsewhere: classes, sizes and links are checked before it is built.

Keras allocates the memory that a configuration asks for before it reads any weights. Therefore the size of the stored
weights is measured first (in HDF5, too, a few bytes can declare a terabyte). Then the network is built without
allocating its weights. Only if both sizes agree is it built in memory.
"""

from __future__ import annotations

import io
import math
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from automl.storage.trusted.errors import Untrusted
from automl.storage.trusted.members import parse_json, read_members, spendable_bytes, unpacked_limit

__all__ = [
    "LEAST_BATCH_BYTES", "LIMITS", "Limits", "check_announced", "check_network", "check_sizes", "load", "named",
    "read_network", "refusal", "stored_bytes",
]  # fmt: skip

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
CLASSES_OF_VALUES = frozenset({"__keras_tensor__", "__tensor__", "__numpy__"})

MEMBERS = re.compile(r"metadata\.json|config\.json|model\.weights\.h5")
MOST_CONFIG_BYTES = 32 * 2**20
MOST_STORED = 20_000
"""The most groups and arrays in a file of weights."""
UNCOUNTED = frozenset({"seed", "shared_object_id"})
SPARE_BYTES = 2**16
"""Bytes of weights that may be declared but not stored: states of random generators."""
MIB = 2**20
FLOAT_BYTES = 4
LEAST_BATCH_BYTES = 512 * 2**20
"""Memory that a batch may always take; if less is free, the attempt fails with its own error."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a network may be.

    Attributes:
        layers: mappings that name a class, at most.
        calls: of layers, at most.
        announced: the largest sum of all whole numbers in a configuration, such as sizes of layers.
    """

    layers: int = 2_000
    calls: int = 4_000
    announced: int = 2**26


LIMITS = Limits()
"""Of the networks of automl."""


def read_network(content: bytes, own: bool = True) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Check that the content of a ``.keras`` file names only classes of Keras, and of automl if `own`.

    Returns:
        The network's configuration, and the members of the file by name.

    Raises:
        Untrusted: it is not such a file, holds other files, is too large, or names a class that is not allowed.
    """
    try:
        members = read_members(content, MEMBERS, unpacked_limit(len(content)))
        if members.keys() != {"metadata.json", "config.json", "model.weights.h5"}:
            raise Untrusted(f"it holds no more than {sorted(members)}")
        if len(members["config.json"]) > MOST_CONFIG_BYTES:
            raise Untrusted("its configuration is larger than any of automl's")
        config = parse_json(members["config.json"])
    except Untrusted as error:
        raise Untrusted(f"it is not a Keras model file {'of automl ' if own else ''}({error})") from error
    if not isinstance(config, dict) or "class_name" not in config:
        raise Untrusted("its config.json describes no model")
    config = {key: value for key, value in config.items() if key != "compile_config"}  # never read: compile=False
    for node in named(config):
        reason = refusal(node, own)
        if reason:
            raise Untrusted(f"it names {reason}")
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


def refusal(node: Mapping[str, Any], own: bool = True) -> str | None:
    """Why the class that a mapping names may not be built; None if it may.

    Args:
        node: of a configuration.
        own: whether classes of automl are allowed.
    """
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
    is_own = isinstance(module, str) and OWN_MODULES.fullmatch(module) and OWN_NAMES.fullmatch(str(registered))
    if own and is_own:
        return None
    allowed = "Keras or automl" if own else "Keras"
    return f"the class {name!r} of module {module!r} (registered as {registered!r}), not one of {allowed}"


def check_network(
    content: bytes, own: bool = True, limits: Limits = LIMITS
) -> tuple[dict[str, Any], dict[str, bytes], int]:
    """Check the classes that a ``.keras`` file names, its number of layers and the size of its weights.

    Args:
        content: of the file.
        own: whether classes of automl are allowed.
        limits: how large it may be.

    Returns:
        The configuration, the members of the file, and the bytes of the stored weights.

    Raises:
        Untrusted: it names a class that is not allowed, or is larger than it may be.
    """
    config, members = read_network(content, own)
    check_sizes(config, limits, "any network of automl" if own else "a backbone may have")
    return config, members, stored_bytes(members["model.weights.h5"])


def check_sizes(config: Any, limits: Limits, whose: str) -> None:
    """Check that a configuration announces no more than it may.

    Raises:
        Untrusted: it does.
    """
    for what, count, most in (
        ("layers", sum(1 for node in named(config) if node.get("class_name") not in CLASSES_OF_VALUES), limits.layers),
        ("calls of layers", sum(_n_calls(node) for node in _mappings(config)), limits.calls),
        ("units", _announced(config), limits.announced),
    ):
        if count > most:
            raise Untrusted(f"it announces {count:,} {what}, more than the {most:,} of {whose}")


def load(content: bytes, n_rows: int, own: bool = True, limits: Limits = LIMITS) -> Any:
    """Build a network from the content of its ``.keras`` file, which is checked first.

    Layers of automl have to be registered before, by importing them.

    Args:
        content: of the file.
        n_rows: of a batch, whose outputs must fit into the free memory.
        own: whether classes of automl are allowed.
        limits: how large it may be.

    Raises:
        Untrusted: see `check_network` and `check_announced`. Whatever Keras raises about a configuration is passed on.
    """
    import keras

    config, _, stored = check_network(content, own, limits)
    check_announced(config, stored, n_rows)
    with tempfile.TemporaryDirectory() as scratch:  # load what was checked: the file may have changed since
        file = Path(scratch) / "network.keras"
        file.write_bytes(content)
        return keras.models.load_model(file, compile=False, safe_mode=True)


def check_announced(config: Mapping[str, Any], stored: int, n_rows: int) -> None:
    """Build the network without allocating its weights, and compare the memory it needs with stored and free sizes.

    Args:
        config: of a network, checked.
        stored: bytes of its weights.
        n_rows: of a batch.

    Raises:
        Untrusted: it has more weights than are stored, or an output is larger than the free memory.
    """
    import keras
    from keras.src.backend.common import global_state

    waiting = global_state.get_global_attribute("uninitialized_variables", [], set_to_default=True)
    n_waiting = len(waiting)
    try:
        with keras.StatelessScope(initialize_variables=False):
            model = keras.saving.deserialize_keras_object({**config, "compile_config": None}, safe_mode=True)
        announced = sum(math.prod(variable.shape) * FLOAT_BYTES for variable in model.variables)
        if announced > stored + SPARE_BYTES:
            raise Untrusted(f"it announces {announced / MIB:,.1f} MiB of weights and stores {stored / MIB:,.1f} MiB")
        largest = max((_elements(tensor.shape) for tensor in _tensors(model)), default=0)
        if largest * FLOAT_BYTES * n_rows > max(2 * spendable_bytes(), LEAST_BATCH_BYTES):
            raise Untrusted(
                f"it has a layer whose output is {largest:,} numbers per row, which takes more memory than is free here"
            )
    finally:
        del waiting[n_waiting:]


def stored_bytes(content: bytes) -> int:
    """Bytes of all arrays in a file of weights.

    Args:
        content: of an HDF5 file.

    Raises:
        Untrusted: it is not such a file, links to other files, or declares more than it holds.
    """
    import h5py

    total = count = 0
    try:
        with h5py.File(io.BytesIO(content), "r") as file:
            waiting, seen = [file["/"]], set()
            while waiting:
                group = waiting.pop()
                place = h5py.h5o.get_info(group.id).addr
                if place in seen:
                    raise Untrusted("a group of its weights holds itself")
                seen.add(place)
                for name in group:
                    count += 1
                    if count > MOST_STORED:
                        raise Untrusted(f"it stores more than {MOST_STORED:,} weights")
                    if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                        raise Untrusted(f"{name!r} of its weights leads elsewhere")
                    item = group[name]
                    if isinstance(item, h5py.Group):
                        waiting.append(item)
                    else:
                        total += _dataset_bytes(item, len(content))
    except Untrusted:
        raise
    except Exception as error:  # h5py may raise anything
        raise Untrusted(f"its weights cannot be read ({error})") from error
    return total


def _dataset_bytes(item: Any, limit: int) -> int:
    import h5py

    if not isinstance(item, h5py.Dataset) or item.external or item.is_virtual or item.dtype.kind not in "biufSV":
        raise Untrusted(f"{item.name!r} of its weights is no array of numbers")
    size = math.prod(item.shape or ()) * int(item.dtype.itemsize)
    if size > limit or size > max(item.id.get_storage_size(), 1024):
        raise Untrusted(f"{item.name!r} of its weights announces {size:,} bytes, more than it holds")
    return size


def _mappings(config: Any) -> Iterator[Mapping[str, Any]]:
    waiting = [config]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            yield node
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)


def _n_calls(node: Mapping[str, Any]) -> int:
    calls = node.get("inbound_nodes")
    return len(calls) if isinstance(calls, list) else 0


def _announced(config: Any) -> int:
    """The sum of all whole numbers; a list of lists also counts as the table that it would fill."""
    total = 0
    for node in _mappings(config):
        for name, value in node.items():
            if name not in UNCOUNTED:
                total += _sum(value)
    return total


def _sum(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return abs(value)
    if isinstance(value, float) and value.is_integer() and abs(value) > LIMITS.announced:
        return 0  # a statistic of data, not a size
    if not isinstance(value, list):
        return 0
    rows = [len(item) for item in value if isinstance(item, list)]
    return sum(map(_sum, value)) + len(value) * max(rows, default=0)


def _tensors(model: Any) -> Iterator[Any]:
    """The outputs of all operations of a network, including those of networks inside it."""
    import keras

    waiting, seen = [model], set()
    while waiting:
        layer = waiting.pop()
        if id(layer) in seen:
            continue
        seen.add(id(layer))
        waiting.extend(getattr(layer, "layers", None) or ())
        for operation in getattr(layer, "operations", None) or ():
            waiting.append(operation)
            for node in getattr(operation, "_inbound_nodes", ()):
                yield from (tensor for tensor in node.output_tensors if isinstance(tensor, keras.KerasTensor))


def _elements(shape: Any) -> int:
    return math.prod(int(size) for size in shape if size is not None)
