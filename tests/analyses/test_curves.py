"""Learning curves: power laws are found again, ill-behaved ones refused, crossings named where draws say so."""

from __future__ import annotations

import numpy as np
import pytest

from automl.analyses.shared.curves import crossing_of, fitted, refusal

SIZES = 1600 * np.array([1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0])


def draws(values: np.ndarray, sd: float, n: int = 100) -> np.ndarray:
    return values + sd * np.random.default_rng(0).normal(size=(n, *values.shape))


@pytest.mark.parametrize("power", [0.2, 0.5, 1.0])
def test_a_power_law_is_found_again_and_followed_to_eight_times_the_rows(power: float) -> None:
    law = fitted(SIZES, (0.9 - 1.5 * SIZES**-power)[None])
    places = np.array([1600.0, 3200.0, 12800.0])
    assert law.at(places)[0] == pytest.approx(0.9 - 1.5 * places**-power, abs=0.004)


@pytest.mark.parametrize(
    ("scores", "twice", "eightfold"),
    [
        ([0.62, 0.70, 0.755, 0.79, 0.812], 0.8252, 0.8380),
        ([0.50, 0.58, 0.66, 0.73, 0.78], 0.8142, 0.8492),
        ([0.801, 0.822, 0.836, 0.846, 0.852], 0.8562, 0.8607),
        ([0.41, 0.55, 0.63, 0.665, 0.68], 0.6848, 0.6871),
    ],
)
def test_the_law_is_followed_as_by_the_authors_of_the_curve_database(
    scores: list[float], twice: float, eightfold: float
) -> None:
    """Made by `fit_model(sizes, scores, sizes_extrapolation, "pow4", rep=20)` of the LCDB's 2022-ecml/analysis."""
    law = fitted(SIZES, np.array(scores)[None])
    assert law.at(np.array([3200.0]))[0, 0] == pytest.approx(twice, abs=0.004)
    assert law.at(np.array([12800.0]))[0, 0] == pytest.approx(eightfold, abs=0.013)


def test_an_offset_is_found_too() -> None:
    law = fitted(SIZES, (0.9 - 20 / (SIZES + 100))[None])
    assert law.d[0] == 100 and law.at(np.array([6400.0]))[0, 0] == pytest.approx(0.9 - 20 / 6500, abs=0.002)


@pytest.mark.parametrize(
    ("values", "why"),
    [
        (np.array([0.7, 0.8, 0.9]), "fewer than 4"),
        (np.array([0.7, 0.8, 0.6, 0.85, 0.9]), "falls"),
        (np.array([0.8, 0.8, 0.8, 0.8, 0.8]), "does not rise"),
        (np.array([0.5, 0.5001, 0.5002, 0.5003, 0.9]), "no power law"),
        (0.9 - 1.0 * SIZES**-0.5, ""),
    ],
)
def test_ill_behaved_curves_are_refused(values: np.ndarray, why: str) -> None:
    said = refusal(SIZES[: len(values)], values, draws(values, 1e-3))
    assert why in said and bool(why) == bool(said)


def test_a_crossing_within_the_sizes_needs_no_law() -> None:
    values = np.stack([np.array([0.5, 0.6, 0.7, 0.8, 0.9]), np.array([0.6, 0.65, 0.68, 0.7, 0.71])])
    drawn = np.stack([draws(one, 0.005) for one in values])
    found = crossing_of(SIZES, values, drawn, False, 0.95)
    assert found is not None and found.first_leads and not found.extrapolated
    assert 200 < found.low <= found.rows <= (found.high or 0) < 400 and found.certainty > 0.9


def test_a_crossing_beyond_is_followed_to_eight_times_the_rows_and_no_further() -> None:
    def curves(crosses_at: float) -> np.ndarray:
        return np.stack([0.9 + 1.7 * crosses_at**-0.5 - 2.0 * SIZES**-0.5, 0.9 - 0.3 * SIZES**-0.5])

    near = curves(3200)
    drawn = np.stack([draws(one, 0.001) for one in near])
    found = crossing_of(SIZES, near, drawn, True, 0.95)
    assert found is not None and found.extrapolated and 1600 < found.rows < 6400 and found.low > 1600
    assert crossing_of(SIZES, near, drawn, False, 0.95) is None, "without laws nothing is said beyond the sizes"
    far = curves(160_000)
    assert crossing_of(SIZES, far, np.stack([draws(one, 0.001) for one in far]), True, 0.95) is None


def test_a_change_of_leader_by_noise_is_no_crossing() -> None:
    values = np.stack([np.array([0.80, 0.81, 0.82, 0.83, 0.841]), np.array([0.801, 0.81, 0.82, 0.83, 0.84])])
    drawn = np.stack([draws(values[0], 0.01), values[1] - draws(values[1] * 0, 0.01)[::-1]])
    assert crossing_of(SIZES, values, drawn, False, 0.95) is None
