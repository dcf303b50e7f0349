"""A year of four digits is that year, however the date is written: one before 1678 is never read as a later one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import automl
from automl.detect.parse.stamps import dates

FORMS = {
    "year first": "{y:04d}-03-05",
    "year last": "05/03/{y:04d}",
    "named": "5 March {y:04d}",
    "mail": "March 5, {y:04d}",
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_years_before_1678_are_not_read_in_any_form(form: str) -> None:
    cells = pd.Series([form.format(y=year) for year in (14, 99, 1677, 2014)])
    stamps = dates(cells, {"day_first": True})
    assert list(pd.isna(stamps)) == [True, True, True, False]
    assert str(stamps[3])[:10] == "2014-03-05"


def test_years_of_two_digits_are_recent_ones() -> None:
    stamps = dates(pd.Series(["05/03/14", "05/03/99", "5 March 14"]), {"day_first": True})
    assert [str(stamp)[:10] for stamp in stamps] == ["2014-03-05", "1999-03-05", "2014-03-05"]


@pytest.mark.parametrize("form", list(FORMS.values())[:3])
def test_a_column_of_early_years_is_told_and_not_read(form: str) -> None:
    n = 200
    cells = [form.replace("05", f"{1 + i % 28:02d}").format(y=(2014, 2015, 2016, 14)[i % 4]) for i in range(n)]
    frame = pd.DataFrame({"when": cells, "x": np.arange(n) % 7, "y": np.arange(n) % 2})
    found = [one for one in automl.inspect(frame, target="y").findings if one.check == "mixed_types"]
    assert len(found) == 1 and found[0].count == 50 and found[0].columns == ("when",)
