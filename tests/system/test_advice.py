"""What a finding advises, in flags and in arguments of Python: either can be pasted and means the same."""

from __future__ import annotations

import ast
import shlex

import pytest

from automl.system.advice import advice, for_interface

NAMES = [
    "paid",
    "closed on",
    "it's",
    'say "x"',
    "-x",
    "größe",
    "a\u200bb",
    "tab\there",
    "back\\slash",
    "🙂",
    "$HOME",
    "a,b",
]


@pytest.mark.parametrize("name", NAMES)
def test_both_forms_hold_the_name(name):
    argument = advice("drop", [name], "python")
    call = ast.parse(f"f({argument})", mode="eval").body
    assert ast.literal_eval(call.keywords[0].value) == [name] and call.keywords[0].arg == "drop"
    if not advice("drop", [name]).startswith("--drop $"):  # what only some shells read
        words = shlex.split(advice("drop", [name]))
        assert words in (["--drop", name], [f"--drop={name}"])


def test_a_key_of_one_name_gets_one_and_a_list_gets_all():
    assert advice("time_column", ["t", "u"]) == "--time-column t"
    assert advice("time_column", ["t", "u"], "python") == 'time_column="t"'
    assert advice("drop", ["t", "u v"]) == "--drop t --drop 'u v'"
    assert advice("drop", ["t", "u v"], "python") == 'drop=["t", "u v"]'


def test_a_name_that_no_command_line_holds_is_given_in_python():
    assert advice("drop", ["a", "\0"]) == "drop=[\"a\", '\\x00'] (in Python)"


def test_a_step_is_worded_for_either_interface():
    step = f"Leave it out: {advice('drop', ['a b'])}; or pass {advice('group', ['g'])}."
    options = (("drop", ("a b",)), ("group", ("g",)))
    assert for_interface(step, options, "shell") == step
    assert for_interface(step, options, "python") == 'Leave it out: drop=["a b"]; or pass group="g".'


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("Pass --goal multiclass if they are classes.", 'Pass goal="multiclass" if they are classes.'),
        ("Pass --goal to say what it is.", "Pass goal to say what it is."),
        ("name it as --group so that copies stay", "name it as group so that copies stay"),
        ("Ask for a shorter --horizon.", "Ask for a shorter horizon."),
        ("pass --time-column with dates, --series", "pass time_column with dates, series"),
        ("Pass --columns plate=text to use it", 'Pass columns="plate=text" to use it'),
        ("Pass --columns 'my plate=text'.", 'Pass columns="my plate=text".'),
        ("a -- b, x--y, '--z'", "a -- b, x--y, '--z'"),
    ],
)
def test_flags_that_are_no_option_of_a_finding_become_arguments_too(step: str, words: str) -> None:
    assert for_interface(step, (), "python") == words
    assert for_interface(step, (), "shell") == step
