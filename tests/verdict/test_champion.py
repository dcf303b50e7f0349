"""The champion is named by validation rows alone; a blend only if it is better on rows that its weight did not see."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from automl.records import Output
from automl.verdict import Validated, name_champion
from automl.verdict.champion import LEAST_ITEMS


def binary(logits):
    p = 1 / (1 + np.exp(-logits))
    return Output("probabilities", {"probabilities": np.column_stack([1 - p, p]), "labels": (p > 0.5).astype(np.int64)})


def validated(n=400, deep=2.0, shallow=2.0, own=1.0, shared=1.0, metric="roc_auc", seed=0):
    """Two models with `deep` and `shallow` times the signal; `own` is the noise that they do not share."""
    rng = np.random.default_rng(seed)
    truth = np.arange(n) % 2
    common = rng.normal(size=n)
    outputs = {
        side: binary(signal * (truth - 0.5) + shared * common + own * rng.normal(size=n))
        for side, signal in (("deep", deep), ("shallow", shallow))
    }
    return Validated(metric, truth, outputs, np.arange(n), truth)


@pytest.mark.parametrize("metric", ["roc_auc", "log_loss"])
def test_the_better_side_is_the_champion_in_either_direction(metric):
    found = name_champion(validated(deep=4.0, shallow=1.0, own=0.1, metric=metric), 0)
    assert (found.side, found.better, found.deep_lead.is_beyond_noise) == ("deep", "deep", True)
    found = name_champion(validated(deep=1.0, shallow=4.0, own=0.1, metric=metric), 0)
    assert (found.side, found.better, found.deep_lead.gain < 0) == ("shallow", "shallow", True)
    assert set(found.scores) >= {"deep", "shallow"} and found.n_items == 400


def test_errors_that_differ_make_the_blend_the_champion():
    found = name_champion(validated(own=2.0, shared=0.0), 0)
    assert found.side == "blend" and 0 < found.weight_of_deep < 1
    assert found.blend_lead.is_beyond_noise
    assert found.scores["blend"] == pytest.approx(found.scores[found.better] + found.blend_lead.gain)


def test_a_blend_of_the_same_predictions_is_no_champion():
    valid = validated()
    same = Validated(
        valid.metric, valid.truth, dict.fromkeys(("deep", "shallow"), valid.outputs["deep"]), valid.unit_ids
    )
    found = name_champion(same, 0)
    assert (found.side, found.weight_of_deep in (0.0, 1.0) or found.blend_lead.gain == 0.0) == ("shallow", True)


def test_the_optimism_of_a_fitted_weight_names_no_blend():
    """One side knows nothing. A weight fits the rows it is chosen on; on other rows the blend gains nothing."""
    champions = [name_champion(validated(n=60, deep=0.0, own=1.0, shared=0.0, seed=seed), 0) for seed in range(40)]
    fitted = [0 < one.weight_of_deep < 1 for one in champions]
    named = [one.side == "blend" for one in champions]
    assert sum(fitted) > 8 and sum(named) < 0.25 * len(champions) and sum(named) < sum(fitted)


def test_few_rows_are_not_parted_to_judge_a_blend():
    found = name_champion(validated(n=LEAST_ITEMS - 2, own=2.0, shared=0.0), 0)
    assert (found.blend_lead, found.side in ("deep", "shallow")) == (None, True)


def test_equal_scores_are_parted_by_log_loss_then_by_simplicity():
    truth = np.arange(100) % 2
    sure, unsure = binary(8.0 * (truth - 0.5)), binary(1.0 * (truth - 0.5))
    for outputs, expected in (
        ({"deep": sure, "shallow": unsure}, "deep"),
        ({"deep": unsure, "shallow": sure}, "shallow"),
        ({"deep": sure, "shallow": sure}, "shallow"),
    ):
        found = name_champion(Validated("roc_auc", truth, outputs, np.arange(100), truth), 0)
        assert (found.side, found.scores["deep"], found.deep_lead.is_beyond_noise) == (expected, 1.0, False)


def test_units_stay_whole_in_both_halves_and_widen_the_noise():
    valid = validated(n=400)
    in_groups = Validated(valid.metric, valid.truth, valid.outputs, np.arange(400) // 40)
    assert name_champion(in_groups, 0).deep_lead.gain == name_champion(valid, 0).deep_lead.gain
    repeated = np.repeat(np.arange(100), 4)
    thrice = Validated("roc_auc", *(lambda v: (v.truth, v.outputs))(valid.of(repeated)), repeated)
    alone = Validated("roc_auc", *(lambda v: (v.truth, v.outputs))(valid.of(np.arange(100))), np.arange(100))
    assert name_champion(thrice, 0).deep_lead.noise == pytest.approx(name_champion(alone, 0).deep_lead.noise, rel=0.5)


def test_one_side_alone_is_the_champion_and_the_floor_where_there_is_none():
    valid = validated()
    for outputs, expected in (({"deep": valid.outputs["deep"]}, "deep"), ({}, "floor")):
        found = name_champion(Validated("roc_auc", valid.truth, outputs, valid.unit_ids), 0)
        assert (found.side, found.deep_lead, found.blend_lead) == (expected, None, None)


def test_predictions_that_are_not_finite_lose():
    valid = validated()
    broken = binary(np.full(400, np.nan))
    found = name_champion(
        Validated("roc_auc", valid.truth, {"deep": broken, "shallow": valid.outputs["shallow"]}, valid.unit_ids), 0
    )
    assert (found.side, found.deep_lead) == ("shallow", None)


def test_the_same_seed_names_the_same_champion():
    assert name_champion(validated(), 3) == name_champion(validated(), 3)


def test_values_and_windows_have_champions_too():
    rng = np.random.default_rng(0)
    truth = rng.normal(size=(60, 4, 1))
    outputs = {side: Output("windows", {"values": truth + size * rng.normal(size=truth.shape)})
               for side, size in (("deep", 0.5), ("shallow", 1.5))}  # fmt: skip
    context = {"scale": np.ones((60, 1)), "series": np.arange(60) % 3}
    found = name_champion(Validated("mase", truth, outputs, np.arange(60) % 3, context=context), 0)
    assert found.better == "deep" and found.deep_lead.gain > 0 and found.scores["deep"] < found.scores["shallow"]


def test_nothing_of_the_test_can_be_passed():
    assert list(inspect.signature(name_champion).parameters) == ["valid", "seed"]
    assert not [name for name in Validated.__dataclass_fields__ if "test" in name or name == "split"]


def test_the_noise_of_a_lead_on_a_panel_knows_what_all_series_share():
    """40 series at 6 times, whose models err together at a time: series redrawn alone would miss most of the noise."""
    rng = np.random.default_rng(0)
    series, times = np.repeat(np.arange(40), 6), np.tile(np.arange(6), 40)
    shock = rng.normal(size=6)[times]
    outputs = {side: Output("values", {"values": (3.0 + sign * shock + 0.1 * rng.normal(size=240))[:, None]})
               for side, sign in (("deep", 0.5), ("shallow", -0.5))}  # fmt: skip
    leads = [
        name_champion(Validated("mae", np.zeros((240, 1)), outputs, series, time_ids=ids), 0).deep_lead
        for ids in (None, times)
    ]
    assert leads[0].gain == leads[1].gain and leads[1].noise > 5 * leads[0].noise
