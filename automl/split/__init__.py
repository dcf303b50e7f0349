"""Part the rows into training, validation and test before anything is fitted; say in one sentence how.

Rules, the first that applies: forecasts are parted in time within each series; the user's own test rows are kept;
groups stay whole; a named time column parts in time; otherwise rows are shuffled within strata of the target.

Where no row is to test (one side alone is trained, and nothing is compared), the same rules part training from
validation rows.

Below `FEW_ROWS` rows one hold-out mostly picks noise, so further ones are drawn from the training rows, disjoint and by
the same rule. Not for forecasts, which validate on several origins already, nor for dated tables, where an earlier cut
would train on less and judge another time.
"""

from automl.split.forecast import windows
from automl.split.rule import LEAST_ROWS, LEAST_UNTESTED, split

__all__ = ["LEAST_ROWS", "LEAST_UNTESTED", "split", "windows"]
