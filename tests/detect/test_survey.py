"""A table without a named target is looked at all the same."""

import numpy as np
import pandas as pd
import pytest

import automl
from automl.cli import views
from automl.errors import NoTarget, RecipeError


@pytest.fixture
def cars():
    rng = np.random.default_rng(0)
    n = 120
    return pd.DataFrame(
        {
            "plate": [f"HH-{i:04d}X" for i in rng.permutation(n)],
            "colour": np.array(["red", "blue", "green"])[rng.integers(0, 3, n)],
            "km": rng.integers(0, 200_000, n),
            "sold": np.array(["yes", "no"])[rng.integers(0, 2, n)],
            "price": rng.gamma(2.0, 5_000.0, n).round(2),
        }
    )


def test_columns_and_likely_targets_with_their_goals_are_told(cars):
    seen = automl.inspect(cars)
    assert seen.task is None
    assert [c.kind for c in seen.columns] == ["identifier", "categorical", "numeric", "boolean", "numeric"]
    assert [one.split(":")[0] for one in seen.targets] == ["--target price", "--target sold", "--target km"]
    assert "regression" in seen.targets[0] and "binary" in seen.targets[1]
    assert "120 rows, 5 columns; no target was named" in str(seen) and "'plate'" in str(seen)


def test_kinds_set_by_the_user_hold(cars):
    kinds = {c.name: c.kind for c in automl.inspect(cars, columns={"km": "categorical"}).columns}
    assert kinds["km"] == "categorical"


def test_a_terminal_shows_the_same(cars, capsys):
    views.show(automl.inspect(cars))
    out = capsys.readouterr().out
    assert "no target was named" in out and 'target="price": regression' in out and "identifier" in out


def test_a_contest_still_needs_a_target(cars):
    with pytest.raises(NoTarget, match="no target was named"):
        automl.fit(cars, budget=1)
    assert issubclass(NoTarget, RecipeError)


def test_a_series_without_a_target_is_still_a_forecast():
    series = pd.DataFrame({"day": pd.date_range("2020-01-01", periods=200), "sales": np.arange(200.0)})
    seen = automl.inspect(series)
    assert seen.task is not None and seen.task.goal == "forecast" and not seen.targets


def test_the_values_of_one_column_alone_are_no_repeated_rows():
    seen = automl.inspect(pd.DataFrame({"size": np.arange(100) % 3}))
    assert "100 rows, 1 column; no target was named" in str(seen)
    assert not [f for f in seen.findings if f.check == "duplicate_rows"]


def test_a_name_with_a_line_break_or_without_end_stays_on_one_line(capsys):
    seen = automl.inspect(
        pd.DataFrame({"a\nb": np.arange(30) % 3, "x" * 300: np.arange(30) % 4, "y": np.arange(30) % 2})
    )
    assert max(map(len, str(seen).splitlines())) < 200
    assert r"a\nb" in str(seen)
    views.show(seen)
    assert r"a\nb" in capsys.readouterr().out


def test_a_cell_that_breaks_its_line_breaks_no_line_of_what_was_seen(capsys):
    frame = pd.DataFrame({"a": ["yes\nb", "no"] * 50, "y": np.arange(100.0) % 7})
    seen = automl.inspect(frame, "y")
    assert any("\n" in column.evidence for column in seen.columns)
    lines = str(seen).splitlines()
    assert len([line for line in lines if line.startswith("  ")]) == len(lines) - 1
    views.show(seen)
    assert r"yes\nb" in capsys.readouterr().out.replace(" ", "")
