"""Parts of the rows: nested, with all classes, whole groups, the latest stretch of time."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd

from automl.analyses.shared.subsets import subset
from automl.records import Dataset, Split, Task
from automl.sides.items import refit_items
from automl.split import split
from automl.testing.examples import example_task

SHARES = (1 / 16, 1 / 8, 1 / 4, 1 / 2)


def table(n: int = 800) -> tuple[Dataset, Task, Split]:
    rng = np.random.default_rng(0)
    labels = np.where(rng.random(n) < 0.02, "rare", np.where(rng.random(n) < 0.3, "some", "most"))
    task = dataclasses.replace(example_task("multiclass"), target=("y",), classes=("most", "rare", "some"))
    dataset = Dataset("table", pd.DataFrame({"a": rng.normal(size=n)}), pd.DataFrame({"y": labels}))
    return dataset, task, split(dataset, task, 0, hold_outs=False)


def learnt(part: Split | None) -> set[int]:
    assert part is not None
    return set(refit_items(part).tolist())


def test_parts_of_a_draw_are_nested_and_hold_every_class_and_no_test_row() -> None:
    dataset, task, whole = table()
    parts = [subset(dataset, task, whole, share, 1) for share in SHARES]
    for small, large in zip(parts, [*parts[1:], whole], strict=True):
        assert learnt(small) < learnt(large)
    assert not learnt(parts[-1]) & set(whole.test.tolist())
    labels = dataset.target["y"].to_numpy()  # type: ignore[index]
    for share, part in zip(SHARES, parts, strict=True):
        assert part is not None and set(labels[part.train]) == {"most", "rare", "some"} and len(part.valid)
        assert len(learnt(part)) == round(share * len(learnt(whole)))
    assert learnt(subset(dataset, task, whole, 1 / 4, 2)) != learnt(parts[2]), "another draw has other rows"
    assert learnt(subset(dataset, task, whole, 1 / 4, 1)) == learnt(parts[2]), "the same draw has the same"
    assert subset(dataset, task, whole, 1 / 64, 1) is None


def test_groups_stay_whole() -> None:
    dataset, task, _ = table()
    groups = np.repeat(np.arange(80), 10).astype(str)
    dataset = dataclasses.replace(dataset, groups=groups)
    whole = split(dataset, dataclasses.replace(task, group_column="g"), 0, hold_outs=False)
    part = subset(dataset, task, whole, 1 / 4, 1)
    assert len(learnt(part)) % 10 == 0 and 100 <= len(learnt(part)) <= 220
    assert len({groups[row] for row in learnt(part)}) == len(learnt(part)) / 10


def test_rows_in_time_give_the_latest_stretch() -> None:
    dataset, task, _ = table()
    times = np.datetime64("2020-01-01", "ns") + np.arange(800) * np.timedelta64(1, "D")
    dataset = dataclasses.replace(dataset, times=times)
    whole = split(dataset, dataclasses.replace(task, time_column="t"), 0, hold_outs=False)
    assert whole.in_time
    part = subset(dataset, task, whole, 1 / 4, 1)
    everything = sorted(learnt(whole))
    assert sorted(learnt(part)) == everything[-len(learnt(part)) :]
    assert part is not None and part.train.max() < part.valid.min()


def test_forecasts_learn_from_the_latest_windows_of_each_series() -> None:
    n = 400
    times = np.datetime64("2020-01-01", "ns") + np.tile(np.arange(n), 2) * np.timedelta64(1, "D")
    dataset = Dataset(
        "series", pd.DataFrame(index=range(2 * n)), pd.DataFrame({"y": np.random.default_rng(0).normal(size=2 * n)}),
        times=times, series=np.repeat(["a", "b"], n),
    )  # fmt: skip
    task = dataclasses.replace(example_task("forecast"), target=("y",), horizon=4, season=7)
    whole = split(dataset, task, 0)
    part = subset(dataset, task, whole, 1 / 4, 1)
    assert part is not None and part.refit_windows is not None and part.train_windows is not None
    assert len(part.refit_windows) < len(refit_items(whole)) / 3
    for first in (0, n):
        own = part.refit_windows[(part.refit_windows[:, 0] >= first) & (part.refit_windows[:, 0] < first + n)]
        assert own.max() == refit_items(whole)[refit_items(whole)[:, 0] < first + n].max()
    assert np.array_equal(part.refit_windows[: len(part.train_windows)], part.train_windows)
    assert part.test_windows is whole.test_windows
    assert subset(dataset, task, whole, 1 / 64, 1) is None
