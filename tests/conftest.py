"""What all tests share."""

import contextlib
import gc
import importlib
import math
import os
import random
import sys
from collections import Counter

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from automl import catalog
from automl.system import threads

# Before a library with OpenMP is loaded: the fits of tests are small, and two test processes share the cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")
threads.sleep_while_waiting()

# Examples that take long are no failures: a busy machine is slow, and hypothesis by itself allows 0.2 s for each.
settings.register_profile("automl", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("automl")


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """What collecting makes stays to the end: it is not searched for garbage, then and in each collection after."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


LONG = (
    "contract/test_templates.py", "contract/test_settings_of_templates.py", "flow/test_end_to_end.py",
    "flow/test_segment.py", "flow/test_goals_without_target.py", "flow/test_generation.py",
    "templates/test_unlabelled_templates.py", "report/test_browser.py", "templates/test_table_generators.py",
    "shallow/test_shallow_worker.py", "test_planted_values.py", "contract/test_settings.py",
    "deep/training/test_data_parallel.py", "serve/test_served_processes.py",
    "deep/test_bad_templates.py", "flow/test_sounds_contest.py", "report/test_page.py", "export/test_formats.py",
    "contract/test_analyses.py", "cli/test_cli.py", "deep/test_deep_side.py", "export/test_scripts.py",
    "deep/test_deep_refits.py", "templates/test_item_diffusion.py", "flow/test_analyses_of_runs.py",
    "metrics/test_two_sample.py", "docs/test_readme.py", "docs/test_tutorials.py", "docs/test_contributing.py",
    "pretrained/test_picture_backbones.py", "analyses/test_refits_of_contests.py", "flow/test_pretrained_pictures.py",
    "flow/test_results_fit_the_schema.py", "baselines/test_each_target.py", "deep/test_deep_repeats.py",
)  # fmt: skip
"""Files that take longest; see what the summary says of processor time."""


def pytest_collection_modifyitems(items):
    """Long files first, so that in the end no process waits for another; files of equal rank stay as they came."""
    ranks = {f"tests/{name}": rank for rank, name in enumerate(LONG)}
    items.sort(key=lambda item: ranks.get(item.nodeid.partition("::")[0], len(LONG)))


def _seed() -> None:
    random.seed(0)
    np.random.seed(0)
    keras = sys.modules.get("keras")
    if keras is not None and hasattr(keras, "utils"):
        keras.utils.set_random_seed(0)


@pytest.hookimpl(tryfirst=True)
def pytest_fixture_setup():
    """Layers without a seed start alike in each run, so that no outcome is a matter of chance."""
    _seed()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call():
    """The same for the test itself, whatever its fixtures drew."""
    _seed()


@pytest.fixture(autouse=True, scope="module")
def plug_ins_of_a_file_stay_in_it():
    """Members that a module's tests bring in are gone after it, or searches of other tests would meet them."""
    before = dict(catalog._FILES)
    yield
    catalog._FILES.clear()
    catalog._FILES.update(before)


@pytest.fixture(autouse=True)
def checks_of_the_audit_fail_aloud(monkeypatch):
    """In use a check that fails becomes a note; here it is a failure."""
    monkeypatch.setattr(importlib.import_module("automl.audit.examine"), "STRICT", True)


def _analyses():
    return importlib.import_module("automl.flow.analyses")


@pytest.fixture(autouse=True, scope="session")
def contests_are_not_analysed():
    """Analyses take time after each contest; tests that want them say so with the mark `analyses`.

    Gives what the analyses are outside of tests.
    """
    all_of_them = _analyses().in_order
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_analyses(), "in_order", lambda: ())
        yield all_of_them


@pytest.fixture(autouse=True)
def contests_of_marked_tests_are_analysed(request, monkeypatch, contests_are_not_analysed):
    """The mark counts for contests that the test itself runs."""
    if request.node.get_closest_marker("analyses") is not None:
        monkeypatch.setattr(_analyses(), "in_order", contests_are_not_analysed)


@pytest.fixture(scope="session")
def analysed(contests_are_not_analysed):
    """A context whose contests are analysed, for fixtures that many tests share: `with analysed(): automl.fit(...)`."""

    @contextlib.contextmanager
    def within():
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(_analyses(), "in_order", contests_are_not_analysed)
            yield

    return within


@pytest.fixture(autouse=True, scope="session")
def finalists_are_refitted_twice():
    """Two seeds are averaged as three or four are; tests of how many there are say so themselves.

    Gives the most in use.
    """
    allocation = importlib.import_module("automl.flow.budget.allocation")
    in_use = allocation.MOST_REFITS
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(allocation, "MOST_REFITS", 2)
        yield in_use


@pytest.fixture(autouse=True, scope="session")
def precision_is_not_tried():
    """Which precision is faster depends on the machine and on what else runs; tests of the trial ask for it.

    Gives the seconds of a search from which it is tried in use.
    """
    precision = importlib.import_module("automl.deep.training.precision")
    with pytest.MonkeyPatch.context() as patch:
        in_use = precision.LEAST_SECONDS
        patch.setattr(precision, "LEAST_SECONDS", math.inf)
        yield in_use


SPAWN = ("automl.shallow.worker.spawn", "automl.shallow.apart.spawn")


@pytest.fixture(autouse=True, scope="session")
def workers_are_forked():
    """Workers of shallow fits start with their libraries loaded; see `fresh_workers` for those of use.

    Gives what starts them in use.
    """
    from forked_workers import Server

    spawn, server = importlib.import_module("automl.shallow.worker").spawn, Server()
    with pytest.MonkeyPatch.context() as patch:
        for place in SPAWN:
            patch.setattr(place, server.spawn)
        yield spawn
    server.close()


@pytest.fixture
def fresh_workers(workers_are_forked, monkeypatch):
    """For tests of the workers themselves: each is a process of its own, as in use."""
    for place in SPAWN:
        monkeypatch.setattr(place, workers_are_forked)


@pytest.fixture(autouse=True, scope="session")
def the_disk_is_not_waited_for():
    """What is written outlives a killed process without it; only a machine that loses power needs it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda handle: None)
        yield


@pytest.fixture(autouse=True, scope="session")
def other_programs_do_not_count():
    """How busy the machine is must not put a finding into a contest of a test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(importlib.import_module("automl.system.contention"), "read", lambda: None)
        yield


N_SHOWN = 10


class CpuSeconds:
    """Processor time of each test file, its fixtures and its ended child processes included."""

    def __init__(self) -> None:
        self.by_module: Counter[str] = Counter()
        self.before = sum(os.times()[:4])

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item, call):
        """Gives each report of a phase the processor time since the report before; xdist sends it along."""
        report = yield
        now = sum(os.times()[:4])
        report.cpu_seconds, self.before = now - self.before, now
        return report

    def pytest_runtest_logreport(self, report):
        self.by_module[report.nodeid.partition("::")[0]] += getattr(report, "cpu_seconds", 0.0)

    def pytest_terminal_summary(self, terminalreporter):
        """The costliest files; nothing depends on it."""
        if len(self.by_module) < N_SHOWN:
            return
        terminalreporter.section(f"CPU seconds: {sum(self.by_module.values()):.0f} in all, costliest files")
        for name, seconds in self.by_module.most_common(N_SHOWN):
            terminalreporter.write_line(f"{seconds:6.1f} {name}")


def pytest_configure(config):
    """Counts processor time in workers, which run tests, and where their reports arrive.

    Several processes take files in the order given here; pytest-xdist's own puts files of few tests last.
    """
    config.pluginmanager.register(CpuSeconds(), "cpu-seconds")
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False
