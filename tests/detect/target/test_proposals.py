"""Goals that need no target are proposed where none was named."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import automl
from automl.detect import detect
from automl.detect.target.proposals import proposals
from automl.errors import NoTarget
from automl.records import Column, Dataset, Recipe

RNG = np.random.default_rng(0)
N = 120


def sensors(n_columns: int) -> pd.DataFrame:
    values = {f"s{i}": RNG.normal(size=N) for i in range(n_columns)}
    return pd.DataFrame({"stamp": pd.date_range("2024-01-01", periods=N, freq="h"), **values})


def test_several_sensors_are_forecast_with_a_doubt_that_names_the_other_goals() -> None:
    dataset, task = detect(Dataset("d", sensors(4)), Recipe(data=None))
    assert task.goal == "forecast" and task.confidence < 0.7
    (doubt,) = [finding for finding in dataset.findings if finding.check == "unsure_goal"]
    assert "all 4 columns of numbers ('s0', 's1', 's2' and more) are forecast" in doubt.message
    for command in ("--target", "--goal anomaly --time-column 'stamp'", "--goal represent", "--goal forecast"):
        assert command in doubt.next_step


@pytest.mark.parametrize("options", [{"goal": "forecast"}, {"horizon": 6}])
def test_a_forecast_that_is_asked_for_is_not_doubted(options: dict[str, object]) -> None:
    dataset, task = detect(Dataset("d", sensors(4)), Recipe(data=None, **options))  # type: ignore[arg-type]
    assert task.goal == "forecast" and "unsure_goal" not in {finding.check for finding in dataset.findings}
    assert not any("other goals" in said for said in task.evidence)


def test_one_column_of_numbers_is_a_forecast_and_other_goals_are_told() -> None:
    dataset, task = detect(Dataset("d", sensors(1)), Recipe(data=None))
    assert task.goal == "forecast" and task.confidence == 0.9
    assert "unsure_goal" not in {finding.check for finding in dataset.findings}
    assert any("--goal anomaly --time-column 'stamp' to look for unusual rows" in said for said in task.evidence)


def test_a_table_without_times_is_refused_with_the_flags_of_each_goal() -> None:
    with pytest.raises(NoTarget, match=r"--goal anomaly to look for unusual rows, --goal represent for numbers that"):
        detect(Dataset("d", sensors(3).drop(columns="stamp")), Recipe(data=None))


def test_a_lone_column_of_numbers_has_no_goal_without_a_target() -> None:
    with pytest.raises(NoTarget) as error:
        detect(Dataset("d", sensors(1)[["s0"]]), Recipe(data=None))
    assert "anomaly" not in str(error.value)
    assert proposals([Column("t", "text", 1.0, "")]) and not proposals([Column("x", "numeric", 1.0, "")])


def test_inspection_tells_them_in_the_words_of_the_interface() -> None:
    seen = automl.inspect(sensors(3).drop(columns="stamp"))
    assert seen.goals[0] == "--goal anomaly to look for unusual rows"
    assert 'goal="anomaly" to look for unusual rows' in seen.reasons
    dated = automl.inspect(sensors(4))
    assert 'goal="anomaly", time_column="stamp" to look for unusual rows' in dated.doubts[0]
    assert any('goal="represent", time_column="stamp"' in said for said in dated.reasons)


def test_names_of_columns_are_quoted_for_the_shell() -> None:
    assert proposals(None, "when; it's")[0].startswith("--goal anomaly --time-column 'when; it'\"'\"'s'")
