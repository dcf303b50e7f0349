"""What every report section promises, held against outcomes of every kind."""

from __future__ import annotations

import importlib.util
import json
import sys
from functools import cache
from pathlib import Path

import pytest

from automl.records import Section
from automl.report import page, sections, words


def load_outcomes():
    """The maker of outcomes in tests/report, under the name its own tests know it by."""
    if "outcomes" not in sys.modules:
        path = Path(__file__).parents[1] / "report" / "outcomes.py"
        spec = importlib.util.spec_from_file_location("outcomes", path)
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        sys.modules["outcomes"] = module
        spec.loader.exec_module(module)
    return sys.modules["outcomes"]


MAKERS = load_outcomes().MAKERS
SHIPPED = {section.name: section for section in sections.shipped()}
make = cache(lambda name: MAKERS[name]())


def test_every_file_of_the_folder_holds_one_section_and_all_are_shipped():
    folder = Path(sections.__file__).parent
    found = []
    for path in folder.glob("*.py"):
        if path.stem != "__init__":
            module = importlib.import_module(f"automl.report.sections.{path.stem}")
            own = [value for name, value in vars(module).items() if isinstance(value, Section)]
            assert len(own) == 1, path.name
            found.append(own[0])
    assert sorted(s.name for s in found) == sorted(SHIPPED)


def test_names_and_orders_are_unique():
    assert len({s.order for s in SHIPPED.values()}) == len(SHIPPED)
    assert [s.order for s in sections.shipped()] == sorted(s.order for s in sections.shipped())


@pytest.mark.parametrize("outcome", list(MAKERS))
@pytest.mark.parametrize("name", list(SHIPPED))
def test_a_section_collects_plain_json_or_none(name, outcome):
    data = SHIPPED[name].collect(make(outcome))
    assert data is None or isinstance(data, dict)
    assert words.plain(json.loads(json.dumps(words.plain(data), allow_nan=False))) == words.plain(data)


@pytest.mark.parametrize("name", list(SHIPPED))
def test_a_section_is_shown_for_some_outcome(name):
    assert any(SHIPPED[name].collect(make(outcome)) is not None for outcome in MAKERS)


@pytest.mark.parametrize("name", list(SHIPPED))
def test_collecting_changes_nothing_and_repeats_itself(name):
    outcome = next(o for o in MAKERS if SHIPPED[name].collect(make(o)) is not None)
    first, second = (json.dumps(words.plain(SHIPPED[name].collect(make(outcome)))) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("name", list(SHIPPED))
def test_both_templates_say_something_and_stand_on_the_dict_alone(name):
    outcome = next(o for o in MAKERS if SHIPPED[name].collect(make(o)) is not None)
    content = page.stored(make(outcome), [SHIPPED[name]])
    assert [part["problem"] for part in content["sections"]] == [None]
    for text in (page.html(content), page.markdown_text(content)):
        assert "could not be made" not in text
        assert SHIPPED[name].title in text
