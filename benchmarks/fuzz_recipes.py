"""Recipes for `fuzz.py`: the shipped ones and the schema's keys, with what a stranger could write into them."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
from fuzz_cells import CONTROLS, DATES, INJECTIONS, NUMERALS, some
from fuzz_forms import damaged

__all__ = ["RUNS"]

ROOT = Path(__file__).resolve().parents[1]
ODD_VALUES = (
    "", "~", "null", "true", "yes", "0", "-1", "1e400", ".inf", ".nan", "0o17", "0x1F", "1_000", "12:30:45",
    "2020-01-31",
    "2020-13-45", "9" * 5000, "[]", "{}", "[[]]", "[a, a]", "{a: b}", "{[a]: 1}", "{1: 1}", "{null: 2}",
    "{? {a: 1} : text}",
    "{? [a, b] : c}", '"\\x1b[31m"', '"\\0"', '"\\ud800"', "'it''s'", "|\n  block\n  text", ">-\n  folded",
    "!!python/object:os.system x",
    "!!python/object/apply:os.system [id]", "!!python/name:os.system", "!!binary aGVsbG8=", "!!binary ###",
    "!!set {a, b}",
    "!!omap [a: 1]", "!!pairs [a: 1]", "!!timestamp 2020-01-31", "!!timestamp x", "!!int x", "!!float x", "!!bool x",
    "!!null x",
    "!!str 5", "!!map [a]", "!!seq {a: 1}", "!own x", "!<tag:example.org,2020:x> y", "&a [*a]", "&a {b: *a}", "*gone",
    "<<: *gone",
    "{<<: {a: 1}}", "{<<: 5}", "{<<: [1]}", "[" * 200 + "]" * 200, "[" * 5000, "{a: " * 300 + "1" + "}" * 300,
    "x" * 100_000,
    "ray://10.0.0.1:10001", "10.0.0.1:6379", "auto", "local", "http://10.0.0.1/x", "//10.0.0.1/share",
    "file:///etc/passwd", "/etc/passwd",
    "../../..", "~root", "~nobody/x", "/dev/zero", "/dev/stdin", "/proc/self/mem", "sklearn:iris", "sklearn:../x",
    "automl:novels",
    "automl:nope", "d.csv", "{a: numeric}", "{x: text, y: numeric}", "{x: nope}", "[x, z]", "8GB", "1e9GB", "5m",
    "1e308h", "20ms", "@x",
    "`x", "%x", "- a\n  - b", "a: b: c", "? a", "a\tb", "\ufeffx", "\u2028", "é", "🎉",
)  # fmt: skip
SEARCH = ["oracle", "memory", "log", "device", "workers", "ray_address"]
ENCODINGS = ("utf-8", "utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-32", "latin-1", "utf-16-le", "shift_jis")


def written(rng: np.random.Generator, stage: Callable[..., None]) -> bytes:
    """A recipe's bytes."""
    from automl.recipe.schema import KEYS

    lines = ["data: d.csv", "target: y", "budget: 5s", "max_trials: 1"]
    if rng.random() < 0.3:
        shipped = some(rng, 1, sorted((ROOT / "recipes").glob("*.yaml")))[0]
        lines = shipped.read_text(encoding="utf-8").splitlines()
    values = [*ODD_VALUES, *CONTROLS, *INJECTIONS, *DATES, *NUMERALS]
    for _ in range(int(rng.integers(1, 4))):
        kind = int(rng.integers(10))
        value = values[int(rng.integers(len(values)))]
        key = some(rng, 1, KEYS)[0]
        if kind < 4:
            lines = [line for line in lines if not line.startswith(f"{key}:")] + [f"{key}: {value}"]
        elif kind == 4:
            lines.append(f"search: {{{some(rng, 1, [*SEARCH, '[a]', '1', 'null', '? x'])[0]}: {value}}}")
        elif kind == 5:
            lines.append(
                f"columns: {{{some(rng, 1, ['x', '[a]', 'null', '1', value])[0]}: {some(rng, 1, ['text', value])[0]}}}"
            )
        elif kind == 6:
            lines.append(f"{some(rng, 1, [value, '? ' + value, '<<', '[a]', '{a: 1}', '*a'])[0]}: 1")
        elif kind == 7 and lines:
            lines.insert(
                int(rng.integers(len(lines) + 1)),
                some(rng, 1, ["---", "...", "%YAML 9.9", "%TAG ! x", value, "- a", "\t"])[0],
            )
        elif kind == 8:
            lines += bomb(rng, key)
        else:
            lines.append(some(rng, 1, lines or ["data: d.csv"])[0])
    stage("reading", "; ".join(lines))
    encoding = some(rng, 1, ENCODINGS)[0]
    content = "\n".join(lines).encode(encoding, "surrogatepass" if encoding.startswith("utf") else "replace")
    return damaged(rng, content) if rng.random() < 0.15 else content


def bomb(rng: np.random.Generator, key: str) -> list[str]:
    """Aliases of aliases, as lists, as mappings or merged."""
    form = int(rng.integers(3))
    first = ["a0: &a0 [x, x, x, x, x, x, x, x, x]", "a0: &a0 {x: 1, y: 2}", "a0: &a0 {k: v}"][form]
    lines = [first]
    for i in range(1, int(rng.integers(3, 40))):
        before = f"*a{i - 1}"
        inner = ", ".join([before] * 9)
        lines.append(
            [
                f"a{i}: &a{i} [{inner}]",
                f"a{i}: &a{i} {{p: {before}, q: {before}}}",
                f"a{i}: &a{i} {{<<: [{inner}], k{i}: v}}",
            ][form]
        )
    return [*lines, f"{key}: *a{len(lines) - 1}"]


def run_recipe(rng: np.random.Generator, folder: Path, work: Path, number: int, stage: Callable[..., None]) -> None:
    """Validate, by the command line and by Python, read, and look at the data where all of it is in order."""
    from automl import recipe as recipes
    from automl.cli.app import main
    from automl.flow.prepare import inspect_data

    (folder / "d.csv").write_text(
        "x,z,y\n" + "".join(f"{i % 7},{i * 37 % 11},{'ab'[i * 5 % 3 % 2]}\n" for i in range(60))
    )
    path = folder / "r.yaml"
    path.write_bytes(written(rng, stage))
    stage("validate")
    [str(problem).encode("utf-8", "backslashreplace") for problem in recipes.validate(path)]
    stage("command line")
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()) as errors:
        code = main(["validate", str(path)])
    if code not in (0, 2):
        raise RuntimeError(f"exit code {code}: {errors.getvalue()[:200]}")
    stage("read")
    recipe = recipes.read(path)
    if isinstance(recipe.data, str):
        stage("look")
        inspect_data(recipe, 1000)


RUNS = {"recipes": run_recipe}
