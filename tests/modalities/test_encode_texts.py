import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from automl import modalities
from automl.errors import DataError
from automl.modalities.text import tokenise
from automl.records import Column, Dataset, Split, Task


def fitted(columns, n_train=None):
    frame = pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in columns.items()})
    rows = np.arange(len(frame))
    n_train = len(frame) if n_train is None else n_train
    split = Split(rows[:n_train], rows[:0], rows[n_train:], "row", rows[:0], "first rows train", 0)
    kinds = tuple(Column(name, "text", 1.0, "test") for name in columns)
    dataset = Dataset("data", frame, pd.DataFrame({"y": rows.astype(float)}))
    encoder, _ = modalities.fit(dataset, Task("text", "regression", ("y",), "r2", columns=kinds), split)
    return encoder, encoder.transform(dataset, rows)["tokens"]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Don't STOP!!", ["don't", "stop", "!", "!"]),
        ("Größe 3,5 m²", ["größe", "3,5", "m²"]),
        ("call 07700900123 now", ["call", "00000000000", "now"]),
        ("ok 🙂🙂", ["ok", "🙂", "🙂"]),
        ("a\x00b snake_case", ["a", "\x00", "b", "snake", "_", "case"]),
        ("日本語 テスト", ["日本語", "テスト"]),
        ("  \n\t", []),
    ],
)
def test_tokens(text, tokens):
    assert tokens == tokenise(text)


def test_ids_follow_frequency_with_padding_and_unknown_first():
    encoder, tokens = fitted({"t": [*["b b a", "b"] * 5, "zzz a", ""]}, n_train=10)
    tokens = tokens[8:]
    assert tokens.shape == (4, 8)
    assert tokens[:, :3].tolist() == [[2, 2, 3], [2, 0, 0], [1, 3, 0], [0, 0, 0]]
    assert not tokens[:, 3:].any()
    assert encoder.specs[0].size == 4


def test_several_columns_are_joined_by_a_separator_of_their_own():
    encoder, tokens = fitted({"t": ["b", "b"] * 5, "u": ["a a", ""] * 5})
    assert tokens[:2, :4].tolist() in ([[4, 2, 3, 3], [4, 2, 0, 0]], [[3, 2, 4, 4], [3, 2, 0, 0]])
    assert encoder.specs[0].stats["columns"] == ["t", "u"]


def test_length_is_the_95th_percentile_up_to_a_multiple_of_eight():
    lengths = [*range(1, 101)]
    encoder, tokens = fitted({"t": [" ".join(["w"] * n) for n in lengths]})
    assert encoder.specs[0].shape == (96,)
    assert (tokens > 0).sum(axis=1).tolist() == [min(n, 96) for n in lengths]


def test_length_is_capped():
    encoder, _ = fitted({"t": ["w " * 900] * 5})
    assert encoder.specs[0].shape == (256,)


@pytest.mark.parametrize("n", [12, 600])
def test_words_of_fewer_than_five_rows_are_unknown_however_often_they_stand_there(n):
    encoder, tokens = fitted({"t": ["often five"] * 5 + ["often rare rare rare"] * 4 + ["often"] * n})
    assert encoder.part.words == ["often", "five"]
    assert tokens[6, :4].tolist() == [2, 1, 1, 1]


def test_texts_whose_words_do_not_come_back_are_read_by_their_length():
    encoder, tokens = fitted({"t": ["one two", "three", "four five six"]})
    assert encoder.part.words == [] and encoder.specs[0].size == 2
    assert tokens.sum(axis=1).tolist() == [2, 1, 3]


def test_vocabulary_is_capped():
    rng = np.random.default_rng(0)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    words = ["".join(word) for word in rng.choice(letters, (25_000, 6))]
    encoder, tokens = fitted({"t": [" ".join(words[i * 50 : i * 50 + 50]) for i in range(500)] * 5})
    assert encoder.specs[0].size == 20_000
    assert tokens.max() == 19_999


def test_missing_text_and_an_unseen_frame_of_one_row_work(texts):
    dataset, task, split = texts
    encoder, _ = modalities.fit(dataset, task, split)
    frame = pd.DataFrame({"title": pd.Series([None], dtype=object), "body": pd.Series([""], dtype=object)})
    tokens = encoder.transform(replace(dataset, inputs=frame), np.array([0]))["tokens"]
    assert tokens[0].tolist() == [2] + [0] * (tokens.shape[1] - 1)


def test_texts_without_any_word_are_refused():
    with pytest.raises(DataError, match="all 3 training texts are empty"):
        fitted({"t": ["", " ", "\n"]})


def test_a_table_without_text_column_is_refused(table):
    dataset, task, split = table
    columns = tuple(column for column in task.columns if column.kind == "numeric")
    with pytest.raises(DataError, match="expected a text column"):
        modalities.fit(dataset, replace(task, modality="text", columns=columns), split)


def test_ten_thousand_short_texts_are_encoded_without_looking_at_each_pair():
    texts = [f"message {i} says hello to number {i % 97}, and calls 0770090{i:04d}! ok?" for i in range(10_000)]
    encoder, _ = fitted({"t": texts}, n_train=100)
    dataset = Dataset("data", pd.DataFrame({"t": pd.Series(texts, dtype=object)}))
    begun = time.process_time()
    encoder.transform(dataset, np.arange(10_000))
    assert time.process_time() - begun < 60.0  # 0.4 s of a processor; what grows with the square of rows takes hours
