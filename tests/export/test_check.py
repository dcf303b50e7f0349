"""What an export may differ by is told of each target, so that a small one does not hide behind a large one."""

import numpy as np
import pytest

from automl.errors import DataError
from automl.export.check import differences, refuse_far
from automl.export.formats import FORMATS


@pytest.mark.parametrize(
    ("found", "wanted", "gap"),
    [([[1e6, 6.0]], [[1e6, 1.0]], 5.0), ([[1e6, 1.0]], [[1e6 + 1, 1.0]], 1 / (1e6 + 1)), ([6.0, 2.0], [5.0, 2.0], 0.2),
     ([[[1e6, 3.0]], [[1e6, 4.0]]], [[[1e6, 2.0]], [[1e6, 4.0]]], 0.25), ([[0.0, 1.0]], [[0.0, 1.0]], 0.0)],
)  # fmt: skip
def test_values_differ_by_a_share_of_their_own_target(found, wanted, gap):
    apart = differences({"values": np.array(found)}, {"values": np.array(wanted)})
    assert apart == {"values": pytest.approx(gap)}


def test_quantiles_differ_by_a_share_of_their_own_target():
    wanted = np.ones((4, 3, 2, 5)) * np.array([1e6, 2.0])[:, None]
    found = wanted.copy()
    found[1, 2, 1, 4] = 3.0
    assert differences({"quantiles": found}, {"quantiles": wanted}) == {"quantiles": pytest.approx(0.5)}


def test_a_small_target_that_differs_is_refused():
    apart = differences({"values": np.array([[1e6, 6.0]])}, {"values": np.array([[1e6, 1.0]])})
    with pytest.raises(DataError, match="differs from the model by 5 in values"):
        refuse_far(apart, FORMATS["onnx"], 1)


def test_what_is_no_number_is_refused():
    apart = differences({"values": np.array([[np.nan, 1.0]])}, {"values": np.array([[1.0, 1.0]])})
    with pytest.raises(DataError, match="nan in values"):
        refuse_far(apart, FORMATS["onnx"], 1)
