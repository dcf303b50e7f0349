"""Robustness and attacks after a contest: with its own encoders, networks and report."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from tiny_network import TINY_OPTIONS

import automl
from automl.analyses.attacks import ATTACKS
from automl.analyses.robustness import ROBUSTNESS
from automl.flow import analyses as module

pytestmark = pytest.mark.analyses


def test_a_contest_on_a_mixed_table_is_measured_and_drawn_and_its_models_stay(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "in_order", lambda: (ROBUSTNESS, ATTACKS))
    rng = np.random.default_rng(0)
    y = np.arange(300) % 2
    levels = np.where(rng.random(300) < 0.3 + 0.4 * y, "up", "down")
    frame = pd.DataFrame({"a": y + rng.normal(size=300), "b": rng.normal(size=300), "c": levels, "y": y})
    frame.loc[::17, "b"] = np.nan
    result = automl.fit(frame, "y", budget="none", max_trials=1, quiet=True, out=tmp_path / "run", **TINY_OPTIONS)
    assert result.outcome.analyses_left_out == {}
    table = result.analysis("robustness")
    assert set(table["corruption"]) == {"numbers_noised", "cells_missing", "categories_unseen"}
    assert table[["deep", "shallow", "gain"]].notna().all(axis=None)
    attacked = result.analysis("attacks")
    assert set(attacked["attack"]) == {"random", "search", "fgsm", "pgd"}
    page = (tmp_path / "run" / "report.html").read_text("utf-8")
    assert "Robustness" in page and "Attacks" in page and "This part could not be made" not in page
    result.save(tmp_path / "model")
    new = frame.drop(columns="y").head(20)
    assert automl.load(tmp_path / "model").predict_proba(new).equals(result.predict_proba(new))
