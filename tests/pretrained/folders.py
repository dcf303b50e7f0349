"""Backbones in folders: small ones with random weights, as publishers lay them out."""

from __future__ import annotations

import json

import numpy as np

PIECES = [
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "good", "fine", "day", "bad", "poor", "night", "word", "##s", "!", "天", "cafe",
    *map(str, range(10)),
]  # fmt: skip
CONFIG = {
    "model_type": "bert", "hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 12,
    "max_position_embeddings": 16, "vocab_size": len(PIECES), "type_vocab_size": 2, "hidden_act": "gelu",
    "layer_norm_eps": 1e-12,
}  # fmt: skip


def written(tensors, types=None):
    """The content of a file of safetensors."""
    header, body = {"__metadata__": {"format": "pt"}}, b""
    for name, tensor in tensors.items():
        kind = (types or {}).get(name, "F32")
        content = tensor.astype({"F32": "<f4", "F16": "<f2", "I64": "<i8"}[kind]).tobytes()
        offsets = [len(body), len(body) + len(content)]
        header[name] = {"dtype": kind, "shape": list(tensor.shape), "data_offsets": offsets}
        body += content
    described = json.dumps(header).encode()
    return len(described).to_bytes(8, "little") + described + body


def bert_tensors(seed=0, **changes):
    """Random weights of the shapes that `CONFIG` asks for."""
    config, rng = {**CONFIG, **changes}, np.random.default_rng(seed)
    dim, inner = config["hidden_size"], config["intermediate_size"]
    shapes = {
        "embeddings.word_embeddings.weight": (config["vocab_size"], dim),
        "embeddings.position_embeddings.weight": (config["max_position_embeddings"], dim),
        "embeddings.token_type_embeddings.weight": (2, dim),
        "embeddings.LayerNorm.weight": (dim,),
        "embeddings.LayerNorm.bias": (dim,),
    }
    for layer in range(config["num_hidden_layers"]):
        name = f"encoder.layer.{layer}"
        for part in ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"):
            shapes |= {f"{name}.{part}.weight": (dim, dim), f"{name}.{part}.bias": (dim,)}
        shapes |= {f"{name}.intermediate.dense.weight": (inner, dim), f"{name}.intermediate.dense.bias": (inner,)}
        shapes |= {f"{name}.output.dense.weight": (dim, inner), f"{name}.output.dense.bias": (dim,)}
        for part in ("attention.output", "output"):
            shapes |= {f"{name}.{part}.LayerNorm.weight": (dim,), f"{name}.{part}.LayerNorm.bias": (dim,)}
    return {name: rng.normal(0, 0.5, shape).astype("float32") for name, shape in shapes.items()}


def bert_folder(folder, seed=0, **changes):
    """A BERT-like encoder with a vocab.txt."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps({**CONFIG, **changes}))
    (folder / "vocab.txt").write_text("\n".join(PIECES) + "\n", encoding="utf-8")
    positions = {"embeddings.position_ids": np.arange(16)[None]}
    tensors = {**positions, **bert_tensors(seed, **changes)}
    (folder / "model.safetensors").write_bytes(written(tensors, {"embeddings.position_ids": "I64"}))
    return folder


def static_folder(folder, seed=0):
    """Vectors of words, and a tokenizer.json of merges."""
    folder.mkdir(parents=True, exist_ok=True)
    letters = [
        "<unk>",
        *(f"<0x{byte:02X}>" for byte in range(256)),
        "▁",
        *"abdgoy",
        "go",
        "▁go",
        "od",
        "▁d",
        "ay",
        "▁▁",
    ]
    merges = ["g o", "▁ go", "o d", "▁ d", "a y", "▁ ▁"]
    model = {"type": "BPE", "byte_fallback": True, "vocab": {p: i for i, p in enumerate(letters)}, "merges": merges}
    (folder / "tokenizer.json").write_text(json.dumps({"model": model}), encoding="utf-8")
    vectors = np.random.default_rng(seed).normal(size=(len(letters), 5))
    (folder / "words.safetensors").write_bytes(written({"embedding.weight": vectors}, {"embedding.weight": "F16"}))
    return folder
