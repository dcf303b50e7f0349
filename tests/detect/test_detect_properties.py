"""What holds for any frame: only errors of ours, and kinds that neither the order of rows nor a file format changes."""

from __future__ import annotations

import datetime
import decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nasty_columns import COLUMNS, N, Nasty

import automl
from automl.detect import detect, read
from automl.detect.columns.kinds import column, columns
from automl.errors import InputError
from automl.records import Dataset, Recipe

FEW = settings(
    derandomize=True, max_examples=40, deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)  # fmt: skip
NAMES = st.sampled_from(
    ["a", "b", "a", "", " ", "y", "id", "date", "year", "price ($)", "é", "名", "x" * 80, "col;1", "Unnamed: 0", 0, 1,
     None, ("a", "b"), 2.5, "time", "\n"]
)  # fmt: skip
CELLS = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**30), 10**30), st.integers(-3, 3), st.floats(),
    st.sampled_from([np.nan, np.inf, -np.inf, pd.NA, pd.NaT, -999, 999, 1e308, -0.0]),
    st.text(max_size=8),
    st.sampled_from(["", " ", "?", "NA", "12", "1,5", "$3", "5 kg", "200 g", "yes", "no", "x", "[]"]),
    st.sampled_from(["2020-01-31", "31/12/2020", "12/31/2020", "Jan 5, 2020", "2021-W05", "9:30", "1/2", "٣", "²"]),
    st.binary(max_size=4), st.lists(st.integers(0, 3), max_size=3), st.tuples(st.text(max_size=2)),
    st.dictionaries(st.text(max_size=1), st.integers(), max_size=1), st.decimals(allow_nan=False, allow_infinity=True),
    st.dates(datetime.date(1600, 1, 1), datetime.date(2300, 1, 1)), st.datetimes(), st.timedeltas(), st.times(),
    st.sampled_from([np.float32(1.5), np.int8(3), np.str_("k"), np.datetime64("2020-01-01"), decimal.Decimal("NaN")]),
    st.complex_numbers(max_magnitude=9), st.just(object),
)  # fmt: skip
GOALS = (None, None, "binary", "multiclass", "regression", "multilabel", "forecast")
WHOLE = st.lists(st.integers(-5, 5), min_size=1, max_size=30)
TYPED = st.one_of(
    WHOLE.map(lambda v: pd.Series(v, dtype="Int64").where(pd.Series(v) > -4)),
    WHOLE.map(lambda v: pd.Series(v).gt(0).astype("boolean").where(pd.Series(v) > -4)),
    WHOLE.map(lambda v: pd.Series(v).astype(str).astype("string")),
    WHOLE.map(lambda v: pd.Series(v).astype("category")),
    WHOLE.map(lambda v: pd.Series(pd.Categorical(["u"] * len(v), categories=["u", "w"], ordered=True))),
    WHOLE.map(lambda v: pd.Series(v, dtype=pd.ArrowDtype(pa.int64()))),
    WHOLE.map(lambda v: pd.Series([str(x) for x in v], dtype=pd.ArrowDtype(pa.string()))),
    WHOLE.map(lambda v: pd.Series(pd.Timestamp("2020-01-01", tz="Europe/Berlin") + pd.to_timedelta(v, "D"))),
    WHOLE.map(lambda v: pd.Series(pd.to_timedelta(v, "h"))),
    WHOLE.map(lambda v: pd.Series(pd.period_range("2020-01", periods=len(v), freq="M"))),
    WHOLE.map(lambda v: pd.Series(pd.arrays.SparseArray(v))),
    WHOLE.map(lambda v: pd.Series(pd.IntervalIndex.from_breaks(range(len(v) + 1)))),
    WHOLE.map(lambda v: pd.Series(np.array(v, dtype=np.float16))),
    WHOLE.map(lambda v: pd.Series(np.array(v, dtype=np.complex128))),
    WHOLE.map(lambda v: pd.Series([np.nan] * len(v))),
)


@st.composite
def frames(draw: Any) -> pd.DataFrame:
    """Frames of any cells, types and names."""
    n_rows = draw(st.integers(0, 24))
    columns = []
    for _ in range(draw(st.integers(1, 4))):
        if draw(st.booleans()):
            cells = draw(st.lists(CELLS, min_size=n_rows, max_size=n_rows))
            made = np.empty(n_rows, dtype=object)
            for i, cell in enumerate(cells):
                made[i] = cell
            columns.append(pd.Series(made, dtype=object))
        else:
            columns.append(draw(TYPED).reindex(range(n_rows)))
    frame = pd.concat(columns, axis=1)
    frame.columns = pd.Index([draw(NAMES) for _ in columns], dtype=object)
    return frame


@FEW
@given(frame=frames(), goal=st.sampled_from(GOALS), target=st.integers(0, 3))
@pytest.mark.filterwarnings("ignore")
def test_a_detector_raises_nothing_but_errors_about_the_input(frame: pd.DataFrame, goal: Any, target: int) -> None:
    name = str(frame.columns[target % frame.shape[1]])
    inputs = frame.set_axis([str(c) for c in frame.columns], axis=1)
    kept = inputs.loc[:, [c != name for c in inputs.columns]]
    answers = inputs.loc[:, [c == name for c in inputs.columns]].iloc[:, :1]
    try:
        dataset, task = detect(Dataset("frame", kept, answers), Recipe(data=None, target=(name,), goal=goal))
    except InputError:
        pass
    else:
        assert dataset.n_rows and 0.0 <= task.confidence <= 1.0


@FEW
@given(frame=frames(), target=st.integers(0, 3))
@pytest.mark.filterwarnings("ignore")
def test_looking_at_any_frame_raises_nothing_but_errors_about_the_input(frame: pd.DataFrame, target: int) -> None:
    names = [str(c) for c in frame.columns]
    try:
        seen = automl.inspect(frame, target=names[target % len(names)])
    except InputError:
        pass
    else:
        assert str(seen)


@FEW
@given(frame=frames())
@pytest.mark.filterwarnings("ignore")
def test_any_column_has_a_kind_and_reads_by_it_row_for_row(frame: pd.DataFrame) -> None:
    frame = frame.set_axis([f"c{i}" for i in range(frame.shape[1])], axis=1)
    columns = [column(c, frame[c]) for c in frame]

    assert (len(frame), len(columns)) == read(frame, columns).shape


# --------------------------------------------------------------------------- kinds that stay


def cells_of(nasty: Nasty) -> pd.Series:
    cells = [nasty.cells[i % len(nasty.cells)] for i in range(N)]
    return pd.Series(cells) if all(isinstance(c, (int, float)) for c in cells) else pd.Series(cells, dtype=object)


IDS = [f"{i}-{c.name}-{c.kind}" for i, c in enumerate(COLUMNS)]


@pytest.mark.parametrize("nasty", COLUMNS, ids=IDS)
def test_the_order_of_rows_changes_no_kind(nasty: Nasty) -> None:
    cells = cells_of(nasty)
    shuffled = cells.iloc[np.random.default_rng(0).permutation(N)].reset_index(drop=True)
    first, second = column(nasty.name, cells), column(nasty.name, shuffled)
    assert first.kind == second.kind
    assert first.reading == second.reading


@pytest.mark.parametrize("nasty", COLUMNS, ids=IDS)
def test_a_doubled_file_changes_no_kind(nasty: Nasty) -> None:
    """Beside a column that tells rows apart: alone, a level that stands twice and a row that does are the same."""
    frame = pd.DataFrame({nasty.name: cells_of(nasty), "size": np.linspace(0.0, 1.0, N) ** 2})
    first, second = columns(frame), columns(pd.concat([frame, frame], ignore_index=True))
    assert [c.kind for c in first] == [c.kind for c in second]


def corpus(*, mixed: bool) -> pd.DataFrame:
    """All columns of the corpus side by side, a target beside them."""
    cells = {
        f"{c.name} {i}": cells_of(c) for i, c in enumerate(COLUMNS)
        if mixed or len({type(v) for v in c.cells if v is not None}) < 2
    }  # fmt: skip
    return pd.DataFrame(cells | {"target": np.tile(["p", "q", "r"], N // 3)})


def kinds_of(seen: automl.Inspection) -> dict[str, str]:
    return {c.name: c.kind for c in seen.task.columns}


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_stored_frame_is_given_the_kinds_it_had_in_memory(suffix: str, tmp_path: Path) -> None:
    frame = corpus(mixed=suffix == ".csv")
    path = tmp_path / f"frame{suffix}"
    if suffix == ".csv":
        frame.to_csv(path, index=False)
    else:
        frame.to_parquet(path, index=False)

    before = kinds_of(automl.inspect(frame, target="target"))
    after = kinds_of(automl.inspect(path, target="target"))

    assert {n: (before[n], after.get(n)) for n in before if before[n] != after.get(n)} == {}
