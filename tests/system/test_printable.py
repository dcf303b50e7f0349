"""Names as a terminal may show them."""

from __future__ import annotations

import json
import sys
import unicodedata

import pytest

from automl.errors import DataError, FolderError, MissingExtra, RecipeError
from automl.system.printable import json_printable, printable

HOSTILE = [
    ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
    ("a\r\nerror: b", r"a\r\nerror: b"),
    ("\x9b31m\x7f\x08", r"\x9b31m\x7f\x08"),
    ("gpj.\u202efdp", r"gpj.\u202efdp"),
    ("\u2066a\u2069\u200f\u061c", r"\u2066a\u2069\u200f\u061c"),
    ("ze\u200bro\ufeff\u2060\xad", r"ze\u200bro\ufeff\u2060\xad"),
    ("\udce9t\udce9.csv", r"\udce9t\udce9.csv"),
    ("a\u2028b\u2029c\x85", r"a\u2028b\u2029c\x85"),
    ("tag\U000e0061", r"tag\U000e0061"),
]


@pytest.mark.parametrize(("name", "shown"), HOSTILE)
def test_what_acts_on_a_screen_or_hides_is_spelled_out_once(name: str, shown: str) -> None:
    assert printable(name) == shown == printable(printable(name))
    assert shown.encode("ascii")


@pytest.mark.parametrize(
    "name", ["größe", "価格 円", "می\u200cخواهم", "👩\u200d🔬", "Prix\xa0TTC", "a b\\n", "[red]x[/]"]
)
def test_words_of_any_script_stay(name: str) -> None:
    assert printable(name) == name


def test_no_character_at_all_gets_through_that_a_terminal_obeys() -> None:
    shown = "".join(map(printable, map(chr, range(sys.maxunicode + 1))))
    left = {c for c in set(shown) if unicodedata.category(c) in ("Cc", "Zl", "Zp", "Cs")}
    assert left == set()
    assert not any(unicodedata.bidirectional(c) in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
                   for c in set(shown))  # fmt: skip


def test_lines_may_be_kept() -> None:
    assert printable("a\nb\tc\x1b", "\n\t") == "a\nb\tc\\x1b"


@pytest.mark.parametrize("name", [name for name, _ in HOSTILE] + ["größe", "\U000e0061😀"])
def test_a_json_text_says_the_same(name: str) -> None:
    text = json.dumps({name: [name]}, ensure_ascii=False, indent=1)
    said = json_printable(text)
    assert json.loads(said) == {name: [name]}
    assert printable(said, "\n") == said


@pytest.mark.parametrize("kind", [DataError, FolderError, RecipeError, MissingExtra])
def test_an_error_is_a_line_whatever_it_names_and_several_are_lines(kind: type[Exception]) -> None:
    assert str(kind("no \x1b[2J\nerror: in 'größe.csv'")) == r"no \x1b[2J\nerror: in 'größe.csv'"
    assert str(kind("one\n", "two")) == "one\\n\ntwo"
