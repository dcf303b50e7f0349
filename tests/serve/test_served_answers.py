"""What a server answers: the predictions of `predict`, and warnings for the rows that they concern."""

import json
import warnings

import numpy as np
import pandas as pd
import pytest
from first_fits import first_fit
from serving_clients import asked, posted, shops

from automl.errors import OddRowsWarning
from automl.serve.body import Question, read_body
from automl.serve.refusals import Refusal


def test_predictions_are_those_of_predict(model, records):
    frame = pd.DataFrame(records)
    for body in (records, {"rows": records}):
        assert posted(model, body) == (200, {"predictions": model.predict(frame).tolist(), "warnings": []})
    expected = model.predict_proba(frame).to_dict("records")
    assert posted(model, records, "/predict_proba") == (200, {"predictions": expected, "warnings": []})


def test_one_object_is_one_row(model, records):
    expected = model.predict(pd.DataFrame(records[:1])).tolist()
    assert posted(model, records[0])[1]["predictions"] == expected


def test_delimited_text_is_read_as_a_file_is(model, records):
    frame = pd.DataFrame(records)
    for separator in (",", ";"):
        body = frame.to_csv(index=False, sep=separator).encode()
        status, words = posted(model, body, media="text/csv; charset=utf-8")
        assert (status, words) == (200, {"predictions": model.predict(frame).tolist(), "warnings": []})


def test_a_line_that_is_no_row_is_refused(model):
    status, words = posted(model, b"size,kind,opened\n1,books,2020-02-01,7,8\n2,tools,2020-02-03\n", media="text/csv")
    assert status == 422 and words["error"]["code"] == "rows"


def test_warnings_name_the_rows_that_they_concern(model, records):
    records[3]["size"], records[5]["kind"], records[7]["kind"] = "large", "casino", None
    status, words = posted(model, records)
    by_check = {one["check"]: one for one in words["warnings"]}
    assert status == 200 and len(words["predictions"]) == 20
    assert by_check["unreadable_cells"]["rows"] == [3] and by_check["unreadable_cells"]["columns"] == ["size"]
    assert by_check["unknown_levels"]["rows"] == [5]
    assert by_check["new_gaps"]["rows"] == [7]
    with pytest.warns(OddRowsWarning) as told:
        expected = model.predict(records)
    assert words["predictions"] == expected.tolist()
    assert all(one["message"].partition(". ")[0] in str(told[0].message) for one in words["warnings"])


def test_what_concerns_all_rows_names_none(model, records):
    for row in records:
        row["colour"] = "red"
    (warned,) = posted(model, records)[1]["warnings"]
    assert warned["check"] == "extra_columns" and warned["rows"] is None


def test_odd_rows_are_ignored_or_refused_if_asked_for(model, records):
    records[0]["kind"] = "casino"
    for path, body in (("/predict?on_odd=ignore", records), ("/predict", {"rows": records, "on_odd": "ignore"})):
        assert posted(model, body, path)[1]["warnings"] == []
    status, words = posted(model, {"rows": records[:2], "on_odd": "refuse"})
    assert status == 422 and "casino" in words["error"]["message"]
    assert posted(model, records, "/predict?on_odd=shout")[0] == 422


def test_a_column_that_cannot_be_read_is_refused_as_by_predict(model, records):
    for row in records:
        row["size"] = "large"
    status, words = posted(model, records)
    assert status == 422 and "'size' cannot be read as numbers" in words["error"]["message"]
    assert posted(model, records, "/predict?on_odd=warn")[0] == 200


@pytest.mark.parametrize(("body", "status"), [
    (b"", 400), (b"[", 400), (b"[" * 100_000, 400), (b"\xff", 400), (b"9" * 5000, 400), (b"[]", 422), (b"7", 422),
    (b'"text"', 422), (b"[7]", 422), (b"[[1, 2]]", 422), (b'{"rows": []}', 422), (b'{"rows": [1], "x": 2}', 422),
    (b'{"other": 1}', 422), (b'[{"size": {"a": {}}}]', 422), (b'[{"size": 1e999}]', 200), (b'[{"size": NaN}]', 200),
    (b'[{"size": 5, "kind": "\\ud800\\u0000"}]', 200),
])  # fmt: skip
def test_any_body_gets_words(model, body, status):
    found, words = posted(model, body)
    assert found == status
    assert set(words) == ({"predictions", "warnings"} if status == 200 else {"error"})
    assert status == 200 or set(words["error"]) == {"code", "message"}


def test_other_addresses_methods_and_types_get_words(model, records):
    answers = asked(
        model, ("GET", "/nope", {}), ("GET", "/predict", {}), ("GET", "/docs", {}), ("GET", "/openapi.json", {}),
        ("POST", "/predict", {"content": b"{}", "headers": {"Content-Type": "text/plain"}}),
    )  # fmt: skip
    assert [one.status_code for one in answers] == [404, 405, 404, 404, 415]
    assert all(set(one.json()["error"]) == {"code", "message"} for one in answers)


def test_the_schema_names_columns_and_no_cell(model):
    words = asked(model, ("GET", "/schema", {}))[0].json()
    row = words["components"]["schemas"]["Row"]
    assert list(row["properties"]) == ["size", "kind", "opened"] and row["x-used"] == ["size", "kind", "opened"]
    assert row["properties"]["size"]["type"] == ["number", "null"]
    assert {"/predict", "/predict_proba", "/health", "/metrics"} <= set(words["paths"])
    assert not any(level in json.dumps(words) for level in ("bakery", "books", "tools", "2020-0"))


def test_health_and_metrics(model, records):
    bad = ("POST", "/predict", {"content": b"[", "headers": {"Content-Type": "application/json"}})
    health, _, _, counts = asked(
        model, ("GET", "/health", {}), ("POST", "/predict", {"json": records}), bad, ("GET", "/metrics", {})
    )
    assert health.json() == {"status": "ok", "side": "shallow", "goal": "binary", "modality": "tabular"}
    assert 'automl_requests_total{path="/predict",status="200"} 1.0' in counts.text
    assert 'automl_requests_total{path="/predict",status="400"} 1.0' in counts.text
    assert "automl_rows_total 20.0" in counts.text
    assert 'automl_request_seconds_count{path="/predict"} 2.0' in counts.text


# --------------------------------------------------------------------------- other goals


def test_numbers_have_no_probabilities(records):
    frame = shops().assign(rent=lambda f: f["size"] * 3).drop(columns="closed")
    rents = first_fit(frame, "rent", "linear", goal="regression")
    status, words = posted(rents, records)
    assert status == 200
    np.testing.assert_array_equal(words["predictions"], rents.predict(pd.DataFrame(records)))
    status, words = posted(rents, records, "/predict_proba")
    assert status == 422 and "use /predict" in words["error"]["message"]
    assert "/predict_proba" not in asked(rents, ("GET", "/schema", {}))[0].json()["paths"]


def test_anomalies_have_alarms_and_scores(records):
    shady = first_fit(shops().drop(columns="closed"), goal="anomaly")
    status, words = posted(shady, records)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = shady.predict(pd.DataFrame(records))
    assert status == 200 and words["predictions"] == expected.to_dict("records")


def test_forecasts_have_times():
    days = pd.date_range("2024-01-01", periods=120, freq="D")
    sold = np.round(50 + 10 * np.sin(np.arange(120) * 2 * np.pi / 7), 2)
    history = pd.DataFrame({"day": days.strftime("%Y-%m-%d"), "sold": sold})
    ahead = first_fit(history, "sold", time_column="day", horizon=3)
    status, words = posted(ahead, history.to_dict("records"))
    assert status == 200 and len(words["predictions"]) == 3
    assert words["predictions"][0]["day"].startswith("2024-04-30")
    expected = ahead.predict(history)
    np.testing.assert_array_equal([row["sold"] for row in words["predictions"]], expected["sold"])
    assert posted(ahead, {"rows": history.to_dict("records"), "future": 3})[0] == 422


def test_generators_are_pointed_to_their_command():
    made = first_fit(shops(), None, goal="generate")
    status, words = posted(made, [{"size": 1}])
    assert status == 422 and "automl sample" in words["error"]["message"]


def test_pictures_are_data_addresses_and_never_paths(model):
    from dataclasses import replace

    from automl.records import Column

    task = replace(model.task, columns=(Column("photo", "image_path", 1.0, ""),))
    for cell in ("/etc/passwd", "photo.png", 7, ["a"]):
        question = Question("predict", json.dumps([{"photo": cell}]).encode(), "application/json")
        with pytest.raises(Refusal, match="opens no files"):
            read_body(question, task, 10)
    address = "data:image/png;base64,iVBORw0KGgo="
    question = Question("predict", json.dumps([{"photo": address}, {}]).encode(), "application/json")
    assert read_body(question, task, 10).rows == [{"photo": address}, {}]
