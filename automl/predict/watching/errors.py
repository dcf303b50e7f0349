"""How far off predicted numbers will be, learnt from held-out rows: the expected score of rows without a target.

The mean absolute error of a row is a product: the usual error, times a factor for the bin of each column and of the
prediction that the row is in. Bins are those of the drift test, so nothing of a row is stored. Errors divided by their
expected size have one distribution, of which quantiles are stored. Targets are drawn from both, as labels are drawn from
probabilities. The sizes are then multiplied by one number, with which the expected score of the contest's test rows is
their real one: what a model of the same settings did on validation rows is slightly worse than what the refitted
finalist does.

Sources: direct loss estimation, NannyML 2022, "How it works: estimating performance for regression"; the factors are
those of a Poisson regression with logarithmic link, fitted by margins in turn (Bailey and Simon 1960, "Two studies in
automobile insurance ratemaking"), here with a prior of `PRIOR_ROWS` usual rows in each bin.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.predict.watching.summaries import MOST_LEVELS, Feature, Summary
from automl.storage.values import Misfit, listed, number, numbers, text

if TYPE_CHECKING:
    from automl.records import Output

__all__ = ["Errors", "errors_as_json", "fit_errors", "levelled", "read_errors", "values_of"]

LEAST_ROWS = 100
"""Held-out rows from which errors are learnt."""
MOST_ROWS = 5_000
MOST_FACTORS = 30
"""Columns, and numbers made of columns, that errors may depend on: those by which they differ most."""
MOST_TARGETS = 20
PRIOR_ROWS = 100.0
ROUNDS = 12
QUANTILES = 200
DIGITS = 4
LARGEST_LOG = 20.0
"""Of a factor, and of the common one."""
LEVEL_STEPS, LEVEL_RANGE = 16, 3.0


@dataclass(frozen=True, slots=True, eq=False)
class Errors:
    """Sizes of errors.

    Attributes:
        usual: ``(n_targets,)`` mean absolute error, above zero.
        factors: name of a feature → ``(n_targets, n_counts)`` logarithms of factors, a row's place as `Summary.places`.
        shape: ``(n_targets, n_quantiles)`` ascending quantiles of errors divided by their expected sizes.
        level: the common factor.
    """

    usual: np.ndarray
    factors: Mapping[str, np.ndarray]
    shape: np.ndarray
    level: float = 1.0

    def sizes(self, before: Sequence[Summary], features: Mapping[str, Feature], n_rows: int) -> np.ndarray:
        """Expected absolute errors ``(n_rows, n_targets)``.

        Args:
            before: counts of columns and predictions; those without a factor are not read.
            features: of the rows, by name; one that is missing has no effect.
            n_rows: number of rows.
        """
        logs = np.zeros((n_rows, len(self.usual)))
        for one in before:
            if one.name in self.factors and one.name in features:
                logs += self.factors[one.name][:, one.places(features[one.name].values)].T
        return np.asarray(self.usual * np.exp(np.clip(logs, -LARGEST_LOG, LARGEST_LOG)) * self.level)

    def drawn(self, values: np.ndarray, sizes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Targets ``(n_rows, n_targets)`` as they may be.

        Args:
            values: predictions ``(n_rows, n_targets)``.
            sizes: expected absolute errors of the same shape.
            rng: of the draws.
        """
        places = rng.integers(0, self.shape.shape[1], values.shape)
        return values + sizes * self.shape[np.arange(values.shape[1]), places]


def values_of(output: Output) -> np.ndarray:
    """Predicted numbers ``(n, n_targets)`` float64."""
    values = np.asarray(output.arrays["values"], np.float64)
    return values.reshape(len(values), -1)


def fit_errors(
    values: np.ndarray, truth: np.ndarray, before: Sequence[Summary], features: Mapping[str, Feature]
) -> Errors | None:
    """Learn the sizes of errors from held-out rows.

    Args:
        values: predictions ``(n, n_targets)`` by models that had not learnt from these rows.
        truth: ``(n, n_targets)``; rows with a gap are left out.
        before: counts of columns and predictions, whose bins are used.
        features: of the held-out rows, by name.

    Returns:
        None where there are too few rows, or no errors.
    """
    residuals = truth.reshape(values.shape) - values
    known = np.flatnonzero(np.isfinite(residuals).all(axis=1))
    if len(known) < LEAST_ROWS or values.shape[1] > MOST_TARGETS:
        return None
    rows = known[np.linspace(0, len(known) - 1, min(len(known), MOST_ROWS)).astype(np.int64)]
    residuals = residuals[rows]
    sizes = np.abs(residuals)
    usual = sizes.mean(axis=0)
    if not (np.isfinite(usual) & (usual > 0)).all():
        return None
    places = {one.name: one.places(features[one.name].values[rows]) for one in before if one.name in features}
    n_places = {one.name: len(one.counts) for one in before}
    relative = sizes / usual
    chosen = sorted(places, key=lambda name: -_told(relative, places[name], n_places[name]))[:MOST_FACTORS]
    factors, expected = _factors(relative, {name: places[name] for name in chosen}, n_places)
    shape = np.quantile(residuals / (usual * expected), (np.arange(QUANTILES) + 0.5) / QUANTILES, axis=0).T
    return Errors(_short(usual), {name: _short(one) for name, one in factors.items()}, _short(shape))


def _told(relative: np.ndarray, places: np.ndarray, n_places: int) -> float:
    """How much of the variance of sizes lies between bins, with the prior in each of them; larger is more."""
    counts = np.bincount(places, minlength=n_places)
    return sum(
        float(
            (np.bincount(places, one - one.mean(), n_places) ** 2 / (counts + PRIOR_ROWS)).sum() / max(one.var(), 1e-9)
        )
        for one in relative.T
    )


def _factors(
    relative: np.ndarray, places: Mapping[str, np.ndarray], n_places: Mapping[str, int]
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Logarithms of factors by feature, and the sizes ``(n, n_targets)`` that they give."""
    n_targets = relative.shape[1]
    factors = {name: np.zeros((n_targets, n_places[name])) for name in places}
    expected = np.ones_like(relative)
    for target in range(n_targets):
        own, sizes = relative[:, target], expected[:, target]
        for _ in range(ROUNDS):
            for name, at in places.items():
                seen = np.bincount(at, own, n_places[name]) + PRIOR_ROWS
                step = np.log(seen / (np.bincount(at, sizes, n_places[name]) + PRIOR_ROWS))
                factors[name][target] += step
                sizes *= np.exp(step[at])
    return factors, expected


def levelled(errors: Errors, score: float, expected: Callable[[Errors], float | None]) -> Errors:
    """The errors with the common factor at which the expected score of test rows is the real one.

    Args:
        errors: with a common factor of 1.
        score: of the test rows.
        expected: from errors to the expected score of the same rows.

    Returns:
        The errors themselves where no factor between a twentieth and twenty gives the score.
    """

    def at(log: float) -> Errors:
        return Errors(errors.usual, errors.factors, errors.shape, math.exp(log))

    low, high = -LEVEL_RANGE, LEVEL_RANGE
    ends = expected(at(low)), expected(at(high))
    if ends[0] is None or ends[1] is None or not min(ends) < score < max(ends):
        return errors
    rises = ends[1] > ends[0]
    for _ in range(LEVEL_STEPS):
        middle = (low + high) / 2
        found = expected(at(middle))
        if found is None:
            return errors
        low, high = (middle, high) if (found < score) == rises else (low, middle)
    return at((low + high) / 2)


def _short(values: np.ndarray) -> np.ndarray:
    """Rounded to `DIGITS` digits, of which none is a cell."""
    return np.vectorize(lambda one: float(f"{one:.{DIGITS}g}"), otypes=[np.float64])(values)


# --------------------------------------------------------------------------- in a saved model


def errors_as_json(errors: Errors) -> dict[str, Any]:
    """As JSON types."""
    return {
        "usual": errors.usual.tolist(),
        "factors": [{"name": name, "logs": one.tolist()} for name, one in errors.factors.items()],
        "shape": errors.shape.tolist(),
        "level": float(f"{errors.level:.{DIGITS}g}"),
    }


def read_errors(content: Any, n_places: Mapping[str, int]) -> Errors:
    """The errors, every field checked.

    Args:
        content: of `errors_as_json`, read again.
        n_places: by name of each feature that is remembered, how many counts it has.

    Raises:
        Misfit: it is not what automl writes.
    """
    if not isinstance(content, dict):
        raise Misfit("errors: expected a mapping")
    usual = np.array(numbers(content, "usual", MOST_TARGETS))
    if not len(usual) or not (usual > 0).all():
        raise Misfit("errors: expected sizes above zero")
    shape = _table(content, "shape", len(usual), QUANTILES, None)
    if shape.shape[1] != QUANTILES or (np.diff(shape, axis=1) < 0).any():
        raise Misfit("errors: expected ascending quantiles")
    factors = {}
    for one in listed(content, "factors", MOST_FACTORS):
        if not isinstance(one, dict):
            raise Misfit("errors: expected mappings")
        name = text(one, "name", 500)
        if name not in n_places:
            raise Misfit("errors: a factor of no column")
        factors[name] = _table(one, "logs", len(usual), MOST_LEVELS + 3, n_places[name])
    return Errors(
        usual, factors, shape, number(content, "level", math.exp(-LEVEL_RANGE) / 2, 2 * math.exp(LEVEL_RANGE))
    )


def _table(content: Mapping[str, Any], key: str, n_rows: int, most: int, width: int | None) -> np.ndarray:
    rows = [numbers({key: one}, key, most) for one in listed(content, key, MOST_TARGETS)]
    widths = {len(one) for one in rows}
    if len(rows) != n_rows or len(widths) != 1 or (width is not None and widths != {width}):
        raise Misfit(f"errors: {key} of another size")
    return np.array(rows)
