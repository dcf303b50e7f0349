"""Names of targets, columns, classes, runs and layers, whatever they hold, are never code of a script."""

import ast
import dataclasses
import json

import pytest

from automl.export.describe import as_json
from automl.export.network_code import identifier, network_code
from automl.export.script import deep_script, in_docstring, shallow_script

HOSTILE = (
    'y"""\nimport os; os.system("id")\n"""', "C:\\Users\\n", "<MODELS>", "#<COMMON>", "'); evil(); ('", "\\", '"',
    "a\x00b", "\u202edlrow", "\ud800", '\\"""\rimport evil', "<HEAD><TARGET>", "{evil()}", "2²",
)  # fmt: skip
RESULT = {"split": {"seed": 1, "n_train": 6, "n_valid": 2, "n_test": 2}, "runs": []}
LOOP = {"learning_rate": 0.001, "weight_decay": 0.0, "batch_size": 32, "epochs": 2}
SCRIPTS = {"deep": deep_script, "shallow": shallow_script}


def renamed(task, name):
    """The task with this name for its target, a class, a column and its groups."""
    columns = tuple(dataclasses.replace(c, name=name) if c.name == "colour" else c for c in task.columns)
    columns = tuple(
        dataclasses.replace(c, reading={"true": name, "false": "no"}) if c.kind == "boolean" else c for c in columns
    )
    return dataclasses.replace(task, target=(name,), classes=(name, "yes"), columns=columns, group_column=name)


def script(side, model, task, name):
    predictor = getattr(model, side).predictor
    runs = [(name, 0.5, {**LOOP, "class_weight": None}) for _ in predictor.models]
    return SCRIPTS[side](predictor, task, runs, RESULT)


def shape(tree):
    return [type(node).__name__ for node in ast.walk(tree)]


def called(tree):
    """Names, attributes and modules, but those of the functions that are called after runs."""
    nodes = list(ast.walk(tree))
    names = {node.id for node in nodes if isinstance(node, ast.Name)} | {
        node.attr for node in nodes if isinstance(node, ast.Attribute)
    }
    names |= {alias.name for node in nodes if isinstance(node, ast.Import | ast.ImportFrom) for alias in node.names}
    return {name for name in names if not name.startswith(("build_", "make_"))}


def assigned(tree, name):
    for node in tree.body:
        if isinstance(node, ast.Assign):
            targets = node.targets[0].elts if isinstance(node.targets[0], ast.Tuple) else node.targets
            values = node.value.elts if isinstance(node.targets[0], ast.Tuple) else [node.value]
            for target, value in zip(targets, values, strict=True):
                if target.id == name:
                    return ast.literal_eval(value)
    raise AssertionError(name)


@pytest.mark.parametrize("side", ["deep", "shallow"])
def test_hostile_names_stay_texts_of_a_script(binary, side):
    plain = ast.parse(script(side, binary, renamed(binary.task, "plain"), "plain"))
    for name in HOSTILE:
        text = script(side, binary, renamed(binary.task, name), name)
        tree = ast.parse(text)
        assert shape(tree) == shape(plain), name
        assert called(tree) == called(plain), name
        assert assigned(tree, "TARGET") == [name] and assigned(tree, "LABELS") == [name, "yes"]
        assert assigned(tree, "GROUPS") == name
        if side == "shallow":
            assert name in assigned(tree, "LEVELS") and assigned(tree, "TRUE_WORDS") == {"member": name}
        shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)
        assert f"for {shown}: " in ast.get_docstring(tree, clean=False)
        text.encode("utf-8")


def test_a_docstring_shows_what_cannot_be_printed():
    assert in_docstring('a"b\\c\nd\x1b') == 'a\\"b\\\\c\\\\nd\\\\x1b'


def test_what_is_written_as_json_comes_back():
    content = {"target": list(HOSTILE), "labels": {"\ud800": ["\ude00x", "é😀"]}}
    assert json.loads(as_json(content).encode("utf-8")) == content


def test_runs_and_layers_have_names_of_their_own():
    taken: set[str] = set()
    made = [identifier(name, taken) for name in ("a-b", "a_b", "class", "keras", "2nd", "é", "")]
    assert made == ["a_b", "a_b_2", "_class", "_keras", "_2nd", "_", "__2"] and all(map(str.isidentifier, made))


@pytest.mark.parametrize("name", ["a'); import os; os.system('id", "words  with \t gaps " * 12, "x\n    import os\n"])
def test_hostile_names_of_layers_stay_texts_of_the_code(name):
    import keras

    def built(given):
        entry = keras.Input((3,), name=given)
        return network_code(keras.Model([entry], keras.layers.Dense(1, name=f"{given}-1")(entry)))[0]

    tree, plain = ast.parse(built(name)), ast.parse(built("plain"))
    assert shape(tree) == shape(plain)
    assert name in {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
