"""Does the test suite catch faults? Mutants of the package, each run against the tests of its room.

    python benchmarks/mutants.py [--tree PATH] [--paired-with PATH] [--mutants 100] [--seed 0] [--rooms detect,flow]
                                 [--workers 1] [--out FILE.jsonl]

A mutant is a copy of the tree with one fault in it: a comparison, an arithmetic operator or `and` and `or` swapped, a
constant changed (n to n + 1, True to False), `not` removed, a returned value replaced by None, a call without arguments
left out, `continue` and `break` swapped, a condition negated. Docstrings, `__all__`, annotations, decorators, asserts,
and what is raised, logged or written into texts stay. Statements are drawn with equal chances, so a room has as many
mutants as it has statements; of a statement's faults one is drawn. Which come first depends on the seed and their
functions alone, so that revisions share most of their mutants.

The tests that mirror the file run first (`test_<file>`), then those of its room (`tests/<room>`, the contract tests of
what the room holds, and tests elsewhere that name the file's module), those that name the function first, up to
`--most-seconds` each. The first failure ends them. A test that takes `--hang-seconds` hangs, which counts as a
failure. What fails outside the mirroring tests must fail again when run alone. A mutant whose tests did not all
run in time counts as survived, and is marked `cut`. At the end all tests that failed are run without a fault; those
that fail there too are left out, and their mutants are run again. Seconds are the processor's, which other load on the
machine does not change.

With `--paired-with` only places are drawn whose function reads the same in both trees, wherever it lies, and each
mutant is run in both: the shares of two revisions can be compared.

`--out` takes a line of JSON for each mutant, and what is in it is not run again. Prints rooms with the share caught and
its 95 % interval (Wilson), survivors with the changed line, and a last line of JSON.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import math
import random
import subprocess
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mutants_runs import PACKAGE, Copy, Mutant, Server
from mutants_syntax import changed, statements

ROOT = Path(__file__).resolve().parents[1]
Z_95 = 1.959964


@dataclass(frozen=True)
class Place:
    """A statement of a tree that can be made faulty."""

    path: str
    unit: str
    unit_text: bytes
    begin: int
    number: int
    """Which of the unit's statements."""

    def same(self) -> tuple[str, bytes, int]:
        """What is equal in another tree that holds the same."""
        return self.unit, self.unit_text, self.number

    def order(self, seed: int) -> bytes:
        """Where it comes in a draw, whatever else the tree holds."""
        return hashlib.sha256(f"{seed} {self.same()}".encode()).digest()


# ---------------------------------------------------------------------- drawing


def files(tree: Path) -> list[str]:
    """Files of the package, but what `data` holds."""
    found = (path.relative_to(tree).as_posix() for path in (tree / PACKAGE).rglob("*.py"))
    return sorted(path for path in found if not path.startswith(f"{PACKAGE}/data/"))


def places(tree: Path) -> list[Place]:
    """All statements of a tree that can be made faulty."""
    found = []
    for path in files(tree):
        seen: Counter[tuple[int, bytes]] = Counter()
        for statement in statements((tree / path).read_bytes()):
            unit = (statement.begin, statement.unit_text)
            found.append(Place(path, statement.unit, statement.unit_text, statement.begin, seen[unit]))
            seen[unit] += 1
    return found


def paired(own: list[Place], other: list[Place]) -> list[tuple[Place, Place]]:
    """Places whose unit stands once in each tree, with the same name and text."""
    there = {place.same(): place for place in other}
    once = [Counter(place.same() for place in side) for side in (own, other)]
    return [(p, there[p.same()]) for p in own if once[0][p.same()] == 1 and once[1][p.same()] == 1]


def mutant(tree: Path, place: Place, seed: str) -> Mutant | None:
    """The fault of a place, drawn by a seed."""
    draw = random.Random(f"{seed} {place.same()}")
    made = changed((tree / place.path).read_bytes(), place.begin, place.unit_text, place.number, draw.randrange)
    if made is None:
        return None
    words = "\0".join([place.unit, place.unit_text.decode(), str(place.number), made.kind, made.before, made.after])
    key = hashlib.sha256(words.encode()).hexdigest()[:16]
    return Mutant(key, place.path, made.line, place.unit, made.kind, made.before, made.after, made.text)


def drawn(trees: list[Path], seed: int, rooms: set[str]) -> Iterator[tuple[Mutant, ...]]:
    """One mutant after another, of each tree one."""
    if len(trees) == 1:
        found: list[tuple[Place, ...]] = [(place,) for place in places(trees[0])]
    else:
        found = list(paired(places(trees[0]), places(trees[1])))
    if rooms:
        found = [own for own in found if Path(own[0].path).with_suffix("").parts[1] in rooms]
    seen = set()
    for own in sorted(found, key=lambda own: own[0].order(seed)):
        made = [mutant(tree, place, str(seed)) for tree, place in zip(trees, own, strict=True)]
        whole = tuple(one for one in made if one is not None)
        if len(whole) == len(trees) and whole[0].key not in seen:
            seen.add(whole[0].key)
            yield whole


# ---------------------------------------------------------------------- running


def revision(tree: Path) -> str:
    """What a tree is called in the results: its commit, or its folder's name."""
    if (tree / ".git").exists():
        asked = ["git", "describe", "--always", "--exclude=*", "--abbrev=8", "--dirty"]
        return subprocess.run(asked, cwd=tree, check=True, capture_output=True, text=True).stdout.strip()
    return tree.name


def earlier(path: Path | None) -> list[dict[str, Any]]:
    """Results that are in the file already; a half line at its end is passed over."""
    found = []
    for line in path.read_text().splitlines() if path is not None and path.exists() else ():
        with contextlib.suppress(ValueError):
            found.append(json.loads(line))
    return found


@dataclass
class Series:
    """All mutants of one call, and what is known of them."""

    args: argparse.Namespace
    names: list[str]
    """What the trees are called."""
    known: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    fails: dict[tuple[str, str], bool] = field(default_factory=dict)
    """Of a test that failed, and a tree: whether it fails without a fault."""
    free: list[list[Copy]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        for said in earlier(self.args.out):
            if "key" in said:
                self.known[said["key"], said["tree"]] = said
            else:
                self.fails[said["test"], said["tree"]] = said["fails"]
        if self.args.out is not None and self.args.out.exists() and not self.args.out.read_bytes().endswith(b"\n"):
            self.write({})  # ends a half line

    def write(self, said: dict[str, Any]) -> None:
        if self.args.out is not None:
            with open(self.args.out, "a") as file:
                file.write((json.dumps(said) if said else "") + "\n")

    def missing(self, own: tuple[Mutant, ...]) -> list[int]:
        """The trees in which a mutant has not been run."""
        return [place for place, name in enumerate(self.names) if (own[place].key, name) not in self.known]

    def one(self, number: int, own: tuple[Mutant, ...]) -> None:
        """Run a mutant in each tree in which it has not been run."""
        with self.lock:
            copies = self.free.pop()
        for place in self.missing(own):
            name, mutant = self.names[place], own[place]
            left_out = {test for (test, tree), fails in self.fails.items() if fails and tree == name}
            said = {"k": number, "seed": self.args.seed, "tree": name, "room": mutant.room}
            said |= {key: value for key, value in vars(mutant).items() if key != "text"}
            said |= copies[place].judged(mutant, self.args.most_seconds, left_out)
            with self.lock:
                self.known[mutant.key, name] = said
                self.write(said)
            print(f"{number:4d} {name}  {said['outcome']:9s} {said['seconds']:6.1f} s  {mutant.path}:{mutant.line} "
                  f"{mutant.kind}  {said['how']} {said['by']}", flush=True)  # fmt: skip
        with self.lock:
            self.free.append(copies)

    def collect(self) -> None:
        """Leave out files of tests that cannot be read without a fault."""
        for place, name in enumerate(self.names):
            if ("tests", name) not in self.fails:
                options = "--collect-only", "--continue-on-collection-errors"
                _, bad = self.free[0][place].tested(["tests"], math.inf, *options)
                for test, fails in [*((file, True) for file in bad), ("tests", False)]:
                    self.fails[test, name] = fails
                    self.write({"test": test, "tree": name, "fails": fails})

    def check(self, chosen: list[tuple[Mutant, ...]]) -> None:
        """Run tests that failed without a fault, and forget mutants that one of those caught that fail there too."""
        for place, name in enumerate(self.names):
            caught = [said for own in chosen if (said := self.known[own[place].key, name])["outcome"] == "caught"]
            asked = {said["by"] for said in caught if said["by"] and (said["by"], name) not in self.fails}
            bad = self.free[0][place].failing(sorted(asked)) if asked else set()
            for test in sorted(asked):
                self.fails[test, name] = test in bad
                self.write({"test": test, "tree": name, "fails": test in bad})
            for said in caught:
                if self.fails.get((said["by"], name)):
                    del self.known[said["key"], name]


def run(args: argparse.Namespace, trees: list[Path], chosen: list[tuple[Mutant, ...]]) -> list[dict[str, Any]]:
    """Run all mutants that are not in the file yet; the results of all, in their order."""
    series = Series(args, [revision(tree) for tree in trees])
    with contextlib.ExitStack() as closing:
        scratch = closing.enter_context(tempfile.TemporaryDirectory(prefix="automl-mutants-"))
        pool = closing.enter_context(ThreadPoolExecutor(args.workers))
        for worker in range(args.workers):
            server = closing.enter_context(contextlib.closing(Server(trees[0])))
            folders = [Path(scratch) / f"{worker}-{place}" for place in range(len(trees))]
            series.free.append([Copy(*own, args.hang_seconds, server) for own in zip(trees, folders, strict=True)])
        series.collect()
        while True:
            waiting = [(number, own) for number, own in enumerate(chosen) if series.missing(own)]
            for done in [pool.submit(series.one, *one) for one in waiting]:
                done.result()
            series.check(chosen)
            if not any(map(series.missing, chosen)):
                break
    return [series.known[m.key, name] for own in chosen for m, name in zip(own, series.names, strict=True)]


# ---------------------------------------------------------------------- what is printed


def interval(n_caught: int, n: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share."""
    if n == 0:
        return 0.0, 1.0
    share, square = n_caught / n, Z_95**2
    middle = share + square / (2 * n)
    half = Z_95 * math.sqrt(share * (1 - share) / n + square / (4 * n**2))
    return (middle - half) / (1 + square / n), (middle + half) / (1 + square / n)


def p_of(n_one: int, n_other: int) -> float:
    """Two-sided exact p-value of pairs that differ (McNemar)."""
    n = n_one + n_other
    below = sum(math.comb(n, k) for k in range(min(n_one, n_other) + 1)) / 2**n
    return min(1.0, 2 * below)


def shares(results: list[dict[str, Any]]) -> dict[str, Any]:
    """Counts, share and interval."""
    n_caught, n = sum(said["outcome"] == "caught" for said in results), len(results)
    return {"mutants": n, "caught": n_caught, "share": n_caught / max(n, 1), "interval": interval(n_caught, n),
            "by_mirror": sum(said["outcome"] == "caught" and said["stage"] == "mirror" for said in results),
            "hang": sum(said["how"] == "hang" for said in results),
            "cut": sum(said["how"] == "cut" for said in results)}  # fmt: skip


def table(results: list[dict[str, Any]]) -> None:
    print(f"{'room':<18}{'mutants':>8}{'caught':>8}{'share':>8}  95 % interval")
    rooms = sorted({said["room"] for said in results})
    for name, own in [*((room, [s for s in results if s["room"] == room]) for room in rooms), ("all", results)]:
        found = shares(own)
        low, high = found["interval"]
        print(f"{name:<18}{found['mutants']:>8}{found['caught']:>8}{found['share']:>8.2f}  {low:.2f} to {high:.2f}")
    print()
    for said in results:
        if said["outcome"] == "survived":
            told = "survived, cut" if said["how"] == "cut" else "survived"
            print(f"{told}: {said['path']}:{said['line']} {said['unit']}: {said['kind']}")
            print(f"  - {said['before']}\n  + {said['after']}")
    print()


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tree", type=Path, default=ROOT)
    parser.add_argument("--paired-with", type=Path)
    parser.add_argument("--mutants", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rooms", default="", help="names of rooms of --tree; all where none are named")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--hang-seconds", type=float, default=60.0)
    parser.add_argument("--most-seconds", type=float, default=300.0)
    return parser.parse_args(given)


def main(given: list[str] | None = None) -> dict[str, Any]:
    args = arguments(given)
    trees = [tree.resolve() for tree in (args.tree, args.paired_with) if tree is not None]
    whole = drawn(trees, args.seed, set(filter(None, args.rooms.split(","))))
    chosen = [own for own, _ in zip(whole, range(args.mutants), strict=False)]
    results = run(args, trees, chosen)
    summary: dict[str, Any] = {"seed": args.seed}
    for place, tree in enumerate(trees):
        own = results[place :: len(trees)]
        print(f"\n{revision(tree)}")
        table(own)
        summary[revision(tree)] = shares(own)
    if len(trees) == 2:
        caught = [said["outcome"] == "caught" for said in results]
        only = [sum(a and not b for a, b in zip(caught[i::2], caught[1 - i :: 2], strict=True)) for i in range(2)]
        summary |= {"only_in_the_first": only[0], "only_in_the_second": only[1], "p": p_of(*only)}
    print(json.dumps(summary))
    return summary


if __name__ == "__main__":
    main()
