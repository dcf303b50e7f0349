"""New rows beside training: counts that hold no row, drift that is there and none that is not, expected scores."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest
from fixed_finalists import Fixed, by_x, levels, normal, table, table_task

from automl import goals, metrics
from automl.errors import BundleError, DataError, RecipeError
from automl.predict.model import Model
from automl.predict.rows import read_rows
from automl.predict.watching import read_reference, reference_of, watch
from automl.predict.watching.confidence import _moved
from automl.predict.watching.drift import corrected, drift_of, separation
from automl.predict.watching.expected import expected_score
from automl.predict.watching.labels import known_truth
from automl.predict.watching.reference import prediction_features
from automl.predict.watching.summaries import Feature, features_of, summary_of
from automl.records import Contestant, Dataset, Output, Split

COLUMNS = {"x": normal, "z": normal, "city": levels("bern", "oslo", "rome")}


def parts(n=2_000):
    """A dataset, its task, and a reference whose test rows are the second half."""
    data = table(n, 0, **COLUMNS)
    task = table_task(data.inputs, "binary", "roc_auc")
    rows = np.arange(n)
    train, valid, test = rows[: n // 4], rows[n // 4 : n // 2], rows[n // 2 :]
    split = Split(train, valid, test, "row", np.arange(len(test)), "by hand", 0)
    model = Fixed("binary", by_x)
    reference = reference_of(data, task, split, (Contestant("mlp-1", "deep", model.output(data, test)),), {"deep": 0.9})
    assert json.loads(json.dumps(reference)) == reference  # the same before it is saved and after
    return data, task, model, reference


def moved(n, seed, shift):
    return table(n, seed, **{**COLUMNS, "x": lambda rng, m: normal(rng, m) + shift})


# --------------------------------------------------------------------------- counts


def test_a_summary_counts_numbers_in_bins_at_round_edges_and_gaps_apart():
    values = np.append(np.random.default_rng(0).normal(size=1_000), [np.nan] * 7)
    found = summary_of(Feature("x", "numeric", values))
    assert found.n_rows == 1_007 and found.counts[-1] == 7 and len(found.counts) == len(found.edges) + 3
    assert not set(found.edges) & set(values.tolist())
    assert found.counted(values) == found.counts


def test_a_summary_of_levels_names_none_that_few_rows_hold():
    cells = np.array(["a"] * 50 + ["b"] * 5 + ["secret"] * 4 + [None] * 3, dtype=object)
    found = summary_of(Feature("city", "categorical", cells))
    assert (found.levels, found.counts) == (("a", "b"), (50, 5, 4, 3))
    assert found.counted(np.array(["b", "new", None], dtype=object)) == (0, 1, 1, 1)


@pytest.mark.parametrize("values", [np.zeros(20), np.full(9, np.nan), np.array([1e300, -1e300] * 10), np.array([])])
def test_odd_numbers_are_counted_as_well(values):
    found = summary_of(Feature("x", "numeric", values.astype(np.float64)))
    assert found.n_rows == len(values) and found.counted(values.astype(np.float64)) == found.counts


# --------------------------------------------------------------------------- drift


def test_the_separation_is_that_of_the_best_guess_between_old_and_new():
    alike, apart = np.array([0.5, 0.5, 0.0]), np.array([0.0, 0.0, 1.0])
    assert separation(alike, alike) == 0 and separation(alike, apart) == pytest.approx(1)
    assert separation(np.array([0.75, 0.25]), np.array([0.25, 0.75])) == pytest.approx(0.25)


def test_rows_of_the_same_kind_seldom_drift_and_the_correction_bounds_all_columns_together():
    rng = np.random.default_rng(0)
    before = [summary_of(Feature(str(i), "numeric", rng.normal(size=500))) for i in range(10)]
    n_runs, alarms = 30, 0
    for _ in range(n_runs):
        found = corrected([drift_of(one, one.counted(rng.normal(size=300))) for one in before])
        alarms += any(one.state != "same" for one in found)
    assert alarms <= 0.15 * n_runs  # 5 % of the runs by right


def test_rare_levels_that_training_rows_happen_to_hold_often_are_no_change():
    """A column as of directors, most of whom made few films: half of the draws were called changed."""
    rng = np.random.default_rng(0)
    names = np.array([f"d{place}" for place in range(1_500)], dtype=object)
    alarms = 0
    for _ in range(40):
        held, new = (rng.choice(names, n) for n in (5_000, 1_000))
        before = summary_of(Feature("director", "categorical", held))
        alarms += corrected([drift_of(before, before.counted(new))])[0].state != "same"
    assert alarms <= 6  # 2 by right
    other = np.where(rng.random(1_000) < 0.1, before.levels[0], new)
    assert corrected([drift_of(before, before.counted(other))])[0].state != "same"


def test_a_small_shift_of_many_rows_is_a_change_and_a_large_one_is_drift():
    rng = np.random.default_rng(0)
    before = summary_of(Feature("x", "numeric", rng.normal(size=20_000)))
    states = [corrected([drift_of(before, before.counted(rng.normal(size=20_000) + s))])[0].state for s in (0, 0.1, 1)]
    assert states == ["same", "changed", "drifted"]


def test_missing_values_and_unseen_levels_are_drift():
    before = summary_of(Feature("x", "numeric", np.random.default_rng(0).normal(size=1_000)))
    (gaps,) = corrected([drift_of(before, before.counted(np.full(200, np.nan)))])
    assert (gaps.state, gaps.where, gaps.gaps_now) == ("drifted", "missing", 1.0)
    before = summary_of(Feature("c", "categorical", np.array(["a", "b"] * 100, dtype=object)))
    (unseen,) = corrected([drift_of(before, before.counted(np.array(["z"] * 100, dtype=object)))])
    assert (unseen.state, unseen.where) == ("drifted", "other values")


# --------------------------------------------------------------------------- expected scores


@pytest.mark.parametrize("metric", ["roc_auc", "accuracy", "log_loss", "f1"])
def test_calibrated_probabilities_say_what_the_score_will_be(metric):
    data = table(4_000, 3, **COLUMNS)
    task = table_task(data.inputs, "binary", metric)
    model = Fixed("binary", by_x)
    rows = np.arange(data.n_rows)
    found = expected_score(model.output(data, rows), task)
    real = watch(data, task, model, "deep", parts()[3]).score
    assert found.low <= real <= found.high and found.high - found.low < 0.06


def test_several_classes_and_labels_are_drawn_by_their_probabilities():
    rng = np.random.default_rng(0)
    p = rng.dirichlet([1, 1, 1], 1_000)
    output = Output("probabilities", {"probabilities": p, "labels": p.argmax(axis=1)})
    frame = pd.DataFrame({"x": p[:, 0]})
    task = table_task(frame, "multiclass", "accuracy", classes=("a", "b", "c"))
    assert expected_score(output, task).score == pytest.approx(p.max(axis=1).mean(), abs=0.01)


def wrong_where_z_is_high(dataset, rows):
    """The true probability, and one that is too sure where z is above zero."""
    x, z = (dataset.inputs[name].to_numpy()[rows] for name in ("x", "z"))
    return 1 / (1 + np.exp(-3 * np.where(z > 0, 3, 1) * x))


def contest_of_the_too_sure(n=4_000):
    data = table(n, 0, **COLUMNS)
    task = table_task(data.inputs, "binary", "accuracy")
    rows = np.arange(n)
    split = Split(rows[: n // 4], rows[n // 4 : n // 2], rows[n // 2 :], "row", rows[n // 2 :], "by hand", 0)
    model = Fixed("binary", wrong_where_z_is_high)
    contestant = Contestant("mlp-1", "deep", model.output(data, split.test), (), model.output(data, split.valid))
    score = metrics.score("accuracy", goals.truth(data, task, split.test), contestant.output, None, {})
    return task, model, json.loads(json.dumps(reference_of(data, task, split, (contestant,), {"deep": score}))), score


def test_probabilities_that_are_too_sure_of_some_rows_are_corrected_for_them():
    task, model, reference, score = contest_of_the_too_sure()
    lone = {**reference, "sides": {"deep": {**reference["sides"]["deep"], "confidence": None}}}
    high = table(2_000, 1, **{**COLUMNS, "z": lambda rng, n: np.abs(normal(rng, n))})
    found, plain = (watch(high, task, model, "deep", one) for one in (reference, lone))
    assert plain.expected.score - plain.score > 0.05 and abs(found.expected.score - found.score) < 0.025
    assert found.expected.low <= found.score <= found.expected.high
    same = watch(moved(2_000, 2, 0.0), task, model, "deep", reference)
    assert same.expected.low <= same.score <= same.expected.high and same.expected.high - same.expected.low < 0.1
    assert abs(same.expected.score - score) < 0.02


def test_the_interval_of_classes_holds_what_their_test_rows_and_the_correction_leave_open():
    task, model, reference, _ = contest_of_the_too_sure()
    data = moved(2_000, 2, 0.0)
    lone = expected_score(model.output(data, np.arange(2_000)), task)
    widths = [one.high - one.low for one in (lone, watch(data, task, model, "deep", reference).expected)]
    assert widths[1] > 1.4 * widths[0]


def test_moved_probabilities_are_probabilities_also_where_one_is_sure():
    moved_ones = _moved(np.array([[1.0, 0.0, 0.0], [0.6, 0.3, 0.1], [0.0, 1.0, 0.0]]), np.array([-1.0, 0.5, 3.0]))
    assert moved_ones.sum(axis=1) == pytest.approx(np.ones(3)) and (moved_ones > 0).all()
    assert moved_ones[1, 1] / moved_ones[1, 2] == pytest.approx(3) and moved_ones[1, 0] == pytest.approx(
        0.712, abs=1e-3
    )


def test_what_is_remembered_of_probabilities_is_checked():
    reference = contest_of_the_too_sure(1_200)[2]
    side = reference["sides"]["deep"]
    own = side["confidence"]
    assert read_reference(reference).sides["deep"].confidence.rule.slopes
    for change in (
        {"read": [{"name": "secret", "levels": None}]}, {"trees": {**own["trees"], "left": [0]}}, {"trees": [1]},
        {"rule": {**own["rule"], "slopes": ["a"]}}, {"rule": {**own["rule"], "goal": "luck"}},
    ):  # fmt: skip
        broken = {**reference, "sides": {"deep": {**side, "confidence": {**own, **change}}}}
        with pytest.raises(BundleError, match="no valid reference"):
            read_reference(broken)


def test_numbers_have_no_expected_score_without_errors_of_held_out_rows():
    task = table_task(pd.DataFrame({"x": [1.0]}), "regression", "rmse")
    assert expected_score(Output("values", {"values": np.zeros((30, 1))}), task) is None


def numbers_that_scatter(n, seed, shift=0.0):
    """Rows whose error grows with x, and a model that is right on average."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n) + shift
    frame = pd.DataFrame({"x": x, "z": rng.normal(size=n), "city": rng.choice(["a", "b"], n)})
    y = 2 * x + np.exp(x / 2) * rng.normal(size=n) * np.where(frame["city"] == "a", 0.5, 1.5)
    return Dataset("hand", frame, pd.DataFrame({"y": y}))


def watched_numbers(metric, n_valid=1_000):
    data = numbers_that_scatter(4_000, 0)
    task = table_task(data.inputs, "regression", metric)
    rows = np.arange(4_000)
    split = Split(rows[:2_000], rows[2_000 : 2_000 + n_valid], rows[3_000:], "row", rows[3_000:], "by hand", 0)
    model = Fixed("regression", lambda dataset, at: 2 * dataset.inputs["x"].to_numpy()[at])
    outputs = [model.output(data, part) for part in (split.test, split.valid)]
    truth = goals.truth(data, task, split.test)
    score = metrics.score(metric, truth, outputs[0], None, {})
    contestant = Contestant("mlp-1", "deep", outputs[0], (), outputs[1])
    reference = json.loads(json.dumps(reference_of(data, task, split, (contestant,), {"deep": score})))
    return task, model, reference, score


@pytest.mark.parametrize("metric", ["rmse", "mae", "r2"])
def test_errors_of_held_out_rows_say_what_the_score_of_numbers_will_be(metric):
    task, model, reference, score = watched_numbers(metric)
    for shift in (0.0, 1.0):
        found = watch(numbers_that_scatter(3_000, 7, shift), task, model, "deep", reference, "expected<-100")
        naive, told = abs(score - found.score), abs(found.expected.score - found.score)
        assert told < 0.2 * abs(found.score) and (not shift or told < 0.8 * naive)
        assert found.expected.by == "errors" and found.expected.low < found.expected.score < found.expected.high
    assert found.contest_expected == pytest.approx(score, rel=0.15)
    assert "errors of held-out rows" in str(found)


def test_too_few_held_out_rows_tell_no_errors_and_the_page_says_so():
    task, model, reference, _ = watched_numbers("rmse", 99)
    found = watch(numbers_that_scatter(100, 7), task, model, "deep", reference, "expected>9")
    assert found.expected is None and "fewer than 100 validation rows" in found.why_not
    assert found.failed_on == ("expected>9: expected was not measured",)


def test_errors_that_were_altered_are_refused():
    reference = watched_numbers("rmse")[2]
    sound = reference["sides"]["deep"]["errors"]
    (tree,) = sound["trees"]
    assert len(json.dumps(sound)) < 50_000  # bytes in a saved model
    for change in (
        {"usual": [0.0]}, {"usual": []}, {"shape": [[1.0]]}, {"level": 1e9}, {"shape": [sound["shape"][0][::-1]]},
        {"read": [{"name": "none", "levels": None}]}, {"read": 1}, {"trees": []}, {"trees": [1]},
        {"read": [{"name": "city", "levels": [0.0]}]}, {"trees": [{**tree, "left": [0] * len(tree["left"])}]},
        {"trees": [{**tree, "feature": [9] * len(tree["left"])}]}, {"trees": [{**tree, "value": []}]},
        {"trees": [{**tree, "gap_left": [1] * len(tree["left"])}]}, {"trees": [{**tree, "roots": [10_000]}]},
    ):  # fmt: skip
        with pytest.raises(BundleError, match="no valid reference"):
            read_reference(
                {**reference, "sides": {"deep": {**reference["sides"]["deep"], "errors": {**sound, **change}}}}
            )


# --------------------------------------------------------------------------- items


@pytest.mark.parametrize(
    ("modality", "shape", "names"),
    [
        ("image", (8, 8, 3), ["brightness", "contrast"]), ("audio", (8, 8, 1), ["level", "spread of levels"]),
        ("sequence", (2, 9), ["channel 0 (mean)", "channel 0 (spread)", "channel 1 (mean)", "channel 1 (spread)"]),
    ],
)  # fmt: skip
def test_items_are_compared_by_a_few_numbers_of_each(modality, shape, names):
    items = np.random.default_rng(0).normal(100, 10, (40, *shape))
    task = table_task(pd.DataFrame(), "binary", "roc_auc", modality=modality)
    found = list(features_of(Dataset("items", items), task, np.arange(30)))
    assert [one.name for one in found] == names and all(one.values.shape == (30,) for one in found)
    assert found[0].values[0] == pytest.approx(items[0, 0].mean() if modality == "sequence" else items[0].mean())


def test_masks_are_compared_by_the_share_of_each_class_within_the_picture():
    masks = np.zeros((2, 4, 4), np.uint8)
    masks[0, :2, :2] = 1
    task = table_task(pd.DataFrame(), "segment", "dice", classes=("0", "1"))
    output = Output("masks", {"masks": masks})
    whole = {one.name: one.values.tolist() for one in prediction_features(output, task)}
    assert whole == {"share of 0": [0.75, 1.0], "share of 1": [0.25, 0.0]}
    parts = {one.name: one.values.tolist() for one in prediction_features(output, task, np.array([[2, 4], [4, 4]]))}
    assert parts == {"share of 0": [0.5, 1.0], "share of 1": [0.5, 0.0]}


# --------------------------------------------------------------------------- watching


def test_rows_of_the_same_kind_pass_and_their_score_is_told():
    _, task, model, reference = parts()
    found = watch(moved(1_000, 5, 0.0), task, model, "deep", reference)
    assert not found.drifted and not found.predictions_drifted and not found.failed_on
    assert found.n_scored == 1_000 and found.expected.low <= found.score <= found.expected.high
    assert found.contest_score == 0.9 and abs(found.contest_expected - found.expected.score) < 0.02


def test_a_moved_column_drifts_with_the_predictions_and_nothing_else_does():
    _, task, model, reference = parts()
    found = watch(moved(500, 5, 1.5), task, model, "deep", reference)
    assert found.drifted == ("x",) and found.predictions_drifted
    assert found.failed_on == ("drift>0: drift is 1", "predictions=drifted: predictions is drifted")
    passing = watch(moved(500, 5, 1.5), task, model, "deep", reference, "expected<0.5|score<0.5")
    assert passing.failed_on == ()


def test_rows_without_a_target_have_an_expected_score_alone():
    _, task, model, reference = parts()
    unlabelled = dataclasses.replace(moved(200, 5, 0.0), target=None)
    found = watch(unlabelled, task, model, "deep", reference, "score<0.5")
    assert found.score is None and found.expected is not None and found.n_scored == 0
    assert found.failed_on == ("score<0.5: score was not measured",)


def test_labels_are_read_as_they_are_written_and_unknown_ones_are_not_scored():
    task = table_task(pd.DataFrame({"x": [0.0]}), "multiclass", "accuracy", classes=("1", "2"))
    cells = pd.DataFrame({"y": ["1", " 2 ", "2.0", 1, 1.0, None, "3"]})
    truth, known = known_truth(Dataset("new", pd.DataFrame({"x": np.zeros(7)}), cells), task)
    assert truth.tolist() == [0, 1, 1, 0, 0] and known.tolist() == [True] * 5 + [False] * 2


def truth_of(cells, goal, metric, **more):
    task = table_task(pd.DataFrame({"x": [0.0]}), goal, metric, **more)
    return known_truth(Dataset("new", pd.DataFrame({"x": np.zeros(len(cells))}), pd.DataFrame(cells)), task)


def test_numbers_are_read_as_they_are_written_and_gaps_are_not_scored():
    truth, known = truth_of(pd.DataFrame({"y": ["1.5", " 2 ", None, "-3", "x"]}), "regression", "rmse")
    assert truth.ravel().tolist() == [1.5, 2.0, -3.0] and known.tolist() == [True, True, False, True, False]
    truth, known = truth_of(pd.DataFrame({"y": [1.0, np.nan, 4.0]}), "regression", "rmse")
    assert truth.ravel().tolist() == [1.0, 4.0] and known.tolist() == [True, False, True]


def test_lists_of_labels_are_taken_apart():
    cells = pd.DataFrame({"y": ["a, b", "b", "", "c", None, "a,c"]})
    truth, known = truth_of(cells, "multilabel", "accuracy", classes=("a", "b"))
    assert truth.tolist() == [[1, 1], [0, 1], [0, 0], [1, 0]]
    assert known.tolist() == [True, True, True, False, False, True]


@pytest.fixture
def plugged():
    """Goals of plug-ins: a churn that is binary, and counts whose truth is never negative."""
    churn = dataclasses.replace(goals.named("binary"), name="churn", words="Churn", base="binary")

    def truth(dataset, task, items):
        return np.maximum(goals.named("regression").truth(dataset, task, items), 0)

    count = dataclasses.replace(goals.named("regression"), name="count", base="regression", truth=truth)
    goals.plug_in((churn, count))
    yield
    goals.plug_in(())


@pytest.mark.usefixtures("plugged")
def test_a_goal_of_a_plug_in_is_watched_as_its_base_is():
    data, _, model, _ = parts()
    task = dataclasses.replace(table_task(data.inputs, "binary", "roc_auc"), goal="churn")
    rows = np.arange(data.n_rows)
    split = Split(rows[:500], rows[500:1000], rows[1000:], "row", rows[1000:], "by hand", 0)
    contestant = Contestant("mlp-1", "deep", model.output(data, split.test))
    reference = reference_of(data, task, split, (contestant,), {"deep": 0.9})
    found = watch(moved(500, 5, 1.5), task, model, "deep", reference, "expected<0.5")
    assert found.drifted == ("x",) and {one.name for one in found.predictions} == {
        "predicted class", "probability of yes",
    }  # fmt: skip
    assert found.expected.low <= found.score <= found.expected.high and found.failed_on == ()
    numbers = dataclasses.replace(task, goal="count", metric="rmse", classes=())
    truth, known = known_truth(Dataset("new", data.inputs[:3], pd.DataFrame({"y": [-1.0, 2.0, 3.0]})), numbers)
    assert truth.ravel().tolist() == [0.0, 2.0, 3.0] and known.all()


def test_conditions_that_can_never_be_answered_are_refused():
    _, task, model, reference = parts()
    vectors = dataclasses.replace(task, goal="represent", metric="probe", positive=None)
    with pytest.raises(RecipeError, match="expected score of goal 'represent' is not available"):
        watch(moved(100, 1, 0.0), vectors, model, "deep", reference, "expected<0.8")
    with pytest.raises(DataError, match="expected at least 20"):
        watch(moved(10, 1, 0.0), task, model, "deep", reference)


def test_models_of_before_and_altered_ones_say_what_to_do():
    data, task, model, reference = parts()
    with pytest.raises(BundleError, match=r"saved without what its training rows held.*automl update"):
        Model(task, {"deep": model}, "deep").watch(data.inputs)
    for change in ({"version": 2}, {"columns": [{"name": "x"}]}, {"n_rows": -1}, {"sides": []}):
        with pytest.raises(BundleError, match="no valid reference"):
            read_reference({**reference, **change})
    broken = [{**reference["columns"][0], "counts": [1, 2]}]
    with pytest.raises(BundleError, match="counts do not fit"):
        read_reference({**reference, "columns": broken})


def test_a_page_escapes_names_and_is_written_in_three_forms(tmp_path):
    _, task, model, reference = parts()
    found = dataclasses.replace(watch(moved(100, 1, 2.0), task, model, "deep", reference), name="<b>cars</b>")
    for name in ("w.html", "w.md", "w.json"):
        found.report(tmp_path / name)
    page = (tmp_path / "w.html").read_text()
    assert "<b>cars</b>" not in page and "&lt;b&gt;cars" in page and "drifted" in page
    assert json.loads((tmp_path / "w.json").read_text())["drifted"] == ["x"]
    assert "1 of 3 columns drifted (x)" in str(found)


# --------------------------------------------------------------------------- weights


def weighted(n, seed):
    """Rows of which those that are hard to tell weigh ten times as much."""
    data = table(n, seed, **COLUMNS)
    return dataclasses.replace(data, weight=np.where(np.abs(data.inputs["x"]) < 0.5, 10.0, 1.0))


def test_scores_of_new_rows_are_weighted_as_those_of_the_contest():
    _, task, model, _ = parts()
    data, rows = weighted(4_000, 0), np.arange(4_000)
    split = Split(rows[:1_000], rows[1_000:2_000], rows[2_000:], "row", rows[2_000:], "by hand", 0)
    output = model.output(data, split.test)
    truth = goals.truth(data, task, split.test)
    light, heavy = (metrics.score("roc_auc", truth, output, one, {}) for one in (None, data.weight[split.test]))
    assert light - heavy > 0.05
    contestant = Contestant("mlp-1", "deep", output)
    reference = json.loads(json.dumps(reference_of(data, task, split, (contestant,), {"deep": heavy}, "w")))
    assert reference["weight"] == "w" and read_reference(reference).weight == "w"
    found = watch(weighted(3_000, 1), task, model, "deep", reference)
    for one in (found.score, found.expected.score, found.contest_expected):
        assert abs(one - heavy) < 0.03 and not found.findings
    bare = watch(dataclasses.replace(weighted(3_000, 1), weight=None), task, model, "deep", reference)
    assert abs(bare.score - light) < 0.03 and "the column 'w', which the new rows lack" in bare.findings[0]
    given = reference_of(data, task, split, (contestant,), {"deep": heavy})
    bare = watch(dataclasses.replace(weighted(99, 1), weight=None), task, model, "deep", given)
    assert "weights given in memory" in bare.findings[0]


def test_a_model_reads_the_weights_of_new_rows_and_refuses_what_is_none():
    data, task, *_ = parts()
    rows = data.inputs.head(100).assign(w=2.0)
    assert read_rows(rows, task, on_odd="ignore").weight is None
    assert set(read_rows(rows, task, on_odd="ignore", weight="w").weight) == {2.0}
    assert read_rows(rows, task, on_odd="ignore", weight="v").weight is None
    with pytest.raises(DataError, match="weights are negative, infinite or missing"):
        read_rows(rows.assign(w=-1), task, on_odd="ignore", weight="w")


def test_a_condition_that_is_none_is_refused_before_any_row_is_read():
    _, task, model, reference = parts()
    held = Model(task, {"deep": model}, "deep", reference=reference)
    with pytest.raises(RecipeError, match="did you mean 'drift'"):
        held.watch("no such file.csv", fail_on="drfit>0")


def test_labels_of_several_are_brought_to_the_level_of_the_test_rows():
    rng = np.random.default_rng(0)
    n = 3_000
    frame = pd.DataFrame({"x": rng.normal(size=n), "z": rng.normal(size=n)})
    right = 1 / (1 + np.exp(-2 * frame.to_numpy()))
    marks = (rng.random((n, 2)) < right).astype(int)
    data = Dataset("hand", frame, pd.DataFrame(marks, columns=["a", "b"]))
    task = dataclasses.replace(table_task(frame, "multilabel", "accuracy", classes=("a", "b")), target=("a", "b"))
    rows = np.arange(n)
    split = Split(rows[:500], rows[500:1_500], rows[1_500:], "row", rows[1_500:], "by hand", 0)
    sure = 1 / (1 + np.exp(-6 * frame.to_numpy()))  # of three times the right logits

    def output(items):
        return Output("probabilities", {"probabilities": sure[items], "labels": (sure[items] > 0.5).astype(int)})

    contestant = Contestant("mlp-1", "deep", output(split.test), (), output(split.valid))
    reference = json.loads(json.dumps(reference_of(data, task, split, (contestant,), {"deep": 0.5})))
    confidence = read_reference(reference).sides["deep"].confidence
    assert confidence.trees is None
    corrected_ones = confidence.corrected(sure[split.valid], (), {})
    assert np.abs(corrected_ones - right[split.valid]).mean() < 0.02 < np.abs(sure - right).mean() / 3
