"""The formats of exports: how each is written through Keras, and how its file is run to check it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from automl.errors import DataError, MissingExtra, RecipeError
from automl.export.graph import Graph

__all__ = ["FORMATS", "Arrays", "Format", "need", "of_name"]

Arrays = Mapping[str, np.ndarray]
Run = Callable[[Arrays], dict[str, np.ndarray]]


@dataclass(frozen=True, slots=True, eq=False)
class Format:
    """A format that models are exported to.

    Attributes:
        name: as users spell it.
        sides: that can be exported to it.
        inside: whether the file encodes numbers and dates itself.
        wide: whether it computes in float64 beside the networks.
        tolerance: largest difference to the model's own predictions that is let through: of probabilities, scores and
            vectors as it is, of values as a share of their largest magnitude.
        libraries: modules that writing and checking needs, beside TensorFlow.
        write: writes the files into a folder.
        run: opens what was written; gives what predicts arrays by name.
    """

    name: str
    sides: tuple[str, ...]
    inside: bool
    wide: bool
    tolerance: float
    libraries: tuple[str, ...]
    write: Callable[[Graph, Path], None]
    run: Callable[[Graph, Path], Run]


def of_name(name: str, side: str) -> Format:
    """The format of a name.

    Raises:
        RecipeError: there is no such format.
        DataError: it cannot hold this side.
    """
    if name not in FORMATS:
        raise RecipeError(f"--format: expected one of {', '.join(FORMATS)} or python, got {name!r}")
    found = FORMATS[name]
    if side not in found.sides:
        able = ", ".join(one.name for one in FORMATS.values() if side in one.sides)
        why = "" if side in ("deep", "shallow", "blend") else " (it predicts without inputs)"
        raise DataError(
            f"the {side} model cannot be exported as {name}{why}: expected {' or '.join(found.sides)} there"
            + (f"; for {side} use {able}" if able else "")
        )
    return found


def need(found: Format) -> None:
    """Make sure of the libraries of a format.

    Raises:
        MissingExtra: one is not installed; names the extra.
    """
    lacking = [name for name in found.libraries if find_spec(name.split(".")[0]) is None]
    if lacking:
        raise MissingExtra(
            f"exports of format {found.name!r} need {', '.join(lacking)}, not installed here; install with: "
            f"pip install 'automl-keras[{'export' if found.name == 'onnx' else 'export-' + found.name}]'"
        )


def versions(found: Format) -> dict[str, str]:
    """Versions of the libraries that wrote and checked a file."""
    names = ("automl-keras", "keras", "tensorflow", "numpy", *map(_package, found.libraries))
    return {name: metadata.version(name) for name in names if _is_known(name)}


def _package(module: str) -> str:
    return {"ai_edge_litert": "ai-edge-litert"}.get(module, module)


def _is_known(package: str) -> bool:
    try:
        metadata.version(package)
    except metadata.PackageNotFoundError:
        return False
    return True


def _exported(graph: Graph, path: Path, keras_format: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the converters' own use of NumPy
        graph.model.export(str(path), format=keras_format, input_signature=[graph.signature], verbose=False)


# --------------------------------------------------------------------------- ONNX


def _write_onnx(graph: Graph, folder: Path) -> None:
    import logging

    logging.getLogger("tf2onnx").setLevel(logging.ERROR)
    _exported(graph, folder / "model.onnx", "onnx")


def _run_onnx(graph: Graph, folder: Path) -> Run:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])
    names = [one.name for one in session.get_outputs()]
    return lambda arrays: dict(zip(names, session.run(names, dict(arrays)), strict=True))


# --------------------------------------------------------------------------- TensorFlow


def _write_saved_model(graph: Graph, folder: Path) -> None:
    _exported(graph, folder / "saved_model", "tf_saved_model")


def _run_saved_model(graph: Graph, folder: Path) -> Run:
    import tensorflow as tf

    model = tf.saved_model.load(str(folder / "saved_model"))
    serve = model.signatures["serving_default"]

    def run(arrays: Arrays) -> dict[str, np.ndarray]:
        made = serve(**{name: tf.constant(array) for name, array in arrays.items()})
        return {name: np.asarray(value) for name, value in made.items()}

    run.model = model  # type: ignore[attr-defined]  # its variables live no longer than it does
    return run


def _write_litert(graph: Graph, folder: Path) -> None:
    _exported(graph, folder / "model.tflite", "litert")


def _run_litert(graph: Graph, folder: Path) -> Run:
    from ai_edge_litert.interpreter import Interpreter

    runner = Interpreter(str(folder / "model.tflite"), num_threads=1).get_signature_runner()

    def run(arrays: Arrays) -> dict[str, np.ndarray]:
        rows = [
            runner(**{name: array[at : at + 1] for name, array in arrays.items()})
            for at in range(len(next(iter(arrays.values()))))
        ]
        return {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}

    return run


# --------------------------------------------------------------------------- OpenVINO


def _write_openvino(graph: Graph, folder: Path) -> None:
    _exported(graph, folder / "model.xml", "openvino")


def _run_openvino(graph: Graph, folder: Path) -> Run:
    import openvino

    # The plugin may compute in bfloat16 where the processor can, which moves chances by a hundredth.
    hints = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1}
    compiled = openvino.Core().compile_model(str(folder / "model.xml"), "CPU", hints)

    def run(arrays: Arrays) -> dict[str, np.ndarray]:
        found = compiled(dict(arrays))
        return {one.get_any_name(): np.asarray(found[one]) for one in compiled.outputs}

    return run


# --------------------------------------------------------------------------- Keras


def _write_keras(graph: Graph, folder: Path) -> None:
    for place, network in enumerate(graph.networks):
        network.save(folder / f"network-{place}.keras")


def _run_keras(graph: Graph, folder: Path) -> Run:
    """Plain Keras and the reader, as ``docs/export.md`` shows it."""
    import keras

    import automl.layers
    from automl.export.reader import open_export

    automl.layers.register()
    export = open_export(folder)
    paths = sorted(folder.glob("network-*.keras"), key=lambda path: int(path.stem.split("-")[1]))
    networks = [keras.models.load_model(path, compile=False) for path in paths]

    def run(arrays: Arrays) -> dict[str, np.ndarray]:
        return export.outputs([_called(network, arrays) for network in networks])

    return run


def _called(network: Any, arrays: Arrays) -> np.ndarray:
    names: Sequence[str] = list(network.input) if isinstance(network.input, dict) else [t.name for t in network.inputs]
    given = {name: arrays[name] for name in names}
    return np.asarray(network(given if isinstance(network.input, dict) else list(given.values()), training=False))


ALL = ("deep", "shallow", "blend")
FORMATS: dict[str, Format] = {
    one.name: one
    for one in (
        Format("onnx", ALL, True, True, 1e-5, ("onnx", "tf2onnx", "onnxruntime"), _write_onnx, _run_onnx),
        Format("litert", ("deep",), False, False, 1e-4, ("ai_edge_litert",), _write_litert, _run_litert),
        Format("openvino", ("deep",), False, False, 1e-4, ("openvino",), _write_openvino, _run_openvino),
        Format("saved_model", ALL, True, True, 1e-5, (), _write_saved_model, _run_saved_model),
        Format("keras", ("deep",), False, True, 1e-5, (), _write_keras, _run_keras),
    )
}
"""All formats but "python", which is a script and no model (`automl.export.script`)."""
