"""What evidence and findings may quote: levels of many rows, and no cell of a person, a contact or a secret."""

import numpy as np
import pandas as pd
import pytest

from automl import audit
from automl import detect as detection
from automl.detect.columns.checks import mixed_types
from automl.detect.columns.convert import read
from automl.detect.columns.kinds import column, columns, forced
from automl.detect.columns.sample import column_sample
from automl.detect.quoting import is_contact, is_personal, quotable, rounded, shape, usual_shape
from automl.records import Dataset, Recipe

N = 200
RNG = np.random.default_rng(0)


NAMES = """email E-Mail customer_email emailaddress phone phoneNumber tel_no Handy IBAN ssn password api_key apikey
auth_token Geburtsdatum date_of_birth dob lastName Nachname full_name ADDRESS home_address street ip ip_address lat
longitude creditCard user"""
CONTACTS = """ann.lee@example.org|+49 (0)30 1234567|020 7946 0958|4111 1111 1111 1111|DE44 5001 0517 5407 3249 31
GB29NWBK60161331926819|123-45-6789|192.168.0.17|2001:db8::ff00:42:8329|00:1B:44:11:3A:B7|52.520008, 13.404954
d41d8cd98f00b204e9800998ecf8427e|sk-live-a1b2c3d4e5f6|ghp_16C7e42F292c6912E7710c838347Ae178B4a|AKIAIOSFODNN7EXAMPLE
eyJhbGciOiJIUzI1NiJ9.e30.XmNK3GpH3Ys|12 Baker Street|L01X00T47|https://example.org/u/ann|Hauptstraße 12
tel. 030 1234567|6f9619ff-8b86-d011-b42d-00cf4fc964ff""".replace("\n", "|").split("|")


@pytest.mark.parametrize("name", NAMES.split())
def test_a_column_named_like_a_person_contact_or_secret_is_never_quoted(name):
    assert is_personal(name) and quotable(name, {"often": 90, "more": 110}) == []


@pytest.mark.parametrize(
    "name", ["town", "colour", "grade", "size", "f1", "Type", "weekday", "mood", "species", "plan"]
)
def test_levels_of_other_columns_are_quoted_most_frequent_first(name):
    assert not is_personal(name)
    assert quotable(name, {"red": 5, "green": 90, "blue": 4, "grey": 1}) == ["green", "red"]


@pytest.mark.parametrize("cell", CONTACTS)
def test_a_cell_that_looks_like_a_contact_or_secret_is_not_quoted_under_any_name(cell):
    assert is_contact(cell)
    assert quotable("f1", {cell: 50, "plain": 150, **{f"other{c}": 20 for c in "abcdefgh"}})[0] == "plain"
    assert is_personal("f1", [cell])


@pytest.mark.parametrize(
    "cell", ["red", "5 kg", "New York", "level 2", "A+", "18-25", "$1,200", "no answer", "3.5", "x-ray"]
)
def test_plain_cells_are_no_contacts(cell):
    assert not is_contact(cell)


def test_columns_of_names_and_columns_that_differ_from_row_to_row_are_not_quoted():
    people = {"Ann Lee": 30, "Bo Day": 30, "Dr. Eva Öz": 20, "Max O'Neill": 9, "other": 30}
    assert quotable("f1", people) == []
    assert quotable("town", {"New York": 30, "Boston": 30, "Chicago": 20, "Los Angeles": 20}) != []
    assert quotable("f1", {"often": 5, **{f"v{i}": 1 for i in range(20)}}) == []


def test_a_long_cell_is_looked_at_in_no_time_to_speak_of():
    for cell in ("1" * 100_000, "a1" * 50_000, "1 st " * 20_000, "(" * 100_000, "Aa " * 40_000):
        assert not is_contact(cell) and not is_personal("f1", [cell]) and len(shape(cell)) < 40


@pytest.mark.parametrize(
    ("text", "built"),
    [
        ("ann0000@example.org", "a9@a.a"),
        ("Ann Lee", "Aa Aa"),
        ("91000.25 EUR", "9.9 A"),
        ("Größe 東京", "Aa a"),
        ("", ""),
    ],
)
def test_shapes_tell_runs_and_marks_alone(text, built):
    assert shape(text) == built


def test_a_shape_needs_five_texts():
    assert usual_shape(["a1", "b22", "c3", "d4"]) == "" and usual_shape(["a1", "b22", "c3", "d4", "e5", "-"]) == "a9"


def test_numbers_are_told_by_two_digits():
    assert [rounded(v) for v in (91037.25, -0.012345, 7.0, 12.6, 0.0)] == ["91,000", "-0.012", "7", "13", "0"]


# --------------------------------------------------------------------------- what comes of it


CELLS = {
    "mail": [f"planted{i:04d}@example.org" for i in range(N)],
    "fee": [f"{71000 + 37 * i}.25 EUR" for i in range(N)],
    "key": [f"sk-{i:04d}planted{'x' * 12}" for i in range(N)],
    "fon": [f"+49 30 {i:07d}" for i in range(71000, 71000 + N)],
    "who": [f"Planted{chr(97 + i % 26)} Person{chr(97 + i // 26)}" for i in range(N)],
    "net": [f"10.71.{i // 100}.{i % 100}" for i in range(N)],
    "odd": [f"<planted {i * 7919 % 1000} / {'ab'[i % 2]}>" for i in range(N)],
    "at": [f"52.{71000 + i}, 13.{71000 + i}" for i in range(N)],
    "code": [f"planted{i}" for i in range(N)],
    "rare": ["often", "usual"] * (N // 2 - 4) + ["planted1"] * 4 + ["planted2"] * 4,
    "contact": ["planted@example.org", "planted2@example.org"] * (N // 2),
}


@pytest.mark.parametrize("name", CELLS)
def test_evidence_quotes_no_cell_of_one_row(name):
    series = pd.Series(CELLS[name], dtype=object)
    found = [column(name, series), *columns(pd.DataFrame({name: series, "x": RNG.normal(size=N)}))]
    assert not [c.evidence for c in found if "lanted" in c.evidence or "71" in c.evidence]


def test_evidence_still_names_levels_of_many_rows():
    found = column("plan", pd.Series(["basic", "gold", "free"] * 50, dtype=object))
    assert "such as" in found.evidence and all(f"'{level}'" in found.evidence for level in ("basic", "gold", "free"))
    assert "'A'" in column("plan", pd.Series(["A"] * 20, dtype=object)).evidence
    assert "A" not in column("password", pd.Series(["A"] * 20, dtype=object)).evidence


def test_unlike_values_are_told_by_how_they_are_built():
    assert "'a9@a.a'" in column("mail", pd.Series([*CELLS["mail"]], dtype=object)).evidence or (
        column("mail", pd.Series([*CELLS["mail"]], dtype=object)).kind != "unknown"
    )
    odd = column("odd", pd.Series([f"@{i}!" * 2 for i in range(60)], dtype=object))
    assert odd.kind != "unknown" or "@9!@9!" in odd.evidence


def test_a_column_said_to_be_yes_and_no_does_not_keep_two_of_many_cells():
    many = forced(column_sample("mail", pd.Series(CELLS["mail"], dtype=object)), "boolean")
    two = forced(column_sample("f", pd.Series(["ay", "bee"] * 3, dtype=object)), "boolean")
    assert dict(many.reading) == {} and dict(two.reading) == {"true": "bee", "false": "ay"}


def findings_of(frame, y, goal=None):
    recipe = Recipe(data="d.csv", target=("y",), goal=goal)
    dataset, task = detection.detect(Dataset("d", frame, pd.DataFrame({"y": y})), recipe)
    return {f.check: f for f in (*dataset.findings, *audit.examine(dataset, task))}


def test_what_does_not_fit_its_column_is_told_by_its_shape():
    cells = [str(i) for i in range(N)]
    cells[3:9] = [f"planted{i}@example.org" for i in range(6)]
    frame = pd.DataFrame({"f1": pd.Series(cells, dtype=object)})
    kinds = [column("f1", frame["f1"])]
    finding = mixed_types(frame, read(frame, kinds), kinds)
    assert finding.count == 6 and finding.rows[0] == 3
    assert "planted" not in finding.message and "'a9@a.a'" in finding.message
    frame["f1"] = ["oops" if "@" in c else c for c in cells]
    assert "'oops'" in mixed_types(frame, read(frame, kinds), kinds).message  # the twin: six rows share it


def test_targets_that_are_no_numbers_are_counted_and_not_quoted():
    frame = pd.DataFrame({"x": RNG.normal(size=N), "z": RNG.normal(size=N)})
    y = pd.Series([f"{v:.3f}" for v in RNG.normal(50, 9, N)], dtype=object)
    y[7], y[8] = "call planted@example.org", "tbd"
    finding = findings_of(frame, y)["missing_target"]
    assert finding.count == 2 and "planted" not in finding.message and "'tbd' (1)" in finding.message


def test_a_target_far_out_is_told_by_its_size():
    frame = pd.DataFrame({"x": RNG.normal(size=N), "z": RNG.normal(size=N)})
    y = RNG.normal(50, 9, N)
    y[7] = 91037.25
    message = findings_of(frame, y, "regression")["target_outliers"].message
    assert "91,000" in message and "91037" not in message.replace(",", "") and "91,037" not in message
