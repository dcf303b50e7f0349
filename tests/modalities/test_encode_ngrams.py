import numpy as np
import pandas as pd
import pytest

from automl import modalities
from automl.modalities.shared import ngrams
from automl.modalities.shared.ngrams import LARGEST_WEIGHT, fit_ngrams, restore_ngrams
from automl.records import NGRAM_BITS


def frame_of(**columns):
    return pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in columns.items()})


def fitted(texts, **more):
    return fit_ngrams(frame_of(t=texts), ["t"], **more)


def parted(arrays):
    return arrays & (2**NGRAM_BITS - 1), (arrays >> NGRAM_BITS) / LARGEST_WEIGHT


def test_a_rows_words_and_characters_have_unit_length_each():
    part, spec = fitted(["good fine day", "bad poor night"] * 6)
    ids, weights = parted(part.transform(frame_of(t=["good fine day"])))
    n_words = len(part.buckets[0])
    for mine in ((ids > 0) & (ids <= n_words), ids > n_words):
        np.testing.assert_allclose((weights[mine] ** 2).sum(), 1.0, atol=0.01)
    assert ids.max() < spec.size and spec.shape == (part.length,)


def test_rare_ngrams_weigh_more():
    part, _ = fitted(["often rare"] * 6 + ["often"] * 60)
    ids, weights = parted(part.transform(frame_of(t=["often rare"])))
    words = weights[0, (ids[0] > 0) & (ids[0] <= 2)]
    common, rare = parted(part.transform(frame_of(t=["often"])))[0][0, 0], words.max()
    assert rare > weights[0, ids[0] == common][0]


@pytest.mark.parametrize("n", [12, 600])
def test_ngrams_of_fewer_than_five_rows_are_left_out(n):
    part, _ = fitted(["often five"] * 5 + ["often zzqx"] * 4 + ["often"] * n)
    before = part.transform(frame_of(t=["often five"]))
    after = part.transform(frame_of(t=["often five zzqx"]))
    assert set(before[0]) == set(after[0])


def test_a_row_of_too_many_keeps_those_of_the_largest_weight(monkeypatch):
    texts = [f"{'shared ' * 3} {chr(97 + i % 26) * 6} {chr(97 + i // 26) * 7}" for i in range(260)]
    whole, _ = fitted(texts)
    monkeypatch.setattr(ngrams, "MAX_LENGTH", 16)
    short, spec = fitted(texts)
    assert spec.shape == (16,)
    for every, some in zip(whole.transform(frame_of(t=texts[:9])), short.transform(frame_of(t=texts[:9])), strict=True):
        assert sorted(parted(some)[1]) == sorted(parted(every)[1])[-16:]


def test_memory_of_many_rows_is_bounded(monkeypatch):
    monkeypatch.setattr(ngrams, "MOST_IDS", 12 * 10)
    assert fitted(["good fine day", "bad poor night"] * 6)[1].shape == (10,)


def test_rows_taken_in_chunks_are_the_same(monkeypatch):
    texts = [f"word{i % 7} and {i % 3}" for i in range(60)]
    whole, _ = fitted(texts)
    monkeypatch.setattr(ngrams, "CHUNK_ROWS", 7)
    parts, _ = fitted(texts)
    np.testing.assert_array_equal(whole.transform(frame_of(t=texts)), parts.transform(frame_of(t=texts)))


def test_missing_texts_chinese_without_blanks_and_nul_are_read():
    part, _ = fitted(["天气很好天气", None, "a\x00b a\x00b"] * 6)
    arrays = part.transform(frame_of(t=["很好天气", None, "", "a\x00b"]))
    assert [bool(row.any()) for row in arrays] == [True, False, False, True]


def test_texts_of_which_nothing_comes_back_have_no_ngrams(texts):
    assert fitted(["", " "] * 9) is None and fitted(["abc", "def", "ghi"]) is None


def test_the_encoder_is_restored_bit_for_bit_and_a_state_that_disagrees_is_refused(texts):
    dataset, task, split = texts
    encoder, _ = modalities.fit(dataset, task, split)
    rows = np.arange(dataset.n_rows)
    again = modalities.restore(encoder.state())
    arrays = encoder.transform(dataset, rows)
    assert set(arrays) == {spec.name for spec in encoder.specs}
    for name, array in again.transform(dataset, rows).items():
        np.testing.assert_array_equal(arrays[name], array)


@pytest.mark.parametrize("change", [
    {"length": 9_999},
    {"buckets": [[5, 3], []]},
    {"buckets": [[-1, 3], []]},
    {"buckets": [[3, 2**20], []]},
    {"idf": [[1.0], []]},
    {"idf": [[1.0, float("nan")], []]},
    {"buckets": [[3, 5]]},
])  # fmt: skip
def test_a_forged_state_is_refused(change):
    from automl.records import InputSpec

    state = {"columns": ["t"], "buckets": [[3, 5], []], "idf": [[1.0, 2.0], []], "length": 8}
    spec = InputSpec("ngrams", "ngrams", (8,), "int32", 3, {})
    assert restore_ngrams(state, spec).size == 3
    with pytest.raises(ValueError, match="n-grams"):
        restore_ngrams({**state, **change}, spec)


def test_characters_are_counted_as_scikit_learn_counts_them():
    from sklearn.feature_extraction.text import HashingVectorizer

    texts = ["A fine, FINE day\n\tof  days", "", " ", "天气很好 天", "İstanbul ẞ a", "x" * 300 + " ab a"]
    slow = HashingVectorizer(analyzer="char_wb", ngram_range=(2, 5), **ngrams._SHARED).transform(texts)
    fast = ngrams.character_counts(texts, 5)
    for name in ("indptr", "indices", "data"):
        np.testing.assert_array_equal(getattr(slow, name), getattr(fast, name))
    assert ngrams.character_counts(["", " "], 5).nnz == 0
