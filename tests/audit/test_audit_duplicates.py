"""Rows that come twice: in both parts, nearly, or with another answer."""

from __future__ import annotations

import numpy as np
import pandas as pd

from automl.audit.duplicates import contradictory_rows, near_twins, sketch, twins


def doubled(frame, target, rng, share, change=lambda copies: copies):
    whole = frame.assign(y=target)
    copies = whole.iloc[rng.choice(len(whole), int(share * len(whole)), replace=False)].copy()
    whole = pd.concat([whole, change(copies)], ignore_index=True)
    whole = whole.iloc[rng.permutation(len(whole))].reset_index(drop=True)
    return whole.drop(columns="y"), whole["y"]


def test_a_clean_table_has_no_twins(view, clean):
    frame, label, _ = clean
    seen = view(frame, label)

    assert (twins(seen), near_twins(seen), contradictory_rows(seen)) == (None, None, None)


def test_copies_on_both_sides_of_the_split_are_told_with_their_rows(view, clean, rng):
    frame, label, _ = clean
    inputs, target = doubled(frame, label, rng, 0.3)
    seen = view(inputs, target)

    found = twins(seen)

    assert found.severity == "high"
    assert set(found.rows) <= set(seen.split.test.tolist())
    known = {tuple(row) for row in inputs.iloc[np.r_[seen.split.train, seen.split.valid]].to_numpy()}
    assert all(tuple(inputs.iloc[row]) in known for row in found.rows)


def test_rounding_case_and_spacing_hide_no_twin(view, clean, rng):
    def changed(copies):
        return copies.assign(size=copies["size"] + 1e-4, place=copies["place"].str.upper() + " ")

    frame, label, _ = clean
    seen = view(*doubled(frame, label, rng, 0.3, changed))

    assert twins(seen) is None
    assert near_twins(seen).severity in ("medium", "high")


def test_repetitions_of_columns_that_take_few_values_are_a_note_at_most(view, rng):
    frame = pd.DataFrame({"a": rng.integers(0, 5, 600), "b": rng.choice(["u", "v"], 600)})
    seen = view(frame, pd.Series(rng.choice(["s", "t"], 600)))

    assert twins(seen).severity == "low"
    assert near_twins(seen) is None
    assert contradictory_rows(seen).severity == "low"


def test_rows_with_the_same_inputs_and_another_answer_are_told(view, clean, rng):
    def other(copies):
        return copies.assign(y=copies["y"].map({"yes": "no", "no": "yes"}))

    frame, label, _ = clean

    found = contradictory_rows(view(*doubled(frame, label, rng, 0.1, other)))

    assert (found.severity, found.count) == ("medium", 160)


def test_texts_that_differ_in_a_word_are_alike_and_others_are_not(view, rng):
    words = [f"w{i}" for i in range(400)]
    texts = [" ".join(rng.choice(words, 30)) for _ in range(400)]
    near = [" ".join([*t.split()[:29], "changed"]) for t in texts[:120]]
    order = rng.permutation(520)
    frame = pd.DataFrame({"text": np.array([*texts, *near], dtype=object)[order]})
    label = pd.Series(rng.choice(["s", "t"], 520))

    assert near_twins(view(frame, label, columns={"text": "text"})).count >= 20
    alone = view(pd.DataFrame({"text": texts}), label[:400], columns={"text": "text"})
    assert near_twins(alone) is None


def test_texts_of_a_few_words_have_no_sketch():
    assert sketch("see you later") == []
    assert sketch("one two three four five six seven eight") == sketch("One, two; three four five six seven EIGHT!")


def test_empty_texts_are_no_twins_and_contradict_nothing(view, rng):
    words = np.array(["amber birch cedar", "delta ember fjord", "grove heath inlet", "kelp larch meadow"])
    texts = [" ".join(rng.permutation(" ".join(rng.choice(words, 3)).split())) + f" {i}" for i in range(400)]
    texts[:60] = [""] * 60
    order = rng.permutation(400)
    seen = view(pd.DataFrame({"review": np.array(texts, object)[order]}), pd.Series(rng.choice(["s", "t"], 400)))
    assert seen.task.modality == "text"

    assert (twins(seen), contradictory_rows(seen)) == (None, None)


def test_numbers_of_a_single_column_are_near_each_other_by_nature(view, rng):
    def shifted(copies):
        return copies.assign(dose=copies["dose"] + 1e-6)

    label = pd.Series(rng.choice(["s", "t"], 300))
    dose = pd.DataFrame({"dose": rng.normal(size=300)})
    two = dose.assign(weight=rng.normal(size=300))

    assert near_twins(view(dose, label)) is None
    assert near_twins(view(*doubled(two, label, rng, 0.5, shifted))).severity == "high"


def test_rows_that_would_be_near_each_other_by_chance_are_no_twins(view, rng):
    label = pd.Series(rng.choice(["s", "t"], 300))
    banded = pd.DataFrame({"dose": rng.uniform(size=300), "band": rng.choice(["low", "mid", "high"], 300)})

    assert near_twins(view(banded, label)) is None
