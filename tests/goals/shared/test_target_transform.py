import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from automl.goals.shared.target_transform import PLAIN, POWERS, TargetTransform, bounds, transform_for

SHAPES = [
    TargetTransform(power, origin, unit) for power in (1.0, *POWERS) for origin, unit in ((0.0, 2.0), (-5.0, -0.5))
]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # neither tells of more than a busy machine
@given(st.sampled_from(SHAPES), st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20))
def test_back_undoes_forward_and_order_is_kept_or_turned(shape, values):
    y = np.array(sorted(values))
    z = shape.forward(y)
    assert shape.back(z) == pytest.approx(y, rel=1e-6, abs=1e-6)
    turned = shape.unit < 0 and shape.power < 1
    assert (np.diff(-z if turned else z) >= 0).all()


def test_few_rows_and_few_values_are_left_alone():
    assert transform_for(np.array([0.0, 1.0, 1000.0])) == PLAIN
    assert transform_for(np.tile([0.0, 0.0, 0.0, 1.0, 100.0], 100)) == PLAIN
    assert transform_for(np.full(100, 3.0)) == PLAIN


def test_the_unit_does_not_depend_on_the_scale_of_the_target():
    values = np.random.default_rng(0).lognormal(0, 1, 400)
    one, other = transform_for(values), transform_for(values * 1e6)
    assert one.power == other.power < 1
    assert other.unit == pytest.approx(one.unit * 1e6)
    assert other.forward(values * 1e6) == pytest.approx(one.forward(values))


def test_absolute_errors_ask_for_a_stronger_power_than_squared_ones():
    values = np.random.default_rng(0).lognormal(0, 1, 500)
    assert (transform_for(values, "r2").power, transform_for(values, "mae").power) == (0.25, 0.0)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_bounds_hold_the_training_range_and_a_turned_target_has_them_the_other_way_round(sign):
    values = 50 + sign * np.random.default_rng(0).gamma(1.0, 3.0, 400)
    shape = transform_for(values)
    assert shape.power == 0.5
    low, high = bounds(shape, values)
    assert low < high
    inner = shape.forward(values)
    assert low <= inner.min() and inner.max() <= high
    reached = np.sort(shape.back(np.array([low, high])))
    assert reached[0] <= values.min() and values.max() <= reached[1]
    assert reached[1] - reached[0] < 2 * np.ptp(values)


@pytest.mark.parametrize("offset", [0.0, 1e8])
def test_no_bound_lies_further_out_than_the_training_range_is_wide(offset):
    values = offset + np.sinh(np.random.default_rng(0).normal(0, 4, 400))
    shape = transform_for(values, "mae")
    assert shape.power < 1
    low, high = np.sort(shape.back(np.array(bounds(shape, values))))
    assert values.min() - np.ptp(values) * 1.01 <= low < values.min()
    assert values.max() < high <= values.max() + np.ptp(values) * 1.01


def test_a_floor_of_zero_is_kept():
    values = np.random.default_rng(0).gamma(1.0, 3.0, 400)
    for shape in (PLAIN, transform_for(values)):
        assert shape.back(np.array(bounds(shape, values)[0])) == pytest.approx(0.0, abs=1e-9)
