"""Projections to more numbers than there are columns."""

import numpy as np
import pytest

from automl.baselines.learners.projection import PrincipalProjection


@pytest.mark.parametrize(("dims", "expected"), [(2, 2), (4, 4), (10, 4)])
def test_there_are_at_most_as_many_components_as_columns(dims: int, expected: int) -> None:
    X = np.random.default_rng(0).normal(size=(50, 4))
    projection = PrincipalProjection(dims)
    projection.fit(X, 0)
    vectors = projection.transform(X)
    assert vectors.shape == (50, expected) and np.isfinite(vectors).all()
