"""Few rows share the first of the time between several trials, by what the networks read."""

import pytest

from automl.deep.lengths import SMALL_ROWS, Lengths
from automl.testing.examples import example_specs, example_task


@pytest.mark.parametrize(
    ("kinds", "goal", "wanted"),
    [
        (("numbers", "categories"), "binary", 6),
        (("series",), "multiclass", 3),
        (("series",), "forecast", 0),
        (("image",), "binary", 0),
        (("numbers", "image"), "binary", 0),
    ],
)
def test_small_tables_and_few_whole_series_want_several_trials(kinds, goal, wanted):
    task, specs = example_task(goal), example_specs(kinds, goal)
    assert Lengths.of(SMALL_ROWS - 1, task, specs).wanted == wanted
    assert Lengths.of(SMALL_ROWS, task, specs).wanted == 0
