"""Splits the rows into training, validation and test before anything is fitted, and describes how in one sentence.

The first rule that applies decides:

1. forecasts are split in time within each series;
2. test rows given by the user are kept;
3. groups stay whole;
4. a time column splits the rows in time: one that the user named, or that of a series which is not forecast;
5. otherwise rows are shuffled within strata of the target.

If no test rows are wanted (one side is trained alone and nothing is compared), the same rules split the rows into
training and validation.

Below `FEW_ROWS` rows, choosing by a single hold-out mostly picks noise. Therefore further hold-outs are drawn from the
training rows, disjoint and by the same rule. Two cases keep one: forecasts, which already validate on several origins,
and tables with a time column, where an earlier cut would train on less and validate on another time.
"""

from automl.split.draw import LEAST_OF_A_CLASS
from automl.split.forecast import windows
from automl.split.out_of_fold import fold_splits, rows_that_chose
from automl.split.rule import LEAST_ROWS, LEAST_UNTESTED, split
from automl.split.units import time_ids_of, unit_ids_of
from automl.split.untargeted import lacking_labels

__all__ = [
    "LEAST_OF_A_CLASS", "LEAST_ROWS", "LEAST_UNTESTED", "fold_splits", "lacking_labels", "rows_that_chose", "split",
    "time_ids_of", "unit_ids_of", "windows",
]  # fmt: skip
