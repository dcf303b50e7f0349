"""One page over several runs: verdicts, gains with their intervals, costs, and what differs between the runs.

Everything is read from the run folders (``result.json`` and the head of ``report.json``), which anybody may have
written: each field is checked, and text is escaped as in a report.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from automl._version import __version__
from automl.errors import FolderError
from automl.records import Outcome, Section
from automl.report import words
from automl.report.page import html, kind_of, markdown_text, written
from automl.report.reading import SCHEMA, read, read_result
from automl.storage.files import write_all
from automl.storage.values import Misfit, listed, mapping, number, one_of, optional_number, text, whole
from automl.system.counts import counted

__all__ = ["MOST_RUNS", "Compared", "compared", "write_comparison"]

MOST_RUNS = 500
MOST_WORDS = 2000
MOST_TEXT = 100_000
VERDICTS = ("deep", "shallow", "tie")
REASONS = ("better", "equivalent", "undecided", "one_sided", "no_label")
SIDES = ("deep", "shallow", "blend", "floor")
TRUST = ("high", "medium", "low")


@dataclass(frozen=True, slots=True)
class Compared:
    """One run of a comparison; figures that its files lack are None.

    Attributes:
        folder: of the run.
        name: of the data.
        task: in words.
        metric: the metric's name.
        higher_is_better: of the metric.
        started: when the run began.
        n_rows: rows (or windows) that train, validate and test together.
        n_test: of these, those that test.
        budget_seconds: of the run.
        wall_seconds: that it took.
        verdict: deep, shallow or tie; None without labels.
        reason: of the verdict.
        recommended: side of the recommended model.
        scores: test score by side.
        fit_seconds: of the finalists, by side.
        predict_ms: of one row, by side.
        gain: of deep over shallow.
        interval: of the gain.
        percent: gain and both ends of its interval, in percent of what the shallow score lacks to the best.
        trust: high, medium or low.
        fingerprint: of the data.
        version: of automl.
        recipe: as YAML.
        versions: of libraries.
    """

    folder: str
    name: str
    task: str
    metric: str
    higher_is_better: bool
    started: str
    n_rows: int
    n_test: int
    budget_seconds: float
    wall_seconds: float
    verdict: str | None
    reason: str
    recommended: str
    scores: Mapping[str, float | None]
    fit_seconds: Mapping[str, float | None]
    predict_ms: Mapping[str, float | None]
    gain: float | None
    interval: tuple[float, float] | None
    percent: tuple[float, float, float] | None
    trust: str
    fingerprint: str
    version: str
    recipe: str
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def row(self) -> dict[str, Any]:
        """The run as a flat mapping, for a table."""
        low, high = (None, None) if self.interval is None else self.interval
        middle, least, most = (None, None, None) if self.percent is None else self.percent
        return {
            "folder": self.folder, "data": self.name, "task": self.task, "metric": self.metric, "started": self.started,
            "n_rows": self.n_rows, "n_test": self.n_test, "budget_seconds": self.budget_seconds,
            "wall_seconds": self.wall_seconds, "verdict": self.verdict, "reason": self.reason,
            "recommended": self.recommended, **{f"{side}_score": self.scores.get(side) for side in SIDES},
            "gain": self.gain, "gain_low": low, "gain_high": high, "gain_percent": middle, "percent_low": least,
            "percent_high": most, "trust": self.trust, "fingerprint": self.fingerprint, "automl_version": self.version,
            **{f"{side}_fit_seconds": self.fit_seconds.get(side) for side in SIDES[:2]},
            **{f"{side}_predict_ms": self.predict_ms.get(side) for side in SIDES[:2]},
        }  # fmt: skip

    @property
    def decision(self) -> str:
        """Verdict and reason in words."""
        return "no verdict" if self.verdict is None else f"{self.verdict}, {self.reason.replace('_', ' ')}"


def compared(folders: Sequence[str | Path]) -> list[Compared]:
    """Read runs, in the order given.

    Args:
        folders: run folders.

    Raises:
        FolderError: there is none or are too many, or one holds no finished run, or an altered one.
    """
    if not folders:
        raise FolderError("compare: expected run folders, got none; name one or more")
    if len(folders) > MOST_RUNS:
        raise FolderError(f"compare: expected at most {MOST_RUNS} run folders, got {len(folders)}; name fewer")
    return [_read(Path(folder)) for folder in folders]


def _read(folder: Path) -> Compared:
    content, result = read(folder), read_result(folder)
    try:
        return _compared(str(folder), content, result)
    except (Misfit, KeyError, TypeError, ValueError) as error:
        raise FolderError(
            f"{folder / 'result.json'} is no result of this version of automl ({error}); was it altered? Run the "
            "contest again"
        ) from error


def _compared(folder: str, content: Mapping[str, Any], result: dict[str, Any]) -> Compared:
    task, split = mapping(result, "task"), mapping(result, "split")
    runs: list[dict[str, Any]] = result["runs"]
    own = {one_of(run, "side", SIDES): run for run in runs if _stands(run)}
    verdict = None if result.get("verdict") is None else one_of(result, "verdict", VERDICTS)
    ends = result.get("interval")
    interval = None
    if ends is not None:
        low, high = (number({"interval": end}, "interval") for end in listed(result, "interval", 2))
        interval = (low, high)
    gain = optional_number(result, "gain")
    named = {text(run, "name", MOST_WORDS): run for run in runs}
    recommended = named.get(str(result.get("recommended") or ""))
    versions = {str(name)[:60]: str(one)[:60] for name, one in mapping({"v": result.get("versions", {})}, "v").items()}
    return Compared(
        folder=folder,
        name=text(content["head"], "name", MOST_WORDS),
        task=text(content["head"], "task", MOST_WORDS),
        metric=text(task, "metric", MOST_WORDS),
        higher_is_better=bool(task.get("higher_is_better", True)),
        started=str(content["head"].get("started", ""))[:60],
        n_rows=sum(whole(split, f"n_{part}", 0, 2**53) for part in ("train", "valid", "test")),
        n_test=whole(split, "n_test", 0, 2**53),
        budget_seconds=number(result, "budget_seconds"),
        wall_seconds=number(result, "wall_seconds"),
        verdict=verdict,
        reason=one_of(result, "reason", REASONS),
        recommended="" if recommended is None else one_of(recommended, "side", SIDES),
        scores={side: optional_number(run, "test_score") for side, run in own.items()},
        fit_seconds={side: optional_number(run, "fit_seconds") for side, run in own.items()},
        predict_ms={side: optional_number(run, "predict_ms") for side, run in own.items()},
        gain=gain,
        interval=interval,
        percent=_percent(result, gain),
        trust=one_of(mapping({"trust": result.get("trust", {"level": "high"})}, "trust"), "level", TRUST),
        fingerprint=str(result.get("fingerprint", ""))[:80],
        version=text(result, "automl_version", MOST_WORDS),
        recipe=str(result.get("recipe", ""))[:MOST_TEXT],
        versions=versions,
    )


def _stands(run: Mapping[str, Any]) -> bool:
    """Whether a run was scored on test rows: a finalist, the blend or the floor."""
    return isinstance(run, dict) and run.get("test_score") is not None


def _percent(result: Mapping[str, Any], gain: float | None) -> tuple[float, float, float] | None:
    """The gain and both ends of its interval in percent of the shallow error; None where that is not known."""
    known = result.get("uncertainty")
    ends = known.get("interval_percent") if isinstance(known, dict) else None
    absolute = result.get("interval")
    if not isinstance(ends, list) or len(ends) != 2 or None in ends or gain is None or not isinstance(absolute, list):
        return None
    low, high = (number({"end": end}, "end") for end in ends)
    width = float(absolute[1]) - float(absolute[0])
    if not width or not math.isfinite(width):
        return None
    return low + (high - low) * (gain - float(absolute[0])) / width, low, high


def write_comparison(runs: Sequence[Compared], target: str | Path, failed: Sequence[tuple[str, str, str]] = ()) -> Path:
    """Write the page of a comparison.

    Args:
        runs: as `compared` read them.
        target: a ``.html``, ``.md`` or ``.json`` file.
        failed: contests of the same job that did not finish: name, how it ended, and what it said.

    Returns:
        Its path.

    Raises:
        FolderError: the file has another ending, or cannot be written.
    """
    path = Path(target)
    kind = kind_of(path)
    content = _content(runs, failed)
    if kind == ".json":
        made = written(content)
    else:
        made = (markdown_text if kind == ".md" else html)(content, SECTIONS)
    write_all({path: made.encode()})
    return path


def _content(runs: Sequence[Compared], failed: Sequence[tuple[str, str, str]] = ()) -> dict[str, Any]:
    """What a page is made of, in the form of a stored report."""
    parts = [
        ("failed", _failed(failed)), ("runs", _verdicts(runs)), ("gains", _gains(runs)), ("costs", _costs(runs)),
        ("changes", _changes(runs)),
    ]  # fmt: skip
    titles = {section.name: section.title for section in SECTIONS}
    names = sorted({run.name for run in runs})
    return {
        "schema": SCHEMA,
        "automl_version": __version__,
        "head": {
            "name": words.shorten(f"{counted(len(runs), 'run')}: {', '.join(names)}", 100),
            "task": f"{counted(len(names), 'data set')}, each a contest of a deep network against a shallow model",
            "metric": ", ".join(sorted({words.metric(run.metric) for run in runs})),
            "started": "",
            "of_runs": True,
        },
        "sections": [
            {"name": name, "title": titles[name], "group": "Evidence", "data": words.plain(data), "problem": None}
            for name, data in parts
            if data is not None
        ],
    }


def _verdicts(runs: Sequence[Compared]) -> dict[str, Any]:
    counts = Counter(run.decision for run in runs)
    rows = [
        [run.name, run.n_rows, words.metric(run.metric), *words.scores(*(run.scores.get(side) for side in SIDES)),
         run.decision, run.recommended, run.trust]
        for run in runs
    ]  # fmt: skip
    return {
        "sentence": "; ".join(f"{decision}: {n} of {len(runs)}" for decision, n in counts.most_common()) + ".",
        "figures": {
            "label": "Verdicts",
            "columns": ["data", "rows", "metric", "deep", "shallow", "blend", "floor", "verdict", "recommended",
                        "trust"],
            "rows": rows,
            "numeric": [1, 3, 4, 5, 6],
        },
    }  # fmt: skip


def _gains(runs: Sequence[Compared]) -> dict[str, Any] | None:
    known = [(run, run.percent) for run in runs if run.percent is not None]
    if not known:
        return None
    places = list(range(len(known) - 1, -1, -1))
    names = [words.shorten(run.name, 24) for run, _ in reversed(known)]
    layers = [
        {"mark": "line", "colour": _colour(run), "x": [low, high], "y": [place, place]}
        for place, (run, (_, low, high)) in zip(places, known, strict=True)
    ]
    layers += [
        {"mark": "points", "colour": _colour(run), "x": [middle], "y": [place]}
        for place, (run, (middle, _, _)) in zip(places, known, strict=True)
    ]
    chart = {
        "title": "Lead of the deep side",
        "alt": f"Lead of the deep side over the shallow one with its interval, {counted(len(known), 'run')}; right "
        "of 0 the deep side is better.",
        "caption": "In percent of the shallow error, what its score lacks to the best; lines are intervals.",
        "x": {"label": "lead of deep, % of the shallow error"},
        "y": {"label": "data", "names": names, "limits": [-0.5, len(known) - 0.5]},
        "layers": [*layers, {"mark": "rule", "colour": "muted", "x": [0.0]}],
        "table": {
            "columns": ["data", "lead, %", "from", "to", "verdict"],
            "rows": [
                [run.name, words.number(middle, 3), words.number(low, 3), words.number(high, 3), run.decision]
                for run, (middle, low, high) in known
            ],
            "numeric": [1, 2, 3],
        },
    }
    return {"chart": chart, "n_unknown": len(runs) - len(known)}


def _colour(run: Compared) -> str:
    return run.verdict if run.verdict in ("deep", "shallow") else "muted"


def _costs(runs: Sequence[Compared]) -> dict[str, Any]:
    def ms(run: Compared, side: str) -> str:
        value = run.predict_ms.get(side)
        return "" if value is None else words.number(value, 3)

    rows = [
        [run.name, run.started, words.duration(run.wall_seconds), words.duration(run.budget_seconds),
         words.duration(run.fit_seconds.get("deep")), words.duration(run.fit_seconds.get("shallow")),
         ms(run, "deep"), ms(run, "shallow")]
        for run in runs
    ]  # fmt: skip
    return {
        "figures": {
            "label": "Costs",
            "columns": [
                "data",
                "started",
                "run took",
                "budget",
                "deep fit",
                "shallow fit",
                "deep ms a row",
                "shallow ms a row",
            ],
            "rows": rows,
            "numeric": [2, 3, 4, 5, 6, 7],
        }
    }


def _changes(runs: Sequence[Compared]) -> dict[str, Any] | None:
    """What differs between runs of data of the same name, each beside the one before it."""
    before: dict[str, Compared] = {}
    rows = []
    for run in sorted(runs, key=lambda one: one.started):
        earlier = before.get(run.name)
        if earlier is not None:
            rows.append([run.name, earlier.started, run.started, _differences(earlier, run) or "nothing"])
        before[run.name] = run
    if not rows:
        return None
    columns = ["data", "earlier run", "later run", "what differs"]
    return {"figures": {"label": "What changed", "columns": columns, "rows": rows, "numeric": []}}


def _differences(one: Compared, other: Compared) -> str:
    found = []
    if one.fingerprint and other.fingerprint and one.fingerprint != other.fingerprint:
        found.append(f"data ({counted(one.n_rows, 'row')} → {counted(other.n_rows, 'row')})")
    lines, others = one.recipe.splitlines(), other.recipe.splitlines()
    changed = [line for line in lines if line not in others] + [line for line in others if line not in lines]
    keys = dict.fromkeys(line.partition(":")[0].strip(" -#") for line in changed)
    if keys:
        found.append(f"recipe ({words.shorten(', '.join(keys), 120)})")
    if one.version != other.version:
        found.append(f"automl {one.version} → {other.version}")
    libraries = sorted(
        name for name in one.versions if name in other.versions and one.versions[name] != other.versions[name]
    )
    found += [f"{name} {one.versions[name]} → {other.versions[name]}" for name in libraries if name != "automl-keras"]
    if one.decision != other.decision:
        found.append(f"verdict ({one.decision} → {other.decision})")
    return "; ".join(found)


def _failed(failed: Sequence[tuple[str, str, str]]) -> dict[str, Any] | None:
    if not failed:
        return None
    rows = [[name, state, words.shorten(said, 300)] for name, state, said in failed]
    columns = ["contest", "how it ended", "what it said"]
    return {"figures": {"label": "Not finished", "columns": columns, "rows": rows, "numeric": []}}


def _nothing(outcome: Outcome) -> None:
    """A comparison has no outcome of its own."""


SECTIONS = (
    Section("failed", "Contests that did not finish", 5, _nothing, "{{ table(figures) }}", "{{ table(figures) }}"),
    Section("runs", "Verdicts", 10, _nothing, "<p>{{ sentence }}</p>{{ table(figures) }}",
            "{{ sentence }}\n\n{{ table(figures) }}"),
    Section(
        "gains", "Leads with their intervals", 20, _nothing,
        "{{ figure(chart) }}{% if n_unknown %}<p class='quiet'>{{ n_unknown | counted('run') }} without an interval."
        "</p>{% endif %}", "{{ figure(chart) }}",
    ),
    Section("costs", "Costs", 30, _nothing, "{{ table(figures) }}", "{{ table(figures) }}"),
    Section("changes", "What changed between runs of the same data", 40, _nothing, "{{ table(figures) }}",
            "{{ table(figures) }}"),
)  # fmt: skip
"""The parts of the page."""
