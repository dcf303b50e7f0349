"""`benchmarks/mutants.py` makes faults that are faults, and says of each whether the tests catch it."""

from __future__ import annotations

import ast
import importlib
import json
from itertools import islice
from pathlib import Path

import pytest
from benchmark_scripts import benchmark, require_benchmark

require_benchmark("mutants")

SUMS = '''"""A toy."""

from typing import TYPE_CHECKING

__all__ = ["least"]

if TYPE_CHECKING:
    LIMIT = 3


def least(values: list[int], most: int = 5) -> int:
    """The least of values, most at the utmost; 1 == 1."""
    assert len(values) > 0, "1 + 1"
    for value in values:
        if value < most:
            most = value
    return most
'''
UNTESTED = "def half(value: float) -> float:\n    return value / 2\n"
TESTS = """
from automl.toy.sums import least

def test_the_least_is_found():
    assert (least([3, 2, 4]), least([9]), least([7, 5])) == (2, 5, 5)
"""
BROKEN = "\ndef test_that_fails_with_any_code():\n    assert False\n"


@pytest.fixture(scope="module")
def mutants():
    with benchmark("mutants") as module:
        yield module


@pytest.fixture(autouse=True)
def pytest_alone(monkeypatch):
    """The toys need none of pytest's plug-ins, which take longer to load than the toys to run."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


def toy(folder: Path, room: str = "toy", tests: str = TESTS) -> Path:
    """A tree of two modules, one of which has tests."""
    (folder / "automl" / room).mkdir(parents=True)
    (folder / "tests" / room).mkdir(parents=True)
    (folder / "automl" / "__init__.py").write_text("")
    (folder / "automl" / room / "__init__.py").write_text("")
    (folder / "automl" / room / "sums.py").write_text(SUMS)
    (folder / "automl" / room / "halves.py").write_text(UNTESTED)
    (folder / "tests" / room / "test_sums.py").write_text(tests.replace(".toy.", f".{room}."))
    return folder


def all_of(mutants, tree: Path, seed: int = 0):
    return [own[0] for own in mutants.drawn([tree], seed, set())]


@pytest.mark.thorough
def test_mutants_of_the_package_parse_and_differ_from_it_and_from_each_other(mutants):
    drawn = [own[0] for own in islice(mutants.drawn([mutants.ROOT], 0, {"split", "system"}), 40)]
    assert len({one.key for one in drawn}) == len({(one.path, one.text) for one in drawn}) == 40
    assert len({one.kind for one in drawn}) >= 6
    for one in drawn:
        assert ast.dump(ast.parse(one.text)) != ast.dump(ast.parse((mutants.ROOT / one.path).read_bytes()))


def test_a_draw_is_the_seeds_alone(mutants, tmp_path):
    tree = toy(tmp_path)
    assert all_of(mutants, tree, 3) == all_of(mutants, tree, 3)
    assert {one.key for seed in range(9) for one in all_of(mutants, tree, seed)} > {
        one.key for one in all_of(mutants, tree, 3)
    }


def test_words_and_what_is_for_type_checkers_stay(mutants, tmp_path):
    tree = toy(tmp_path)
    found = {one.before for seed in range(20) for one in all_of(mutants, tree, seed)}
    assert found == {
        "def least(values: list[int], most: int = 5) -> int:",
        "if value < most:",
        "return most",
        "return value / 2",
    }


@pytest.mark.parametrize(
    ("before", "kinds"),
    [
        ("a = b < c <= d", {"a = b <= c <= d", "a = b < c < d"}),
        ("a = b is not c", {"a = b is c"}),
        ("a = b not in c", {"a = b in c"}),
        ("a = b // (c + d)", {"a = b / (c + d)", "a = b // (c - d)"}),
        ("a = b * c ** d", {"a = b / c ** d", "a = b * (c * d)"}),
        ("a = b and c or d", {"a = b or c or d", "a = b and c and d"}),
        ("a = not b", {"a = b"}),
        ("a = b if c else d", {"a = b if not (c) else d"}),
        ("a = f(True, 2, -0.5, 'x' + b)", {"a = f(False, 2, -0.5, 'x' + b)", "a = f(True, 3, -0.5, 'x' + b)",
                                           "a = f(True, 2, -1.5, 'x' + b)"}),
        ("a.close()", {"pass"}),
        ("a += 1", {"a -= 1", "a += 2"}),
        ("a: Literal[1] = b", set()),
        ("log.info(1 + 1)", set()),
        ("raise ValueError(1 + 1)", set()),
        ("a = f'{b + 1}'", set()),
        ("a = zip(b, c, strict=True)", set()),
        ("for a in b:\n    continue", {"for a in b:\n    break"}),
        ("if a and b:\n    c", {"if a or b:\n    c", "if not (a and b):\n    c"}),
        ("if a == b:\n    c", {"if a != b:\n    c"}),
    ],
)  # fmt: skip
def test_each_fault_is_written_as_it_is_meant(mutants, before, kinds):
    syntax = importlib.import_module("mutants_syntax")
    found = set()
    for statement in syntax.statements(before.encode()):
        for first in range(5):
            draw = iter([first, *[0] * 9])
            made = syntax.changed(
                before.encode(), statement.begin, statement.unit_text, 0, lambda n, draw=draw: next(draw) % n
            )
            if made is not None:
                found.add(made.text.decode())
    assert found <= kinds and len(found) >= min(len(kinds), 2)


def lines(path: Path) -> list[dict[str, object]]:
    """Whole lines of mutants."""
    return [json.loads(line) for line in path.read_text().splitlines() if line.startswith('{"k":')]


@pytest.mark.thorough
def test_a_fault_is_caught_where_a_test_sees_it_and_survives_elsewhere_and_runs_once(mutants, tmp_path):
    tree, out = toy(tmp_path / "tree"), tmp_path / "out.jsonl"
    options = ["--tree", str(tree), "--seed", "1", "--out", str(out)]
    summary = mutants.main(options)
    outcomes = {said["before"]: said["outcome"] for said in lines(out)}
    assert outcomes.pop("return value / 2") == "survived"
    assert len(outcomes) == 3 and outcomes["return most"] == "caught"
    assert summary["tree"]["mutants"] == 4

    text = out.read_text()
    out.write_text(text + '{"key": "half a li')
    assert mutants.main(options) == summary
    assert out.read_text().startswith(text) and len(lines(out)) == 4
    assert (tree / "automl" / "toy" / "sums.py").read_text() == SUMS


@pytest.mark.thorough
def test_a_test_that_fails_without_a_fault_catches_none(mutants, tmp_path):
    tree = toy(tmp_path / "tree", tests=BROKEN)
    summary = mutants.main(["--tree", str(tree), "--mutants", "1", "--out", str(tmp_path / "out.jsonl")])
    assert (summary["tree"]["mutants"], summary["tree"]["caught"]) == (1, 0)


@pytest.mark.thorough
def test_a_loop_without_end_is_caught(mutants, tmp_path):
    tree = toy(tmp_path / "tree")
    server = mutants.Server(tree)
    copy = mutants.Copy(tree, tmp_path / "copy", 5.0, server)
    endless = SUMS.replace("for value in values:", "while True:\n        value = 9")
    one = mutants.Mutant("", "automl/toy/sums.py", 1, "least", "loop", "", "", endless.encode())
    assert copy.judged(one, 600.0, set())["how"] == "hang"
    server.close()


def test_two_trees_are_compared_by_functions_that_read_the_same(mutants, tmp_path):
    trees = [toy(tmp_path / "one"), toy(tmp_path / "other", room="moved")]
    moved = trees[1] / "automl" / "moved" / "halves.py"
    moved.write_text(moved.read_text().replace("/ 2", "/ 4"))
    pairs = list(mutants.drawn(trees, 0, set()))
    assert len(pairs) == 3 and all(one.key == other.key for one, other in pairs)
    assert {(one.path, other.path) for one, other in pairs} == {("automl/toy/sums.py", "automl/moved/sums.py")}


def test_the_interval_is_wilsons(mutants):
    low, high = mutants.interval(8, 10)
    assert (round(low, 3), round(high, 3)) == (0.490, 0.943)
    assert mutants.p_of(0, 5) == 0.0625 and mutants.p_of(0, 0) == 1.0
