"""The protocol of DESIGN, "A fair contest", points 3 to 6."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from automl import metrics
from automl.records import Comparison, Contestant, Cost, Output, Run, Split, Task
from automl.verdict import compare
from automl.verdict.rule import decide

RUNS = (
    Run("mlp-1", "deep", "done", "mlp", cost=Cost(40.0, predict_ms=5.0, size_mib=2.0)),
    Run("boosting-1", "shallow", "done", "boosting", cost=Cost(1.0, predict_ms=2.0, size_mib=1.0)),
    Run("floor-1", "floor", "done", "prior", cost=Cost(0.1, predict_ms=0.1)),
)


def binary(p):
    return Output("probabilities", {"probabilities": np.column_stack([1 - p, p]), "labels": (p > 0.5).astype(np.int64)})


def side(name, which, outputs):
    p = np.mean([output.arrays["probabilities"][:, 1] for output in outputs], axis=0)
    return Contestant(name, which, binary(p), tuple(outputs))


def split_of(n, units="row", unit_ids=None):
    rows = np.arange(n)
    return Split(rows[:0], rows[:0], rows, units, rows if unit_ids is None else unit_ids, "random", 0)


def contest(n=600, deep=2.0, shallow=2.0, seeds=2, metric="roc_auc", seed=0, shared=1.0, positives=0.4, **changes):
    """Two models whose logits hold `deep` and `shallow` times the signal; noise is shared between all models."""
    rng = np.random.default_rng(seed)
    truth = (rng.random(n) < positives).astype(np.int64)
    common = rng.normal(size=n)
    sides = {}
    for name, which, signal in (("mlp-1", "deep", deep), ("boosting-1", "shallow", shallow)):
        outputs = []
        for _ in range(seeds):
            logits = signal * (truth - 0.5) + shared * common + 0.3 * rng.normal(size=n)
            outputs.append(binary(1 / (1 + np.exp(-logits))))
        sides[which] = side(name, which, outputs)
    arguments = {
        "task": Task("tabular", "binary", ("y",), metric, ("no", "yes")),
        "split": split_of(n), "truth": truth, "weight": None, "context": {}, **sides,
        "floor": Contestant("floor-1", "floor", binary(np.full(n, 0.4))),
        "runs": RUNS, "min_gain": 0.005, "seed": 0,
    }  # fmt: skip
    return {**arguments, **changes}


# --------------------------------------------------------------------------- the rule


@pytest.mark.parametrize(
    ("gain", "interval", "expected"),
    [
        (0.05, (0.01, 0.09), ("deep", "better")),
        (-0.05, (-0.09, -0.01), ("shallow", "better")),
        (0.05, (-0.01, 0.11), ("tie", "undecided")),
        (0.004, (0.001, 0.007), ("tie", "equivalent")),  # sure, but too small to count
        (0.009, (0.001, 0.017), ("tie", "undecided")),
        (0.0, (-0.005, 0.005), ("tie", "equivalent")),
        (0.0, (0.0, 0.0), ("tie", "equivalent")),
        (float("nan"), None, ("tie", "undecided")),
        (0.05, None, ("tie", "undecided")),
    ],
)
def test_the_rule(gain, interval, expected):
    assert expected == decide(gain, interval, 0.01, few=False, p=None)


@pytest.mark.parametrize(("p", "expected"), [(0.049, ("deep", "better")), (0.05, ("tie", "undecided"))])
@pytest.mark.parametrize("interval", [(0.01, 0.09), (-0.01, 0.11), None])
def test_with_few_units_the_exact_test_decides_alone(p, expected, interval):
    assert expected == decide(0.05, interval, 0.01, few=True, p=p)


@pytest.mark.parametrize(("interval", "expected"), [((0.01, 0.09), "deep"), ((-0.01, 0.11), "tie"), (None, "tie")])
def test_with_few_units_in_time_the_interval_must_agree_with_the_exact_test(interval, expected):
    assert decide(0.05, interval, 0.01, few=True, p=0.01, in_time=True)[0] == expected
    assert decide(0.05, interval, 0.01, few=True, p=0.06, in_time=True)[0] == "tie"


def test_eight_windows_that_are_alike_name_no_winner_by_the_exact_test_alone():
    arguments = forecast(8, 0.5)
    drift = np.linspace(0.2, 2.0, 8)[:, None, None]  # all one way, and ever more so
    for side, size in (("deep", 1.0), ("shallow", 1.0 + drift)):
        output = Output("windows", {"values": arguments["truth"] + size})
        arguments[side] = dataclasses.replace(arguments[side], output=output, per_seed=(output,))
    found = compare(**arguments)
    assert found.p_value < 0.05 and (found.verdict, found.reason) == ("tie", "undecided")
    assert any("the interval does not exclude zero" in note for note in found.notes)


def test_with_few_units_a_gain_below_the_least_is_undecided_however_sure():
    assert decide(0.009, (0.001, 0.017), 0.01, few=True, p=0.001) == ("tie", "undecided")
    assert decide(0.0, (-0.001, 0.001), 0.01, few=True, p=1.0) == ("tie", "undecided")


# --------------------------------------------------------------------------- whole contests


@pytest.mark.parametrize("metric", ["roc_auc", "accuracy", "log_loss", "average_precision", "f1", "balanced_accuracy"])
def test_the_clearly_better_side_wins_in_either_direction(metric):
    found = compare(**contest(deep=3.0, shallow=1.5, metric=metric))
    assert (found.verdict, found.reason, found.recommended) == ("deep", "better", "mlp-1")
    assert found.interval[0] > 0 and found.gain > found.least_gain
    found = compare(**contest(deep=1.5, shallow=3.0, metric=metric))
    assert (found.verdict, found.reason, found.recommended) == ("shallow", "better", "boosting-1")


def test_equal_models_are_equivalent_where_the_test_is_large():
    found = compare(**contest(n=5_000, shared=2.0, min_gain=0.1))
    assert (found.verdict, found.reason, found.recommended) == ("tie", "equivalent", "boosting-1")
    assert -found.least_gain <= found.interval[0] < found.interval[1] <= found.least_gain


def test_the_same_outputs_on_both_sides_are_a_tie_without_a_gain():
    arguments = contest()
    arguments["shallow"] = dataclasses.replace(arguments["deep"], run="boosting-1", side="shallow")
    found = compare(**arguments)
    assert (found.gain, found.verdict) == (0.0, "tie") and found.interval[0] < 0 < found.interval[1]


def test_swapping_the_sides_mirrors_gain_and_verdict():
    one = contest(deep=2.4, shallow=2.0)
    other = {**one, "deep": dataclasses.replace(one["shallow"], run="mlp-1", side="deep"),
             "shallow": dataclasses.replace(one["deep"], run="boosting-1", side="shallow")}  # fmt: skip
    a, b = compare(**one), compare(**other)
    assert a.gain == pytest.approx(-b.gain)
    assert a.interval == pytest.approx((-b.interval[1], -b.interval[0]), abs=0.003)


def test_the_same_seed_gives_the_same_comparison():
    assert compare(**contest()) == compare(**contest())
    assert compare(
        **contest(),
    ) != compare(**contest(seed=0) | {"seed": 1})


def test_least_gain_is_a_share_of_the_way_from_floor_to_best():
    assert compare(**contest(min_gain=0.01)).least_gain == pytest.approx(0.01 * 0.5)
    arguments = contest(metric="log_loss", min_gain=0.01)
    floor = metrics.score("log_loss", arguments["truth"], arguments["floor"].output)
    assert compare(**arguments).least_gain == pytest.approx(0.01 * floor)


def test_a_sure_gain_below_the_least_is_no_win():
    arguments = contest(n=5_000, deep=2.3, shallow=2.0, shared=2.0, seeds=3, min_gain=0.5)
    found = compare(**arguments)
    assert found.interval[0] > 0 and found.verdict == "tie" and found.reason == "equivalent"


@pytest.mark.parametrize("metric", ["roc_auc", "f1"])
@pytest.mark.parametrize("deep", [1.0, 2.0, 4.0])
def test_the_gain_lies_inside_the_interval(deep, metric):
    found = compare(**contest(n=300, deep=deep, metric=metric, seeds=3))
    assert found.interval[0] <= found.gain <= found.interval[1]
    assert found.level == 0.95 and found.n_units == 300 and found.seeds == 3


def test_one_seed_says_this_pair_only():
    assert any("this fitted pair only" in note for note in compare(**contest(seeds=1)).notes)
    assert not any("this fitted pair only" in note for note in compare(**contest(seeds=2)).notes)


def test_seeds_that_differ_widen_the_interval():
    def wide(spread):
        rng = np.random.default_rng(0)
        arguments = contest(n=2000, seeds=1)
        truth, base = arguments["truth"], arguments["deep"].output.arrays["probabilities"][:, 1]
        logits = np.log(base / (1 - base))
        outputs = [
            binary(1 / (1 + np.exp(-(logits + spread * k * (truth - 0.5) + 0.1 * rng.normal(size=2000)))))
            for k in (-1, 0, 1)
        ]
        low, high = compare(**{**arguments, "deep": side("mlp-1", "deep", outputs)}).interval
        return high - low

    assert wide(1.5) > 2 * wide(0.0)


# --------------------------------------------------------------------------- few units


def test_twenty_rows_are_undecided_however_the_interval_looks():
    for seed in range(5):
        found = compare(**contest(n=20, deep=2.0, shallow=1.0, seed=seed))
        assert found.p_value is not None
        assert found.verdict == "tie" or found.p_value < 0.05


def test_twenty_rows_that_are_all_one_way_are_decided_by_the_exact_test():
    truth = np.tile([0, 1], 10)
    arguments = contest(n=20, metric="accuracy", truth=truth, positives=0.5)
    arguments["deep"] = side("mlp-1", "deep", [binary(np.where(truth == 1, 0.9, 0.1))])
    arguments["shallow"] = side("boosting-1", "shallow", [binary(np.where(truth == 1, 0.4, 0.6))])
    found = compare(**arguments)
    assert found.p_value < 0.001
    assert any("exact paired test" in note for note in found.notes)
    # ten of a class only: still few, yet decided
    assert (found.verdict, found.reason) == ("deep", "better")


def test_a_rare_class_asks_for_the_exact_test():
    found = compare(**contest(n=400, positives=0.03))
    assert found.p_value is not None and any("rows of 'yes' (fewer than 20)" in note for note in found.notes)
    assert compare(**contest(n=400, positives=0.3)).p_value is None


def forecast(n_windows, ratio, units="window", n_series=1):
    rng = np.random.default_rng(0)
    truth = rng.normal(size=(n_windows, 6, 1)).cumsum(axis=1)
    error = rng.normal(size=truth.shape)
    outputs = {name: Output("windows", {"values": truth + size * error}) for name, size in
               (("deep", ratio), ("shallow", 1.0), ("floor", 3.0))}  # fmt: skip
    series = np.arange(n_windows) % n_series
    unit_ids = series if units == "series" else np.arange(n_windows)
    return {
        "task": Task("sequence", "forecast", ("y",), "mase"), "split": split_of(n_windows, units, unit_ids),
        "truth": truth, "weight": None, "context": {"scale": np.ones((n_windows, 1)), "series": series},
        "deep": Contestant("mlp-1", "deep", outputs["deep"], (outputs["deep"],)),
        "shallow": Contestant("boosting-1", "shallow", outputs["shallow"], (outputs["shallow"],)),
        "floor": Contestant("floor-1", "floor", outputs["floor"]), "runs": RUNS, "min_gain": 0.005, "seed": 0,
    }  # fmt: skip


def test_two_windows_are_undecided():
    found = compare(**forecast(2, 0.1))
    assert (found.verdict, found.reason, found.n_units, found.p_value) == ("tie", "undecided", 2, 0.5)
    assert "too little test data" in found.sentences[0]


def test_one_window_has_no_interval():
    found = compare(**forecast(1, 0.1))
    assert (found.verdict, found.reason, found.interval) == ("tie", "undecided", None)
    assert found.gain > 0


def test_ten_windows_or_series_are_enough():
    for arguments in (forecast(12, 0.5), forecast(36, 0.5, "series", 12)):
        found = compare(**arguments)
        assert (found.verdict, found.n_units, found.p_value) == ("deep", 12, None)
    assert compare(**forecast(36, 0.5, "series", 9)).p_value is not None


def test_units_of_many_rows_widen_the_interval():
    """Rows of a block err alike, so blocks, not rows, are what was seen."""
    rng = np.random.default_rng(0)
    block = np.repeat(np.arange(20), 50)
    truth = rng.normal(size=(1000, 1))
    wrong = rng.normal(size=20)[block][:, None]
    outputs = [Output("values", {"values": truth + size}) for size in (wrong, 1.1 * rng.permutation(wrong), 5.0)]
    arguments = forecast(2, 1.0) | {
        "task": Task("tabular", "regression", ("y",), "mae"), "truth": truth, "context": {},
        "deep": Contestant("mlp-1", "deep", outputs[0], (outputs[0],) * 3),
        "shallow": Contestant("boosting-1", "shallow", outputs[1], (outputs[1],) * 3),
        "floor": Contestant("floor-1", "floor", outputs[2]),
    }  # fmt: skip
    rows = compare(**arguments | {"split": split_of(1000)}).interval
    blocks = compare(**arguments | {"split": split_of(1000, "block", block)}).interval
    assert blocks[1] - blocks[0] > 2 * (rows[1] - rows[0])


# --------------------------------------------------------------------------- sides missing, floors, costs


@pytest.mark.parametrize(("missing", "name"), [("shallow", "mlp-1"), ("deep", "boosting-1")])
def test_one_side_alone_decides_nothing_and_is_recommended_if_it_beats_the_floor(missing, name):
    found = compare(**contest() | {missing: None})
    assert (found.verdict, found.reason, found.recommended) == ("tie", "one_sided", name)
    assert found.sentences[0].startswith("Undecided, since only one side finished")
    assert found.gain is None and found.interval is None and found.notes and len(found.sentences) == 2


def test_a_lone_finalist_below_the_floor_wins_nothing():
    arguments = contest() | {"shallow": None}
    arguments["deep"] = side("mlp-1", "deep", [binary(np.where(arguments["truth"] == 1, 0.4, 0.6))])
    found = compare(**arguments)
    assert (found.verdict, found.reason, found.recommended) == ("tie", "one_sided", "floor-1")


@pytest.mark.parametrize("n", [60, 600])  # by the exact test, by the interval
def test_a_lead_over_the_floor_that_noise_explains_is_not_recommended(n):
    recommended = []
    for seed in range(40):
        found = compare(**contest(n=n, deep=0.0, seeds=1, seed=seed) | {"shallow": None, "seed": seed})
        recommended.append(found.recommended)
        if found.recommended == "floor-1":
            assert any("does not beat the floor" in note for note in found.notes)
    assert recommended.count("mlp-1") <= 5  # one in twenty by chance; none of the 40 is better than a guess
    assert compare(**contest(n=n, deep=2.0, seeds=1) | {"shallow": None}).recommended == "mlp-1"


def test_where_test_units_are_too_few_to_tell_validation_must_agree_that_the_floor_is_beaten():
    arguments = forecast(4, 0.5)
    for valid_score, expected in ((0.5, "mlp-1"), (2.0, "floor-1")):
        runs = tuple(
            dataclasses.replace(run, valid_score={"mlp-1": valid_score, "floor-1": 1.0}.get(run.name)) for run in RUNS
        )
        found = compare(**arguments | {"shallow": None, "runs": runs})
        assert (found.reason, found.recommended) == ("one_sided", expected)
        said = " ".join((*found.sentences, *found.notes))
        assert ("too small to tell that from noise" in said) == (expected == "mlp-1") and " beats the floor" not in said
    both = compare(**arguments)
    assert sum("too small to tell that from noise" in note for note in both.notes) == 2


def test_without_finalists_the_floor_is_recommended():
    found = compare(**contest() | {"deep": None, "shallow": None})
    assert (found.verdict, found.reason, found.recommended) == ("tie", "undecided", "floor-1")
    assert (found.gain, found.seeds) == (None, 0)


def test_finalists_below_the_floor_are_noted_and_not_recommended():
    found = compare(**contest(deep=-1.0, shallow=-3.0))
    assert found.verdict == "deep" and found.recommended == "floor-1"
    assert sum("does not beat the floor" in note for note in found.notes) == 2
    assert "neither beats the floor" in found.sentences[1] and found.why.startswith("No trained model")


def test_a_floor_without_a_score_is_survived():
    found = compare(**contest(deep=3.0, floor=Contestant("floor-1", "floor", binary(np.full(600, np.nan)))))
    assert found.verdict == "deep" and found.recommended == "mlp-1" and found.least_gain > 0


def test_a_finalist_whose_predictions_are_not_finite_does_not_stop_the_comparison():
    found = compare(**contest(deep=2.0) | {"deep": side("mlp-1", "deep", [binary(np.full(600, np.nan))])})
    assert (found.verdict, found.gain, found.recommended) == ("tie", None, "boosting-1")


def test_weights_are_heeded():
    arguments = contest(n=1000, deep=2.0, shallow=2.0, seeds=1)
    worse = np.arange(1000) < 500
    p = arguments["deep"].output.arrays["probabilities"][:, 1].copy()
    p[worse] = np.random.default_rng(0).random(500)
    arguments["deep"] = side("mlp-1", "deep", [binary(p)])
    assert compare(**arguments).verdict == "shallow"
    assert compare(**arguments | {"weight": np.where(worse, 1e-9, 1.0)}).verdict == "tie"


def test_multiclass_multilabel_and_regression_contests_run():
    rng = np.random.default_rng(0)
    n, k = 400, 3
    codes, flags = rng.integers(0, k, n), (rng.random((n, k)) < 0.4).astype(np.int8)
    values = rng.normal(size=(n, 2))

    def outputs(goal, noise):
        if goal == "regression":
            return Output("values", {"values": values + noise * rng.normal(size=values.shape)})
        p = (np.eye(k)[codes] if goal == "multiclass" else flags) + noise * rng.random((n, k))
        p = p / p.sum(axis=1, keepdims=True) if goal == "multiclass" else p / (1 + noise)
        labels = p.argmax(axis=1) if goal == "multiclass" else (p >= 0.5).astype(np.int64)
        return Output("probabilities", {"probabilities": p, "labels": labels})

    for goal, metric, truth in (("multiclass", "accuracy", codes), ("multiclass", "roc_auc", codes),
                                ("multilabel", "f1", flags), ("regression", "r2", values)):  # fmt: skip
        good, bad = ([outputs(goal, noise) for _ in range(3)] for noise in (0.5, 4.0))
        found = compare(
            Task("tabular", goal, ("y",), metric, ("a", "b", "c") if goal != "regression" else ()), split_of(n),
            truth, None, {}, Contestant("mlp-1", "deep", good[0], tuple(good)),
            Contestant("boosting-1", "shallow", bad[0], tuple(bad)),
            Contestant("floor-1", "floor", outputs(goal, 50.0)), RUNS, 0.005, 0,
        )  # fmt: skip
        assert isinstance(found, Comparison) and found.verdict == "deep", (goal, metric)


def test_a_metric_undefined_in_many_resamplings_leaves_no_interval():
    """All positives in one of two groups: half of the redraws lack a class."""
    truth = np.repeat([1, 0, 0], 40)
    groups = np.repeat([0, 1, 1], 40)
    arguments = contest(n=120, truth=truth, split=split_of(120, "group", groups))
    found = compare(**arguments)
    assert (found.verdict, found.reason) == ("tie", "undecided")
    assert found.interval is None and any("undefined" in note for note in found.notes)


@pytest.mark.parametrize(
    ("lacking", "said"),
    [
        (("shallow",), "The shallow side finished no model that could be compared"),
        (("deep",), "The deep side finished no model that could be compared"),
        (("deep", "shallow"), "Neither side finished a model that could be compared"),
    ],
)
def test_the_side_without_a_model_is_named_as_the_one_without(lacking, said):
    found = compare(**contest() | dict.fromkeys(lacking))
    assert found.notes[0].startswith(said)
    assert found.interval is None and found.gain is None


@pytest.mark.parametrize(("metric", "asked"), [("accuracy", False), ("log_loss", False), ("f1", True)])
def test_a_rare_class_is_a_reason_only_where_the_metric_weighs_classes(metric, asked):
    assert (compare(**contest(n=400, positives=0.03, metric=metric)).p_value is not None) == asked


@pytest.mark.parametrize("metric", ["roc_auc", "mae"])
def test_a_large_test_has_fewer_replicates_and_the_same_interval(metric, monkeypatch):
    if metric == "mae":
        arguments = forecast(3_000, 0.99) | {"context": {"scale": np.ones((3_000, 1)), "series": np.zeros(3_000, int)}}
    else:
        arguments = contest(n=3_000, deep=2.2)
    whole = compare(**arguments).interval
    monkeypatch.setattr("automl.verdict.resample.REPLICATE_CELLS", 400 * 3_000)
    part = compare(**arguments).interval
    assert part[1] - part[0] == pytest.approx(whole[1] - whole[0], rel=0.12)


def test_rows_that_never_differ_show_no_equality_where_they_are_few():
    """109 rows on which both sides err alike bound the gain to 3 / 109 at best, whatever redrawn rows say."""
    assert decide(0.0, (-0.003, 0.003), 0.004, few=False, p=None, unseen=3 / 109) == ("tie", "undecided")
    assert decide(0.0, (-0.003, 0.003), 0.004, few=False, p=None, unseen=3 / 2000) == ("tie", "equivalent")
    assert decide(0.05, (0.02, 0.08), 0.004, few=False, p=None, unseen=3 / 109) == ("deep", "better")


def test_rows_of_generators_are_not_exchanged_on_small_tests(monkeypatch):
    """A generator whose rows are alike beats the floor on few rows by its interval; one that is as bad does not."""
    from automl import goals
    from automl.metrics import two_sample
    from automl.records import Contestant
    from automl.verdict.floor import beats_floor
    from automl.verdict.resample import units_of

    monkeypatch.setattr(two_sample, "N_TREES", 20)
    rng = np.random.default_rng(0)
    example = goals.named("generate").example
    truth = example.truth(rng.normal(size=40))
    floor = Contestant("floor", "floor", example.output(truth, rng, 4.0))
    for noise, expected in ((0.05, True), (4.0, False)):
        draws = [example.output(truth, rng, noise) for _ in range(3)]
        stacked = np.stack([draw.arrays["samples"] for draw in draws], axis=1)
        one = Contestant("deep", "deep", Output("samples", {"samples": stacked}), tuple(draws))
        said = beats_floor("indistinct", truth, one, floor, {}, units_of(np.arange(40), None), np.ones(40), {},
                           np.random.default_rng(1), few=True, rarest=40)  # fmt: skip
        assert said == expected
