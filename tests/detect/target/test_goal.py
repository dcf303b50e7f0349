"""The goal from the target's own values, and the clean target."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl.detect import detect
from automl.detect.target.classes import positive_class
from automl.errors import DataError, RecipeError
from automl.records import Dataset, Finding, Recipe, Task

RNG = np.random.default_rng(0)
N = 400


def run(y: object, **options: object) -> tuple[Dataset, Task]:
    target = y if isinstance(y, pd.DataFrame) else pd.DataFrame({str(options.pop("name", "y")): y})
    inputs = pd.DataFrame({"a": RNG.normal(size=len(target)), "b": RNG.choice(["u", "v", "w"], len(target))})
    recipe = Recipe(data=None, target=tuple(target.columns), **options)
    return detect(Dataset("cars.csv", inputs, target), recipe)


CASES = [
    ("y", RNG.choice(["red", "green", "blue"], N), "multiclass"),
    ("y", RNG.choice(["red", "green"], N), "binary"),
    ("y", RNG.integers(0, 2, N), "binary"),
    ("y", RNG.integers(0, 2, N).astype(float), "binary"),
    ("y", RNG.random(N) < 0.3, "binary"),
    ("y", RNG.integers(0, 10, N), "multiclass"),
    ("y", RNG.integers(0, 3, N).astype(float), "multiclass"),
    ("label", RNG.integers(0, 26, 2000), "multiclass"),
    ("y", RNG.normal(size=N), "regression"),
    ("y", RNG.choice([1.0, 1.5, 2.0, 2.5, 3.0, 5.0], N), "regression"),
    ("y", RNG.integers(0, 5000, N), "regression"),
    ("visits", RNG.poisson(60, 3000), "regression"),
    ("count", RNG.poisson(3, 3000), "regression"),
    ("year", RNG.integers(1990, 2005, N), "regression"),
    ("y", [f"{v:.2f}" for v in RNG.normal(size=N)], "regression"),
    ("y", [f"${v:,.2f}" for v in RNG.random(N) * 1e4], "regression"),
    ("y", RNG.choice(["a, b", "b", "b, c", "a, c, d"], N), "multilabel"),
    ("y", [f"class {i % 150}" for i in range(3000)], "multiclass"),
]


@pytest.mark.parametrize(("name", "y", "goal"), CASES, ids=[f"{n}-{g}-{i}" for i, (n, _, g) in enumerate(CASES)])
def test_the_target_says_the_goal(name: str, y: object, goal: str) -> None:
    dataset, task = run(y, name=name)

    assert goal == task.goal, task.evidence
    assert any(f"goal {goal}" in sentence for sentence in task.evidence)
    assert dataset.target is not None
    if goal == "regression":
        assert (np.float64, False) == (dataset.target.to_numpy().dtype, dataset.target.isna().any().any())
    elif goal == "multilabel":
        assert list(task.classes) == list(dataset.target.columns)
        assert (dataset.target.dtypes == np.int8).all()
    else:
        assert set(task.classes) == set(dataset.target.iloc[:, 0])


def test_classes_that_are_numbers_are_sorted_as_numbers() -> None:
    _, task = run(np.arange(N) % 12)

    assert tuple(str(i) for i in range(12)) == task.classes


def test_grades_are_in_the_order_that_their_type_or_a_common_scale_has() -> None:
    grades = RNG.choice(["good", "fair", "Very Good", "ideal"], N)
    _, task = run(grades)
    assert task.classes == ("fair", "good", "Very Good", "ideal")
    assert any("ordered: 'fair' < 'good'" in line for line in task.evidence)
    declared = pd.Categorical(RNG.choice(["b", "c", "a"], N), categories=["c", "a", "b", "never"], ordered=True)
    assert run(pd.Series(declared))[1].classes == ("c", "a", "b")
    unordered = pd.Categorical(declared.astype(str), categories=["c", "a", "b"])
    assert run(pd.Series(unordered))[1].classes == ("a", "b", "c")
    assert task.ordered and run(pd.Series(declared))[1].ordered and not run(pd.Series(unordered))[1].ordered


def test_asking_for_quadratic_kappa_says_that_classes_are_ordered() -> None:
    _, task = run(np.arange(N) % 12, metric="quadratic_kappa")
    assert task.ordered and task.classes[9:] == ("9", "10", "11")
    assert any("as metric quadratic_kappa takes them" in line for line in task.evidence)
    assert not run(np.arange(N) % 12, metric="accuracy")[1].ordered


def test_a_list_becomes_one_column_a_label() -> None:
    dataset, task = run(["a, b", "b", "c, a", "b, c"] * 50)

    assert task.classes == ("a", "b", "c")
    assert dataset.target is not None
    assert dataset.target.iloc[:4].to_numpy().tolist() == [[1, 1, 0], [0, 1, 0], [1, 0, 1], [0, 1, 1]]


@pytest.mark.parametrize(
    ("levels", "counts", "positive"),
    [
        (("0", "1"), (10, 90), "1"),
        (("no", "yes"), (10, 90), "yes"),
        (("False", "True"), (10, 90), "True"),
        (("ham", "spam"), (10, 90), "spam"),
        (("negative", "positive"), (10, 90), "positive"),
        (("a", "b"), (10, 90), "a"),
        (("a", "b"), (90, 10), "b"),
        (("fraud", "no fraud"), (90, 10), "fraud"),
        (("-1", "1"), (10, 90), "1"),
    ],
)
def test_the_positive_class_is_the_one_a_label_names_or_the_rarer_one(
    levels: tuple[str, str], counts: tuple[int, int], positive: str
) -> None:
    assert positive == positive_class(levels, counts)[0]


def test_the_positive_class_is_the_second() -> None:
    _, task = run(["yes"] * 300 + ["no"] * 100)

    assert (task.classes, task.positive) == (("no", "yes"), "yes")


def test_several_targets_of_zero_and_one_are_labels_and_others_values() -> None:
    labels = pd.DataFrame(RNG.integers(0, 2, (N, 3)), columns=["p", "q", "r"])
    values = pd.DataFrame(RNG.normal(size=(N, 2)), columns=["p", "q"])

    assert (run(labels)[1].goal, run(labels)[1].classes) == ("multilabel", ("p", "q", "r"))
    assert run(values)[1].goal == "regression"
    with pytest.raises(RecipeError, match="must all be"):
        run(pd.DataFrame({"p": RNG.normal(size=N), "q": RNG.choice(["s", "t"], N)}))


def test_rows_without_a_target_are_dropped_and_counted() -> None:
    y = pd.Series(RNG.normal(size=N))
    y[:7], y[7] = np.nan, np.inf

    dataset, _ = run(y)

    assert dataset.n_rows == N - 8
    assert [f.count for f in dataset.findings if f.check == "missing_target"] == [8]
    assert dataset.row_numbers[0] == 8


def test_a_target_missing_everywhere_is_refused_with_a_proposal() -> None:
    with pytest.raises(DataError, match=r"target 'y' is 'n/a' in all 400 rows of cars.csv; pass --target .*try: "):
        run(["n/a"] * N)


@pytest.mark.parametrize("y", [["same"] * N, [3.5] * N])
def test_a_constant_target_is_refused(y: list[object]) -> None:
    with pytest.raises(DataError, match=r"in all 400 rows of cars.csv; pass --target with a column that varies"):
        run(y)


def test_a_target_of_unlike_texts_is_refused() -> None:
    with pytest.raises(DataError, match=r"different text in every one of the 400 rows"):
        run([f"a whole sentence about thing {i} and others" for i in range(N)])


def test_a_class_of_one_row_and_imbalance_are_told() -> None:
    dataset, task = run(["a"] * 390 + ["b"] * 9 + ["c"])

    assert {"single_row_class", "imbalance"} <= {f.check for f in dataset.findings}
    assert task.classes == ("a", "b", "c")


@pytest.mark.parametrize(
    ("y", "goal"),
    [
        (RNG.normal(size=N), "binary"),
        (RNG.choice(["s", "t", "u"], N), "binary"),
        (RNG.choice(["s", "t"], N), "regression"),
        (RNG.choice(["s", "t"], N), "multilabel"),
        (RNG.choice(["s", "t"], N), "forecast"),
    ],
)
def test_a_goal_that_does_not_fit_the_target_is_refused(y: object, goal: str) -> None:
    with pytest.raises((RecipeError, DataError), match=goal):
        run(y, goal=goal)


def test_the_goal_and_the_target_kind_can_be_set() -> None:
    y = RNG.integers(0, 5, N)

    assert run(y)[1].goal == "multiclass"
    assert run(y, goal="regression")[1].goal == "regression"
    assert run(y, columns={"y": "numeric"})[1].goal == "regression"
    assert run(RNG.integers(0, 40, N), goal="multiclass")[1].goal == "multiclass"
    assert run(RNG.integers(0, 2, N), goal="multiclass")[1].goal == "multiclass"


def test_the_metric_must_fit_the_goal() -> None:
    assert run(RNG.choice(["s", "t"], N), metric="f1")[1].metric == "f1"
    with pytest.raises(RecipeError, match="does not score goal 'regression'"):
        run(RNG.normal(size=N), metric="roc_auc")


def test_once_a_goal_is_set_dates_are_labels_and_years_are_numbers() -> None:
    with pytest.raises(RecipeError, match="holds dates"):
        run(["2020-01-05", "2021-03-06"] * 50)
    _, task = run(["2020-01-05", "2021-03-06"] * 50, goal="binary")
    assert set(task.classes) == {"2020-01-05", "2021-03-06"}
    dataset, task = run(np.arange(1950, 2020), goal="regression", name="date")
    assert task.goal == "regression" and dataset.target is not None and dataset.target["date"].iloc[0] == 1950.0


def missing(dataset: Dataset) -> Finding:
    return next(f for f in dataset.findings if f.check == "missing_target")


def test_rows_lost_to_a_number_that_stands_for_a_gap_are_told_with_that_number() -> None:
    income = RNG.integers(10_000, 50_000, N)
    income[:40] = -1
    dataset, _ = run(income, name="income")
    assert dataset.n_rows == N - 40
    assert "'-1' (40)" in missing(dataset).message
    assert "--columns income=numeric" in missing(dataset).next_step
    kept, _ = run(income, name="income", columns={"income": "numeric"})
    assert kept.n_rows == N


def test_rows_lost_to_an_answer_that_is_neither_yes_nor_no_are_told_with_it_and_a_goal_keeps_them() -> None:
    answers = np.array(["yes", "no", "unknown", "no"] * (N // 4), dtype=object)
    dataset, _ = run(answers, name="churn")
    assert "'unknown' (100)" in missing(dataset).message
    assert "--goal multiclass" in missing(dataset).next_step
    kept, task = run(answers, name="churn", goal="multiclass")
    assert (kept.n_rows, task.classes) == (N, ("no", "unknown", "yes"))


def test_amounts_in_several_currencies_are_no_target_and_the_message_says_why() -> None:
    for values in (RNG.lognormal(3, 1, N).round(2), RNG.integers(10, 60, N)):
        with pytest.raises(DataError, match=r"units that nothing turns into each other \('[$€]', '[$€]'\)"):
            run([f"{'$€'[i % 2]}{v}" for i, v in enumerate(values)], name="price")


def test_units_of_classes_are_no_currencies() -> None:
    forms = [f"{n}{letter}" for n in range(1, 13) for letter in "abc"]
    _, task = run(RNG.choice(forms, N), name="form")
    assert (task.goal, len(task.classes)) == ("multiclass", 36)


def test_the_cells_that_cost_a_row_are_quoted_and_no_usable_ones_beside_them() -> None:
    first, second = RNG.normal(size=N).round(1), RNG.normal(size=N).round(1).astype(object)
    first[:20] = np.nan
    second[20:30] = "unknown"
    dataset, _ = run(pd.DataFrame({"y1": first, "y2": second}))
    (told,) = [f for f in dataset.findings if f.check == "gaps_in_targets"]
    assert "they hold 'unknown' (10))" in told.message and told.count == 30 and dataset.n_rows == N
    assert "multiclass" not in told.next_step


def test_the_commonest_answer_is_the_one_that_is_offered_as_a_class_whatever_the_order_of_rows() -> None:
    answers = np.array(["pending", *["unknown"] * 8, *["yes", "no"] * 100], dtype=object)
    for order in (np.arange(len(answers)), RNG.permutation(len(answers))):
        dataset, _ = run(answers[order], name="churn")
        assert "If 'unknown' is an answer" in missing(dataset).next_step


def test_classes_with_a_slash_in_one_name_are_no_lists() -> None:
    _, task = run(RNG.choice(["Sci/Tech", "World", "Sports"], N, p=[0.4, 0.3, 0.3]), name="label")
    assert (task.goal, task.classes) == ("multiclass", ("Sci/Tech", "Sports", "World"))


def test_a_doubt_about_the_goal_is_not_told_again_among_the_reasons() -> None:
    dataset, task = run(RNG.integers(1, 6, N), name="rating")
    doubts = [f for f in dataset.findings if f.check == "unsure_goal"]
    assert len(doubts) == 1 and "--goal regression" in doubts[0].next_step
    assert not [sentence for sentence in task.evidence if "regression" in sentence]


@pytest.mark.parametrize(
    ("cells", "yes"),
    [
        (["X", ""], "X"),
        (["x", None], "x"),
        (["yes", None], "yes"),
        ([1.0, None], "1"),
        (["ja", " "], "ja"),
        (["✓", "-"], "✓"),
    ],
)
def test_a_target_of_a_mark_or_nothing_is_ticked_boxes(cells: list[object], yes: str) -> None:
    y = [cells[i % 3 > 0] for i in range(120)]

    dataset, task = run(y)

    assert ("binary", ("no", yes), yes, 120) == (task.goal, task.classes, task.positive, dataset.n_rows)
    assert any("or nothing" in sentence and "'no'" in sentence for sentence in task.evidence)
    assert "missing_target" not in {f.check for f in dataset.findings}


def test_a_target_of_one_other_word_or_nothing_is_refused_and_says_how_many_are_empty() -> None:
    with pytest.raises(DataError, match=r"80 rows .* that hold one, and 40 are empty: if that means no, write 'no'"):
        run([["sold", None][i % 3 == 0] for i in range(120)])


def test_two_targets_of_which_each_row_has_one_are_in_doubt() -> None:
    _, task = run(pd.DataFrame(np.eye(2, dtype=int)[RNG.integers(0, 2, 200)], columns=["p", "q"]))

    assert task.goal == "multilabel" and task.confidence < 0.7


def beside_tests(train: list[str], test: list[str], **options: object) -> tuple[Dataset, Task]:
    y = pd.DataFrame({"y": [*train, *test]})
    inputs = pd.DataFrame({"a": RNG.normal(size=len(y))})
    given = np.arange(len(y)) >= len(train)
    return detect(Dataset("pets.csv", inputs, y, given=given), Recipe(data=None, target=("y",), **options))


@pytest.mark.parametrize("spelled", ["CAT", "cat ", "Cat"])
def test_a_class_that_test_rows_spell_otherwise_is_read_as_that_of_training(spelled: str) -> None:
    dataset, task = beside_tests(["Cat", "Dog"] * 50, [spelled, "Dog"] * 10)

    assert ("binary", {"Cat", "Dog"}, 120) == (task.goal, set(task.classes), dataset.n_rows)
    told = [f for f in dataset.findings if f.check == "class_spelling"]
    assert [10 for _ in told] == [f.count for f in told] and bool(told) == (spelled.strip() != "Cat")
    assert all(row >= 100 for f in told for row in f.rows)


def test_test_rows_of_a_class_that_no_training_row_has_are_left_out_and_told() -> None:
    dataset, task = beside_tests(["Cat", "Dog"] * 50, ["Cow", "Dog", "Cat"] * 10)

    (told,) = [f for f in dataset.findings if f.check == "unseen_class"]
    assert (told.severity, told.count, told.rows[0]) == ("high", 10, 100) and "'Cow'" in told.message
    assert (task.goal, dataset.n_rows) == ("binary", 120)
    assert dataset.given is not None and dataset.given.sum() == 20


def test_test_rows_of_none_of_the_training_classes_are_refused() -> None:
    with pytest.raises(DataError, match=r"all 20 given test rows hold others \('Cow', 'Hen'\)"):
        beside_tests(["Cat", "Dog"] * 50, ["Cow", "Hen"] * 10)


def test_two_training_classes_that_a_test_class_could_be_leave_it_out() -> None:
    dataset, task = beside_tests(["Cat", "CAT", "Dog"] * 50, ["cat", "Dog"] * 10)

    assert {"unseen_class"} == {f.check for f in dataset.findings if f.check in ("unseen_class", "class_spelling")}
    assert task.goal == "multiclass"


def test_labels_that_only_test_rows_have_are_left_out_of_a_multilabel_target() -> None:
    dataset, task = beside_tests(["a, b", "b", "b, c", "a, c, d"] * 30, ["a, e", "b"] * 10)

    assert task.classes == ("a", "b", "c", "d") and dataset.n_rows == 140
    (told,) = [f for f in dataset.findings if f.check == "unseen_class"]
    assert "'e'" in told.message


def test_a_class_of_two_rows_is_told_as_untested() -> None:
    dataset, _ = run(["a"] * 60 + ["b"] * 30 + ["c"] * 2)

    assert "two_row_class" in {f.check for f in dataset.findings}
