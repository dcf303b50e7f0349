"""Makes bakery.csv.gz: loaves sold a day in three made-up shops, with promotions and holidays known beforehand.

Run ``python automl/data/make_bakery.py`` to write the file again; the seed is fixed. Nothing in it was observed: a week
and a year in waves, a level that wanders, holidays on fixed dates with the shops closed and more sold the day before,
promotions of two to six days planned at random, each raising sales by some 40 %, and Poisson noise. Dedicated to the
public domain (CC0 1.0).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

SHOPS = {"harbour": 180.0, "station": 320.0, "village": 90.0}
HOLIDAYS = ("01-01", "05-01", "10-03", "12-25", "12-26")
WEEK = np.array([0.95, 0.9, 0.92, 1.0, 1.15, 1.3, 0.75])
"""Share of a usual day, Monday to Sunday."""
PROMOTION, EVE = 0.35, 0.3
"""What is added to the logarithm of the mean on days of a promotion, and before a holiday."""


def make(first: str = "2021-01-04", n_days: int = 1_092, seed: int = 0) -> pd.DataFrame:
    """Draw the sales: columns day, shop, promotion (0 or 1), holiday (0 or 1), loaves."""
    rng = np.random.default_rng(seed)
    days = pd.date_range(first, periods=n_days, freq="D")
    holiday = pd.Series(days.strftime("%m-%d")).isin(HOLIDAYS).to_numpy()
    eve = np.append(holiday[1:], False) & ~holiday
    parts = []
    for shop, level in SHOPS.items():
        promotion = np.zeros(n_days, bool)
        begin = int(rng.integers(5, 25))
        while begin < n_days:
            promotion[begin : begin + int(rng.integers(2, 7))] = True
            begin += int(rng.integers(14, 45))
        wandering = np.cumsum(rng.normal(0, 0.012, n_days))
        year = 0.1 * np.cos(2 * np.pi * (days.day_of_year.to_numpy() - 350) / 365.25)
        logarithm = np.log(level) + np.log(WEEK[days.day_of_week]) + year + wandering
        mean = np.exp(logarithm + PROMOTION * promotion + EVE * eve)
        loaves = np.where(holiday, 0, rng.poisson(mean))
        parts.append(
            pd.DataFrame(
                {"day": days.strftime("%Y-%m-%d"), "shop": shop, "promotion": promotion.astype(int),
                 "holiday": holiday.astype(int), "loaves": loaves}
            )
        )  # fmt: skip
    return pd.concat(parts, ignore_index=True)


if __name__ == "__main__":
    make().to_csv(Path(__file__).with_name("bakery.csv.gz"), index=False, compression={"method": "gzip", "mtime": 0})
