"""A built Keras network as plain Keras code: a function that builds it, and the source of the layers that are automl's.

The code is made from the network itself, so it says what was found and nothing else.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import keyword
import re
import textwrap
from collections.abc import Mapping
from typing import Any

from automl.errors import DataError

__all__ = ["identifier", "layers_code", "network_code"]

IDLE = ("name", "dtype", "trainable", "autocast", "build_config")
ALWAYS = {"keras", "np", "math", "Any", "Sequence", "Mapping", "Callable"}
"""Names that the script imports."""
LINE = 118
USUAL: dict[str, tuple[Any, ...]] = {"data_format": ("channels_last",)}
DIGITS, RATE_DIGITS = 9, 6
"""Significant digits of numbers (nine tell every float32 apart), and of rates that people read."""


def network_code(model: Any, function: str = "build_network") -> tuple[str, dict[str, Any]]:
    """The code of a function that builds the network anew, and automl's own layers in it by class name.

    Raises:
        DataError: the network is not of layers alone.
    """
    names: dict[int, str] = {}
    lines: list[str] = []
    own: dict[str, Any] = {}
    taken: set[str] = set()
    for tensor in model.inputs:
        shape = tuple(tensor.shape[1:])
        names[id(tensor)] = identifier(tensor.name, taken)
        made = f"keras.Input({shape!r}, dtype={tensor.dtype!r}, name={tensor.name!r})"
        lines.append(f"{names[id(tensor)]} = {made}")
    for layer in _in_order(model):
        if type(layer).__name__ == "InputLayer":
            continue
        code, mine = _constructor(layer)
        own |= mine
        if len(layer._inbound_nodes) != 1:
            raise DataError(f"layer {layer.name!r} is used more than once, which no script here writes")
        node = layer._inbound_nodes[0]
        arguments = [_argument(value, names) for value in node.arguments.args]
        arguments += [
            f"{key}={_argument(value, names)}" for key, value in node.arguments.kwargs.items()
            if value is not None and key not in ("training", "mask")
        ]  # fmt: skip
        made = identifier(layer.name, taken)
        for tensor in node.output_tensors:
            names[id(tensor)] = made
        lines.append(f"{made} = {code}({', '.join(arguments)})")
    outputs = ", ".join(names[id(tensor)] for tensor in model.outputs)
    inputs = ", ".join(names[id(tensor)] for tensor in model.inputs)
    lines.append(f"return keras.Model([{inputs}], {outputs})")
    body = textwrap.indent("\n".join(map(_wrapped, lines)), "    ")
    return (
        f'def {function}():\n    """The network, with its hyperparameters as they were found."""\n{body}\n',
        own,
    )


def _in_order(model: Any) -> list[Any]:
    """Layers from inputs to outputs."""
    found = []
    for depth in sorted(model._nodes_by_depth, reverse=True):
        for node in model._nodes_by_depth[depth]:
            if node.operation not in found:
                found.append(node.operation)
    return found


def _argument(value: Any, names: Mapping[int, str]) -> str:
    if id(value) in names:
        return names[id(value)]
    if isinstance(value, list | tuple):
        inner = ", ".join(_argument(item, names) for item in value)
        return f"[{inner}]"
    return repr(value)


def _constructor(layer: Any) -> tuple[str, dict[str, Any]]:
    """What makes a layer of these settings; automl's own class, if it is one."""
    kind = type(layer)
    if not hasattr(layer, "get_config") or not (kind.__module__.startswith(("keras.", "automl."))):
        raise DataError(f"operation {layer.name!r} ({kind.__name__}) of the network has no code here")
    config = {key: value for key, value in layer.get_config().items() if key not in IDLE}
    if kind.__name__ == "KnobDropout":
        return f"keras.layers.Dropout({_rounded('rate', config['rate'])!r})", {}
    is_own = kind.__module__.startswith("automl.")
    if not is_own and not kind.__module__.startswith("keras.src.layers"):
        raise DataError(f"operation {layer.name!r} ({kind.__name__}) of the network has no code here")
    defaults = {name: one.default for name, one in inspect.signature(kind.__init__).parameters.items()}
    given = []
    for key, value in config.items():
        short = _short(value)
        if (
            key == "seed"
            or (key in defaults and _short(defaults[key]) == short)
            or (short is None and key not in defaults)
        ):
            continue
        if key in defaults and defaults[key] is None and short == "linear":
            continue
        if key in defaults and short == [] and defaults[key] == ():
            continue
        if short in USUAL.get(key, ()):
            continue
        short = _rounded(key, short)
        given.append(f"{short!r}" if key == "units" else f"{key}={short!r}")
    name = kind.__name__ if is_own else f"keras.layers.{kind.__name__}"
    return f"{name}({', '.join(given)})", {kind.__name__: kind} if is_own else {}


def _short(value: Any) -> Any:
    """A serialised part of Keras without settings by its name, such as "he_normal"; other values as they are."""
    if isinstance(value, dict) and "class_name" in value:
        config = {k: v for k, v in (value.get("config") or {}).items() if v is not None and k != "dtype"} if isinstance(
            value.get("config"), dict
        ) else {}  # fmt: skip
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", str(value["class_name"])).lower()
        return name if not config or name in ("zeros", "ones") else value
    if isinstance(value, tuple):
        return [_short(item) for item in value]
    return value


def _rounded(key: str, value: Any) -> Any:
    """Numbers as short as tells them apart in float32."""
    if isinstance(value, float):
        return float(f"{value:.{RATE_DIGITS if key.endswith('rate') else DIGITS}g}")
    return [_rounded(key, item) for item in value] if isinstance(value, list) else value


def identifier(name: str, taken: set[str]) -> str:
    """A name that code may have for this one: in ASCII, no keyword, no name that the script uses, and a new one.

    Args:
        name: any text.
        taken: names that are used already; the new one is added.
    """
    made = re.sub(r"\W", "_", name, flags=re.ASCII) or "_"
    if made[0].isdigit() or keyword.iskeyword(made) or made in ALWAYS:
        made = f"_{made}"
    plain, n = made, 1
    while made in taken:
        n += 1
        made = f"{plain}_{n}"
    taken.add(made)
    return made


def _wrapped(line: str) -> str:
    """A long call, with its arguments on lines of their own where that leaves the same code."""
    if len(line) <= LINE - 4:
        return line
    parts = textwrap.wrap(line, LINE - 8, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)
    made = "\n".join(parts)
    try:
        same = ast.dump(ast.parse(made)) == ast.dump(ast.parse(line))
    except SyntaxError:  # a text within the line was broken
        same = False
    return made if same else line


# --------------------------------------------------------------------------- source of own layers


def layers_code(own: Mapping[str, Any]) -> str:
    """The source of these classes and of what they use of automl, definitions first."""
    done: dict[str, str] = {}
    for kind in own.values():
        _with_needs(kind, done)
    return "\n\n\n".join(done.values())


def _with_needs(what: Any, done: dict[str, str]) -> None:
    name = what.__name__
    if name in done:
        return
    source = textwrap.dedent(inspect.getsource(what))
    source = source.replace("  # type: ignore[misc]", "").replace('package="automl"', 'package="finalist"')
    space = vars(inspect.getmodule(what))
    done[name] = ""
    for used in sorted(_names(source) - ALWAYS - set(dir(builtins)) - {name}):
        value = space.get(used)
        if value is None or used in done:
            continue
        if inspect.isclass(value) or inspect.isfunction(value):
            if str(value.__module__).startswith("automl."):
                _with_needs(value, done)
        elif isinstance(value, bool | int | float | str | tuple | list | dict):
            done[used] = f"{used} = {value!r}"
    del done[name]
    done[name] = source.rstrip()


def _names(source: str) -> set[str]:
    return {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}
