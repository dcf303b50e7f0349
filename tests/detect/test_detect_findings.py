"""What was done or doubted while reading is said, and columns of one table agree."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from automl.detect import detect, history
from automl.detect.columns.kinds import column
from automl.detect.findings import unsure_kinds
from automl.detect.parse import sentinels
from automl.records import Column, Dataset, Finding, Recipe, Task

RNG = np.random.default_rng(0)
N = 200


def run(frame: pd.DataFrame, target: str = "y", **options: object) -> tuple[Dataset, Task, dict[str, Finding]]:
    answers = frame[[target]] if target in frame else pd.DataFrame({target: RNG.choice(["s", "t"], len(frame))})
    inputs = frame.drop(columns=target, errors="ignore")
    dataset, task = detect(Dataset("d.csv", inputs, answers), Recipe(data=None, target=(target,), **options))
    return dataset, task, {f.check: f for f in dataset.findings}


def cycle(*cells: object) -> list[object]:
    return [cells[i % len(cells)] for i in range(N)]


@pytest.mark.parametrize(
    ("values", "gaps"),
    [
        ([*range(100), *[-999] * 10], (-999.0,)),
        ([*range(100), *[-999] * 10, *[9999] * 10], (-999.0, 9999.0)),
        ([*range(100), *[-1] * 10], (-1.0,)),
        ([*range(100), *[-999] * 3], ()),  # too seldom
        ([*range(9), *[999] * 20], ()),  # one code among few
        ([*range(-5, 100), *[-1] * 10], ()),  # others are negative too
        ([*range(0, 1000, 5), *[999] * 10], ()),  # within reach of the others
        ([*np.round(RNG.lognormal(3, 2, 500)), *[9999] * 10], ()),  # a long tail
        ([0, 1] * 50, ()),
        ([np.nan] * 5, ()),
        ([], ()),
    ],
)
def test_a_number_stands_for_a_gap_where_it_cannot_be_a_value(values: list[float], gaps: tuple[float, ...]) -> None:
    assert sentinels(np.array(values, dtype=np.float64)) == gaps


def test_stand_in_numbers_are_told_with_their_rows_and_read_as_missing_in_new_rows() -> None:
    ages = RNG.integers(18, 90, N).astype(float)
    ages[5:15] = -999
    dataset, _, found = run(pd.DataFrame({"age": ages, "b": RNG.normal(size=N)}))
    assert (found["stand_in_numbers"].count, found["stand_in_numbers"].rows[:2]) == (10, (5, 6))
    assert "-999 in 'age'" in found["stand_in_numbers"].message
    assert dataset.inputs["age"].isna().sum() == 10
    kept, _, found = run(pd.DataFrame({"age": ages, "b": RNG.normal(size=N)}), columns={"age": "numeric"})
    assert "stand_in_numbers" not in found
    assert kept.inputs["age"].min() == -999


def test_words_that_stand_for_nothing_among_numbers_are_told() -> None:
    dataset, _, found = run(pd.DataFrame({"cost": cycle("12.5", "tbd", "7", "unknown", "3"), "b": RNG.normal(size=N)}))
    assert dataset.inputs["cost"].isna().sum() == found["spelled_gaps"].count == 80
    assert "'tbd' (40)" in found["spelled_gaps"].message
    assert "mixed_types" not in found


def test_units_that_were_turned_into_one_and_those_that_cannot_be_are_told() -> None:
    frame = pd.DataFrame(
        {"mass": cycle("5 kg", "300 g", "1.5 kg"), "paid": cycle("$5", "€7", "£3"), "b": RNG.normal(size=N)}
    )
    dataset, task, found = run(frame)
    assert dataset.inputs["mass"][:3].tolist() == [5.0, 0.3, 1.5]
    assert "'mass' in 'kg' (from 'kg', 'g')" in found["converted_units"].message
    assert "'paid' ('$', '€', '£')" in found["mixed_units"].message
    assert next(c.kind for c in task.columns if c.name == "paid") == "categorical"


def test_a_comma_that_may_part_thousands_is_read_as_the_other_columns_show() -> None:
    plain = pd.DataFrame({"a": cycle("1,500", "2,250"), "b": RNG.normal(size=N)})
    dataset, _, found = run(plain)
    assert dataset.inputs["a"][0] == 1500.0
    assert "unclear_marks" not in found
    dataset, task, found = run(plain.assign(c=cycle("3,5", "7,25")))
    assert dataset.inputs["a"][:2].tolist() == [1.5, 2.25]
    assert "as in other columns" in task.columns[0].evidence
    assert "unclear_marks" not in found


def test_a_point_that_may_part_thousands_is_read_as_decimal_and_told_unless_other_columns_tell() -> None:
    plain = pd.DataFrame({"a": cycle("1.500", "2.250"), "b": RNG.normal(size=N)})
    dataset, _, found = run(plain)
    assert (dataset.inputs["a"][0], "'a'" in found["unclear_marks"].message) == (1.5, True)
    dataset, _, found = run(plain.assign(c=cycle("3,5", "7,25")))
    assert (dataset.inputs["a"][0], "unclear_marks" in found) == (1500.0, False)


def test_dates_that_may_be_read_both_ways_are_read_as_the_other_dates_of_the_table() -> None:
    frame = pd.DataFrame({"a": cycle("01/02/2020", "03/04/2020"), "b": cycle("25/12/2020", "01/02/2020")})
    dataset, task, found = run(frame)
    assert dataset.inputs["a"][0] == pd.Timestamp("2020-02-01")
    assert "day first as in the table's other dates" in task.columns[0].evidence
    assert "ambiguous_dates" not in found
    assert "ambiguous_dates" in run(frame[["a"]])[2]


def test_a_goal_that_the_values_do_not_tell_is_a_finding_and_none_once_it_is_set() -> None:
    frame = pd.DataFrame({"size": RNG.normal(size=N), "rating": RNG.integers(1, 6, N).astype(float)})
    _, task, found = run(frame, "rating")
    assert (task.goal, task.ordered, task.classes) == ("multiclass", True, ("1", "2", "3", "4", "5"))
    assert task.confidence < 0.7
    assert found["unsure_goal"].severity == "medium"
    assert found["unsure_goal"].message == "Not sure: target 'rating' is read as 5 ordered classes."
    assert found["unsure_goal"].next_step.startswith("Pass --goal regression if")
    _, task, found = run(frame, "rating", goal="regression")
    assert (task.goal, task.confidence, "unsure_goal" in found) == ("regression", 1.0, False)


def test_half_steps_are_amounts_and_the_choice_is_said() -> None:
    _, task, found = run(pd.DataFrame({"size": RNG.normal(size=N), "rating": RNG.integers(2, 11, N) / 2}), "rating")
    assert task.goal == "regression"
    assert any("in steps of a half" in line and "--goal multiclass" in line for line in task.evidence)
    assert "unsure_goal" not in found


@pytest.mark.parametrize(
    ("counts", "metric", "said"),
    [
        ((900, 60, 55), "balanced_accuracy", "89 % of the rows are 'a', so that accuracy would hardly tell"),
        ((900, 60, 5), "accuracy", "the rarest class has 5 rows, too few to count as much"),
        ((500, 60, 55), "balanced_accuracy", "81 %"),
        ((400, 300, 200), "accuracy", "the usual one for multiclass"),
    ],
)
def test_the_metric_of_several_classes_is_chosen_by_their_balance_and_the_reason_is_said(
    counts: tuple[int, ...], metric: str, said: str
) -> None:
    y = np.repeat(["a", "b", "c"], counts)
    _, task, _ = run(pd.DataFrame({"size": RNG.normal(size=len(y)), "y": y}))
    assert task.metric == metric
    assert any(said in line for line in task.evidence), task.evidence


def test_that_a_forecast_was_possible_is_said() -> None:
    days = pd.date_range("2020-01-01", periods=N)
    frame = pd.DataFrame({"day": days, "sales": RNG.normal(size=N), "rain": RNG.normal(size=N)})
    _, task, _ = run(frame, "sales")
    assert any("goal forecast is possible, not chosen: 'rain'" in line for line in task.evidence)


def test_a_new_history_is_read_as_the_target_was() -> None:
    days = pd.date_range("2020-01-01", periods=N)
    values = 1000 + np.round(RNG.normal(size=N), 2)
    frame = pd.DataFrame({"day": days, "sales": [f"{v:.2f} €".replace(".", ",") for v in values]})
    dataset, task, _ = run(frame, "sales")
    again = history(Dataset("new.csv", frame[["day"]], frame[["sales"]]), task)
    np.testing.assert_allclose(values, dataset.target["sales"])
    np.testing.assert_allclose(values, again.target["sales"])


def test_times_of_day_and_hours_per_week_are_no_time_axis() -> None:
    frame = pd.DataFrame(
        {"opens": [f"{h:02d}:30" for h in RNG.integers(0, 24, N)], "hours.per.week": RNG.integers(1, 99, N),
         "pay": RNG.normal(size=N)}
    )  # fmt: skip
    _, task, _ = run(frame, "pay")
    assert not any("dated" in line for line in task.evidence)


def test_an_absent_column_of_ticks_is_missing_and_not_unticked() -> None:
    from automl.detect import read

    found = column("ticked", pd.Series(cycle("x", None)))
    assert read(pd.DataFrame({"ticked": ["x", None]}), [found])["ticked"].tolist() == [1.0, 0.0]
    assert read(pd.DataFrame({"other": [1]}), [found])["ticked"].isna().all()


def test_a_kind_that_is_a_guess_is_asked_about_until_it_is_set() -> None:
    names = [f"{a}{b} studios" for a in ("Red", "Blue", "North", "Acme", "Old") for b in range(40)]
    frame = pd.DataFrame({"size": RNG.normal(size=N), "production": RNG.choice(names, N)})
    columns = [Column("production", "categorical", 0.3, ""), Column("size", "numeric", 0.95, "")]

    found = unsure_kinds(frame, columns)
    assert (found.severity, found.columns) == ("low", ("production",))
    assert "is 'production' a category (30 % sure) or a text?" in found.message
    assert "--columns production=text" in found.next_step
    assert unsure_kinds(frame, [replace(columns[0], confidence=1.0), columns[1]]) is None
    assert unsure_kinds(frame, [replace(columns[0], kind="unknown")]) is None
