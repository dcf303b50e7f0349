"""Texts as tokens and noise, and back."""

import numpy as np
import pandas as pd
import pytest

from automl.errors import DataError
from automl.goals.shared.samples import samples_of
from automl.goals.shared.subwords import END, PADDING, UNKNOWN
from automl.modalities.shared.generated import noise_of
from automl.modalities.shared.generated_texts import (
    MOST_LENGTH,
    fit_text_generator,
    restore_text_generator,
    restore_text_samples,
)
from automl.records import Column, Dataset, Split, Task

WORDS = [f"{first}{last}" for first in ("ka", "lo", "mir", "te") for last in ("ba", "ren", "so", "vi", "wu", "dox")]
TEXT = Column("line", "text", 1.0, "")


def lines(n=120, seed=0):
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(WORDS, rng.integers(2, 9))) for _ in range(n)]


def made(texts, columns=(TEXT,), n_train=None):
    frame = pd.DataFrame({"line": pd.Series(texts, dtype=object), "other": "x"})
    rows = np.arange(len(frame))
    n_train = len(frame) if n_train is None else n_train
    task = Task("text", "generate", (), "indistinct", columns=columns, evidence=("Made up.",))
    split = Split(rows[:n_train], rows[:0], rows[n_train:], "row", rows[:0], "first rows train", 0)
    return Dataset("made", frame), task, split


def test_tokens_and_noise_have_the_shapes_that_the_specs_say():
    dataset, task, split = made([*lines(), *lines(20, 1)], n_train=120)
    encoder, codec = fit_text_generator(dataset, task, split)
    tokens, noise = encoder.specs
    arrays = encoder.transform(dataset, split.test)
    assert (tokens.name, tokens.kind, tokens.dtype) == ("tokens", "tokens", "int32")
    assert (noise.name, noise.kind, noise.dtype) == ("noise", "noise", "float32")
    assert tokens.shape == noise.shape == codec.head.shape and tokens.shape[0] % 8 == 0
    assert arrays["tokens"].shape == arrays["noise"].shape == (20, *tokens.shape)
    assert arrays["tokens"].max() < tokens.size == len(tokens.stats["shares"])
    np.testing.assert_array_equal(arrays["noise"], noise_of(split.test, tokens.shape[0]))
    assert codec.head.loss == "own" and codec.encode(dataset, split.test).shape == (20, 1)
    assert tokens.stats["columns"] == ["line"] and np.isclose(sum(tokens.stats["shares"]), 1.0)
    filled = np.mean(encoder.transform(dataset, split.train)["tokens"] != PADDING)
    assert np.isclose(tokens.stats["filled"], filled)


def test_what_is_encoded_decodes_to_the_truth():
    dataset, task, split = made([*lines(), None, ""])
    encoder, codec = fit_text_generator(dataset, task, split)
    raw = encoder.transform(dataset, split.train)["tokens"].astype(np.float32)
    is_whole = (raw == END).any(axis=1)
    assert is_whole.mean() >= 0.95 and is_whole[-2:].all()
    output, truth = codec.decode(raw), codec.truth(dataset, split.train)
    assert output.kind == "samples"
    samples = output.arrays["samples"]
    assert samples.dtype.names == truth.dtype.names == ("line",) and samples.dtype["line"] == np.dtype("U400")
    np.testing.assert_array_equal(samples["line"][is_whole], truth["line"][is_whole])
    np.testing.assert_array_equal(truth, samples_of(dataset.inputs, [TEXT]))
    for whole, cut in zip(truth["line"][~is_whole], samples["line"][~is_whole], strict=True):
        assert whole.startswith(cut)


def test_rows_beyond_the_data_have_noise_alone():
    dataset, task, split = made(lines())
    encoder, codec = fit_text_generator(dataset, task, split)
    rows = np.array([3, 2**40, 119, 120])
    arrays = encoder.transform(dataset, rows)
    assert not arrays["tokens"][[1, 3]].any() and arrays["tokens"][[0, 2]].any(axis=1).all()
    np.testing.assert_array_equal(arrays["noise"], noise_of(rows, codec.length))


def test_any_numbers_decode_to_texts():
    dataset, task, split = made(lines())
    _, codec = fit_text_generator(dataset, task, split)
    raw = np.full((4, codec.length), np.nan, np.float32)
    raw[1], raw[2], raw[3] = 1e9, -7.0, UNKNOWN
    assert codec.decode(raw).arrays["samples"]["line"].tolist() == [""] * 4


def test_long_texts_are_cut():
    dataset, task, split = made([" ".join(lines(30, seed)) for seed in range(60)])
    encoder, codec = fit_text_generator(dataset, task, split)
    assert codec.length == MOST_LENGTH
    tokens = encoder.transform(dataset, split.train)["tokens"]
    assert not (tokens == END).any(axis=1).all() and (tokens[:, -1] != PADDING).any()


def test_states_are_plain_and_restore_both():
    dataset, task, split = made(lines())
    encoder, codec = fit_text_generator(dataset, task, split)
    again, samples = restore_text_generator(encoder.state()), restore_text_samples(codec.state())
    rows = np.arange(10)
    for name, array in encoder.transform(dataset, rows).items():
        np.testing.assert_array_equal(again.transform(dataset, rows)[name], array)
    raw = encoder.transform(dataset, rows)["tokens"]
    np.testing.assert_array_equal(samples.decode(raw).arrays["samples"], codec.decode(raw).arrays["samples"])
    assert again.specs == encoder.specs or [s.stats for s in again.specs] == [s.stats for s in encoder.specs]
    assert samples.head == codec.head and samples.state() == codec.state()


def test_altered_states_are_refused():
    dataset, task, split = made(lines())
    encoder, codec = fit_text_generator(dataset, task, split)
    state = codec.state()
    for shape in ([10**9], [8, 8], [True], [0]):
        with pytest.raises(ValueError, match="tokens"):
            restore_text_samples({**state, "head": {**state["head"], "shape": shape}})
    with pytest.raises(ValueError, match="column"):
        restore_text_samples({**state, "column": 3})
    for other in ({"shape": [8]}, {"size": 10}, {"kind": "ngrams"}):
        specs = [{**encoder.state()["specs"][0], **other}, encoder.state()["specs"][1]]
        with pytest.raises(ValueError, match="inputs of a generator"):
            restore_text_generator({**encoder.state(), "specs": specs})


def test_what_cannot_be_generated_is_told():
    with pytest.raises(DataError, match="one text column"):
        fit_text_generator(*made(lines(), columns=(Column("line", "categorical", 1.0, ""),)))
    with pytest.raises(DataError, match="drop="):
        fit_text_generator(*made(lines(), columns=(TEXT, Column("other", "text", 1.0, ""))))
    with pytest.raises(DataError, match="at least 50 training texts"):
        fit_text_generator(*made([*lines(40), *[""] * 60]))
    with pytest.raises(DataError, match="different words"):
        fit_text_generator(*made(["yes and no", "no or yes"] * 40))
