"""Planted truths for the analyses after the verdict: what is known to be there must be found, and nothing else.

    python benchmarks/tradeoff.py                    # all
    python benchmarks/tradeoff.py --only crossing    # one

The finalists are fixed: small models of scikit-learn's kind in place of both sides, so that no contest is run and the
truth is known. Each check is a function that prints its table and returns its figures; `CHECKS` lists them by name. The
last line is the figures as JSON.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import tradeoff_groups
import tradeoff_robustness

N_DRAWS = 10

CHECKS: dict[str, Callable[[], dict[str, Any]]] = {**tradeoff_groups.CHECKS, **tradeoff_robustness.CHECKS}
"""Name → the check: prints a table, returns figures of plain types, ``passed`` (bool) among them."""


def check(function: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
    """Register a check under the name of its function."""
    CHECKS[function.__name__] = function
    return function


# --------------------------------------------------------------------------- data need


def _two_regressions(seed: int, n_learn: int, crosses_at: int) -> Any:
    """Least squares on 20 columns (deep) against 3 (shallow), whose true risks cross at this number of rows.

    On n normal rows with noise of variance s², least squares on k columns has the risk s² (1 + k / (n - k - 1)).
    Columns that are left out add their variance to the noise.
    """
    from sklearn.linear_model import LinearRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    from automl.testing import fixed_context

    few, many, n_test = 3, 20, 4000
    left_out = (1 + many / (crosses_at - many - 1)) / (1 + few / (crosses_at - few - 1)) - 1
    rng = np.random.default_rng((seed, crosses_at))
    X = rng.normal(size=(n_learn + n_test, many))
    slopes = np.concatenate([np.ones(few), np.full(many - few, np.sqrt(left_out / (many - few)))])
    y = X @ slopes + rng.normal(size=len(X))
    models = {
        "deep": lambda number: LinearRegression(),
        "shallow": lambda number: make_pipeline(FunctionTransformer(lambda Z: Z[:, :few]), LinearRegression()),
    }
    return fixed_context(X, y, models, metric="rmse", n_test=n_test, seed=seed)


def _crossings(n_learn: int, crosses_at: int) -> list[dict[str, Any]]:
    from automl.analyses.data_need import DATA_NEED

    found = []
    for seed in range(N_DRAWS):
        made = DATA_NEED.run(_two_regressions(seed, n_learn, crosses_at))
        assert made is not None
        crossing = made["crossing"] or {"rows": None, "low": None, "high": None, "certainty": None}
        right = crossing["rows"] is not None and crosses_at / 2 <= crossing["rows"] <= 2 * crosses_at
        right = right and crossing["leads_beyond"] == "deep"
        refused = [law["refused"] for law in made["laws"] if law["refused"]]
        found.append({**crossing, "right": right, "refused": refused, "leader": made["leader"]})
        shown = {key: None if crossing[key] is None else round(crossing[key]) for key in ("rows", "low", "high")}
        print(f"  planted {crosses_at}: {shown}, laws refused: {refused or 'none'}", flush=True)
    return found


@check
def crossing() -> dict[str, Any]:
    """The crossing of two true risks within the rows measured: within a factor of two in 8 of 10 draws."""
    found = _crossings(480, 120)
    n_right = sum(one["right"] for one in found)
    covered = sum(one["low"] is not None and one["low"] <= 120 <= (one["high"] or np.inf) for one in found)
    print(f"within a factor of two: {n_right} of {N_DRAWS}; in the interval: {covered}")
    return {"passed": n_right >= 8, "within_two": n_right, "covered": covered, "n": N_DRAWS}


@check
def crossing_beyond() -> dict[str, Any]:
    """A crossing at twice the rows: never named wrongly by more than a factor of four in more than 2 of 10 draws."""
    found = _crossings(480, 960)
    named = [one for one in found if one["rows"] is not None]
    n_right = sum(one["right"] for one in named)
    wrong = sum(not 240 <= one["rows"] <= 3840 for one in named)
    print(f"named: {len(named)} of {N_DRAWS}; within a factor of two: {n_right}; off by more than four: {wrong}")
    return {"passed": wrong <= 2, "named": len(named), "within_two": n_right, "off_by_four": wrong, "n": N_DRAWS}


@check
def crossing_of_laws() -> dict[str, Any]:
    """Two power laws that cross at twice the rows, measured with noise: within a factor of two in 8 of 10 draws."""
    from automl.analyses.shared import curves
    from automl.verdict.resample import LEVEL

    sizes, crosses_at = 1600 * np.array([1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0]), 3200
    n_right = n_named = n_covered = 0
    for seed in range(N_DRAWS):
        rng = np.random.default_rng((seed, 6))
        limit = 0.85 + 2.0 * crosses_at**-0.5 - 0.3 * crosses_at**-0.5  # so that both are equal there
        truth = np.stack([limit - 2.0 * sizes**-0.5, 0.85 - 0.3 * sizes**-0.5])
        sd = 0.01 * (sizes / sizes[0]) ** -0.5
        values = truth + rng.normal(size=truth.shape) * sd
        drawn = values[:, None] + rng.normal(size=(2, 200, len(sizes))) * sd
        found = curves.crossing_of(sizes, values, drawn, True, LEVEL)
        print(f"  planted {crosses_at}: {None if found is None else (round(found.rows), found.low, found.high)}")
        if found is not None:
            n_named += 1
            n_right += crosses_at / 2 <= found.rows <= 2 * crosses_at
            n_covered += found.low <= crosses_at <= (found.high or np.inf)
    print(f"named {n_named}, within a factor of two {n_right}, in the interval {n_covered} of {N_DRAWS}")
    return {"passed": n_right >= 8, "named": n_named, "within_two": n_right, "covered": n_covered, "n": N_DRAWS}


@check
def no_crossing() -> dict[str, Any]:
    """Two copies of one model: no crossing is named in 8 of 10 draws."""
    from sklearn.linear_model import Ridge

    from automl.analyses.data_need import DATA_NEED
    from automl.testing import fixed_context

    named = 0
    for seed in range(N_DRAWS):
        rng = np.random.default_rng((seed, 5))
        X = rng.normal(size=(4480, 10))
        y = X @ np.ones(10) + rng.normal(size=len(X))
        models = {"deep": lambda number: Ridge(1.0), "shallow": lambda number: Ridge(1.001)}
        made = DATA_NEED.run(fixed_context(X, y, models, metric="rmse", n_test=4000, seed=seed))
        named += made is not None and made["crossing"] is not None
    print(f"a crossing was named in {named} of {N_DRAWS}")
    return {"passed": named <= 2, "named": named, "n": N_DRAWS}


# --------------------------------------------------------------------------- label noise


@check
def label_noise() -> dict[str, Any]:
    """One neighbour (deep) loses more by wrong labels than a linear model: said in 8 of 10 draws, never reversed."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier

    from automl.analyses.label_noise import LABEL_NOISE

    said = []
    for seed in range(N_DRAWS):
        models = {"deep": lambda number: KNeighborsClassifier(1), "shallow": lambda number: LogisticRegression()}
        made = LABEL_NOISE.run(_two_classes(seed, models))
        assert made is not None
        said.append(made["compared"]["loses_more"])
    right, wrong = said.count("deep"), said.count("shallow")
    print(f"the neighbour loses more: said in {right} of {N_DRAWS}, reversed in {wrong}")
    return {"passed": right >= 8 and not wrong, "right": right, "wrong": wrong, "n": N_DRAWS}


def _two_classes(seed: int, models: Any, n_learn: int = 800, noise: float = 0.5) -> Any:
    """Two classes that a line parts, with some noise."""
    from automl.testing import fixed_context

    rng = np.random.default_rng((seed, 3))
    X = rng.normal(size=(n_learn + 800, 6))
    y = np.where(X[:, 0] + X[:, 1] + noise * rng.normal(size=len(X)) > 0, "yes", "no")
    return fixed_context(X, y, models, goal="binary", metric="roc_auc", n_test=800, seed=seed)


# --------------------------------------------------------------------------- membership


@check
def membership() -> dict[str, Any]:
    """A memorised training set (AUC of the attack at least .9) and a clean model (at most .55), both attacks."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.tree import DecisionTreeClassifier

    from automl.analyses.membership import MEMBERSHIP
    from automl.analyses.membership_refits import MEMBERSHIP_REFITS

    found: dict[str, list[float]] = {}
    for seed in range(N_DRAWS):
        models = {"deep": lambda number: _Memory(), "shallow": lambda number: LogisticRegression()}
        trees = {
            "deep": lambda number: DecisionTreeClassifier(random_state=number),
            "shallow": lambda number: LogisticRegression(),
        }
        for name, own, noise in (("memory", models, 3.0), ("tree", trees, 3.0)):
            context = _two_classes(seed, own, noise=noise)
            for analysis in (MEMBERSHIP, MEMBERSHIP_REFITS):
                made = analysis.run(context)
                assert made is not None
                for row in made["rows"]:
                    key = f"{name if row['side'] == 'deep' else 'linear'}, {analysis.name}"
                    found.setdefault(key, []).append(row["auc"])
    for key, values in found.items():
        print(f"  {key:32} mean {np.mean(values):.3f}  from {min(values):.3f} to {max(values):.3f}")
    memory = min(min(values) for key, values in found.items() if key.startswith("memory"))
    clean = max(float(np.mean(values)) for key, values in found.items() if key.startswith("linear"))
    means = {key: round(float(np.mean(values)), 3) for key, values in found.items()}
    return {"passed": memory >= 0.9 and clean <= 0.55, "least_memory": memory, "mean_clean": clean, "means": means}


class _Memory:
    """Knows every row that it learnt from, and says 50 % to all others."""

    def fit(self, X: np.ndarray, y: np.ndarray) -> _Memory:
        self.known = {row.tobytes(): int(label) for row, label in zip(X, y, strict=True)}
        self.classes_ = np.arange(2)
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        shares = np.full((len(X), 2), 0.5)
        for i, row in enumerate(X):
            if (label := self.known.get(row.tobytes())) is not None:
                shares[i] = 0.01
                shares[i, label] = 0.99
        return shares


def main() -> None:
    """Run the checks that are asked for."""
    parser = argparse.ArgumentParser(description="Planted truths for the analyses after the verdict.")
    parser.add_argument("--only", nargs="*", choices=sorted(CHECKS), help="names of checks; all if none are given")
    asked = parser.parse_args().only or list(CHECKS)
    warnings.simplefilter("ignore")
    figures: dict[str, Any] = {}
    for name in asked:
        begun = time.monotonic()
        print(f"\n== {name.replace('_', ' ')}", flush=True)
        figures[name] = {**CHECKS[name](), "seconds": round(time.monotonic() - begun, 1)}
        print("passed" if figures[name]["passed"] else "NOT passed", flush=True)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
