import numpy as np
import pandas as pd

from automl.modalities.shared.target_statistics import (
    N_FOLDS,
    fit_target_statistics,
    folds_of,
    restore_target_statistics,
)


def objects(values):
    return pd.Series(list(values), dtype=object)


def crew(n_rows, seed=0, n_people=120):
    """Cells of one to three names, each with a worth of its own, and a target that is their mean and noise."""
    rng = np.random.default_rng(seed)
    worth = np.random.default_rng(99).normal(size=n_people)
    who = [rng.choice(n_people, rng.integers(1, 4), replace=False) for _ in range(n_rows)]
    frame = pd.DataFrame({"crew": objects(", ".join(f"Ann{k} Lee{k}" for k in w) for w in who)})
    frame["x"] = rng.normal(size=n_rows)
    return frame, np.array([[worth[w].mean()] for w in who]) + 0.3 * rng.normal(size=(n_rows, 1))


def test_members_tell_new_rows_what_they_told_training_rows():
    frame, targets = crew(1_500)
    target_statistics, spec = fit_target_statistics(frame, ["crew"], ["crew", "x"], targets)
    assert spec.stats["columns"][0] == "crew.clue1"
    new, truth = crew(600, seed=1)
    for rows, answers in ((frame, targets), (new, truth)):
        said = target_statistics.transform(rows)[:, 0]
        assert np.corrcoef(said, answers[:, 0])[0, 1] > 0.6
    spreads = [target_statistics.transform(rows)[:, 0].std() for rows in (frame, new)]
    assert 0.85 < spreads[0] / spreads[1] < 1.15  # the numbers mean the same for both


def test_a_training_row_never_meets_a_table_that_has_seen_its_target():
    frame, targets = crew(1_000)
    one, _ = fit_target_statistics(frame, ["crew"], ["crew", "x"], targets)
    row = 17
    changed = targets.copy()
    changed[row] += 1.0
    other, _ = fit_target_statistics(frame, ["crew"], ["crew", "x"], changed)
    fold = folds_of(frame, ["crew", "x"])[row]
    assert np.array_equal(one.parts[0].coef[fold], other.parts[0].coef[fold])
    assert not np.array_equal(one.parts[0].coef[fold - 1], other.parts[0].coef[fold - 1])


def test_the_fold_of_a_row_follows_from_its_cells_alone():
    frame, _ = crew(2_000)
    frame["day"] = pd.Series(pd.date_range("2020-01-01", periods=2_000, freq="h").astype("datetime64[ns]"))
    frame.loc[::5, "x"] = np.nan
    frame.loc[::7, "crew"] = None
    frame.loc[::9, "day"] = pd.NaT
    watched = ["crew", "x", "day"]
    folds = folds_of(frame, watched)
    assert np.bincount(folds, minlength=N_FOLDS).min() > 0.7 * len(frame) / N_FOLDS
    turned = np.random.default_rng(0).permutation(len(frame))
    assert np.array_equal(folds_of(frame.iloc[turned], watched), folds[turned])
    assert folds_of(frame.iloc[[3]], watched)[0] == folds[3]
    twice = pd.concat([frame.iloc[:50], frame.iloc[:50]], ignore_index=True)
    again = folds_of(twice, watched)
    assert np.array_equal(again[:50], again[50:])


def test_words_that_tell_nothing_are_left_out_and_amounts_stay():
    rng = np.random.default_rng(0)
    words = np.array([f"w{i}" for i in range(60)])
    frame = pd.DataFrame({"t": objects(" ".join(rng.choice(words, rng.integers(1, 9))) for _ in range(800))})
    _, spec = fit_target_statistics(frame, ["t"], ["t"], rng.normal(size=(800, 1)))
    assert spec.stats["columns"] == ["t.characters", "t.words"]


def test_where_equal_rows_share_a_fold_a_lone_column_of_levels_has_no_clue():
    rng = np.random.default_rng(0)
    level = rng.integers(0, 40, 2_000)
    frame = pd.DataFrame({"c": objects(f"level{k}" for k in level)})
    targets = np.random.default_rng(1).normal(size=40)[level][:, None] + 0.1 * rng.normal(size=(2_000, 1))
    found = fit_target_statistics(frame, ["c"], ["c"], targets)
    assert found is not None and found[0].parts == []


def test_clues_are_restored_bit_for_bit_and_take_unknown_and_missing_cells(stored):
    frame, targets = crew(600)
    target_statistics, spec = fit_target_statistics(frame, ["crew"], ["crew", "x"], targets)
    again = restore_target_statistics(stored(target_statistics.state()))
    odd = pd.DataFrame({"crew": objects([None, "", "Nobody Known", "ann3  LEE3"]), "x": [np.nan, 1.0, np.inf, 0.0]})
    found = again.transform(odd)
    assert found.shape == (4, spec.shape[0])
    assert np.isfinite(found).all()
    assert np.array_equal(found, target_statistics.transform(odd))


def rates(n_rows, seed=0):
    """Amounts from a table of rates, each with a worth of its own, and a smooth column; most people have no amount."""
    rng = np.random.default_rng(seed)
    table = np.round(np.random.default_rng(5).uniform(100, 9_000, 40))
    worth = np.random.default_rng(6).normal(size=40)
    which = rng.integers(0, 40, n_rows)
    has = rng.random(n_rows) < 0.4
    years = np.round(rng.uniform(18, 80, n_rows))
    frame = pd.DataFrame({"amount": np.where(has, table[which], 0.0), "years": years})
    return frame, (np.where(has, worth[which], 0.0) + years / 60 + 0.5 * rng.normal(size=n_rows))[:, None]


def test_amounts_that_come_back_are_levels_and_smooth_numbers_are_not():
    frame, targets = rates(3_000)
    target_statistics, spec = fit_target_statistics(frame, [], ["amount", "years"], targets, ["amount", "years"])
    assert spec.stats["columns"] == ["amount as a level.clue1"]
    new, truth = rates(1_000, seed=1)
    said = target_statistics.transform(new)[:, 0]
    assert np.corrcoef(said, truth[:, 0] - new["years"] / 60)[0, 1] > 0.6
    back = restore_target_statistics(target_statistics.state())
    assert np.array_equal(back.transform(new), target_statistics.transform(new))


def test_values_never_seen_and_missing_ones_have_a_clue_of_their_own():
    frame, targets = rates(3_000)
    frame.loc[::10, "amount"] = np.nan
    target_statistics, _ = fit_target_statistics(frame, [], ["amount", "years"], targets, ["amount", "years"])
    new = pd.DataFrame({"amount": [12_345.5, np.inf, np.nan], "years": [30.0, 30.0, 30.0]})
    assert np.isfinite(target_statistics.transform(new)).all()


def test_noise_of_few_distinct_numbers_has_no_levels():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"a": rng.integers(0, 50, 2_000).astype(float), "b": np.zeros(2_000), "c": np.full(2_000, np.nan)}
    )
    assert fit_target_statistics(frame, [], ["a", "b", "c"], rng.normal(size=(2_000, 1)), ["a", "b", "c"]) is None


def test_a_cell_is_told_the_same_alone_and_among_many_equal_ones():
    frame, targets = crew(1_500)
    frame["level"] = objects(np.random.default_rng(1).choice([f"k{i}" for i in range(25)], len(frame)))
    targets = targets + frame["level"].str[1:].astype(float).to_numpy()[:, None] / 10
    target_statistics, _ = fit_target_statistics(frame, ["crew", "level"], ["crew", "level", "x"], targets)
    whole = target_statistics.transform(frame)
    assert np.array_equal(whole[:40], np.concatenate([target_statistics.transform(frame.iloc[[i]]) for i in range(40)]))
