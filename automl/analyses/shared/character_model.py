"""A small model of texts, by which texts that others made are judged: what it learns from them, it predicts with."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

__all__ = ["CharacterModel"]

END = "\x03"
MOST_ORDER = 8
MOST_CHARACTERS = 400_000
"""That are learnt from, and that are predicted."""


class CharacterModel:
    """Predicts each character from those before it, by Witten-Bell interpolation of all orders.

    ``p_k(c | h) = (n(h c) + d(h) p_{k-1}(c | h')) / (n(h) + d(h))`` with d(h) the different characters after h and h'
    the history without its first character; order 0 is uniform over 256 characters.

    Args:
        order: characters of the longest history.

    Source: Witten & Bell, "The zero-frequency problem", IEEE Transactions on Information Theory 37 (1991), method C;
        interpolated: Chen & Goodman 1999, section 2.6.
    """

    def __init__(self, order: int = 4) -> None:
        self.order = order
        self.counts: list[Counter[str]] = []
        self.totals: list[Counter[str]] = []
        self.different: list[Counter[str]] = []

    def fit(self, texts: Sequence[str]) -> CharacterModel:
        """Count what follows each history in these texts."""
        whole = _joined(texts)
        self.counts, self.totals, self.different = [], [], []
        for k in range(self.order + 1):
            counts = Counter(whole[at - k : at + 1] for at in range(self.order, len(whole)))
            totals: Counter[str] = Counter()
            different: Counter[str] = Counter()
            for gram, n in counts.items():
                totals[gram[:-1]] += n
                different[gram[:-1]] += 1
            self.counts.append(counts)
            self.totals.append(totals)
            self.different.append(different)
        return self

    def bits(self, texts: Sequence[str]) -> float:
        """Bits a character that these texts take, ends of texts included; fewer are better."""
        whole = _joined(texts)
        cost = 0.0
        for at in range(self.order, len(whole)):
            chance = 1.0 / 256.0
            for k in range(self.order + 1):
                history = whole[at - k : at]
                total = self.totals[k].get(history, 0)
                if not total and k:
                    break
                share = self.different[k].get(history, 0)
                seen = self.counts[k].get(history + whole[at], 0)
                chance = (seen + share * chance) / max(total + share, 1) if total else chance
            cost -= math.log2(chance)
        return cost / max(len(whole) - self.order, 1)


def _joined(texts: Sequence[str]) -> str:
    """Texts one after another, each with a mark at its end, and marks before the first."""
    return (MOST_ORDER * END + END.join([*texts, ""]))[:MOST_CHARACTERS]
