"""A contest of an estimator says of its run folder whether it stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from automl.estimators import runner
from automl.records import Recipe


class Stopped(Exception):
    """Ends a contest at its beginning."""


@pytest.mark.parametrize("kept", [True, False])
def test_a_folder_that_is_removed_is_not_named_in_the_report(
    kept: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str | None, bool]] = []

    def run(recipe: Recipe, started: float, *, is_kept: bool = True) -> Any:
        seen.append((recipe.out, is_kept))
        raise Stopped

    monkeypatch.setattr(runner.flow, "run", run)
    recipe = Recipe("data.csv", ("y",), out=str(tmp_path / "run") if kept else None)
    with pytest.raises(Stopped):
        runner.contest(recipe, 0.0)
    ((out, is_kept),) = seen
    assert is_kept == kept and out is not None and (out == str(tmp_path / "run")) == kept
