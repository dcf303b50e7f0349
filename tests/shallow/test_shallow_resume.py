"""What the shallow side brings back from a run's folder."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from automl import catalog
from automl.errors import FolderError
from automl.records import Baseline, Cost, Facts, Run
from automl.shallow import ShallowSide
from automl.shallow.archive import Archive, Proposals

BASELINES = catalog.members(Baseline, "automl.baselines")
SMALL = {"max_iter": 10, "n_estimators": 6, "n_features": 50, "text_dimensions": 3}
NAMES = ("tabular_floor", "linear", "boosting", "forest")


def quick(baseline):
    def settings(task, facts, seed):
        for one in baseline.settings(task, facts, seed):
            yield {**one, **{k: v for k, v in SMALL.items() if k in one}}

    return replace(baseline, settings=settings)


def side_of(made, folder, max_trials=None, names=NAMES, *, apart=False, **options):
    """A side; its fits are made in this process, since what is promised here is not the other one's."""
    dataset, task, split = made
    baselines = {name: quick(BASELINES[name]) for name in names}
    facts = Facts(len(split.train), len(task.classes))
    return ShallowSide(
        dataset, task, split, facts, baselines, task.metric, max_trials=max_trials, folder=folder,
        fingerprints=options.pop("fingerprints", {"data": "a"}), apart=apart, **options,
    )  # fmt: skip


def to_the_end(side):
    runs = []
    while (some := side.step(math.inf)) is not None:
        runs += [run for run in some if run.side == "shallow"]
    return runs


def facts_of(runs):
    return [(run.name, run.valid_score, dict(run.choices), run.status) for run in runs]


@pytest.fixture(scope="module")
def whole(problem):
    """Seven fits without a break."""
    side = side_of(problem("tabular", "binary"), None, 7)
    runs = to_the_end(side)
    side.close()
    return runs


@pytest.fixture(scope="module")
def half(problem, tmp_path_factory):
    """A folder with four fits."""
    folder = tmp_path_factory.mktemp("half")
    side = side_of(problem("tabular", "binary"), folder, 4, elapsed=lambda: 12.5)
    runs = to_the_end(side)
    side.close()
    return folder, runs, side


def copied(folder, target):
    import shutil

    return shutil.copytree(folder, target / "copy")


def test_a_resumed_search_goes_on_as_if_it_had_never_stopped(problem, half, whole, tmp_path):
    folder, runs, _ = half
    side = side_of(problem("tabular", "binary"), copied(folder, tmp_path), 7)
    more = to_the_end(side)
    side.close()
    assert facts_of(side.earlier_runs()) == facts_of(runs) == facts_of(whole[:4])
    assert facts_of(more) == facts_of(whole[4:])
    assert [run.at_seconds for run in side.earlier_runs()] == [12.5] * 4


def test_kept_models_return_with_their_outputs_and_are_not_fitted_again(problem, half, tmp_path):
    folder, runs, before = half
    made = problem("tabular", "binary")
    side = side_of(made, copied(folder, tmp_path), 4)
    assert to_the_end(side) == []
    side.close()
    best = max(runs, key=lambda run: run.valid_score)
    assert side.choose(None).name == before.choose(None).name == best.name
    stored = {path.stem for path in (folder / "shallow").glob("*.npz")}
    assert best.name in stored and {kept.run.name for kept in side.ranked} == stored
    for kept in side.ranked:
        other = next(one for one in before.ranked if one.run.name == kept.run.name)
        np.testing.assert_array_equal(kept.outputs[0].arrays["probabilities"], other.outputs[0].arrays["probabilities"])
    test = side.outputs("test", 1)[0].arrays["probabilities"]
    np.testing.assert_allclose(test, before.outputs("test", 1)[0].arrays["probabilities"], atol=1e-12)


def test_the_best_model_that_is_lost_is_fitted_again_first_under_its_name(problem, half, tmp_path):
    folder, runs, _ = half
    copy = copied(folder, tmp_path)
    for path in (copy / "shallow").iterdir():
        path.write_bytes(path.read_bytes()[:-1])
    side = side_of(problem("tabular", "binary"), copy, 4)
    best = max(runs, key=lambda run: run.valid_score)
    assert side.ranked == [] and len(side.archive.store.unreadable) > 0
    assert side.step(0.01) is not None  # the floors
    again = to_the_end(side)
    side.close()
    assert [(run.name, run.valid_score) for run in again] == [(best.name, best.valid_score)]
    assert side.choose(None).name == best.name
    third = side_of(problem("tabular", "binary"), copy, 4)
    third.close()
    assert [run.name for run in third.earlier_runs()] == [run.name for run in runs]
    assert best.name in {kept.run.name for kept in third.ranked}


def test_a_lost_model_waits_when_there_is_no_time_for_it(problem, half, tmp_path):
    folder, _, _ = half
    copy = copied(folder, tmp_path)
    for path in (copy / "shallow").iterdir():
        path.unlink()
    side = side_of(problem("tabular", "binary"), copy, 4)
    side.close()
    assert side.resumed.next_lost(0.01, None) is None
    assert side.resumed.next_lost(1e6, None)[0].name == max(side.earlier_runs(), key=lambda run: run.valid_score).name


def test_a_lost_model_waits_when_the_worker_has_not_started_in_time(problem, half, tmp_path, monkeypatch):
    folder, runs, _ = half
    copy = copied(folder, tmp_path)
    for path in (copy / "shallow").iterdir():
        path.unlink()
    side = side_of(problem("tabular", "binary"), copy, 4)
    side.step(1.0)  # the floors
    with monkeypatch.context() as patched:
        patched.setattr(side.worker, "wait", lambda deadline, stopping: "the time was over")
        assert side.step(5.0) == ()
    again = to_the_end(side)
    side.close()
    assert again[0].name == max(runs, key=lambda run: run.valid_score).name


def test_only_the_best_models_stay_on_disk(problem, tmp_path):
    side = side_of(problem("tabular", "regression"), tmp_path, 9, ("tabular_floor", "linear"))
    to_the_end(side)
    side.close()
    stored = {path.stem for path in (tmp_path / "shallow").iterdir()}
    assert 0 < len(stored) <= 4
    assert side.ranked[0].run.name in stored


def test_a_folder_of_other_data_is_refused_and_starts_no_process(problem, half, tmp_path):
    with pytest.raises(FolderError, match="the data differed"):
        side_of(problem("tabular", "binary"), copied(half[0], tmp_path), fingerprints={"data": "b"})


def test_a_full_disk_is_one_note_a_kind_and_not_the_end(problem, tmp_path, monkeypatch):
    import errno
    import os

    events = []
    side = side_of(problem("tabular", "binary"), tmp_path, 3, on_event=events.append)

    def full(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert len(to_the_end(side)) == 3
    side.close()
    notes = [event["text"] for event in events if event["event"] == "note"]
    assert len(notes) == 2 and all("no space left" in text for text in notes)
    assert side.choose(None) is not None


class Odd:
    """Of no type on the list."""


def test_a_model_of_other_types_is_not_stored(tmp_path):
    import pickle

    archive = Archive(tmp_path, {}, print)
    run = Run("odd-1", "shallow", "done", "odd", valid_score=0.5, cost=Cost(fit_seconds=10.0))
    assert not archive.keep(run, pickle.dumps(Odd()), None, math.inf)
    assert archive.unsafe == {"odd"} and not (tmp_path / "shallow").exists()


def test_a_model_that_is_dear_to_store_is_left_out(tmp_path, half):
    _, _, side = half
    archive = Archive(tmp_path, {}, print)
    kept = side.ranked[0]
    assert not archive.keep(kept.run, kept.model, kept.outputs, 0.0)
    archive._seconds_a_mib[kept.run.family] = 1e6
    assert not archive.keep(kept.run, kept.model, kept.outputs, math.inf)
    archive._seconds_a_mib.clear()
    assert archive.keep(kept.run, kept.model, kept.outputs, math.inf)
    assert archive.load(replace(kept.run, valid_score=-1.0)) is None  # another run that had its name


def test_proposals_go_on_behind_the_last():
    def source():
        return iter([{"a": i} for i in range(4)])

    first = Proposals(source())
    first.again(next(first))
    assert [next(first), next(first)] == [{"a": 0}, {"a": 1}]
    second = Proposals(source())
    second.go_on(first.drawn, [{"a": 9}])
    assert list(second) == [{"a": 9}, {"a": 2}, {"a": 3}]
    assert list(second) == []
