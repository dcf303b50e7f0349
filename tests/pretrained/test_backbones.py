"""Backbones compute what their publishers' code computes, here written out step by step."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from folders import CONFIG, PIECES, bert_folder, bert_tensors, static_folder

from automl import modalities, pretrained
from automl.errors import DataError, RecipeError
from automl.pretrained import open_backbone
from automl.records import Column, Dataset, Task


def normed(x, tensors, name):
    return (x - x.mean()) / math.sqrt(x.var() + 1e-12) * tensors[f"{name}.weight"] + tensors[f"{name}.bias"]


def dense(x, tensors, name):
    return tensors[f"{name}.weight"] @ x + tensors[f"{name}.bias"]


def by_hand(ids, tensors):
    """The mean of the last layer's tokens, one token and one head after another (Devlin et al. 2019)."""
    lead = "embeddings."
    xs = [
        tensors[f"{lead}word_embeddings.weight"][id_]
        + tensors[f"{lead}position_embeddings.weight"][place]
        + tensors[f"{lead}token_type_embeddings.weight"][0]
        for place, id_ in enumerate(ids)
    ]
    xs = [normed(x, tensors, f"{lead}LayerNorm") for x in xs]
    for layer in range(CONFIG["num_hidden_layers"]):
        name = f"encoder.layer.{layer}"
        q, k, v = (
            [dense(x, tensors, f"{name}.attention.self.{part}") for x in xs] for part in ("query", "key", "value")
        )
        after = []
        for place, x in enumerate(xs):
            heads = []
            for head in range(2):
                own = slice(4 * head, 4 * head + 4)
                shares = np.array([math.exp(q[place][own] @ key[own] / 2.0) for key in k])
                heads.append(sum(s * value[own] for s, value in zip(shares / shares.sum(), v, strict=True)))
            asked = dense(np.concatenate(heads), tensors, f"{name}.attention.output.dense")
            x = normed(x + asked, tensors, f"{name}.attention.output.LayerNorm")
            hidden = dense(x, tensors, f"{name}.intermediate.dense")
            hidden = np.array([0.5 * h * (1 + math.erf(h / math.sqrt(2))) for h in hidden])
            after.append(
                normed(x + dense(hidden, tensors, f"{name}.output.dense"), tensors, f"{name}.output.LayerNorm")
            )
        xs = after
    return np.mean(xs, axis=0)


def test_an_encoder_gives_the_mean_of_its_last_layer_whatever_the_others_in_its_batch(tmp_path):
    backbone = open_backbone(bert_folder(tmp_path / "b"))
    texts = ["good fine day!", "bad", "", "poor night words word good day good", "Café 天天"]
    found = backbone.vectors(texts)
    assert (backbone.kind, backbone.dim, backbone.longest) == ("bert", 8, 16)
    for text, vector in zip(texts, found, strict=True):
        np.testing.assert_allclose(by_hand(backbone.ids(text), bert_tensors()), vector, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("Good DAYS!", ["good", "day", "##s", "!"]),
        ("words", ["word", "##s"]),
        ("Café", ["cafe"]),
        ("天天good", ["天", "天", "good"]),
        ("a\x00good\tday", ["[UNK]", "day"]),
        ("good " * 50, ["good"] * 14),
        ("w" * 500, ["[UNK]"]),
    ],
)
def test_words_are_parted_into_the_longest_pieces(tmp_path, text, pieces):
    ids = open_backbone(bert_folder(tmp_path / "b")).ids(text)
    assert ["[CLS]", *pieces, "[SEP]"] == [PIECES[id_] for id_ in ids]


def test_static_vectors_are_the_mean_of_a_texts_pieces(tmp_path):
    backbone = open_backbone(static_folder(tmp_path / "s"))
    assert (backbone.kind, backbone.dim) == ("static", 5)
    table = backbone.vectors(["good"])
    np.testing.assert_allclose(table[0], backbone._network.words[backbone.ids("good")].mean(axis=0), rtol=1e-6)
    assert not backbone.vectors([""])[0].any() or backbone.ids("")


def test_pairs_are_merged_in_their_order_and_bytes_stand_for_what_has_no_piece(tmp_path):
    backbone = open_backbone(static_folder(tmp_path / "s"))
    ids = backbone._words.ids
    assert [ids[p] for p in ("▁go", "od", "▁d", "ay")] == backbone.ids("good day")
    assert [ids[p] for p in ("▁go", "▁▁", "▁d")] == backbone.ids("go   d")
    assert [ids["▁"], ids["<0xC3>"], ids["<0xA9>"]] == backbone.ids("é")


def test_a_tokenizer_json_of_pieces_is_read_too(tmp_path):
    import json

    folder = bert_folder(tmp_path / "b")
    before = open_backbone(folder).ids("Café words good")
    (folder / "vocab.txt").unlink()
    model = {"type": "WordPiece", "vocab": {piece: i for i, piece in enumerate(PIECES)}}
    (folder / "tokenizer.json").write_text(json.dumps({"model": model, "normalizer": {"lowercase": True}}), "utf-8")
    assert before == open_backbone(folder).ids("Café words good")


# ------------------------------------------------------------------------ rows of a contest


TASK = Task(
    "text", "binary", ("y",), "roc_auc", ("no", "yes"),
    columns=(Column("t", "text", 1.0, ""), Column("u", "text", 1.0, "")),
)  # fmt: skip


def rows(t, u):
    return Dataset("d", pd.DataFrame({"t": pd.Series(t, dtype=object), "u": pd.Series(u, dtype=object)}))


def test_both_sides_get_one_vector_a_row_and_a_finding_says_whose(tmp_path):
    folder = bert_folder(tmp_path / "b")
    task = pretrained.with_backbone(TASK, folder)
    made = pretrained.embedded(rows(["good", None, "good"], ["day", "night", "day"]), task)
    expected = open_backbone(folder).vectors(["good\nday", "night", "good\nday"])
    np.testing.assert_allclose(expected, made.vectors, atol=1e-5)
    assert "verdict is on what is learnt on top of these vectors" in made.findings[-1].message
    assert "'b'" in made.findings[-1].message


def test_stored_vectors_are_taken_for_the_same_texts_and_backbone_only(tmp_path):
    task = pretrained.with_backbone(TASK, bert_folder(tmp_path / "b"))
    one = pretrained.embedded(rows(["good"], ["day"]), task)
    marked = replace(one, vectors=one.vectors + 1)
    pretrained.store(tmp_path, marked, task)
    np.testing.assert_array_equal(
        marked.vectors, pretrained.embedded(rows(["good"], ["day"]), task, run_folder=tmp_path).vectors
    )
    other = pretrained.embedded(rows(["bad"], ["day"]), task, run_folder=tmp_path)
    assert not np.array_equal(marked.vectors, other.vectors)
    (tmp_path / "vectors.npz").write_bytes(b"PK\x03\x04 damaged")
    again = pretrained.embedded(rows(["good"], ["day"]), task, run_folder=tmp_path)
    np.testing.assert_array_equal(one.vectors, again.vectors)


def test_vectors_that_would_take_most_of_the_time_are_refused(tmp_path):
    task = pretrained.with_backbone(TASK, bert_folder(tmp_path / "b"))
    with pytest.raises(DataError, match="would take some"):
        pretrained.embedded(rows(["good"], ["day"]), task, seconds=0.0)


def test_new_rows_are_read_by_the_same_backbone_wherever_it_lies_now(tmp_path):
    folder = bert_folder(tmp_path / "b")
    task = pretrained.with_backbone(TASK, folder)
    new = rows(["fine"], ["day"])
    made = modalities.named(task).ready(new, task, lambda frame, columns: frame)
    folder.rename(tmp_path / "moved")
    pretrained.vectors._open.cache_clear()
    with pytest.raises(DataError, match=r"automl\.load\(model, pretrained=FOLDER\)"):
        modalities.named(task).ready(new, task, lambda frame, columns: frame)
    moved = pretrained.relocated(task, tmp_path / "moved")
    again = modalities.named(moved).ready(new, moved, lambda frame, columns: frame)
    np.testing.assert_array_equal(made.vectors, again.vectors)
    with pytest.raises(DataError, match="another backbone"):
        pretrained.relocated(task, bert_folder(tmp_path / "other", seed=1))


def test_a_backbone_is_for_texts(tmp_path):
    folder = bert_folder(tmp_path / "b")
    with pytest.raises(RecipeError, match="only texts"):
        pretrained.with_backbone(replace(TASK, columns=(*TASK.columns, Column("n", "numeric", 1.0, ""))), folder)
    with pytest.raises(RecipeError, match="only texts"):
        pretrained.with_backbone(replace(TASK, modality="image", columns=()), folder)
    unused = replace(TASK, columns=(*TASK.columns, Column("n", "constant", 1.0, "")))
    assert pretrained.backbone_of(pretrained.with_backbone(unused, folder)) is not None
    with pytest.raises(RecipeError, match="without a backbone"):
        pretrained.relocated(TASK, folder)


def test_the_error_function_is_close_to_the_true_one():
    from automl.pretrained.bert import _erf

    x = np.linspace(-6, 6, 100_001).astype("float32")
    np.testing.assert_allclose([math.erf(v) for v in x], _erf(x), rtol=0, atol=6e-7)


def test_the_activation_is_the_same_in_parts_and_as_a_whole():
    from automl.pretrained.bert import CACHED_NUMBERS, _activated

    x = np.linspace(-6, 6, 2 * CACHED_NUMBERS + 10, dtype=np.float32).reshape(2, -1)
    expected = [0.5 * v * (1 + math.erf(v / math.sqrt(2))) for v in x.reshape(-1).tolist()]
    np.testing.assert_allclose(np.reshape(expected, x.shape), _activated(x.copy(), "gelu"), rtol=0, atol=2e-6)
    np.testing.assert_array_equal(np.maximum(x, 0), _activated(x.copy(), "relu"))
