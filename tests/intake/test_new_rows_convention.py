"""New rows are read as the training file was, unless they say otherwise themselves."""

import openpyxl
import pandas as pd
import pytest

from automl import modalities
from automl.detect import detect
from automl.intake import load, new_rows
from automl.records import Recipe

WORDS = ("area", "note", "sold")


@pytest.fixture
def trained(tmp_path):
    def make(text, target, encoding="utf-8"):
        (tmp_path / "train.csv").write_bytes(text.encode(encoding))
        recipe = Recipe(data=tmp_path / "train.csv", target=(target,))
        return detect(load(recipe), recipe)[1]

    return make


@pytest.fixture
def read(tmp_path):
    def new(task, text, encoding="utf-8"):
        (tmp_path / "new.csv").write_bytes(text.encode(encoding))
        return new_rows(tmp_path / "new.csv", task, modalities.named(task.modality))

    return new


def houses(note="n{i}"):
    return ",".join(WORDS) + "\n" + "".join(f"{i}.5,{note.format(i=i)},{('yes', 'no')[i % 2]}\n" for i in range(40))


def flowers(*order):
    cells = [{"a": f"{i % 7}.5", "b": f"{i % 5}.25", "class": ("rose", "tulip")[i % 2]} for i in range(40)]
    return "".join(",".join(row[name] for name in order) + "\n" for row in cells)


@pytest.mark.parametrize(
    "text",
    [
        'area,note\n1.5,"x, y"\n',
        "area;note\n1,5;x, y\n",
        'area,note\n1.5,"x\\, y"\n'.replace("\\", ""),
        "note\tarea\nx, y\t1.5\n",
        'My houses, 2024\n\narea,note\n1.5,"x, y"\n',
        '# by hand\narea,note\n1.5,"x, y"\n',
    ],
)
def test_a_single_row_is_read_by_the_names_it_should_have(trained, read, text):
    dataset = read(trained(houses(), "sold"), text)
    assert dataset.inputs["area"].tolist() == [1.5] and dataset.inputs["note"].tolist() == ["x, y"]


def test_a_single_row_with_escaped_quotes_is_read(trained, read):
    dataset = read(trained(houses(), "sold"), 'area,note\n1.5,"he \\"said\\", y"\n')
    assert dataset.inputs["note"].tolist() == ['he "said", y']


@pytest.mark.parametrize(
    ("order", "target", "text", "answers"),
    [
        (("a", "b", "class"), "x2", "1.5,2.5\n3.5,4.5\n", None),
        (("a", "b", "class"), "x2", "1.5,2.5,rose\n3.5,4.5,tulip\n", ["rose", "tulip"]),
        (("a", "b", "class"), "x2", "1,2\n", None),
        (("class", "a", "b"), "x0", "1.5,2.5\n3.5,4.5\n", None),
        (("class", "a", "b"), "x0", "rose,1.5,2.5\ntulip,3.5,4.5\n", ["rose", "tulip"]),
    ],
)
def test_rows_without_a_header_do_not_shift_where_the_target_is_left_out(trained, read, order, target, text, answers):
    task = trained(flowers(*order), target)
    dataset = read(task, text)
    first, second = (column.name for column in task.columns)
    lines = [line.split(",") for line in text.splitlines()]
    own = [[cell for cell in line if cell not in ("rose", "tulip")] for line in lines]
    assert dataset.inputs[first].tolist() == [float(line[0]) for line in own]
    assert dataset.inputs[second].tolist() == [float(line[1]) for line in own]
    assert (dataset.target is None) if answers is None else (dataset.target[target].tolist() == answers)
    assert "no_header" in [finding.check for finding in dataset.findings]


@pytest.mark.parametrize(
    ("encoding", "words"),
    [("cp932", "東京"), ("koi8-r", "Тула"), ("gb18030", "上海"), ("cp1250", "Žďár")],
)
def test_the_encoding_of_training_reads_what_a_few_letters_leave_open(trained, read, encoding, words):
    task = trained(houses(note=words), "sold", encoding)
    assert task.encoding == encoding
    assert read(task, f"area,note\n1.5,{words}\n", encoding).inputs["note"].tolist() == [words]
    assert read(task, f"area,note\n1.5,{words}\n", "utf-8").inputs["note"].tolist() == [words]


def test_the_sheet_with_the_columns_trained_on_is_read(trained, tmp_path):
    task = trained(houses(), "sold")
    book = openpyxl.Workbook()
    for row in [["name", "of"], *([f"n{i}", i] for i in range(20))]:
        book.active.append(row)
    sheet = book.create_sheet("data")
    for row in [["area", "note"], [1.5, "x"], [2.5, "y"]]:
        sheet.append(row)
    book.save(tmp_path / "new.xlsx")
    for path in (tmp_path / "new.xlsx", f"{tmp_path}/new.xlsx#data"):
        assert new_rows(path, task, modalities.named(task.modality)).inputs["area"].tolist() == [1.5, 2.5]


def test_test_rows_follow_the_training_file(tmp_path):
    (tmp_path / "train.csv").write_text(flowers("a", "b", "class"))
    (tmp_path / "test.csv").write_text("1,2,rose\n3,4,tulip\n")
    dataset = load(Recipe(data=tmp_path / "train.csv", test=tmp_path / "test.csv", target=("x2",)))
    assert dataset.given.sum() == 2 and dataset.inputs["x0"].tolist()[-2:] == [1.0, 3.0]


def test_columns_of_a_frame_keep_the_names_they_have(trained):
    task = trained(flowers("class", "a", "b"), "x0")
    frame = pd.DataFrame({"x0": ["rose"] * 3, "x1": [1.5, 2.5, 3.5]})
    dataset = new_rows(frame, task, modalities.named(task.modality))
    assert dataset.inputs["x1"].tolist() == [1.5, 2.5, 3.5] and "x2" not in dataset.inputs
