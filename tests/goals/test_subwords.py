"""Texts as subwords, and back: nothing is lost, and nothing stored that few texts hold."""

import numpy as np
import pytest

from automl.goals.shared.subwords import (
    END,
    FIRST_TOKEN,
    LONGEST_TOKEN,
    PADDING,
    UNKNOWN,
    fit_subwords,
    restore_subwords,
    words_of,
)
from automl.records import MIN_LEVEL_ROWS

WORDS = (  # noqa: SIM905
    "the meadow river stone carried under bright morning windows slowly, while 1999 others waited (again) - don't"
).split()


def texts(n=200, seed=0):
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(WORDS, rng.integers(3, 12))) for _ in range(n)]


def test_words_keep_the_blank_before_them_and_lose_nothing():
    text = 'Don\'t  go: "3,5 km" snake_case 日本語'
    assert words_of(text) == [" Don", "'", "t", " go", ":", ' "', "3", ",", "5", " km", '"', " snake", "_", "case",
                              " 日本語"]  # fmt: skip
    assert "".join(words_of(text)) == " " + " ".join(text.split())
    assert words_of(" \n ") == []


def test_texts_of_known_characters_come_back():
    train = texts()
    codec = fit_subwords(train, 150)
    for some in (train, texts(50, 1), ["", "stone"]):
        assert codec.decode(codec.transform(some, 200)) == some
    assert np.mean([len(ids) for ids in codec.encode(train)]) < 0.4 * np.mean([len(text) for text in train])
    assert codec.size <= 150 and len(codec.tokens) == codec.size == len(set(codec.tokens)) + 2


def test_a_text_ends_unless_it_is_cut():
    codec = fit_subwords(texts(), 150)
    (ids,) = codec.encode(["stone river"])
    row = codec.transform(["stone river"], len(ids) + 3)[0]
    assert row.tolist() == [*ids, END, PADDING, PADDING] and row.dtype == np.int32
    assert codec.transform(["stone river"], len(ids))[0].tolist() == ids
    assert codec.decode(np.array([[*ids, END, ids[0], END]])) == ["stone river"]


def test_rare_characters_are_unknown_and_decode_to_nothing():
    train = [text + " ☃ ☃x" * (place < MIN_LEVEL_ROWS - 1) for place, text in enumerate(texts())]
    codec = fit_subwords(train)
    assert "☃" not in codec.characters
    (ids,) = codec.encode(["stone ☃ river"])
    assert UNKNOWN in ids
    assert codec.decode(np.array([ids])) == ["stone river"]
    assert codec.decode(np.array([[-4, 10**6, *ids]])) == ["stone river"]


def test_no_subword_is_kept_that_few_texts_hold():
    secret = "zanzibarquux"
    few = MIN_LEVEL_ROWS - 1
    train = [text + f" {secret}" * 40 * (place < few) for place, text in enumerate(texts())]
    codec = fit_subwords(train)
    padded = [" " + text for text in train]
    assert all(sum(token in text for text in padded) >= MIN_LEVEL_ROWS for token in codec.tokens[FIRST_TOKEN:])
    assert max(len(token) for token in codec.tokens if token.strip() in secret) <= 2  # parts of other words, no more
    codec = fit_subwords([*train, f"one {secret}"])
    assert f" {secret}" in codec.tokens


def test_the_pair_that_comes_most_often_is_merged_first():
    codec = fit_subwords(["ab ab cb"] * 10 + ["ab"], 100)
    first = codec.merges[0]
    assert codec.tokens[first[0]] + codec.tokens[first[1]] in (" a", "ab")
    assert " ab" in codec.tokens and " cb" in codec.tokens
    assert fit_subwords(texts()).merges == fit_subwords(texts()).merges


def test_fast_words_by_pieces_equal_a_plain_merge_of_all_texts():
    train = texts(60)
    codec = fit_subwords(train, 80)
    for text, ids in zip(train, codec.encode(train), strict=True):
        plain = [[codec.characters.index(one) + FIRST_TOKEN for one in word] for word in words_of(text)]
        for new, pair in enumerate(codec.merges, FIRST_TOKEN + len(codec.characters)):
            for word in plain:
                place = 0
                while place < len(word) - 1:
                    if (word[place], word[place + 1]) == pair:
                        word[place : place + 2] = [new]
                    place += 1
        assert ids == [id_ for word in plain for id_ in word]


def test_state_is_plain_and_restores_the_codec():
    codec = fit_subwords(texts(), 120)
    again = restore_subwords(codec.state())
    assert again.tokens == codec.tokens and again.encode(texts(20, 3)) == codec.encode(texts(20, 3))
    assert again.state() == codec.state()


@pytest.mark.parametrize(
    "state",
    [
        {"characters": ["a"] * 2, "merges": []},
        {"characters": ["ab"], "merges": []},
        {"characters": ["a"], "merges": [[3, 5]]},
        {"characters": ["a"], "merges": [[1, 3]]},
        {"characters": ["a"], "merges": [[3, 3], [3, 3]]},
        {"characters": ["a"], "merges": [[3, 3.0]]},
        {"characters": ["a"], "merges": [[3]]},
        {"characters": ["a"], "merges": [[3 + place, 3 + place] for place in range(LONGEST_TOKEN)]},
        {"characters": ["a"], "merges": [[3, 3]] * 5_000},
    ],
)
def test_states_that_are_none_are_refused(state):
    with pytest.raises(ValueError, match="subwords"):
        restore_subwords(state)
