"""New rows by seed: the same ones each time, in chunks of any number, streamed to files that are whole or not there."""

import numpy as np
import pandas as pd
import pytest

from automl.errors import DataError, RecipeError
from automl.goals.shared.samples import samples_of
from automl.predict import sampling
from automl.predict.sampling import check_numbers, chunks, sampled
from automl.predict.streamed import write_chunks
from automl.records import Column, Output, Task

COLUMNS = (
    Column("n", "numeric", 1.0, "", {"whole": True, "gaps": True}),
    Column("yes", "boolean", 1.0, "", {"true": "ja", "false": "nein"}),
    Column("when", "datetime", 1.0, ""),
    Column("c", "categorical", 1.0, ""),
    Column("id", "identifier", 1.0, ""),
)
TASK = Task(
    modality="tabular", goal="generate", target=(), metric="indistinct", classes=(), positive=None, label=None,
    columns=COLUMNS, evidence=(),
)  # fmt: skip


class Generator:
    """Makes rows whose cells follow from their row numbers."""

    def output(self, dataset, rows):
        n = (rows % 1000).astype(float)
        n[rows % 7 == 0] = np.nan
        frame = pd.DataFrame(
            {
                "n": n, "yes": (rows % 2).astype(float),
                "when": (np.datetime64("2020-01-01", "s") + (rows % 1000).astype("timedelta64[D]")),
                "c": [None if r % 5 == 0 else f"level {r % 5}" for r in rows.tolist()],
            }
        )  # fmt: skip
        names = pd.DataFrame({"id": [str(100 + place) for place in range(len(rows))]})
        return Output("samples", {"samples": samples_of(frame, COLUMNS[:4]), "beside": samples_of(names, COLUMNS[4:])})


def test_rows_have_the_users_columns_types_and_words():
    frame = sampled(Generator(), TASK, 50, 0)
    assert list(frame.columns) == ["n", "yes", "when", "c", "id"]
    assert str(frame["n"].dtype) == "Int64"
    assert set(frame["yes"]) == {"ja", "nein"}
    assert frame["when"].dtype.kind == "M"
    assert frame["c"].isna().any()


def test_a_seed_gives_the_same_rows_however_many_are_asked_for(monkeypatch):
    whole = sampled(Generator(), TASK, 100, 3)
    monkeypatch.setattr(sampling, "CHUNK_ROWS", 7)
    parts = sampled(Generator(), TASK, 40, 3)
    pd.testing.assert_frame_equal(parts, whole.head(40), check_dtype=False)
    assert parts["id"].astype(int).tolist() == list(range(100, 140))
    other = sampled(Generator(), TASK, 40, 4)
    assert not other["n"].equals(parts["n"])


@pytest.mark.parametrize(
    ("n", "seed", "said"),
    [(0, 0, "n:"), (-1, 0, "n:"), (True, 0, "n:"), (2.5, 0, "n:"), (10**9, 0, "--out"), (5, -1, "seed:")],
)
def test_senseless_numbers_are_refused_in_words(n, seed, said):
    with pytest.raises(RecipeError, match=said):
        check_numbers(n, seed)


def test_a_billion_rows_may_be_streamed():
    check_numbers(10**9, 0, None)


def test_a_goal_that_makes_no_rows_says_so():
    other = Task(
        modality="tabular", goal="regression", target=("n",), metric="r2", classes=(), positive=None, label=None,
        columns=COLUMNS, evidence=(),
    )  # fmt: skip
    with pytest.raises(DataError, match="goal 'generate'"):
        next(chunks(Generator(), other, 5, 0))


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".parquet"])
def test_a_file_holds_the_same_rows(tmp_path, monkeypatch, ending):
    monkeypatch.setattr(sampling, "CHUNK_ROWS", 16)
    path = tmp_path / f"made{ending}"
    write_chunks(chunks(Generator(), TASK, 50, 1), path)
    read = {".csv": pd.read_csv, ".tsv": lambda p: pd.read_csv(p, sep="\t"), ".parquet": pd.read_parquet}[ending](path)
    whole = sampled(Generator(), TASK, 50, 1)
    assert len(read) == 50
    assert read["n"].astype("Int64").equals(whole["n"])
    assert (read["c"].isna() == whole["c"].isna()).all()
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_what_fails_leaves_the_file_that_was_there(tmp_path):
    path = tmp_path / "made.csv"
    path.write_text("before")

    def frames():
        yield sampled(Generator(), TASK, 5, 0)
        raise MemoryError

    with pytest.raises(MemoryError):
        write_chunks(frames(), path)
    assert path.read_text() == "before"
    assert [p.name for p in tmp_path.iterdir()] == ["made.csv"]


def test_a_condition_keeps_rows_that_meet_it_and_nothing_else_changes(monkeypatch):
    monkeypatch.setattr(sampling, "CHUNK_ROWS", 64)
    whole = sampled(Generator(), TASK, 2_000, 5)
    own = sampled(Generator(), TASK, 40, 5, {"yes": "ja", "c": "level 3"})
    expected = whole[(whole["yes"] == "ja") & (whole["c"] == "level 3")].head(40).reset_index(drop=True)
    pd.testing.assert_frame_equal(own, expected, check_dtype=False)
    assert sampled(Generator(), TASK, 20, 5, {"c": None})["c"].isna().all()
    assert (sampled(Generator(), TASK, 3, 5, {"n": "17"})["n"] == 17).all()


def test_a_condition_that_no_row_meets_is_told_with_values_that_occur(monkeypatch):
    monkeypatch.setattr(sampling, "CHUNK_ROWS", 64)
    monkeypatch.setattr(sampling, "LOOKED_ROWS", 256)
    with pytest.raises(DataError, match=r"none of 256 generated rows has c = 'blue'; usual values of 'c' are 'level"):
        sampled(Generator(), TASK, 5, 0, {"c": "blue"})
    with pytest.raises(RecipeError, match="condition: expected columns of the rows, got 'colour'; they are n, yes"):
        sampled(Generator(), TASK, 5, 0, {"colour": "blue"})
