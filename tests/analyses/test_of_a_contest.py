"""A small contest with a dropped sensitive column: its analyses are made, shown, and left out of saved models."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tiny_network import TINY_OPTIONS

import automl


@pytest.mark.analyses
def test_analyses_of_a_table_are_made_shown_and_not_saved(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    n = 400
    y = np.arange(n) % 2
    frame = pd.DataFrame(
        {
            "size": y + rng.normal(size=n),
            "shade": rng.choice(["planted-red", "planted-blue"], n),
            "region": rng.choice(["planted-north", "planted-south"], n),
            "y": np.where(y, "yes", "no"),
        }
    )
    result = automl.fit(
        frame, "y", budget="none", max_trials=1, quiet=True, out=tmp_path / "run", drop=["region"],
        sensitive=["region"],
        **TINY_OPTIONS,
    )  # fmt: skip
    assert {"subgroups", "differences", "importance", "effects"} <= set(result.outcome.analyses)
    assert "occlusion" not in result.outcome.analyses_left_out
    (region,) = result.outcome.analyses["subgroups"]["sensitive"]
    assert region["column"] == "region" and len(region["parts"]) == 2
    first = result.analysis("importance").query("rank == 1 and side == 'shallow'")
    assert list(first["factor"]) == ["size"]
    page = (tmp_path / "run" / "report.html").read_text("utf-8")
    assert all(title in page for title in ("Who is served worse", "Where they differ", "What matters", "By region"))
    result.save(tmp_path / "model")
    saved = [path for path in (tmp_path / "model").rglob("*") if path.is_file()]
    assert not [path for path in saved if b"planted-north" in path.read_bytes()]
