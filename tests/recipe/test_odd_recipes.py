"""Recipes from elsewhere: whatever stands in them, they are valid or refused with words, soon and in little memory."""

import os
import random
import tracemalloc

import pytest

from automl import recipe
from automl.errors import InputError, RecipeError

SOUND = """\
data: cars.csv
target: price
goal: regression
metric: rmse
columns: {age: &kind numeric, doors: *kind, colour: categorical}
budget: 90s
max_trials: 3
templates: [mlp, tabm]
seed: 7
min_gain: 0.01
latency: 20ms
out: runs/one
search: {oracle: random, memory: 2GB, log: [tensorboard], device: cpu, workers: 2, ray_address: local}
"""
PIECES = [
    "*", "&a ", "*a", "<<: *kind", "<<", "[", "]", "{", "}", "? ", ": ", "- ", "!!python/object:os.system ", "!!set ",
    "!!binary ", "!!timestamp ", "!!omap ", "!x ", "!!int ''", "!!float x", "!!bool y", "!!null 1", "\0", "\t", "\r",
    '"\\ud800"', '"\\0"', "\u2028", "\ufeff", "é", "1e999", ".inf", ".nan", "-.inf", "0x" + "f" * 40, "9" * 50,
    "9" * 500, "9" * 5000, "1:30:00", "0o17", "2020-01-01", "2020-99-99", "0001-01-01T00:00:00+23:59", "true", "null",
    "~", "~nobody/x", "=", "yes", "1", "-1", "1.5", "[[]]", "{a: b}", "[a, [b, {c: d}]]", "|\n  text\n",
    ">-\n", "---\n",
    "...\n", "%YAML 9\n", "#", "'", '"', "x" * 300, "x/" * 3000, " " * 100, "search: {1: 2}\n",
    "columns: {null: text}\n",
    "? [a]\n: 1\n", "? {a: 1}\n: 1\n", "out: ../x\n", "out: \"a\\0b\"\n", "data: /dev/zero\n",
    "data: \\\\\\\\host\\\\d\n",
    "data: s3://b/k\n", "ray_address: auto", "plugins: [../x.py]\n", "test: .\n",
]  # fmt: skip


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Write a recipe beside a small table; the current folder is that of the recipe."""
    (tmp_path / "cars.csv").write_text("price,age,doors,colour\n1,2,3,red\n3,4,5,blue\n")
    monkeypatch.chdir(tmp_path)

    def write(content):
        path = tmp_path / "r.yaml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
        return path

    return write


def mutated(draw):
    """The sound recipe with a few pieces put in, lines lost, doubled or swapped, characters cut or changed."""
    text = SOUND
    for _ in range(draw.randint(1, 4)):
        at, end = sorted(draw.randrange(len(text) + 1) for _ in range(2))
        what = draw.randrange(6)
        if what <= 2:
            text = text[:at] + draw.choice(PIECES) + text[at:]
        elif what == 3:
            text = text[:at] + text[min(end, at + 10) :]
        elif what == 4:
            lines = text.splitlines(keepends=True)
            draw.shuffle(lines)
            text = "".join(lines[: draw.randint(1, len(lines))])
        else:  # a value becomes another
            lines = text.splitlines()
            place = draw.randrange(len(lines)) if lines else 0
            if lines:
                lines[place] = lines[place].partition(":")[0] + ": " + draw.choice(PIECES)
            text = "\n".join(lines) + "\n"
    return text


def problems_or_none(path):
    """What `validate` says; `read` must agree and raise nothing else."""
    problems = recipe.validate(path)
    assert all(isinstance(one, str) and 0 < len(one) < 2500 for one in problems)
    if problems:
        with pytest.raises(InputError):
            recipe.read(path)
    return problems


def test_the_sound_recipe_is_valid(written):
    assert problems_or_none(written(SOUND)) == []
    assert recipe.read(written(SOUND)).columns["doors"] == "numeric"


@pytest.mark.parametrize("seed", range(15))
def test_mutated_recipes_are_valid_or_refused_with_words(written, seed):
    draw = random.Random(seed)
    for _ in range(10):
        text = mutated(draw)
        try:
            problems_or_none(written(text))
        except Exception as error:
            raise AssertionError(f"{error!r} of {text!r}") from error


def bomb(n_levels, width=9, first='["x", "x"]'):
    """Lists of aliases of lists of aliases."""
    lines = [f"l0: &l0 {first}"]
    lines += [f"l{i + 1}: &l{i + 1} [{', '.join([f'*l{i}'] * width)}]" for i in range(n_levels)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    "text",
    [
        bomb(9) + "\ndata: cars.csv\ncolumns: {k: *l9}\n",
        bomb(9) + "\ndata: *l9\n",
        bomb(9) + "\ndata: cars.csv\nsearch: *l9\n",
        "a: &a {x: 1}\n" + "".join(f"{chr(98 + i)}: &{chr(98 + i)} {{<<: [{', '.join([f'*{chr(97 + i)}'] * 9)}]}}\n"
                                   for i in range(9)),
        bomb(60, 1),
        bomb(1, 400, '"' + "y" * 50_000 + '"'),
        "data: &a [*a]\n",
        "columns: &a {k: *a}\n",
    ],
)  # fmt: skip
def test_aliases_that_stand_for_too_much_are_refused_in_little_memory(written, text):
    path = written(text)
    recipe.validate(path)  # what is loaded once
    tracemalloc.start()
    (problem,) = recipe.validate(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert f"{path}:" in problem and peak < 30e6


def test_aliases_for_ordinary_use_work(written):
    kinds = ", ".join(f"c{i}: *k" for i in range(200))
    read = recipe.read(written(f"data: cars.csv\ncolumns: {{age: &k numeric, {kinds}}}\n"))
    assert read.columns["c199"] == "numeric" and len(read.columns) == 201
    merged = recipe.read(written("data: cars.csv\nsearch: {<<: {oracle: random}, device: cpu}\n"))
    assert (merged.search.oracle, merged.search.device) == ("random", "cpu")


@pytest.mark.parametrize("key", ["1", "1.5", "null", "yes", "2020-01-01", "[a]", "? {a: 1}", "~", "=", "? [[a], b]"])
@pytest.mark.parametrize("place", ["", "search", "columns"])
def test_a_key_that_is_no_word_is_named_with_its_line(written, key, place):
    entry = f"{key}: text" if not key.startswith("?") else f"{key} : text"
    text = f"data: cars.csv\n\n{place}: {{{entry}}}\n" if place else f"data: cars.csv\n\n{entry}\n"
    (problem,) = recipe.validate(written(text))
    assert "r.yaml:3: " in problem
    quoted = f"data: cars.csv\ncolumns: {{'{key.removeprefix('? ')}': numeric}}\n"
    assert recipe.validate(written(quoted)) == []


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\xff\xfe" + "data: cars.csv\n".encode("utf-16-le"), "data: cars.csv\n".encode("utf-16-be"), b"\0" * 100,
        b"data: \xe9.csv\n", b"\xef\xbb\xbf", b"[" * 200_000, b"{a: " * 50_000, b"- " * 200_000, b"? " * 100_000,
        b"budget: '1" + b" " * 900_000 + b"x'\n", b"data: '" + b"x" * 900_000 + b"'\n", b"k" * 900_000 + b": 1\n",
        b"a: 1\n" * 100, b"".join(b"k%d: 1\n" % i for i in range(3000)), b"seed: " + b"9" * 100_000, b"x" * 1_000_001,
    ],
)  # fmt: skip
def test_files_that_are_no_recipe_are_refused_with_words(written, content):
    problems = problems_or_none(written(content))
    assert problems and sum(map(len, problems)) < 50_000


@pytest.mark.skipif(os.name == "nt", reason="no such files")
def test_pipes_devices_and_folders_are_no_recipes_and_none_is_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/zero")
    (tmp_path / "circle").symlink_to("circle")
    for name in ("pipe", "link", "circle", ".", "x" * 400, "nowhere/r.yaml"):
        (problem,) = recipe.validate(tmp_path / name)
        assert len(problem) < 600
    (problem,) = recipe.validate("/dev/zero")
    assert "pipe or device" in problem
    (tmp_path / "cars.csv").write_text("a\n1\n")
    (tmp_path / "own").write_text("data: cars.csv\n")
    (tmp_path / "to_own").symlink_to("own")  # the user's own choice
    assert recipe.validate(tmp_path / "to_own") == []


@pytest.mark.skipif(os.name == "nt", reason="no such files")
def test_data_of_a_recipe_are_files_of_this_machine(written, tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "circle").symlink_to("circle")
    (tmp_path / "linked.csv").symlink_to("cars.csv")
    assert recipe.validate(written("data: linked.csv\ntest: cars.csv\n")) == []
    odd = ["pipe.csv", "/dev/zero", "circle", "http://h/d.csv", "s3://b/d.csv", "hdfs://h/d", "file:///etc/passwd",
           "x" * 999, "~nobody-at-all/d.csv", "'\\\\host\\share\\d.csv'", "nowhere/d.csv"]  # fmt: skip
    for key in ("data", "test"):
        for word in odd:
            text = f"{key}: {word}\n" + ("data: cars.csv\n" if key == "test" else "")
            (problem,) = recipe.validate(written(text))
            assert f"r.yaml:1: {key}: " in problem


@pytest.mark.parametrize(
    "address",
    ["ray://10.0.0.1:10001", "10.0.0.1:6379", "auto", " auto ", "localhost:1", "ray://[::1]:1"],
)
def test_a_file_may_name_no_address_but_its_reader_may(written, address):
    text = f'data: cars.csv\nsearch:\n  oracle: random\n  ray_address: "{address}"\n'
    (problem,) = recipe.validate(written(text))
    assert "r.yaml:4: search.ray_address:" in problem and "--ray-address" in problem and "pickles" in problem
    with pytest.raises(RecipeError, match="pickles travel both ways"):
        recipe.read(written(text))
    given = recipe.read(written(text), ray_address="host:1")
    assert (given.search.ray_address, given.search.oracle) == ("host:1", "random")
    assert recipe.read(written(text), search={"workers": 2}).search.ray_address is None


def test_a_ray_of_ones_own_needs_no_leave(written):
    read = recipe.read(written("data: cars.csv\nsearch: {workers: 2, ray_address: local}\n"))
    assert (read.search.workers, read.search.ray_address) == (2, "local")
    assert recipe.read(written("data: cars.csv\n"), ray_address="auto").search.ray_address == "auto"
    with pytest.raises(RecipeError, match="ray_address: expected"):
        recipe.read(written("data: cars.csv\n"), ray_address="over there")


def test_what_ran_elsewhere_is_dumped_without_the_address(written):
    made = recipe.make(data="cars.csv", search={"ray_address": "h:1", "oracle": "random"})
    text = recipe.dump(made)
    assert "--ray-address h:1" in text and recipe.validate(written(text)) == []
    assert recipe.read(written(text), ray_address="h:1").search == made.search


@pytest.mark.parametrize("search", [{1: 1}, {None: 1}, {"ray_address": 10**5000}, {"memory": 10**5000}, {(1,): 2}, [1]])
def test_odd_arguments_in_python_are_refused_with_words(search):
    with pytest.raises(RecipeError):
        recipe.make(data="sklearn:iris", search=search)


@pytest.mark.parametrize("key", ["budget", "latency", "seed", "min_gain", "max_trials", "horizon", "columns", "target"])
def test_numbers_without_end_are_refused_with_words(key):
    for value in (10**5000, float("inf"), float("nan"), -(10**400)):
        with pytest.raises(RecipeError):
            recipe.make(data="sklearn:iris", **{key: value})


def test_a_way_up_after_a_link_does_not_lead_out(written, tmp_path):
    """The system follows the link first, and `..` is then the folder above what it leads to."""
    elsewhere = tmp_path.parent / f"{tmp_path.name}-elsewhere"
    elsewhere.mkdir()
    (tmp_path / "runs" / "old").mkdir(parents=True)
    (tmp_path / "away").symlink_to(elsewhere)
    (tmp_path / "near").symlink_to("runs")
    with pytest.raises(RecipeError, match="lies outside the current folder"):
        recipe.read(written("data: cars.csv\nout: away/../new\n"))
    for out in ("runs/../new", "near/new", "runs/old/../new"):
        assert recipe.read(written(f"data: cars.csv\nout: {out}\n")).out == out


@pytest.mark.parametrize("start", ["", "search:"])
def test_of_very_many_unknown_keys_the_first_are_told(tmp_path, start, monkeypatch):
    looked = []
    for name in ("nearest", "nearest_key"):
        monkeypatch.setattr(f"automl.recipe.problems.{name}", lambda key, *known: looked.append(key) or "")
    path = tmp_path / "r.yaml"
    indent = "  " if start else ""
    lines = [f"{indent}odd{i}: {i}" for i in range(3000)]
    path.write_text("\n".join(["data: d.csv", *([start] if start else []), *lines]))
    found = recipe.validate(path)
    assert 50 <= len(found) <= 60 and len(looked) <= 60
