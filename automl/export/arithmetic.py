"""The parts of an exported graph beside networks, in TensorFlow: encoding, shallow learners, decisions, units.

Each function does what one of automl's does in NumPy, in the floating type that the format holds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from automl import goals
from automl.errors import DataError
from automl.export.linear import fourier, linear
from automl.export.trees import Trees, of_forest, of_gradient_boosting, of_lightgbm

__all__ = ["combined", "decided", "decoded", "encoded_numbers", "learnt", "predicted"]

Tensors = dict[str, Any]
CYCLE, LATER = 146_097, 25
"""Days of the calendar's cycle of 400 years, a whole number of weeks; cycles that dates are moved on."""


# --------------------------------------------------------------------------- encoding


def encoded_numbers(part: Any, cells: Any, seconds: Any) -> Any:
    """What `Numbers.transform` makes of cells ``(n, n_numeric)`` float64 and seconds ``(n, n_dates)`` int64."""
    import tensorflow as tf

    blocks = [] if cells is None else [cells]
    for place, origin in enumerate(part.origins):
        blocks.append(_date_parts(seconds[:, place], float(origin)))
    raw = tf.concat(blocks, axis=1)
    raw = tf.where(tf.math.is_inf(raw), tf.constant(math.nan, tf.float64), raw)
    gone = tf.math.is_nan(raw)
    filled = tf.where(gone, tf.constant(part.fill, tf.float64), raw)
    inner = tf.minimum(tf.maximum(filled, tf.constant(part.low, tf.float64)), tf.constant(part.high, tf.float64))
    inner = tf.cast(inner - tf.constant(part.offset, tf.float64), tf.float32)
    kept = tf.gather(inner, tf.constant(part.kept, tf.int32), axis=1)
    flags = tf.gather(tf.cast(gone, tf.float32), tf.constant(part.flagged, tf.int32), axis=1)
    return tf.concat([kept, flags], axis=1)


def _date_parts(seconds: Any, origin: float) -> Any:
    """``(n, 11)`` float64, NaN for gaps (the least int64).

    Source of year, month and day: Hinnant, "chrono-compatible low-level date algorithms", 2014 (civil_from_days).
    """
    import tensorflow as tf

    def real(value: Any) -> Any:
        return tf.cast(value, tf.float64)

    gap = seconds < -(2**62)
    # Ten thousand years on, so that no number is negative: ONNX rounds quotients of integers towards zero.
    seconds = tf.where(gap, tf.zeros_like(seconds), seconds)
    later = seconds + 86400 * CYCLE * LATER
    days = later // 86400
    z = days + 719468
    era = z // CYCLE
    day_of_era = z - era * CYCLE
    years = (day_of_era - day_of_era // 1460 + day_of_era // 36524 - day_of_era // 146096) // 365
    day_of_year = day_of_era - (365 * years + years // 4 - years // 100)  # from 1 March
    shifted = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * shifted + 2) // 5 + 1
    month = tf.where(shifted < 10, shifted + 3, shifted - 9)
    year = years + era * 400 + tf.cast(month <= 2, tf.int64)
    before = year - 1
    january = 365 * before + before // 4 - before // 100 + before // 400 - 719162  # days of 1 January since 1970
    turn = 2 * math.pi
    phases = [
        turn * real(month - 1) / 12.0, turn * real(days - january) / 365.25,
        turn * real((days + 3) - (days + 3) // 7 * 7) / 7.0,
        turn * real(later - days * 86400) / 86400.0,
    ]  # fmt: skip
    waves = [wave(phase) for phase in phases for wave in (tf.sin, tf.cos)]
    parts = [real(seconds) / 86400.0 - origin, real(year - 400 * LATER), *waves[:6], real(day), *waves[6:]]
    return tf.where(gap[:, None], tf.constant(math.nan, tf.float64), tf.stack(parts, axis=1))


# --------------------------------------------------------------------------- networks


def decoded(codec: Any, raw: Any, real: Any) -> Tensors:
    """What ``codec.decode`` makes of a network's output, without labels."""
    import tensorflow as tf

    state = codec.state()
    kind = state["codec"]
    raw = tf.cast(raw, real)
    if kind == "classes":
        if codec.head.shape == (1,):
            logit = tf.reshape(raw, (-1, 1))
            return {"probabilities": tf.concat([tf.sigmoid(-logit), tf.sigmoid(logit)], axis=1)}
        return {"probabilities": tf.nn.softmax(tf.reshape(raw, (-1, codec.head.shape[0])), axis=1)}
    if kind == "labels":
        return {"probabilities": tf.sigmoid(tf.reshape(raw, (-1, codec.head.shape[0])))}
    if kind == "values":
        inner = tf.reshape(raw, (-1, len(state["targets"])))
        inner = tf.minimum(tf.maximum(inner, tf.constant(codec.low, real)), tf.constant(codec.high, real))
        inner = inner * tf.constant(codec.std, real) + tf.constant(codec.mean, real)
        return {"values": tf.stack([_back(s.power, s.origin, s.unit, inner[:, i], real)
                                    for i, s in enumerate(codec.shapes)], axis=1)}  # fmt: skip
    if kind == "scores":
        scores = tf.reshape(raw, (-1,))
        high = tf.minimum(tf.maximum(scores / 2.0, 0.0), 1.0)
        return {"scores": scores, "probabilities": tf.stack([1.0 - high, high], axis=1)}
    if kind == "vectors":
        return {"vectors": raw}
    if kind == "forecast":
        found = {"values": raw[..., 0]}
        return {**found, "quantiles": tf.sort(raw[..., 1:], axis=-1)} if codec.head.quantiles else found
    raise DataError(f"targets coded as {kind!r} have no export; serve the saved model with automl")


def _back(power: float, origin: float, unit: float, z: Any, real: Any) -> Any:
    """`automl.goals.shared.target_transform.TargetTransform.back`."""
    import tensorflow as tf

    if power == 1.0:
        return z
    size = tf.math.log(1.0 + power * tf.abs(z)) / power if power else tf.abs(z)
    return tf.sign(z) * (tf.exp(size) - 1.0) * tf.constant(unit, real) + tf.constant(origin, real)


# --------------------------------------------------------------------------- shallow models


def predicted(model: Any, X: Any, real: Any) -> Tensors:
    """What a shallow model predicts of its matrix ``(n, n_columns)``, without labels.

    Raises:
        DataError: its learner has no export.
    """
    import tensorflow as tf

    out = learnt(model.learner, X, real)
    if goals.named(model.goal).is_classification:
        return {"probabilities": out}
    columns = [out[:, place] for place in range(out.shape[1])]
    for place, (power, origin, unit, low, high) in enumerate(model.curves):
        inner = tf.minimum(tf.maximum(columns[place], tf.constant(low, real)), tf.constant(high, real))
        columns[place] = _back(power, origin, unit, inner, real)
    return {"values": tf.stack(columns, axis=1)}


def learnt(learner: Any, X: Any, real: Any) -> Any:
    """What a learner makes of its matrix: probabilities or values.

    Raises:
        DataError: it has no export.
    """
    kinds: Mapping[str, Callable[[Any, Any, Any], Any]] = {
        "Linear": linear, "Boosting": _boosting, "Forest": _forest, "Boosters": _boosters, "EachTarget": _each,
        "Fourier": fourier,
    }  # fmt: skip
    name = type(learner).__name__
    if name not in kinds:
        raise DataError(
            f"the shallow learner {name} has no export (linear models, also of random Fourier features, scikit-learn's "
            "boosted trees and forests, and LightGBM have; support vectors and neighbours would carry training rows "
            "along); export the deep side or --format python"
        )
    return kinds[name](learner, X, real)


def _each(learner: Any, X: Any, real: Any) -> Any:
    import tensorflow as tf

    return tf.concat([learnt(one, X, real) for one in learner.fitted], axis=1)


def _boosting(learner: Any, X: Any, real: Any) -> Any:
    import tensorflow as tf

    unseen = getattr(learner, "unseen", None)
    if unseen is not None and unseen.any():
        X = tf.where(tf.constant(unseen), tf.constant(0.0, real), X)
    parts = []
    for model in learner.models:
        if isinstance(model, float):
            parts.append(_certain(X, np.array([int(model)]), learner.n_codes, real))
            continue
        n_outputs = len(np.ravel(model._baseline_prediction))
        raw = _tree_sums(of_gradient_boosting(model), X, n_outputs, real) + tf.constant(
            np.ravel(model._baseline_prediction), real
        )
        parts.append(_in_users_terms(learner, raw, getattr(model, "classes_", None), real))
    return _together(learner, parts)


def _boosters(learner: Any, X: Any, real: Any) -> Any:
    import tensorflow as tf

    if learner.library != "lightgbm":
        raise DataError(
            f"trees of {learner.library} have no export; export the deep side, or serve the saved model with automl"
        )
    from automl.baselines.learners.lightgbm_trees import opened

    parts = []
    for content, codes in zip(learner.stored, learner.codes, strict=True):
        if content is None:
            parts.append(_certain(X, codes, learner.n_codes, real))
            continue
        booster = opened(content.tobytes())
        raw = _tree_sums(of_lightgbm(booster), X, booster.num_model_per_iteration(), real)
        parts.append(_in_users_terms(learner, tf.cast(raw, real), codes if learner.is_classifier else None, real))
    return _together(learner, parts)


def _in_users_terms(learner: Any, raw: Any, classes: Any, real: Any) -> Any:
    """Raw sums ``(n, n_outputs)`` as values ``(n,)``, or as shares of all class codes."""
    import tensorflow as tf

    if not learner.is_classifier:
        return raw[:, 0]
    if raw.shape[1] == 1:
        shares = tf.concat([tf.sigmoid(-raw), tf.sigmoid(raw)], axis=1)
    else:
        shares = tf.nn.softmax(raw, axis=1)
    return _spread(shares, classes, learner.n_codes, real)


def _together(learner: Any, parts: Sequence[Any]) -> Any:
    import tensorflow as tf

    if not learner.is_classifier:
        return tf.stack(parts, axis=1)
    return tf.stack([part[:, 1] for part in parts], axis=1) if learner.is_multilabel else parts[0]


def _certain(X: Any, codes: np.ndarray, n_codes: int, real: Any) -> Any:
    """Shares of a model that saw one class only."""
    import tensorflow as tf

    row = np.zeros(n_codes)
    row[int(codes[0])] = 1.0
    return tf.zeros_like(X[:, :1]) + tf.constant(row[None], real)


def _spread(shares: Any, classes: Any, n_codes: int, real: Any) -> Any:
    """Columns in the order of all class codes."""
    import tensorflow as tf

    codes = np.asarray(classes, np.int64)
    if len(codes) == n_codes and (codes == np.arange(n_codes)).all():
        return shares
    places = np.zeros((len(codes), n_codes))
    places[np.arange(len(codes)), codes] = 1.0
    return tf.matmul(shares, tf.constant(places, real))


def _forest(learner: Any, X: Any, real: Any) -> Any:
    import tensorflow as tf

    model = learner.models[0]
    # scikit-learn's forests compare values as float32 with thresholds as float64.
    sums = _tree_sums(of_forest(model), tf.cast(tf.cast(X, tf.float32), real), 0, real)
    shares = sums / len(model.estimators_)
    if not learner.is_classifier:
        return shares
    if not learner.is_multilabel:
        return _spread(shares, model.classes_, learner.n_classes, real)
    classes = model.classes_ if isinstance(model.classes_, list) else [model.classes_]
    widest = max(map(len, classes))
    columns = []
    for place, own in enumerate(classes):
        part = shares[:, place * widest : place * widest + len(own)]
        columns.append(_spread(part, own, 2, real)[:, 1])
    return tf.stack(columns, axis=1)


def _tree_sums(trees: Trees, X: Any, n_outputs: int, real: Any) -> Any:
    """Sums over trees: of leaves ``(n, n_outputs)`` where trees take turns, else of all values of a leaf."""
    import tensorflow as tf

    feature, left, right = (tf.constant(one) for one in (trees.feature, trees.left, trees.right))
    threshold = tf.constant(trees.threshold, real)
    zero_gaps = bool(np.isfinite(trees.gap_value).any())
    node = tf.zeros_like(tf.cast(X[:, :1], tf.int32)) + tf.constant(trees.roots[None])  # (n, n_trees)
    for _ in range(trees.depth):
        value = tf.gather(X, tf.gather(feature, node), batch_dims=1)
        gap = tf.math.is_nan(value)
        # Here the condition is the test for NaN itself: any other choice is written to ONNX as a sum of products with
        # 0 and 1, and is NaN where one side is.
        value = tf.where(gap, tf.constant(0.0, real), value)
        if zero_gaps:  # a gap that counts as a value counts as zero, see `of_lightgbm`
            gap = gap & ~tf.gather(tf.constant(np.isfinite(trees.gap_value)), node)
        goes_left = tf.where(gap, tf.gather(tf.constant(trees.gap_left), node), value <= tf.gather(threshold, node))
        if len(trees.codes):
            row = tf.gather(tf.constant(trees.codes_row), node)
            code = tf.cast(tf.minimum(tf.maximum(value, 0.0), float(trees.codes.shape[1] - 1)), tf.int32)  # fmt: skip
            flat = tf.constant(trees.codes.ravel())
            held = tf.gather(flat, tf.maximum(row, 0) * trees.codes.shape[1] + code)
            goes_left = tf.where((row >= 0) & ~gap, held, goes_left)
        node = tf.where(goes_left, tf.gather(left, node), tf.gather(right, node))
    if not n_outputs:
        return tf.reduce_sum(tf.gather(tf.constant(trees.value, real), node), axis=1)
    values = tf.gather(tf.constant(trees.value[:, 0], real), node)
    turns = tf.reshape(values, (-1, len(trees.roots) // n_outputs, n_outputs))
    return tf.reduce_sum(turns, axis=1)


# --------------------------------------------------------------------------- together


def combined(parts: Sequence[Tensors], weights: Sequence[float], real: Any) -> Tensors:
    """The weighted means of what every part has."""
    import tensorflow as tf

    if len(parts) == 1:
        return dict(parts[0])
    shares = np.asarray(weights, np.float64) / np.sum(weights)
    names = [name for name in parts[0] if all(name in part for part in parts) and name != "labels"]
    return {
        name: tf.add_n([part[name] * tf.constant(share, real) for part, share in zip(parts, shares, strict=True)])
        for name in names
    }


def decided(outputs: Tensors, decision: Any, is_multilabel: bool, real: Any) -> Tensors:
    """Calibrated probabilities and labels, as `automl.goals.decided` has them; the most probable ones undecided."""
    import tensorflow as tf

    if "probabilities" not in outputs:
        return outputs
    p = outputs["probabilities"]
    if decision is None or not decision.slopes:
        labels = tf.cast(p >= 0.5, tf.int64) if is_multilabel else tf.argmax(p, axis=1, output_type=tf.int64)
        return {**outputs, "labels": labels}
    slopes, shifts = tf.constant(decision.slopes, real), tf.constant(decision.shifts, real)
    changes = decision.reach != 0 or any(s != 1 for s in decision.slopes) or any(decision.shifts)
    tiny = 1e-300 if real == tf.float64 else 1e-37
    if decision.thresholds:
        positive = p if is_multilabel else p[:, 1:]
        if changes:
            top = float(np.nextafter(np.asarray(1.0, real.as_numpy_dtype), np.asarray(0.0, real.as_numpy_dtype)))
            inner = tf.minimum(tf.maximum(positive, tiny), top)
            logits = tf.math.log(inner) - tf.math.log(1.0 - inner)
            positive = tf.sigmoid(slopes * _bent(logits, decision.reach, real) + shifts)
            p = positive if is_multilabel else tf.concat([1.0 - positive, positive], axis=1)
        marks = tf.cast(positive >= tf.constant(decision.thresholds, real), tf.int64)
        return {**outputs, "probabilities": p, "labels": marks if is_multilabel else marks[:, 0]}
    if changes:
        bent = _bent(tf.math.log(tf.maximum(p, tiny)), decision.reach, real)
        p = tf.nn.softmax(slopes * bent + shifts, axis=1)
    logs = tf.math.log(tf.maximum(p, tiny)) + tf.constant(decision.biases, real)
    return {**outputs, "probabilities": p, "labels": tf.argmax(logs, axis=1, output_type=tf.int64)}


def _bent(z: Any, reach: float, real: Any) -> Any:
    """`automl.goals.shared.calibration._bend`."""
    import tensorflow as tf

    if reach <= 0:
        return z
    size, end = tf.abs(z), tf.constant(reach, real)
    beyond = tf.maximum(size - end, 0.0)
    return tf.sign(z) * (tf.minimum(size, end) + beyond / (1.0 + beyond))
