"""Numbers on a normal scale."""

import numpy as np
import pytest
from sklearn.preprocessing import QuantileTransformer

from automl.baselines.features.normal import normal_scores


@pytest.mark.parametrize("n_rows", [1, 700])
def test_the_scores_are_those_of_scikit_learn_also_beyond_the_bounds_and_for_values_that_come_back(n_rows):
    rng = np.random.default_rng(0)
    known = np.stack([rng.normal(size=500), rng.integers(0, 4, 500) * 1.0, rng.gamma(0.3, 1e6, 500)], axis=1)
    fitted = QuantileTransformer(n_quantiles=200, output_distribution="normal", random_state=0).fit(known)
    new = np.concatenate([known, known[:200] * 3.0 - 1.0])[-n_rows:]
    np.testing.assert_allclose(normal_scores(fitted, new), fitted.transform(new), rtol=1e-9, atol=1e-12)
