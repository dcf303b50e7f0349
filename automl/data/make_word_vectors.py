"""Makes word_vectors/: static vectors of 2,400 words, learnt from six novels without the passages of novels.csv.gz.

Run ``python automl/data/make_word_vectors.py Rdata.rdb`` with that file of Debian's r-cran-janeaustenr 1.0.0
(``dpkg-deb -x`` unpacks it) to write the folder again. The texts (Jane Austen, 1811 to 1818) are in the public domain;
the vectors are dedicated to it (CC0 1.0).

A toy: some 700,000 words of one author, where published vectors have seen billions. Positive pointwise mutual
information of words within five words of each other, then the largest singular vectors.

Source: O. Levy, Y. Goldberg & I. Dagan, "Improving Distributional Similarity with Lessons Learned from Word
Embeddings", TACL 2015 (PPMI, context distribution smoothing, singular vectors by the root of their values).
"""

from __future__ import annotations

import gzip
import json
import lzma
import re
import sys
import zlib
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse.linalg import svds

HERE = Path(__file__).parent
N_WORDS, DIM, WINDOW, SMOOTHING = 2_400, 48, 5, 0.75
OPENING = 12
"""A passage is known by so many words: the last paragraph of a novel runs on into what follows it."""
WORD = re.compile(r"[a-z]+")


def paragraphs(packed: bytes) -> list[str]:
    """The paragraphs of the six novels in a database of R: its strings, joined up to an empty one."""
    found: list[str] = []
    at = 0
    while at + 5 < len(packed):
        n_bytes, kind = int.from_bytes(packed[at : at + 4], "big"), packed[at + 4 : at + 5]
        unpacker = lzma.LZMADecompressor() if kind == b"Z" else zlib.decompressobj()
        at += 5 if kind == b"Z" else 4
        content = unpacker.decompress(packed[at:])
        assert len(content) == n_bytes
        at = len(packed) - len(unpacker.unused_data)
        found += strings(content)
    return [" ".join(part.split()) for part in "\n".join(found).split("\n\n") if part.strip()]


def strings(serialised: bytes) -> list[str]:
    """The strings of a serialised character vector: each is 0x00040009, its length, and its bytes."""
    out = []
    for place in re.finditer(rb"\x00\x04\x00\x09", serialised):
        n_bytes = int.from_bytes(serialised[place.end() : place.end() + 4], "big")
        if n_bytes < 200:
            out.append(serialised[place.end() + 4 : place.end() + 4 + n_bytes].decode("utf-8", "replace"))
    return out


def words(text: str) -> list[str]:
    """Words in small letters."""
    return WORD.findall(text.lower())


def vectors(texts: list[list[str]], vocabulary: list[str]) -> np.ndarray:
    """A vector ``(n_words, DIM)`` for each word of the vocabulary."""
    ids = {word: i for i, word in enumerate(vocabulary)}
    counts: Counter[tuple[int, int]] = Counter()
    for text in texts:
        line = [ids.get(word, -1) for word in text]
        for i, one in enumerate(line):
            for other in line[i + 1 : i + 1 + WINDOW]:
                if one >= 0 and other >= 0:
                    counts[one, other] += 1
                    counts[other, one] += 1
    rows, columns = np.array(list(counts)).T
    n = np.fromiter(counts.values(), float)
    total = np.bincount(rows, n, len(vocabulary))
    context = total**SMOOTHING / (total**SMOOTHING).sum()
    information = np.maximum(np.log(n / (total[rows] * context[columns])), 0.0)
    matrix = sparse.csr_matrix((information, (rows, columns)), shape=(len(vocabulary),) * 2)
    left, values, _ = svds(matrix, DIM, v0=np.ones(len(vocabulary)), solver="arpack")
    found = left[:, ::-1] * np.sqrt(values[::-1])
    signs = np.sign(found[np.abs(found).argmax(axis=0), np.arange(DIM)])
    scaled: np.ndarray = found * signs
    scaled /= np.linalg.norm(scaled, axis=1).mean()
    return scaled


def make(source: Path, folder: Path) -> None:
    """Write the folder."""
    with gzip.open(HERE / "novels.csv.gz") as file:
        shipped = {tuple(words(text)[:OPENING]) for text in pd.read_csv(file)["passage"]}
    texts = [words(text) for text in paragraphs(source.read_bytes())]
    kept = [text for text in texts if tuple(text[:OPENING]) not in shipped]
    often = Counter(word for text in kept for word in text)
    vocabulary = [word for word, _ in sorted(often.items(), key=lambda item: (-item[1], item[0]))[: N_WORDS - 1]]
    table = np.concatenate([np.zeros((1, DIM)), vectors(kept, vocabulary)]).astype("<f2")
    folder.mkdir(exist_ok=True)
    pieces = {"[UNK]": 0, **{word: i for i, word in enumerate(vocabulary, 1)}}
    tokenizer = {"model": {"type": "WordPiece", "vocab": pieces}, "normalizer": {"lowercase": True}}
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer, separators=(",", ":")) + "\n", "utf-8")
    header = {"embedding.weight": {"dtype": "F16", "shape": list(table.shape), "data_offsets": [0, table.nbytes]}}
    described = json.dumps(header).encode()
    described += b" " * (-len(described) % 8)
    content = len(described).to_bytes(8, "little") + described + table.tobytes()
    (folder / "model.safetensors").write_bytes(content)


if __name__ == "__main__":
    make(Path(sys.argv[1]), HERE / "word_vectors")
