"""Energy: an estimate from times and a power that is said, or a power that the machine's counter gave."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import planted
import pytest

from automl.analyses import compute
from automl.records import Costs
from automl.system import energy
from automl.system.resources import usable_share


def made(**costs: float) -> planted.AnalysisContext:
    truth = np.arange(40) % 2
    context = planted.binary(truth, np.full(40, 0.4), np.full(40, 0.6), costs=Costs(**costs))
    outcome = dataclasses.replace(context.outcome, clock={"spent": {"deep": 36.0, "shallow": 18.0}})
    return dataclasses.replace(context, outcome=outcome)


@pytest.fixture
def uncounted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(energy, "counter", lambda: (None, ()))


@pytest.mark.usefixtures("uncounted")
def test_energy_is_time_times_power_and_its_price_that_of_the_user() -> None:
    context = made(power_watts=100.0, price_per_kwh=0.5, retrains_per_year=10.0, predictions_per_year=0.0)
    found = compute.COMPUTE.run(context)
    assert found is not None and found["counters"] == []
    row = found["rows"][0]
    watts = 100.0 * usable_share()
    run = next(run for run in context.outcome.runs if run.finalist and run.side == "deep")
    assert row["watts"] == watts and not row["watts_measured"]
    assert row["search_wh"] == pytest.approx(36.0 * watts / 3600)
    fits = run.cost.fit_seconds * run.n_seeds
    if row["kwh_a_year"] is not None:
        assert row["kwh_a_year"] == pytest.approx(10 * fits * watts / 3.6e6)
        assert row["price_a_year"] == pytest.approx(0.5 * row["kwh_a_year"])
    assert set(row) == set(compute.COMPUTE.example["rows"][0])


def test_a_counter_of_the_machine_gives_the_power(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = iter(np.arange(0.0, 1000.0, 0.25))
    joules = iter(np.arange(0.0, 1e6, 20.0))
    monkeypatch.setattr(energy, "counter", lambda: (lambda: float(next(joules)), ("RAPL",)))
    monkeypatch.setattr(compute.time, "monotonic", lambda: float(next(seconds)))
    found = compute.COMPUTE.run(made())
    assert found is not None and found["counters"] == ["RAPL"]
    assert all(row["watts_measured"] and row["watts"] > 0 for row in found["rows"])


def test_counters_of_packages_are_summed_and_unreadable_ones_are_none(tmp_path: Path) -> None:
    for name, value in (("intel-rapl:0", "1500000"), ("intel-rapl:1", "500000"), ("intel-rapl:0:0", "700000")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "energy_uj").write_text(value + "\n")
    read = energy.processor_joules(tmp_path)
    assert read is not None and read() == pytest.approx(2.0)
    (tmp_path / "intel-rapl:1" / "energy_uj").write_text("")
    assert energy.processor_joules(tmp_path) is None and energy.processor_joules(tmp_path / "none") is None
