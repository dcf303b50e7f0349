"""Makes a `Recipe` from YAML, flags or Python arguments. Errors name the file, the line and the nearest valid key."""

from automl.recipe.fail_on import RUN_FIELDS, WATCH_FIELDS, Condition, failing, parse_fail_on
from automl.recipe.making import OBJECTS, make, unknown_argument
from automl.recipe.reader import read, validate, values_of
from automl.recipe.schema import schema
from automl.recipe.units import NO_BUDGET, parse_budget, parse_columns, parse_latency
from automl.recipe.writing import costs, dump, search

__all__ = [
    "NO_BUDGET", "OBJECTS", "RUN_FIELDS", "WATCH_FIELDS", "Condition", "costs", "dump", "failing", "make",
    "parse_budget", "parse_columns", "parse_fail_on", "parse_latency", "read", "schema", "search", "unknown_argument",
    "validate", "values_of",
]  # fmt: skip
