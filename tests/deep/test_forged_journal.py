"""Lines of a deep journal whose checksums are right and whose contents are not: left out and told, and no harm."""

import copy
import json
import random
import shutil
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from test_deep_side import side, template, trials

from automl.records import SearchOptions
from automl.storage.weights import WeightStore

N_TRIALS = 3
ODD = [
    None,
    True,
    "x",
    "",
    -1,
    0,
    1,
    10**13,
    10**60,
    -(10**30),
    1e300,
    0.5,
    [],
    {},
    [[1]],
    {"a": 1},
    "../../x",
    "x" * 30_000,
]


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    """A folder with three trials."""
    return tmp_path_factory.mktemp("searched")


@pytest.fixture
def sound(task_parts, searched):
    """Its lines, and its runs."""
    if not (searched / "trials.log").exists():
        trials(side(task_parts, template(), max_trials=N_TRIALS, folder=searched))
    return [json.loads(line[9:]) for line in (searched / "trials.log").read_text().splitlines()]


def resumed(task_parts, searched, folder, entries, n_trials=N_TRIALS, **options):
    if searched != folder:
        shutil.copytree(searched, folder, dirs_exist_ok=True)
    texts = [entry if isinstance(entry, str) else json.dumps(entry, sort_keys=True) for entry in entries]
    lines = [f"{zlib.crc32(text.encode()):08x} {text}\n" for text in texts]
    (folder / "trials.log").write_text("".join(lines))
    return side(task_parts, template(), folder=folder, max_trials=n_trials, **options)


def lost(deep):
    return len(deep.archive.journal.misfits) + deep.archive.journal.unreadable


def leaves(value, path=()):
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*path, key)
        if isinstance(item, dict | list):
            yield from leaves(item, (*path, key))


def changed(entry, path, value):
    other = copy.deepcopy(entry)
    at = other
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return other


def test_lines_as_they_were_are_taken(task_parts, searched, sound, tmp_path):
    deep = resumed(task_parts, searched, tmp_path, sound)
    assert lost(deep) == 0 and len(deep.earlier_runs()) == len(deep.ranked) == N_TRIALS
    assert trials(deep) == [] and deep.choose(None) is not None
    assert np.isfinite(deep.outputs("test", 1)[0].arrays["probabilities"]).all()


BEGUN = {
    "name": (("begun",), "tiny-0"),
    "name that leaves the folder": (("begun",), "../tiny-3"),
    "name beyond all": (("begun",), "tiny-999999"),
    "template": (("template",), "nowhere"),
    "seed": (("seed",), 77),
    "settings without some": (("settings",), {"width": 8}),
    "a width that is none": (("settings", "width"), 10**6),
    "a batch that is none": (("settings", "batch_size"), 10**12),
    "epochs": (("settings", "epochs"), 10**12),
    "rate": (("settings", "learning_rate"), 1e30),
    "a rate that is a word": (("settings", "learning_rate"), "x"),
    "values": (("values",), {"n_jobs": 1}),
    "oracle": (("oracle",), {}),
    "oracle's seed": (("oracle", "_seed_state"), 10**40),
    "variants": (("variants",), 10**9),
    "gates": (("gates",), [[0.5]]),
}
ENDED = {
    "name": (("name",), 5),
    "score": (("score",), "x"),
    "a score of more": (("score",), 0.123),
    "scores": (("scores",), [[0.5]]),
    "scores of more hold-outs": (("scores",), [0.9] * 9),
    "status": (("status",), "running"),
    "gates": (("at_gates",), [None]),
    "curve": (("curve",), [{"epoch": 1}]),
    "a curve of words": (("curve",), ["x"]),
    "cost": (("cost",), {}),
    "seconds": (("cost", "fit_seconds"), -1),
    "failures": (("failures",), ["nonsense"]),
    "settings": (("settings", "batch_size"), "x"),
    "compile": (("compile_seconds",), None),
    "device": (("device",), ["gpu"]),
    "failure": (("failure",), {"a": 1}),
}


@pytest.mark.parametrize(("kind", "what"), [*(("begun", k) for k in BEGUN), *(("name", k) for k in ENDED)])
def test_a_forged_line_is_left_out_and_told(task_parts, searched, sound, tmp_path, kind, what):
    at = max(place for place, entry in enumerate(sound) if kind in entry)
    path, value = (BEGUN if kind == "begun" else ENDED)[what]
    deep = resumed(task_parts, searched, tmp_path, [*sound[:at], changed(sound[at], path, value), *sound[at + 1 :]])
    assert lost(deep) == 1 and "cannot be of this run" in deep.archive.journal.damage()
    names = [run.name for run in deep.earlier_runs()]
    assert names == [f"tiny-{i + 1}" for i in range(N_TRIALS if kind == "begun" else N_TRIALS - 1)]


def test_a_line_twice_counts_once(task_parts, searched, sound, tmp_path):
    deep = resumed(task_parts, searched, tmp_path, [*sound, *sound[1:]])
    assert lost(deep) == len(sound) - 1 and len(deep.earlier_runs()) == N_TRIALS


def test_any_value_of_another_kind_ends_no_search(task_parts, searched, sound, tmp_path):
    draw = random.Random(0)
    for n in range(30):
        at = draw.randrange(1, len(sound))
        path = draw.choice(list(leaves(sound[at])))
        forged = [*sound[:at], changed(sound[at], path, draw.choice(ODD)), *sound[at + 1 :]]
        deep = resumed(task_parts, searched, tmp_path / str(n), forged)
        assert lost(deep) in (0, 1) and len(deep.earlier_runs()) >= N_TRIALS - 1, path
        deep.resumed.in_flight.clear()
        assert deep._next(float("inf"), []) is None or lost(deep) == 1, path
        assert deep.choose(None) is not None


def altered(folder, name, change):
    store = WeightStore(folder / "weights")
    arrays, meta = store.load(name)
    arrays, meta = change(list(arrays), dict(meta))
    assert store.save(name, arrays, meta) is None


ALTERED = {
    "no arrays": lambda arrays, meta: ([], meta),
    "no description": lambda arrays, meta: (arrays, {}),
    "another score": lambda arrays, meta: (arrays, {**meta, "curve": []}),
    "many others": lambda arrays, meta: (arrays, {**meta, "n_others": 10**13}),
    "fewer rows": lambda arrays, meta: ([arrays[0][:5], *arrays[1:]], meta),
    "other outputs": lambda arrays, meta: ([arrays[0][::-1], *arrays[1:]], meta),
    "texts": lambda arrays, meta: ([arrays[0].astype("U9"), *arrays[1:]], meta),
    "steps without end": lambda arrays, meta: (arrays, {**meta, "n_steps": 10**40}),
    "status": lambda arrays, meta: (arrays, {**meta, "status": ["done"]}),
}
OF_WEIGHTS = {
    "one less": lambda arrays, meta: (arrays[:-1], meta),
    "of another shape": lambda arrays, meta: ([*arrays[:-1], np.zeros((3, 3, 3), np.float32)], meta),
    "of another kind": lambda arrays, meta: ([*arrays[:-1], arrays[-1].astype("U9")], meta),
    "not finite": lambda arrays, meta: ([arrays[0], *(array * np.nan for array in arrays[1:])], meta),
}


@pytest.mark.parametrize("how", [*ALTERED, *OF_WEIGHTS])
def test_altered_weights_are_not_taken(task_parts, searched, sound, tmp_path, how):
    shutil.copytree(searched, tmp_path, dirs_exist_ok=True)
    altered(tmp_path, "tiny-2", (ALTERED | OF_WEIGHTS)[how])
    deep = side(task_parts, template(), folder=tmp_path, max_trials=N_TRIALS)
    assert ("tiny-2" in {kept.run.name for kept in deep.ranked}) == (how in OF_WEIGHTS)
    deep.ranked.sort(key=lambda kept: kept.run.name != "tiny-2")  # as if it were the best
    run = deep.choose(None)
    assert run.name != "tiny-2" and "tiny-2" not in {kept.run.name for kept in deep.ranked}
    assert np.isfinite(deep.outputs("test", 1)[0].arrays["probabilities"]).all()


def test_a_state_of_a_trial_under_way_that_does_not_fit_is_not_gone_on_from(task_parts, searched, sound, tmp_path):
    left = [entry for entry in sound if entry.get("name") != "tiny-3"]
    raw = np.zeros((80, 1), np.float32)
    meta = {"name": "tiny-3", "score": 0.5, "best_step": 1, "step": 2, "planned": 10, "total": 10, "seconds": 1.0,
            "next_check": 1.0, "n_weights": 1,
            "curve": [{"epoch": 1.0, "share": 0.2, "seconds": 1.0, "loss": 0.5, "valid_score": 0.5}]}  # fmt: skip
    odd = [{"planned": 10**13, "total": 10**13}, {"n_weights": 99}, {"score": 0.9}, {"curve": []}, {"step": 11},
           {"seconds": "x"}, {}]  # fmt: skip
    for n, change in enumerate(odd):
        folder = tmp_path / str(n)
        shutil.copytree(searched, folder)
        store = WeightStore(folder / "weights")
        assert store.checkpoint([raw, np.zeros(3, np.float32)], {**meta, **change}) is None
        deep = resumed(task_parts, folder, folder, left)
        assert [one.spec.name for one in deep.resumed.in_flight] == ["tiny-3"]
        assert (deep.resumed.in_flight[0].snapshot is None) == bool(change), change
    (run,) = trials(deep)  # the last fits in all but its weights, which only the network can tell
    assert run.status == "failed" and deep.choose(None) is not None


@pytest.mark.parametrize("oracle", ["hyperband", "grid"])
def test_states_of_other_oracles(task_parts, tmp_path, oracle):
    options = SearchOptions(oracle=oracle)
    first = tmp_path / "first"
    first.mkdir()
    trials(side(task_parts, template(), max_trials=4, folder=first, options=options))
    lines = [json.loads(line[9:]) for line in (first / "trials.log").read_text().splitlines()]
    again = resumed(task_parts, first, tmp_path / "again", lines, 6, options=options)
    assert lost(again) == 0 and len(trials(again)) == 2
    at = max(place for place, entry in enumerate(lines) if "begun" in entry)
    forged = {
        "hyperband": [
            ("_brackets", [{"bracket_num": 10**6, "rounds": []}]),
            ("_brackets", [5]),
            ("_current_bracket", 10**9),
        ],
        "grid": [("next", [[None, 0], [0, 1], [1, 0]]), ("next", [[0, 10**9]]), ("order", 5), ("last", "x")],
    }[oracle]
    for n, (key, value) in enumerate(forged):
        entries = [*lines[:at], changed(lines[at], ("oracle", key), value), *lines[at + 1 :]]
        deep = resumed(task_parts, first, tmp_path / f"forged-{n}", entries, 5, options=options)
        assert lost(deep) == 1, (key, value)
        trials(deep)
