"""Values from files that anybody may have written."""

import pytest

from automl.records import Cost
from automl.storage import values
from automl.storage.values import Misfit


@pytest.mark.parametrize(
    "text", ['{"a": [1, 2.5, "é", null, true]}', "[]", "5", '"x"', str(2**128), "[" * 60 + "]" * 60]
)
def test_what_automl_writes_is_read(text):
    import json

    assert values.parse(text) == values.parse(text.encode()) == json.loads(text)


@pytest.mark.parametrize(
    "text",
    ["", "{", "NaN", "[Infinity]", "-Infinity", "1e999", "9" * 5000, str(2**300), "[" * 100 + "]" * 100, "[" * 10**6,
     '{"a":' * 1000 + "1" + "}" * 1000, '"\\ud800"', '{"\\udfff": 1}', b"\xff", b'"\xe9"', "\0", "{}{}", "{1: 2}"],
)  # fmt: skip
def test_what_nobody_can_use_is_refused(text):
    with pytest.raises(Misfit):
        values.parse(text)


BAD = {
    values.number: [None, True, "1", 1e200, -5, [], 10**400],
    values.whole: [None, True, 1.0, "1", -1, 11, 10**60],
    values.text: [None, 5, b"x", "x" * 100],
    values.flag: [None, 0, 1, "true"],
    values.listed: [None, (), {}, [1] * 11, "x"],
    values.mapping: [None, [], "x", {str(i): i for i in range(11)}],
}
GOOD = {
    values.number: 1.5,
    values.whole: 5,
    values.text: "x",
    values.flag: False,
    values.listed: [1],
    values.mapping: {"a": 1},
}
BOUNDS = {
    values.number: (0.0, 10.0),
    values.whole: (0, 10),
    values.text: (10,),
    values.listed: (10,),
    values.mapping: (10,),
}


@pytest.mark.parametrize("read", BAD)
def test_each_kind_takes_its_own_and_nothing_else(read):
    bounds = BOUNDS.get(read, ())
    assert read({"key": GOOD[read]}, "key", *bounds) == GOOD[read]
    with pytest.raises(Misfit, match="key is missing"):
        read({}, "key", *bounds)
    for value in BAD[read]:
        with pytest.raises(Misfit, match="key: expected") as said:
            read({"key": value}, "key", *bounds)
        assert len(str(said.value)) < 200


def test_names_of_runs_are_a_family_and_a_number():
    assert values.run_number("mlp-3", "mlp", 5) == 3
    for name in (
        "mlp-0",
        "mlp-6",
        "mlp-03",
        "mlp--3",
        "mlp-",
        "mlp",
        "mlp-3/..",
        "../mlp-3",
        "mlp-٣",
        "tabm-3",
        3,
        None,
        "mlp-1" * 9,
    ):
        with pytest.raises(Misfit):
            values.run_number(name, "mlp", 5)


def test_costs_are_numbers_by_name():
    found = {"fit_seconds": 1, "offered_seconds": 2.0, "predict_ms": None, "n_parameters": 5}
    assert values.cost({"cost": found}, "cost") == Cost(1.0, 2.0, None, n_parameters=5)
    for odd in ({"more": 1}, {"fit_seconds": None}, {"fit_seconds": -1}, {"predict_ms": "x"}, {"n_parameters": 1.5}):
        with pytest.raises(Misfit):
            values.cost({"cost": {**found, **odd}}, "cost")
    with pytest.raises(Misfit):
        values.cost({"cost": 5}, "cost")
