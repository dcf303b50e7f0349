"""The one place that says which of scikit-learn's checks an estimator of ours fails, and why."""

from __future__ import annotations

WEIGHTS = (
    "Rows that validate are drawn from all rows, so a row of weight 2 is in one part, while the same row given twice "
    "may be in both. A weight of zero is the same as leaving the row out, which is tested apart."
)

EXPECTED = {"check_sample_weight_equivalence_on_dense_data": WEIGHTS}
