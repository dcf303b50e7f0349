"""Likeness: how near generated pictures, series and texts are to real ones, by several measures."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np

from automl import metrics
from automl.analyses.fidelity import coverage_of
from automl.analyses.shared.character_model import CharacterModel
from automl.analyses.shared.generated import generated, no_rows, real_rows, sides_with_floor
from automl.analyses.shared.likelihood import likelihoods
from automl.goals.shared.samples import PICTURE, SERIES
from automl.metrics.contents import form_of, is_text
from automl.records import Analysis, AnalysisContext, AnalysisFacts, Output
from automl.sides.items import refit_items
from automl.sides.row_space import Space

__all__ = ["LIKENESS"]

MOST_ROWS = 1_000
MOST_LEARNT = 2_000
N_CLUSTERS = 20
N_LAGS = 50
N_BANDS = 40
MOST_STEPS = 100
"""Of the model that tells classes."""
DISTANCE, CLASSIFIER = "feature_distance", "indistinct"


def unfit(context: AnalysisContext) -> str | None:
    """Generated items that are no rows of a table."""
    if no_rows(context) is not None:
        return no_rows(context)
    return None if form_of(np.asarray(context.outcome.truth)) else "rows of a table are generated"


def cost(facts: AnalysisFacts) -> float:
    """Features of some thousand items of each side, and classifiers on them."""
    return 2.0 + 0.006 * min(facts.n_test, MOST_ROWS)


def run(context: AnalysisContext) -> dict[str, Any]:
    """What each set of items shows beside held-out ones; training items say what chance does."""
    held_out = np.asarray(context.outcome.truth)[:MOST_ROWS]
    learnt = real_rows(context, refit_items(context.split), MOST_LEARNT)
    form = form_of(held_out)
    rng = np.random.default_rng([context.seed, 95_000])
    sets = {"real": learnt[rng.permutation(len(learnt))[: len(held_out)]]}
    for side in sides_with_floor(context):
        sets[side] = generated(context, side, len(held_out))
    space = Space(learnt)
    points = space.points(held_out)
    groups = _Groups(learnt, context.task.label)
    rows = []
    for name, some in sets.items():
        made, told = space.points(some), groups.group_of(some)
        covers, precise = coverage_of(points, made)
        n = min(len(some), len(held_out))
        scored = {m: _score(m, held_out[:n], some[:n], context.outcome.context) for m in (DISTANCE, CLASSIFIER)}
        rows.append(
            {
                "set": name, "distance": scored[DISTANCE], "told_apart": 1.0 - scored[CLASSIFIER] / 2.0,
                "coverage": covers, "precision": precise, "spread": groups.spread(told),
                "agreement": groups.agreement(some, told),
            }
        )  # fmt: skip
    told = groups.group_of(held_out)
    found = {
        "form": form, "n": len(held_out), "by_class": groups.label is not None, "spread_real": groups.spread(told),
        "agreement_real": groups.agreement(held_out, told), "rows": rows,
    }  # fmt: skip
    return {**found, "likelihood": likelihoods(context), **_OWN[form](held_out, sets)}


def _score(metric: str, truth: np.ndarray, samples: np.ndarray, context: Mapping[str, Any]) -> float:
    return float(metrics.score(metric, truth, Output("samples", {"samples": samples}), None, context))


class _Groups:
    """Groups of like items: classes that a model tells where there is a label, clusters elsewhere.

    What tells the group of an item reads nothing of its class.

    Args:
        learnt: training items.
        label: name of the field of classes, or None.
    """

    def __init__(self, learnt: np.ndarray, label: str | None) -> None:
        from sklearn.cluster import KMeans
        from sklearn.linear_model import LogisticRegression

        self.label = label if label in (learnt.dtype.names or ()) else None
        self.space = Space(_without(learnt, self.label))
        points = self._points(learnt)
        self.scale = np.maximum(points.std(axis=0), 1e-9) if self.label is not None else np.ones(points.shape[1])
        if self.label is not None:
            self.n_groups = len(np.unique(learnt[self.label]))
            self.model: Any = LogisticRegression(max_iter=MOST_STEPS).fit(points / self.scale, learnt[self.label])
        else:
            self.n_groups = min(N_CLUSTERS, max(len(points) // 20, 2))
            self.model = KMeans(self.n_groups, n_init=2, random_state=0).fit(points)

    def group_of(self, items: np.ndarray) -> np.ndarray:
        """The group ``(n,)`` of each item."""
        return np.asarray(self.model.predict(self._points(items) / self.scale))

    def spread(self, found: np.ndarray) -> float:
        """Entropy of the shares of groups, 1 where all groups have the same share."""
        shares = np.unique(found, return_counts=True)[1] / len(found)
        return float(-(shares * np.log(shares)).sum() / np.log(max(self.n_groups, 2)))

    def agreement(self, items: np.ndarray, found: np.ndarray) -> float | None:
        """Share of the items that the model takes for what their class says; None without classes."""
        return None if self.label is None else float((found == items[self.label]).mean())

    def _points(self, items: np.ndarray) -> np.ndarray:
        return np.asarray(self.space.points(_without(items, self.label)))


def _without(rows: np.ndarray, label: str | None) -> np.ndarray:
    return rows if label is None else rows[[name for name in rows.dtype.names or () if name != label]]


def _pictures(held_out: np.ndarray, sets: Mapping[str, np.ndarray]) -> dict[str, Any]:
    return {}


def _series(held_out: np.ndarray, sets: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Autocorrelation and spectrum of each set, means over its series and channels."""
    every = {"held_out": held_out, **sets}
    values = {name: some[SERIES].reshape(-1, some[SERIES].shape[-1]).astype(np.float64) for name, some in every.items()}
    return {
        "autocorrelation": {name: _autocorrelation(some).tolist() for name, some in values.items()},
        "spectrum": {name: _spectrum(some).tolist() for name, some in values.items()},
    }


def _autocorrelation(lines: np.ndarray) -> np.ndarray:
    """Of lines ``(n, steps)`` from lag 1 on, by the Fourier transform of each line padded to twice its length."""
    steps = lines.shape[1]
    centred = lines - lines.mean(axis=1, keepdims=True)
    power = np.abs(np.fft.rfft(centred, 2 * steps, axis=1)) ** 2
    sums = np.fft.irfft(power, axis=1)[:, : min(N_LAGS, steps - 1) + 1]
    varies = sums[:, 0] > 1e-12
    return np.asarray((sums[varies] / sums[varies, :1])[:, 1:].mean(axis=0) if varies.any() else np.zeros(1))


def _spectrum(lines: np.ndarray) -> np.ndarray:
    """Decimal logarithm of the mean power in bands of frequencies, of lines of unit variance on the whole."""
    centred = lines - lines.mean(axis=1, keepdims=True)
    power = (np.abs(np.fft.rfft(centred, axis=1)) ** 2)[:, 1:].mean(axis=0) / lines.shape[1]
    bands = np.array_split(power, min(N_BANDS, len(power)))
    return np.asarray(np.log10(np.maximum([band.mean() for band in bands], 1e-12)))


def _texts(held_out: np.ndarray, sets: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """How varied texts are, how long, and how well a third model that learnt from them predicts held-out ones."""
    name = next(name for name in held_out.dtype.names or () if is_text(held_out.dtype[name]))
    real = held_out[name].tolist()
    known = {text for some in ("real",) for text in sets[some][name].tolist()}
    rows = []
    for key, some in {"held_out": held_out, **sets}.items():
        texts = some[name].tolist()
        words = [text.split() for text in texts]
        pairs = [pair for line in words for pair in itertools.pairwise(line)]
        every = [word for line in words for word in line]
        rows.append(
            {
                "set": key, "characters": float(np.mean([len(text) for text in texts])),
                "words": len(set(every)) / max(len(every), 1), "pairs": len(set(pairs)) / max(len(pairs), 1),
                "repeated": 1.0 - len(set(texts)) / max(len(texts), 1),
                "copies": None if key in ("real", "held_out") else float(np.mean([text in known for text in texts])),
                "bits": None if key == "held_out" else CharacterModel().fit(texts).bits(real),
            }
        )  # fmt: skip
    return {"texts": rows}


_OWN = {PICTURE: _pictures, SERIES: _series, "text": _texts}

EXAMPLE: dict[str, Any] = {
    "form": "series",
    "n": 200,
    "likelihood": [
        {"set": name, "bits": None, "low": None, "high": None, "is_bound": False, "why": "it has no density"}
        for name in ("deep", "shallow", "floor")
    ],
    "by_class": True,
    "spread_real": 0.99,
    "agreement_real": 0.9,
    "rows": [
        {"set": name, "distance": 0.02 + gap, "told_apart": min(0.5 + 2 * gap, 1.0), "coverage": 0.9 - gap,
         "precision": 0.9 - gap, "spread": 0.98 - gap, "agreement": 0.9 - gap}
        for name, gap in (("real", 0.0), ("deep", 0.1), ("shallow", 0.15), ("floor", 0.5))
    ],
    "autocorrelation": {
        name: [0.9 * share, 0.7 * share, 0.4 * share]
        for name, share in (("held_out", 1.0), ("real", 1.0), ("deep", 0.9), ("shallow", 0.8), ("floor", 0.0))
    },
    "spectrum": {
        name: [1.0 - share, 0.5, 0.1]
        for name, share in (("held_out", 0.0), ("real", 0.0), ("deep", 0.1), ("shallow", 0.2), ("floor", 0.9))
    },
}  # fmt: skip

LIKENESS = Analysis(
    name="likeness", order=4, run=run, unfit=unfit, cost=cost, example=EXAMPLE, reads="rows",
    source="Heusel et al., NeurIPS 2017 (Fréchet distance of features); Naeem et al., ICML 2020 (coverage); texts: "
    "reverse perplexity, Zhao et al., ICML 2018; distinct n-grams, Li et al., NAACL 2016",
)  # fmt: skip
