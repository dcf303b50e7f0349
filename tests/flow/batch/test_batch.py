"""Several recipes as one job: who runs when, what a failing one costs, and what a second call does."""

import json
import math
import threading
from pathlib import Path

import pytest
from hand_clock import HandClock

from automl.errors import RecipeError
from automl.flow.batch import Ended, Job, exit_code_of, jobs_of, run_batch
from automl.flow.batch.jobs import share_of
from automl.flow.batch.places import LocalPlaces, RayPlaces, run_command
from automl.report.page import stored, written
from automl.report.result import result_dict
from automl.report.sections.settings import SETTINGS
from automl.testing.outcomes import example_outcome

OUTCOME = example_outcome("binary")
FINISHED = {"result.json": written(result_dict(OUTCOME)), "report.json": written(stored(OUTCOME, [SETTINGS]))}
"""The files of a finished run that are read again."""


@pytest.fixture
def recipes(tmp_path):
    """name → budget; returns the paths of recipes on one small file."""

    def write(**budgets):
        (tmp_path / "d.csv").write_text("a,y\n1,2\n2,3\n")
        for name, budget in budgets.items():
            (tmp_path / f"{name}.yaml").write_text(f"data: d.csv\ntarget: y\nbudget: {budget}\n")
        return [tmp_path / f"{name}.yaml" for name in budgets]

    return write


class Hands:
    """Places that run nothing: each command ends at once with its contest's code; a finished one leaves a report."""

    def __init__(self, n_slots=1, codes=None):
        self.n_slots, self.codes, self.calls = n_slots, codes or {}, []
        self.lock = threading.Lock()
        self.stopped = 0

    def run(self, slot, arguments, log):
        folder = Path(arguments[arguments.index("--out") + 1])
        code = self.codes.get(folder.name, 0)
        with self.lock:
            self.calls.append((folder.name, list(arguments), slot))
            if code in (0, 3):
                folder.mkdir(parents=True, exist_ok=True)
                for name, text in FINISHED.items():
                    (folder / name).write_text(text)
                (folder / "model").mkdir()
        return code, "error: something is wrong"

    def words(self, slot):
        return f"in slot {slot}"

    def stop(self):
        self.stopped += 1

    def close(self):
        pass


def test_contests_run_the_longest_first_and_one_page_tells_of_all(recipes, tmp_path):
    jobs, places, said = jobs_of(recipes(short=60, long=600, middle="5m"), tmp_path / "out"), Hands(), []
    ended = run_batch(jobs, tmp_path / "out", places, ["--seed=3"], say=said.append)
    assert [name for name, _, _ in places.calls] == ["long", "middle", "short"]
    assert [one.job.name for one in ended] == ["short", "long", "middle"] and exit_code_of(ended) == 0
    assert places.calls[0][1][:3] == ["run", str(jobs[1].recipe), "--seed=3"]
    page = (tmp_path / "out" / "compare.html").read_text()
    assert "Contests that did not finish" not in page
    told = json.loads((tmp_path / "out" / "batch.json").read_text())["contests"]
    assert [(one["name"], one["state"], one["exit_code"]) for one in told] == [
        ("short", "done", 0), ("long", "done", 0), ("middle", "done", 0)
    ]  # fmt: skip


def test_a_failing_contest_and_a_wrong_recipe_stop_no_other(recipes, tmp_path):
    paths = recipes(a=60, b=60, c=60)
    paths[2].write_text("data: d.csv\ntagret: y\n")
    ended = run_batch(jobs_of(paths, tmp_path / "out"), tmp_path / "out", Hands(2, {"a": 1}))
    assert [(one.state, one.code) for one in ended] == [("failed", 1), ("done", 0), ("refused", 2)]
    assert "did you mean 'target'" in ended[2].words and exit_code_of(ended) == 1
    page = (tmp_path / "out" / "compare.html").read_text()
    assert "Contests that did not finish" in page and "something is wrong" in page


def test_a_second_call_keeps_what_is_finished_and_resumes_what_was_cut(recipes, tmp_path):
    out, paths = tmp_path / "out", recipes(a=60, b=60)
    run_batch(jobs_of(paths, out), out, Hands(codes={"b": 1}))
    (out / "b").mkdir(exist_ok=True)
    (out / "b" / "spent.json").write_text("{}")  # the mark of a run that was cut
    places = Hands()
    ended = run_batch(jobs_of(paths, out), out, places)
    assert [(name, arguments[-1]) for name, arguments, _ in places.calls] == [("b", "--resume")]
    assert [one.state for one in ended] == ["kept", "done"]


def test_a_kept_contest_whose_condition_held_still_fails_the_job(recipes, tmp_path):
    out, paths = tmp_path / "out", recipes(a=60)
    run_batch(jobs_of(paths, out), out, Hands(codes={"a": 3}))
    result = json.loads((out / "a" / "result.json").read_text())
    (out / "a" / "result.json").write_text(json.dumps({**result, "fail_on": {"asked": "gain<9", "failed": ["gain<9"]}}))
    (kept,) = run_batch(jobs_of(paths, out), out, Hands())
    assert (kept.state, kept.code) == ("kept", 3)


def job(seconds):
    return Job("a", None, None, seconds)


@pytest.mark.parametrize(
    ("left", "waiting", "slots", "expected"),
    [
        (math.inf, 9, 1, 600.0),
        (1_000, 1, 4, 600.0),  # its own budget is less than its share
        (400, 1, 1, 390.0),
        (400, 4, 1, 90.0),
        (400, 4, 2, 190.0),
        (30, 3, 1, None),
    ],
)
def test_the_time_left_is_parted_evenly_among_those_waiting(left, waiting, slots, expected):
    assert share_of(job(600.0), left, waiting, slots) == expected


def test_a_job_with_a_bound_hands_out_shares_and_starts_none_without_time(recipes, tmp_path):
    clock = HandClock()
    places = Hands()
    run = places.run

    def slow(slot, arguments, log):
        clock.sleep(500)  # more than its share, as a report that takes long
        return run(slot, arguments, log)

    places.run = slow
    out = tmp_path / "out"
    ended = run_batch(jobs_of(recipes(a=600, b=600), out), out, places, within_seconds=500, now=clock.monotonic)
    assert places.calls[0][1][-4:-2] == ["--budget", "240.0s"]
    assert [one.state for one in ended] == ["done", "no time"] and exit_code_of(ended) == 2


def test_the_gravest_code_is_that_of_the_job():
    def code(*codes):
        return exit_code_of([Ended(job(1), "done", one) for one in codes])

    assert [code(0, 0), code(0, 3), code(3, 2), code(2, 1), code(1, 130), code(0, 77)] == [0, 3, 2, 1, 130, 1]


def test_names_of_folders_are_unique_and_a_recipe_is_named_once(recipes, tmp_path):
    (first,) = recipes(a=60)
    other = tmp_path / "other"
    other.mkdir()
    (other / "a.yaml").write_text("data: ../d.csv\ntarget: y\n")
    assert [one.name for one in jobs_of([first, other / "a.yaml"], tmp_path)] == ["a", "a-2"]
    with pytest.raises(RecipeError, match="named twice"):
        jobs_of([first, first], tmp_path)


def test_slots_have_cores_of_their_own(monkeypatch):
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: {0, 1, 2, 3, 4})
    two, eight = LocalPlaces(2), LocalPlaces(8)
    assert [two.cores(slot) for slot in range(2)] == [(0, 1), (2, 3)]
    assert {cores for slot in range(8) for cores in [eight.cores(slot)]} == {(0,), (1,), (2,), (3,), (4,)}


def test_a_command_runs_in_a_process_whose_words_are_kept(tmp_path):
    code, words = run_command(["validate", "nowhere.yaml"], tmp_path / "log")
    assert code == 2 and "nowhere.yaml: this recipe does not exist" in words


class FakeRay:
    """Runs a task in this process when its result is asked for."""

    def __init__(self, lost=False):
        self.lost, self.cancelled, self.options = lost, [], {}

    def remote(self, **options):
        self.options = options

        def decorate(function):
            class Task:
                @staticmethod
                def remote(*arguments):
                    return (function, str(arguments[0][0]))

            return Task

        return decorate

    def get(self, reference):
        if self.lost:
            raise RuntimeError("the node died\nand more")
        return 0, reference[1]

    def cancel(self, reference):
        self.cancelled.append(reference)


def test_tasks_of_ray_reserve_their_part_of_the_cores_and_a_lost_one_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("automl.flow.batch.places.usable_cores", lambda: 8)
    ray = FakeRay()
    places = RayPlaces(2, "auto", ray)
    assert ray.options == {"num_cpus": 4, "max_retries": 0} and places.words(0) == "on 4 cores of Ray"
    assert places.run(0, ["run"], tmp_path / "log") == (0, "run")
    code, words = RayPlaces(2, "auto", FakeRay(lost=True)).run(0, ["run"], tmp_path / "log")
    assert (code, words) == (1, "Ray lost it: the node died")


@pytest.mark.thorough
def test_a_local_ray_runs_a_command(tmp_path):
    pytest.importorskip("ray")
    places = RayPlaces(1, "local")
    try:
        code, words = places.run(0, ["validate", "nowhere.yaml"], tmp_path / "log")
    finally:
        places.close()
    assert code == 2 and "does not exist" in words
