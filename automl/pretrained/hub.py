"""Presets of KerasHub for pictures, built from a closed list of backbones and plain settings.

KerasHub itself builds whatever class a preset names. Here its description is read as numbers and words.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any

import numpy as np

from automl.errors import MissingExtra
from automl.storage.trusted import networks
from automl.storage.trusted.networks import FLOAT_BYTES, SPARE_BYTES, Limits

__all__ = ["BACKBONES", "CONVERTERS", "is_preset", "opened"]

BACKBONES = (
    "CSPNetBackbone", "DINOV2Backbone", "DeiTBackbone", "DenseNetBackbone", "EfficientNetBackbone", "HGNetV2Backbone",
    "MiTBackbone", "MobileNetBackbone", "ResNetBackbone", "SwinTransformerBackbone", "VGGBackbone", "ViTBackbone",
    "XceptionBackbone",
)  # fmt: skip
CONVERTERS = ("image_converter.json", "preprocessor.json")
"""Files that may say how pictures are prepared."""
DROPPED = frozenset({"name", "trainable", "dtype", "data_format"})
USUAL_SIDE, SIDES = 224, (8, 1_024)
LIMITS = Limits(announced=2**22)


def is_preset(config: Mapping[str, Any]) -> bool:
    """Whether a description is one of KerasHub."""
    return str(config.get("registered_name")).startswith("keras_hub>") or (
        str(config.get("module")).split(".")[0] in ("keras_hub", "keras_nlp")
    )


def opened(
    config: Mapping[str, Any],
    described: Mapping[str, Any],
    weights: str,
    stored: bytes,
    load: Callable[[Any, str, bytes], None],
) -> tuple[Any, Callable[[np.ndarray], np.ndarray]]:
    """The network of a preset, and what is done to pixels first.

    Args:
        config: its config.json.
        described: its other descriptions, by name.
        weights: name of the file of weights.
        stored: its content.
        load: reads weights into a network, after checking them.

    Raises:
        MissingExtra: KerasHub is not installed.
        ValueError: it is a preset of another kind, or holds what no preset for pictures does.
    """
    name = config.get("class_name")
    if name not in BACKBONES:
        raise ValueError(f"its preset is of class {name!r:.60}; those for pictures are {', '.join(BACKBONES)}")
    settings = {key: value for key, value in dict(config.get("config") or {}).items() if key not in DROPPED}
    odd = [key for key, value in settings.items() if not isinstance(key, str) or not _is_plain(value)]
    if odd:
        raise ValueError(f"its setting {odd[0]!r:.60} is no number, word or list of them")
    networks.check_sizes(settings, LIMITS, "a preset may have")
    converter = _converter(described)
    side = _side(converter, settings)
    settings["image_shape"] = (side, side, 3)
    if find_spec("keras_hub") is None:
        raise MissingExtra(
            "pretrained: this folder is a preset of KerasHub, which is not installed; install it with: "
            "pip install 'automl-keras[hub]'"
        )
    import keras
    import keras_hub

    build = getattr(keras_hub.models, str(name))
    n_bytes = networks.stored_bytes(stored)
    with keras.StatelessScope(initialize_variables=False):
        needed = sum(math.prod(v.shape) for v in build(**settings).variables) * FLOAT_BYTES
    if needed > 4 * n_bytes + SPARE_BYTES:
        raise ValueError(f"its weights do not fit: {needed:,} bytes are asked for, {n_bytes:,} are stored")
    network = build(**settings)
    load(network, weights, stored)
    scale, offset = (
        np.asarray(converter.get(key) or usual, np.float32) for key, usual in (("scale", 1.0), ("offset", 0.0))
    )
    if (
        scale.shape not in ((), (3,))
        or offset.shape not in ((), (3,))
        or not np.isfinite([*scale.ravel(), *offset.ravel()]).all()
    ):
        raise ValueError("its preprocessing scales pixels by no number")
    return network, lambda x: (x * scale + offset).astype(np.float32)


def _is_plain(value: Any) -> bool:
    if isinstance(value, list):
        return all(_is_plain(one) for one in value)
    return value is None or isinstance(value, bool | int | float | str)


def _converter(described: Mapping[str, Any]) -> Mapping[str, Any]:
    """The settings of what prepares pictures; empty where nothing says them."""
    own = described.get("image_converter.json")
    if own is None:
        outer = described.get("preprocessor.json", {}).get("config")
        own = outer.get("image_converter") if isinstance(outer, dict) else None
    found = own.get("config") if isinstance(own, dict) else None
    return found if isinstance(found, dict) else {}


def _side(converter: Mapping[str, Any], settings: Mapping[str, Any]) -> int:
    for size in (converter.get("image_size"), settings.get("image_shape")):
        if isinstance(size, list) and len(size) >= 2 and type(size[0]) is int and size[0] == size[1]:
            if not SIDES[0] <= size[0] <= SIDES[1]:
                raise ValueError(f"it reads pictures of {size[0]} pixels a side; expected {SIDES[0]} to {SIDES[1]}")
            return size[0]
    return USUAL_SIDE
