"""Odd and damaged input by the thousand: none may end in anything but a result or an `InputError`.

    python benchmarks/fuzz.py [--parts frames,fits,files,recipes] [--seed 0] [--n 100] [--jobs 2] [--out FILE.jsonl]
                              [--work DIR] [--only K]

Parts, with the number of inputs that `--n` replaces:

- frames (10,000): tables, arrays, texts, pictures, in memory and as files, with odd cells, names, indices and
  arguments, through `inspect`, split, encoding and reading as new rows; every tenth through floors and fast models.
- fits (100): frames that can be split, through `fit --max-trials 1`; every fifth that is a file by the command line.
- files (500): saved models and run folders of ours, damaged, altered or forged (checksums and hashes made right again),
  opened, predicted with, reported, resumed. They are made once, in `--work`.
- recipes (200): the shipped recipes and the schema's keys with odd keys, values, tags, anchors and encodings.

Each input is a function of seed, part and number alone. It runs in a worker process with bounds on memory, processor
time and time, so that a crash, a hang or a worker that is killed counts as a finding and ends nothing. `--out` takes a
line of JSON for each input, and what is in it is not run again. `--only K` runs one input here, with its traceback.
Prints each foreign exception once, with how often it came and how to have it again, and a last line of JSON; the exit
code is 1 if there was any.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import os
import resource
import selectors
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
PARTS = {"frames": 10_000, "fits": 100, "files": 500, "recipes": 200}
GIB = 2**30
MEMORY_BYTES = {"frames": 8 * GIB, "recipes": 4 * GIB, "fits": 16 * GIB, "files": 16 * GIB}
CPU_SECONDS = {"frames": 60.0, "recipes": 20.0, "fits": 120.0, "files": 90.0}
WALL_FACTOR = 10.0
"""So many times its processor seconds a worker may take, which may share the processor with others."""
IDLE_SECONDS, IDLE_CPU_SECONDS = 60.0, 0.5
"""A worker that uses less of the processor than this in so long a time waits for what never comes."""
INPUTS_A_WORKER = {"frames": 500, "recipes": 500, "fits": 15, "files": 60}
OK = ("ok", "refused")


@dataclass
class Worker:
    """A process that runs inputs, one at a time."""

    process: subprocess.Popen[bytes]
    number: int = -1
    begun: float = 0.0
    cpu_then: float = 0.0
    active: tuple[float, float] = (0.0, 0.0)
    n_done: int = 0
    text: bytearray = field(default_factory=bytearray)

    def cpu_seconds(self) -> float:
        """Processor time of the process so far, its ended children's with it."""
        try:
            fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        except (OSError, ValueError):
            return self.cpu_then
        return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")

    def give(self, number: int) -> None:
        assert self.process.stdin is not None
        self.number, self.begun, self.cpu_then = number, time.monotonic(), self.cpu_seconds()
        self.active = self.begun, self.cpu_then
        self.process.stdin.write(f"{number}\n".encode())
        self.process.stdin.flush()

    def hangs(self, part: str) -> str | None:
        """Why the input under way is given up, or None."""
        used, now = self.cpu_seconds(), time.monotonic()
        if used - self.active[1] > IDLE_CPU_SECONDS:
            self.active = now, used
        spent, wall = used - self.cpu_then, now - self.begun
        idle = now - self.active[0] > IDLE_SECONDS
        if idle or spent > CPU_SECONDS[part] or wall > WALL_FACTOR * CPU_SECONDS[part]:
            return f"{spent:.0f} processor seconds in {wall:.0f} s"
        return None

    def end(self) -> None:
        with contextlib.suppress(OSError):
            self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--n", type=int)
    parser.add_argument("--start", type=int, default=0, help="Number of the first input.")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / f"automl-fuzz-{os.getuid()}")
    parser.add_argument("--only", type=int)
    parser.add_argument("--serve", choices=[*PARTS], help=argparse.SUPPRESS)
    return parser.parse_args()


# ---------------------------------------------------------------------- one input


def generator(seed: int, part: str, number: int) -> np.random.Generator:
    """What an input is drawn with."""
    return np.random.default_rng([seed, [*PARTS].index(part), number])


def run_one(seed: int, part: str, number: int, work: Path) -> dict[str, Any]:
    """Make an input, run it, and say what came of it."""
    room = importlib.import_module(f"fuzz_{'frames' if part == 'fits' else part}")
    said: dict[str, Any] = {"seed": seed, "part": part, "k": number, "stage": "making", "told": ""}
    begun = time.monotonic()

    def stage(name: str, told: str = "") -> None:
        said["stage"] = name
        said["told"] = told[:300] or said["told"]

    with tempfile.TemporaryDirectory(prefix="automl-fuzz-") as scratch, inside(Path(scratch)):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                room.RUNS[part](generator(seed, part, number), Path(scratch), work, number, stage)
            said["outcome"] = "ok"
        except (Exception, SystemExit, KeyboardInterrupt) as error:
            said |= judged(error)
    said["seconds"] = round(time.monotonic() - begun, 3)
    return said


@contextlib.contextmanager
def inside(folder: Path) -> Iterator[None]:
    """Work in a folder, and come back."""
    before = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def judged(error: BaseException) -> dict[str, Any]:
    """Whether an exception is a refusal, and else where it comes from."""
    from automl.errors import InputError, MissingExtra

    try:
        words = str(error)[:300]
    except Exception:
        words = "(no words)"
    if isinstance(error, InputError | MissingExtra):
        return {"outcome": "refused", "error": type(error).__name__, "message": words}
    frames = traceback.extract_tb(error.__traceback__)
    own = [
        frame for frame in frames if f"{os.sep}automl{os.sep}" in frame.filename and "benchmarks" not in frame.filename
    ]
    last = (own or frames)[-1:]
    where = [f"{frame.filename.split(f'{os.sep}automl{os.sep}')[-1]}:{frame.lineno} {frame.name}" for frame in last]
    return {"outcome": "foreign", "error": type(error).__name__, "message": words.encode("utf-8", "replace").decode(),
            "frame": "".join(where), "traceback": "".join(traceback.format_exception(error))[-6000:]}  # fmt: skip


def serve(args: argparse.Namespace) -> None:
    """A worker: read numbers, write results, until there are no more."""
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    quiet = os.open(os.devnull, os.O_WRONLY)
    if not os.environ.get("AUTOML_FUZZ_ALOUD"):
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES[args.serve], MEMORY_BYTES[args.serve]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    strict()
    for line in sys.stdin:
        said = run_one(args.seed, args.serve, int(line), args.work)
        answers.write(json.dumps(said, default=str).encode() + b"\n")


def strict() -> None:
    """Checks of the audit that fail do so aloud; in use they become a note."""
    importlib.import_module("automl.audit.examine").STRICT = True


# ---------------------------------------------------------------------- many inputs


def started(part: str, args: argparse.Namespace) -> Worker:
    command = [sys.executable, __file__, "--serve", part, "--seed", str(args.seed), "--work", str(args.work)]
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONHASHSEED": "0"}
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ | threads, start_new_session=True
    )
    assert process.stdout is not None
    os.set_blocking(process.stdout.fileno(), False)
    return Worker(process)


def run_part(part: str, numbers: list[int], args: argparse.Namespace, take: Callable[[dict[str, Any]], None]) -> None:
    """Run inputs in workers, and start those again that go."""
    waiting, workers = list(reversed(numbers)), {}
    chosen = selectors.DefaultSelector()

    def another() -> None:
        worker = started(part, args)
        workers[worker.process.pid] = worker
        assert worker.process.stdout is not None
        chosen.register(worker.process.stdout, selectors.EVENT_READ, worker)
        worker.give(waiting.pop())

    def gone(worker: Worker) -> None:
        assert worker.process.stdout is not None
        chosen.unregister(worker.process.stdout)
        worker.end()
        del workers[worker.process.pid]

    def lost(worker: Worker, outcome: str, why: str) -> None:
        gone(worker)
        take({"seed": args.seed, "part": part, "k": worker.number, "outcome": outcome, "error": why, "frame": "",
              "seconds": round(time.monotonic() - worker.begun, 1)})  # fmt: skip

    try:
        while waiting or workers:
            while waiting and len(workers) < args.jobs:
                another()
            for key, _ in chosen.select(timeout=0.5):
                worker = key.data
                got = worker.process.stdout.read()
                if got:
                    worker.text += got
                elif got == b"":
                    code = worker.process.wait()
                    lost(worker, "died", f"exit code {code}" if code >= 0 else f"signal {-code}")
                    continue
                if worker.text.endswith(b"\n"):
                    take(json.loads(worker.text))
                    worker.text.clear()
                    worker.n_done += 1
                    if not waiting or worker.n_done >= INPUTS_A_WORKER[part]:
                        gone(worker)
                    else:
                        worker.give(waiting.pop())
            for worker in [*workers.values()]:
                why = worker.hangs(part)
                if why is not None:
                    lost(worker, "hung", why)
    finally:
        for worker in workers.values():
            worker.end()


def earlier(path: Path | None, seed: int) -> list[dict[str, Any]]:
    """Results that are in the file already; a half line at its end is passed over."""
    found = []
    for line in path.read_text().splitlines() if path is not None and path.exists() else ():
        with contextlib.suppress(ValueError):
            said = json.loads(line)
            if said["seed"] == seed:
                found.append(said)
    return found


def told(results: list[dict[str, Any]]) -> None:
    """Each kind of finding once."""
    kinds: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for said in results:
        if said["outcome"] not in OK:
            kind = (said["part"], said["outcome"], said["error"] * (said["outcome"] != "hung"), said.get("frame", ""))
            kinds.setdefault(kind, []).append(said)
    for (part, outcome, error, frame), group in sorted(kinds.items(), key=lambda kind: -len(kind[1])):
        first = min(group, key=lambda said: said["k"])
        print(f"{len(group):5d}  {part}: {outcome} {error} at {frame or '?'}; --parts {part} --seed {first['seed']} "
              f"--only {first['k']} ({first.get('stage', '')}: {first.get('message', '')[:120]!r})")  # fmt: skip


def main() -> int:
    args = arguments()
    sys.path.insert(0, str(ROOT))
    if args.serve:
        serve(args)
        return 0
    parts = args.parts.split(",")
    if args.only is not None:
        strict()
        said = run_one(args.seed, parts[0], args.only, args.work)
        print(said.pop("traceback", ""))
        print(json.dumps(said))
        return int(said["outcome"] not in OK)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(143))  # so that workers end with it
    results = earlier(args.out, args.seed)
    stream: IO[str] | None = None if args.out is None else args.out.open("a", encoding="utf-8")
    begun = time.monotonic()

    def take(said: dict[str, Any]) -> None:
        results.append(said)
        if stream is not None:
            stream.write(json.dumps(said) + "\n")
            stream.flush()

    for part in parts:
        if part == "files":
            importlib.import_module("fuzz_files").prepare(args.work)
        done = {said["k"] for said in results if said["part"] == part}
        wanted = range(args.start, args.start + (args.n or PARTS[part]))
        run_part(part, [k for k in wanted if k not in done], args, take)
    told([said for said in results if said["part"] in parts])
    counts: dict[str, Counter[str]] = {part: Counter() for part in parts}
    for said in results:
        if said["part"] in counts:
            counts[said["part"]][said["outcome"]] += 1
    n_foreign = sum(n for of in counts.values() for outcome, n in of.items() if outcome not in OK)
    print(json.dumps({"benchmark": "fuzz", "seed": args.seed, "foreign": n_foreign, **counts,
                      "seconds": round(time.monotonic() - begun)}))  # fmt: skip
    if stream is not None:
        stream.close()
    return int(n_foreign > 0)


if __name__ == "__main__":
    sys.exit(main())
