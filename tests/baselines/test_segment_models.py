"""Forests and boosting on filter responses of pixels, and the floor."""

from __future__ import annotations

import numpy as np
import pytest

from automl import catalog, metrics
from automl.baselines.features.filters import SCALES, filter_responses, n_responses
from automl.records import VOID, Baseline, Dataset, FitContext, Task

FAMILIES = catalog.members(Baseline, "automl.baselines")
TASK = Task("image", "segment", ("mask",), "dice", ("0", "1"))
CONTEXT = {"classes": 2, "background": 0}


def problem(n: int = 8, side: int = 20) -> tuple[Dataset, np.ndarray]:
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:side, :side]
    centres = rng.integers(6, side - 6, (n, 2))
    truth = np.stack([np.hypot(rows - a, columns - b) < 4 for a, b in centres]).astype(np.uint8)
    pictures = np.clip(rng.normal(90, 15, truth.shape) + 70 * truth, 0, 255).astype(np.uint8)[..., None]
    return Dataset("discs", pictures), truth


@pytest.mark.parametrize("name", ["pixel_forest", "pixel_boosting"])
def test_bright_discs_are_found(name: str) -> None:
    dataset, truth = problem()
    settings = {
        **next(iter(FAMILIES[name].settings(TASK, None, 0))),
        "n_estimators": 20,
        "max_iter": 20,
        "pixels": 2_000,
    }
    model = FAMILIES[name].make(TASK, settings, 0)
    rows, test = np.arange(5), np.array([5, 6, 7])
    model.fit(dataset, rows, truth[rows], None, FitContext(valid_rows=test[:1], valid_truth=truth[test[:1]]))
    output = model.predict(dataset, test)
    assert metrics.score("dice", truth[test], output, None, CONTEXT) > 0.8
    assert output.arrays["pixel_probabilities"].shape == (3, 20, 20, 2)


def test_what_is_beyond_a_picture_is_neither_learnt_nor_read() -> None:
    dataset, truth = problem()
    wide = np.pad(dataset.inputs, ((0, 0), (0, 6), (0, 9), (0, 0)), constant_values=255)
    padded = np.pad(truth, ((0, 0), (0, 6), (0, 9)), constant_values=VOID)
    extents = np.tile([20, 20, 20, 20], (len(truth), 1))
    made = []
    for data, masks in ((dataset, truth), (Dataset("wide", wide, extents=extents), padded)):
        family = FAMILIES["pixel_forest"]
        settings = {**next(iter(family.settings(TASK, None, 0))), "n_estimators": 8, "pixels": 1_000}
        model = family.make(TASK, settings, 0)
        model.fit(data, np.arange(6), masks[:6], None, FitContext())
        made.append(model.predict(data, np.array([6, 7])).arrays["pixel_probabilities"])
    assert np.allclose(made[0], made[1][:, :20, :20]) and (made[1][:, 20:, :, 0] == 1).all()


def test_floors_are_the_mean_mask_and_the_commonest_class() -> None:
    dataset, truth = problem()
    truth = np.zeros_like(truth)
    truth[:, :6] = 1  # always in the same place
    family = FAMILIES["pixel_floor"]
    scores = []
    for settings in family.settings(TASK, None, 0):
        model = family.make(TASK, settings, 0)
        model.fit(dataset, np.arange(6), truth[:6], None, FitContext())
        scores.append(metrics.score("dice", truth[6:], model.predict(dataset, np.array([6, 7])), None, CONTEXT))
    assert scores[0] > 0.9 and scores[1] == 0.0


def test_each_pixel_has_the_responses_that_are_promised() -> None:
    picture = np.random.default_rng(0).integers(0, 255, (9, 11, 3), dtype=np.uint8)
    for n, has_place in ((4, False), (2, True)):
        found = filter_responses(picture, SCALES[:n], has_place)
        assert found.shape == (99, n_responses(3, n, has_place)) and np.isfinite(found).all()
    flat = filter_responses(np.full((8, 8, 1), 100, np.uint8), SCALES[:1], False)
    assert np.allclose(flat[:, 2:], 0.0, atol=5e-3)
