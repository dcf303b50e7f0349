"""JSON with indents is what the library writes, byte for byte."""

import json
import math

import pytest

from automl.storage.json_text import indented

VALUES = [
    None, True, 0, -1.5, 1e300, "text", "ünï\u2028\n\"'\\", [], {}, [[]], [{}], {"a": []}, {"a": {}}, [1, 2, 3],
    (1, (2, "x")), {"a": 1, "b": [1, {"c": None}], "d": {"e": {"f": [[1], [2, [3]]]}}}, {"k": "a: b,\n c"},
    {1: "one", 2.5: [1], None: {}, False: 2}, {"": [""]}, {'q"uote': [1]},
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_the_text_is_that_of_the_library(value):
    assert indented(value) == json.dumps(value, ensure_ascii=False, indent=1)


@pytest.mark.parametrize("value", [math.nan, [math.inf], {"a": [1, {"b": -math.inf}]}])
def test_numbers_without_an_end_are_refused_where_they_may_not_be(value):
    assert indented(value) == json.dumps(value, ensure_ascii=False, indent=1)
    with pytest.raises(ValueError, match="JSON"):
        indented(value, allow_nan=False)


def test_what_json_does_not_know_is_refused():
    with pytest.raises(TypeError):
        indented({"a": [object()]})
