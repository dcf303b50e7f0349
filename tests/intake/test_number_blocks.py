"""Plain numbers of many columns at a time are what the columns one by one are read as."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from series_made import series_made

from automl.intake import cells, number_blocks
from automl.intake.delimited import read
from automl.intake.frames import tidy
from automl.intake.raw import Hints

POOLS = {
    "digits": ["0", "7", "12"], "points": ["1.5", "-0.25", "3"], "gaps": ["", "1.5", "NA"], "zeros": ["007", "12"],
    "long": ["12345678901234567", "1"], "sixteen": ["1234567890123456", "5", ""], "plus": ["+1", "2"],
    "blank": [" 7", "8"], "signs": ["-", "3", "4.5"], "words": ["?", "None", "a", "b"],
    "codes": ["NA", "DE", "FR", "US", "GB", "IT", "ES"], "powers": ["1e5", "2", "3E-7"], "inf": ["inf", "1.0"],
    "bare": ["1.", ".5", "-.5", "-0"], "minus": ["-0", "1", ""], "empty": [""], "missing": ["NA"],
    "huge": ["1e999", "1"],
    "both": ["00", "1.5"], "dot": [".", "1"], "commas": ["1,5", "2,25"], "thousands": ["1.500", "2.250"],
    "indented": [" a", " b"], "truths": ["true", "false"], "dates": ["2020-01-02", "2021-03-04"],
}  # fmt: skip


def written(delimiter, n_rows):
    """A table with a column of each pool; a few rows far down hold the odd cells of others of numbers."""
    names = list(POOLS)
    rows = [[POOLS[name][(i * (k + 3)) % len(POOLS[name])] for k, name in enumerate(names)] for i in range(n_rows)]
    for name, pool in POOLS.items():
        names.append(f"late {name}")
        for i, row in enumerate(rows):
            row.append(pool[i % len(pool)] if i in (1_001, 1_503, n_rows - 1) else str(i % 50))
    sign = {",": '"'}.get(delimiter, "")
    lines = [names, *rows]
    quoted = [[f"{sign}{cell}{sign}" if delimiter in cell else cell for cell in line] for line in lines]
    return "\n".join(delimiter.join(line) for line in quoted).encode()


@pytest.mark.parametrize("delimiter", [",", ";"])
@pytest.mark.parametrize("n_rows", [40, 2_600])
@pytest.mark.parametrize("hints", [Hints(), Hints(text=frozenset({"points", "late gaps"}), words=frozenset({"codes"}))])
def test_all_at_once_and_one_by_one_are_the_same(monkeypatch, delimiter, n_rows, hints):
    data = written(delimiter, n_rows)
    quick = read(data, "t.csv", hints)
    monkeypatch.setattr(number_blocks, "MOST_ROWS", 0)
    monkeypatch.setattr(cells, "MOST_ROWS", 0)
    slow = read(data, "t.csv", hints)
    pd.testing.assert_frame_equal(quick.frame, slow.frame, check_exact=True)
    assert quick.findings == slow.findings and quick.encoding == slow.encoding
    assert np.signbit(quick.frame["bare"]).tolist() == np.signbit(slow.frame["bare"]).tolist()


def test_plain_columns_are_found_and_others_left():
    columns = [
        pa.chunked_array([pa.array(pool * 3, pa.large_string())]) for pool in (["1", "2"], ["x", "1"], ["", "2.5"])
    ]
    found = number_blocks.plain_numbers(columns, [0, 1, 2], {"NA"})
    assert set(found) == {0, 2}
    assert found[0].values.dtype == np.int64 and found[2].values.tolist()[1] == 2.5 and np.isnan(found[2].values[0])
    assert number_blocks.without_look(columns, [0, 1, 2], {"x"}) == {0}


def test_no_column_of_numbers_is_read_by_itself(monkeypatch):
    def count(n):
        looked = []
        text = ",".join(f"g{i}" for i in range(n)) + "\n" + "\n".join(",".join(["1.25"] * n) for _ in range(6))
        with monkeypatch.context() as patch:
            patch.setattr(cells, "_numbers", lambda *all_: looked.append(all_))
            made = series_made(lambda: read(text.encode(), "t.csv", Hints()))
        return made, len(looked)

    (few, looked), (many, still) = count(60), count(600)
    assert looked == still == 0 and many <= few + 10


def test_numbers_of_a_frame_stay_together():
    """Beside columns that are made plain one by one, in the order that they came in."""

    def wide(n):
        frame = pd.DataFrame(np.arange(3.0 * n).reshape(3, n), columns=[f"g{i}" for i in range(n)])
        frame.insert(5, "when", pd.date_range("2024-01-01", periods=3, tz="Europe/Paris"))
        return frame.assign(y=pd.Series(["a", None, "b"], dtype=object), n=pd.array([1, None, 3], dtype="Int64"))

    made, findings = tidy(pd.concat([wide(100)] * 30), "t")
    assert list(made.columns) == list(wide(100).columns) and [one.check for one in findings] == ["time_zone"]
    for name in made:
        alone, _ = tidy(pd.concat([wide(100)[[name]]] * 30), "t")
        pd.testing.assert_series_equal(made[name], alone[name])
    few, many = (series_made(lambda n=n: tidy(pd.concat([wide(n)] * 30), "t")) for n in (100, 600))
    assert many <= few + 10
