"""Lines of a shallow journal whose checksums are right and whose contents are not: left out and told, and no harm."""

from __future__ import annotations

import copy
import json
import random
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from test_shallow_resume import copied, facts_of, half, side_of, to_the_end  # noqa: F401

from automl.errors import FolderError
from automl.shallow import archive as archives
from automl.storage.journal import Journal
from automl.storage.weights import WeightStore

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


def lines_of(folder):
    lines = (folder / "shallow.log").read_text().splitlines()
    return [json.loads(line[9:]) for line in lines]


def write_lines(folder, entries):
    texts = [entry if isinstance(entry, str) else json.dumps(entry, sort_keys=True) for entry in entries]
    content = "".join(f"{zlib.crc32(text.encode()):08x} {text}\n" for text in texts)
    (folder / "shallow.log").write_text(content)


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


def resumed(problem, folder, n_trials=4):
    side = side_of(problem("tabular", "binary"), folder, n_trials, apart=False)
    runs = side.earlier_runs()
    to_the_end(side)
    assert side.choose(None) is not None
    assert np.isfinite(side.outputs("test", 1)[0].arrays["probabilities"]).all()
    side.close()
    return side, runs


def test_the_line_as_it_was_is_taken(problem, half, tmp_path):  # noqa: F811
    folder = copied(half[0], tmp_path)
    write_lines(folder, lines_of(folder))
    side, runs = resumed(problem, folder)
    assert side.archive.journal.misfits == [] and facts_of(runs) == facts_of(half[1])


WRONG = {
    "drawn": (("state", "lane", "drawn"), 10**13),
    "runs": (("state", "lane", "n_runs"), 10**9),
    "fits": (("state", "n_fits"), 10**12),
    "name": (("name",), 5),
    "name of another": (("name",), "linear-0"),
    "name that leaves the folder": (("name",), "linear-1/../../../x"),
    "family": (("family",), "nowhere"),
    "score": (("score",), "x"),
    "a score of more": (("score",), 0.123),
    "scores": (("scores",), ["x"]),
    "scores of more hold-outs": (("scores",), [0.9] * 7),
    "random": (("state", "random"), {"bit_generator": "X"}),
    "random of another kind": (("state", "random", "bit_generator"), "MT19937"),
    "random state": (("state", "random", "state", "state"), 2**200),
    "waiting": (("state", "lane", "waiting"), [{"C": 1}]),
    "endless waiting": (("state", "lane", "waiting"), [{}] * 10_000),
    "seconds": (("state", "lane", "seconds"), -1.0),
    "status": (("status",), "running"),
    "rows": (("rows",), 10**9),
    "no rows": (("rows",), 0),
    "settings": (("settings",), {"n_jobs": 10**6}),
    "cost": (("cost",), {"fit_seconds": 1, "offered_seconds": 1, "more": 2}),
    "fit seconds": (("cost", "fit_seconds"), None),
    "state": (("state",), []),
    "failure": (("failure",), {"a": 1}),
    "half a character": (("failure",), "\ud800"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_forged_line_is_left_out_and_told(problem, half, tmp_path, what):  # noqa: F811
    folder = copied(half[0], tmp_path)
    first, *entries = lines_of(folder)
    last = len(entries) - 1
    entries[last] = changed(entries[last], *WRONG[what])
    write_lines(folder, [first, *entries])
    side, runs = resumed(problem, folder)
    journal = side.archive.journal
    assert len(journal.misfits) + journal.unreadable == 1 and "1 line" in journal.damage()
    assert facts_of(runs) == facts_of(half[1][:last])


@pytest.mark.thorough
def test_any_value_of_another_kind_ends_no_search(problem, half, tmp_path):  # noqa: F811
    first, *entries = lines_of(half[0])
    draw = random.Random(0)
    for n in range(40):
        folder = copied(half[0], tmp_path / str(n))
        at = draw.randrange(len(entries))
        path = draw.choice(list(leaves(entries[at])))
        forged = [*entries[:at], changed(entries[at], path, draw.choice(ODD)), *entries[at + 1 :]]
        write_lines(folder, [first, *forged])
        side, runs = resumed(problem, folder)
        lost = len(side.archive.journal.misfits) + side.archive.journal.unreadable
        assert lost in (0, 1) and len(runs) == 4 - lost, path


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"a":' * 500 + "1" + "}" * 500, "NaN", "[]", '{"name": NaN}', '{"rows": 1e999}', "5", "{}"]
)
def test_lines_that_hold_no_entry_are_counted(problem, half, tmp_path, text):  # noqa: F811
    folder = copied(half[0], tmp_path)
    write_lines(folder, [*lines_of(folder), text])
    side, runs = resumed(problem, folder)
    assert len(runs) == 4 and len(side.archive.journal.misfits) + side.archive.journal.unreadable == 1


def altered_store(folder, name, change):
    """A stored model with other arrays or another description, and a right checksum."""
    store = WeightStore(folder / "shallow")
    arrays, meta = store.load(name)
    arrays, meta = change(list(arrays), dict(meta))
    assert store.save(name, arrays, meta) is None


def another_model(arrays, meta):
    import skops.io
    from sklearn.linear_model import LogisticRegression

    return [np.frombuffer(skops.io.dumps(LogisticRegression()), np.uint8), *arrays[1:]], meta


ALTERED = {
    "no arrays": lambda arrays, meta: ([], meta),
    "no description": lambda arrays, meta: (arrays, {}),
    "another score": lambda arrays, meta: (arrays, {**meta, "score": 0.5}),
    "another kind": lambda arrays, meta: (arrays, {**meta, "kind": "values"}),
    "names that are none": lambda arrays, meta: (arrays, {**meta, "arrays": 5}),
    "other names": lambda arrays, meta: (arrays, {**meta, "arrays": ["a", "b"]}),
    "fewer rows": lambda arrays, meta: ([arrays[0], *(array[:5] for array in arrays[1:])], meta),
    "not finite": lambda arrays, meta: ([arrays[0], *(array * np.nan for array in arrays[1:])], meta),
    "no model": lambda arrays, meta: ([np.zeros(10, np.uint8), *arrays[1:]], meta),
    "another model": another_model,
    "outputs of another": lambda arrays, meta: ([arrays[0], *(array[::-1] for array in arrays[1:])], meta),
}


@pytest.mark.parametrize("how", ALTERED)
def test_an_altered_model_is_fitted_again(problem, half, tmp_path, how):  # noqa: F811
    folder = copied(half[0], tmp_path)
    top = max(run.valid_score for run in half[1])
    best = {run.name for run in half[1] if run.valid_score == top}  # one that stays would spare the others a fit
    for name in best:
        altered_store(folder, name, ALTERED[how])
    side = side_of(problem("tabular", "binary"), folder, 4, apart=False)
    assert best <= {lost[0].name for lost in side.resumed.lost}
    again = to_the_end(side)
    side.close()
    assert [run.valid_score for run in again if run.name in best] == [top]


def test_the_model_as_it_was_is_taken(problem, half, tmp_path):  # noqa: F811
    folder = copied(half[0], tmp_path)
    best = max(half[1], key=lambda run: run.valid_score)
    altered_store(folder, best.name, lambda arrays, meta: (arrays, meta))
    side = side_of(problem("tabular", "binary"), folder, 4, apart=False)
    side.close()
    assert best.name in {kept.run.name for kept in side.ranked} and not side.resumed.lost


def test_settings_are_those_that_were_drawn_or_lie_between():
    def source():
        yield {"a": 1, "b": 0.1, "c": (1, 2), "d": None}
        yield {"a": 5, "b": 10.0, "c": (1, 3), "d": "x"}
        yield {"a": 7, "b": 0.001, "c": (2, 2), "d": True, "e": 1}

    def gave(settings, drawn=2):
        return archives.Proposals(source()).gave(settings, drawn)

    sound = {"a": 5, "b": 1.0, "c": [1, 2], "d": "x"}
    assert gave(sound)
    for odd in (
        {"a": 7},
        {"a": True},
        {"a": 5.0},
        {"b": 11.0},
        {"b": 0.01},
        {"b": "x"},
        {"c": [2, 1]},
        {"d": True},
        {"e": 1},
    ):
        assert not gave({**sound, **odd}), odd
    assert not gave({}) and not gave({"a": 5})
    assert gave({**sound, "a": 7, "e": 1}, 3) and gave({**sound, "b": 0.01}, 3)
    after = archives.Proposals(source())
    assert after.gave(sound, 100) and after.drawn == 0
    after.go_on(1, [])
    assert next(after)["a"] == 5 and after.drawn == 2


def test_a_journal_too_large_is_refused_and_a_long_line_passed_over(tmp_path, monkeypatch):
    path = tmp_path / "shallow.log"
    journal = Journal(path, {"data": "a"})
    journal.write({"score": 1})
    with path.open("ab") as file:
        file.write(b"x" * (9 * 2**20) + b"\n")
    journal.write({"score": 2})
    again = Journal(path, {"data": "a"})
    assert (again.entries_before, again.unreadable) == ([{"score": 1}, {"score": 2}], 1)
    with path.open("ab") as file:
        file.truncate(1 << 40)
    with pytest.raises(FolderError, match="more than any search leaves"):
        Journal(path, {"data": "a"})
    path.write_bytes(b"\n" * 200_000)
    with pytest.raises(FolderError, match="more than any search leaves"):
        Journal(path, {"data": "a"})
