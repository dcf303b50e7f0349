"""Occlusion: which words, patches or stretches of single test items carry each finalist's prediction."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from typing import Any

import numpy as np

from automl import goals, modalities, pretrained
from automl.analyses.shared import scoring
from automl.analyses.shared.answers import of_truth
from automl.analyses.shared.changed import MOST_ROWS, stacked_seconds
from automl.detect.rows import take
from automl.records import Analysis, AnalysisContext, AnalysisFacts, Dataset

__all__ = ["OCCLUSION"]

N_EXAMPLES = 6
MOST_WORDS = 40
"""Words that are left out one by one; of longer texts, runs of words are."""
MOST_SHOWN_WORDS = 400
N_PATCHES = 7
"""Patches along each edge of a picture."""
N_SEGMENTS = 12
GREY = 127


def unfit(context: AnalysisContext) -> str | None:
    """Texts, pictures and series have parts; rows of a table are explained by their columns."""
    if goals.named(context.task).in_windows or modalities.named(context.task).is_table:
        return "items have no parts"
    if (
        any("probabilities" not in one.output.arrays for one in scoring.contestants(context).values())
        and goals.named(context.task).is_classification
    ):
        return "there are no probabilities"
    return None


def cost(facts: AnalysisFacts) -> float:
    """All parts of all examples, predicted by both sides."""
    return 0.2 + stacked_seconds(facts, N_EXAMPLES * (N_PATCHES**2 + 1))


def run(context: AnalysisContext) -> dict[str, Any] | None:
    """For each example and side: how much the prediction loses without each part."""
    positions = _examples(context)
    rows = context.split.test[positions]
    kind = modalities.named(context.task).items
    made = {"text": _texts, "images": _pictures}.get(kind, _series)(context.dataset, context, rows)
    dataset, parts = made
    if not len(parts) or dataset.n_rows > MOST_ROWS:
        return None
    if dataset.vectors is not None:
        dataset = pretrained.with_vectors(dataset, context.task)
    owners = np.concatenate([np.full(1 + len(one), i) for i, one in enumerate(parts)])
    truth = scoring.scored(context, np.sort(rows)).truth[np.argsort(np.argsort(rows, kind="stable"))]
    outputs = {
        side: one.output(dataset, np.arange(dataset.n_rows)) for side, one in scoring.predictors(context).items()
    }
    numbers = {side: of_truth(context.task, output, truth[owners]) for side, output in outputs.items()}
    numeric = not goals.named(context.task).is_classification
    examples, flat = [], []
    for i, (position, names) in enumerate(zip(positions.tolist(), parts, strict=True)):
        own = np.flatnonzero(owners == i)
        sides = {}
        for side, values in numbers.items():
            drops = values[own[0]] - values[own[1:]]
            sides[side] = {"base": float(values[own[0]]), "drops": drops.tolist()}
            flat += [
                {"example": i, "position": position, "side": side, "part": name, "base": float(values[own[0]]),
                 "drop": float(drop)}
                for name, drop in zip(names, drops.tolist(), strict=True)
            ]  # fmt: skip
        examples.append({"position": position, "parts": names, "sides": sides})
    return {"what": kind, "numeric": numeric, "n_patches": N_PATCHES, "examples": examples, "rows": flat}


def _examples(context: AnalysisContext) -> np.ndarray:
    """Positions of test items: some where only one side is right, some at random."""
    found = context.outcome.analyses.get("differences", {}).get("examples", {})
    chosen = [int(p) for side in scoring.SIDES for p in list(found.get(side, ()))[:2]]
    n = len(context.split.test)
    others = np.random.default_rng(context.seed).permutation(n).tolist()
    return np.array(list(dict.fromkeys([*chosen, *others]))[: min(N_EXAMPLES, n)], np.int64)


# --------------------------------------------------------------------------- parts


def _texts(dataset: Dataset, context: AnalysisContext, rows: np.ndarray) -> tuple[Dataset, list[list[str]]]:
    """Each text as it is, then without each run of words."""
    columns = [c.name for c in context.task.columns if c.kind == "text" and c.name in dataset.inputs.columns]
    cells: dict[str, list[Any]] = {name: [] for name in columns}
    parts, sources = [], []
    for row in rows.tolist():
        texts = {name: _cell(dataset.inputs[name].iloc[row]) for name in columns}
        places = [(name, *found.span()) for name in columns for found in re.finditer(r"\S+", texts[name])]
        places = places[:MOST_SHOWN_WORDS]
        runs = [run for run in np.array_split(np.arange(len(places)), min(MOST_WORDS, len(places)) or 1) if len(run)]
        runs = [run for whole in runs for run in _by_column(whole, places)]
        for gone in [None, *runs]:
            for name in columns:
                spans = [] if gone is None else [places[k][1:] for k in gone if places[k][0] == name]
                cells[name].append(_without(texts[name], spans))
            sources.append(row)
        parts.append([texts[places[run[0]][0]][places[run[0]][1] : places[run[-1]][2]] for run in runs])
    taken = take(dataset, np.asarray(sources, np.int64))
    inputs = taken.inputs.copy()
    for name in columns:
        inputs[name] = np.asarray(cells[name], object)
    return replace(taken, inputs=inputs), parts


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _by_column(run: np.ndarray, places: list[tuple[str, int, int]]) -> list[np.ndarray]:
    """A run of words, parted where another column begins."""
    breaks = [k for k in range(1, len(run)) if places[run[k]][0] != places[run[k - 1]][0]]
    return np.split(run, breaks)


def _without(text: str, spans: list[tuple[int, int]]) -> str:
    return text if not spans else f"{text[: spans[0][0]]} {text[spans[-1][1] :]}".strip()


def _pictures(dataset: Dataset, context: AnalysisContext, rows: np.ndarray) -> tuple[Dataset, list[list[str]]]:
    """Each picture as it is, then with a grey patch in each place of a grid."""
    height, width = dataset.inputs.shape[1:3]
    down = np.unique(np.linspace(0, height, N_PATCHES + 1).round().astype(int))
    across = np.unique(np.linspace(0, width, N_PATCHES + 1).round().astype(int))
    places = [(a, b, c, d) for a, b in itertools.pairwise(down) for c, d in itertools.pairwise(across)]
    names = [f"{_span('row', a, b)}, {_span('column', c, d)}" for a, b, c, d in places]
    taken = take(dataset, np.repeat(rows, 1 + len(places)))
    inputs = np.array(taken.inputs)
    for i in range(len(rows)):
        for k, (a, b, c, d) in enumerate(places):
            inputs[i * (1 + len(places)) + 1 + k, a:b, c:d] = GREY
    return replace(taken, inputs=inputs), [names] * len(rows)


def _span(noun: str, start: int, end: int) -> str:
    return f"{noun} {start}" if end == start + 1 else f"{noun}s {start} to {end - 1}"


def _series(dataset: Dataset, context: AnalysisContext, rows: np.ndarray) -> tuple[Dataset, list[list[str]]]:
    """Each series as it is, then with each segment replaced by its channels' means."""
    length = dataset.inputs.shape[2]
    edges = np.unique(np.linspace(0, length, N_SEGMENTS + 1).round().astype(int)).tolist()
    places = list(itertools.pairwise(edges))
    taken = take(dataset, np.repeat(rows, 1 + len(places)))
    inputs = np.array(taken.inputs)
    with np.errstate(invalid="ignore"):
        means = np.nanmean(np.asarray(dataset.inputs[rows], np.float64), axis=2)
    for i in range(len(rows)):
        for k, (a, b) in enumerate(places):
            inputs[i * (1 + len(places)) + 1 + k, :, a:b] = means[i][:, None]
    return replace(taken, inputs=inputs), [[_span("step", a, b) for a, b in places]] * len(rows)


EXAMPLE = {
    "what": "text", "numeric": False, "n_patches": 7,
    "examples": [
        {"position": 0, "parts": ["good", "day"],
         "sides": {"deep": {"base": 0.9, "drops": [0.4, -0.1]}, "shallow": {"base": 0.7, "drops": [0.2, 0.0]}}},
    ],
    "rows": [{"example": 0, "position": 0, "side": "deep", "part": "good", "base": 0.9, "drop": 0.4}],
}  # fmt: skip

OCCLUSION = Analysis(
    name="occlusion", order=46, run=run, unfit=unfit, cost=cost, example=EXAMPLE,
    source="Zeiler & Fergus 2014 (occlusion); Li, Monroe & Jurafsky 2016 (erasure of words)",
)  # fmt: skip
