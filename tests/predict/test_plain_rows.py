"""Rows in which nothing is odd are read in one pass: predictions and warnings are those of the general reader."""

import os
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from automl import modalities
from automl.errors import AutomlError
from automl.predict import plain_rows, side_model
from automl.predict.plain_rows import read_plainly
from automl.predict.rows import read_rows
from automl.records import ColumnArrays

N = 300


def customers(n=N, seed=0):
    """Numbers with gaps, truths, levels, many levels, dates of two forms, texts and an identifier."""
    rng = np.random.default_rng(seed)
    start = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 1500, n), unit="D")
    level = rng.choice(["web", "shop", "Phone call"], n).astype(object)
    level[rng.random(n) < 0.1] = None
    months, bill = rng.integers(0, 72, n), np.round(rng.uniform(18, 120, n), 2)
    churned = np.where(rng.random(n) < 1 / (1 + np.exp(0.06 * (months - 30))), "yes", "no")
    return pd.DataFrame({
        "customer": [f"c{i:05d}" for i in range(n)],
        "months": months,
        "bill": np.where(rng.random(n) < 0.05, np.nan, bill),
        "channel": level,
        "city": rng.choice([f"city {i}" for i in range(40)], n),
        "grade": rng.integers(1, 5, n).astype(str),
        "paperless": rng.choice(["yes", "no"], n),
        "signed": rng.random(n) < 0.5,
        "begin": start.strftime("%Y-%m-%d"),
        "last": start + pd.to_timedelta(rng.integers(0, 10**6, n), unit="s"),
        "note": [f"call about {w} number {i % 7}" for i, w in enumerate(rng.choice(["bills", "lines", "phones"], n))],
        "churned": churned,
    })  # fmt: skip


@pytest.fixture(scope="module")
def fit_of(fitted):
    """One model a family: linear (scaled, one-hot) and boosted trees (codes)."""
    made = {}

    def of(family):
        if family not in made:
            made[family] = fitted(customers(), "churned", family)
        return made[family]

    return of


@pytest.fixture(scope="module")
def encoder():
    from automl import recipe
    from automl.flow.prepare import prepare

    prepared = prepare(recipe.make(data=customers(), target="churned"))
    return modalities.fit(prepared.dataset, prepared.task, prepared.split)[0], prepared.task


def answer(call):
    """What a call returns, what it warns of, and what it raises, as values that compare."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            made = call()
        except AutomlError as error:
            return None, type(error).__name__, str(error)
    return made, "", [str(one.message) for one in told]


def check_same(model, rows, **options):
    """The same frame and the same warnings, or the same error, with the quick reader and without it."""
    own = answer(lambda: model.predict_proba(rows, **options))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plain_rows, "read_plainly", lambda *_: None)
        general = answer(lambda: model.predict_proba(rows, **options))
    assert own[1:] == general[1:]
    if general[0] is not None:
        pd.testing.assert_frame_equal(own[0], general[0], check_exact=True)


FAMILIES = ("linear", "boosting")


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("n", [1, 3, 200])
def test_clean_rows_are_read_in_one_pass_and_predicted_bit_equal(fit_of, family, n):
    model, rows = fit_of(family), customers().drop(columns="churned").iloc[5 : 5 + n]
    if n == 1:
        rows = rows.assign(bill=33.0, channel="web")
    plain = read_plainly(rows, model.task)
    assert plain is not None and isinstance(plain.inputs, ColumnArrays)
    check_same(model, rows)


def test_records_are_read_as_frames_are(fit_of):
    records = customers(60, 3).drop(columns=["churned", "last", "customer"]).to_dict("records")
    records = [{k: None if v != v else v for k, v in row.items()} for row in records]
    for row, at in zip(records, customers(60, 3)["last"], strict=True):
        row["last"] = str(at)
    assert read_plainly(records, fit_of("linear").task) is not None
    check_same(fit_of("linear"), records)
    check_same(fit_of("linear"), records[:1])


def test_encoded_rows_are_bit_equal(encoder):
    made, task = encoder
    rows = customers().drop(columns="churned")
    for some in (rows.iloc[:1].assign(bill=40.5, channel="shop"), rows.iloc[:50], rows):
        plain, general = read_plainly(some, task), read_rows(some, task)
        assert plain is not None
        at = np.arange(len(some))
        own, other = made.transform(plain, at), made.transform(general, at)
        assert {name: a.dtype for name, a in own.items()} == {name: a.dtype for name, a in other.items()}
        for name, array in own.items():
            np.testing.assert_array_equal(array, other[name])
        for name, array in plain.inputs.arrays.items():
            expected = general.inputs[name].to_numpy()
            assert array.dtype == expected.dtype
            assert [None if v != v else v for v in array.tolist()] == [None if v != v else v for v in expected.tolist()]


ODD_CELLS = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**6), 10**6), st.floats(width=32), st.text(max_size=6),
    st.sampled_from([
        "", " ", "n/a", "NaN", "?", "unknown", "-999", "1,234.5", "0,65", "12 €", "web", " web ", "WEB", "phone call",
        "Phone  call", "yes", "Yes", "Y", "1", "0", "true", "2021-02-30", "2021-02-03", "2021-02-03 04:05",
        "2021-02-03 04:05:06.789", pd.Timestamp("2021-03-04 05:06:07.891234"),
        "03/04/2021", "1500-01-01", "2262-05-01", "20210203", "20:15", "\0", "a\0b", "\ud800", "city 1", "city 99", "3",
        "3.0", "inf", 10**20, float("inf"), -0.0, np.float32(2.5), np.int8(3), np.bool_(True), pd.NaT,
        pd.Timestamp("2021-03-04"), pd.Timestamp("2021-03-04", tz="Europe/Berlin"), b"bytes", (1, 2), {"a": 1},
    ]),
)  # fmt: skip
COLUMNS = ("months", "bill", "channel", "city", "grade", "paperless", "signed", "begin", "last", "note", "customer")


@settings(
    max_examples=int(os.environ.get("PLAIN_ROWS_EXAMPLES", "40")),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.tuples(st.sampled_from(COLUMNS), st.integers(0, 70), ODD_CELLS), min_size=1, max_size=3),
       st.sampled_from([1, 2, 70]), st.booleans(), st.sampled_from([None, "warn", "ignore", "refuse"]))  # fmt: skip
def test_odd_cells_are_predicted_and_told_as_by_the_general_reader(fit_of, changes, n, as_records, on_odd):
    frame = customers(100, 21).drop(columns="churned").iloc[:n].copy()
    for name, place, cell in changes:
        column = frame[name].astype(object).tolist()
        column[place % n] = cell
        made = np.empty(n, dtype=object)
        made[:] = column
        frame[name] = pd.Series(made, index=frame.index, dtype=object)
    rows = [dict(zip(frame.columns, row, strict=True)) for row in frame.itertuples(index=False, name=None)]
    check_same(fit_of("linear"), rows if as_records else frame, on_odd=on_odd)


@pytest.mark.parametrize("change", [
    lambda f: f.drop(columns="bill"),
    lambda f: f.drop(columns="customer"),
    lambda f: f.assign(extra=1),
    lambda f: f.assign(churned="yes"),
    lambda f: f.rename(columns={"bill": "Bill"}),
    lambda f: f.rename_axis("number"),
    lambda f: f.set_axis([f"r{i}" for i in range(len(f))], axis=0),
    lambda f: pd.concat([f, f[["bill"]]], axis=1),
    lambda f: f.astype({"channel": "category"}),
    lambda f: f.astype({"months": "Int64"}),
    lambda f: f.astype({"months": "float32", "grade": "int64"}),
    lambda f: f.assign(months=f["months"] * 1000),
    lambda f: f.assign(months=f["months"] / 1e6),
    lambda f: f.assign(bill=np.nan),
    lambda f: f.assign(last=f["last"].dt.tz_localize("UTC")),
    lambda f: f.assign(last=f["last"].astype("datetime64[s]") + np.timedelta64(400 * 366, "D")),
    lambda f: f.assign(begin="1000-01-01"),
    lambda f: f.assign(begin=20210101),
    lambda f: f.assign(signed=1),
    lambda f: f.assign(signed=f["signed"].map({True: "YES", False: "No"})),
    lambda f: f.assign(channel="fax"),
    lambda f: f.iloc[:0],
    lambda f: f.iloc[::-1],
    lambda f: f.to_dict("list"),
    lambda f: f.iloc[0],
    lambda f: f.iloc[0].to_dict(),
])  # fmt: skip
@pytest.mark.parametrize("n", [1, 90])
def test_odd_tables_are_predicted_and_told_as_by_the_general_reader(fit_of, change, n):
    rows = change(customers(100, 5).drop(columns="churned").iloc[:n])
    for family in FAMILIES:
        check_same(fit_of(family), rows)


def test_the_quick_reader_is_asked_by_predict(fit_of, monkeypatch):
    model, asked = fit_of("linear"), []
    monkeypatch.setattr(side_model.SideModel, "read", lambda *_, **__: asked.append(1))
    rows = customers(400, 7).drop(columns="churned").iloc[5:6].assign(bill=33.0, channel="web")
    assert list(model.predict(rows).index) == [5] and not asked
