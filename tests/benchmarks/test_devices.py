"""The measure of devices covers every template in the package, with data that each of them reads."""

from __future__ import annotations

from types import ModuleType

import pytest
from benchmark_scripts import benchmark, require_benchmark

from automl import catalog
from automl.records import Template

require_benchmark("devices")
SHIPPED = catalog.members(Template, "automl.templates")


@pytest.fixture(scope="module")
def devices():
    with benchmark("devices") as module:
        yield module


def test_every_shipped_template_is_measured_once(devices: ModuleType):
    assert sorted(devices.TEMPLATES) == sorted(SHIPPED)


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_a_template_is_measured_on_inputs_that_it_builds_a_network_for(devices: ModuleType, name: str):
    inputs, target, specs, head = devices.synthetic(name)
    template = SHIPPED[name]
    assert {spec.kind for spec in specs} <= set(template.accepts) and head.goal in template.goals
    assert {spec.name: (spec.shape, spec.dtype) for spec in specs} == {
        key: (array.shape[1:], str(array.dtype)) for key, array in inputs.items()
    }
    settings = devices.first_start(template, specs, head, len(target))
    knobs = {key: float(settings[key]) for key in template.knobs if key in settings}
    choices = {key: value for key, value in settings.items() if key not in knobs}
    model = template.build(choices, knobs, specs, head)
    assert model.output_shape[1:] == head.shape
