"""Predictors of both sides' finalists: they weight ensemble members, average seeds and apply the decision."""

from __future__ import annotations

import weakref
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.errors import AutomlError, BundleError
from automl.goals import decided
from automl.goals.shared.outputs import combine
from automl.records import Dataset, Encoder, Output, ShallowModel, TargetCodec
from automl.sides.backend import check_backend
from automl.sides.tiles import is_dense, most_rows, stitched

if TYPE_CHECKING:
    from automl.goals.shared.calibration import Decision

__all__ = [
    "BATCH_SIZE", "BlendPredictor", "DeepPredictor", "Predictor", "ShallowPredictor", "input_names", "opened_from",
    "raw", "with_parts",
]  # fmt: skip

BATCH_SIZE = 1024
ENCODED_ROWS = 16 * BATCH_SIZE
"""Rows of a table that are encoded together: work that is done once for each category level is then done less often."""

# The compiled forward pass of each model; an entry disappears together with its model.
FORWARD: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()


class _Predictor(ABC):
    """How the predictors of both sides combine the outputs of their seeds."""

    __slots__ = ()

    decision: Decision | None
    regions: Any
    source: str

    def output(self, dataset: Dataset, rows: np.ndarray) -> Output:
        """Predict these rows: seeds averaged, calibration and thresholds applied.

        Args:
            dataset: the data.
            rows: row numbers ``(n,)``, or forecast windows ``(n, horizon)``.

        Raises:
            BundleError: the models were opened from a folder, and cannot predict these rows.
        """
        with opened_from(self.source):
            output = combine(self._each(dataset, rows))
            return output if self.decision is None else decided(self.decision, output)

    def each(self, dataset: Dataset, rows: np.ndarray) -> list[Output]:
        """The predictions of each seed, before calibration and thresholds; see `output`."""
        with opened_from(self.source):
            return self._each(dataset, rows)

    @abstractmethod
    def _each(self, dataset: Dataset, rows: np.ndarray) -> list[Output]:
        """The predictions of each seed, undecided, as the side's models give them."""


@dataclass(frozen=True, slots=True, eq=False)
class DeepPredictor(_Predictor):
    """The networks of a finalist, with the encoder and codec that they were trained with.

    Attributes:
        models: the Keras models of all members for the first seed, then for the next; their outputs have no activation.
        encoder: encodes inputs; fitted on training rows.
        codec: decodes outputs; fitted on training rows.
        decision: calibration and thresholds, or None to leave the outputs as they are.
        weights: weights of the ensemble's members, sum 1; a single model has one weight.
        regions: scores of held-out items for intervals or sets (`automl.records.Regions`), or None.
        source: the folder that the models were opened from, whose files may be faulty; "" if they were fitted here.
    """

    models: tuple[Any, ...]
    encoder: Encoder
    codec: TargetCodec
    decision: Decision | None = None
    weights: tuple[float, ...] = (1.0,)
    regions: Any = None
    source: str = ""

    @property
    def reads_arrays(self) -> bool:
        """Whether inputs may be `automl.records.ColumnArrays`."""
        return bool(getattr(self.encoder, "reads_arrays", False))

    def _each(self, dataset: Dataset, rows: np.ndarray) -> list[Output]:
        check_backend()
        parts: list[list[np.ndarray]] = [[] for _ in self.models]
        is_table = rows.ndim == 1 and hasattr(dataset.inputs, "columns") and not dataset.pictures
        step = ENCODED_ROWS if is_table else BATCH_SIZE
        for start in range(0, max(len(rows), 1), step):
            arrays = self.encoder.transform(dataset, rows[start : start + step])
            size = min((most_rows(model, BATCH_SIZE) for model in self.models), default=BATCH_SIZE)
            for begin in range(0, max(len(rows[start : start + step]), 1), size):
                batch = {name: array[begin : begin + size] for name, array in arrays.items()}
                for part, model in zip(parts, self.models, strict=True):
                    part.append(raw(model, batch))
        return seeds([self.codec.decode(np.concatenate(part)) for part in parts], self.weights)


@dataclass(frozen=True, slots=True, eq=False)
class ShallowPredictor(_Predictor):
    """The shallow models of a finalist; each encodes its inputs itself.

    Attributes:
        models: the fitted models of all members for the first seed, then for the next.
        decision: calibration and thresholds, or None to leave the outputs as they are.
        weights: weights of the ensemble's members, sum 1; a single model has one weight.
        regions: scores of held-out items for intervals or sets, or None.
        source: the folder that the models were opened from; "" if they were fitted here.
    """

    models: tuple[ShallowModel, ...]
    decision: Decision | None = None
    weights: tuple[float, ...] = (1.0,)
    regions: Any = None
    source: str = ""

    @property
    def reads_arrays(self) -> bool:
        """Whether inputs may be `automl.records.ColumnArrays`."""
        return all(getattr(model, "reads_arrays", False) for model in self.models)

    def _each(self, dataset: Dataset, rows: np.ndarray) -> list[Output]:
        return seeds([model.predict(dataset, rows) for model in self.models], self.weights)


@dataclass(frozen=True, slots=True, eq=False)
class BlendPredictor(_Predictor):
    """The weighted mean of both finalists, each with its own decision; it refers to their models and has none itself.

    Attributes:
        deep: the deep finalist.
        shallow: the shallow finalist.
        weight_of_deep: from 0 to 1; the shallow finalist has the rest.
        decision: calibration and thresholds of the mean, or None; labels are then the most probable ones.
        regions: scores of held-out items for intervals or sets, or None.
        source: the folder that the models were opened from; "" if they were fitted here.
    """

    deep: Predictor
    shallow: Predictor
    weight_of_deep: float
    decision: Decision | None = None
    regions: Any = None
    source: str = ""

    @property
    def parts(self) -> tuple[float, float]:
        """The weights of both finalists."""
        return self.weight_of_deep, 1 - self.weight_of_deep

    @property
    def reads_arrays(self) -> bool:
        """Whether inputs may be `automl.records.ColumnArrays`."""
        return self.deep.reads_arrays and self.shallow.reads_arrays

    def _each(self, dataset: Dataset, rows: np.ndarray) -> list[Output]:
        """The mean alone: finalists average their seeds before they decide."""
        return [combine((self.deep.output(dataset, rows), self.shallow.output(dataset, rows)), self.parts)]


Predictor = DeepPredictor | ShallowPredictor | BlendPredictor


def with_parts(side: str, predictor: Predictor) -> dict[str, Predictor]:
    """A predictor by its side, together with the finalists that it is made of if it is a blend."""
    parts = {"deep": predictor.deep, "shallow": predictor.shallow} if isinstance(predictor, BlendPredictor) else {}
    return {**parts, side: predictor}


@contextmanager
def opened_from(source: str) -> Iterator[None]:
    """Turn errors of a model that was opened from a folder into a `BundleError`.

    Opening checked sizes, paths and names. A state of the right type with senseless values fails only when it is used.

    Args:
        source: the folder; "" for a model that was fitted here, whose errors are raised unchanged.

    Raises:
        BundleError: the model raised an error that is not an `AutomlError`.
    """
    try:
        yield
    except AutomlError:
        raise
    except Exception as error:
        if not source:
            raise
        raise BundleError(
            f"the model in {source} cannot predict these rows ({type(error).__name__}: {str(error)[:200]}); either its "
            "files do not belong together, or the rows differ in kind from those it was trained on: check the rows, "
            "or save the model again"
        ) from error


def seeds(outputs: Sequence[Output], weights: Sequence[float]) -> list[Output]:
    """Combine the outputs of all members into one output for each seed.

    Args:
        outputs: outputs of all members for the first seed, then for the next.
        weights: weights of the members.
    """
    n = len(weights)
    return [combine(outputs[start : start + n], weights) for start in range(0, len(outputs), n)]


def raw(model: Any, arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    """Run one forward pass without dropout, through a function that is compiled once for each model.

    The batch dimension of the compiled function is open, so a smaller last batch needs no new trace.
    ``model.predict`` would take about 80 ms a call; this takes less than 1 ms for a small network.

    Args:
        model: a Keras model with named inputs.
        arrays: arrays by input name, ``(n, ...)`` each; names that the model has no input for are ignored.

    Returns:
        The raw outputs, ``(n, ...)`` float32; of pictures larger than the network's input those of tiles, as one.
    """
    import tensorflow as tf

    names = input_names(model)
    forward = FORWARD.get(model)
    if forward is None:
        forward = FORWARD[model] = compiled(model, names)

    def run(given: Mapping[str, np.ndarray]) -> np.ndarray:
        return np.asarray(forward([tf.convert_to_tensor(np.asarray(given[name])) for name in names]), dtype="float32")

    if not is_dense(model):
        return run(arrays)
    tile = tuple(int(side) for side in model.outputs[0].shape[1:3])
    canvas = next(np.shape(arrays[name])[1:3] for name in names if np.ndim(arrays[name]) == 4)

    def judge(top: int, left: int) -> np.ndarray:
        return run({name: _tile(arrays[name], top, left, tile) for name in names})

    return stitched(judge, canvas, tile)


def _tile(array: np.ndarray, top: int, left: int, tile: Sequence[int]) -> np.ndarray:
    """A tile of pictures; other arrays as they are."""
    if np.ndim(array) != 4:
        return array
    return array[:, top : top + tile[0], left : left + tile[1]]


def input_names(model: Any) -> list[str]:
    """The names of a model's inputs, which are those of its `InputSpec`s."""
    structure = input_structure(model)
    return list(structure) if isinstance(structure, dict) else [tensor.name for tensor in model.inputs]


def input_structure(model: Any) -> Any:
    """The structure in which a model takes its inputs: a mapping by name, a list, or a single tensor."""
    try:
        return model.input
    except AttributeError:  # a Sequential that was never called
        return model.inputs[0] if len(model.inputs) == 1 else model.inputs


def compiled(model: Any, names: Sequence[str]) -> Any:
    """Compile the forward pass of a model as a TensorFlow function.

    The function refers to the model weakly; otherwise the cache would keep the model alive. It is traced here and not
    at its first call: with one function for each model, TensorFlow would warn that a function is retraced too often.
    """
    import tensorflow as tf

    reference = weakref.ref(model)
    structure = input_structure(model)
    is_mapping, is_single = isinstance(structure, dict), not isinstance(structure, dict | list | tuple)
    tensors = structure if is_mapping else {tensor.name: tensor for tensor in model.inputs}
    signature = [tf.TensorSpec((None, *tensors[name].shape[1:]), tensors[name].dtype) for name in names]

    def forward(values: list[Any]) -> Any:
        inputs = dict(zip(names, values, strict=True)) if is_mapping else values[0] if is_single else values
        network: Any = reference()
        return network(inputs, training=False)

    return tf.function(forward, input_signature=[signature], autograph=False).get_concrete_function()
