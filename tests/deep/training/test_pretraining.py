"""Pretraining: what a teacher predicts, whose labels it learns, and what networks start from."""

from __future__ import annotations

import numpy as np
import pytest

from automl.deep.training.descriptors import descriptors
from automl.deep.training.teacher import Teacher
from automl.records import NGRAM_BITS, Head, InputSpec
from automl.testing.examples import example_arrays, example_specs

SOFTMAX = Head("multiclass", (3,), "softmax", "sparse_categorical_crossentropy", priors=(0.4, 0.3, 0.3))


def clusters(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Rows around three centres, and which they are of."""
    codes = rng.integers(0, 3, n)
    return (3.0 * np.eye(3, 5)[codes] + rng.normal(size=(n, 5))).astype("float32"), codes


def test_a_teacher_tells_classes_of_rows_from_a_few_labels() -> None:
    vectors, codes = clusters(400, np.random.default_rng(0))
    found = Teacher(vectors, SOFTMAX, 0).targets(np.arange(30), np.eye(3)[codes[:30]], np.arange(30, 400))
    assert found.shape == (370, 3) and found.dtype == np.float32
    np.testing.assert_allclose(found.sum(axis=1), 1.0, rtol=1e-5)
    assert (found.argmax(axis=1) == codes[30:]).mean() > 0.85


def test_a_teacher_of_values_and_of_labels_predicts_in_the_target_of_the_network() -> None:
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(300, 4)).astype("float32")
    values = vectors[:, :1] + 0.1 * rng.normal(size=(300, 1))
    values[0] = np.nan  # not known
    linear = Teacher(vectors, Head("regression", (1,), "linear", "mse"), 0).targets(
        np.arange(80), values[:80], np.arange(80, 300)
    )
    assert np.corrcoef(linear[:, 0], values[80:, 0])[0, 1] > 0.9
    labels = (vectors[:, :2] > 0).astype("float32")
    both = Teacher(vectors, Head("multilabel", (2,), "sigmoid", "binary_crossentropy"), 0).targets(
        np.arange(80), labels[:80], np.arange(80, 300)
    )
    assert ((both >= 0) & (both <= 1)).all() and ((both > 0.5) == labels[80:]).mean() > 0.85


@pytest.mark.parametrize("kind", ["numbers", "categories", "image", "series", "tokens"])
def test_rows_of_every_kind_have_vectors(kind: str) -> None:
    specs = [spec for spec in example_specs((kind,), "multiclass") if spec.kind == kind]
    arrays = example_arrays(specs)
    n = len(next(iter(arrays.values())))
    made = descriptors(arrays, specs, 0)
    assert len(made) == n and np.isfinite(made).all() and made.std() > 0
    np.testing.assert_array_equal(made, descriptors(arrays, specs, 0))


def test_ngrams_are_counted_with_their_weights() -> None:
    packed = np.array([[3 | 2047 << NGRAM_BITS, 0], [3 | 1 << NGRAM_BITS, 9 | 2047 << NGRAM_BITS]], np.int32)
    spec = InputSpec("ngrams", "ngrams", (2,), "int32", size=1 << 10, stats={"columns": ["t"]})
    made = descriptors({"ngrams": packed}, (spec,), 0)
    assert made.shape[0] == 2 and abs(float(made[0] @ made[1])) > 0


def test_codes_and_shares_of_classes_have_the_same_loss() -> None:
    keras = pytest.importorskip("keras")
    from automl.layers.losses import loss_for

    rng = np.random.default_rng(2)
    logits, codes = rng.normal(size=(6, 3)).astype("float32"), rng.integers(0, 3, 6).astype("int32")
    shares = np.eye(3, dtype="float32")[codes]
    for more in ({}, {"class_weight": 0.5}, {"ordinal": 1.0}, {"label_smoothing": 0.1}):
        loss = loss_for(SOFTMAX, **more)
        one, other = (float(keras.ops.convert_to_numpy(loss(y, logits))) for y in (codes, shares))
        assert one == pytest.approx(other, rel=1e-5)


def test_the_pretrained_start_is_a_choice_and_its_rate_is_lower() -> None:
    from automl.deep.training.pretraining import FINE_RATE, fine_tuning

    settings = {"learning_rate": 0.01, "start": "pretrained"}
    assert fine_tuning(settings)["learning_rate"] == pytest.approx(0.01 * FINE_RATE)
    assert fine_tuning({**settings, "start": "drawn"})["learning_rate"] == 0.01
    assert fine_tuning({"learning_rate": 0.01}) == {"learning_rate": 0.01}
