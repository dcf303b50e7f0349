"""Folders that others made: nothing in them is run, no link is followed, no size is believed before it is checked."""

import json
import os
import pickle

import numpy as np
import pytest
from folders import CONFIG, bert_folder, bert_tensors, static_folder, written

from automl.errors import DataError
from automl.pretrained import files, open_backbone


def refused(folder, match):
    with pytest.raises(DataError, match=match):
        open_backbone(folder)


def test_a_folder_that_is_not_there_or_empty(tmp_path):
    refused(tmp_path / "nowhere", "is not there")
    (tmp_path / "file").write_text("")
    refused(tmp_path / "file", "is a file")
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty", "found none")


def test_weights_that_can_hold_code_are_never_opened(tmp_path):
    folder = bert_folder(tmp_path / "b")
    (folder / "model.safetensors").unlink()

    class Bomb:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "ran"),)

    for name in ("pytorch_model.bin", "model.pt", "model.pkl"):
        (folder / name).write_bytes(pickle.dumps(Bomb()))
    refused(folder, "never opened")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "vocab.txt"])
def test_links_are_not_followed(tmp_path, name):
    folder = bert_folder(tmp_path / "b")
    (folder / name).rename(tmp_path / name)
    (folder / name).symlink_to(tmp_path / name)
    refused(folder, "it is a link")


def test_a_linked_folder_of_pooling_is_passed_over(tmp_path):
    folder = bert_folder(tmp_path / "b")
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "config.json").write_text('{"pooling_mode_cls_token": true}')
    before = open_backbone(folder).vectors(["good day"])
    (folder / "1_Pooling").symlink_to(tmp_path / "p")
    np.testing.assert_array_equal(before, open_backbone(folder).vectors(["good day"]))


def test_a_pipe_is_no_file(tmp_path):
    folder = bert_folder(tmp_path / "b")
    (folder / "config.json").unlink()
    os.mkfifo(folder / "config.json")
    refused(folder, "no regular file")


def test_files_are_bounded(tmp_path, monkeypatch):
    folder = bert_folder(tmp_path / "b")
    monkeypatch.setitem(files.MAX_BYTES, "json", 10)
    refused(folder, "at most 0 MiB")


@pytest.mark.parametrize("content", ["[" * 100_000, "[1]", "{", "\x00"])
def test_odd_json(tmp_path, content):
    folder = bert_folder(tmp_path / "b")
    (folder / "config.json").write_text(content)
    refused(folder, "JSON")


@pytest.mark.parametrize(
    "change",
    [
        {"model_type": "gpt2"},
        {"num_hidden_layers": 10**9},
        {"num_hidden_layers": 3},
        {"hidden_size": "8"},
        {"num_attention_heads": 3},
        {"vocab_size": 10**12},
        {"hidden_act": "os.system"},
        {"position_embedding_type": "relative_key"},
        {"type_vocab_size": -1},
        {"layer_norm_eps": "x"},
    ],
)
def test_a_configuration_that_is_none(tmp_path, change):
    folder = bert_folder(tmp_path / "b")
    (folder / "config.json").write_text(json.dumps({**CONFIG, **change}))
    refused(folder, "holds no backbone that can be used")


def test_a_vocabulary_beyond_the_vectors(tmp_path):
    folder = bert_folder(tmp_path / "b")
    with (folder / "vocab.txt").open("a") as file:
        file.write("more\n")
    refused(folder, "more pieces")


def header(**entries):
    described = json.dumps(entries).encode()
    return len(described).to_bytes(8, "little") + described + b"\0" * 16


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff" * 8,
        (2**40).to_bytes(8, "little") + b"{}",
        (2).to_bytes(8, "little") + b"[]",
        (100_000).to_bytes(8, "little") + b"[" * 100_000,
        header(a={"dtype": "F32", "shape": [2**40, 2**40], "data_offsets": [0, 16]}),
        header(a={"dtype": "F32", "shape": [4], "data_offsets": [0, 2**60]}),
        header(a={"dtype": "F32", "shape": [4], "data_offsets": [-16, 0]}),
        header(a={"dtype": "F32", "shape": [4, -1], "data_offsets": [0, 16]}),
        header(a={"dtype": "F32", "shape": [4], "data_offsets": [0, 16]},
               b={"dtype": "F32", "shape": [2], "data_offsets": [8, 16]}),
        header(a=5),
        header(a={"dtype": ["F32"], "shape": [4], "data_offsets": [0, 16]}),
    ],
)  # fmt: skip
def test_weights_that_are_damaged(tmp_path, content):
    folder = bert_folder(tmp_path / "b")
    (folder / "model.safetensors").write_bytes(content)
    refused(folder, "pretrained: ")


def test_weights_that_lack_a_tensor(tmp_path):
    folder, tensors = bert_folder(tmp_path / "b"), bert_tensors()
    del tensors["encoder.layer.1.output.dense.bias"]
    (folder / "model.safetensors").write_bytes(written(tensors))
    refused(folder, r"expected a tensor encoder\.layer\.1\.output\.dense\.bias")


@pytest.mark.parametrize(
    "model",
    [
        None,
        {"type": "Unigram", "vocab": {"a": 1}},
        {"type": "BPE", "vocab": {"a": 1}},
        {"type": "BPE", "byte_fallback": True, "vocab": {"a": -1}, "merges": []},
        {"type": "BPE", "byte_fallback": True, "vocab": {"a": 1}, "merges": ["a b c"]},
        {"type": "BPE", "byte_fallback": True, "vocab": ["a"], "merges": []},
    ],
)
def test_a_tokenizer_that_is_none(tmp_path, model):
    folder = static_folder(tmp_path / "s")
    (folder / "tokenizer.json").write_text(json.dumps({"model": model}))
    refused(folder, "tokenizer.json")


def test_weights_that_are_not_finite_give_finite_vectors(tmp_path):
    import pandas as pd

    from automl import pretrained
    from automl.records import Column, Dataset, Task

    folder, tensors = bert_folder(tmp_path / "b"), bert_tensors()
    tensors["embeddings.word_embeddings.weight"][4] = np.nan
    (folder / "model.safetensors").write_bytes(written(tensors))
    task = Task("text", "binary", ("y",), "roc_auc", ("n", "y"), columns=(Column("t", "text", 1.0, ""),))
    task = pretrained.with_backbone(task, folder)
    made = pretrained.embedded(Dataset("d", pd.DataFrame({"t": ["good", "bad"]}, dtype=object)), task)
    assert np.isfinite(made.vectors).all()


@pytest.mark.parametrize("said", [5, {}, {"folder": 5, "name": "", "kind": "", "digest": "", "dim": 3}])
def test_a_task_that_says_odd_things_of_its_backbone(said):
    from automl import pretrained
    from automl.records import Column, Task

    task = Task("text", "binary", ("y",), "roc_auc", columns=(Column("t", "text", 1.0, "", {"backbone": said}),))
    with pytest.raises(DataError, match="damaged"):
        pretrained.backbone_of(task)
