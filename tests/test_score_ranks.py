"""Ranks among reference scores: the same in NumPy and in the layer, ordered beyond the ends, without a row's own."""

from __future__ import annotations

import numpy as np
import pytest

from automl.score_ranks import N_REFERENCE, ranks, reference


def test_a_rank_is_the_share_of_less_unusual_rows() -> None:
    scores = np.random.default_rng(0).gamma(2.0, size=20_000)
    held = reference(scores)
    assert held.shape == (N_REFERENCE,)
    assert (np.diff(held) >= 0).all()
    for level in (0.1, 0.5, 0.9, 0.99):
        assert ranks(np.quantile(scores, [level]), held)[0] == pytest.approx(level, abs=0.01)


def test_order_remains_beyond_the_reference() -> None:
    held = reference(np.random.default_rng(0).normal(size=500))
    far = np.array([-1e6, -50.0, 0.0, 50.0, 1e3, 1e6])
    found = ranks(far, held)
    assert (np.diff(found) > 0).all()
    assert -1.0 < found[0] < 0.0
    assert 1.0 < found[-1] < 2.0


def test_no_rows_own_score_is_kept_at_the_end() -> None:
    scores = np.concatenate([np.zeros(100), [5.0, 6.0, 777.0]])
    assert reference(scores).max() <= 5.0


@pytest.mark.parametrize("scores", [np.zeros(50), np.ones(2), np.array([3.0])], ids=["constant", "two", "one"])
def test_scores_without_spread_give_finite_ranks(scores: np.ndarray) -> None:
    assert np.isfinite(ranks(np.array([-1.0, 0.0, 1.0, 9.0]), reference(scores))).all()


def test_the_layer_ranks_as_numpy_does() -> None:
    from automl.layers.ranks import ReferenceRank

    rng = np.random.default_rng(0)
    held, new = reference(rng.gamma(2.0, size=3_000)), rng.gamma(2.0, size=(400, 1)).astype("float32") * 1.5
    layer = ReferenceRank()
    assert np.array_equal(np.asarray(layer(new)), new)  # not placed yet
    layer.reference.assign(held)
    layer.ready.assign(1.0)
    np.testing.assert_allclose(np.asarray(layer(new))[:, 0], ranks(new[:, 0], held), atol=2e-5)
