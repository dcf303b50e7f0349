"""Opens a backbone in a local folder: a BERT-like encoder, or static vectors of words."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from automl.errors import DataError
from automl.pretrained.bert import Bert, bert_of
from automl.pretrained.bpe import PairMerges
from automl.pretrained.files import content, json_of, opened
from automl.pretrained.safetensors import read_tensors
from automl.pretrained.wordpiece import WordPiece

__all__ = ["Backbone", "open_backbone"]

MOST_TOKENS = 128
MOST_STATIC_TOKENS = 512
MOST_DIM = 4_096


class _Pieces(Protocol):
    def pieces(self, text: str, most: int) -> list[int]: ...


@dataclass(frozen=True, slots=True, eq=False)
class _Static:
    """The mean of the vectors of a text's pieces. Source: Joulin et al., EACL 2017, without training."""

    words: np.ndarray

    @property
    def dim(self) -> int:
        return int(self.words.shape[1])

    def vectors(self, texts: Sequence[Sequence[int]]) -> np.ndarray:
        out = np.zeros((len(texts), self.dim), np.float32)
        for row, text in enumerate(texts):
            if text:
                out[row] = self.words[np.minimum(text, len(self.words) - 1)].mean(axis=0)
        return out


@dataclass(frozen=True, slots=True, eq=False)
class Backbone:
    """A model that was trained elsewhere and makes a vector of each text.

    Attributes:
        folder: where it lies.
        name: of the folder.
        kind: "bert" (an encoder) or "static" (vectors of words).
        digest: of all files that it was read from, in hexadecimal.
        dim: numbers of a vector.
        longest: the most pieces of a text that are read.
    """

    folder: Path
    name: str
    kind: str
    digest: str
    dim: int
    longest: int
    _network: Bert | _Static
    _words: _Pieces
    _first: tuple[int, ...] = ()
    _last: tuple[int, ...] = ()

    def ids(self, text: str) -> list[int]:
        """The pieces of a text as ids, as the network reads them."""
        most = self.longest - len(self._first) - len(self._last)
        return [*self._first, *self._words.pieces(text, most), *self._last]

    def vectors(self, texts: Sequence[str]) -> np.ndarray:
        """A vector ``(n, dim)`` float32 for each text."""
        return self._network.vectors([self.ids(text) for text in texts])


def open_backbone(folder: str | Path) -> Backbone:
    """Open the backbone in a folder.

    - *An encoder*: config.json (of model_type bert), model.safetensors, and vocab.txt or tokenizer.json.
    - *Static vectors*: a tokenizer.json and one file of safetensors that holds one matrix, a row for each piece.

    Raises:
        DataError: there is no such folder, a file is missing, a link, damaged or too large, or a model of another kind.
    """
    path = Path(os.path.expanduser(folder))
    if not path.is_dir():
        raise DataError(
            f"pretrained: expected a folder that holds a backbone (config.json, vocab.txt or tokenizer.json, and "
            f"model.safetensors); {str(folder)!r} is {'a file' if path.exists() else 'not there'}. Check the path"
        )
    path = path.resolve()
    names = sorted(entry.name for entry in path.iterdir() if entry.name.endswith(".safetensors"))
    weights = "model.safetensors" if "model.safetensors" in names else names[0] if len(names) == 1 else None
    if weights is None:
        raise DataError(
            f"pretrained: expected one file of weights as safetensors in {path}; found {', '.join(names[:4]) or 'none'}"
            ". Weights in other formats (.bin, .pt, .h5) are never opened, since such files can hold code: convert them"
        )
    try:
        return _opened(path, weights)
    except DataError:
        raise
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise DataError(f"pretrained: {path} holds no backbone that can be used: {error}") from error


def _opened(path: Path, weights: str) -> Backbone:
    descriptor = opened(path, weights)
    if descriptor is None:
        raise ValueError(f"{weights} is gone")
    with os.fdopen(os.dup(descriptor), "rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    os.lseek(descriptor, 0, os.SEEK_SET)
    tensors = read_tensors(descriptor)
    for name in ("config.json", "vocab.txt", "tokenizer.json", "tokenizer_config.json"):
        digest.update(hashlib.sha256(content(path, name) or b"").digest())
    config, described = json_of(path, "config.json") or {}, json_of(path, "tokenizer.json")
    matrices = [tensor for tensor in tensors.values() if tensor.ndim == 2]
    is_static = len(tensors) == len(matrices) == 1
    if not is_static and config.get("model_type") != "bert":
        raise ValueError(
            f"its config.json says model_type {config.get('model_type')!r:.40}; expected 'bert', or a file of "
            "safetensors with one matrix (static vectors)"
        )
    words = _words(path, described)
    if is_static:
        if not 0 < matrices[0].shape[1] <= MOST_DIM or not len(matrices[0]):
            raise ValueError(f"its vectors are a matrix of shape {matrices[0].shape}")
        network: Bert | _Static = _Static(matrices[0])
        ends: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())
        longest = MOST_STATIC_TOKENS
    else:
        pooling = json_of(path / "1_Pooling", "config.json") if _is_own(path / "1_Pooling") else None
        network = bert_of(config, tensors, bool((pooling or {}).get("pooling_mode_cls_token")))
        said = (json_of(path, "sentence_bert_config.json") or {}).get("max_seq_length")
        longest = min(network.longest, MOST_TOKENS, said if type(said) is int and said > 8 else MOST_TOKENS)
        if not isinstance(words, WordPiece) or not {"[UNK]", "[CLS]", "[SEP]"} <= set(words.ids):
            raise ValueError("expected a vocabulary of pieces with [UNK], [CLS] and [SEP]")
        if max(words.ids.values()) >= len(network.words):
            raise ValueError(f"its vocabulary has more pieces than the {len(network.words):,} vectors")
        ends = ((words.ids["[CLS]"],), (words.ids["[SEP]"],))
    kind = "static" if is_static else "bert"
    return Backbone(path, path.name, kind, digest.hexdigest(), network.dim, longest, network, words, *ends)


def _is_own(folder: Path) -> bool:
    """Whether it is a folder, and no link to one."""
    return folder.is_dir() and not folder.is_symlink()


def _words(path: Path, described: Mapping[str, Any] | None) -> _Pieces:
    """What parts texts into pieces: that of tokenizer.json, or of vocab.txt."""
    settings = json_of(path, "tokenizer_config.json") or {}
    lower = settings.get("do_lower_case", True)
    listed = content(path, "vocab.txt")
    if listed is not None:
        pieces = listed.decode("utf-8").split("\n")
        return WordPiece({piece.rstrip("\r"): i for i, piece in enumerate(pieces) if piece}, lower is not False)
    if described is None:
        raise ValueError("it has neither a vocab.txt nor a tokenizer.json")
    model = described.get("model")
    vocabulary = model.get("vocab") if isinstance(model, dict) else None
    if (
        not isinstance(model, dict)
        or not isinstance(vocabulary, dict)
        or not all(type(i) is int and i >= 0 for i in vocabulary.values())
    ):
        raise ValueError("its tokenizer.json holds no vocabulary of pieces with their ids")
    if model.get("type") == "WordPiece":
        normal = described.get("normalizer")
        normal = normal if isinstance(normal, dict) else {}
        return WordPiece(vocabulary, normal.get("lowercase", lower) is not False, normal.get("strip_accents"))
    merges = model.get("merges")
    if model.get("type") == "BPE" and model.get("byte_fallback") and isinstance(merges, list):
        pairs = [merge.split(" ") if isinstance(merge, str) else list(merge) for merge in merges]
        if not all(len(pair) == 2 for pair in pairs):
            raise ValueError("its tokenizer.json holds merges that are no pairs")
        ranks = {(str(first), str(second)): i for i, (first, second) in enumerate(pairs)}
        return PairMerges(vocabulary, ranks, vocabulary.get("<unk>", 0))
    raise ValueError(
        f"its tokenizer.json is of type {model.get('type')!r:.40}; expected WordPiece, or BPE with byte fallback"
    )
