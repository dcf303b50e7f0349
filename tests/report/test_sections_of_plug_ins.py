"""A report is made again with the sections of plug-ins, and does not lose one in silence; charts say what is wrong."""

import pytest

from automl import catalog, cli, report
from automl.errors import FolderError
from automl.records import Section
from automl.report import draw
from automl.report.sections import shipped

SOURCE = """
from automl.records import Section

EXTRA = Section("extra", "Extra", 15, lambda outcome: {"n": 3}, "<p>{{ n }} things</p>", "{{ n }} things")
"""


@pytest.fixture
def folder(outcome_of, tmp_path, monkeypatch):
    """A run folder whose report has the section of a plug-in that is forgotten again."""
    monkeypatch.setattr(catalog, "_FILES", {})
    (tmp_path / "extra.py").write_text(SOURCE)
    (module,) = catalog.extend([tmp_path / "extra.py"])
    (tmp_path / "run").mkdir()
    report.write(outcome_of("floor_only"), tmp_path / "run", [*shipped(), module.EXTRA])
    monkeypatch.setattr(catalog, "_FILES", {})
    return tmp_path / "run"


def test_a_report_keeps_its_section_where_the_plug_in_is_named(folder, tmp_path):
    (folder / "report.html").unlink()
    assert cli.main(["report", str(folder), "--plugins", str(tmp_path / "extra.py")]) == 0
    assert "3 things" in (folder / "report.html").read_text() and "3 things" in (folder / "report.md").read_text()


def test_a_page_is_not_replaced_by_one_without_the_section(folder, capsys):
    before = (folder / "report.html").read_bytes()
    assert cli.main(["report", str(folder)]) == 2
    assert "the section 'extra' comes from a plug-in that is not known here" in (said := capsys.readouterr().err)
    assert "(--plugins ./extra.py)" in said and (folder / "report.html").read_bytes() == before


def test_another_page_says_what_it_lacks(folder, tmp_path, capsys):
    other = tmp_path / "other.html"
    assert cli.main(["report", str(folder), "--out", str(other)]) == 0
    assert "plug-in that is not installed here" in other.read_text()
    assert cli.main(["report", str(folder), "--out", str(tmp_path / "other.json")]) == 0


def test_a_plug_in_of_a_stored_report_is_a_text(folder):
    text = (folder / "report.json").read_text()
    (folder / "report.json").write_text(text.replace('"plugin": "extra.py"', '"plugin": 3'))
    with pytest.raises(FolderError, match="no stored report"):
        report.render(folder)


LINE = {"mark": "line", "x": [0, 1], "y": [0, 1]}


@pytest.mark.parametrize(
    ("chart", "words"),
    [
        (
            {"layers": [LINE | {"colour": "green"}]},
            r"the colour 'green'; expected one of deep, shallow, blend, floor, ink",
        ),
        ({"layers": [LINE | {"mark": "pie"}]}, r"the mark 'pie'; expected one of line, step, points, band"),
        ({"layers": [{"colour": "deep"}]}, r"the mark None; expected one of"),
        ({"layers": [LINE | {"mark": "band"}]}, r"of the mark 'band' lacks 'low'; it needs x, low and high"),
        ({}, r"a chart lacks 'layers'"),
    ],
)
def test_a_chart_says_what_is_wrong_with_it(chart, words):
    with pytest.raises(ValueError, match=words):
        draw.Pen().svgs({"alt": "a chart", **chart})


def test_a_section_with_a_wrong_colour_says_so_in_its_place(outcome_of, tmp_path):
    wrong = {"alt": "a chart", "layers": [LINE | {"colour": "green"}]}
    section = Section("odd", "Odd", 15, lambda outcome: {"chart": wrong}, "{{ figure(chart) }}", "-")
    report.write(outcome_of("floor_only"), tmp_path, [*shipped(), section])
    assert "the colour &#39;green&#39;; expected one of deep" in (tmp_path / "report.html").read_text()
    with pytest.raises(ValueError, match="the colour 'green'"):
        draw.sparkline([{"colour": "green", "y": [1, 2]}], "a line")
