"""Runs the contests of several recipes, some at once, and writes one page over all of them."""

from __future__ import annotations

import json
import math
import queue
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from automl.errors import FolderError
from automl.flow.batch.jobs import INTERRUPTED, Ended, Job, State, share_of
from automl.flow.batch.places import Places
from automl.flow.interrupt import Interrupt
from automl.report import read_result
from automl.report.compare import compared, write_comparison
from automl.storage import files as folders
from automl.storage.run_folder import MARKS
from automl.system.counts import counted
from automl.system.printable import printable

__all__ = ["PAGE", "SUMMARY", "run_batch"]

PAGE, SUMMARY, LOGS = "compare.html", "batch.json", "logs"
LOOK_SECONDS = 0.2
STATES: dict[int, State] = {0: "done", 3: "done", INTERRUPTED: "interrupted"}

Say = Callable[[str], None]


def run_batch(
    jobs: Sequence[Job],
    out: Path,
    places: Places,
    flags: Sequence[str] = (),
    within_seconds: float = math.inf,
    say: Say = lambda text: None,
    now: Callable[[], float] = time.monotonic,
) -> list[Ended]:
    """Run contests, the longest budget first, as many at once as there are places; a failing one stops no other.

    A contest whose folder holds a finished run is kept; one that was cut short is resumed.

    Args:
        jobs: the contests.
        out: folder of all run folders; the page and a summary are written to it.
        places: where they run.
        flags: further flags of each ``automl run``.
        within_seconds: time for all of them together; infinite for none but their own budgets.
        say: takes lines on what begins and ends.
        now: a clock.

    Returns:
        How each ended, in the order of `jobs`.

    Raises:
        FolderError: the folder cannot be written.
    """
    (out / LOGS).mkdir(parents=True, exist_ok=True)
    folders.check_plain(out)
    begun = now()
    ended: dict[str, Ended] = {}
    waiting: list[Job] = []
    for job in jobs:
        early = _early(job)
        if early is None:
            waiting.append(job)
        else:
            ended[job.name] = early
            say(_words(early))
    waiting.sort(key=lambda job: -job.budget_seconds)  # stable: equal budgets in the order given
    free = list(range(places.n_slots))
    finished: queue.Queue[tuple[int, Ended]] = queue.Queue()
    running = 0
    told = False
    with Interrupt() as interrupt:
        try:
            while waiting or running:
                while waiting and free and not interrupt.asked:
                    job = waiting.pop(0)
                    left = within_seconds - (now() - begun)
                    budget = share_of(job, left, len(waiting) + 1, places.n_slots)
                    if budget is None:
                        ended[job.name] = Ended(job, "no time", 2, words=f"{max(left, 0):.0f} s were left for all")
                        say(_words(ended[job.name]))
                        continue
                    slot = free.pop(0)
                    say(f"{job.name}: starts {places.words(slot)}{_budget_words(budget)}")
                    arguments = _arguments(job, flags, budget)
                    _start(places, slot, job, arguments, out, finished, now)
                    running += 1
                if interrupt.asked and not told:
                    told = True
                    say("stopping: contests that run conclude with the best so far, no other starts")
                    places.stop()
                    for job in waiting:
                        ended[job.name] = Ended(job, "interrupted", INTERRUPTED, words="it was not started")
                    waiting.clear()
                try:
                    slot, one = finished.get(timeout=LOOK_SECONDS)
                except queue.Empty:
                    continue
                running -= 1
                free.append(slot)
                ended[one.job.name] = one
                say(_words(one))
                _write(out, [ended[job.name] for job in jobs if job.name in ended])
        except KeyboardInterrupt:
            places.stop()
            raise
    made = [ended[job.name] for job in jobs]
    _write(out, made)
    page(out, made, say)
    return made


def page(out: Path, ended: Sequence[Ended], say: Say) -> Path | None:
    """Write the page over all finished contests, and what the others lack; None if none finished."""
    there = [one for one in ended if one.state in ("done", "kept")]
    failed = [(one.job.name, one.state, one.words) for one in ended if one not in there]
    runs = []
    for one in there:
        try:
            runs += compared([one.job.folder])
        except FolderError as error:
            failed.append((one.job.name, "failed", str(error)))
    if not runs:
        return None
    path = write_comparison(runs, out / PAGE, failed)
    say(printable(f"Comparison of {counted(len(runs), 'run')}: {path}"))
    return path


def _early(job: Job) -> Ended | None:
    """How a contest ended before it was started; None if it is to run."""
    if job.problems:
        return Ended(job, "refused", 2, words="\n".join(job.problems))
    if not (job.folder / "result.json").is_file() or not (job.folder / "model").exists():
        return None
    try:
        failed = (read_result(job.folder).get("fail_on") or {}).get("failed")
    except FolderError as error:
        return Ended(job, "failed", 2, words=str(error))
    return Ended(job, "kept", 3 if failed else 0)


def _arguments(job: Job, flags: Sequence[str], budget: float) -> list[str]:
    resumed = any((job.folder / name).exists() for name in MARKS)
    shorter = [] if math.isinf(budget) or budget == job.budget_seconds else ["--budget", f"{budget:.1f}s"]
    own = [flag for pair in [("--out", str(job.folder))] for flag in pair]
    return ["run", str(job.recipe), *flags, *shorter, *own, *(["--resume"] if resumed else [])]


def _start(
    places: Places,
    slot: int,
    job: Job,
    arguments: Sequence[str],
    out: Path,
    finished: queue.Queue[tuple[int, Ended]],
    now: Callable[[], float],
) -> None:
    """Run a contest in a thread, which puts its end into the queue."""

    def work() -> None:
        begun = now()
        try:
            code, words = places.run(slot, arguments, out / LOGS / f"{job.name}.log")
        except Exception as error:  # no process could be started, or the disk is full: the others go on
            code, words = 1, f"{type(error).__name__}: {error}"
        state = STATES.get(code, "failed")
        finished.put((slot, Ended(job, state, code, now() - begun, "" if state == "done" else words)))

    threading.Thread(target=work, name=f"automl-batch-{job.name}", daemon=True).start()


def _words(one: Ended) -> str:
    if one.state == "kept":
        return printable(f"{one.job.name}: finished before, kept")
    if one.state == "done":
        failed = "; a condition of --fail-on holds" if one.code == 3 else ""
        return printable(f"{one.job.name}: done in {one.seconds:.0f} s{_verdict(one.job.folder)}{failed}")
    last = (one.words.strip().splitlines() or [""])[-1]
    return printable(f"{one.job.name}: {one.state} (exit code {one.code}){f': {last[:200]}' if last else ''}")


def _verdict(folder: Path) -> str:
    try:
        result = read_result(folder)
    except FolderError:
        return ""
    return f": {result.get('verdict') or 'no verdict'} ({result.get('reason')})"


def _budget_words(seconds: float) -> str:
    return "" if math.isinf(seconds) else f", budget {seconds:.0f} s"


def _write(out: Path, ended: Sequence[Ended]) -> None:
    """The summary for programs."""
    content: list[dict[str, Any]] = [
        {"name": one.job.name, "recipe": str(one.job.recipe), "folder": str(one.job.folder), "state": one.state,
         "exit_code": one.code, "seconds": round(one.seconds, 1), "words": one.words}
        for one in ended
    ]  # fmt: skip
    folders.write_text(out / SUMMARY, json.dumps({"contests": content}, indent=1, ensure_ascii=False) + "\n")
