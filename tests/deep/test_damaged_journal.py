"""A deep side's journal that was cut or changed costs the entry at fault and no other, and the search goes on."""

import random
import shutil
import sys
import zlib
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from test_deep_side import side, template, trials

N_TRIALS = 5


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    """A folder with five trials; each read makes a new side."""
    return tmp_path_factory.mktemp("searched")


def resumed(task_parts, searched, tmp_path, content, n_runs):
    """A side that goes on with this journal, and the names of what it then knows of, one trial later."""
    shutil.copytree(searched, tmp_path, dirs_exist_ok=True)
    (tmp_path / "trials.log").write_bytes(content)
    deep = side(task_parts, template(), folder=tmp_path, max_trials=n_runs)
    earlier = [run.name for run in deep.earlier_runs()]
    return deep, earlier


def journal_of(task_parts, searched):
    path = searched / "trials.log"
    if not path.exists():
        trials(side(task_parts, template(), max_trials=N_TRIALS, folder=searched))
    return path.read_bytes()


def test_a_journal_cut_anywhere_in_its_last_lines_loses_at_most_that_trials_end(task_parts, searched, tmp_path):
    content = journal_of(task_parts, searched)
    lines = content.splitlines(keepends=True)
    start = len(content) - len(lines[-1])
    for end in [*range(start, len(content), 29), start + 1, len(content) - 1]:
        deep, earlier = resumed(task_parts, searched, tmp_path / str(end), content[:end], N_TRIALS)
        whole = end >= len(content) - 1
        assert earlier == [f"tiny-{i + 1}" for i in range(N_TRIALS if whole else N_TRIALS - 1)], end
        assert (not deep.resumed.in_flight) == whole, end


def test_a_bit_flipped_anywhere_loses_at_most_one_trial_and_no_name_is_given_twice(task_parts, searched, tmp_path):
    content = journal_of(task_parts, searched)
    first = len(content.splitlines(keepends=True)[0])
    draw = random.Random(0)
    for n in range(40):
        at = draw.randrange(first, len(content))
        changed = content[:at] + bytes([content[at] ^ (1 << draw.randrange(8))]) + content[at + 1 :]
        deep, earlier = resumed(task_parts, searched, tmp_path / str(n), changed, N_TRIALS + 2)
        assert len(earlier) == len(set(earlier)) >= N_TRIALS - 1, at
        known = set(earlier) | {left.spec.name for left in deep.resumed.in_flight}
        assert known == {f"tiny-{i + 1}" for i in range(N_TRIALS)}, at
        deep.resumed.in_flight.clear()
        assert deep._next(float("inf"), []).spec.name == f"tiny-{N_TRIALS + 1}", at


@pytest.mark.parametrize("lost", range(1, 2 * N_TRIALS + 1))
def test_the_search_goes_on_whatever_line_is_lost(task_parts, searched, tmp_path, lost):
    lines = journal_of(task_parts, searched).splitlines(keepends=True)
    changed = b"".join([*lines[:lost], b"#" + lines[lost][1:], *lines[lost + 1 :]])
    deep, earlier = resumed(task_parts, searched, tmp_path, changed, N_TRIALS + 1)
    more = [run.name for run in trials(deep)]
    assert sorted([*earlier, *more]) == [f"tiny-{i + 1}" for i in range(N_TRIALS + 1)]
    assert "could not be read and left out" in deep.archive.journal.damage()


def test_the_first_line_lost_starts_over(task_parts, searched, tmp_path):
    content = journal_of(task_parts, searched)
    deep, earlier = resumed(task_parts, searched, tmp_path, b"#" + content[1:], 1)
    assert "was put aside as trials.unreadable" in deep.archive.journal.damage()
    assert earlier == [] and (tmp_path / "trials.unreadable").read_bytes() == b"#" + content[1:]
    (run,) = trials(deep)
    assert run.name == "tiny-1" and run.status == "done"
    assert zlib.crc32(content) == zlib.crc32(journal_of(task_parts, searched))
