"""On which clock times are written."""

from __future__ import annotations

import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from automl.detect.parse import dates, zone_of

AUTUMN = pd.date_range("2021-09-01", periods=90, freq="D", tz="Europe/Berlin")


def offset(hours: float) -> datetime.timezone:
    return datetime.timezone(datetime.timedelta(hours=hours))


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("2021-08-01T00:00:00+02:00", "+02:00"),
        ("2021-08-01 00:00:00.250+0530", "+05:30"),
        ("2021-08-01T00:00-03:30", "-03:30"),
        ("2021-08-01T00:00:00Z", "UTC"),
        ("2021-08-01 10:00 UTC", "UTC"),
        ("2021-08-01 10:00 GMT+1", "+01:00"),
        ("01/08/2021 10:00 PM CEST", "+02:00"),
        ("Wed Aug 04 10:00:00 +0200 2021", "+02:00"),
        ("2021-08-01 10:00 (EST)", None),  # not read as a zone by `dates` either
        ("2021-08-01T00:00:00", None),
        ("2021-08-01", None),
        ("2021-08", None),
        ("01-08-2021", None),
        ("August 2021", None),
    ],
)
def test_an_offset_in_texts_is_the_clock(text: str, zone: str | None) -> None:
    assert zone_of(pd.Series([text] * 12)) == zone


@pytest.mark.parametrize(
    ("tz", "zone"),
    [
        (None, None),
        ("UTC", "UTC"),
        ("Europe/Berlin", "Europe/Berlin"),
        (ZoneInfo("America/New_York"), "America/New_York"),
        (offset(-3), "-03:00"),
        (offset(5.5), "+05:30"),
        (datetime.UTC, "UTC"),
    ],
)
def test_stamps_keep_their_zone_as_column_and_as_objects(tz: object, zone: str | None) -> None:
    stamps = pd.date_range("2021-05-01", periods=20, freq="h", tz=tz)

    assert zone_of(pd.Series(stamps)) == zone
    assert zone_of(pd.Series(stamps).astype("category")) == zone
    assert zone_of(pd.Series(list(stamps.to_pydatetime()), dtype=object)) == zone


@pytest.mark.parametrize("name", ["Europe/Berlin", "America/New_York", "Australia/Sydney", "Europe/London"])
def test_offsets_that_change_are_those_of_a_zone_with_summer_time(name: str) -> None:
    stamps = pd.date_range("2020-01-01", periods=600, freq="D", tz=name)

    for column in (
        pd.Series(stamps).map(lambda stamp: stamp.isoformat()),
        pd.Series(stamps.strftime("%Y-%m-%d %H:%M%z")),
    ):
        found = zone_of(column)
        assert found is not None
        moments = pd.DatetimeIndex(dates(column)).tz_localize("UTC")
        assert (moments.tz_convert(found).tz_localize(None) == stamps.tz_localize(None)).all()


def test_offsets_of_no_such_zone_are_told_in_utc() -> None:
    texts = pd.Series(["2021-01-01T00:00:00+01:00", "2021-01-02T00:00:00-07:00"] * 10)
    mixed = pd.Series(["2021-01-01T00:00:00+01:00", "2021-01-02T00:00:00"] * 10)

    assert (zone_of(texts), zone_of(mixed)) == ("UTC", "UTC")


def test_seconds_since_1970_are_in_utc_and_years_on_no_clock() -> None:
    assert zone_of(pd.Series(np.arange(5) * 3600), {"numbers": "s"}) == "UTC"
    assert zone_of(pd.Series([2001, 2002]), {"numbers": "year"}) is None
    assert zone_of(pd.Series([None, None], dtype=object)) is None
