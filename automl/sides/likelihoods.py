"""Log-likelihoods of real rows and texts under the generator of a side, where it has one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from automl.modalities.shared.generated import SampleCodec
from automl.modalities.shared.generated_texts import TextCodec
from automl.records import Dataset
from automl.sides.predictors import DeepPredictor, ShallowPredictor

__all__ = ["Likelihood", "likelihood_of"]

BATCH_ROWS = 512
BATCH_TEXTS = 64
KINDS = ("numbers", "categories", "tokens", "noise")
"""Inputs of a generator's layer, in the order in which it takes them."""
NATS_A_BIT = float(np.log(2.0))
COMPONENTS = "it draws along principal components, outside of which nothing has a density"


@dataclass(frozen=True, slots=True, eq=False)
class Likelihood:
    """What a generator says of each of some real items.

    Attributes:
        bits: ``(n,)`` logarithms to base 2: of a row, how much likelier it is than by independent columns; of a text,
            of its probability. Empty where there is none.
        units: ``(n,)`` what they are to be divided by: 1 for a row, the characters of a text.
        is_bound: whether they are lower bounds.
        why: why there is none, in words.
    """

    bits: np.ndarray
    units: np.ndarray
    is_bound: bool = False
    why: str = ""


def likelihood_of(predictor: Any, dataset: Dataset, rows: np.ndarray) -> Likelihood:
    """The likelihood of these rows ``(n,)`` of the dataset under the first model of a side's generator.

    Numbers are ranks, drawn within the interval of a value that many rows share. So their densities are those of
    dequantised values, and all generators of a table have about the same measure: uniform ranks, and shares of levels.

    Source: uniform dequantisation: Theis, van den Oord & Bethge, ICLR 2016, section 3.1.
    """
    if isinstance(predictor, DeepPredictor):
        return _of_network(predictor, dataset, rows)
    if isinstance(predictor, ShallowPredictor):
        model = predictor.models[0]
        learner: Any = getattr(model, "learner", None)
        why = str(getattr(learner, "no_density", ""))
        if why:
            return _none(why)
        likelihood: Any = getattr(model, "log_likelihood", None)
        found = None if likelihood is None else likelihood(dataset, rows)
        return _none(COMPONENTS) if found is None else Likelihood(found[0] / NATS_A_BIT, found[1])
    return _none("it is no single generator")


def _none(why: str) -> Likelihood:
    return Likelihood(np.zeros(0), np.zeros(0), why=why)


def _of_network(predictor: DeepPredictor, dataset: Dataset, rows: np.ndarray) -> Likelihood:
    model = predictor.models[0]
    layer = next((one for one in model.layers if hasattr(one, "log_density")), None)
    if layer is None:
        return _none(COMPONENTS)
    if getattr(layer, "no_density", ""):
        return _none(layer.no_density)
    specs, codec = predictor.encoder.specs, predictor.codec
    step = BATCH_ROWS if isinstance(codec, SampleCodec) else BATCH_TEXTS
    nats, units = [], []
    for begin in range(0, len(rows), step):
        arrays = predictor.encoder.transform(dataset, rows[begin : begin + step])
        ordered = [arrays[spec.name] for kind in KINDS for spec in specs if spec.kind == kind]
        own = np.asarray(layer.log_density(ordered), np.float64)
        if isinstance(codec, SampleCodec):
            own -= codec.rows.log_shares(arrays["categories"]) if "categories" in arrays else 0.0
            units.append(np.ones(len(own)))
        else:
            units.append(codec.characters(arrays["tokens"]) if isinstance(codec, TextCodec) else np.ones(len(own)))
        nats.append(own)
    return Likelihood(np.concatenate(nats) / NATS_A_BIT, np.concatenate(units), bool(getattr(layer, "is_bound", False)))
