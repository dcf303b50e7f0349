import sys
import types

import pytest

from automl import catalog
from automl.errors import RecipeError
from automl.records import Section, Template

PLUGIN = """
from automl.records import Section
SEASIDE = Section(name={name!r}, title="t", order=1, collect=lambda outcome: None, template="", markdown="")
ALIAS = SEASIDE
OTHER = 3
"""


@pytest.fixture(autouse=True)
def no_files_left(monkeypatch):
    monkeypatch.setattr(catalog, "_FILES", {})


def room(monkeypatch, **values):
    module = types.ModuleType("room_of_tests")
    vars(module).update(values)
    monkeypatch.setitem(sys.modules, "room_of_tests", module)


def section(name):
    return Section(name, "t", 1, lambda outcome: None, "", "")


def test_members_are_the_constants_of_the_type_by_their_own_names(monkeypatch):
    one = section("one")
    room(monkeypatch, ONE=one, AGAIN=one, NUMBER=3)
    assert {"one": one} == catalog.members(Section, "room_of_tests")
    assert catalog.members(Template, "room_of_tests") == {}


def test_two_members_of_one_name_are_an_error_that_names_both_places(monkeypatch, tmp_path):
    room(monkeypatch, ONE=section("one"))
    file = tmp_path / "mine.py"
    file.write_text(PLUGIN.format(name="one"))
    catalog.extend([file])
    with pytest.raises(RecipeError, match=r"'one'.*room_of_tests.*mine\.py"):
        catalog.members(Section, "room_of_tests")


def test_a_plugin_file_brings_its_members_and_is_imported_once(monkeypatch, tmp_path):
    room(monkeypatch)
    file = tmp_path / "mine.py"
    file.write_text(PLUGIN.format(name="seaside"))
    (first,), (second,) = catalog.extend([file]), catalog.extend([str(file)])
    assert first is second
    assert list(catalog.members(Section, "room_of_tests")) == ["seaside"]


@pytest.mark.parametrize("text", [None, "1 / 0", "def ("])
def test_a_plugin_file_that_cannot_be_imported_says_which(tmp_path, text):
    file = tmp_path / "broken.py"
    if text is not None:
        file.write_text(text)
    before = set(sys.modules)
    with pytest.raises(RecipeError, match=r"broken\.py"):
        catalog.extend([file])
    assert not [name for name in sys.modules.keys() - before if name.startswith("automl_plugin")]


class Point:
    name, value, dist = "theirs", "their_package:PART", None

    def __init__(self, loaded):
        self.loaded = loaded

    def load(self):
        if isinstance(self.loaded, Exception):
            raise self.loaded
        return self.loaded


def test_entry_points_may_name_a_constant_or_a_module(monkeypatch):
    room(monkeypatch, ONE=section("one"))
    module = types.ModuleType("their_package")
    module.PART = section("part")
    for loaded in (module, module.PART):
        monkeypatch.setattr(catalog, "entry_points", lambda group, loaded=loaded: [Point(loaded)])
        assert list(catalog.members(Section, "room_of_tests")) == ["one", "part"]


def test_an_entry_point_that_cannot_be_imported_is_named(monkeypatch):
    room(monkeypatch)
    monkeypatch.setattr(catalog, "entry_points", lambda group: [Point(ImportError("no such thing"))])
    with pytest.raises(RecipeError, match=r"theirs.*no such thing"):
        catalog.members(Section, "room_of_tests")


def test_an_entry_point_may_be_named_and_must_then_be_installed(monkeypatch):
    monkeypatch.setattr(catalog, "entry_points", lambda group: [Point(section("part"))])
    assert catalog.extend(["theirs"]) == ()
    with pytest.raises(RecipeError, match=r"no entry point .* 'their' \(installed are theirs\).*give a Python file"):
        catalog.extend(["their"])


def test_titles_of_families_that_a_plug_in_brings_later_are_known(tmp_path):
    known = catalog.title_of("mlp")
    assert known != "mlp" and catalog.title_of("seaside_net") == "seaside net"
    file = tmp_path / "mine.py"
    file.write_text(
        "import dataclasses\nfrom tiny_network import TINY\n"
        "NAMED = dataclasses.replace(TINY, name='seaside_net', title='Network of the seaside')\n"
    )
    catalog.extend([file])
    assert catalog.title_of("seaside_net") == "Network of the seaside" and catalog.title_of("mlp") == known
    catalog._FILES.clear()
    assert catalog.title_of("seaside_net") == "seaside net"
