"""Conditions of ``--fail-on``: a small strict grammar, and what holds."""

import pytest

from automl import recipe
from automl.errors import RecipeError
from automl.metrics import named
from automl.recipe import RUN_FIELDS, WATCH_FIELDS, failing, parse_fail_on

FACTS = {"verdict": "shallow", "trust": "medium", "side": "shallow", "score": 0.75, "gain": -0.02, "accuracy": 0.9}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("verdict=shallow", 1),
        ("verdict!=shallow", 0),
        ("verdict = deep | trust <= medium", 1),
        ("trust<medium", 0),
        ("trust<high", 1),
        ("score<0.8|gain<0|side=deep", 2),
        ("score>=0.75", 1),
        ("score>0.75", 0),
        ("gain<=-2e-2", 1),
        ("accuracy<0.95", 1),
    ],
)
def test_a_condition_holds_for_what_it_says(text, expected):
    assert len(failing(parse_fail_on(text, RUN_FIELDS, named), FACTS)) == expected


def test_a_condition_that_holds_says_what_was_found():
    assert failing(parse_fail_on("score<0.8|verdict=shallow"), FACTS) == (
        "score<0.8: score is 0.75", "verdict=shallow: verdict is shallow",
    )  # fmt: skip


def test_what_was_not_measured_cannot_be_ruled_out():
    assert failing(parse_fail_on("gain<0"), {"gain": None}) == ("gain<0: gain was not measured",)
    assert failing(parse_fail_on("score<0.8"), {"score": float("nan")}) == ("score<0.8: score was not measured",)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("verdit=shallow", r"unknown field 'verdit' \(did you mean 'verdict'\?\)"),
        ("roc_acu<0.8", "did you mean 'roc_auc'"),
        ("verdict=shalow", r"verdict is never 'shalow' \(did you mean 'shallow'\?\); expected one of deep, shallow"),
        ("verdict<deep", "verdict has no order"),
        ("trust==low", "equality is a single ="),
        ("score<high", "compared with a number"),
        ("score<nan", "compared with a number"),
        ("score<1_0", "compared with a number"),
        ("score", "expected one of !=, <, <=, =, >, >= and a value after 'score'"),
        ("score<", "expected one of"),
        ("", "expected conditions such as"),
        ("score<0.8||gain<0", "expected a field, an operator and a value"),
        ("<0.8", "expected a field"),
        ("score<0.8|" * 60 + "gain<0", "at most 50 conditions"),
        ("s" * 2000, "expected conditions"),
    ],
)
def test_a_typo_is_told_with_what_was_expected(text, words):
    with pytest.raises(RecipeError, match=words):
        parse_fail_on(text, RUN_FIELDS, named)


def test_new_rows_have_fields_of_their_own():
    conditions = parse_fail_on("drift>0|predictions=drifted|expected<0.8", WATCH_FIELDS)
    facts = {"drift": 2.0, "predictions": "same", "expected": 0.9}
    assert failing(conditions, facts, WATCH_FIELDS) == ("drift>0: drift is 2",)
    with pytest.raises(RecipeError, match="unknown field 'verdict'; expected one of predictions, drift"):
        parse_fail_on("verdict=deep", WATCH_FIELDS)


def test_a_recipe_refuses_a_typo_with_its_line_and_keeps_what_is_right(tmp_path):
    (tmp_path / "d.csv").write_text("a,y\n1,2\n")
    path = tmp_path / "r.yaml"
    path.write_text("data: d.csv\ntarget: y\nfail_on: verdict=shalow\n")
    assert recipe.validate(path)[0].startswith(f"{path}:3: fail_on: verdict is never 'shalow'")
    path.write_text("data: d.csv\ntarget: y\nfail_on: verdict=shallow\n")
    made = recipe.read(path)
    assert made.fail_on == "verdict=shallow" and "fail_on: verdict=shallow" in recipe.dump(made)
