"""What the user should know about the data before trusting a score: each check is one function, one finding or None.

`audit` and `duplicate_rows` look at a table while it is read. `examine` looks at rows, target and split afterwards, and
is the only place that looks at inputs of training and test rows together.
"""

from automl.detect.audit.columns import audit, duplicate_rows
from automl.detect.audit.examine import examine

__all__ = ["audit", "duplicate_rows", "examine"]
