"""What is known of each family's seeds, and that the documentation holds the same figures."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from automl import catalog
from automl.records import Baseline, Run, Template
from automl.verdict import shares

PAGE = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"
OWN = {**catalog.members(Template, "automl.templates"), **catalog.members(Baseline, "automl.baselines")}


def test_a_family_that_does_not_depend_on_its_seed_has_no_share() -> None:
    assert {shares.share_of(family) for family in shares.SEEDLESS} == {0.0}


def test_a_family_that_was_not_measured_has_the_share_that_is_assumed() -> None:
    assert shares.share_of("a family of somebody") == pytest.approx(shares.ASSUMED_SHARE)


def test_the_more_was_measured_of_a_family_the_less_the_assumed_share_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {f"after {freedom}": shares.MeasuredShare(0.01, 2 * freedom, freedom) for freedom in (1, 8, 12, 16)}
    monkeypatch.setattr(shares, "MEASURED", known)

    little, some, more, enough = (shares.share_of(family) for family in known)

    assert shares.ASSUMED_SHARE > little > some > more > enough
    assert some == pytest.approx(math.sqrt((shares.ASSUMED_SHARE**2 + 0.01**2) / 2))  # as much of either
    assert enough == pytest.approx(0.01)


def test_a_share_that_a_family_states_itself_goes_before_what_was_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    own = Baseline("trees", "strong", "tabular", ("regression",), None, None, seed_share=0.2)
    monkeypatch.setattr(shares.catalog, "members", lambda record, room: {"trees": own} if record is Baseline else {})
    monkeypatch.setattr(shares, "MEASURED", {"trees": shares.MeasuredShare(0.01, 40, 30.0)})

    assert shares.seed_shares(("a",), {"a": Run("a", "shallow", "done", "trees")}) == (0.2,)


def test_figures_are_of_families_that_there_are() -> None:
    assert set(shares.MEASURED) | shares.SEEDLESS <= set(OWN)
    assert not set(shares.MEASURED) & shares.SEEDLESS
    assert all(0 <= one.freedom < one.n_fits for one in shares.MEASURED.values())


def test_each_figure_stands_in_the_documentation() -> None:
    """Columns of the table: family, fits, degrees of freedom, measured and used share in percent."""
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \| ([\d.]+|–) \| ([\d.]+) \| ([\d.]+) \|$", PAGE.read_text("utf-8"), re.M)
    told = {family: figures for family, *figures in rows}

    assert {family for family in told if told[family][1] == "–"} == shares.SEEDLESS
    assert set(told) - shares.SEEDLESS == set(shares.MEASURED)
    for family, one in shares.MEASURED.items():
        n_fits, freedom, measured, used = map(float, told[family])
        assert (n_fits, freedom, measured) == pytest.approx((one.n_fits, one.freedom, 100 * one.share)), family
        assert used == pytest.approx(100 * shares.share_of(family), abs=0.051), family
    assert all(float(told[family][3]) == 0.0 and int(told[family][0]) >= 8 for family in shares.SEEDLESS)
