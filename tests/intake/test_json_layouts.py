"""JSON: whatever programs write tables as."""

import json

import numpy as np
import pandas as pd
import pytest

from automl.intake import load
from automl.intake.json_layouts import are_rows
from automl.records import Recipe

RNG = np.random.default_rng(0)
FRAME = pd.DataFrame({
    "area": RNG.normal(50, 9, 30).round(2), "rooms": RNG.integers(1, 9, 30), "city": ["Ulm", "Kiel", "Bonn"] * 10,
    "price": RNG.normal(100, 9, 30).round(1),
})  # fmt: skip
RECORDS, VALUES = FRAME.to_dict("records"), FRAME.to_numpy().tolist()
NAMES = list(FRAME.columns)

LAYOUTS = {
    **{orient: FRAME.to_json(orient=orient) for orient in ("records", "columns", "index", "split", "table")},
    "lines": FRAME.to_json(orient="records", lines=True),
    "lines with a mark": "\ufeff" + FRAME.to_json(orient="records", lines=True),
    "rows counted from 1": json.dumps({str(i + 1): row for i, row in enumerate(RECORDS)}),
    "below a key": json.dumps({"data": RECORDS}),
    "below several keys": json.dumps({"response": {"meta": {"n": 30}, "items": RECORDS}, "links": [{"rel": "x"}]}),
    "rows below a key": json.dumps({"data": {str(i): row for i, row in enumerate(RECORDS)}}),
    "columns below a key": json.dumps({"data": FRAME.to_dict("list")}),
    "columns of lists": json.dumps(FRAME.to_dict("list")),
    "a header and rows": json.dumps([NAMES, *VALUES]),
    "lines of lists": "\n".join(map(json.dumps, [NAMES, *VALUES])),
    "header apart": json.dumps({"header": NAMES, "rows": VALUES}),
    "fields apart": json.dumps({"fields": [{"name": name, "type": "any"} for name in NAMES], "rows": VALUES}),
    "values over several lines": "\n".join(json.dumps(row, indent=1) for row in RECORDS),
}


def read(tmp_path, text, target=()):
    (tmp_path / "t.json").write_text(text)
    return load(Recipe(data=tmp_path / "t.json", target=target))


@pytest.mark.parametrize("target", [(), ("price",)], ids=["no target", "target"])
@pytest.mark.parametrize("text", LAYOUTS.values(), ids=LAYOUTS)
def test_every_layout_holds_the_same_table(tmp_path, text, target):
    dataset = read(tmp_path, text, target)
    wanted = load(Recipe(data=FRAME, target=target))
    assert list(dataset.inputs.columns) == list(wanted.inputs.columns)
    assert dataset.fingerprint == wanted.fingerprint
    assert {finding.check for finding in dataset.findings} <= {"rows_by_key"}


def test_rows_with_names_of_their_own_keep_them(tmp_path):
    dataset = read(tmp_path, json.dumps({f"id{i}": row for i, row in enumerate(RECORDS)}))
    assert list(dataset.inputs.columns) == ["row_name", *NAMES] and dataset.inputs["row_name"][3] == "id3"
    assert "'row_name'" in dataset.findings[0].message


def test_lists_without_names_are_numbered(tmp_path):
    dataset = read(tmp_path, json.dumps(VALUES))
    assert list(dataset.inputs.columns) == ["x0", "x1", "x2", "x3"] and dataset.n_rows == 30
    assert [finding.check for finding in dataset.findings] == ["no_header"]


def test_of_several_lists_the_one_with_the_target_is_read_and_the_others_are_named(tmp_path):
    houses, people = RECORDS[:9], [{"name": f"n{i}", "age": i} for i in range(20)]
    dataset = read(tmp_path, json.dumps({"people": people, "houses": houses}), ("price",))
    assert dataset.n_rows == 9 and dataset.findings[0].check == "several_tables"
    assert "that of 'houses' was read, not 'people'" in dataset.findings[0].message
    assert read(tmp_path, json.dumps({"people": people, "houses": houses})).n_rows == 20


def test_records_within_cells_are_no_table(tmp_path):
    rows = {str(i): {"a": i, "tags": [{"x": 1}, {"x": 2}]} for i in range(9)}
    assert list(read(tmp_path, json.dumps(rows)).inputs.columns) == ["a", "tags"]


@pytest.mark.parametrize(
    ("whole", "wanted", "rows"),
    [
        ({"a": {"x": 1, "y": 2}, "b": {"x": 3, "y": 4}}, ("x",), True),
        ({"a": {"x": 1, "y": 2}, "b": {"x": 3, "y": 4}}, ("a",), False),
        ({"0": {"x": 1, "y": 2}, "1": {"x": 3, "y": 4}}, (), True),
        ({"x": {"0": 1, "1": 2}, "y": {"0": 3, "1": 4}}, (), False),
        ({"a": {"x": 1, "y": "u"}, "b": {"x": 3, "y": "v"}}, (), True),
        ({"x": {"a": 1, "b": 2}, "y": {"a": "u", "b": "v"}}, (), False),
        ({"a": {"x": 1}, "b": {"x": 3}}, (), True),
        ({"a": {"x": 1, "y": 2}, "b": {"x": 3, "y": 4}}, (), False),
    ],
)
def test_outer_keys_are_rows_or_columns(whole, wanted, rows):
    assert are_rows(whole, list(next(iter(whole.values()))), wanted) is rows


def test_ordered_categories_of_a_schema_keep_their_order(tmp_path):
    levels = ["low", "mid", "high"]
    frame = FRAME.assign(grade=pd.Categorical(np.resize(levels, 30), categories=levels, ordered=True))
    dataset = read(tmp_path, frame.to_json(orient="table"), ("grade",))
    assert dataset.target["grade"].dtype.ordered and list(dataset.target["grade"].dtype.categories) == levels
