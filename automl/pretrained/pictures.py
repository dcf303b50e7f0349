"""Opens a backbone for pictures in a local folder: a published architecture, a network of layers of Keras, or a preset
of KerasHub. Nothing in the folder is run.
"""

from __future__ import annotations

import hashlib
import math
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from automl.errors import DataError, MissingExtra
from automl.pretrained import hub
from automl.pretrained.channels import with_channels
from automl.pretrained.files import MAX_BYTES, content, object_in
from automl.storage.trusted import Untrusted, networks, spendable_bytes
from automl.storage.trusted.networks import Limits
from automl.system.quiet import quiet_libraries

__all__ = ["APPLICATIONS", "CONFIG", "MOST_HELD_BYTES", "PictureBackbone", "backbone_from", "open_picture_backbone"]

CONFIG = "config.json"
DESCRIPTIONS = (CONFIG, *hub.CONVERTERS)
ENDINGS = (".weights.h5", ".h5", ".keras")
MOST_HELD_BYTES = 64 << 20
"""Files of a backbone up to so many bytes together go into a saved model."""
MOST_DIM = 8_192
SIDES = (8, 1_024)
MOST_CLASSES = 30_000
BATCH_PIXELS, MOST_BATCH = 32 * 224 * 224, 256
CHECKED_BATCH = 32
"""Pictures whose outputs must fit into the free memory; small pictures come in larger batches, and take no more."""
LIMITS = Limits(layers=20_000, calls=10_000)
"""Published networks name ten times as many layers as ours do."""

APPLICATIONS: Mapping[str, tuple[str, int]] = {
    "VGG16": ("caffe", 224), "VGG19": ("caffe", 224),
    "ResNet50": ("caffe", 224), "ResNet101": ("caffe", 224), "ResNet152": ("caffe", 224),
    "ResNet50V2": ("tf", 224), "ResNet101V2": ("tf", 224), "ResNet152V2": ("tf", 224),
    "InceptionV3": ("tf", 299), "InceptionResNetV2": ("tf", 299), "Xception": ("tf", 299),
    "MobileNet": ("tf", 224), "MobileNetV2": ("tf", 224),
    "MobileNetV3Small": ("none", 224), "MobileNetV3Large": ("none", 224),
    "DenseNet121": ("torch", 224), "DenseNet169": ("torch", 224), "DenseNet201": ("torch", 224),
    "NASNetMobile": ("tf", 224), "NASNetLarge": ("tf", 331),
    "EfficientNetV2B0": ("none", 224), "EfficientNetV2B1": ("none", 240), "EfficientNetV2B2": ("none", 260),
    "EfficientNetV2B3": ("none", 300), "EfficientNetV2S": ("none", 384), "EfficientNetV2M": ("none", 480),
    "EfficientNetV2L": ("none", 480),
    "ConvNeXtTiny": ("none", 224), "ConvNeXtSmall": ("none", 224), "ConvNeXtBase": ("none", 224),
    "ConvNeXtLarge": ("none", 224), "ConvNeXtXLarge": ("none", 224),
}  # fmt: skip
"""Architectures of keras.applications: what they do to pixels first ("none": they do it themselves), usual side.

The first EfficientNets are left out: their published weights belong to a network with one more layer, which Keras adds
only where it downloads them.
"""
WITH_ALPHA = frozenset({"MobileNet", "MobileNetV2", "MobileNetV3Small", "MobileNetV3Large"})

PREPROCESSING: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    "none": lambda x: x,
    "unit": lambda x: x / 255.0,
    "tf": lambda x: x / 127.5 - 1.0,
    "torch": lambda x: (
        (x / 255.0 - np.asarray([0.485, 0.456, 0.406], np.float32)) / np.asarray([0.229, 0.224, 0.225], np.float32)
    ),
    "caffe": lambda x: x[..., ::-1] - np.asarray([103.939, 116.779, 123.68], np.float32),
}
"""What is done to brightness from 0 to 255, by the names of `keras.applications.imagenet_utils.preprocess_input`."""

KEYS = ("application", "input_size", "preprocessing", "alpha", "minimalistic", "include_top", "classes", "pooling",
        "layer", "name")  # fmt: skip
LAYOUT = (
    f'a {CONFIG} such as {{"application": "MobileNetV2", "input_size": 96}} and one file of weights (.weights.h5, .h5 '
    "or .keras)"
)


@dataclass(frozen=True, slots=True, eq=False)
class PictureBackbone:
    """A network that was trained elsewhere and makes a vector of each picture.

    Attributes:
        folder: where it lies.
        name: of the folder, or the name in its description.
        kind: its architecture, such as "MobileNetV2", or "network" for one that its file describes.
        digest: of all files that it was read from, in hexadecimal.
        dim: numbers of a vector.
        shape: height, width and channels that it reads.
        files: its files by name, for a saved model to hold; empty where they are too large.
    """

    folder: Path
    name: str
    kind: str
    digest: str
    dim: int
    shape: tuple[int, int, int]
    files: Mapping[str, bytes]
    _forward: Callable[[np.ndarray], Any]
    _prepare: Callable[[np.ndarray], np.ndarray]

    @property
    def batch(self) -> int:
        """Pictures that are computed at once, so that memory does not grow with their number."""
        return int(np.clip(BATCH_PIXELS // (self.shape[0] * self.shape[1]), 1, MOST_BATCH))

    def vectors(self, pictures: np.ndarray) -> np.ndarray:
        """A vector ``(n, dim)`` float32 for each picture of ``(n, height, width, channels)`` uint8."""
        parts = []
        for begin in range(0, len(pictures), self.batch):
            some = resized(with_channels(pictures[begin : begin + self.batch], self.shape[2]), self.shape[:2])
            parts.append(np.asarray(self._forward(self._prepare(some)), np.float32))
        return np.concatenate(parts) if parts else np.zeros((0, self.dim), np.float32)


def open_picture_backbone(folder: str | Path) -> PictureBackbone:
    """Open the backbone in a folder: a description and one file of weights; see `docs/usage.md`.

    Raises:
        DataError: there is no such folder, a file is missing, a link, damaged or too large, the description names what
            is not known, or the weights do not fit.
        MissingExtra: it is a preset of KerasHub, which is not installed.
    """
    path = Path(os.path.expanduser(folder))
    if not path.is_dir():
        raise DataError(
            f"pretrained: expected a folder that holds a backbone for pictures, {LAYOUT}; {str(folder)!r} is "
            f"{'a file' if path.exists() else 'not there'}. Check the path"
        )
    path = path.resolve()
    names = sorted(entry.name for entry in path.iterdir() if entry.name.endswith(ENDINGS))
    if len(names) != 1 or not os.path.lexists(path / CONFIG):
        found = ", ".join(sorted(entry.name for entry in path.iterdir())[:5]) or "nothing"
        raise DataError(
            f"pretrained: expected {path} to hold {LAYOUT}; it holds {found}. Weights in formats that can hold code "
            "(.bin, .pt, .pkl, saved graphs) are never opened"
        )
    files = {name: text for name in DESCRIPTIONS if (text := content(path, name)) is not None}
    weights = content(path, names[0], min(MAX_BYTES["h5"], spendable_bytes()))
    if weights is None:
        raise DataError(f"pretrained: {path / names[0]} is gone; copy the folder again")
    ending = next(one for one in ENDINGS if names[0].endswith(one))
    return backbone_from({**files, f"model{ending}": weights}, path)


def backbone_from(files: Mapping[str, bytes], folder: Path) -> PictureBackbone:
    """The backbone of these files: descriptions, and "model" with the ending of its weights.

    Args:
        files: by name.
        folder: where they lie, for messages.

    Raises:
        DataError: see `open_picture_backbone`.
        MissingExtra: see `open_picture_backbone`.
    """
    try:
        (weights,) = (name for name in files if name.startswith("model."))
        config = object_in(files[CONFIG], folder / CONFIG)
        described = {name: object_in(files[name], folder / name) for name in hub.CONVERTERS if name in files}
        with quiet_libraries():  # TensorFlow, which this may load, writes about devices that this machine lacks
            return _opened(config, described, weights, files, folder)
    except (DataError, MissingExtra):
        raise
    except Untrusted as error:
        raise DataError(
            f"pretrained: {folder} is not opened: of its weights, {error}. Nothing of it was run"
        ) from error
    except (ValueError, KeyError, TypeError, OverflowError, AttributeError, IndexError, OSError) as error:
        why = str(error).strip()[:600] or type(error).__name__
        raise DataError(f"pretrained: {folder} holds no backbone that can be used: {why}") from error


def _opened(
    config: Mapping[str, Any], described: Mapping[str, Any], weights: str, files: Mapping[str, bytes], folder: Path
) -> PictureBackbone:
    import keras

    if keras.backend.backend() != "tensorflow":
        raise ValueError(f"Keras runs on {keras.backend.backend()}; backbones need tensorflow")
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")
    try:
        if hub.is_preset(config):
            network, prepare = hub.opened(config, described, weights, files[weights], _loaded)
            kind = str(config["class_name"])
        else:
            network, kind = _network(_checked(config), weights, files[weights])
            prepare = PREPROCESSING[preprocessing_of(config)]
        forward, dim, shape = _forward_of(network, config.get("layer"), config.get("pooling") or "avg")
    finally:
        keras.config.set_dtype_policy(before)
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(hashlib.sha256(name.encode()).digest() + hashlib.sha256(files[name]).digest())
    small = sum(map(len, files.values())) <= MOST_HELD_BYTES
    name = str(config.get("name") or folder.name)[:100]
    return PictureBackbone(
        folder, name, kind, digest.hexdigest(), dim, shape, dict(files) if small else {}, forward, prepare
    )


def preprocessing_of(config: Mapping[str, Any]) -> str:
    """What is done to the pixels first."""
    named = config.get("preprocessing")
    return str(named) if named is not None else APPLICATIONS.get(config.get("application", ""), ("none", 0))[0]


def _checked(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """A description, after a look at each of its keys."""
    unknown = [key for key in config if key not in KEYS]
    if unknown:
        raise ValueError(f"its {CONFIG} has a key {unknown[0]!r:.60}; keys are {', '.join(KEYS)}")
    application = config.get("application")
    if application is not None and (not isinstance(application, str) or application not in APPLICATIONS):
        raise ValueError(f"there is no application {application!r:.60}; there are {', '.join(APPLICATIONS)}")
    if preprocessing_of(config) not in PREPROCESSING:
        raise ValueError(
            f"there is no preprocessing {config.get('preprocessing')!r:.60}; there are {', '.join(PREPROCESSING)}"
        )
    if config.get("pooling") not in (None, "avg", "max"):
        raise ValueError(f"pooling is {config['pooling']!r:.60}; expected avg or max")
    size = config.get("input_size")
    if size is not None and not (type(size) is int and SIDES[0] <= size <= SIDES[1]):
        raise ValueError(f"input_size is {size!r:.60}; expected a whole number of pixels from {SIDES[0]} to {SIDES[1]}")
    alpha, classes = config.get("alpha", 1.0), config.get("classes", 1_000)
    if "alpha" in config and application not in WITH_ALPHA:
        raise ValueError(f"alpha is a setting of {', '.join(sorted(WITH_ALPHA))}")
    if type(alpha) not in (int, float) or not 0.05 <= alpha <= 2.0:
        raise ValueError(f"alpha is {alpha!r:.60}; expected a number from 0.05 to 2")
    if type(classes) is not int or not 1 <= classes <= MOST_CLASSES:
        raise ValueError(f"classes is {classes!r:.60}; expected a whole number up to {MOST_CLASSES:,}")
    for key, kind in (("include_top", bool), ("minimalistic", bool), ("layer", str), ("name", str)):
        if key in config and not isinstance(config[key], kind):
            raise ValueError(f"{key} is {config[key]!r:.60}; expected {'a name' if kind is str else 'true or false'}")
    return config


def _network(config: Mapping[str, Any], weights: str, stored: bytes) -> tuple[Any, str]:
    """The network with its weights, and the name of its architecture."""
    from keras import applications

    is_keras = weights.endswith(".keras")
    if "application" not in config:
        if not is_keras:
            raise ValueError(
                f"its {CONFIG} names no application, and {weights} describes no network; give a .keras file"
            )
        return networks.load(stored, CHECKED_BATCH, own=False, limits=LIMITS), "network"
    if is_keras:  # only its weights are read, and it is refused all the same if it names what may run code
        stored = networks.read_network(stored, own=False)[1]["model.weights.h5"]
    name = str(config["application"])
    side = int(config.get("input_size", APPLICATIONS[name][1]))
    more: dict[str, Any] = {"alpha": float(config["alpha"])} if "alpha" in config else {}
    if "minimalistic" in config:
        more["minimalistic"] = config["minimalistic"]
    if config.get("include_top"):
        more["classes"] = config.get("classes", 1_000)
    build = getattr(applications, name)
    network = build(weights=None, include_top=bool(config.get("include_top")), input_shape=(side, side, 3), **more)
    _loaded(network, ".weights.h5" if is_keras else weights, stored)
    return network, name


def _loaded(network: Any, weights: str, stored: bytes) -> None:
    """Read the weights of a network from the content of an HDF5 file, which is checked first."""
    n_bytes = networks.stored_bytes(stored)
    needed = sum(math.prod(v.shape) for v in network.variables)
    if n_bytes < needed:  # at least a byte a number
        raise ValueError(f"its weights do not fit: {needed:,} numbers are asked for, {n_bytes:,} bytes are stored")
    ending = ".weights.h5" if weights.endswith(".weights.h5") else ".h5"
    with tempfile.TemporaryDirectory() as scratch:  # what was checked: the file may have changed since
        file = Path(scratch) / f"model{ending}"
        file.write_bytes(stored)
        try:
            network.load_weights(file)
        except Exception as error:  # Keras and h5py may raise anything
            first = str(error).strip().splitlines() or [type(error).__name__]
            raise ValueError(f"its weights do not fit the architecture: {first[0][:200]}") from error


def _forward_of(
    network: Any, layer: str | None, pooling: str
) -> tuple[Callable[[np.ndarray], Any], int, tuple[int, int, int]]:
    """What computes vectors of a batch, their size, and the shape of a picture."""
    import keras
    import tensorflow as tf

    if isinstance(network.input, list | dict) or isinstance(network.output, list | dict):
        raise ValueError("it has several inputs or outputs; expected one picture and one output")
    shape = tuple(network.input.shape[1:])
    if (
        len(shape) != 3
        or shape[2] not in (1, 3)
        or not all(type(n) is int and SIDES[0] <= n <= SIDES[1] for n in shape[:2])
    ):
        raise ValueError(f"it reads {shape}; expected a picture of fixed height and width with 1 or 3 channels")
    x = network.get_layer(layer).output if layer is not None else features_of(network)
    if x.shape[-1] is None or len(x.shape) not in (2, 3, 4):
        raise ValueError(f"its output has the shape {tuple(x.shape)}; expected positions or one vector a picture")
    places = tuple(range(1, len(x.shape) - 1))
    if places:
        x = (keras.ops.max if pooling == "max" else keras.ops.mean)(x, axis=places)
    dim = int(x.shape[-1])
    if not 0 < dim <= MOST_DIM:
        raise ValueError(f"its vectors have {dim:,} numbers; expected {MOST_DIM:,} at most")
    model = keras.Model(network.input, x)
    model.trainable = False
    signature = [tf.TensorSpec((None, *shape), tf.float32)]
    forward = tf.function(lambda batch: model(batch, training=False), input_signature=signature, autograph=False)
    return forward, dim, (int(shape[0]), int(shape[1]), int(shape[2]))


def features_of(network: Any) -> Any:
    """The output; of a classifier, what its last pooling or flattening reads."""
    import keras

    if len(network.output.shape) > 2:
        return network.output
    ends = (
        keras.layers.GlobalAveragePooling2D, keras.layers.GlobalMaxPooling2D, keras.layers.Flatten,
    )  # fmt: skip
    last = next((layer for layer in reversed(network.layers) if isinstance(layer, ends)), None)
    return network.output if last is None else last.input


def resized(pictures: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Pictures ``(n, h, w, c)`` uint8 of this height and width, float32 from 0 to 255."""
    if pictures.shape[1:3] == tuple(size):
        return pictures.astype(np.float32)
    from PIL import Image

    out = np.empty((len(pictures), *size, pictures.shape[3]), np.float32)
    for row, picture in enumerate(pictures):
        for channel in range(picture.shape[-1]):
            layer = Image.fromarray(np.ascontiguousarray(picture[..., channel]))
            out[row, ..., channel] = np.asarray(layer.resize((size[1], size[0]), Image.Resampling.BILINEAR))
    return out
