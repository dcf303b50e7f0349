"""Texts: new ones, token by token, by how often tokens follow each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtr

from automl.baselines.generating import CHUNK_ROWS, GeneratorModel, Learn, seeded_rows
from automl.baselines.learners.token_ngrams import TextSampler, TokenFrequencies, TokenNGrams
from automl.modalities.shared.generated import noise_of
from automl.modalities.shared.generated_texts import fit_texts, restore_text_samples
from automl.records import MIN_LEVEL_ROWS, Baseline, Dataset, Facts, Output, Task

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["COMMON_NGRAMS", "TOKEN_FREQUENCIES", "TOKEN_NGRAMS", "TextModel"]

MOST_ROWS = 100_000
SOURCE = "Kneser & Ney 1995; Chen & Goodman 1999; subwords: Sennrich, Haddow & Birch 2016"


class TextModel(GeneratorModel):
    """A codec of texts and a sampler of ids.

    Args: see `GeneratorModel`.
    """

    learner: TextSampler

    def sample(self, n: int, seed: int = 0) -> pd.DataFrame:
        """A frame of n new texts; the same for the same seed."""
        import pandas as pd

        made = np.concatenate([part.arrays["samples"] for part in self._made(seeded_rows(n, seed))])
        return pd.DataFrame({name: pd.Series(made[name].tolist(), dtype=object) for name in made.dtype.names or ()})

    def log_likelihood(self, dataset: Dataset, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Log probabilities ``(n,)`` of texts of a dataset, in nats, and their characters ``(n,)``."""
        codec = restore_text_samples(self.plan)
        ids = codec.ids(dataset, rows)
        return self.learner.log_density(ids), codec.characters(ids)

    def _prepared(self, dataset: Dataset, task: Task, rows: np.ndarray) -> Learn:
        codec = fit_texts(dataset, task, rows)

        def learn(learnt: np.ndarray) -> None:
            self.learner.fit(codec.ids(dataset, rows[learnt]), codec.subwords.size)

        return codec.state(), MOST_ROWS, 1.0, learn

    def _made(self, rows: np.ndarray) -> Iterator[Output]:
        codec = restore_text_samples(self.plan)
        for begin in range(0, max(len(rows), 1), CHUNK_ROWS):
            noise = ndtr(noise_of(rows[begin : begin + CHUNK_ROWS], codec.length + 1).astype(np.float64))
            yield codec.made(self.learner.draw(noise))


def text_model(task: Task, settings: Mapping[str, Any], seed: int) -> TextModel:
    """The model that the settings name."""
    learner: TextSampler = TokenFrequencies()
    if settings["sampler"] == "ngrams":
        learner = TokenNGrams(int(settings["order"]), int(settings["least_texts"]))
    return TextModel(task, learner, seed)


def frequency_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """There is nothing to tune."""
    yield {"sampler": "frequencies"}


def ngram_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """The order of the longest n-grams, all of which are kept."""
    for order in (4, 3, 5, 2):
        yield {"sampler": "ngrams", "order": order, "least_texts": 1}


def common_ngram_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """The order of the longest n-grams, of which those are kept that enough texts hold."""
    for order in (2, 3, 4):
        yield {"sampler": "ngrams", "order": order, "least_texts": MIN_LEVEL_ROWS}


TOKEN_FREQUENCIES = Baseline(
    "token_frequencies", "floor", "text", ("generate",), text_model, frequency_settings, seed_share=0.0,
    source="independent tokens", title="independent subwords",
)  # fmt: skip
COMMON_NGRAMS = Baseline(
    "common_ngrams", "fast", "text", ("generate",), text_model, common_ngram_settings, seed_share=0.0, source=SOURCE,
    title="n-grams of subwords in several texts (Kneser-Ney)",
)  # fmt: skip
TOKEN_NGRAMS = Baseline(
    "token_ngrams", "strong", "text", ("generate",), text_model, ngram_settings, keeps_rows=True, seed_share=0.0,
    source=SOURCE, title="n-grams of subwords (Kneser-Ney)",
)  # fmt: skip
"""It holds each n-gram of the training texts, so what is rare in a text can be read out of it."""
