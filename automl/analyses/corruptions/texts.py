"""Corruptions of texts, alone or in a table: slips of the pen and words left out, in any script."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from automl.analyses.shared.changed_inputs import with_columns
from automl.records import Corruption, CorruptionInputs, Dataset

__all__ = ["TYPOS", "WORDS_DROPPED", "pieces", "slipped"]

_WORD = re.compile(r"\S+")
LONG_PIECE = 12
"""Letters of a usual word at most: where they are more, the script puts no blanks between words."""


def _applies(inputs: CorruptionInputs) -> bool:
    return bool(inputs.columns("text"))


def _with_typos(inputs: CorruptionInputs, strength: float, rng: np.random.Generator) -> Dataset:
    return _rewritten(inputs, lambda text, own: slipped(text, strength, own), rng)


def _with_fewer_words(inputs: CorruptionInputs, strength: float, rng: np.random.Generator) -> Dataset:
    return _rewritten(inputs, lambda text, own: _thinned(text, strength, own), rng)


def _rewritten(
    inputs: CorruptionInputs, write: Callable[[str, np.random.Generator], str], rng: np.random.Generator
) -> Dataset:
    """Each text written anew, with draws of its own, so that texts are changed alike whatever the strength."""

    def change(name: str, values: np.ndarray) -> None:
        for row, own in zip(inputs.rows, rng.spawn(len(inputs.rows)), strict=True):
            if isinstance(values[row], str):
                values[row] = write(values[row], own)

    return with_columns(inputs, inputs.columns("text"), object, change)


def slipped(text: str, share: float, rng: np.random.Generator) -> str:
    """The text with slips at a share of its letters: swapped with the next letter, left out, or another one added.

    Letters are those of any script; added ones are drawn from the text itself, and so of its script.
    """
    letters = list(text)
    known = [letter for letter in letters if letter.isalpha()]
    if not known:
        return text
    hit = rng.random(len(letters)) < share
    kinds = rng.integers(0, 3, len(letters))
    added = rng.integers(0, len(known), len(letters))
    out: list[str] = []
    place = 0
    while place < len(letters):
        letter = letters[place]
        if not hit[place] or not letter.isalpha():
            out.append(letter)
        elif kinds[place] == 0 and place + 1 < len(letters) and letters[place + 1].isalpha():
            out += [letters[place + 1], letter]
            place += 1
        elif kinds[place] == 2:
            out += [letter, known[added[place]]]
        place += 1
    return "".join(out)


def pieces(text: str) -> list[tuple[int, int]]:
    """Where the words of a text begin and end; single letters where the script puts no blanks between words."""
    found = [(match.start(), match.end()) for match in _WORD.finditer(text)]
    n_letters = sum(end - start for start, end in found)
    if found and n_letters > LONG_PIECE * len(found):
        return [(place, place + 1) for start, end in found for place in range(start, end)]
    return found


def _thinned(text: str, share: float, rng: np.random.Generator) -> str:
    """The text without a share of its words; one stays at least."""
    where = pieces(text)
    if len(where) < 2:
        return text
    draws = rng.random(len(where))
    gone = draws < share
    gone[int(np.argmax(draws))] = False
    out, end_before = [], 0
    for (start, end), is_gone in zip(where, gone, strict=True):
        out.append(text[end_before:start])
        out.append("" if is_gone else text[start:end])
        end_before = end
    return "".join([*out, text[end_before:]])


TYPOS = Corruption(
    name="typos",
    order=40,
    words="typing errors",
    unit="share of the letters",
    severities=(0.02, 0.05, 0.1, 0.2, 0.4),
    applies=_applies,
    apply=_with_typos,
    percent=True,
    source="Belinkov & Bisk, Synthetic and natural noise both break neural machine translation, ICLR 2018, section 3",
)
WORDS_DROPPED = Corruption(
    name="words_dropped",
    order=50,
    words="words left out",
    unit="share of the words",
    severities=(0.1, 0.2, 0.4, 0.6, 0.8),
    applies=_applies,
    apply=_with_fewer_words,
    percent=True,
    source="words left out at random",
)
