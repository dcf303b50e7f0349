"""Rooms ask the record of a goal or a modality for traits, never for its name, so that those of plug-ins pass."""

import ast
import re
from pathlib import Path

import automl
from automl.records.names import GOALS, MODALITIES

NAMES = {*GOALS, *MODALITIES}
QUOTED = re.compile(rf"""["']({"|".join(sorted(NAMES))})["']""")
ASKED = {"goal", "modality"}
ROOMS_THAT_NAME = ("goals", "modalities", "detect/target", "testing")
"""Each has the records themselves, what the user types, or examples of all of them."""
REASONS = {
    "storage/trusted/soundness.py": "the learner inside a model of masks, which is no task: its goal never changes",
}


def names_asked_for(source: str) -> list[int]:
    """Lines that compare a goal or a modality with names of automl's own, or look a record up by such a name."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            if any(_is_asked(side) for side in sides) and any(_names(side) for side in sides):
                found.append(node.lineno)
        elif isinstance(node, ast.Match) and _is_asked(node.subject):
            found.append(node.lineno)
        elif isinstance(node, ast.Call | ast.Subscript):
            key = node.slice if isinstance(node, ast.Subscript) else node.args[0] if node.args else None
            of = node.value if isinstance(node, ast.Subscript) else node.func
            named = isinstance(key, ast.Constant) and key.value in NAMES and _looks_up(of)
            if named or (key is not None and _is_asked(key) and _is_table_of_names(of)):
                found.append(node.lineno)
    return found


def _is_asked(node: ast.AST) -> bool:
    """`goal`, `task.goal`, `task["goal"]`, or a list that holds one."""
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return any(map(_is_asked, node.elts))
    if isinstance(node, ast.Subscript):
        return isinstance(node.slice, ast.Constant) and node.slice.value in ASKED
    return (isinstance(node, ast.Name) and node.id in ASKED) or (isinstance(node, ast.Attribute) and node.attr in ASKED)


def _names(node: ast.AST) -> bool:
    return any(isinstance(one, ast.Constant) and one.value in NAMES for one in ast.walk(node))


def _looks_up(node: ast.AST) -> bool:
    """`goals.named`, or something of `known()`."""
    own = {one.attr if isinstance(one, ast.Attribute) else one.id for one in ast.walk(node)
           if isinstance(one, ast.Attribute | ast.Name)}  # fmt: skip
    return "named" in own or "known" in own


def _is_table_of_names(node: ast.AST) -> bool:
    """A mapping that is written out where it is asked."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Dict) and any(key is not None and _names(key) for key in node.keys)


def test_no_room_asks_for_a_goal_or_a_modality_by_its_name():
    root = Path(automl.__file__).parent
    found = {}
    for path in sorted(root.rglob("*.py")):
        name = path.relative_to(root).as_posix()
        source = "" if name.startswith(ROOMS_THAT_NAME) else path.read_text()
        if QUOTED.search(source) and (lines := names_asked_for(source)):  # most files hold no such word
            found[name] = lines
    assert sorted(found) == sorted(REASONS), found


def test_each_way_to_ask_for_a_name_is_seen():
    asking = (
        "task.goal == 'binary'", "task.goal in ('binary', 'multiclass')", "'forecast' != goal",
        "result['goal'] == 'forecast'",
        "(task.modality, task.goal) == ('tabular', 'binary')", "modalities.known().get('tabular')", "known()['text']",
        "goals.named('regression')", "{'binary': 1, 'forecast': 2}[task.goal]", "{'text': 1}.get(task.modality)",
        "match task.goal:\n  case 'binary': pass",
    )  # fmt: skip
    assert [names_asked_for(one) for one in asking] == [[1]] * len(asking)
    fine = ("column.kind == 'text'", "goals.named(task).is_binary", "named(goal).needs_target", "goal in metric.goals")
    assert [names_asked_for(one) for one in fine] == [[]] * len(fine)
