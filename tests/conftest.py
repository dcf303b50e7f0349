"""What all tests share."""

import importlib
import os
from collections import Counter

import pytest
from hypothesis import HealthCheck, settings

from automl import catalog

# Examples that take long are no failures: a busy machine is slow, and hypothesis by itself allows 0.2 s for each.
settings.register_profile("automl", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("automl")


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


@pytest.fixture(autouse=True)
def contests_are_not_analysed(request, monkeypatch):
    """Analyses take time after each contest; tests that want them say so with the mark `analyses`."""
    if request.node.get_closest_marker("analyses") is None:
        monkeypatch.setattr(importlib.import_module("automl.flow.analyses"), "in_order", lambda: ())


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
    """Counts processor time in workers, which run tests, and where their reports arrive."""
    config.pluginmanager.register(CpuSeconds(), "cpu-seconds")
