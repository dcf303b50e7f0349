"""Masks: how they are scored, decided and handed back."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl import goals, metrics
from automl.goals.shared.mask_decision import MaskThreshold
from automl.goals.shared.masks import (
    background_of,
    fit_masks,
    mask_frame,
    mask_output,
    mask_strata,
    masks_as_they_came,
    resized_mask,
    tile_of,
)
from automl.goals.shared.outputs import combine
from automl.metrics.masks import boundary_scores, class_means, dice_scores
from automl.records import VOID, Dataset, Mask, Output, Split, Task

CONTEXT = {"classes": 3, "background": 0}


def one(*pairs):
    """A mask of one row."""
    return np.array([[list(pairs)]], np.uint8)[0][None]


def test_dice_is_twice_the_overlap_over_both_sizes():
    truth, found = one(1, 1, 1, 0), one(0, 1, 1, 1)
    assert dice_scores(truth, found, CONTEXT)[0, 0] == pytest.approx(2 * 2 / (3 + 3))


def test_a_class_that_neither_shows_is_left_out_and_one_found_in_vain_counts():
    truth = np.concatenate([one(1, 0, 0, 0), one(1, 0, 0, 0), one(0, 0, 0, 0)])
    found = np.concatenate([one(1, 0, 0, 0), one(1, 2, 0, 0), one(0, 0, 0, 0)])
    assert class_means(dice_scores(truth, found, CONTEXT)).tolist() == [1.0, 0.5, 1.0]


def test_void_pixels_count_for_nothing():
    truth, found = one(1, 0, VOID, VOID), one(1, 0, 1, 2)
    for name in ("dice", "iou", "boundary_f1"):
        assert metrics.score(name, truth, Output("masks", {"masks": found}), None, CONTEXT) == 1.0


def test_iou_takes_all_pictures_together_and_dice_each_alone():
    truth = np.concatenate([one(1, 1, 1, 1), one(1, 0, 0, 0)])
    found = np.concatenate([one(1, 1, 1, 1), one(0, 0, 0, 0)])
    output, context = Output("masks", {"masks": found}), {"classes": 2, "background": 0}
    assert metrics.score("dice", truth, output, None, context) == pytest.approx(0.5)
    assert metrics.score("iou", truth, output, None, context) == pytest.approx(4 / 5)


def test_an_outline_may_lie_a_pixel_apart_and_no_farther():
    truth = np.zeros((1, 24, 24), np.uint8)
    truth[0, 6:14, 6:14] = 1
    near, far = (np.roll(truth, shift, axis=2) for shift in (1, 4))
    context = {"classes": 2, "background": 0}
    assert boundary_scores(truth, near, context)[0, 0] == 1.0
    assert boundary_scores(truth, far, context)[0, 0] < 0.8


def test_scores_agree_with_weights_and_bootstrap_weights_whole_pictures():
    truth = np.concatenate([one(1, 1, 0, 0), one(1, 1, 0, 0)])
    found = np.concatenate([one(1, 1, 0, 0), one(0, 0, 1, 1)])
    output = Output("masks", {"masks": found})
    drawn = metrics.bootstrap("dice", truth, output, np.array([[2.0, 0.0], [0.0, 2.0], [1.0, 1.0]]), CONTEXT)
    assert drawn.tolist() == [1.0, 0.0, 0.5]


def test_the_mean_of_two_outputs_has_the_masks_of_the_mean():
    first, second = (mask_output(np.array([[[[share, 1 - share]]]])) for share in (0.9, 0.4))
    mean = combine([first, second], [0.5, 0.5])
    assert mean.arrays["pixel_probabilities"][0, 0, 0].tolist() == pytest.approx([0.65, 0.35])
    assert mean.arrays["masks"].dtype == np.uint8 and mean.arrays["masks"][0, 0, 0] == 0


def test_a_background_that_is_too_greedy_is_lowered_on_validation_pictures():
    rng = np.random.default_rng(0)
    truth = (rng.random((12, 16, 16)) < 0.3).astype(np.uint8)
    marked = np.where(truth == 1, 0.4, 0.1) + 0.02 * rng.random(truth.shape)
    output = mask_output(np.stack([1 - marked, marked], axis=-1))
    calibration = MaskThreshold(0, 2)
    decision = calibration.fit(truth, output, "segment", "dice")
    decided = calibration.apply(decision, output)
    context = {"classes": 2, "background": 0}
    assert metrics.score("dice", truth, output, None, context) == 0.0
    assert metrics.score("dice", truth, decided, None, context) == 1.0
    assert decided.arrays["pixel_probabilities"] is output.arrays["pixel_probabilities"]


def test_nothing_is_decided_without_a_background_or_by_three_pictures():
    truth = np.zeros((3, 2, 2), np.uint8)
    output = mask_output(np.full((3, 2, 2, 2), 0.5))
    for calibration in (MaskThreshold(0, 2), MaskThreshold(None, 2)):
        assert calibration.fit(truth, output, "segment", "dice").biases == ()


def test_masks_come_back_at_the_size_and_in_the_values_of_their_pictures():
    masks = np.zeros((2, 4, 4), np.uint8)
    masks[0, :2, :2] = 1
    dataset = Dataset("x", np.zeros((2, 4, 4, 1), np.uint8), extents=np.array([[2, 2, 4, 6], [4, 4, 4, 4]]))
    handed = masks_as_they_came(Output("masks", {"masks": masks}), dataset)
    frame = mask_frame(handed.arrays, Task("image", "segment", ("mask",), "dice", ("0", "255")))
    assert frame.name == "mask" and [cell.shape for cell in frame] == [(4, 6), (4, 4)]
    assert frame[0].dtype == np.uint8 and set(np.unique(frame[0])) == {255}


def test_colours_come_back_as_colours():
    task = Task("image", "segment", ("mask",), "dice", ("#000000", "#ff8000"))
    frame = mask_frame({"masks": np.array([[[0, 1]]], np.uint8)}, task)
    assert frame[0].tolist() == [[[0, 0, 0], [255, 128, 0]]]
    assert background_of(task.classes) == 0 and background_of(("1", "2")) is None
    assert goals.named(task).fault(task) == ""


def test_a_task_with_other_words_for_classes_is_at_fault():
    for classes in (("cat", "dog"), ("#zzzzzz", "#000000"), ("-1", "2")):
        task = Task("image", "segment", ("mask",), "dice", classes)
        assert "classes" in goals.named(task).fault(task)


def test_masks_are_resized_by_the_nearest_pixel():
    codes = np.array([[0, 7], [3, 1]], np.uint8)
    larger = resized_mask(codes, 5, 7)
    assert larger.shape == (5, 7) and set(np.unique(larger)) == {0, 1, 3, 7}
    assert np.array_equal(resized_mask(larger, 2, 2), codes)


def test_pictures_of_several_sizes_share_a_canvas_whose_rest_is_void():
    masks = [Mask(np.ones((2, 3), np.uint8)), Mask(np.zeros((4, 2), np.uint8))]
    dataset = Dataset("x", np.zeros((2, 4, 3, 1), np.uint8), pd.DataFrame({"mask": pd.Series(masks, dtype=object)}))
    task = Task("image", "segment", ("mask",), "dice", ("0", "1"))
    rows = np.array([0, 1])
    truth = goals.truth(dataset, task, rows)
    assert truth.shape == (2, 4, 3) and (truth[0, 2:] == VOID).all() and (truth[1, :, 2] == VOID).all()
    codec = fit_masks(dataset, task, Split(rows, rows[:0], rows[:0], "row", rows[:0], "", 0))
    assert codec.head.shape == (4, 3, 2) and codec.head.priors == pytest.approx((8 / 14, 6 / 14))


def test_strata_follow_the_share_that_is_marked_and_large_canvases_are_seen_in_tiles():
    masks = []
    for k in range(20):
        codes = np.zeros(20, np.uint8)
        codes[:k] = 1
        masks.append(Mask(codes.reshape(4, 5)))
    strata = mask_strata(pd.DataFrame({"mask": pd.Series(masks, dtype=object)}))
    assert strata.tolist() == sorted(strata.tolist()) and len(set(strata.tolist())) == 4
    assert tile_of((100, 700)) == (100, 256)
