"""How right `automl watch` is of forecasts: alarms on series as they are, planted drift, and intervals of scores.

    python benchmarks/watching_forecasts.py [--data DIR] [--part places,simulated] [--only NAME,...] [--out FILE]

DIR is the data folder of `contest.py`.

**places**: series are cut at many places, a ridge regression on lags is fitted to the rows before and the rows after
are watched with them: how often statistics or errors drifted or changed, and how often the interval held the real
score; as the series are, and with a level, a spread or gaps that change in all new rows.

**simulated**: series of 12, 30, 60 or 100 blocks of 24 steps, which nothing changes, and as many as 8 new blocks: how
many of 300 have any alarm among level, spread, trend and strength of the season.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import statistics
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parent.parent
Row = dict[str, Any]
MOST_CUTS = 40
N_SIMULATED, LENGTH = 300, 24
KINDS = ("independent", "autoregressive 0.5", "autoregressive 0.9", "random walk", "heavy tails", "garch", "seasons")
SIZES = ((12, 1), (30, 1), (100, 4), (60, 8))
"""Blocks of the history, and new ones."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=os.environ.get("AUTOML_DATA", str(ROOT.parent / "shared" / "data")))
    parser.add_argument("--part", default="places,simulated")
    parser.add_argument("--only", default="")
    parser.add_argument("--out", default="")
    return parser.parse_args()


# --------------------------------------------------------------------------- places


SERIES: dict[str, dict[str, Any]] = {
    "sunspots": {"target": "sunspots", "time_column": "date", "horizon": 12, "history": 720, "new": 96, "every": 24},
    "oil": {"target": "OT", "time_column": "date", "horizon": 24, "history": 2_400, "new": 240, "every": 180,
            "file": "etth1", "drop": ["HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL"]},
    "loads": {"target": ["HUFL", "MUFL", "LUFL"], "time_column": "date", "horizon": 24, "history": 2_400, "new": 240,
              "every": 360, "file": "etth1", "drop": ["HULL", "MULL", "LULL", "OT"]},
    "co2": {"target": "emissions", "time_column": "year", "series": "country", "horizon": 6, "history": 45,
            "new": 12, "every": 2, "file": "co2_emissions"},
    "wandering": {"target": "y", "time_column": "day", "horizon": 14, "history": 700, "new": 84, "every": 0},
    "steady": {"target": "y", "time_column": "day", "horizon": 14, "history": 700, "new": 84, "every": 0},
}  # fmt: skip
"""Real series that are cut at many places, and two simulated ones, a new series for each place."""


def simulated(name: str, n: int, seed: int) -> pd.DataFrame:
    """A random walk with a weekly season, or an autoregressive process (0.8) with the same season; daily."""
    rng = np.random.default_rng(seed)
    noise = rng.standard_t(5, n + 100)
    values = np.zeros(n + 100)
    for place in range(1, n + 100):
        values[place] = (1.0 if name == "wandering" else 0.8) * values[place - 1] + noise[place]
    days = pd.date_range("2019-01-01", periods=n, freq="D")
    return pd.DataFrame({"day": days, "y": values[100:] + 3 * np.sin(np.arange(n) * 2 * np.pi / 7)})


def cuts(folder: Path, name: str) -> Iterator[tuple[pd.DataFrame, np.ndarray]]:
    """Rows, and which of them are new (the rest is the contest's), at many places."""
    own = SERIES[name]
    if not own["every"]:
        for seed in range(MOST_CUTS):
            n = own["history"] + own["new"]
            yield simulated(name, n, seed), np.arange(n) >= own["history"]
        return
    frame = pd.read_csv(folder / f"{own.get('file', name)}.csv.gz").drop(columns=own.get("drop", []))
    times = np.sort(frame[own["time_column"]].unique())
    places = range(own["history"], len(times) - own["new"] + 1, own["every"])
    for place in list(places)[:MOST_CUTS]:
        first, last = times[place - own["history"]], times[place + own["new"] - 1]
        kept = frame[(frame[own["time_column"]] >= first) & (frame[own["time_column"]] <= last)]
        yield kept.reset_index(drop=True), (kept[own["time_column"]] >= times[place]).to_numpy()


@dataclasses.dataclass(frozen=True, eq=False)
class Linear:
    """A fixed forecaster: ridge regression from the last values, less the very last one, to all steps."""

    lags: int
    n_targets: int
    model: Any
    spread: np.ndarray
    regions: Any = None

    def pasts(self, dataset: Any, windows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        from automl.modalities.forecast import block_starts

        values = dataset.target.ffill().bfill().to_numpy(float)
        starts = block_starts(dataset)[windows[:, 0]]
        rows = np.maximum(windows[:, :1] - self.lags + np.arange(self.lags), starts[:, None])
        past = values[rows]
        return past - past[:, -1:], past[:, -1:]

    def output(self, dataset: Any, windows: np.ndarray) -> Any:
        from automl.records import Output

        past, last = self.pasts(dataset, windows)
        made = self.model.predict(past.reshape(len(past), -1)).reshape(len(past), -1, self.n_targets) + last
        return Output("windows", {"values": made, "quantiles": np.stack([made - self.spread, made + self.spread], -1)})


def linear(prepared: Any) -> tuple[Any, Linear]:
    """A contestant and its predictor: validation windows by a model of training windows, test windows by one of all."""
    from sklearn.linear_model import Ridge

    from automl import goals
    from automl.records import Contestant

    dataset, task, split = prepared.dataset, prepared.task, prepared.split
    n_targets, lags = len(task.target), max(2 * (task.season or 1), 2 * task.horizon)

    def fit(windows: np.ndarray) -> Linear:
        made = Linear(lags, n_targets, Ridge(1.0), np.zeros(()))
        past, last = made.pasts(dataset, windows)
        truth = np.nan_to_num(goals.truth(dataset, task, windows)) - last
        made.model.fit(past.reshape(len(past), -1), truth.reshape(len(past), -1))
        off = np.abs(made.output(dataset, windows).arrays["values"] - truth - last)
        return dataclasses.replace(made, spread=np.quantile(off, 0.8, axis=0))

    first, last = fit(split.train_windows), fit(split.refit_windows)
    contestant = Contestant(
        "linear", "shallow", last.output(dataset, split.test_windows), (), first.output(dataset, split.valid_windows)
    )
    return contestant, last


def disturbed(rows: pd.DataFrame, new: np.ndarray, own: dict[str, Any]) -> Iterator[tuple[str, pd.DataFrame]]:
    """Kind and rows: each kind of drift in all new rows."""
    targets = [own["target"]] if isinstance(own["target"], str) else own["target"]
    series = rows[own["series"]] if "series" in own else pd.Series(np.zeros(len(rows)))
    rng = np.random.default_rng(0)
    yield "none", rows
    for kind in ("level by a deviation", "level by two", "spread doubled", "a tenth missing"):
        made = rows.copy()
        for target in targets:
            known = rows[target].where(~new)
            deviation = known.groupby(series).transform("std")
            if kind.startswith("level"):
                made[target] = rows[target] + new * deviation * (2 if kind.endswith("two") else 1)
            elif kind == "spread doubled":
                mean = rows[target].where(new).groupby(series).transform("mean")
                made[target] = np.where(new, mean + 2 * (rows[target] - mean), rows[target])
            else:
                made.loc[new & (rng.random(len(rows)) < 0.1), target] = np.nan
        yield kind, made


def watched_places(folder: Path, name: str) -> Iterator[Row]:
    """A fixed forecaster at each place: alarms, and scores of new windows beside their interval."""
    from automl import goals, metrics
    from automl.flow.prepare import prepare
    from automl.predict.rows import read_rows
    from automl.predict.watching import reference_of, watch
    from automl.recipe import make

    own = SERIES[name]
    keys = {key: own[key] for key in ("target", "time_column", "series", "horizon") if key in own}
    for rows, new in cuts(folder, name):
        prepared = prepare(make(data=rows[~new].reset_index(drop=True), goal="forecast", **keys))
        contestant, predictor = linear(prepared)
        test = prepared.split.test_windows
        context = goals.scoring_context(prepared.dataset, prepared.task, prepared.split, test)
        truth = goals.truth(prepared.dataset, prepared.task, test)
        score = metrics.score(prepared.task.metric, truth, contestant.output, None, context)
        reference = reference_of(prepared.dataset, prepared.task, prepared.split, (contestant,), {"shallow": score})
        for kind, made in disturbed(rows, new, own):
            found = watch(
                read_rows(made, prepared.task, on_odd="ignore"), prepared.task, predictor, "shallow", reference
            )
            yield {
                "part": "places", "set": name, "kind": kind, "metric": found.metric, "n_columns": len(found.columns),
                "changed": [one.name for one in found.columns if one.state != "same"],
                "drifted": list(found.drifted), "naive": found.contest_score, "real": found.score,
                "errors": [one.name for one in found.predictions if one.state == "drifted"],
                "low": None if found.expected is None else found.expected.low,
                "high": None if found.expected is None else found.expected.high,
            }  # fmt: skip


# --------------------------------------------------------------------------- simulated


def series_of(kind: str, n: int, rng: np.random.Generator) -> np.ndarray:
    """A series that nothing changes."""
    before = 200
    noise, made, variance = rng.normal(size=n + before), np.zeros(n + before), 1.0
    if kind == "heavy tails":
        noise = rng.standard_t(3, n + before)
    keep = {
        "autoregressive 0.5": 0.5,
        "autoregressive 0.9": 0.9,
        "random walk": 1.0,
        "heavy tails": 0.7,
        "seasons": 0.8,
    }
    for place in range(1, n + before):
        if kind == "garch":
            variance = 0.05 + 0.1 * made[place - 1] ** 2 + 0.85 * variance
            made[place] = np.sqrt(variance) * noise[place]
        else:
            made[place] = keep.get(kind, 0.0) * made[place - 1] + noise[place]
    if kind == "seasons":
        made += 5 * np.sin(np.arange(n + before) * np.pi / 6) + 0.02 * np.arange(n + before)
    return made[before:]


def simulated_alarms(kind: str, n_blocks: int, n_new: int) -> Iterator[Row]:
    """Alarms of each of `N_SIMULATED` series."""
    from automl.predict.watching.blocks import STATISTICS, blocks_of
    from automl.predict.watching.history import usual_change
    from automl.predict.watching.instability import adjusted
    from automl.predict.watching.shifts import shift_of

    rng, season = np.random.default_rng(0), 12 if kind == "seasons" else 1
    for _ in range(N_SIMULATED):
        values = series_of(kind, (n_blocks + n_new) * LENGTH, rng)
        parts = (values[: n_blocks * LENGTH], values[n_blocks * LENGTH :])
        scale = usual_change(parts[0], season)
        past, new = (blocks_of(one, np.ones(len(one), bool), scale, LENGTH, season, None) for one in parts)
        shifts = [shift_of(key, "y", "target", [past], [new], [scale], 0, LENGTH) for key in past if key in STATISTICS]
        found = adjusted([one for one in shifts if one is not None])
        yield {
            "part": "simulated", "set": kind, "n_blocks": n_blocks, "n_new": n_new,
            "changed": [one.name for one in found if one.state != "same"],
            "drifted": [one.name for one in found if one.state == "drifted"],
        }  # fmt: skip


# --------------------------------------------------------------------------- tables


def by_place(rows: Sequence[Row]) -> str:
    """How often series and errors drifted, and how often the interval held the real score, by kind of drift and set."""
    lines = ["| drift | series | places | statistics drifted | changed at least | errors drifted | interval holds |",
             "|---|---|---:|---:|---:|---:|---:|"]  # fmt: skip
    for kind, name in dict.fromkeys((row["kind"], row["set"]) for row in rows):
        own = [row for row in rows if row["kind"] == kind and row["set"] == name]
        shown = [statistics.mean(bool(one[key]) for one in own) for key in ("drifted", "changed", "errors")]
        scored = [one for one in own if one["low"] is not None and one["real"] is not None]
        told = [one["low"] <= one["real"] <= one["high"] for one in scored]
        holds = f"{sum(told)} of {len(told)}"
        lines.append(f"| {kind} | {name} | {len(own)} | {' | '.join(f'{one:.0%}' for one in shown)} | {holds} |")
    return "\n".join(lines)


def by_size(rows: Sequence[Row]) -> str:
    """How often simulated series alarmed."""
    lines = ["| series | blocks | new | n | drifted | changed at least |", "|---|---:|---:|---:|---:|---:|"]
    for key in dict.fromkeys((row["set"], row["n_blocks"], row["n_new"]) for row in rows):
        own = [row for row in rows if (row["set"], row["n_blocks"], row["n_new"]) == key]
        drifted, changed = (statistics.mean(bool(one[name]) for one in own) for name in ("drifted", "changed"))
        lines.append(f"| {key[0]} | {key[1]} | {key[2]} | {len(own)} | {drifted:.1%} | {changed:.1%} |")
    return "\n".join(lines)


def main() -> None:
    given = arguments()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    folder, only, parts = Path(given.data), {one for one in given.only.split(",") if one}, given.part.split(",")
    rows: list[Row] = []
    for name in SERIES if "places" in parts else ():
        if not only or name in only:
            started = time.monotonic()
            rows += watched_places(folder, name)
            print(f"places {name}: {time.monotonic() - started:.0f} s", flush=True)
    for kind in KINDS if "simulated" in parts else ():
        if not only or kind in only:
            for n_blocks, n_new in SIZES:
                rows += simulated_alarms(kind, n_blocks, n_new)
    if given.out:
        Path(given.out).write_text(json.dumps(rows, indent=1), "utf-8")
    for part, table in (("places", by_place), ("simulated", by_size)):
        own = [row for row in rows if row["part"] == part]
        if own:
            print(f"\n{part}\n{table(own)}")


if __name__ == "__main__":
    main()
